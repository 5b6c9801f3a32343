//! `certgate check`: judges a change and reports the verdict.

use std::mem::ManuallyDrop;
use std::path::Path;

use super::args::{CheckArgs, Format};
use super::ending::Ending;
use super::fault::Doing as _;
use super::{formats, post, terminal};
use crate::diagnostic::{Code, Level, command, sanitize};
use crate::gate::Undecided;
use crate::gate::{self, By, Judgement, Question};
use crate::git::Repository;
use crate::intake::ci::{self, Ci};
use crate::intake::{self, Chosen};
use crate::policy::Stage;
use crate::progress;
use crate::report;

/// Carries it out. A run that could not decide answers in the asked format, too.
pub(super) fn run(args: &CheckArgs) -> Result<Ending, Undecided> {
    if args.timings {
        progress::start();
    }
    if args.verbose {
        terminal::show_all();
    }
    let ended = judged(args).inspect_err(|failure| {
        for (format, file) in reports(args) {
            if let Some(text) = formats::failure(format, "check", &failure.diagnostics) {
                let _best_effort = formats::write(file, &text);
            }
        }
        if let Some(forge) = args.post {
            post::failure(forge, &failure.diagnostics);
        }
    });
    terminal::costs();
    ended
}

fn judged(args: &CheckArgs) -> Result<Ending, Undecided> {
    let stage = match &args.stage {
        Some(word) => Some(Stage::parse(word).ok_or_else(|| unknown_stage(word))?),
        None => None,
    };
    let (repository, question) = chosen(args)?;
    let ended = judged_by(args, stage, &repository, question);
    if terminal::is_kept() {
        drop(ManuallyDrop::into_inner(repository));
    }
    ended
}

fn judged_by(
    args: &CheckArgs,
    stage: Option<Stage>,
    repository: &Repository,
    mut question: Question,
) -> Result<Ending, Undecided> {
    if let Some(stage) = stage {
        question.stage = stage;
    }
    if let Some(name) = &args.policy {
        question.by = By::TriedOut(name.clone());
    }
    question.waits = true;
    let mut judgement = gate::judge(repository, &question)?;
    let page = reports(args).any(|(format, _)| format == Format::Html);
    if args.format == Format::Json || page {
        gate::add_hunks(repository, &mut judgement)?;
    }
    if page {
        gate::add_measurements(repository, &question, &mut judgement);
        gate::add_ledger(repository, &question, &mut judgement);
    }
    // People see it where they ask for everything, or where the policy needed it.
    if args.verbose || args.post.is_some() || reports(args).any(|(format, _)| format != Format::Human) {
        // A score decides nothing, so what keeps it from being computed keeps nothing from being judged.
        let _no_score = gate::add_sensitivity(repository, &question, &mut judgement);
    }
    show(args, &question, &judgement)?;
    let ending = Ending::from(judgement.verdict());
    Ok(match args.post {
        Some(forge) => post::verdict(forge, args.format, &judgement, ending),
        None => ending,
    })
}

/// The change, and the repository that it is in; fetches what is missing where that was asked for.
fn chosen(args: &CheckArgs) -> Result<(ManuallyDrop<Repository>, Question), Undecided> {
    let flagged = args.change.staged || args.change.base.is_some() || args.range.is_some();
    let ci = match flagged {
        true => Ci::Absent,
        false => ci::from_environment()?,
    };
    let change = match &ci {
        Ci::Change(change) => Some(change.as_ref()),
        _ => None,
    };
    let mut next = args.deepen.then_some(0);
    if let (Some(step), Some(change)) = (next, change.filter(|change| change.trusts_the_clone())) {
        next = ci::deepen(&Repository::open_to_judge()?, Some(change), None, step, None)?;
    }
    loop {
        // The process ends with the verdict: taking the repository's caches apart would only cost time.
        let repository = ManuallyDrop::new(Repository::open_to_judge()?);
        let chosen = Chosen {
            range: args.range.as_deref(),
            target: args.target.as_deref(),
            ..args.change.chosen()
        };
        let failure = match intake::resolve(&repository, &chosen, &ci) {
            Ok(question) => return Ok((repository, question)),
            Err(failure) => failure,
        };
        let fetchable = failure.diagnostics.last().is_some_and(|last| match last.code() {
            Code::CG704 => true,
            Code::CG702 => change.is_some(),
            _ => false,
        });
        match next {
            Some(step) if fetchable => {
                let base = args.change.base.as_deref().or(args.range.as_deref());
                next = ci::deepen(&repository, change, base, step, Some(&failure))?;
            }
            None if fetchable && !args.deepen => return Err(with_deepen(failure)),
            _ => return Err(failure),
        }
    }
}

/// Reports the other way to get what is missing.
fn with_deepen(mut failure: Undecided) -> Undecided {
    if let Some(last) = failure.diagnostics.pop() {
        failure
            .diagnostics
            .push(last.help(command!["certgate", "check", "--deepen"].why("fetches it")));
    }
    failure
}

fn unknown_stage(word: &str) -> Undecided {
    let known: Vec<&str> = Stage::ALL.iter().map(|stage| stage.as_str()).collect();
    Undecided::usage(
        format!("unknown stage `{}`", sanitize(word)),
        format!("one of {}", known.join(", ")),
    )
}

fn show(args: &CheckArgs, question: &Question, report: &Judgement) -> Result<(), Undecided> {
    if let Some(told) = &question.told {
        terminal::err(&format!("{}\n", sanitize(told)));
    }
    for (format, file) in reports(args) {
        formats::write(file, &text(format, report))?;
    }
    let errors = report.diagnostics.iter().any(|told| told.level() == Level::Error);
    match args.format {
        Format::Human => terminal::diagnose(&report.diagnostics),
        Format::Json => {}
        Format::Github => {
            if errors {
                terminal::diagnose(&report.diagnostics);
            }
            if let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) {
                append(Path::new(&path), &report::step_summary(report))?;
            }
        }
        // These are for machines, and kept as files: the log of the job is for people.
        Format::Sarif | Format::Junit | Format::Gitlab | Format::Markdown | Format::Html => {
            terminal::diagnose(&report.diagnostics);
            terminal::err(&report::summary(report));
        }
    }
    Ok(())
}

/// The formats that are asked for, each with its file, or `None` for standard output.
fn reports(args: &CheckArgs) -> impl Iterator<Item = (Format, Option<&Path>)> {
    let beside = args.reports.iter().map(|to| (to.format, Some(to.file.as_path())));
    std::iter::once((args.format, args.output.as_deref())).chain(beside)
}

/// The judgement in a format.
fn text(format: Format, report: &Judgement) -> String {
    match format {
        Format::Human => report::summary(report),
        Format::Json => report::verdict(report, progress::timings().as_ref()),
        Format::Github => report::annotations(&report.diagnostics),
        Format::Sarif => report::sarif_of(report),
        Format::Junit => report::junit(report),
        Format::Gitlab => report::gitlab_of(report),
        Format::Markdown => report::markdown(report),
        Format::Html => report::html(report),
    }
}

fn append(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .doing("write", path)
}
