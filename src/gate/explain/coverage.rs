//! What is reported about gated files without the approvals that they need.

use super::context::Context;
use super::request::in_brief;
use super::words::{LISTED, at, list, paths};
use crate::certificate::SubjectField;
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, Level, Place, Word, command, plural};
use crate::policy::{Owners, Stage};
use crate::verdict::Problem;

impl Context<'_> {
    pub(super) fn uncovered(
        &self,
        unit: &str,
        files: &[RepoPath],
        because: &[(usize, Problem)],
        level: Level,
    ) -> Diagnostic {
        let gated = self.unit(unit);
        let reasons = |path: &RepoPath| {
            gated
                .and_then(|u| u.files.iter().find(|f| f.path == *path))
                .map(|f| f.reasons.as_slice())
        };
        let message = format!("`{unit}`: no certificate covers {}", paths(files));
        let mut diagnostic = Diagnostic::new(level, Code::CG201, message).because(self.asks(unit, &[]));
        if let Some(first) = files.first() {
            let line = reasons(first).and_then(|all| all.iter().find_map(|reason| reason.line));
            diagnostic = diagnostic.at(line.map_or_else(|| Place::file(first), |line| Place::line(first, line)));
        }
        for path in files.iter().take(LISTED) {
            let why: Vec<String> = reasons(path).unwrap_or_default().iter().take(2).map(in_brief).collect();
            diagnostic = diagnostic.because(format!("{path}: {}", why.join("; ")));
        }
        if files.len() > LISTED {
            diagnostic = diagnostic.because(format!("… and {} more files", files.len() - LISTED));
        }
        for (entry, problem) in because {
            diagnostic = diagnostic.because(format!(
                "{} does not count: {problem} [{}]",
                self.name(*entry),
                problem.code()
            ));
        }
        diagnostic.help(self.name_target().unwrap_or_else(|| self.certify(unit, None)))
    }

    /// Files that changed after a certificate covered them.
    pub(super) fn changed(
        &self,
        unit: &str,
        entry: usize,
        (covered, changed): (&[RepoPath], &[RepoPath]),
        level: Level,
    ) -> Diagnostic {
        let new = |code, message: String| Diagnostic::new(level, code, message);
        let merging = self.ways.merging.as_ref();
        let merging = merging.filter(|_| self.is_merged(unit, entry, changed));
        let message = match merging {
            Some(_) => format!(
                "`{unit}`: the target has moved on, and merged with it {} is not what was certified",
                paths(changed)
            ),
            None => format!("`{unit}`: {} changed after certification", paths(changed)),
        };
        let mut diagnostic =
            at(new(Code::CG202, message), changed.first().map(Place::file)).because(self.asks(unit, &[]));
        if changed.len() > 1 {
            diagnostic = diagnostic.because(list("changed:", changed));
        }
        diagnostic = diagnostic.because(format!("certified by {}", self.name(entry)));
        if !covered.is_empty() {
            diagnostic = diagnostic.because(list("still covered:", covered));
        }
        let mut known = false;
        for path in changed {
            for line in self.ways.since.get(&(entry, path.clone())).into_iter().flatten() {
                diagnostic = diagnostic.because(line);
                known = true;
            }
        }
        diagnostic = match merging {
            Some(tip) => {
                let head = self.ways.head.as_deref().unwrap_or("HEAD");
                let files = changed.iter().take(LISTED).map(Word::pathspec);
                let shown = command!["git", "diff", format!("{head}...{tip}"), "--"].args(files);
                diagnostic
                    .because(format!(
                        "both sides changed it: the target, now at {tip}, and this branch"
                    ))
                    .help(shown.why("what the target changed"))
                    .help(command!["git", "merge", tip].why("on this branch; then certify what differs"))
            }
            None => diagnostic.because("only what changed needs a new certificate"),
        };
        match known {
            true => diagnostic
                .help(self.certify_delta(unit, entry))
                .help(self.certify(unit, None)),
            false => diagnostic.help(self.certify(unit, None)),
        }
    }

    /// Whether these files are, before they are merged with the target, just as a certificate lists them.
    fn is_merged(&self, unit: &str, entry: usize, files: &[RepoPath]) -> bool {
        let Some(SubjectField::Present(listed)) = self.entry(entry).map(|entry| &entry.certificate.subject) else {
            return false;
        };
        let gated = self.unit(unit).map(|unit| unit.files.as_slice()).unwrap_or_default();
        files.iter().all(|path| {
            let file = gated.iter().find(|file| file.path == *path);
            file.is_some_and(|file| file.merged_from.is_some() && file.merged_from.as_ref() == listed.state_of(path))
        })
    }

    /// Files with fewer approvals than the component requires.
    pub(super) fn too_few(
        &self,
        unit: &str,
        files: &[RepoPath],
        (have, need): (&[String], u32),
        level: Level,
    ) -> Diagnostic {
        let new = |code, message: String| Diagnostic::new(level, code, message);
        new(
            Code::CG204,
            format!("`{unit}`: {} of {need} approvals for {}", have.len(), paths(files)),
        )
        .because(self.asks(unit, have))
        .help(self.certify(unit, None))
    }

    /// Files that a specialist must certify, too.
    pub(super) fn handoff(&self, unit: &str, agent: &str, files: &[RepoPath], level: Level) -> Diagnostic {
        let new = |code, message: String| Diagnostic::new(level, code, message);
        at(
            new(
                Code::CG206,
                format!("`{unit}`: `{agent}` must certify {} too", paths(files)),
            ),
            files.first().map(Place::file),
        )
        .because("the policy hands this path off to that specialist")
        .help(self.certify(unit, Some(agent)))
    }

    /// Files whose owners must certify them, too, or are not known.
    pub(super) fn unowned(&self, unit: &str, owners: &Owners, files: &[RepoPath], level: Level) -> Diagnostic {
        let place = files.first().map(Place::file);
        let named = match owners.names.as_slice() {
            [] => None,
            names => Some(format!("CODEOWNERS says {}", names.join(", "))),
        };
        let because = |told: Diagnostic| named.iter().fold(told, |told, names| told.because(names));
        if owners.agents.is_empty() {
            let message = format!("`{unit}`: nobody knows who owns {}", paths(files));
            let told = because(at(Diagnostic::new(level, Code::CG689, message), place));
            let told = owners.why.iter().fold(told, |told, why| told.because(why));
            let name = owners.names.first().map_or("@org/team", String::as_str);
            return told.help(match owners.names.is_empty() {
                true => "put CODEOWNERS right on the branch that the change goes to".to_owned(),
                false => format!("write `codeowners: {{ people: {{ \"{name}\": [AGENT] }} }}` into the policy"),
            });
        }
        let who = match owners.approvals {
            0 | 1 => "an owner".to_owned(),
            more => format!("{more} owners"),
        };
        let message = format!("`{unit}`: {who} must certify {} too", paths(files));
        because(at(Diagnostic::new(level, Code::CG763, message), place))
            .because(format!("for them: {}", owners.agents.join(", ")))
            .help(self.certify(unit, owners.agents.first().map(String::as_str)))
    }

    pub(super) fn announced(&self, unit: &str, level: Level) -> Diagnostic {
        let message =
            format!("`{unit}`: the commit message announces a judgement that no certificate of this change holds");
        let mut diagnostic = Diagnostic::new(level, Code::CG205, message).because(self.asks(unit, &[]));
        for gated in self
            .unit(unit)
            .map(|unit| unit.messages.as_slice())
            .unwrap_or_default()
            .iter()
            .take(3)
        {
            let commit = gated
                .commit
                .as_ref()
                .map_or_else(|| "this commit".to_owned(), |id| id.short());
            diagnostic = diagnostic.because(format!("{commit}: {}", in_brief(&gated.reason)));
        }
        let diagnostic = diagnostic.help(self.certify(unit, None));
        match self.case.stage {
            Stage::CommitMsg => diagnostic.help("or commit with a message that announces nothing"),
            _ => diagnostic.help("or reword the message, so that it announces nothing"),
        }
    }

    /// Conditions that are open.
    /// What needs no approval, so that whoever merges sees what grew.
    pub(super) fn grown(&self, unit: &str, files: &[(RepoPath, String)]) -> Diagnostic {
        let names: Vec<RepoPath> = files.iter().map(|(path, _)| path.clone()).collect();
        let message = format!("`{unit}`: no certificate is needed for {}", paths(&names));
        let mut note =
            Diagnostic::note(Code::CG683, message).because("`trusted_bumps` of the policy lets these versions grow");
        if let Some(first) = names.first() {
            note = note.at(Place::file(first));
        }
        for (path, what) in files.iter().take(LISTED) {
            note = note.because(format!("{path}: {what}"));
        }
        note
    }

    pub(super) fn conditions(&self, unit: &str, entry: usize, open: &[String]) -> Diagnostic {
        let message = format!("`{unit}`: approved with {}", plural(open.len(), "open condition"));
        let mut diagnostic = at(Diagnostic::note(Code::CG207, message), self.place(entry));
        for condition in open.iter().take(LISTED) {
            diagnostic = diagnostic.because(condition);
        }
        diagnostic
    }
}
