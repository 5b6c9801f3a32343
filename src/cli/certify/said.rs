//! What only the reviewer can say: from the arguments, the policy, the configuration, and on a terminal by asking.

use std::io::BufRead as _;

use super::super::args::CertifyArgs;
use super::super::fault::Doing as _;
use super::super::moment;
use super::super::terminal;
use crate::author::{draft, needs};
use crate::certificate::stamp::DECISION;
use crate::certificate::{Class, Status, nearest};
use crate::diagnostic::{Code, Diagnostic, Placeholder, Remedy, command, sanitize};
use crate::gate::{InForce, Undecided};
use crate::git::Repository;
use crate::sensitivity::Gated;

/// What the reviewer alone can say.
pub(super) struct Said {
    /// The ids of the components; with `--all`, none yet.
    pub(super) components: Vec<String>,
    pub(super) status: Status,
    pub(super) agent: String,
    pub(super) rationale: String,
    pub(super) conditions: Vec<String>,
}

/// What the arguments say, the policy tells and a person answers. With `--all`, `lacking` are the components to choose from.
pub(super) fn said(
    args: &CertifyArgs,
    repository: &Repository,
    in_force: &InForce,
    gated: &Gated,
    lacking: Option<&[needs::Lacking<'_>]>,
) -> Result<Said, Undecided> {
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
    let components = match lacking {
        Some(_) => Vec::new(),
        None => {
            let touched: Vec<&str> = gated.components.iter().map(|component| component.id.as_str()).collect();
            let given = match (args.components.as_slice(), touched.as_slice()) {
                ([], [one]) => Some((*one).to_owned()),
                ([], _) => None,
                (given, _) => Some(given.join(",")),
            };
            let hint = match touched.is_empty() {
                true => "COMPONENT (this change touches none)".to_owned(),
                false => format!("COMPONENT: one of {}", touched.join(", ")),
            };
            let lacks = match touched.len() {
                0 | 1 => hint.clone(),
                _ => format!("{hint}; or --all"),
            };
            let component = answer(given, &hint, &lacks)?;
            let words = component.split(',').map(|word| word.trim().to_owned());
            draft::components(
                &in_force.policy,
                &words.filter(|word| !word.is_empty()).collect::<Vec<_>>(),
            )?
        }
    };
    let list = Status::ALL.map(Status::as_str).join(", ");
    let bypass = args.bypass_until.is_some();
    let status = answer(
        args.status
            .clone()
            .or(bypass.then(|| Status::AdvisoryOnly.as_str().to_owned())),
        &format!("Status ({list})"),
        &format!("--status STATUS: one of {list}"),
    )?;
    let on: Vec<&str> = match lacking {
        Some(lacking) => lacking.iter().map(|one| one.id.as_str()).collect(),
        None => components.iter().map(String::as_str).collect(),
    };
    let known = match args.agent.clone().or(only_agent(in_force, &on)) {
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
        return Err(problem.help(completed(&missing)).into());
    }
    let status = parsed.ok_or_else(|| no_status(&status))?;
    Ok(Said {
        components,
        status,
        agent,
        rationale,
        conditions,
    })
}

/// The command that was given, with what is missing in it.
fn completed(missing: &[String]) -> Remedy {
    let lacks = |start: &str| missing.iter().any(|item| item.starts_with(start));
    let mut command = command!["certgate", "certify"];
    if lacks("COMPONENT") {
        command = command.arg(Placeholder::Component);
    }
    // What was given and says nothing, such as `--rationale ' '`, is replaced.
    let mut given = std::env::args_os().skip(2);
    while let Some(word) = given.next() {
        match word.to_str().filter(|word| word.starts_with("--")) {
            Some(option) if lacks(option) => drop(given.next()),
            _ => command = command.arg(&word),
        }
    }
    for (option, blank) in [
        ("--status", Placeholder::Decision),
        ("--agent", Placeholder::Agent),
        ("--rationale", Placeholder::Rationale),
        ("--condition", Placeholder::Condition),
    ] {
        if lacks(option) {
            command = command.arg(option).arg(blank);
        }
    }
    command
}

/// The agent whom the policy names for all of these components, where it is one.
pub(super) fn only_agent(in_force: &InForce, components: &[&str]) -> Option<String> {
    let mut only: Option<&String> = None;
    for id in components {
        let [agent] = needs::reviewers(&in_force.policy, id) else {
            return None;
        };
        if only.is_some_and(|other| other != agent) {
            return None;
        }
        only = Some(agent);
    }
    only.cloned()
}

/// What is said of a word that is not one of the eleven.
pub(super) fn no_status(word: &str) -> Undecided {
    let list = Status::ALL.map(Status::as_str).join(", ");
    let problem = Diagnostic::error(Code::CG103, format!("`{}` is not a status", sanitize(word)));
    if word == DECISION {
        let problem = problem.because("replace it with the decision when the findings have been read");
        return problem.help(format!("one of {list}")).into();
    }
    let near = nearest(word, Status::ALL.map(Status::as_str))
        .map_or_else(String::new, |near| format!("`--status {near}` is nearest; "));
    problem.help(format!("{near}one of {list}")).into()
}

/// When the follow-up of a bypass is due: a date with or without a time of day, in UTC, or a duration from now.
pub(super) fn bypass_until(text: &str, now: jiff::Timestamp) -> Result<jiff::Timestamp, Undecided> {
    let span = || moment::duration(text).and_then(|span| now.checked_add(span).ok());
    let moment = moment::date(text).or_else(span);
    let moment = moment.filter(|&moment| moment > now);
    moment.ok_or_else(|| {
        Undecided::usage(
            format!("`{}` is no date to come", sanitize(text)),
            "for example: certgate certify COMPONENT --bypass-until 3d … (or 2026-12-24, at most 30 days ahead)",
        )
    })
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
                "for example: certgate certify --status … --agent … --rationale …",
            ));
        }
        if !line.trim().is_empty() {
            return Ok(line.trim().to_owned());
        }
    }
}
