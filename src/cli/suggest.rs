//! `certgate suggest`: the smallest set of reviews that turns a change green; and `explain --why-not`, what one agent's approval would lack.

use super::args::{ListFormat, SuggestArgs};
use super::ending::Ending;
use super::terminal;
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, command, sanitize};
use crate::gate::{self, Question, Undecided};
use crate::git::Repository;
use crate::intake::ci::{self, Ci};
use crate::intake::{self, Chosen};
use crate::report;

/// Carries it out. A run that could not answers in the asked format, too.
pub(super) fn run(args: &SuggestArgs) -> Result<Ending, Undecided> {
    suggested(args).inspect_err(|failure| {
        if args.format == ListFormat::Json {
            let _best_effort = terminal::out(&report::failure(&failure.diagnostics));
        }
    })
}

fn suggested(args: &SuggestArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open_to_judge()?;
    let question = question(&repository, args)?;
    let advice = gate::advise(&repository, &question)?;
    if let Some(agent) = &args.handoff {
        let Some(text) = report::handoff_text(&advice, agent) else {
            let message = format!("no review by `{}` is part of the plan", sanitize(agent));
            return Err(Diagnostic::error(Code::CG682, message)
                .help(command!["certgate", "suggest"].why("says whose are"))
                .into());
        };
        terminal::out(&text)?;
        return Ok(Ending::Done);
    }
    let mut before = Vec::new();
    if !advice.plan.first.is_empty() {
        before = gate::judge(&repository, &question)?.diagnostics;
    }
    if args.format == ListFormat::Json {
        terminal::out(&report::plan_json(&advice, &before))?;
        return Ok(Ending::Done);
    }
    if !before.is_empty() {
        terminal::diagnose(&before);
    }
    terminal::out(&report::plan_lines(&advice))?;
    Ok(Ending::Done)
}

/// What an agent's approval of the entire change would leave open.
pub(super) fn why_not(args: &SuggestArgs, agent: &str) -> Result<Ending, Undecided> {
    let repository = Repository::open_to_judge()?;
    let question = question(&repository, args)?;
    let left = gate::left_by(&repository, &question, agent)?;
    terminal::out(&report::left_lines(agent, &left))?;
    Ok(Ending::Done)
}

/// The score of the change with its reasons; of one file, where one is named.
pub(super) fn score(args: &SuggestArgs, path: Option<&RepoPath>) -> Result<Ending, Undecided> {
    let repository = Repository::open_to_judge()?;
    let question = question(&repository, args)?;
    let score = gate::sensitivity_of(&repository, &question)?;
    let width = terminal::style().width;
    let Some(path) = path else {
        terminal::out(&match score.files.is_empty() {
            true => "no file is changed\n".to_owned(),
            false => report::score_lines(&score, width),
        })?;
        return Ok(Ending::Done);
    };
    let Some(file) = score.files.iter().find(|file| file.path == *path) else {
        let problem = Diagnostic::error(
            Code::CG738,
            format!("`{path}` is not among the files that the change scores by"),
        );
        let shown = score.files.iter().take(5).map(|file| format!("`{}`", file.path));
        let shown = shown.collect::<Vec<_>>().join(", ");
        return Err(problem
            .because(match shown.is_empty() {
                true => "no file is changed".to_owned(),
                false => format!("the highest are {shown}"),
            })
            .help(command!["certgate", "explain", "--score"].why("says what the change scores"))
            .into());
    };
    terminal::out(&report::file_score_lines(file, width))?;
    Ok(Ending::Done)
}

/// The change that `check` would judge.
fn question(repository: &Repository, args: &SuggestArgs) -> Result<Question, Undecided> {
    let ci = match args.change.staged || args.change.base.is_some() {
        true => Ci::Absent,
        false => ci::from_environment()?,
    };
    let chosen = Chosen {
        target: args.target.as_deref(),
        ..args.change.chosen()
    };
    let question = intake::resolve(repository, &chosen, &ci)?;
    if let Some(told) = question.told() {
        terminal::err(&format!("{}\n", sanitize(told)));
    }
    Ok(question)
}
