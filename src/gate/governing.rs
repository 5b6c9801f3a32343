//! The policy and the keys that judge: read from the target's tip, never from what is judged, and closed where they cannot be read.

use std::path::Path;

use super::in_force::InForce;
use super::question::{By, Question};
use super::undecided::Undecided;
use crate::change::{MAX_DOCUMENT, Mode, ObjectId, RepoPath, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Place, Placeholder, Remedy, Word, command};
use crate::git::{Blob, Repository};
use crate::policy::{Enforcing, Pin, Policy, PolicySource, Unvendored};
use crate::progress::{self, Count, Room};
use crate::trust::{Keyring, MAX_SIGNERS, NAMESPACE, Revoked, Signatures, Signers, SignersError};

/// Who may sign, in OpenSSH's format (ssh-keygen(1), ALLOWED SIGNERS).
pub(crate) const SIGNERS: &str = ".certgate/allowed_signers";
/// Keys that nothing may be signed with any more.
pub(crate) const REVOKED: &str = ".certgate/revoked_keys";

/// The policy's path in the repository.
pub(crate) fn policy_path() -> RepoPath {
    RepoPath::from(".certgate/policy.yaml")
}

/// The policy of a commit or of the index; `None` where there is none.
pub(crate) fn policy_at(repository: &Repository, at: &Snapshot) -> Result<Option<Policy>, Undecided> {
    match policy_bytes(repository, at)? {
        Some(bytes) => Ok(Some(parse_policy_at(
            repository,
            at,
            &policy_path().to_string(),
            &bytes,
        )?)),
        None => Ok(None),
    }
}

/// Parses a policy with the copies of its imports that a commit or the index holds; warnings are dropped here and reported by `policy check`.
pub(crate) fn parse_policy_at(
    repository: &Repository,
    at: &Snapshot,
    name: &str,
    bytes: &[u8],
) -> Result<Policy, Undecided> {
    let source = PolicySource {
        name: name.to_owned(),
        bytes,
    };
    Ok(Policy::parse_with(&source, &|pin| copy_at(repository, at, pin))?.0)
}

/// The copy of an imported policy that a commit or the index holds.
pub(crate) fn copy_at(repository: &Repository, at: &Snapshot, pin: &Pin) -> Result<Vec<u8>, Unvendored> {
    let unreadable = |error: crate::git::GitError| Unvendored::Unreadable(format!("is not to be had: {error}"));
    let Some(entry) = repository.entry(at, &pin.copy()).map_err(unreadable)? else {
        return Err(Unvendored::Missing);
    };
    match entry.mode {
        Mode::Regular | Mode::Executable => {}
        Mode::Symlink => {
            return Err(Unvendored::Unreadable(
                "is a symbolic link; links are not followed".into(),
            ));
        }
        Mode::Gitlink => return Err(Unvendored::Unreadable("is a submodule".into())),
    }
    match repository.blob(&entry.id, MAX_DOCUMENT).map_err(unreadable)? {
        Blob::Content(bytes) => Ok(bytes),
        Blob::TooLarge { size } => Err(Unvendored::Unreadable(format!(
            "has {size} bytes; at most {MAX_DOCUMENT} are read"
        ))),
    }
}

/// The copy of an imported policy that lies beside a file of a policy, in `imports/`.
pub(crate) fn copy_beside(file: &Path, pin: &Pin) -> Result<Vec<u8>, Unvendored> {
    let name = pin.copy();
    let name = name.as_path().file_name().unwrap_or_default().to_owned();
    let path = file.parent().unwrap_or(Path::new("")).join("imports").join(name);
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Unvendored::Missing,
        _ => Unvendored::Unreadable(format!("is not to be had: {error}")),
    };
    let found = std::fs::symlink_metadata(&path).map_err(unreadable)?;
    if !found.is_file() {
        return Err(Unvendored::Unreadable(
            "is not a regular file; links are not followed".into(),
        ));
    }
    if found.len() > MAX_DOCUMENT {
        let size = found.len();
        return Err(Unvendored::Unreadable(format!(
            "has {size} bytes; at most {MAX_DOCUMENT} are read"
        )));
    }
    std::fs::read(&path).map_err(unreadable)
}

/// The policy of HEAD, or else of the index.
pub(crate) fn policy_here(repository: &Repository) -> Result<Option<Policy>, Undecided> {
    let committed = match repository.head()?.commit() {
        Some(commit) => judging_policy(repository, commit)?,
        None => None,
    };
    match committed {
        Some(policy) => Ok(Some(policy)),
        None if repository.is_bare() => Ok(None),
        None => policy_at(repository, &Snapshot::Index),
    }
}

/// What the policy of a commit says of enforcement; `None` where there is none.
pub(crate) fn enforcing_at(repository: &Repository, at: &ObjectId) -> Result<Option<Enforcing>, Undecided> {
    let Some(bytes) = policy_bytes(repository, &Snapshot::Commit(at.clone()))? else {
        return Ok(None);
    };
    Ok(Some(Enforcing::parse(&PolicySource {
        name: policy_path().to_string(),
        bytes: &bytes,
    })?))
}

pub(crate) fn policy_bytes(repository: &Repository, at: &Snapshot) -> Result<Option<Vec<u8>>, Undecided> {
    let _timed = progress::enter(Room::Policy);
    let path = policy_path();
    let unreadable = |why: &str| -> Undecided { policy_unreadable(&path.to_string(), why) };
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
    progress::count(Count::PoliciesRead, 1);
    match repository.blob(&entry.id, MAX_DOCUMENT)? {
        Blob::Content(bytes) => Ok(Some(bytes)),
        Blob::TooLarge { size } => Err(unreadable(&format!(
            "has {size} bytes; at most {MAX_DOCUMENT} are read"
        ))),
    }
}

/// A policy that is no text to parse.
pub(crate) fn policy_unreadable(name: &str, why: &str) -> Undecided {
    Diagnostic::error(Code::CG001, format!("the policy {name} {why}"))
        .at(Place::file(name))
        .help("make it a text file of at most 1 MiB, then: certgate policy check")
        .into()
}

/// The policy of a commit that judges. An unreadable one closes the gate for the commit that fixes it, too, so the way out is given.
pub(crate) fn judging_policy(repository: &Repository, tip: &ObjectId) -> Result<Option<Policy>, Undecided> {
    policy_at(repository, &Snapshot::Commit(tip.clone())).map_err(|mut failure| {
        let of_policy = |diagnostic: &Diagnostic| diagnostic.code().as_str().starts_with("CG0");
        if let Some(last) = failure.diagnostics.pop_if(|last| of_policy(last)) {
            let last = last
                .because(format!(
                    "this is the policy of commit {}; it judges, not the work tree's",
                    tip.short()
                ))
                .help(command!["git", "commit", "--no-verify", &policy_path()].why("corrects it past the hook"));
            failure.diagnostics.push(last);
        }
        failure
    })
}

/// Parses a policy of a file, with the copies of its imports that lie beside it; warnings are dropped here and reported by `policy check`.
pub(crate) fn parse_policy(name: &str, file: &Path, bytes: &[u8]) -> Result<Policy, Undecided> {
    let source = PolicySource {
        name: name.to_owned(),
        bytes,
    };
    Ok(Policy::parse_with(&source, &|pin| copy_beside(file, pin))?.0)
}

/// The keys of a commit or of the index, as far as the policy asks for signatures.
///
/// What is there and cannot be read closes the gate: half a list of keys does not count.
pub(crate) fn keyring_at(repository: &Repository, at: &Snapshot, policy: &Policy) -> Result<Keyring, Undecided> {
    let demands = policy.demands();
    if demands.signatures == Signatures::Off {
        return Ok(Keyring {
            demands,
            ..Keyring::default()
        });
    }
    let keys = keys_at(repository, at)?;
    let bytes = |bytes: &Option<Vec<u8>>| bytes.clone().unwrap_or_default();
    Ok(Keyring::new(
        demands,
        (keys.signers, &bytes(&keys.lists.0)),
        (keys.revoked, &bytes(&keys.lists.1)),
    ))
}

/// The command that allows somebody to sign certificates, with the public half of a key.
pub(crate) fn allow_signer(principal: Word) -> Remedy {
    let script =
        format!("printf \"%s %s\\n\" \"$1\" \"$(cat \"$2\")\" >>\"$(git rev-parse --show-toplevel)/{SIGNERS}\"");
    let who = principal.and(format!(" namespaces=\"{NAMESPACE}\""));
    command!["sh", "-c", script, "sh", who, Placeholder::Path].why("FILE is the public half of the key")
}

/// The keys of a commit or of the index, as they are there.
pub(crate) struct Keys {
    /// Who may sign; nobody where there is no list.
    pub(crate) signers: Signers,
    /// What counts no longer.
    pub(crate) revoked: Revoked,
    /// The files that they were read from, allowed signers first; `None` where there is none.
    pub(crate) lists: (Option<Vec<u8>>, Option<Vec<u8>>),
}

/// Reads the keys of a commit or of the index; what is there and cannot be read is an error.
pub(crate) fn keys_at(repository: &Repository, at: &Snapshot) -> Result<Keys, Undecided> {
    let _timed = progress::enter(Room::Policy);
    let lists = (list_at(repository, at, SIGNERS)?, list_at(repository, at, REVOKED)?);
    let signers = lists.0.as_deref().map_or(Ok(Signers::default()), Signers::parse);
    let revoked = lists.1.as_deref().map_or(Ok(Revoked::none()), Revoked::parse);
    Ok(Keys {
        signers: signers.map_err(|error| error.diagnostic(SIGNERS))?,
        revoked: revoked.map_err(|error| error.diagnostic(REVOKED))?,
        lists,
    })
}

fn list_at(repository: &Repository, at: &Snapshot, name: &str) -> Result<Option<Vec<u8>>, Undecided> {
    let path = RepoPath::from(name);
    let unreadable = |why: String| SignersError { line: None, why }.diagnostic(name);
    let Some(entry) = repository.entry(at, &path)? else {
        let below = repository.list(at, &[path.as_bytes().to_vec()])?;
        return match below.is_empty() {
            true => Ok(None),
            false => Err(unreadable("it is a directory".to_owned()).into()),
        };
    };
    match entry.mode {
        Mode::Regular | Mode::Executable => {}
        Mode::Symlink | Mode::Gitlink => return Err(unreadable("it is not a regular file".to_owned()).into()),
    }
    match repository.blob(&entry.id, MAX_SIGNERS)? {
        Blob::Content(bytes) => Ok(Some(bytes)),
        Blob::TooLarge { size } => {
            Err(unreadable(format!("it has {size} bytes; at most {MAX_SIGNERS} are read")).into())
        }
    }
}

/// The embedded pack that judges where there is no policy.
pub(crate) fn default_policy() -> Result<Policy, Undecided> {
    Ok(Policy::builtin("default")?)
}

/// The policy named by `--policy`.
///
/// The keys are those of the commit that would judge: a policy that is tried out adds none.
pub(crate) fn policy_named(repository: &Repository, question: &Question, name: &str) -> Result<InForce, Undecided> {
    let judging = match &question.tip {
        Some(tip) => &Snapshot::Commit(tip.clone()),
        None => &question.change.head,
    };
    let policy = match name.strip_prefix("builtin:") {
        Some(pack) => Policy::builtin(pack)?,
        None => {
            let path = Path::new(name);
            let metadata = std::fs::metadata(path).map_err(|error| Undecided::io("read", path, &error))?;
            if !metadata.is_file() || metadata.len() > MAX_DOCUMENT {
                return Err(policy_unreadable(
                    name,
                    &format!("is not a file of at most {MAX_DOCUMENT} bytes"),
                ));
            }
            let bytes = std::fs::read(path).map_err(|error| Undecided::io("read", path, &error))?;
            parse_policy(name, path, &bytes)?
        }
    };
    let note = Diagnostic::note(
        Code::CG012,
        format!("judged by `{name}`, not by the repository's policy"),
    );
    let keyring = keyring_at(repository, judging, &policy)?;
    Ok(InForce {
        at: judging.clone(),
        policy,
        keyring,
        origin: name.to_owned(),
        adoption: false,
        notes: vec![note],
    })
}

/// The policy that judges a question.
pub(crate) fn governing(repository: &Repository, question: &Question) -> Result<InForce, Undecided> {
    match &question.by {
        By::TheTip => policy_for(repository, question),
        By::TriedOut(name) => policy_named(repository, question, name),
        By::Another(in_force) => Ok((**in_force).clone()),
    }
}

/// The policy that judges a change: the tip's, never the head's, but where the tip has none.
pub(crate) fn policy_for(repository: &Repository, question: &Question) -> Result<InForce, Undecided> {
    let read = |tip| match &question.policy {
        Some(policy) => Ok(Some(policy.clone())),
        None => judging_policy(repository, tip),
    };
    if let Some(tip) = &question.tip
        && let Some(policy) = read(tip)?
    {
        let origin = format!("{}:{}", tip.short(), policy_path());
        let keyring = keyring_at(repository, &Snapshot::Commit(tip.clone()), &policy)?;
        return Ok(InForce {
            at: Snapshot::Commit(tip.clone()),
            policy,
            keyring,
            origin,
            adoption: false,
            notes: Vec::new(),
        });
    }
    if let Some(policy) = policy_at(repository, &question.change.head)? {
        let note = Diagnostic::note(Code::CG013, "the change adds the first policy and is judged by it");
        let origin = match &question.change.head {
            Snapshot::Commit(id) => format!("{}:{}", id.short(), policy_path()),
            _ => format!("index:{}", policy_path()),
        };
        let keyring = keyring_at(repository, &question.change.head, &policy)?;
        return Ok(InForce {
            at: question.change.head.clone(),
            policy,
            keyring,
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
            .help(command!["git", "add", &RepoPath::from(crate::policy::POLICY_DIRECTORY)]),
        false => note.help(command!["certgate", "init"]),
    };
    Ok(InForce {
        at: Snapshot::Empty,
        policy: default_policy()?,
        keyring: Keyring::default(),
        origin: "builtin:default".to_owned(),
        adoption: false,
        notes: vec![note],
    })
}
