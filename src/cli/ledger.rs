//! `certgate status | log | show`: the ledger, for reading.

use std::collections::BTreeMap;

use serde::Serialize;

use super::args::{LedgerArgs, ListFormat, LogArgs, ShowArgs};
use super::ending::Ending;
use super::{proof, terminal};
use crate::author::draft;
use crate::certificate::{MAX_BYTES, SubjectField};
use crate::change::{ObjectId, RepoPath, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Place, command, plural, sanitize};
use crate::gate::Undecided;
use crate::gate::{self, governing};
use crate::git::{Blob, Repository};
use crate::intake::range;
use crate::ledger::Entry;
use crate::policy::{Policy, fold};
use crate::trust::Keyring;
use crate::verdict::ConditionState;

/// A ledger at a commit, newest first.
pub(super) struct Read {
    pub(super) repository: Repository,
    pub(super) policy: Policy,
    pub(super) keyring: Keyring,
    pub(super) entries: Vec<Entry>,
    /// The commit.
    pub(super) tip: Snapshot,
}

fn read(args: &LedgerArgs) -> Result<Read, Undecided> {
    at(&args.rev)
}

/// Reads the ledger of a commit.
pub(super) fn at(rev: &str) -> Result<Read, Undecided> {
    let repository = Repository::open()?;
    let tip: ObjectId = range::commit(&repository, rev)?;
    let policy = match governing::policy_at(&repository, &Snapshot::Commit(tip.clone()))? {
        Some(policy) => policy,
        None => {
            terminal::err("note: no policy there; certificates are looked for where the default pack has them\n");
            governing::default_policy()?
        }
    };
    let (keyring, entries) = gate::ledger_at(&repository, &tip, &policy)?;
    Ok(Read {
        repository,
        policy,
        keyring,
        entries,
        tip: Snapshot::Commit(tip),
    })
}

#[derive(Serialize)]
struct Line {
    path: String,
    id: Option<String>,
    component: Vec<String>,
    agent: Option<String>,
    date: Option<String>,
    status: Option<&'static str>,
    class: &'static str,
    history: bool,
    subject: Option<usize>,
    supersedes: Vec<String>,
}

impl Line {
    fn new(entry: &Entry, policy: &Policy) -> Self {
        let certificate = &entry.certificate;
        Self {
            path: certificate.path.to_string(),
            id: certificate.id.as_deref().map(sanitize),
            component: certificate.components.iter().map(|name| sanitize(name)).collect(),
            agent: certificate.agent.as_deref().map(sanitize),
            date: entry.moment().map(|date| date.to_string()),
            status: certificate.status.map(|status| status.as_str()),
            class: certificate
                .status
                .map_or("invalid", |status| policy.class(status).as_str()),
            history: policy
                .since
                .is_some_and(|since| entry.moment().is_some_and(|moment| moment < since)),
            subject: match &certificate.subject {
                SubjectField::Present(subject) => Some(subject.files.len()),
                _ => None,
            },
            supersedes: certificate.supersedes.iter().map(|id| sanitize(id)).collect(),
        }
    }

    fn human(&self) -> String {
        let date = self
            .date
            .as_deref()
            .and_then(|date| date.get(..16))
            .unwrap_or("no date")
            .replace('T', " ");
        let history = if self.history { "  (history)" } else { "" };
        format!(
            "{date:<16}  {:<22} {:<24} {}{history}\n                  {}  {}\n",
            self.status.unwrap_or("INVALID"),
            self.component.join(", "),
            self.agent.as_deref().unwrap_or("no agent"),
            self.id.as_deref().unwrap_or("no id"),
            self.path
        )
    }
}

/// A condition that is checked and not met.
#[derive(Serialize)]
struct Due {
    certificate: String,
    path: String,
    condition: String,
    /// The last day on which it may be met.
    by: Option<String>,
    overdue: bool,
}

impl Due {
    /// Those of a ledger, the first due first.
    fn all(read: &Read) -> Result<Vec<Self>, Undecided> {
        let terms = (&read.policy, &read.keyring);
        let open = gate::due(&read.repository, terms, &read.tip, &read.entries)?;
        let due = open.into_iter().filter_map(|condition| {
            let entry = read.entries.get(condition.entry)?;
            Some(Self {
                certificate: sanitize(&entry.label()),
                path: entry.certificate.path.to_string(),
                condition: sanitize(&condition.text),
                by: condition.by.map(|by| by.strftime("%Y-%m-%d").to_string()),
                overdue: condition.state == ConditionState::Overdue,
            })
        });
        Ok(due.collect())
    }

    fn human(&self) -> String {
        format!(
            "{} {}: {}, a condition of {} in {}\n",
            if self.overdue { "OVERDUE" } else { "DUE" },
            self.by.as_deref().unwrap_or("some day"),
            self.condition,
            self.certificate,
            self.path
        )
    }
}

fn print(lines: &[Line], format: ListFormat) -> anyhow::Result<()> {
    match format {
        ListFormat::Human => terminal::out(&lines.iter().map(Line::human).collect::<String>()),
        ListFormat::Json => print_json(lines, None),
    }
}

fn print_json(lines: &[Line], due: Option<&[Due]>) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct List<'a> {
        schema: &'static str,
        certificates: &'a [Line],
        #[serde(skip_serializing_if = "Option::is_none")]
        due: Option<&'a [Due]>,
    }
    let list = List {
        schema: "certgate/ledger/v1",
        certificates: lines,
        due,
    };
    terminal::out(&crate::report::to_line(&list))
}

/// Lists the certificates, newest first.
pub(super) fn log(args: &LogArgs) -> Result<Ending, Undecided> {
    if args.verify {
        return proof::run(&args.ledger);
    }
    let read = read(&args.ledger)?;
    let wanted = args.component.as_deref().map(|name| {
        read.policy
            .component_named(name)
            .map_or_else(|| fold(name), |c| fold(&c.id))
    });
    let canonical = |name: String| {
        read.policy
            .component_named(&name)
            .map_or(name, |component| fold(&component.id))
    };
    let on_it = |entry: &&Entry| {
        wanted
            .as_ref()
            .is_none_or(|wanted| entry.component_names().any(|name| canonical(name) == *wanted))
    };
    let chosen = read
        .entries
        .iter()
        .filter(on_it)
        .take(args.max_count.unwrap_or(usize::MAX));
    let lines: Vec<Line> = chosen.map(|entry| Line::new(entry, &read.policy)).collect();
    if let (Some(name), []) = (&args.component, lines.as_slice())
        && args.max_count != Some(0)
    {
        // A misspelt name is no component without certificates.
        let known = draft::components(&read.policy, std::slice::from_ref(name))?;
        terminal::err(&format!("note: no certificate on `{}`\n", known.join(", ")));
    }
    print(&lines, args.ledger.format)?;
    Ok(Ending::Done)
}

/// Shows the newest decision on each component of the policy.
pub(super) fn status(args: &LedgerArgs) -> Result<Ending, Undecided> {
    let read = read(args)?;
    let mut newest: BTreeMap<String, &Entry> = BTreeMap::new();
    for entry in &read.entries {
        for name in entry.component_names() {
            let id = read
                .policy
                .component_named(&name)
                .map_or(name, |component| component.id.clone());
            newest.entry(id).or_insert(entry);
        }
    }
    let of_policy: Vec<&str> = read
        .policy
        .components
        .iter()
        .map(|component| component.id.as_str())
        .collect();
    if args.format == ListFormat::Json {
        let lines: Vec<Line> = of_policy
            .iter()
            .filter_map(|id| newest.get(*id))
            .map(|entry| Line::new(entry, &read.policy))
            .collect();
        print_json(&lines, Some(&Due::all(&read)?))?;
        return Ok(Ending::Done);
    }
    let mut text = String::new();
    for id in of_policy {
        match newest.get(id) {
            Some(entry) => {
                let line = Line::new(entry, &read.policy);
                let date = line
                    .date
                    .as_deref()
                    .and_then(|date| date.get(..10))
                    .unwrap_or("no date")
                    .to_owned();
                let (status, agent) = (
                    line.status.unwrap_or("INVALID"),
                    line.agent.as_deref().unwrap_or("no agent"),
                );
                text.push_str(&format!("{id:<28} {status:<24} {date}  {agent}\n"));
            }
            None => text.push_str(&format!("{id:<28} no certificate\n")),
        }
    }
    for entry in gate::open_bypasses(&read.policy, &read.keyring, &read.entries) {
        let certificate = &entry.certificate;
        text.push_str(&format!(
            "BYPASS without follow-up: {} by {}, in {}\n",
            sanitize(&entry.label()),
            sanitize(certificate.agent.as_deref().unwrap_or("no agent")),
            certificate.path
        ));
    }
    text.extend(Due::all(&read)?.iter().map(Due::human));
    text.push_str(&format!(
        "{} in the ledger\n",
        plural(read.entries.len(), "certificate")
    ));
    terminal::out(&text)?;
    Ok(Ending::Done)
}

/// The certificates of HEAD that have an id, as `log` lists them.
pub(super) fn of_id(id: &str) -> Result<String, Undecided> {
    let read = read(&LedgerArgs {
        rev: "HEAD".to_owned(),
        format: ListFormat::Human,
    })?;
    let found = read
        .entries
        .iter()
        .filter(|entry| entry.certificate.id.as_deref() == Some(id));
    Ok(found.map(|entry| Line::new(entry, &read.policy).human()).collect())
}

/// Shows one certificate, by id or path.
pub(super) fn show(args: &ShowArgs) -> Result<Ending, Undecided> {
    let read = read(&args.ledger)?;
    let path = RepoPath::unquote(&args.id);
    let found: Vec<&Entry> = read
        .entries
        .iter()
        .filter(|entry| {
            entry.certificate.id.as_deref() == Some(&args.id) || path.as_ref() == Some(&entry.certificate.path)
        })
        .collect();
    let [entry] = found.as_slice() else {
        let message = format!(
            "{} certificates at `{}` have the id or path `{}`",
            found.len(),
            sanitize(&args.ledger.rev),
            sanitize(&args.id)
        );
        return Err(Diagnostic::error(Code::CG700, message)
            .help(command!["certgate", "log"].why("lists the ids"))
            .into());
    };
    if args.ledger.format == ListFormat::Json {
        print(&[Line::new(entry, &read.policy)], ListFormat::Json)?;
        return Ok(Ending::Done);
    }
    let Blob::Content(bytes) = read.repository.blob(&entry.blob, MAX_BYTES)? else {
        let problem = Diagnostic::error(Code::CG104, "the certificate is too large to show");
        return Err(problem
            .at(Place::file(&entry.certificate.path))
            .help(command!["git", "cat-file", "blob", &entry.blob])
            .into());
    };
    let mut text = Line::new(entry, &read.policy).human();
    text.push('\n');
    for line in bytes.split(|&byte| byte == b'\n') {
        text.push_str(&crate::diagnostic::sanitize_line(
            line.strip_suffix(b"\r").unwrap_or(line),
        ));
        text.push('\n');
    }
    terminal::out(&text)?;
    Ok(Ending::Done)
}
