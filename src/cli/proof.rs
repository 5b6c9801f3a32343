//! `certgate log --verify`: the proof of the ledger's history.

use jiff::Timestamp;
use serde::Serialize;

use super::args::{LedgerArgs, ListFormat};
use super::ending::Ending;
use super::terminal;
use crate::change::{ObjectId, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Place, Word, command, plural, sanitize};
use crate::gate::Undecided;
use crate::gate::{self, Refused, governing};
use crate::git::Repository;
use crate::intake::range;
use crate::ledger::{self, Fault, Proof, Revocation};
use crate::report;
use crate::trust::Keyring;

/// The name and version of the JSON.
const SCHEMA: &str = "certgate/proof/v1";

/// How many paths are listed before they are only counted.
const LISTED: usize = 6;

/// Carries it out; faults end it as findings do.
pub(super) fn run(args: &LedgerArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open()?;
    let tip: ObjectId = range::commit(&repository, &args.rev)?;
    let at = Snapshot::Commit(tip.clone());
    let policy = match governing::policy_at(&repository, &at)? {
        Some(policy) => policy,
        None => governing::default_policy()?,
    };
    let (keyring, entries) = gate::ledger_at(&repository, &tip, &policy)?;
    let keys_at = |commit: &ObjectId| keys_before(&repository, commit);
    let proof = ledger::prove(&repository, &policy, &tip, &keyring, &keys_at)?;
    let events: Vec<Event> = gate::refusals(&policy, &keyring, &entries)
        .iter()
        .rev()
        .map(Event::new)
        .collect();
    let mut diagnostics: Vec<Diagnostic> = proof.faults.iter().map(fault).collect();
    diagnostics.extend(proof.revocations.iter().map(revocation));
    match args.format {
        ListFormat::Human => {
            terminal::diagnose(&diagnostics);
            terminal::judged(&(summary(&proof, &tip, keyring.asks()) + &told(&events)))?;
        }
        ListFormat::Json => {
            let json = Json {
                schema: SCHEMA,
                rev: tip.to_string(),
                proven: proof.faults.is_empty(),
                certificates: proof.certificates,
                commits: proof.commits,
                signed: proof.signed,
                unsigned: proof.unsigned,
                principals: proof
                    .principals
                    .iter()
                    .map(|(name, &count)| Principal { name, count })
                    .collect(),
                refusals: &events,
                diagnostics: report::json_diagnostics(&diagnostics),
            };
            terminal::judged(&report::to_line(&json))?;
        }
    }
    Ok(match proof.faults.is_empty() {
        true => Ending::Done,
        false => Ending::Blocked,
    })
}

#[derive(Serialize)]
struct Json<'a> {
    schema: &'static str,
    rev: String,
    proven: bool,
    certificates: usize,
    commits: usize,
    signed: usize,
    unsigned: usize,
    principals: Vec<Principal<'a>>,
    refusals: &'a [Event],
    diagnostics: serde_json::Value,
}

/// A refusal, and what lifted it.
#[derive(Serialize)]
struct Event {
    path: String,
    id: Option<String>,
    agent: Option<String>,
    status: Option<&'static str>,
    lifted: Vec<Lifted>,
    /// How many more lifted it in part.
    more: usize,
}

/// An approval that lifted a refusal when it landed.
#[derive(Serialize)]
struct Lifted {
    /// Its path when it landed.
    by: String,
    id: Option<String>,
    agent: Option<String>,
    /// True where all of the refusal was lifted, false where only for the content that the approval lists.
    whole: bool,
    /// The branches for which it was lifted; empty: any.
    targets: Vec<String>,
    /// The commit in which it landed, and when, as its committer says.
    commit: String,
    landed: Option<String>,
    /// True where the approval was revoked since, and the lift with it.
    revoked: bool,
}

impl Event {
    fn new(refusal: &Refused<'_>) -> Self {
        let certificate = &refusal.entry.certificate;
        let text = |text: Option<&str>| text.map(sanitize);
        Self {
            path: certificate.path.to_string(),
            id: text(certificate.id.as_deref()),
            agent: text(certificate.agent.as_deref()),
            status: certificate.status.map(|status| status.as_str()),
            lifted: refusal
                .lifts
                .iter()
                .map(|lift| Lifted {
                    by: lift.by.to_string(),
                    id: text(lift.id),
                    agent: text(lift.agent),
                    whole: lift.whole,
                    targets: lift.targets.iter().map(|target| sanitize(target)).collect(),
                    commit: lift.commit.to_string(),
                    landed: Timestamp::from_second(lift.time).ok().map(|at| at.to_string()),
                    revoked: lift.revoked,
                })
                .collect(),
            more: refusal.more,
        }
    }

    fn human(&self) -> String {
        let agent = |agent: &Option<String>| agent.clone().unwrap_or_else(|| "no agent".to_owned());
        let mut text = format!(
            "  {} by {}, {}\n",
            self.status.unwrap_or("INVALID"),
            agent(&self.agent),
            self.path
        );
        for lift in &self.lifted {
            let how = match lift.whole {
                true => "lifted",
                false => "lifted for some content",
            };
            let when = lift.landed.as_deref().and_then(|at| at.get(..10)).unwrap_or("no date");
            let commit = lift.commit.get(..10).unwrap_or_default();
            let bound = match lift.targets.is_empty() {
                true => String::new(),
                false => format!(", for {}", lift.targets.join(", ")),
            };
            let revoked = if lift.revoked {
                "; revoked since, so it counts again"
            } else {
                ""
            };
            text += &format!(
                "      {how} by {} ({}), landed in {commit} on {when}{bound}{revoked}\n",
                agent(&lift.agent),
                lift.by
            );
        }
        if self.more > 0 {
            text += &format!("      … and by {} more for some content\n", self.more);
        }
        if self.lifted.is_empty() {
            text += "      no approval lifted it when it landed\n";
        }
        text
    }
}

/// The refusals as events, oldest first.
fn told(events: &[Event]) -> String {
    if events.is_empty() {
        return String::new();
    }
    let refused = match events.len() {
        1 => "1 refusal:\n".to_owned(),
        count => format!("{count} refusals:\n"),
    };
    refused + &events.iter().map(Event::human).collect::<String>()
}

#[derive(Serialize)]
struct Principal<'a> {
    name: &'a str,
    count: usize,
}

/// The keys that were in force where a commit came in: those of its first parent, or, where that has none, its own.
fn keys_before(repository: &Repository, commit: &ObjectId) -> Option<Keyring> {
    let parent = repository.commit(&format!("{commit}^1")).ok();
    parent.into_iter().chain([commit.clone()]).find_map(|commit| {
        let at = Snapshot::Commit(commit);
        let policy = governing::policy_at(repository, &at).ok()??;
        governing::keyring_at(repository, &at, &policy).ok()
    })
}

fn summary(proof: &Proof, tip: &ObjectId, asks: bool) -> String {
    let mut text = format!(
        "{} in {}, at {}\n",
        plural(proof.certificates, "certificate"),
        plural(proof.commits, "commit"),
        tip.short()
    );
    match asks {
        true => text.push_str(&format!("{} signed, {} not\n", proof.signed, proof.unsigned)),
        false => text.push_str("the policy asks for no signatures, and none was looked at\n"),
    }
    for (name, count) in &proof.principals {
        text.push_str(&format!("  {count:>6}  {}\n", sanitize(name)));
    }
    text.push_str(&match proof.faults.len() {
        0 => "proven: each was merged once, and none was altered or lost\n".to_owned(),
        faults => format!("not proven: {}\n", plural(faults, "fault")),
    });
    text
}

fn fault(fault: &Fault) -> Diagnostic {
    match fault {
        Fault::Altered { path, commit } => {
            Diagnostic::error(Code::CG405, format!("{path} was altered in {}", commit.short()))
                .at(Place::file(path))
                .because("the ledger is append-only")
                .help(command![
                    "git",
                    "log",
                    "--patch",
                    "--full-history",
                    "-m",
                    commit.short(),
                    "--",
                    Word::pathspec(path)
                ])
        }
        Fault::Removed { path, commit } => {
            Diagnostic::error(Code::CG406, format!("{path} was taken away in {}", commit.short()))
                .at(Place::file(path))
                .because("the ledger is append-only; a merge may have dropped it")
                .help(
                    command![
                        "git",
                        "checkout",
                        format!("{}^", commit.short()),
                        "--",
                        Word::pathspec(path)
                    ]
                    .why("or another parent"),
                )
        }
        Fault::SameId { path, id, other } => {
            Diagnostic::error(Code::CG403, format!("certificate id `{id}` is used twice"))
                .at(Place::file(path))
                .because(format!("{other} has it already"))
                .help(command!["certgate", "show", Word::from("").and_bytes(other.as_bytes())])
        }
        Fault::BadSignature { path, problem } => Diagnostic::error(
            problem.code(),
            format!("{path} is not signed as it should be: {problem}"),
        )
        .at(Place::file(path))
        .help(command!["certgate", "verify", path]),
    }
}

fn revocation(revocation: &Revocation) -> Diagnostic {
    let mut diagnostic = Diagnostic::warning(Code::CG407, format!("{} is revoked", revocation.path))
        .at(Place::file(&revocation.path))
        .because(format!("by {}", revocation.by));
    for path in revocation.still.iter().take(LISTED) {
        diagnostic = diagnostic.because(format!("still as it certified: {path}"));
    }
    match revocation.still.len() {
        0 => return diagnostic.because("nothing of what it certified is there any more"),
        count if count > LISTED => {
            diagnostic = diagnostic.because(format!("… and {} more files", count - LISTED));
        }
        _ => {}
    }
    diagnostic.help("have these files certified again: change them, or certgate certify … --file PATH")
}
