//! What keeps a certificate out, whatever it decides: a rule of the ledger, a date, a name, a decision that cannot be read.

use super::context::Context;
use super::words::at;
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, Level, Place, Word, command};
use crate::ledger::Violation;
use crate::verdict::Finding;

impl Context<'_> {
    pub(super) fn violation(&self, violation: &Violation, level: Level) -> Diagnostic {
        let restore = |path: &RepoPath| command!["git", "checkout", &self.ways.base, "--", Word::pathspec(path)];
        let counts = "the ledger is append-only: the base's version counts, and only a new certificate supersedes it";
        match violation {
            Violation::Modified(path) => Diagnostic::new(level, Code::CG401, "a certificate was modified")
                .at(Place::file(path))
                .because(counts)
                .help(restore(path)),
            Violation::Deleted(path) => Diagnostic::new(level, Code::CG402, "a certificate was taken from its path")
                .at(Place::file(path))
                .because("a certificate, and its signature, keep their path and stay what they are; one may move to another certificate path, with its signature, where it reads the same")
                .because(counts)
                .help(restore(path)),
            Violation::DuplicateId { path, id, taken_by } => {
                Diagnostic::new(level, Code::CG403, format!("certificate id `{id}` is used twice"))
                    .at(Place::file(path))
                    .because(format!("{taken_by} has it already"))
                    .help(format!("give {path} its own id; `certgate certify` makes one"))
            }
        }
    }

    /// An unreadable certificate: what blocks, and its own diagnostics.
    pub(super) fn invalid(&self, finding: &Finding, index: usize, level: Level) -> Vec<Diagnostic> {
        let Some(entry) = self.entry(index) else {
            return Vec::new();
        };
        let path = &entry.certificate.path;
        let why = match finding {
            Finding::NewestInvalid { unit, .. } => {
                format!("a certificate that cannot be read is the newest on `{unit}`")
            }
            _ => "this change adds a certificate that cannot be read".to_owned(),
        };
        let head = Diagnostic::new(level, Code::CG304, why)
            .at(Place::file(path))
            .because("an unreadable refusal is not consent")
            .help(command!["certgate", "lint", path]);
        // The ledger is append-only: what is in it is not fixed but overruled.
        let head = match finding {
            Finding::NewestInvalid { unit, .. } => head.help(self.certify(unit, None)),
            _ => head,
        };
        let own = entry
            .findings
            .iter()
            .filter(|finding| finding.level() == Level::Error)
            .cloned();
        std::iter::once(head)
            .chain(own.map(|diagnostic| diagnostic.with_level(level)))
            .collect()
    }

    /// A refusal of a component that the policy does not know.
    pub(super) fn astray(&self, entry: usize, (name, meant): (&str, &str), level: Level) -> Diagnostic {
        let new = |code, message: String| Diagnostic::new(level, code, message);
        at(
            new(
                Code::CG114,
                format!(
                    "{} refuses component `{name}`, which the policy does not know",
                    self.brief(entry)
                ),
            ),
            self.place(entry),
        )
        .because(format!(
            "`{meant}` was probably meant; a refusal that gates nothing must not be read as consent"
        ))
        .help(format!(
            "write `**Component**: {meant}` before you commit the certificate, or add `{name}` to the policy"
        ))
    }

    /// A refusal that nobody could name in order to lift it.
    pub(super) fn unnameable(&self, entry: usize, level: Level) -> Diagnostic {
        let new = |code, message: String| Diagnostic::new(level, code, message);
        at(
            new(
                Code::CG410,
                format!("{} cannot be named in `Supersedes`", self.brief(entry)),
            ),
            self.place(entry),
        )
        .because(
            match self.entry(entry).and_then(|entry| entry.certificate.id.as_deref()) {
                None => "it has no Certificate ID".to_owned(),
                Some(id) => {
                    format!("its Certificate ID `{id}` reads as a list, as nothing, or as something else there")
                }
            },
        )
        .because("an agent who may lift a refusal must name it")
        .help("write a separate line `**Certificate ID**: ID` before it is merged; `certgate certify` makes one")
    }

    /// A certificate that is dated ahead of the clock.
    pub(super) fn ahead_of_the_clock(&self, entry: usize, level: Level) -> Diagnostic {
        let message = format!("{} is dated ahead of the clock", self.brief(entry));
        self.misdated(entry, Diagnostic::new(level, Code::CG408, message))
    }

    /// A certificate that is dated before enforcement begins.
    pub(super) fn before_enforcement(&self, entry: usize, level: Level) -> Diagnostic {
        let message = format!("{} is dated before `ledger.since`", self.brief(entry));
        self.misdated(entry, Diagnostic::new(level, Code::CG409, message))
    }

    /// A certificate with a date that cannot be, and the command that dates it again.
    fn misdated(&self, index: usize, diagnostic: Diagnostic) -> Diagnostic {
        let Some(entry) = self.entry(index) else {
            return diagnostic;
        };
        let certificate = &entry.certificate;
        let claimed = match (certificate.date, entry.moment()) {
            (Some(date), _) => format!("its Date claims {date}"),
            (None, Some(moment)) => format!("its file name claims {moment}"),
            (None, None) => "it has no date".to_owned(),
        };
        let path = &certificate.path;
        let diagnostic = at(diagnostic, self.place(index))
            .because(claimed)
            .because("a date is a claim that must be possible; certificates are ordered by git");
        if certificate.date.is_none() {
            return diagnostic.help(format!("give {path} a field Date, or a name without a date"));
        }
        let now = self.case.now.strftime("%Y-%m-%d %H:%M:%S UTC");
        let edit = format!(r"s/^([-*+ ]*\*\*Date(\*\*:|:\*\*)).*/\1 {now}/");
        // What the option makes beside it is the one spelling that every sed knows.
        let mut old = path.as_bytes().to_vec();
        old.extend(b".old");
        let redate = command!["rm", &RepoPath::new(old)].after(command!["sed", "-i.old", "-E", edit, path]);
        let redate = match certificate.hash.is_some() {
            true => self.seal(path).after(redate),
            false => redate,
        };
        diagnostic.help(command!["git", "add", "-f", "--", Word::pathspec(path)].after(redate))
    }
}
