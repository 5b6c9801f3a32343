//! Coding agents: what their harnesses send to a hook, and what the gate answers.
//!
//! Before a tool runs, what would step around the gate is refused. When a turn ends, it is held once where the gate blocks, or where an
//! agent of the policy has announced a judgement and left no certificate. That fences in whoever means well and forgets, not whoever
//! writes a program that does the same: what is judged on the server and in CI stays judged there.

mod answer;
mod evasion;
mod landed;
mod members;
mod once;
mod payload;
pub(crate) mod server;
pub(crate) mod setup;
mod shell;
mod turn;

pub(crate) use answer::answer;
pub(crate) use payload::{MAX_PAYLOAD, Payload};

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::certificate::evidence_of;
use crate::change::{RepoPath, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Placeholder, command, sanitize};
use crate::gate::{Undecided, governing};
use crate::git::Repository;
use crate::intake::branches;
use crate::policy::{Policy, fold};
use evasion::{Names, evades, is_git_own};
use landed::{Landed, named_author};
use payload::{Event, FileWrite};
use shell::Command;

/// What the harness gets for an answer.
#[derive(Debug)]
pub(crate) enum Decision {
    /// Go on.
    Pass,
    /// The tool does not run.
    Refuse(Box<Diagnostic>),
    /// The turn does not end yet.
    Hold(Vec<Diagnostic>),
}

/// Decides on an event. `given` is the agent that the hook's command names, for harnesses that send none.
pub(crate) fn decide(repository: &Repository, payload: &Payload, given: Option<&str>) -> Result<Decision, Undecided> {
    // Before anything that can fail: an agent that was held must be able to end.
    if payload.was_held() {
        return Ok(Decision::Pass);
    }
    let (Some(root), Some(policy)) = (repository.work_tree(), governing::policy_here(repository)?) else {
        return Ok(Decision::Pass);
    };
    let me = payload.agent.as_deref().or(given);
    let refused = match &payload.event {
        Event::Other => None,
        Event::TurnEnds(end) => return turn::ends(repository, &policy, payload, end, me),
        Event::Shell(text) => {
            let scene = Scene::new(repository, &policy, root.to_path_buf(), payload, me)?;
            scene.shell(text)
        }
        Event::Files(files) => {
            let scene = Scene::new(repository, &policy, root.to_path_buf(), payload, me)?;
            files.iter().find_map(|file| scene.file(file))
        }
    };
    Ok(refused.map_or(Decision::Pass, |found| Decision::Refuse(Box::new(found))))
}

/// The agents that a policy names, folded.
fn named(policy: &Policy) -> BTreeSet<String> {
    let of_components = policy.components.iter().flat_map(|component| {
        let require = &component.require.agents;
        let handoff = component.handoff.iter().map(|(_, agent)| agent);
        require.iter().chain(&component.authorizers).chain(handoff)
    });
    let names = policy.agents.keys().chain(&policy.owners).chain(of_components);
    names.map(|name| fold(name)).collect()
}

/// The certificates of the branch that the work goes into; of HEAD where that is not known.
fn landed(repository: &Repository, policy: &Policy) -> Result<Vec<RepoPath>, Undecided> {
    let target = branches::merge_target(repository, None);
    let tip = match target {
        Ok((revision, _)) => repository.commit(&revision).ok(),
        Err(_) => None,
    };
    let Some(tip) = tip.or(repository.head()?.commit().cloned()) else {
        return Ok(Vec::new());
    };
    let prefixes = policy.certificates.literal_prefixes();
    let mut listed = repository.list(&Snapshot::Commit(tip), &prefixes)?;
    listed.retain(|(path, _)| belongs(policy, path));
    Ok(listed.into_iter().map(|(path, _)| path).collect())
}

/// True for a certificate, its signature and its evidence.
fn belongs(policy: &Policy, path: &RepoPath) -> bool {
    let signed = path.as_bytes().strip_suffix(b".sig").map(RepoPath::new);
    policy.is_certificate(path)
        || signed.is_some_and(|signed| policy.is_certificate(&signed))
        || evidence_of(path)
            .iter()
            .any(|certificate| policy.is_certificate(certificate))
}

/// All that a tool is held against.
struct Scene<'a> {
    repository: &'a Repository,
    policy: &'a Policy,
    landed: Landed,
    me: Option<&'a str>,
}

impl Names for Scene<'_> {
    fn protects(&self, branch: &str) -> bool {
        self.policy.protected(branch)
    }

    fn alias(&self, name: &str) -> Option<String> {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plain
            .then(|| self.repository.config(&format!("alias.{name}")).ok().flatten())
            .flatten()
    }
}

impl<'a> Scene<'a> {
    fn new(
        repository: &'a Repository,
        policy: &'a Policy,
        root: PathBuf,
        payload: &'a Payload,
        me: Option<&'a str>,
    ) -> Result<Self, Undecided> {
        let directory = payload.directory.clone().or_else(|| std::env::current_dir().ok());
        let directory = directory.and_then(|directory| directory.canonicalize().ok());
        let root = root.canonicalize().unwrap_or(root);
        Ok(Self {
            repository,
            policy,
            landed: Landed {
                paths: landed(repository, policy)?,
                directory: directory.unwrap_or_else(|| root.clone()),
                root,
            },
            me,
        })
    }

    fn shell(&self, text: &str) -> Option<Diagnostic> {
        let commands = shell::commands(text);
        commands.iter().find_map(|command| {
            evades(command, self)
                .map(around)
                .or_else(|| self.landed.hit(command).map(changes_landed))
                .or_else(|| self.author_of(command, text).and_then(|author| self.foreign(&author)))
        })
    }

    /// Who would be the author of what a command writes.
    fn author_of(&self, command: &Command, text: &str) -> Option<String> {
        let words = command.words.get(1..).unwrap_or_default();
        if command.program() == "certgate" && matches!(words.first()?.as_str(), "certify" | "seal") {
            return words
                .iter()
                .enumerate()
                .find_map(|(at, word)| match word.strip_prefix("--agent=") {
                    Some(name) => Some(name.to_owned()),
                    None => (word == "--agent").then(|| words.get(at + 1).cloned()).flatten(),
                });
        }
        let writes = command
            .writes
            .iter()
            .chain(words.iter().filter(|_| command.program() == "tee"));
        let certificate = writes.into_iter().any(|path| self.is_certificate(path));
        certificate.then(|| named_author(&[text.to_owned()])).flatten()
    }

    fn is_certificate(&self, path: &str) -> bool {
        use std::os::unix::ffi::OsStrExt as _;
        let inside = self.landed.inside(path);
        inside.is_some_and(|inside| {
            self.policy
                .is_certificate(&RepoPath::new(inside.as_os_str().as_bytes()))
        })
    }

    fn file(&self, file: &FileWrite) -> Option<Diagnostic> {
        if is_git_own(&file.path) {
            return Some(around(format!("`{}` is git's own", file.path)));
        }
        if let Some(path) = self.landed.at(&file.path) {
            return Some(changes_landed(path));
        }
        match self.is_certificate(&file.path) {
            true => self.foreign(&named_author(&file.texts)?),
            false => None,
        }
    }

    /// A certificate is written by the agent that it names, and a specialist that is defined here is asked, not imitated.
    fn foreign(&self, author: &str) -> Option<Diagnostic> {
        let author_is = |name: &str| fold(name) == fold(author);
        let why = match self.me {
            Some(me) if author_is(me) => return None,
            Some(me) => format!("this is the agent `{}`", sanitize(me)),
            None => {
                let defined = setup::definition(&self.landed.root, author)?;
                format!("it is a separate agent, defined in `{}`", sanitize(&defined))
            }
        };
        Some(
            Diagnostic::error(
                Code::CG748,
                format!(
                    "a certificate in the name of `{}` is for that agent to write",
                    sanitize(author)
                ),
            )
            .because(why)
            .help(format!(
                "have the agent `{}` review the change and certify it",
                sanitize(author)
            )),
        )
    }
}

fn around(why: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(Code::CG746, "this would step around the gate")
        .because(sanitize(&why.to_string()))
        .help(command!["certgate", "check"].why("says what is missing"))
}

fn changes_landed(path: &RepoPath) -> Diagnostic {
    Diagnostic::error(Code::CG747, format!("`{path}` landed and is not changed or removed"))
        .because("a later certificate supersedes an earlier one; the earlier stays")
        .help(
            command![
                "certgate",
                "certify",
                "--all",
                "--supersedes",
                path,
                "--status",
                Placeholder::Decision,
                "--agent",
                Placeholder::Agent,
                "--rationale",
                Placeholder::Rationale
            ]
            .why("a decision of one's own, by an agent who may"),
        )
}
