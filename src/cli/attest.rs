//! `certgate attest`: what a judgement says, as signed in-toto statements; and whether such statements are signed by a key.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::args::AttestArgs;
use super::ending::Ending;
use super::fault::Doing as _;
use super::terminal;
use crate::attest::{self, About, Envelope};
use crate::author::whole;
use crate::change::{Digest, MAX_DOCUMENT};
use crate::diagnostic::{Code, Diagnostic, Place, plural, sanitize};
use crate::gate::{self, Judgement, Undecided};
use crate::git::{Blob, Repository};
use crate::intake::ci::{self, Ci};
use crate::intake::{self, Chosen};
use crate::signing::{self, Key};

/// Most bytes of a file of statements that is read.
const MOST: u64 = 256 << 20;

/// Carries it out.
pub(super) fn run(args: &AttestArgs) -> Result<Ending, Undecided> {
    match &args.verify {
        Some(file) => verify(file, &args.key),
        None => write(args),
    }
}

fn write(args: &AttestArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open_to_judge()?;
    let ci = match args.base.is_some() {
        true => Ci::Absent,
        false => ci::from_environment()?,
    };
    let chosen = Chosen {
        base: args.base.as_deref(),
        head: args.head.as_deref(),
        target: args.target.as_deref(),
        ..Default::default()
    };
    let mut question = intake::resolve(&repository, &chosen, &ci)?;
    question.waits = true;
    if let Some(told) = question.told() {
        terminal::err(&format!("{}\n", sanitize(told)));
    }
    let judgement = gate::judge(&repository, &question)?;
    terminal::diagnose(&judgement.diagnostics);
    let resource = match &args.resource {
        Some(resource) => resource.clone(),
        None => resource(&repository)?,
    };
    let about = About {
        resource: &resource,
        at: jiff::Timestamp::now(),
        tip: question.tip.as_ref().map(ToString::to_string),
        documents: documents(&repository, &judgement)?,
    };
    let statements = attest::statements(&judgement, &about).map_err(anyhow::Error::from)?;
    let home = std::env::var_os("HOME").map(std::path::PathBuf::from);
    let key = Key::parse(&args.key, home.as_deref()).map_err(|error| error.diagnostic())?;
    let messages: Vec<Vec<u8>> = statements.iter().map(|one| Envelope::to_sign(&one.statement)).collect();
    let signed = signing::sign_raw(&messages, &key, terminal::is_interactive()).map_err(|error| error.diagnostic())?;
    let mut lines = String::new();
    for (statement, signature) in statements.iter().zip(&signed.signatures) {
        let envelope = Envelope::new(&statement.statement, &signed.key, signature);
        let line = serde_json::to_string(&envelope).map_err(anyhow::Error::from)? + "\n";
        match &args.output {
            Some(folder) => {
                std::fs::create_dir_all(folder).doing("make", folder)?;
                whole::report(&folder.join(format!("{}.dsse.json", statement.name)), &line)?;
            }
            None => lines.push_str(&line),
        }
    }
    if args.output.is_none() {
        terminal::judged(&lines)?;
    }
    terminal::err(&format!("{} signed\n", plural(statements.len(), "statement")));
    Ok(judgement.verdict().into())
}

/// The digests of the certificates that bear on the change.
fn documents(repository: &Repository, judgement: &Judgement) -> Result<BTreeMap<usize, Digest>, Undecided> {
    let mut found = BTreeMap::new();
    for at in attest::bearing(judgement) {
        let Some(entry) = judgement.ledger.get(at) else {
            continue;
        };
        // One that is too large to be read is not attested.
        if let Blob::Content(bytes) = repository.blob(&entry.blob, MAX_DOCUMENT)? {
            found.insert(at, Digest(Sha256::digest(bytes).into()));
        }
    }
    Ok(found)
}

/// Where the repository is: the remote's address, without the name and password that it may hold.
fn resource(repository: &Repository) -> Result<String, Undecided> {
    let remotes = repository.remotes()?;
    let remote = repository.remote().ok();
    let remote = remotes.iter().find(|one| Some(&one.name) == remote.as_ref());
    remote
        .and_then(|remote| remote.urls().iter().find_map(|url| public(url)))
        .ok_or_else(|| {
            Diagnostic::error(
                Code::CG758,
                "nothing says where the repository is, which statements name",
            )
            .because("it has no remote with an address of https or ssh")
            .help("name it: certgate attest --resource git+https://HOST/OWNER/NAME --key KEY")
            .into()
        })
}

/// The address for others, if it is one that others can use.
fn public(address: &str) -> Option<String> {
    let (scheme, rest) = match address.split_once("://") {
        Some((scheme @ ("https" | "http" | "ssh" | "git"), rest)) => (scheme, rest.to_owned()),
        Some(_) => return None,
        // The form of scp: [user@]host:path, where the host has no slash.
        None => {
            let (host, path) = address.split_once(':')?;
            if host.contains('/') {
                return None;
            }
            ("ssh", format!("{host}/{}", path.trim_start_matches('/')))
        }
    };
    let (authority, path) = rest.split_once('/')?;
    let host = authority.rsplit('@').next()?;
    let path = path.split(['?', '#']).next()?;
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
    };
    (plain(host) && plain(path)).then(|| format!("git+{scheme}://{host}/{path}"))
}

/// Says of each statement of a file whether the key signed it.
fn verify(file: &Path, key: &str) -> Result<Ending, Undecided> {
    let line = match std::fs::read_to_string(key) {
        Ok(text) => text,
        Err(_) => key.trim_start_matches("key::").to_owned(),
    };
    let key = attest::public_key(&line).ok_or_else(|| {
        Undecided::usage(
            "--key names no public Ed25519 key",
            "name a file such as ~/.ssh/id_ed25519.pub, or the key itself: 'ssh-ed25519 AAAA…'",
        )
    })?;
    let length = std::fs::metadata(file).doing("read", file)?.len();
    if length > MOST {
        return Err(Undecided::usage(
            format!("{} has more than {MOST} bytes", sanitize(&file.display().to_string())),
            "verify it in parts",
        ));
    }
    let text = std::fs::read_to_string(file).doing("read", file)?;
    let mut told = Vec::new();
    let mut lines = String::new();
    let mut count = 0;
    for (number, line) in (1_u32..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        count += 1;
        let envelope: Result<Envelope, _> = serde_json::from_str(line);
        let payload = match &envelope {
            Ok(envelope) => attest::verified(envelope, &key),
            Err(_) => Err("it is no DSSE envelope"),
        };
        let statement = payload.and_then(|payload| {
            serde_json::from_slice::<serde_json::Value>(&payload).map_err(|_| "its payload is not JSON")
        });
        match statement {
            Ok(statement) => {
                let kind = statement
                    .get("predicateType")
                    .and_then(serde_json::Value::as_str)
                    .unwrap_or("no predicate");
                lines.push_str(&format!("line {number}: signed by this key: {}\n", sanitize(kind)));
            }
            Err(why) => told.push(
                Diagnostic::error(
                    Code::CG759,
                    format!("the statement in line {number} does not hold: {why}"),
                )
                .at(Place::line(file.display(), number))
                .help("use the statement as certgate attest wrote it, and the public key of whoever signed it"),
            ),
        }
    }
    if count == 0 {
        told.push(
            Diagnostic::error(Code::CG759, "the file holds no statement")
                .at(Place::file(file.display()))
                .help("name a file that certgate attest wrote"),
        );
    }
    terminal::judged(&lines)?;
    terminal::diagnose(&told);
    Ok(match told.is_empty() {
        true => Ending::Done,
        false => Ending::Blocked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_is_secret() {
        for (address, shown) in [
            (
                "https://user:secret@example.org/a/b.git",
                Some("git+https://example.org/a/b.git"),
            ),
            (
                "https://token@example.org/a?x=secret#y",
                Some("git+https://example.org/a"),
            ),
            ("git@example.org:a/b.git", Some("git+ssh://example.org/a/b.git")),
            ("ssh://git@example.org:2222/a/b", Some("git+ssh://example.org:2222/a/b")),
            ("/srv/git/a.git", None),
            ("./a:b", None),
            ("file:///srv/git/a.git", None),
            ("ext::sh -c x", None),
            ("https://example.org", None),
        ] {
            assert_eq!(public(address).as_deref(), shown, "{address}");
        }
    }
}
