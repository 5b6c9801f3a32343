//! `certgate certify` on a terminal, without a decision: a guided review. Component by component it shows what is asked for and the hunks,
//! and takes the decision. It can be left and taken up again, and writes nothing into the work tree before the end.

use std::io::BufRead as _;

use super::super::args::CertifyArgs;
use super::super::ending::Ending;
use super::super::fault::Doing as _;
use super::super::terminal;
use super::said::{Said, only_agent};
use super::{document, pager, tell_written};
use crate::author::needs::{self, Lacking, Standing};
use crate::author::publish::{How, publish};
use crate::author::review::{Decided, Review};
use crate::author::{draft, sign, stamps};
use crate::certificate::{self, Class, Status, nearest, render};
use crate::change::{Content, RepoPath};
use crate::cli::args::ListFormat;
use crate::diagnostic::{plural, sanitize};
use crate::evidence::gives_file_references;
use crate::gate::hunks::hunks;
use crate::gate::{self, InForce, Question, Undecided, governing};
use crate::git::Repository;
use crate::policy::{EvidenceKind, Policy};
use crate::sensitivity::GatedFile;

/// What leaves the review, at any question.
const LEAVE: &str = ":q";
/// Most hunks of a file that are listed before they are shown.
const LISTED: usize = 3;

/// What a question came to.
enum Reply {
    Said(String),
    Leave,
}

/// One component to decide on.
struct Item<'g> {
    lacking: &'g Lacking<'g>,
    files: Vec<&'g GatedFile>,
}

/// A review on its way.
struct Guide<'a> {
    args: &'a CertifyArgs,
    repository: &'a Repository,
    question: &'a Question,
    in_force: &'a InForce,
    agent: String,
}

/// True where nothing is said that a person decides, and somebody is there to ask.
pub(super) fn is_wanted(args: &CertifyArgs) -> bool {
    let said = args.all
        || args.delta
        || !args.components.is_empty()
        || args.status.is_some()
        || args.rationale.is_some()
        || args.bypass_until.is_some()
        || args.output.is_some();
    let listed = [
        &args.findings,
        &args.evidence,
        &args.conditions,
        &args.supersedes,
        &args.files,
    ];
    let measured = args.measured.is_some()
        || [&args.baseline, &args.candidate, &args.profiles]
            .iter()
            .any(|files| !files.is_empty());
    !said && !measured && listed.iter().all(|list| list.is_empty()) && terminal::is_interactive()
}

/// Carries it out.
pub(super) fn run(args: &CertifyArgs, repository: &Repository, question: &Question) -> Result<Ending, Undecided> {
    let in_force = governing::policy_for(repository, question)?;
    let gated = gate::gate(repository, &question.change, &in_force)?;
    let open = needs::lacking(&gated, &gate::judge(repository, question)?);
    if open.is_empty() {
        terminal::out("nothing lacks a certificate\n")?;
        return Ok(Ending::Done);
    }
    let mut review = Review::take_up(repository);
    let names: Vec<&str> = open.iter().map(|one| one.id.as_str()).collect();
    let count = names.len();
    say(&format!(
        "{count} component{} a certificate: {}",
        if count == 1 { " lacks" } else { "s lack" },
        names.join(", ")
    ));
    say(&format!(
        "Leave at any question with {LEAVE}; what is decided is kept, and nothing is written before the end."
    ));
    let known = match args
        .agent
        .clone()
        .or(review.agent.clone())
        .or(only_agent(&in_force, &names))
    {
        Some(agent) => Some(agent),
        None => repository.config("certgate.agent")?,
    };
    let agent = match (&args.agent, known) {
        (Some(agent), _) => agent.clone(),
        (None, known) => match ask("\nWho decides?", known.as_deref())? {
            Reply::Said(agent) => agent,
            Reply::Leave => return left(&review),
        },
    };
    if review.agent.as_deref().is_some_and(|other| other != agent) {
        review = Review::default();
    }
    review.agent = Some(agent.clone());
    let guide = Guide {
        args,
        repository,
        question,
        in_force: &in_force,
        agent,
    };
    let mut items = Vec::new();
    for one in &open {
        match one.standing(&in_force.policy, &guide.agent) {
            Standing::May(files) => items.push(Item { lacking: one, files }),
            Standing::Others(who) => say(&format!("left out: {}: {}", one.id, super::all::who_may(&who))),
            Standing::Refused => say(&format!(
                "left out: {}: a refusal is in force; read it with certgate status",
                one.id
            )),
        }
    }
    let mut decided: Vec<(&Item<'_>, Decided)> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        guide.introduce(item, at + 1, items.len())?;
        if let Some(kept) = review.on(repository, &item.lacking.id, (&item.files, item.lacking.messages))? {
            say(&format!(
                "  decided before: {}: {}",
                kept.status.as_str(),
                sanitize(&kept.rationale)
            ));
            match ask("Keep that? (y, n)", Some("y"))? {
                Reply::Leave => return left(&review),
                Reply::Said(answer) if is_yes(&answer) => {
                    decided.push((item, kept.clone()));
                    continue;
                }
                Reply::Said(_) => {}
            }
        }
        match guide.decide(item)? {
            Outcome::Left => return left(&review),
            Outcome::Skipped => say("  skipped"),
            Outcome::Decided(one) => {
                review.note(repository, one.clone())?;
                decided.push((item, one));
            }
        }
    }
    if decided.is_empty() {
        say("\nNothing is decided, and nothing written.");
        return Ok(Ending::Done);
    }
    say("");
    for (_, one) in &decided {
        say(&format!(
            "  {:<24} {:<22} {}",
            one.component,
            one.status.as_str(),
            sanitize(&one.rationale)
        ));
    }
    let write = format!("Write {}? (y, n)", plural(decided.len(), "certificate"));
    match ask(&write, Some("y"))? {
        Reply::Said(answer) if is_yes(&answer) => guide.write(&decided),
        _ => left(&review),
    }
}

fn left(review: &Review) -> Result<Ending, Undecided> {
    say(match review.is_empty() {
        true => "left; nothing was written",
        false => "left; nothing was written, what was decided is kept: run certgate certify to continue",
    });
    Ok(Ending::Blocked)
}

/// How a component ended.
enum Outcome {
    Decided(Decided),
    Skipped,
    Left,
}

impl Guide<'_> {
    /// What is asked for, and why.
    fn introduce(&self, item: &Item<'_>, at: usize, of: usize) -> Result<(), Undecided> {
        let policy = &self.in_force.policy;
        let title = policy
            .component_named(&item.lacking.id)
            .and_then(|component| component.title.clone());
        let title = title.map_or_else(String::new, |title| format!(": {}", sanitize(&title)));
        say(&format!("\n[{at}/{of}] {}{title}", item.lacking.id));
        say(&format!("  asked for: {}", requirement(policy, &item.lacking.id)));
        for message in item.lacking.messages {
            say(&format!("  the message: {}", gate::describe(&message.reason)));
        }
        for gated in &item.files {
            let places = draft::examined(self.repository, &gated.file)?;
            let lines: Vec<String> = places
                .iter()
                .filter_map(|place| place.lines)
                .take(LISTED)
                .map(range)
                .collect();
            let lines = match lines.is_empty() {
                true => String::new(),
                false => format!(":{}", lines.join(",")),
            };
            let why: Vec<String> = gated.reasons.iter().take(1).map(gate::describe).collect();
            say(&format!("  {}{lines}  {}", gated.file.path, why.join("; ")));
        }
        Ok(())
    }

    /// Asks for all that a certificate on a component says.
    fn decide(&self, item: &Item<'_>) -> Result<Outcome, Undecided> {
        if !item.files.is_empty() {
            match ask("Show the hunks? (y, n)", Some("y"))? {
                Reply::Leave => return Ok(Outcome::Left),
                Reply::Said(answer) if is_yes(&answer) => pager::page(self.repository, &self.hunks(item)?)?,
                Reply::Said(_) => {}
            }
        }
        let status = loop {
            let words = Status::ALL.map(Status::as_str).join(", ");
            match ask(&format!("Decision ({words}; - skips)"), None)? {
                Reply::Leave => return Ok(Outcome::Left),
                Reply::Said(word) if word == "-" => return Ok(Outcome::Skipped),
                Reply::Said(word) => match Status::from_word(&word) {
                    Some(status) => break status,
                    None => say(&match nearest(&word, Status::ALL.map(Status::as_str)) {
                        Some(near) => format!("`{}` is not a status; {near} is nearest", sanitize(&word)),
                        None => format!("`{}` is not a status", sanitize(&word)),
                    }),
                },
            }
        };
        let mut one = Decided::new(
            self.repository,
            &item.lacking.id,
            (&item.files, item.lacking.messages),
            status,
        )?;
        loop {
            one.rationale = match ask("Rationale: why?", None)? {
                Reply::Leave => return Ok(Outcome::Left),
                Reply::Said(text) => text,
            };
            one.findings.clear();
            one.evidence.clear();
            one.conditions.clear();
            if status.class() == Class::Conditional && !self.gather("Condition", true, &mut one.conditions)? {
                return Ok(Outcome::Left);
            }
            if !self.gather("Finding", false, &mut one.findings)? {
                return Ok(Outcome::Left);
            }
            let approves = self.in_force.policy.class(status).approves();
            let lines =
                approves && !item.files.is_empty() && needs::wants_lines(&self.in_force.policy, &item.lacking.id);
            loop {
                if !self.gather(
                    "Evidence, with PATH:LINES of what you examined",
                    lines,
                    &mut one.evidence,
                )? {
                    return Ok(Outcome::Left);
                }
                if !lines || self.names_lines(item, &one)? {
                    break;
                }
                say(&format!(
                    "  the policy asks for lines of a gated file, such as {}",
                    self.changed(item)?
                ));
            }
            match stamps::refuse(self.repository, self.question, self.in_force, &self.draft(item, &one)?) {
                Ok(()) => return Ok(Outcome::Decided(one)),
                // What nobody has decided is asked again.
                Err(stamp) => terminal::diagnose(&stamp.diagnostics),
            }
        }
    }

    /// Takes texts until there are no more; false where the review is left.
    fn gather(&self, what: &str, needed: bool, into: &mut Vec<String>) -> Result<bool, Undecided> {
        loop {
            let enough = !needed || !into.is_empty();
            let question = match enough {
                true => format!("{what} (empty: no more)"),
                false => what.to_owned(),
            };
            match ask(&question, enough.then_some(""))? {
                Reply::Leave => return Ok(false),
                Reply::Said(text) if text.is_empty() => return Ok(true),
                Reply::Said(text) => into.push(text),
            }
        }
    }

    fn names_lines(&self, item: &Item<'_>, one: &Decided) -> Result<bool, Undecided> {
        let document = render(&self.draft(item, one)?);
        let certificate = certificate::parse(&RepoPath::from("-"), &document).certificate;
        let paths = item.lacking.gated.iter().map(|gated| &gated.file.path);
        Ok(gives_file_references(&certificate, paths))
    }

    fn draft(&self, item: &Item<'_>, one: &Decided) -> Result<certificate::Draft, Undecided> {
        let said = Said {
            components: vec![one.component.clone()],
            status: one.status,
            agent: self.agent.clone(),
            rationale: one.rationale.clone(),
            conditions: one.conditions.clone(),
        };
        let args = CertifyArgs {
            findings: one.findings.clone(),
            evidence: one.evidence.clone(),
            ..self.args.clone()
        };
        let mut draft = document(&args, self.repository, self.question, &said, &item.files, draft::date())?;
        if !item.files.is_empty() {
            let bound = draft::bound(
                self.repository,
                self.question,
                &self.in_force.policy,
                &self.args.targets,
                false,
            )?;
            draft.subject = Some(draft::subject(
                self.repository,
                self.question,
                &said.components,
                &item.files,
                bound,
            )?);
        }
        Ok(draft)
    }

    /// A place that changed, as evidence names one.
    fn changed(&self, item: &Item<'_>) -> Result<String, Undecided> {
        for gated in &item.files {
            if let Content::Lines(diff) = self.repository.content(&gated.file)?
                && let Some(hunk) = hunks(&gated.file.path, &diff).first()
            {
                return Ok(format!("{}:{}", gated.file.path, range(hunk.changed())));
            }
        }
        Ok("src/a.rs:10-20".to_owned())
    }

    /// The hunks of a component's files, as a patch.
    fn hunks(&self, item: &Item<'_>) -> Result<String, Undecided> {
        let mut text = String::new();
        for gated in &item.files {
            text.push_str(&format!("--- {}\n", gated.file.path));
            match self.repository.content(&gated.file)? {
                Content::Lines(diff) => {
                    for hunk in hunks(&gated.file.path, &diff) {
                        text.push_str(&format!("{}\n{}\n", hunk.heading(), hunk.lines.join("\n")));
                    }
                }
                Content::TooLarge { size } => text.push_str(&format!("({size} bytes: too large to show)\n")),
                Content::TooManyLines { lines } => text.push_str(&format!("({lines} lines: too many to compare)\n")),
                Content::None => text.push_str("(its mode or type changes, or it is a submodule)\n"),
            }
        }
        Ok(text)
    }

    /// Writes all certificates; only now does anything appear in the work tree.
    fn write(&self, decided: &[(&Item<'_>, Decided)]) -> Result<Ending, Undecided> {
        let key = sign::key(self.repository, self.args.sign.as_ref())?;
        let mut drafts = Vec::new();
        for (item, one) in decided {
            drafts.push((one.component.clone(), self.draft(item, one)?));
        }
        let mut written = Vec::new();
        for (name, mut draft) in drafts {
            let how = How {
                name: &name,
                output: None,
                key: key.as_ref(),
                evidence: None,
                interactive: true,
            };
            written.push(publish(self.repository, &self.in_force.policy, &mut draft, &how)?);
        }
        Review::forget(self.repository);
        tell_written(self.repository, &written, None, ListFormat::Human)?;
        Ok(Ending::Done)
    }
}

fn evidence(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::FileReferences => "lines of a gated file",
        EvidenceKind::Claims => "no wrong claim",
        EvidenceKind::Benchmarks => "benchmark files that show it",
        EvidenceKind::Findings => "findings",
    }
}

/// Who must approve, how many, and with what.
fn requirement(policy: &Policy, id: &str) -> String {
    let agents: Vec<String> = needs::reviewers(policy, id)
        .iter()
        .map(|agent| sanitize(agent))
        .collect();
    let by = match agents.is_empty() {
        true => "anybody".to_owned(),
        false => agents.join(" or "),
    };
    let Some(component) = policy.component_named(id) else {
        return format!("an approval by {by}");
    };
    let require = &component.require;
    let mut text = match require.approvals {
        0 | 1 => format!("an approval by {by}"),
        more => format!(
            "approvals by {more} of {}",
            if agents.is_empty() { by } else { agents.join(", ") }
        ),
    };
    let evidence: Vec<&str> = require.evidence.iter().copied().map(evidence).collect();
    if !evidence.is_empty() {
        text.push_str(&format!("; evidence: {}", evidence.join(", ")));
    }
    if policy.signatures == crate::policy::Signatures::Required {
        text.push_str("; signed");
    }
    text
}

fn range((first, last): (u32, u32)) -> String {
    match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Asks until there is an answer; `otherwise` is that of an empty line.
fn ask(question: &str, otherwise: Option<&str>) -> Result<Reply, Undecided> {
    let suggested = otherwise
        .filter(|text| !text.is_empty())
        .map_or_else(String::new, |text| format!(" [{}]", sanitize(text)));
    loop {
        terminal::err(&terminal::folded(&format!("{question}{suggested} ")));
        let mut line = String::new();
        let read = std::io::stdin()
            .lock()
            .read_line(&mut line)
            .doing("read", "standard input")?;
        let text = line.trim();
        if read == 0 {
            say("");
            return Ok(Reply::Leave);
        }
        match (text, otherwise) {
            (LEAVE, _) => return Ok(Reply::Leave),
            ("", Some(otherwise)) => return Ok(Reply::Said(otherwise.to_owned())),
            ("", None) => {}
            _ => return Ok(Reply::Said(text.to_owned())),
        }
    }
}

fn say(text: &str) {
    terminal::err(&format!("{}\n", terminal::folded(text)));
}
