//! `profiles:` measured programs whose hot functions are gated, each bound to the commit that was measured.

use std::time::Duration;

use super::budgets::share;
use super::raw;
use super::source::Step;
use super::validate::{Check, at};
use super::{Component, GlobList, Policy, TwinPath, fold};
use crate::certificate::suggest;
use crate::change::{Digest, ObjectId, RepoPath, deceptive};
use crate::diagnostic::{Code, Diagnostic, Place};

/// From which share on a function is hot, where the policy does not say: with all that it calls, and by itself.
const MIN_INCLUSIVE: f64 = 0.05;
const MIN_SELF: f64 = 0.01;

/// A profile is stale after so much, where the policy does not say.
const MAX_AGE: MaxAge = MaxAge {
    commits: Some(500),
    time: Some(Duration::from_secs(90 * DAY)),
};
const DAY: u64 = 24 * 60 * 60;

/// The word for the component that is nearest to a file.
const NEAREST: &str = "nearest";

/// How old a profile may be before it is said to be stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxAge {
    /// Commits between what was measured and what is judged; `None`: any number.
    pub commits: Option<u32>,
    /// Time since the commit that was measured; `None`: any.
    pub time: Option<Duration>,
}

/// An entry of `profiles:`.
#[derive(Clone, Debug)]
pub struct ProfileEntry {
    /// `file:` as it is written: a path, or a glob.
    pub file: String,
    /// The same, compiled.
    pub files: GlobList,
    /// The path, where it is no glob.
    pub path: Option<RepoPath>,
    /// `commit:` what was measured; `None`: the commit that added the file as it is.
    pub commit: Option<ObjectId>,
    /// `sha256:` of the file.
    pub sha256: Option<Digest>,
    /// `metric:` which of the things that were measured counts; `None`: each of them.
    pub metric: Option<String>,
    /// `component:` the id of the one that the functions belong to; `None`: the nearest.
    pub component: Option<String>,
    /// `min_inclusive:` the share, of 1, from which on a function counts with all that it calls.
    pub min_inclusive: f64,
    /// `min_self:` the share, of 1, from which on a function counts by itself.
    pub min_self: f64,
    /// `max_age:` from when on it is stale.
    pub max_age: MaxAge,
    /// `callers:` whether functions count that call a hot one.
    pub callers: bool,
    /// Where the policy names it.
    pub place: Place,
}

/// An entry as it is written.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a path or glob, or a mapping with the keys `file` and `commit`"
)]
pub(super) struct Raw {
    /// The short form.
    #[serde(skip)]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_inclusive: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_self: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<raw::Short<RawAge>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callers: Option<bool>,
}

/// `max_age:` as it is written.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a duration such as `90d`, or a mapping with the keys `commits` and `days`"
)]
pub(super) struct RawAge {
    #[serde(skip)]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commits: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u32>,
}

impl raw::FromText for Raw {
    fn from_text(text: String) -> Self {
        Self {
            text: Some(text),
            ..Self::default()
        }
    }

    fn as_text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

impl raw::FromText for RawAge {
    fn from_text(text: String) -> Self {
        Self {
            text: Some(text),
            ..Self::default()
        }
    }

    fn as_text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

impl Policy {
    /// True for the path of a profile, and for what some file system takes for it. A directory on the way to one counts, too: what takes
    /// its place takes the profile away.
    pub(crate) fn names_profile(&self, path: &TwinPath<'_>) -> bool {
        self.profiles.iter().any(|entry| {
            entry.files.gating(path).is_some() || entry.path.is_some() && entry.files.inside(path).is_some()
        })
    }
}

impl Check<'_> {
    /// Reads `profiles`.
    pub(super) fn profiles(&mut self, raw: &[raw::Short<Raw>], components: &[Component]) -> Vec<ProfileEntry> {
        let entries = raw.iter().enumerate();
        entries
            .filter_map(|(index, raw::Short(entry))| self.profile(&at!["profiles", index], entry, components))
            .collect()
    }

    fn profile(&mut self, here: &[Step], raw: &Raw, components: &[Component]) -> Option<ProfileEntry> {
        let inside = |key: &'static str| [here, &at![key]].concat();
        let Some(file) = raw.text.as_ref().or(raw.file.as_ref()) else {
            let message = "an entry of `profiles` needs a `file`: the profile's path in the repository";
            self.error(Code::CG002, message, here);
            return None;
        };
        let place = match raw.text {
            Some(_) => here.to_vec(),
            None => inside("file"),
        };
        let wild = file.contains(['*', '?', '[', '{', '!', '\\']);
        let sound = |part: &str| !matches!(part, "" | "." | "..");
        if !file.split('/').all(sound) || file.chars().any(deceptive) || file.starts_with('!') {
            let message =
                format!("`{file}` is not a path in the repository, such as `.certgate/profiles/train.folded`");
            self.error(Code::CG009, message, &place);
            return None;
        }
        let files = match GlobList::new(&[file]) {
            Ok(files) => files,
            Err(error) => {
                self.error(Code::CG005, format!("bad glob: {error}"), &place);
                return None;
            }
        };
        if raw.text.is_none() && raw.commit.is_none() {
            let finding = Diagnostic::error(
                Code::CG002,
                "an entry of `profiles` needs a `commit`: the one that was measured",
            )
            .help("write `commit:` and the full id that `git rev-parse HEAD` gave where the profile was made");
            self.push(finding, Some(here));
        }
        let commit = raw.commit.as_deref().and_then(|text| {
            let found = ObjectId::from_hex(text).filter(|id| !id.is_zero());
            if found.is_none() {
                let message = format!("`{text}` is not the full id of a commit: 40 or 64 hexadecimal digits");
                self.error(Code::CG009, message, &inside("commit"));
            }
            found
        });
        let sha256 = raw.sha256.as_deref().and_then(|text| {
            let found = Digest::from_hex(text);
            if found.is_none() {
                let message = format!("`{text}` is not a digest: 64 hexadecimal digits in small letters");
                self.error(Code::CG009, message, &inside("sha256"));
            }
            found
        });
        let mut threshold = |key: &'static str, text: &Option<String>, otherwise: f64| {
            let Some(text) = text else { return otherwise };
            share(text)
                .filter(|value| *value > 0.0 && *value <= 1.0)
                .unwrap_or_else(|| {
                    let message = format!("`{text}` is not a share above 0 and up to 100 %, such as `5%` or `0.05`");
                    self.error(Code::CG009, message, &inside(key));
                    otherwise
                })
        };
        let min_inclusive = threshold("min_inclusive", &raw.min_inclusive, MIN_INCLUSIVE);
        let min_self = threshold("min_self", &raw.min_self, MIN_SELF);
        Some(ProfileEntry {
            component: self.profiled_component(raw.component.as_deref(), components, here),
            path: (!wild).then(|| RepoPath::from(file.as_str())),
            file: file.clone(),
            files,
            commit,
            sha256,
            metric: raw.metric.clone(),
            min_inclusive,
            min_self,
            max_age: self.max_age(raw.max_age.as_ref().map(|raw::Short(age)| age), &inside("max_age")),
            callers: raw.callers.unwrap_or(false),
            place: self.place(&place),
        })
    }

    fn profiled_component(&mut self, name: Option<&str>, components: &[Component], here: &[Step]) -> Option<String> {
        if components.is_empty() {
            let finding = Diagnostic::error(Code::CG009, "a profile gates by a component, and the policy has none")
                .help("add one to `components:`; `match: {}` is enough");
            self.push(finding, Some(here));
        }
        let name = name.filter(|name| *name != NEAREST)?;
        let found = components
            .iter()
            .find(|component| component.names().any(|known| fold(known) == fold(name)));
        if found.is_none() {
            let finding = Diagnostic::error(Code::CG009, format!("there is no component `{name}`"));
            let names = components.iter().flat_map(Component::names).chain([NEAREST]);
            let place = [here, &at!["component"]].concat();
            self.push(suggest(finding, name, names), Some(&place));
        }
        found.map(|component| component.id.clone())
    }

    fn max_age(&mut self, raw: Option<&RawAge>, here: &[Step]) -> MaxAge {
        let Some(raw) = raw else { return MAX_AGE };
        if raw.text.is_some() {
            return MaxAge {
                commits: None,
                time: self.duration(raw.text.as_deref(), here),
            };
        }
        if raw.commits.is_none() && raw.days.is_none() {
            self.error(Code::CG009, "`max_age` needs `commits`, `days` or both", here);
        }
        if raw.days == Some(0) || raw.days.is_some_and(|days| days > 36_525) {
            let place = [here, &at!["days"]].concat();
            self.error(Code::CG009, "`days` is at least 1, and at most 100 years", &place);
        }
        MaxAge {
            commits: raw.commits,
            time: raw.days.map(|days| Duration::from_secs(u64::from(days) * DAY)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicySource;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn policy(profiles: &str) -> Result<Policy, String> {
        let text = format!(
            "version: 1\nprofiles: {profiles}\ncomponents: [{{ id: trainer, aliases: [train], match: {{}} }}]\n"
        );
        let source = PolicySource {
            name: "p.yaml".into(),
            bytes: text.as_bytes(),
        };
        Policy::parse(&source)
            .map(|(policy, _)| policy)
            .map_err(|error| format!("{error:?}"))
    }

    #[test]
    fn a_profile_says_what_it_says() {
        let read = policy(&format!(
            "{{ file: perf/a.folded, commit: {COMMIT}, sha256: {}, metric: cpu, component: Train, min_inclusive: 10 %, min_self: 0.02, max_age: {{ commits: 7, days: 3 }}, callers: true }}",
            "ab".repeat(32)
        ))
        .unwrap();
        let entry = &read.profiles[0];
        assert_eq!(entry.path, Some(RepoPath::from("perf/a.folded")));
        assert_eq!(entry.commit.as_ref().map(ObjectId::to_string).as_deref(), Some(COMMIT));
        assert_eq!(entry.component.as_deref(), Some("trainer"));
        assert_eq!((entry.min_inclusive, entry.min_self, entry.callers), (0.1, 0.02, true));
        let age = entry.max_age;
        assert_eq!((age.commits, age.time), (Some(7), Some(Duration::from_secs(3 * DAY))));
        assert_eq!(entry.metric.as_deref(), Some("cpu"));
        assert!(entry.sha256.is_some());
    }

    #[test]
    fn the_short_form_is_a_glob() {
        let read = policy("['perf/*.folded']").unwrap();
        let entry = &read.profiles[0];
        assert_eq!((entry.path.clone(), entry.commit.clone()), (None, None));
        assert_eq!((entry.min_inclusive, entry.min_self), (MIN_INCLUSIVE, MIN_SELF));
        assert_eq!((entry.component.clone(), entry.max_age), (None, MAX_AGE));
        let watched = |path: &str| read.is_policy_file(&RepoPath::from(path));
        assert!(watched("perf/a.folded") && watched("PERF/A.folded"));
        assert!(!watched("perf/a.txt") && !watched("src/perf.rs") && !watched("perf"));
        // What takes the place of a directory takes the profile away.
        let read = policy(&format!("{{ file: perf/a.folded, commit: {COMMIT} }}")).unwrap();
        assert!(read.is_policy_file(&RepoPath::from("perf")) && !read.is_policy_file(&RepoPath::from("perf/b.folded")));
    }

    #[test]
    fn what_says_nothing_or_too_little_is_refused() {
        for wrong in [
            "{ file: a.folded }".to_owned(),
            format!("{{ commit: {COMMIT} }}"),
            "{ file: a.folded, commit: main }".to_owned(),
            format!("{{ file: a.folded, commit: '{}' }}", "0".repeat(40)),
            format!("{{ file: ../a.folded, commit: {COMMIT} }}"),
            format!("{{ file: /a.folded, commit: {COMMIT} }}"),
            format!("{{ file: '!a.folded', commit: {COMMIT} }}"),
            format!("{{ file: a.folded, commit: {COMMIT}, component: nobody }}"),
            format!("{{ file: a.folded, commit: {COMMIT}, min_self: 0 }}"),
            format!("{{ file: a.folded, commit: {COMMIT}, min_self: 101% }}"),
            format!("{{ file: a.folded, commit: {COMMIT}, min_inclusive: much }}"),
            format!("{{ file: a.folded, commit: {COMMIT}, max_age: {{}} }}"),
            format!("{{ file: a.folded, commit: {COMMIT}, max_age: soon }}"),
            format!("{{ file: a.folded, commit: {COMMIT}, max_age: {{ days: 0 }} }}"),
            format!("{{ file: a.folded, commit: {COMMIT}, sha256: abc }}"),
            format!("{{ file: a.folded, commit: {COMMIT}, caller: true }}"),
        ] {
            assert!(policy(&wrong).is_err(), "{wrong}");
        }
        let none = format!("version: 1\nprofiles: {{ file: a, commit: {COMMIT} }}\n");
        let source = PolicySource {
            name: "p.yaml".into(),
            bytes: none.as_bytes(),
        };
        assert!(
            Policy::parse(&source).is_err(),
            "a profile without a component gates nothing"
        );
    }
}
