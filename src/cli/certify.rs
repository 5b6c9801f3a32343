//! `certgate certify`: writes a certificate for a change, prefilled from it. On a terminal it asks for what is missing; elsewhere it
//! fails with the list.

use std::io::BufRead as _;

use super::args::CertifyArgs;
use super::ending::Ending;
use super::fault::Doing as _;
use super::terminal;
use crate::author::whole::{Existing, Written};
use crate::author::{draft, sign, stamps};
use crate::certificate::stamp::{DECISION, NO_FINDINGS};
use crate::certificate::{self, Class, Condition, Draft, Examined, Status, render};
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::gate::Undecided;
use crate::gate::{self, InForce, Question, governing};
use crate::git::Repository;
use crate::intake::ci::Ci;
use crate::intake::{self};
use crate::sensitivity::{Gated, GatedFile};

/// Most files whose line ranges stand in the text; the SUBJECT lists all.
const MOST_NAMED: usize = 40;

/// What the reviewer alone can say.
struct Said {
    component: Vec<String>,
    status: Status,
    agent: String,
    rationale: String,
    conditions: Vec<String>,
}

/// Carries it out.
pub(super) fn run(args: &CertifyArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open()?;
    let question = intake::resolve(&repository, &args.change.chosen(), &Ci::Absent)?;
    let in_force = governing::policy_for(&repository, &question)?;
    let gated = gate::gate(&repository, &question.change, &in_force.policy, in_force.adoption)?;
    let said = said(args, &repository, &in_force, &gated)?;
    let files = chosen(args, draft::files_of(&gated, &said.component))?;
    if files.is_empty() {
        let approves = in_force.policy.class(said.status).approves();
        let announced = gated
            .components
            .iter()
            .any(|component| said.component.contains(&component.id));
        let nothing = question.change.files.is_empty() && !announced && args.supersedes.is_empty();
        if approves && nothing {
            let problem = Diagnostic::error(Code::CG708, "there is no change to approve");
            return Err(problem
                .because("`git commit -a` and `git commit PATH` stage for themselves only")
                .help("git add -u   # or the files that are meant")
                .help("certgate certify … --base REV --head REV")
                .into());
        }
        terminal::err(&format!(
            "note: no file of this change is gated by {}; the certificate is on the component itself and has no SUBJECT\n",
            said.component.join(", ")
        ));
    }
    let key = sign::key(&repository, args.sign.as_ref())?;
    let date = draft::date();
    let bypass = args
        .bypass_until
        .as_deref()
        .map(|text| bypass_until(text, date))
        .transpose()?;
    let bound = draft::bound(
        &repository,
        &question,
        &in_force.policy,
        &args.targets,
        bypass.is_some(),
    )?;
    let name = said.component.join("_");
    let words = (args.descriptor.as_str(), name.as_str(), said.agent.as_str());
    let to_stdout = args.output.as_deref().is_some_and(|path| path.as_os_str() == "-");
    let subject = match files.is_empty() {
        true => None,
        false => Some(draft::subject(&repository, &question, &said.component, &files, bound)?),
    };
    let mut draft = document(args, &repository, &question, &said, &files, date)?;
    draft.subject = subject;
    draft.bypass = bypass;
    stamps::refuse(&repository, &question, &in_force, &draft)?;
    if to_stdout {
        if key.is_some() {
            return Err(Undecided::usage(
                "a signature stands beside its document, and standard output has no place for it",
                "certgate certify … --sign KEY --output FILE",
            ));
        }
        let document = render(&draft);
        draft::check_size("the certificate", &document, &name)?;
        terminal::out(&String::from_utf8_lossy(&document))?;
        return Ok(Ending::Done);
    }
    let path = loop {
        let draft::Placed { path, date, note } =
            draft::place(&repository, &in_force.policy, args.output.as_deref(), words, draft.date)?;
        if let Some(note) = note {
            terminal::err(&note);
        }
        draft.date = date;
        let document = render(&draft);
        draft::check_size(&path.display().to_string(), &document, &name)?;
        let signature = match &key {
            Some(key) => {
                let certificate = certificate::parse(&RepoPath::from("-"), &document).certificate;
                let how = (key, terminal::is_interactive());
                let (signature, warning) = sign::sign(&repository, &in_force.policy, &certificate, &document, how)?;
                terminal::diagnose(warning.as_slice());
                Some(signature)
            }
            None => None,
        };
        match sign::write(&repository, &path, &document, signature.as_deref(), Existing::Keep)? {
            Written::Yes => break path,
            // Another process took the name a moment ago, or was killed when it had the signature only; there is a next one.
            Written::Taken if args.output.is_none() => draft.date = draft::next_second(draft.date),
            Written::Taken => {
                let taken = std::io::ErrorKind::AlreadyExists.into();
                let there = std::fs::symlink_metadata(&path).is_ok();
                let path = if there { path } else { sign::path_of(&path) };
                return Err(Undecided::io("write", &path, &taken));
            }
        }
    };
    let shown = std::env::current_dir()
        .ok()
        .and_then(|here| path.strip_prefix(here).ok().map(std::path::Path::to_path_buf))
        .unwrap_or(path);
    let shown = shown.display().to_string();
    let signed = if key.is_some() { " and its signature" } else { "" };
    terminal::out(&sign::next(
        &repository,
        &format!("wrote {shown}{signed}"),
        &shown,
        key.is_some(),
    )?)?;
    Ok(Ending::Done)
}

/// What the arguments say, the policy tells and a person answers.
fn said(args: &CertifyArgs, repository: &Repository, in_force: &InForce, gated: &Gated) -> Result<Said, Undecided> {
    let asks = terminal::is_interactive();
    let mut missing: Vec<String> = Vec::new();
    let mut answer = |given: Option<String>, question: &str, lacking: &str| -> Result<String, Undecided> {
        match given.filter(|text| !text.trim().is_empty()) {
            Some(text) => Ok(text),
            None if asks => ask(question),
            None => {
                missing.push(lacking.to_owned());
                Ok(String::new())
            }
        }
    };
    let touched: Vec<&str> = gated.components.iter().map(|component| component.id.as_str()).collect();
    let sole = match touched.as_slice() {
        [one] => Some((*one).to_owned()),
        _ => None,
    };
    let hint = match touched.is_empty() {
        true => "COMPONENT (this change touches none)".to_owned(),
        false => format!("COMPONENT: one of {}", touched.join(", ")),
    };
    let component = answer(args.component.clone().or(sole), &hint, &hint)?;
    let words: Vec<String> = component
        .split(',')
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    let ids = draft::components(&in_force.policy, &words)?;
    let list = Status::ALL.map(Status::as_str).join(", ");
    let bypass = args.bypass_until.is_some();
    let status = answer(
        args.status
            .clone()
            .or(bypass.then(|| Status::AdvisoryOnly.as_str().to_owned())),
        &format!("Status ({list})"),
        &format!("--status STATUS: one of {list}"),
    )?;
    let wanted = ids
        .first()
        .and_then(|id| in_force.policy.component_named(id))
        .map(|c| c.require.agents.clone())
        .unwrap_or_default();
    let by_policy = match wanted.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    };
    let known = match args.agent.clone().or(by_policy) {
        Some(agent) => Some(agent),
        None => repository.config("certgate.agent")?,
    };
    let agent = answer(
        known,
        "Agent (who decides)",
        "--agent NAME: who decides (or `git config certgate.agent NAME`)",
    )?;
    let rationale = answer(args.rationale.clone(), "Rationale (why)", "--rationale TEXT: why")?;
    let parsed = Status::from_word(&status);
    let mut conditions = args.conditions.clone();
    if conditions.is_empty() && parsed.map(Status::class) == Some(Class::Conditional) {
        conditions.push(answer(
            None,
            "Condition",
            "--condition TEXT: CONDITIONALLY_APPROVED needs at least one",
        )?);
    }
    if !missing.is_empty() {
        let mut problem = Diagnostic::error(Code::CG700, "the certificate lacks what only its author can say");
        for item in &missing {
            problem = problem.because(item);
        }
        return Err(problem
            .help("certgate certify COMPONENT --status STATUS --agent NAME --rationale TEXT")
            .into());
    }
    let Some(status) = parsed else {
        let upper = status.trim().to_uppercase().replace(['-', ' '], "_");
        let near = Status::ALL.into_iter().max_by(|a, b| {
            let score = |status: &Status| strsim::normalized_damerau_levenshtein(&upper, status.as_str());
            score(a).total_cmp(&score(b))
        });
        let problem = Diagnostic::error(Code::CG103, format!("`{}` is not a status", sanitize(&status)));
        if status == DECISION {
            let problem = problem.because("it stands for what is decided when the findings have been read");
            return Err(problem.help(format!("one of {list}")).into());
        }
        let near = near.map_or_else(String::new, |near| format!("`--status {near}` is nearest; "));
        return Err(problem.help(format!("{near}one of {list}")).into());
    };
    Ok(Said {
        component: ids,
        status,
        agent,
        rationale,
        conditions,
    })
}

/// When the follow-up of a bypass is due: a date with or without a time of day, in UTC, or a duration from now.
fn bypass_until(text: &str, now: jiff::Timestamp) -> Result<jiff::Timestamp, Undecided> {
    let civil = || {
        text.parse::<jiff::civil::DateTime>()
            .ok()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
    };
    let span = || {
        text.parse::<jiff::SignedDuration>()
            .ok()
            .or_else(|| days(text))
            .and_then(|span| now.checked_add(span).ok())
    };
    let moment = text
        .parse::<jiff::Timestamp>()
        .ok()
        .or_else(|| civil().map(|zoned| zoned.timestamp()))
        .or_else(span);
    let moment = moment.filter(|&moment| moment > now);
    moment.ok_or_else(|| {
        Undecided::usage(
            format!("`{}` is no date to come", sanitize(text)),
            "certgate certify COMPONENT --bypass-until 3d …   # or 2026-12-24, at most 30 days ahead",
        )
    })
}

fn days(text: &str) -> Option<jiff::SignedDuration> {
    let days: i64 = text.strip_suffix('d')?.parse().ok()?;
    Some(jiff::SignedDuration::from_hours(days.checked_mul(24)?))
}

fn ask(question: &str) -> Result<String, Undecided> {
    loop {
        terminal::err(&format!("{question}: "));
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        let read = read.doing("read", "standard input")?;
        if read == 0 {
            return Err(Undecided::usage(
                "the certificate is not finished",
                "certgate certify --status … --agent … --rationale …",
            ));
        }
        if !line.trim().is_empty() {
            return Ok(line.trim().to_owned());
        }
    }
}

/// The files that the arguments choose: by name, or all below a directory.
fn chosen<'g>(args: &CertifyArgs, files: Vec<&'g GatedFile>) -> Result<Vec<&'g GatedFile>, Undecided> {
    let mut wanted: Vec<RepoPath> = Vec::new();
    for text in &args.files {
        let given = text.strip_suffix('/').unwrap_or(text);
        let path =
            RepoPath::unquote(given).filter(|path| files.iter().any(|file| file.file.path.is_within(path.as_bytes())));
        wanted.push(path.ok_or_else(|| {
            let gated: Vec<String> = files.iter().take(6).map(|file| file.file.path.to_string()).collect();
            Undecided::usage(
                format!(
                    "`{}` is not among the files that the component gates in this change",
                    sanitize(text)
                ),
                format!("paths are relative to the root of the repository: {}", gated.join(", ")),
            )
        })?);
    }
    Ok(files
        .into_iter()
        .filter(|file| wanted.is_empty() || wanted.iter().any(|path| file.file.path.is_within(path.as_bytes())))
        .collect())
}

fn document(
    args: &CertifyArgs,
    repository: &Repository,
    question: &Question,
    said: &Said,
    files: &[&GatedFile],
    date: jiff::Timestamp,
) -> Result<Draft, Undecided> {
    let mut examined: Vec<Examined> = Vec::new();
    let mut why: Vec<String> = Vec::new();
    for gated in files.iter().take(MOST_NAMED) {
        examined.extend(draft::examined(repository, &gated.file)?);
        let reasons: Vec<String> = gated.reasons.iter().take(2).map(gate::describe).collect();
        why.push(format!("{} is gated by {}", gated.file.path, reasons.join("; ")));
    }
    let mut scope = vec![format!(
        "{} of the change, {} in all",
        plural(files.len()),
        question.change.files.len()
    )];
    if files.len() > MOST_NAMED {
        scope.push(format!(
            "{} further files, listed in the SUBJECT",
            files.len() - MOST_NAMED
        ));
    }
    scope.extend(why);
    let findings = match args.findings.is_empty() {
        true => vec![NO_FINDINGS.to_owned()],
        false => args.findings.clone(),
    };
    Ok(Draft {
        descriptor: args.descriptor.clone(),
        components: said.component.clone(),
        agent: said.agent.clone(),
        date,
        id: ulid::Ulid::generate().to_string(),
        supersedes: args.supersedes.clone(),
        bypass: None,
        scope,
        examined,
        tests: Vec::new(),
        subject: None,
        findings,
        status: said.status,
        rationale: said.rationale.clone(),
        conditions: said
            .conditions
            .iter()
            .map(|text| Condition {
                text: text.clone(),
                met: false,
            })
            .collect(),
        evidence: args.evidence.clone(),
    })
}

fn plural(count: usize) -> String {
    format!("{count} gated file{}", if count == 1 { "" } else { "s" })
}
