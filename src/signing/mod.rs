//! Has OpenSSH sign: finds `ssh-keygen` and runs it, as git does. The only module beside `git` that starts a program, and the only one
//! through which a private key is used; none is ever read here.

mod agent;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::diagnostic::{Code, Diagnostic, Placeholder, command};
use crate::git;

pub(crate) use agent::sign_raw;

/// The key to sign with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A file: a private key; or a public key (or a certificate), whose private key lies beside it or in the agent.
    File(PathBuf),
    /// A public key, whose private key is in the agent.
    Public(String),
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SigningError {
    /// The text names no key.
    #[error("`{0}` is not a key: a file, or a public key after `key::`")]
    NoKey(String),
    /// The file is not there.
    #[error("the key {} cannot be read: {source}", path.display())]
    NoFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The key is of another kind.
    #[error("the key is not an Ed25519 key, which statements are signed by")]
    NotEd25519,
    /// OpenSSH is not installed.
    #[error("ssh-keygen is not installed; it is what signs")]
    NoProgram,
    /// OpenSSH was not content.
    #[error("ssh-keygen did not sign")]
    Refused {
        /// What it said, where that was not shown already.
        said: String,
        /// True where the private key was to come from the agent.
        agent: bool,
    },
    /// A scratch file could not be written or read, or the program not be started.
    #[error("cannot sign: {0}")]
    Io(#[from] std::io::Error),
}

impl SigningError {
    /// As it is reported.
    pub(crate) fn diagnostic(&self) -> Diagnostic {
        let problem = Diagnostic::error(Code::CG519, self);
        match self {
            Self::NoKey(_) => problem.help("name the private key, as in: --sign ~/.ssh/id_ed25519"),
            Self::NoFile { .. } => problem.help(command!["ssh-keygen", "-t", "ed25519"].why("makes a key")),
            Self::NotEd25519 => problem.help(command!["ssh-keygen", "-t", "ed25519"].why("makes one")),
            Self::NoProgram => problem.help("install OpenSSH's client, on Debian: sudo apt-get install openssh-client"),
            Self::Refused { said, agent } => {
                let problem = said.lines().take(6).fold(problem, Diagnostic::because);
                match agent {
                    true => problem.help(
                        command!["ssh-add", Placeholder::Key]
                            .why("puts the key into the agent; ssh-add -L lists what it holds"),
                    ),
                    false => problem
                        .help(
                            command!["ssh-add", Placeholder::Key]
                                .why("asks for the passphrase once; the agent signs from then on"),
                        )
                        .help(
                            command!["ssh-keygen", "-y", "-f", Placeholder::Key]
                                .why("tells whether the key can be read"),
                        ),
                }
            }
            Self::Io(_) => {
                problem.help("check the free space and the permissions of the directory for temporary files")
            }
        }
    }
}

impl Key {
    /// Reads a key as `git config user.signingKey` has it: a public key, with `key::` before it or not, or a path, in which a leading
    /// `~/` is the home directory.
    pub(crate) fn parse(text: &str, home: Option<&Path>) -> Result<Self, SigningError> {
        let text = text.trim();
        let literal = text.strip_prefix("key::");
        if let Some(key) = literal.or_else(|| is_public(text).then_some(text)) {
            return match is_public(key) && !key.contains(['\n', '\r']) {
                true => Ok(Self::Public(key.trim().to_owned())),
                false => Err(SigningError::NoKey(text.to_owned())),
            };
        }
        match (text.strip_prefix("~/"), home) {
            _ if text.is_empty() => Err(SigningError::NoKey(text.to_owned())),
            (Some(rest), Some(home)) => Ok(Self::File(home.join(rest))),
            _ => Ok(Self::File(PathBuf::from(text))),
        }
    }
}

fn is_public(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let kind = words.next().unwrap_or_default();
    ["ssh-", "ecdsa-", "sk-"].iter().any(|start| kind.starts_with(start)) && words.next().is_some()
}

/// Signs a document in a namespace and returns the signature file. `at_terminal` says that a person is there who can be asked for a
/// passphrase or a touch.
pub(crate) fn sign(document: &[u8], namespace: &str, key: &Key, at_terminal: bool) -> Result<Vec<u8>, SigningError> {
    let program = git::find_program("ssh-keygen").ok_or(SigningError::NoProgram)?;
    // Private to this user; it goes away with what is in it. A file, since with a pipe OpenSSH would not ask at the terminal.
    let scratch = tempfile::tempdir()?;
    let message = scratch.path().join("document");
    std::fs::write(&message, document)?;
    let file = match key {
        Key::File(path) => {
            let unreadable = |source| SigningError::NoFile {
                path: path.clone(),
                source,
            };
            drop(std::fs::File::open(path).map_err(unreadable)?);
            std::path::absolute(path)?
        }
        Key::Public(line) => {
            let path = scratch.path().join("key.pub");
            std::fs::write(&path, format!("{line}\n"))?;
            path
        }
    };
    let mut command = Command::new(program);
    command
        .args(["-q", "-Y", "sign", "-n", namespace, "-f"])
        .args([&file, &message])
        .env("LC_ALL", "C")
        .stdout(Stdio::null());
    let said = match at_terminal {
        true => {
            let status = command.status()?;
            (!status.success()).then(String::new)
        }
        false => {
            let output = command.stdin(Stdio::null()).output()?;
            (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    match said {
        None => Ok(std::fs::read(scratch.path().join("document.sig"))?),
        Some(said) => Err(SigningError::Refused {
            said,
            agent: matches!(key, Key::Public(_)) || file.extension().is_some_and(|extension| extension == "pub"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_as_git_reads_them() {
        let home = Path::new("/home/ada");
        let file = |path: &str| Key::File(PathBuf::from(path));
        let read = |text: &str| Key::parse(text, Some(home)).ok();
        assert_eq!(read("~/.ssh/id"), Some(file("/home/ada/.ssh/id")));
        assert_eq!(read("keys/id.pub"), Some(file("keys/id.pub")));
        assert_eq!(read("ssh-key-file"), Some(file("ssh-key-file")));
        let public = Some(Key::Public("ssh-ed25519 AAAA ada".to_owned()));
        assert_eq!(read("key::ssh-ed25519 AAAA ada"), public);
        assert_eq!(read("ssh-ed25519 AAAA ada"), public);
        for bad in [
            "",
            " ",
            "key::",
            "key::/home/ada/id",
            "key::ssh-ed25519 AAAA\nssh-ed25519 BBBB",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
