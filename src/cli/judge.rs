//! The composition: policy, change, sensitivity, ledger and verdict, in that order, to a report.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Failure;
use super::selection::{Selected, policy_path};
use crate::certificate::{FileState, SubjectField};
use crate::change::{Change, Content, FileChange, Mode, ObjectId, RepoPath, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Level, Place};
use crate::git::{Blob, Contents, GitError, Repository};
use crate::ledger::{self, Origin};
use crate::policy::{self, Enforcement, Enforcing, POLICY_COMPONENT, Policy, PolicySource, fold};
use crate::report::{Remedy, Report, Scope, explain};
use crate::sensitivity::{self, ContentSource, Gated, GatedComponent};
use crate::verdict::{Case, Decision, GatedPath, GatedUnit, Terms, Verdict, decide};

/// The largest policy, in bytes.
const MAX_POLICY: u64 = 1024 * 1024;

/// The policy that judges a change, and what is to be said of it.
pub(super) struct InForce {
    pub(super) policy: Policy,
    /// Where it is from, for the report.
    pub(super) origin: String,
    /// True where the base has no policy and the change brings this one.
    pub(super) adoption: bool,
    /// Notes.
    pub(super) notes: Vec<Diagnostic>,
}

/// The policy of a commit or of the index; `None` where there is none.
pub(super) fn policy_at(repository: &Repository, at: &Snapshot) -> Result<Option<Policy>, Failure> {
    match policy_bytes(repository, at)? {
        Some(bytes) => Ok(Some(parse_policy(&policy_path().to_string(), &bytes)?)),
        None => Ok(None),
    }
}

/// What the policy of a commit says of enforcement; `None` where there is none.
pub(super) fn enforcing_at(repository: &Repository, at: &ObjectId) -> Result<Option<Enforcing>, Failure> {
    let Some(bytes) = policy_bytes(repository, &Snapshot::Commit(at.clone()))? else {
        return Ok(None);
    };
    Ok(Some(Enforcing::parse(&PolicySource {
        name: policy_path().to_string(),
        bytes: &bytes,
    })?))
}

fn policy_bytes(repository: &Repository, at: &Snapshot) -> Result<Option<Vec<u8>>, Failure> {
    let path = policy_path();
    let unreadable = |why: &str| -> Failure { policy_unreadable(&path.to_string(), why) };
    let Some(entry) = repository.entry(at, &path)? else {
        // Only what is not there is no policy; what is there and cannot be read must not be passed over.
        let folder = RepoPath::from(".certgate");
        return match (
            repository.entry(at, &folder)?,
            repository.list(at, &[path.as_bytes().to_vec()])?,
        ) {
            (None, below) if below.is_empty() => Ok(None),
            (None, _) => Err(unreadable("is a directory")),
            (Some(_), _) => Err(unreadable("cannot be there: .certgate is not a directory")),
        };
    };
    match entry.mode {
        Mode::Regular | Mode::Executable => {}
        Mode::Symlink => return Err(unreadable("is a symbolic link; links are not followed")),
        Mode::Gitlink => return Err(unreadable("is a submodule")),
    }
    match repository.blob(&entry.id, MAX_POLICY)? {
        Blob::Content(bytes) => Ok(Some(bytes)),
        Blob::TooLarge { size } => Err(unreadable(&format!("has {size} bytes; at most {MAX_POLICY} are read"))),
    }
}

/// A policy that is no text to parse.
pub(super) fn policy_unreadable(name: &str, why: &str) -> Failure {
    Diagnostic::error(Code::CG001, format!("the policy {name} {why}"))
        .at(Place::file(name))
        .help("make it a text file of at most 1 MiB, then: certgate policy check")
        .into()
}

/// The policy of a commit that judges. An unreadable one closes the gate for the commit that mends it, too, so the way out is told.
pub(super) fn judging_policy(repository: &Repository, tip: &ObjectId) -> Result<Option<Policy>, Failure> {
    policy_at(repository, &Snapshot::Commit(tip.clone())).map_err(|mut failure| {
        let of_policy = |diagnostic: &Diagnostic| diagnostic.code().as_str().starts_with("CG0");
        if let Some(last) = failure.diagnostics.pop_if(|last| of_policy(last)) {
            let last = last
                .because(format!(
                    "this is the policy of commit {}; it judges, not the work tree's",
                    tip.short()
                ))
                .help(format!(
                    "mend it past the hook: git commit --no-verify {}",
                    policy_path()
                ));
            failure.diagnostics.push(last);
        }
        failure
    })
}

/// Parses a policy; warnings are dropped here and told by `policy check`.
pub(super) fn parse_policy(name: &str, bytes: &[u8]) -> Result<Policy, Failure> {
    Ok(Policy::parse(&PolicySource {
        name: name.to_owned(),
        bytes,
    })?
    .0)
}

/// The embedded pack that judges where there is no policy.
pub(super) fn default_policy() -> Result<Policy, Failure> {
    Ok(Policy::builtin("default")?)
}

/// The policy named by `--policy`.
pub(super) fn policy_named(name: &str) -> Result<InForce, Failure> {
    let policy = match name.strip_prefix("builtin:") {
        Some(pack) => Policy::builtin(pack)?,
        None => {
            let path = std::path::Path::new(name);
            let metadata = std::fs::metadata(path).map_err(|error| Failure::io("read", path, &error))?;
            if !metadata.is_file() || metadata.len() > MAX_POLICY {
                return Err(policy_unreadable(
                    name,
                    &format!("is not a file of at most {MAX_POLICY} bytes"),
                ));
            }
            let bytes = std::fs::read(path).map_err(|error| Failure::io("read", path, &error))?;
            parse_policy(name, &bytes)?
        }
    };
    let note = Diagnostic::note(
        Code::CG012,
        format!("judged by `{name}`, not by the repository's policy"),
    );
    Ok(InForce {
        policy,
        origin: name.to_owned(),
        adoption: false,
        notes: vec![note],
    })
}

/// The policy that judges a change: the tip's, never the head's, but where the tip has none.
pub(super) fn policy_for(repository: &Repository, selected: &Selected) -> Result<InForce, Failure> {
    let read = |tip| match &selected.policy {
        Some(policy) => Ok(Some(policy.clone())),
        None => judging_policy(repository, tip),
    };
    if let Some(tip) = &selected.tip
        && let Some(policy) = read(tip)?
    {
        let origin = format!("{}:{}", tip.short(), policy_path());
        return Ok(InForce {
            policy,
            origin,
            adoption: false,
            notes: Vec::new(),
        });
    }
    if let Some(policy) = policy_at(repository, &selected.change.head)? {
        let note = Diagnostic::note(Code::CG013, "the change brings the first policy and is judged by it");
        let origin = match &selected.change.head {
            Snapshot::Commit(id) => format!("{}:{}", id.short(), policy_path()),
            _ => format!("index:{}", policy_path()),
        };
        return Ok(InForce {
            policy,
            origin,
            adoption: true,
            notes: vec![note],
        });
    }
    let mut note = Diagnostic::note(
        Code::CG011,
        "the repository has no policy; judged by the pack `builtin:default`",
    );
    let uncommitted = repository
        .work_tree()
        .is_some_and(|root| root.join(policy_path().as_path()).is_file());
    note = match uncommitted {
        true => note
            .because("the policy in the work tree is not committed")
            .help("git add .certgate"),
        false => note.help("certgate init"),
    };
    Ok(InForce {
        policy: default_policy()?,
        origin: "builtin:default".to_owned(),
        adoption: false,
        notes: vec![note],
    })
}

/// Judges a change by a policy, and, where it changes the policy, by the new one too: the stricter verdict counts.
pub(super) fn judge(repository: &Repository, selected: &Selected, in_force: InForce) -> Result<Report, Failure> {
    let mut report = judge_by(repository, selected, &in_force)?;
    let tried_out = in_force.notes.iter().any(|note| note.code() == Code::CG012);
    let touched = selected.change.files.iter().any(|file| file.path == policy_path());
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
    match policy_at(repository, &selected.change.head) {
        Ok(None) => {}
        Ok(Some(policy)) => {
            let new = InForce {
                policy,
                origin: "new policy".to_owned(),
                adoption: true,
                notes: Vec::new(),
            };
            let other = judge_by(repository, selected, &new)?;
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
        self.0.borrow_mut().push(file.clone());
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
    let stream = match change.files.len() >= WORTH_A_STREAM {
        true => {
            let asked = Asked(RefCell::default());
            let gated = sensitivity::gate(policy, change, &asked, adoption)?;
            let asked = asked.0.into_inner();
            if asked.is_empty() {
                return Ok(gated);
            }
            Some(repository.start_contents(&asked, functions)?)
        }
        false => None,
    };
    let reader = Reader {
        repository,
        functions,
        stream: RefCell::new(stream),
    };
    Ok(sensitivity::gate(policy, change, &reader, adoption)?)
}

fn judge_by(repository: &Repository, selected: &Selected, in_force: &InForce) -> Result<Report, Failure> {
    let policy = &in_force.policy;
    let enforcement = policy.enforcement(selected.target.as_target(), selected.stage);
    let mut case = Case {
        stage: selected.stage,
        enforcement,
        terms: terms(policy),
        gated: Vec::new(),
        ledger: Vec::new(),
        violations: Vec::new(),
        only_certificates: false,
        now: Timestamp::now(),
    };
    if enforcement != Enforcement::Off {
        let gated = gate(repository, &selected.change, in_force)?;
        fill(repository, selected, policy, gated, &mut case)?;
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

fn terms(policy: &Policy) -> Terms {
    let mut terms = Terms {
        since: policy.since,
        classes: policy.classes.clone(),
        may_lift: policy
            .agents
            .iter()
            .filter(|(_, agent)| agent.may_lift)
            .map(|(name, _)| name.clone())
            .collect(),
        stop_is_per_component: policy.stop_is_per_component,
        names: [(fold(POLICY_COMPONENT), POLICY_COMPONENT.to_owned())].into(),
    };
    for component in &policy.components {
        terms
            .names
            .extend(component.names().map(|name| (fold(name), component.id.clone())));
    }
    terms
}

/// Reads the ledger and the digests that the gated files need.
fn fill(
    repository: &Repository,
    selected: &Selected,
    policy: &Policy,
    gated: Gated,
    case: &mut Case,
) -> Result<(), Failure> {
    let mut units: Vec<(GatedComponent, GatedUnit)> = Vec::new();
    for component in gated.components {
        let unit = unit(policy, &component);
        units.push((component, unit));
    }
    let names: BTreeSet<String> = units.iter().flat_map(|(_, unit)| unit.names.iter().cloned()).collect();
    let paths: BTreeSet<RepoPath> = units
        .iter()
        .flat_map(|(component, _)| component.files.iter().map(|file| file.file.path.clone()))
        .collect();
    let query = ledger::Query {
        certificates: &policy.certificates,
        tip: selected.tip.as_ref(),
        change: &selected.change,
        since: policy.since,
        components: &names,
        paths: &paths,
        whole: policy.classes.keys().any(|status| status.class().approves())
            || units.iter().any(|(_, unit)| unit.binding == policy::Binding::Component),
    };
    let ledger = ledger::read(repository, &query)?;
    case.violations = ledger.violations;
    case.only_certificates = ledger.only_certificates;
    case.ledger = ledger.entries;
    let files: Vec<&FileChange> = units
        .iter()
        .flat_map(|(component, _)| component.files.iter().map(|file| &file.file))
        .collect();
    for entry in case.ledger.iter_mut().filter(|entry| entry.origin == Origin::Added) {
        let range = selected
            .range
            .as_ref()
            .map(|(excluded, head)| (excluded.as_slice(), head));
        entry.carried = ledger::carried(
            repository,
            entry,
            &files,
            range,
            selected.change.head == Snapshot::Index,
        )?;
    }
    let listed: BTreeSet<&RepoPath> = case
        .ledger
        .iter()
        .filter_map(|entry| match &entry.certificate.subject {
            SubjectField::Present(subject) => Some(subject.files.iter().map(|file| &file.path)),
            _ => None,
        })
        .flatten()
        .collect();
    let mut done = Vec::with_capacity(units.len());
    for (component, mut unit) in units {
        for file in &component.files {
            let state = match listed.contains(&file.file.path) {
                true => Some(state(repository, &file.file)?),
                false => None,
            };
            let handoff = handoff(policy, &component.id, &file.file.path);
            unit.files.push(GatedPath {
                path: file.file.path.clone(),
                state,
                reasons: file.reasons.clone(),
                handoff,
            });
        }
        done.push(unit);
    }
    case.gated = done;
    Ok(())
}

/// The state of a changed file at the head.
pub(super) fn state(repository: &Repository, file: &FileChange) -> Result<FileState, Failure> {
    Ok(match file.after() {
        None => FileState::Deleted,
        Some(entry) => FileState::Present {
            mode: entry.mode,
            digest: repository.digest(entry)?,
        },
    })
}

fn handoff(policy: &Policy, id: &str, path: &RepoPath) -> Vec<String> {
    let component = policy.components.iter().find(|component| component.id == id);
    let entries = component
        .map(|component| component.handoff.as_slice())
        .unwrap_or_default();
    entries
        .iter()
        .filter(|(globs, _)| globs.matches(path.as_bytes()))
        .map(|(_, agent)| agent.clone())
        .collect()
}

/// The terms of a gated component; those of `certgate-policy` are the policy's own.
fn unit(policy: &Policy, gated: &GatedComponent) -> GatedUnit {
    let component = policy.components.iter().find(|component| component.id == gated.id);
    let own_names = component.map(|component| component.names().map(fold).collect());
    GatedUnit {
        id: gated.id.clone(),
        names: own_names.unwrap_or_else(|| BTreeSet::from([fold(&gated.id)])),
        agents: component.map_or_else(|| policy.owners.clone(), |component| component.require.agents.clone()),
        approvals: component.map_or(1, |component| component.require.approvals),
        evidence: component
            .map(|component| component.require.evidence.clone())
            .unwrap_or_default(),
        binding: component.map_or(policy::Binding::History, |component| component.binding),
        max_age: component.map_or(policy::DEFAULT_MAX_AGE, |component| component.max_age),
        conditional: component.map_or(policy::Conditional::Allow, |component| component.conditional),
        files: Vec::new(),
        messages: gated.messages.clone(),
    }
}
