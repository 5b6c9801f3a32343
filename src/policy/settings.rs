//! What a policy says beside its components: where certificates are, since when, who the agents are, what a status is worth.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::source::Step;
use super::validate::{CLASSES, Check, at};
use super::{Agent, GlobList, raw};
use crate::certificate::{Class, Status};
use crate::change::{RepoPath, deceptive};
use crate::diagnostic::Code;

impl Check<'_> {
    pub(super) fn certificates(&mut self, raw: Option<&raw::List>, default: &str) -> GlobList {
        let default = [default.to_owned()];
        let list = raw.map_or(&default[..], |list| &list.0);
        if !list.iter().any(|glob| !glob.starts_with('!')) {
            self.error(Code::CG009, "no path can be a certificate", &at!["certificates"]);
        }
        // What is a certificate is not gated, so no glob may reach into what else there is.
        for (index, glob) in list.iter().enumerate().filter(|(_, glob)| !glob.starts_with('!')) {
            if !glob.ends_with(".md") {
                let message = format!("`{glob}` does not end in `.md`: a certificate is a Markdown document");
                self.error(Code::CG009, message, &at!["certificates", index]);
            }
        }
        self.globs(list, &at!["certificates"])
    }

    pub(super) fn since(&mut self, raw: Option<&raw::Ledger>) -> Option<Timestamp> {
        let text = raw?.since.as_deref()?;
        let date = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok();
        // A date is tried only where there is no time of day, which it would drop.
        let found = if text.contains(':') {
            text.parse::<Timestamp>().ok()
        } else {
            date().map(|zoned| zoned.timestamp())
        };
        if found.is_none() {
            let message = format!("`{text}` is neither a date (2026-11-01) nor a timestamp (2026-11-01T12:00:00Z)");
            self.error(Code::CG009, message, &at!["ledger", "since"]);
        }
        found
    }

    pub(super) fn agents(&mut self, raw: raw::Pairs<raw::Agent>) -> BTreeMap<String, Agent> {
        raw.0
            .into_iter()
            .map(|(name, agent)| {
                let agent = Agent {
                    principals: agent.principals.0,
                    may_lift: agent.may_lift,
                };
                (name, agent)
            })
            .collect()
    }

    /// The name that certificates are bound to: one word, so that it is on a line of the SUBJECT.
    pub(super) fn repository(&mut self, raw: Option<String>) -> Option<String> {
        let name = raw?;
        let sound = |c: char| !c.is_whitespace() && !c.is_control();
        if name.is_empty() || name.len() > 200 || !name.chars().all(sound) {
            let message = "`repository` is one word of at most 200 bytes, such as `example/trainer`";
            self.error(Code::CG009, message, &at!["repository"]);
            return None;
        }
        Some(name)
    }

    /// A directory of the work tree, as git has its path.
    pub(super) fn records(&mut self, raw: Option<String>) -> Option<RepoPath> {
        let raw = raw?;
        let path = raw.strip_suffix('/').unwrap_or(&raw);
        let sound = |part: &str| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git");
        if !path.split('/').all(sound) || path.chars().any(deceptive) {
            let message = "`records` is a directory of the repository, such as `docs/performance`";
            self.error(Code::CG009, message, &at!["records"]);
            return None;
        }
        Some(RepoPath::from(path))
    }

    pub(super) fn statuses(&mut self, raw: &raw::Pairs<String>) -> BTreeMap<Status, Class> {
        let table: Vec<(&str, Status)> = Status::ALL.iter().map(|status| (status.as_str(), *status)).collect();
        let mut found = BTreeMap::new();
        for (word, class) in &raw.0 {
            let key = [Step::from("statuses"), Step::Name(word.clone())];
            let Some(status) = self.word(&table, Some(word), &key) else {
                continue;
            };
            let place = at!["statuses", word.clone()];
            let Some(class) = self.word(&CLASSES, Some(class), &place) else {
                continue;
            };
            if class < status.class() {
                let message = format!(
                    "`{status}` is of class `{}`; a policy may only make it stricter, not `{class}`",
                    status.class()
                );
                self.error(Code::CG009, message, &place);
                continue;
            }
            found.insert(status, class);
        }
        found
    }

    pub(super) fn stamps(&mut self, word: Option<&str>) -> bool {
        self.word(&[("refuse", false), ("allow", true)], word, &at!["stamps"])
            .unwrap_or(false)
    }

    pub(super) fn emergency_stop(&mut self, word: Option<&str>) -> bool {
        self.word(
            &[("repository", false), ("component", true)],
            word,
            &at!["emergency_stop"],
        )
        .unwrap_or(false)
    }
}
