//! `certgate policy fetch | outdated`: the policies of other repositories that the work tree's policy imports. The only commands about
//! policies that ask anybody else; judging reads the copies.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::args::ListFormat;
use super::ending::Ending;
use super::fault::Doing as _;
use super::terminal;
use crate::change::{Digest, MAX_DOCUMENT, ObjectId, RepoPath};
use crate::diagnostic::{Code, Diagnostic, Place, Remedy, command, plural, sanitize};
use crate::gate::Undecided;
use crate::gate::governing::{self, policy_path};
use crate::git::{Elsewhere, FileThere, GitError, Repository};
use crate::policy::{IMPORTS, Pin, Policy, PolicySource, Transport};
use crate::report::{self, Copied, Head};

/// How long git may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// The policy of the work tree: where it is, and what it imports.
struct Importing {
    root: std::path::PathBuf,
    pins: Vec<Pin>,
}

impl Importing {
    fn here() -> Result<Self, Undecided> {
        let repository = Repository::open()?;
        let Some(root) = repository.work_tree() else {
            let what = "there is no work tree here, whose policy could import others";
            return Err(Undecided::usage(what, "run it in a clone with a work tree"));
        };
        let path = root.join(policy_path().as_path());
        let found = std::fs::symlink_metadata(&path).doing("read", &path)?;
        if !found.is_file() || found.len() > MAX_DOCUMENT {
            let why = format!("is not a file of at most {MAX_DOCUMENT} bytes");
            return Err(governing::policy_unreadable(&policy_path().to_string(), &why));
        }
        let bytes = std::fs::read(&path).doing("read", &path)?;
        let pins = Policy::pins(&PolicySource {
            name: policy_path().to_string(),
            bytes: &bytes,
        })?;
        Ok(Self {
            root: root.to_owned(),
            pins,
        })
    }
}

/// Fetches what is not here yet, and says what no pin names any more.
pub(super) fn fetch(format: ListFormat) -> Result<Ending, Undecided> {
    let here = Importing::here()?;
    let policy = here.root.join(policy_path().as_path());
    let folder = folder(&here.root)?;
    let mut found = Vec::new();
    for pin in &here.pins {
        let held = governing::copy_beside(&policy, pin);
        if held.is_ok_and(|bytes| digest(&bytes) == pin.sha256) {
            found.push((pin, Copied::Present));
            continue;
        }
        let bytes = fetched(pin, &pin.rev)?;
        let is = digest(&bytes);
        if is != pin.sha256 {
            return Err(failed(pin, "the file is not the one that is pinned")
                .because(format!("its SHA-256 is {is}"))
                .because(format!("the pin says          {}", pin.sha256))
                .help("where that is the file that you mean, write its digest into `sha256:`")
                .into());
        }
        write(&folder, &here.root.join(pin.copy().as_path()), &bytes)?;
        found.push((pin, Copied::Fetched));
    }
    let strangers = strangers(&folder, &here.pins)?;
    let add = command!["git", "add", "--", &RepoPath::from(crate::policy::POLICY_DIRECTORY)];
    let next = (!here.pins.is_empty()).then_some(&add);
    terminal::out(&match format {
        ListFormat::Human => fetched_lines(&found, &strangers, next),
        ListFormat::Json => report::fetched_json(&found, &strangers, next),
    })?;
    Ok(Ending::Done)
}

fn fetched_lines(found: &[(&Pin, Copied)], strangers: &[RepoPath], next: Option<&Remedy>) -> String {
    let mut text = String::new();
    for (pin, state) in found {
        let name = pin.copy();
        text.push_str(&match state {
            Copied::Present => format!("{name}: is here\n"),
            Copied::Fetched => format!(
                "{name}: fetched {} of {} at {}\n",
                sanitize(&pin.path.to_string()),
                sanitize(&pin.url),
                pin.rev.short()
            ),
        });
    }
    for stale in strangers {
        let remove = command!["git", "rm", "--", stale];
        text.push_str(&format!(
            "{}: no pin names it; {remove}\n",
            sanitize(&stale.to_string())
        ));
    }
    text.push_str(&match next {
        None => "the policy imports nothing\n".to_owned(),
        Some(add) => format!("next: {add}, then `certgate policy check`\n"),
    });
    text
}

/// Says which pins are behind the HEAD of their repository, and what they would be.
pub(super) fn outdated(format: ListFormat) -> Result<Ending, Undecided> {
    let here = Importing::here()?;
    let (mut found, mut behind) = (Vec::new(), Vec::new());
    for pin in &here.pins {
        let tip = elsewhere(pin).head().map_err(|error| unreached(pin, &error))?;
        let sha256 = match tip == pin.rev {
            true => pin.sha256,
            false => digest(&fetched(pin, &tip)?),
        };
        if sha256 != pin.sha256 {
            let said = format!("{} has changed since {}", named(pin), pin.rev.short());
            let finding = Diagnostic::warning(Code::CG761, said)
                .at(Place::file(policy_path()))
                .help(format!("write `rev: {tip}` and `sha256: {sha256}`"))
                .help(command!["certgate", "policy", "fetch"].why("then, to read what changed"));
            behind.push(finding);
        }
        let head = Head {
            commit: tip.to_string(),
            sha256: sha256.to_string(),
            behind: sha256 != pin.sha256,
        };
        found.push((pin, head));
    }
    if format == ListFormat::Human {
        terminal::diagnose_all(&behind);
    }
    terminal::out(&match format {
        ListFormat::Human => outdated_lines(&found, behind.len()),
        ListFormat::Json => report::outdated_json(&found, &behind),
    })?;
    Ok(match behind.is_empty() {
        true => Ending::Done,
        false => Ending::Blocked,
    })
}

fn outdated_lines(found: &[(&Pin, Head)], behind: usize) -> String {
    let mut text = String::new();
    for (pin, head) in found.iter().filter(|(_, head)| !head.behind) {
        let exactly = if head.commit == pin.rev.to_string() {
            "at HEAD"
        } else {
            "as at HEAD"
        };
        let short = head.commit.get(..10).unwrap_or(&head.commit);
        text.push_str(&format!("{}: {exactly} ({short})\n", named(pin)));
    }
    text.push_str(&match behind {
        0 => "no import is behind\n".to_owned(),
        some => format!("{} behind\n", plural(some, "import")),
    });
    text
}

fn named(pin: &Pin) -> String {
    format!("{} of {}", sanitize(&pin.path.to_string()), sanitize(&pin.url))
}

fn elsewhere(pin: &Pin) -> Elsewhere<'_> {
    Elsewhere {
        url: &pin.url,
        // What git's own `insteadOf` makes of an address stays encrypted.
        protocols: match Transport::of(&pin.url) {
            Some(Transport::File) => "file",
            Some(Transport::Https | Transport::Ssh) | None => "https:ssh",
        },
        patience: PATIENCE,
    }
}

/// The file of a pin, as a commit has it.
fn fetched(pin: &Pin, commit: &ObjectId) -> Result<Vec<u8>, Undecided> {
    let file = elsewhere(pin).file(commit, &pin.path, MAX_DOCUMENT);
    let why = match file.map_err(|error| unreached(pin, &error))? {
        FileThere::Content(bytes) => return Ok(bytes),
        FileThere::Nothing => format!("commit {} has no file of that path", commit.short()),
        FileThere::Other(_) => "it is not a regular file".to_owned(),
        FileThere::TooLarge { .. } => format!("it has more than the {MAX_DOCUMENT} bytes that are read"),
    };
    Err(failed(pin, &why)
        .help(command!["certgate", "explain", Code::CG760.as_str()])
        .into())
}

fn unreached(pin: &Pin, error: &GitError) -> Undecided {
    let told = failed(pin, "git could not get it").because(error);
    let told = match error {
        GitError::Git { stderr, .. } => stderr.lines().take(4).fold(told, |told, line| told.because(line)),
        _ => told,
    };
    told.help(command!["git", "ls-remote", "--", pin.url.as_str()].why("shows whether git reaches it"))
        .into()
}

fn failed(pin: &Pin, why: &str) -> Diagnostic {
    let message = format!("cannot fetch {} of {}: {why}", pin.path, pin.url);
    Diagnostic::error(Code::CG760, message).at(Place::file(policy_path()))
}

fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// The directory of the copies, which is nothing but a directory in the work tree.
fn folder(root: &Path) -> Result<std::path::PathBuf, Undecided> {
    for name in [crate::policy::POLICY_DIRECTORY, IMPORTS] {
        let path = root.join(name);
        if std::fs::symlink_metadata(&path).is_ok_and(|found| !found.is_dir()) {
            let what = format!("{name} is not a directory");
            return Err(Undecided::usage(what, "make it a directory; links are not followed"));
        }
    }
    Ok(root.join(IMPORTS))
}

/// Writes a copy, all of it or nothing.
fn write(folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), Undecided> {
    std::fs::create_dir_all(folder).doing("make", folder)?;
    let mut file = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .doing("write to", folder)?;
    file.write_all(bytes).doing("write to", path)?;
    file.persist(path)
        .map_err(|failed| failed.error)
        .doing("write to", path)?;
    Ok(())
}

/// What lies beside the copies, and is named by no pin.
fn strangers(folder: &Path, pins: &[Pin]) -> Result<Vec<RepoPath>, Undecided> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(found);
    };
    for entry in entries {
        let name = entry.doing("read", folder)?.file_name();
        let path = RepoPath::new([IMPORTS.as_bytes(), b"/", name.as_bytes()].concat());
        if !pins.iter().any(|pin| pin.copy() == path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
