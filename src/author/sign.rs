//! `--sign`: which key, whether its word would count, and the signature beside its document.

use std::path::{Path, PathBuf};

use super::whole::{self, Existing, Written};
use crate::certificate::Certificate;
use crate::change::Snapshot;
use crate::diagnostic::{Code, Diagnostic, Place, Placeholder, Remedy, command};
use crate::gate::Undecided;
use crate::gate::governing::{Keys, SIGNERS, keys_at};
use crate::git::Repository;
use crate::policy::Policy;
use crate::signals;
use crate::signing::{self, Key, SigningError};
use crate::trust::{self, NAMESPACE, SIGNATURE_SUFFIX, SignatureCheck, SignatureProblem};

/// The keys of HEAD.
pub(crate) struct HeadKeys {
    /// Which commit that is, for people; `None` before the first.
    commit: Option<String>,
    keys: Keys,
}

impl HeadKeys {
    /// Reads them.
    pub(crate) fn read(repository: &Repository) -> Result<Self, Undecided> {
        let head = repository.head()?;
        let at = match head.commit() {
            Some(commit) => Snapshot::Commit(commit.clone()),
            None => Snapshot::Empty,
        };
        Ok(Self {
            commit: head.commit().map(|commit| commit.short().to_string()),
            keys: keys_at(repository, &at)?,
        })
    }

    /// Where the signers are from.
    pub(crate) fn origin(&self) -> String {
        match (&self.commit, &self.keys.lists.0) {
            (Some(commit), Some(_)) => format!("by {SIGNERS} of {commit}"),
            _ => format!("HEAD has no {SIGNERS}"),
        }
    }

    /// What they say of a document's signature.
    pub(crate) fn check(&self, document: &[u8], signature: &[u8], at: &[jiff::Timestamp]) -> SignatureCheck {
        trust::verify(document, signature, &self.keys.signers, &self.keys.revoked, at)
    }
}

/// The key that `--sign` names, or else the configuration.
pub(crate) fn key(repository: &Repository, given: Option<&Option<String>>) -> Result<Option<Key>, Undecided> {
    let Some(given) = given else { return Ok(None) };
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let parse = |text: &str| -> Result<Key, Undecided> {
        Ok(Key::parse(text, home.as_deref()).map_err(|error| error.diagnostic())?)
    };
    if let Some(text) = given {
        return Ok(Some(parse(text)?));
    }
    for name in ["certgate.signingKey", "user.signingKey"] {
        let Some(text) = repository.config(name)? else { continue };
        let key = parse(&text)?;
        // user.signingKey may as well be the id of an OpenPGP key.
        if name == "user.signingKey" && matches!(&key, Key::File(path) if !path.exists()) {
            break;
        }
        return Ok(Some(key));
    }
    let problem = Diagnostic::error(Code::CG519, "`--sign` names no key, and none is configured");
    Err(problem
        .because("asked: `git config certgate.signingKey`, then `user.signingKey`, as far as that is an SSH key")
        .help(command![
            "git",
            "config",
            "certgate.signingKey",
            "~/.ssh/id_ed25519.pub"
        ])
        .into())
}

/// Where the signature of a document is.
pub(crate) fn path_of(document: &Path) -> PathBuf {
    let mut name = document.as_os_str().to_owned();
    name.push(SIGNATURE_SUFFIX);
    PathBuf::from(name)
}

/// The name of the statement that whoever measured signs, among the results; its signature is beside it.
pub(crate) const MEASURED: &str = "measured";

/// Writes what was measured, and a signature of it, among the results.
pub(crate) fn measured(folder: &Path, statement: &str, (key, interactive): (&Key, bool)) -> Result<(), Undecided> {
    let signed = signing::sign(statement.as_bytes(), NAMESPACE, key, interactive);
    let signature = signed.map_err(|error: SigningError| error.diagnostic())?;
    let path = folder.join(MEASURED);
    let write =
        |path: &Path, bytes: &[u8]| std::fs::write(path, bytes).map_err(|error| Undecided::io("write", path, &error));
    write(&path, statement.as_bytes())?;
    write(&path_of(&path), &signature)
}

/// Signs a document, holds the signature against it, and tells where it would not count. `interactive` is true where OpenSSH may ask for
/// a passphrase.
pub(crate) fn sign(
    repository: &Repository,
    policy: &Policy,
    certificate: &Certificate,
    document: &[u8],
    (key, interactive): (&Key, bool),
) -> Result<(Vec<u8>, Option<Diagnostic>), Undecided> {
    let signed = signing::sign(document, NAMESPACE, key, interactive);
    let signature = signed.map_err(|error: SigningError| error.diagnostic())?;
    let by = trust::signer(document, &signature).map_err(|problem| unfit(&problem))?;
    let keys = HeadKeys::read(repository)?;
    let now = jiff::Timestamp::now();
    let mut at = vec![now];
    at.extend(certificate.date);
    let agent = certificate.agent.as_deref().unwrap_or_default();
    let demands = policy.demands();
    let speakers = demands.named(agent);
    let who = speakers.first().map_or("YOU@EXAMPLE.ORG", String::as_str);
    let line = format!("{who} namespaces=\"{NAMESPACE}\" {}", by.line);
    let add = || Remedy::append(SIGNERS, [line.as_str().into()]);
    let warning = match keys.check(document, &signature, &at) {
        SignatureCheck::Valid(verified) => (!demands.may_speak(agent, &verified)).then(|| {
            let message = format!("the key {} must not sign for `{agent}`", by.name);
            let warning = Diagnostic::warning(Code::CG510, message)
                .because(format!("it is that of {}", verified.principals.join(", ")));
            match speakers {
                [] => warning
                    .because(format!("the policy names nobody who speaks for `{agent}`"))
                    .help(
                        command!["certgate", "policy", "show"]
                            .why(format!("then name its `principals` in `agents: {{ {agent}: … }}`")),
                    ),
                named => warning
                    .because(format!("the policy lets {} speak for `{agent}`", named.join(", ")))
                    .help(add()),
            }
        }),
        SignatureCheck::Invalid(SignatureProblem::UnknownKey(_)) => {
            let message = format!("the key {} is not among the allowed signers", by.name);
            Some(
                Diagnostic::warning(Code::CG505, message)
                    .because(keys.origin())
                    .help(add()),
            )
        }
        SignatureCheck::Invalid(problem) => {
            let warning = Diagnostic::warning(problem.code(), &problem).at(Place::file(SIGNERS));
            Some(
                warning.help(
                    command!["certgate", "seal", Placeholder::Path, "--sign", Placeholder::Key]
                        .why("with a key that is valid"),
                ),
            )
        }
        SignatureCheck::Absent => None,
    };
    let warning =
        warning.map(|warning| warning.because("where the policy asks for signatures, this one would not count"));
    Ok((signature, warning))
}

fn unfit(problem: &SignatureProblem) -> Undecided {
    let diagnostic = Diagnostic::error(problem.code(), problem).because("so nothing was written");
    diagnostic
        .help(command!["ssh-keygen", "-t", "ed25519"].why("makes a key that can sign"))
        .into()
}

/// Puts a document into place, with its signature where there is one: that comes first, so that no moment has the document without it.
/// With [`Existing::Keep`], one of the two that is there takes the name.
pub(crate) fn write(
    repository: &Repository,
    path: &Path,
    document: &[u8],
    signature: Option<&[u8]>,
    existing: Existing,
) -> Result<Written, Undecided> {
    let Some(signature) = signature else {
        return whole::write(repository, path, document, existing);
    };
    let _both = signals::hold();
    let beside = path_of(path);
    let before = std::fs::read(&beside).ok();
    if whole::write(repository, &beside, signature, existing)? == Written::Taken {
        return Ok(Written::Taken);
    }
    let written = whole::write(repository, path, document, existing);
    if !matches!(written, Ok(Written::Yes)) {
        // As it was. If that fails, too, what is left is a signature of no document, which speaks for nothing.
        let _undone = match &before {
            Some(bytes) => whole::write(repository, &beside, bytes, Existing::Replace).is_ok(),
            None => std::fs::remove_file(&beside).is_ok(),
        };
    }
    written
}

/// The command that adds documents, each with its signature where it has one. Where git would not add them by itself, that is said, and
/// the command does it.
pub(crate) fn step(repository: &Repository, documents: &[(PathBuf, bool)]) -> Result<(Vec<String>, Remedy), Undecided> {
    let mut paths = Vec::new();
    for (path, signed) in documents {
        paths.push(path.clone());
        paths.extend(signed.then(|| path_of(path)));
    }
    let mut command = command!["git", "add"];
    let mut notes = Vec::new();
    if repository.ignores(&paths)? {
        command = command.arg("-f");
        notes.push(
            "git ignores this path by a rule of .gitignore or the like; `git add -f` adds it all the same".to_owned(),
        );
    }
    if repository.is_sparse()? {
        command = command.arg("--sparse");
        notes.push(
            "the checkout is sparse, and this path may lie outside of it; `git add --sparse` adds it all the same"
                .to_owned(),
        );
    }
    Ok((notes, command.args(&paths)))
}
