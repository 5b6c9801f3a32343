//! What is reported about refusals, and how one is lifted.

use super::context::Context;
use super::words::{CHANGE, at, list, refusal_word};
use crate::certificate::Class;
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, Level, Placeholder, Remedy, Word, command};
use crate::ledger::Origin;

impl Context<'_> {
    /// An emergency stop.
    pub(super) fn stop(&self, entry: usize, level: Level) -> Diagnostic {
        let new = |code, message: String| Diagnostic::new(level, code, message);
        at(
            new(
                Code::CG303,
                format!("emergency stop: {} is in force", self.brief(entry)),
            ),
            self.place(entry),
        )
        .because("nothing but certificates may be merged until it is lifted")
        .because(self.lifter(entry))
        .help(self.read(entry))
        .help(CHANGE)
        .help(self.lift(entry))
    }

    /// A refusal of a component.
    pub(super) fn refusal(
        &self,
        unit: &str,
        entry: usize,
        (class, files): (Class, &[RepoPath]),
        level: Level,
    ) -> Diagnostic {
        let new = |code, message: String| Diagnostic::new(level, code, message);
        let (code, word) = refusal_word(class);
        let diagnostic = new(code, format!("`{unit}` is {word} by {}", self.brief(entry)));
        at(diagnostic, self.place(entry))
            .because(list("it refuses", files))
            .because(self.lifter(entry))
            .help(self.read(entry))
            .help(CHANGE)
            .help(self.lift(entry))
    }

    /// Who may lift a refusal.
    fn lifter(&self, index: usize) -> String {
        let agent = self.entry(index).and_then(|entry| entry.certificate.agent.as_deref());
        format!(
            "it is lifted by a later approval by {}, or by an agent that `may_lift`",
            agent.unwrap_or("its agent")
        )
    }

    /// The command that shows a refusal with its findings.
    fn read(&self, index: usize) -> Remedy {
        let Some(entry) = self.entry(index) else {
            return command!["certgate", "log"];
        };
        let path = &entry.certificate.path;
        let id = entry.certificate.id.as_deref();
        let at = match entry.origin {
            Origin::Added => self.ways.head.as_ref(),
            Origin::Base => self.ways.tip.as_ref(),
        };
        let command = match at {
            Some(rev) => command![
                "certgate",
                "show",
                id.map_or(Word::from("").and_bytes(path.as_bytes()), Word::from),
                "--rev",
                rev
            ],
            // It is staged and in no commit yet.
            None => command!["git", "show", Word::from(":").and_bytes(path.as_bytes())],
        };
        command.why("its findings")
    }

    /// The command by which a refusal is lifted, once somebody has decided so.
    fn lift(&self, index: usize) -> Remedy {
        let Some(entry) = self.entry(index) else {
            return command!["certgate", "log"];
        };
        if let Some(name) = self.name_target() {
            return name;
        }
        let certificate = &entry.certificate;
        let component = certificate.components.first();
        let component = component.map_or(Word::from(Placeholder::Component), Word::from);
        let agent = certificate.agent.as_deref();
        let named = certificate.id.clone().filter(|_| certificate.can_be_named());
        // A field holds text, so a path is there as it is printed.
        let named = named.unwrap_or_else(|| certificate.path.to_string());
        let command = command!["certgate", "certify", component]
            .args(&self.ways.selection)
            .args(["--status".into(), Word::from(Placeholder::Decision)])
            .args([
                "--agent".into(),
                agent.map_or(Word::from(Placeholder::Agent), Word::from),
            ])
            .args(["--rationale".into(), Word::from(Placeholder::Rationale)])
            .args(["--supersedes", &named]);
        let who = agent.unwrap_or("its agent, or one who may lift it,");
        let units = certificate.components.first().map(String::as_str);
        self.staged_first(self.complete(command, units))
            .why(format!("then {who} decides again"))
    }
}
