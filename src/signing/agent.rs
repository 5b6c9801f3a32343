//! Signs bytes as they are, by an agent of OpenSSH: the user's, or one that is started for a key file and ends with the work. So OpenSSH reads the
//! private key and asks for its passphrase, and nothing here ever does.
//!
//! Source: the agent's protocol, draft-ietf-sshm-ssh-agent, sections 3.5 and 3.6.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding as _};

use super::{Key, SigningError};
use crate::git;
use crate::trust::{Reader, put};

const LIST: u8 = 11;
const LISTED: u8 = 12;
const SIGN: u8 = 13;
const SIGNED: u8 = 14;
/// Most bytes of an answer; OpenSSH's own limit.
const MOST: u32 = 256 << 10;
/// How long an agent that was started may take to listen.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the user's agent may take: it may ask for a touch.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A public key and signatures by it, one for each message.
pub(crate) struct Raw {
    pub(crate) key: [u8; 32],
    pub(crate) signatures: Vec<[u8; 64]>,
}

/// An agent that ends with the value.
struct Started {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// Signs messages with an Ed25519 key. `at_terminal` says that a person is there who can be asked for a passphrase.
pub(crate) fn sign_raw(messages: &[Vec<u8>], key: &Key, at_terminal: bool) -> Result<Raw, SigningError> {
    let started;
    let (socket, wanted) = match key {
        Key::Public(line) => (users_agent()?, Some(blob_of(line)?)),
        Key::File(path) => {
            let text = std::fs::read_to_string(path);
            let public = path.extension().is_some_and(|extension| extension == "pub");
            match text {
                Ok(text) if public => (users_agent()?, Some(blob_of(&text)?)),
                Ok(_) => {
                    started = start(path, at_terminal)?;
                    (started.folder.path().join("agent"), None)
                }
                Err(source) => {
                    return Err(SigningError::NoFile {
                        path: path.clone(),
                        source,
                    });
                }
            }
        }
    };
    let mut agent = UnixStream::connect(&socket).map_err(|_| no_agent())?;
    agent.set_read_timeout(Some(TIMEOUT))?;
    let blob = match wanted {
        Some(blob) => blob,
        None => listed(&mut agent)?,
    };
    let key = ed25519(&blob).ok_or(SigningError::NotEd25519)?;
    let mut signatures = Vec::with_capacity(messages.len());
    for message in messages {
        let mut request = vec![SIGN];
        put(&mut request, &blob);
        put(&mut request, message);
        request.extend_from_slice(&0_u32.to_be_bytes());
        let answer = ask(&mut agent, &request)?;
        signatures
            .push(signature(&answer).ok_or_else(|| refused("the agent did not sign: does it hold this key?", true))?);
    }
    Ok(Raw { key, signatures })
}

fn refused(said: &str, agent: bool) -> SigningError {
    SigningError::Refused {
        said: said.to_owned(),
        agent,
    }
}

fn no_agent() -> SigningError {
    refused("no agent answers at SSH_AUTH_SOCK", true)
}

fn users_agent() -> Result<PathBuf, SigningError> {
    let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty());
    socket.map(PathBuf::from).ok_or_else(no_agent)
}

/// Starts an agent, and has OpenSSH add the key to it.
fn start(key: &Path, at_terminal: bool) -> Result<Started, SigningError> {
    let program = |name| git::find_program(name).ok_or(SigningError::NoProgram);
    // Private to this user; it goes away with the agent.
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("agent");
    let child = Command::new(program("ssh-agent")?)
        .arg("-D")
        .arg("-a")
        .arg(&socket)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let started = Started { child, folder };
    let until = Instant::now() + PATIENCE;
    while UnixStream::connect(&socket).is_err() {
        if Instant::now() > until {
            return Err(refused("ssh-agent did not start", false));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut add = Command::new(program("ssh-add")?);
    add.arg("-q")
        .arg(std::path::absolute(key)?)
        .env("SSH_AUTH_SOCK", &socket)
        .env("LC_ALL", "C")
        .stdout(Stdio::null());
    let said = match at_terminal {
        true => (!add.status()?.success()).then(String::new),
        false => {
            let output = add.env("SSH_ASKPASS_REQUIRE", "never").stdin(Stdio::null()).output()?;
            (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
        }
    };
    match said {
        None => Ok(started),
        Some(said) => Err(refused(&said, false)),
    }
}

/// The key of a line `ssh-ed25519 AAAA… comment`.
fn blob_of(line: &str) -> Result<Vec<u8>, SigningError> {
    let word = line.split_whitespace().nth(1).unwrap_or_default();
    let blob = Base64::decode_vec(word).map_err(|_| SigningError::NoKey(line.trim().to_owned()))?;
    match ed25519(&blob) {
        Some(_) => Ok(blob),
        None => Err(SigningError::NotEd25519),
    }
}

fn ed25519(blob: &[u8]) -> Option<[u8; 32]> {
    let mut reader = Reader::new(blob);
    let kind = reader.string().ok()?;
    let key = reader.string().ok()?;
    (kind == b"ssh-ed25519" && reader.is_empty()).then(|| key.try_into().ok())?
}

fn ask(agent: &mut UnixStream, request: &[u8]) -> Result<Vec<u8>, SigningError> {
    let mut framed = Vec::new();
    put(&mut framed, request);
    agent.write_all(&framed)?;
    let mut length = [0; 4];
    agent.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > MOST {
        return Err(refused("the agent's answer is too long", true));
    }
    let mut answer = vec![0; usize::try_from(length).unwrap_or(0)];
    agent.read_exact(&mut answer)?;
    Ok(answer)
}

/// The Ed25519 key of an agent that holds one key, and perhaps a certificate of it.
fn listed(agent: &mut UnixStream) -> Result<Vec<u8>, SigningError> {
    let answer = ask(agent, &[LIST])?;
    let mut reader = Reader::new(&answer);
    let count = match (reader.byte(), reader.u32()) {
        (Ok(LISTED), Ok(count)) => count,
        _ => return Err(refused("the agent does not list its keys", false)),
    };
    for _ in 0..count {
        let (Ok(blob), Ok(_comment)) = (reader.string(), reader.string()) else {
            break;
        };
        if ed25519(blob).is_some() {
            return Ok(blob.to_vec());
        }
    }
    Err(SigningError::NotEd25519)
}

fn signature(answer: &[u8]) -> Option<[u8; 64]> {
    let mut reader = Reader::new(answer);
    if reader.byte().ok()? != SIGNED {
        return None;
    }
    let mut inner = Reader::new(reader.string().ok()?);
    let kind = inner.string().ok()?;
    let bytes = inner.string().ok()?;
    (kind == b"ssh-ed25519" && inner.is_empty()).then(|| bytes.try_into().ok())?
}
