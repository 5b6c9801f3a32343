//! What explanations look up, and the commands that several of them advise.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::RepoPath;
use crate::diagnostic::{Place, Placeholder, Remedy, Word, command};
use crate::gate::asking::{self, Wants};
use crate::ledger::Entry;
use crate::trust::Signatures;
use crate::verdict::{Case, ComponentCase, Destination};

/// What the remedies need to know of the run.
#[derive(Clone, Debug)]
pub(crate) struct Ways {
    /// The arguments that choose the same change again: `--staged`, or `--base … --head …`.
    pub(crate) selection: Vec<String>,
    /// The command that stages the change first, where it will not be staged.
    pub(crate) stage: Option<Remedy>,
    /// The commit whose ledger counts, and the one with the certificates that the change adds.
    pub(crate) tip: Option<String>,
    pub(crate) head: Option<String>,
    /// The commit whose certificates count where the change alters them.
    pub(crate) base: String,
    /// What has changed in a file since it was certified, by the certificate, in lines.
    pub(crate) since: BTreeMap<(usize, RepoPath), Vec<String>>,
    /// The target's tip, where it has moved on and the result of the merge is judged.
    pub(crate) merging: Option<String>,
}

/// What an explanation looks at.
pub(super) struct Context<'a> {
    pub(super) case: &'a Case,
    pub(super) ways: &'a Ways,
    /// Components that are refused: then no remedy has a decision ready.
    pub(super) refused: BTreeSet<&'a str>,
    pub(super) stopped: bool,
}

impl Context<'_> {
    pub(super) fn entry(&self, index: usize) -> Option<&Entry> {
        self.case.ledger.get(index)
    }

    pub(super) fn unit(&self, id: &str) -> Option<&ComponentCase> {
        self.case.gated.iter().find(|unit| unit.id == id)
    }

    /// The certificate with its agent, status and path, for a sentence.
    pub(super) fn name(&self, index: usize) -> String {
        let Some(entry) = self.entry(index) else {
            return "a certificate".to_owned();
        };
        let certificate = &entry.certificate;
        let agent = certificate.agent.as_deref().unwrap_or("nobody");
        let status = certificate.status.map_or("no status", |status| status.as_str());
        format!("`{}` ({status} by {agent}, {})", entry.label(), certificate.path)
    }

    /// The same without the path, for a message that points there.
    pub(super) fn brief(&self, index: usize) -> String {
        let Some(entry) = self.entry(index) else {
            return "a certificate".to_owned();
        };
        let agent = entry.certificate.agent.as_deref().unwrap_or("nobody");
        let status = entry.certificate.status.map_or("no status", |status| status.as_str());
        format!("`{}` ({status} by {agent})", entry.label())
    }

    pub(super) fn certify(&self, unit: &str, agent: Option<&str>) -> Remedy {
        let by_policy = self.unit(unit).and_then(|unit| match unit.agents.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        });
        let agent = agent.map(str::to_owned).or(by_policy);
        let agent = agent.map_or(Word::from(Placeholder::Agent), Word::from);
        let status = match self.stopped || self.refused.contains(unit) {
            true => Word::from(Placeholder::Decision),
            false => "APPROVED".into(),
        };
        let command = command!["certgate", "certify", unit]
            .args(&self.ways.selection)
            .args(["--status".into(), status, "--agent".into(), agent])
            .args(["--rationale".into(), Word::from(Placeholder::Rationale)]);
        self.staged_first(self.complete(command, [unit]))
    }

    /// The command with everything that an approval on these components must contain.
    pub(super) fn complete<'u>(&self, command: Remedy, units: impl IntoIterator<Item = &'u str>) -> Remedy {
        let wants = |id: &'u str| (id, self.unit(id).map(Wants::of).unwrap_or_default());
        let units: Vec<(&str, Wants)> = units.into_iter().map(wants).collect();
        let signed = self.case.terms.demands.signatures == Signatures::Required;
        let command = match self.bound_to() {
            Some(branch) => command.args(["--target", branch]),
            None => command,
        };
        asking::complete(command, &units, signed, &self.ways.base)
    }

    /// The branch that a certificate must be bound to, where nothing else in the command says it.
    fn bound_to(&self) -> Option<&str> {
        let Destination::Protected(branch) = &self.case.terms.target else {
            return None;
        };
        self.case.terms.demands.repository.as_ref()?;
        let base = self.ways.selection.iter().position(|word| word == "--base")?;
        let base = self.ways.selection.get(base + 1)?;
        let named = base == branch
            || base
                .strip_suffix(branch.as_str())
                .is_some_and(|remote| remote.ends_with('/'));
        (!named).then_some(branch)
    }

    /// The command that says where the change goes, where nothing does and certificates are bound to branches: none would count.
    pub(super) fn name_target(&self) -> Option<Remedy> {
        let unknown = self.case.terms.target == Destination::Unknown;
        (unknown && self.case.terms.demands.repository.is_some()).then(|| {
            command!["certgate", "check"]
                .args(&self.ways.selection)
                .args(["--target".into(), Word::from(Placeholder::Branch)])
                .why("the branch that the change goes to, to which certificates are bound")
        })
    }

    /// The command that certifies what has changed since a certificate, for the agent who gave that.
    pub(super) fn certify_delta(&self, unit: &str, entry: usize) -> Remedy {
        let whole = self.entry(entry).and_then(|entry| entry.certificate.agent.as_deref());
        let command = self.certify(unit, whole);
        command
            .arg("--delta")
            .why("on the difference alone, by whoever certified before")
    }

    /// The command, after the one that stages what it is about where that will not be staged.
    pub(super) fn staged_first(&self, command: Remedy) -> Remedy {
        match &self.ways.stage {
            Some(stage) => command.after(stage.clone()),
            None => command,
        }
    }

    /// The command that seals a certificate again.
    pub(super) fn seal(&self, path: &RepoPath) -> Remedy {
        command!["certgate", "seal", path].args(&self.ways.selection)
    }

    pub(super) fn place(&self, index: usize) -> Option<Place> {
        self.entry(index).map(|entry| Place::file(&entry.certificate.path))
    }
}
