//! The composition: policy, change, sensitivity, ledger and verdict, in that order, to a report.

use std::cell::RefCell;

use jiff::Timestamp;

use super::Failure;
pub(super) use super::case::state;
use super::case::{fill, terms};
pub(super) use super::force::{
    InForce, basis_at, default_policy, enforcing_at, judging_policy, parse_policy, policy_at, policy_for, policy_named,
    policy_unreadable,
};
use super::force::{REVOKED, SIGNERS};
use super::selection::{Selected, policy_path};
use crate::change::{Change, Content, FileChange, RepoPath, Snapshot};
use crate::diagnostic::{Code, Level};
use crate::git::{Contents, GitError, Repository};
use crate::policy::{Enforcement, Policy};
use crate::progress::{self, Work};
use crate::report::{Remedy, Report, Scope, explain};
use crate::sensitivity::{self, ContentSource, Gated};
use crate::trust::Signatures;
use crate::verdict::{Case, Decision, PolicyFault, Verdict, decide};

/// Judges a change by a policy, and, where it changes the policy, by the new one too: the stricter verdict counts.
pub(super) fn judge(repository: &Repository, selected: &Selected, in_force: InForce) -> Result<Report, Failure> {
    let mut report = judge_by(
        repository,
        selected,
        &in_force,
        serial_fault(repository, selected, &in_force),
    )?;
    let tried_out = in_force.notes.iter().any(|note| note.code() == Code::CG012);
    let judging = [policy_path(), RepoPath::from(SIGNERS), RepoPath::from(REVOKED)];
    let touched = selected.change.files.iter().any(|file| judging.contains(&file.path));
    if touched && !in_force.adoption && !tried_out && report.enforcement != Enforcement::Off {
        judge_by_new_policy(repository, selected, &mut report)?;
    }
    report.diagnostics.extend(in_force.notes);
    Ok(report)
}

/// A change to the policy must pass the policy it brings, too.
fn judge_by_new_policy(repository: &Repository, selected: &Selected, report: &mut Report) -> Result<(), Failure> {
    let verdict_of = |enforcement| {
        if enforcement == Enforcement::Block {
            Verdict::Block
        } else {
            Verdict::Warn
        }
    };
    let level = if report.enforcement == Enforcement::Block {
        Level::Error
    } else {
        Level::Warning
    };
    let note = "the change brings this policy, and must pass it as well as the old one";
    let head = &selected.change.head;
    let new = policy_at(repository, head).and_then(|policy| {
        let with_keys = |policy: Policy| Ok((basis_at(repository, head, &policy)?, policy));
        policy.map(with_keys).transpose()
    });
    match new {
        Ok(None) => {}
        Ok(Some((basis, policy))) => {
            let new = InForce {
                policy,
                basis,
                origin: "new policy".to_owned(),
                adoption: true,
                notes: Vec::new(),
            };
            let other = judge_by(repository, selected, &new, None)?;
            if other.verdict() != Verdict::Pass && report.verdict() == Verdict::Pass {
                report.decision.verdict = verdict_of(report.enforcement).min(other.verdict());
                report
                    .diagnostics
                    .extend(other.diagnostics.into_iter().map(|diagnostic| diagnostic.because(note)));
            }
        }
        Err(failure) => {
            report.decision.verdict = report.decision.verdict.max(verdict_of(report.enforcement));
            let told = failure
                .diagnostics
                .into_iter()
                .map(|diagnostic| diagnostic.with_level(level).because(note));
            report.diagnostics.extend(told);
        }
    }
    Ok(())
}

/// Reads what rules about content ask for: from a stream, where the files were named in advance, or else one by one.
struct Reader<'a> {
    repository: &'a Repository,
    /// Whether the functions around changed lines are asked for; finding them costs.
    functions: bool,
    stream: RefCell<Option<Contents>>,
}

impl ContentSource for Reader<'_> {
    type Error = GitError;

    fn content(&self, file: &FileChange) -> Result<Content, GitError> {
        progress::step();
        if let Some(stream) = self.stream.borrow_mut().as_mut()
            && let Some(content) = stream.next(file)?
        {
            return Ok(content);
        }
        self.repository.content(file, self.functions)
    }
}

/// Notes which files' content the rules ask for.
struct Asked(RefCell<Vec<FileChange>>);

impl ContentSource for Asked {
    type Error = GitError;

    fn content(&self, file: &FileChange) -> Result<Content, GitError> {
        let mut asked = self.0.borrow_mut();
        // A signature may be asked for twice in a row, by its name and by the rules.
        if asked.last() != Some(file) {
            asked.push(file.clone());
        }
        Ok(Content::None)
    }
}

/// From how many files on their content is streamed.
const WORTH_A_STREAM: usize = 64;

/// What the policy's rules find in a change.
pub(super) fn gate(repository: &Repository, change: &Change, in_force: &InForce) -> Result<Gated, Failure> {
    let (policy, adoption) = (&in_force.policy, in_force.adoption);
    let functions = policy
        .components
        .iter()
        .any(|component| !component.rules.functions.is_empty());
    let mut most = change.files.len();
    let stream = match change.files.len() >= WORTH_A_STREAM {
        true => {
            let asked = Asked(RefCell::default());
            let gated = sensitivity::gate(policy, change, &asked, adoption)?;
            let asked = asked.0.into_inner();
            if asked.is_empty() {
                return Ok(gated);
            }
            most = asked.len();
            Some(repository.start_contents(&asked, functions)?)
        }
        false => None,
    };
    let reader = Reader {
        repository,
        functions,
        stream: RefCell::new(stream),
    };
    let _judging = progress::begin(Work::Judging, most);
    Ok(sensitivity::gate(policy, change, &reader, adoption)?)
}

/// What is wrong with the serial of the policy that the change brings. One that cannot be read is told where the new policy judges.
fn serial_fault(repository: &Repository, selected: &Selected, in_force: &InForce) -> Option<PolicyFault> {
    let old = in_force.policy.serial.filter(|_| !in_force.adoption)?;
    if !selected.change.files.iter().any(|file| file.path == policy_path()) {
        return None;
    }
    let new = policy_at(repository, &selected.change.head)
        .ok()?
        .and_then(|policy| policy.serial);
    (new <= Some(old)).then_some(PolicyFault::Rollback { old, new })
}

fn judge_by(
    repository: &Repository,
    selected: &Selected,
    in_force: &InForce,
    fault: Option<PolicyFault>,
) -> Result<Report, Failure> {
    let policy = &in_force.policy;
    let nobody = in_force.adoption
        && in_force.basis.demands.signatures == Signatures::Required
        && in_force.basis.signers.is_empty();
    let enforcement = policy.enforcement(selected.target.as_target(), selected.stage);
    let mut case = Case {
        stage: selected.stage,
        enforcement,
        terms: terms(in_force, selected),
        gated: Vec::new(),
        ledger: Vec::new(),
        violations: Vec::new(),
        policy_faults: fault
            .into_iter()
            .chain(nobody.then_some(PolicyFault::NobodyCanSign))
            .collect(),
        only_certificates: false,
        now: Timestamp::now(),
    };
    if enforcement != Enforcement::Off {
        let gated = gate(repository, &selected.change, in_force)?;
        fill(repository, selected, in_force, gated, &mut case)?;
    }
    let decision: Decision = decide(&case);
    let remedy = Remedy {
        selection: selected.arguments.clone(),
        base: match (&selected.change.base, selected.arguments.as_str()) {
            (Snapshot::Commit(id), arguments) if arguments != "--staged" => id.short(),
            _ => "HEAD".to_owned(),
        },
    };
    let diagnostics = explain(&case, &decision, &remedy);
    Ok(Report {
        stage: selected.stage,
        enforcement,
        target: selected.target.name().map(str::to_owned),
        base: match &selected.change.base {
            Snapshot::Commit(id) => Some(id.to_string()),
            _ => None,
        },
        head: match &selected.change.head {
            Snapshot::Commit(id) => id.to_string(),
            _ => "index".to_owned(),
        },
        policy: in_force.origin.clone(),
        scope: Scope {
            files: selected.change.files.len(),
            messages: selected.change.messages.len(),
        },
        decision,
        ledger: case.ledger,
        diagnostics,
    })
}
