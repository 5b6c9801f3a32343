//! `certgate measure`: two revisions, run in turn on this machine, and decided.

use std::path::{Path, PathBuf};

use super::args::MeasureArgs;
use super::compare::share;
use super::{Ending, Undecided, terminal};
use crate::author::measure::{Host, Measured, Plan, Results, load, measure};
use crate::author::{evidence, sign};
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, command};
use crate::evidence::compare::{Comparison, Criteria, Design, File, compare};
use crate::evidence::decide::{Conclusion, MIN_RUNS, Rule, needed, noise};
use crate::evidence::exact_null::Alpha;
use crate::evidence::measurement::Direction;
use crate::git::Repository;
use crate::intake::benchmarks::{self, Unread};
use crate::intake::{branches, range};
use crate::{report, signals};

/// How many blocks count where nobody says.
const RUNS: usize = 10;

/// Carries it out.
pub(super) fn run(args: &MeasureArgs) -> Result<Ending, Undecided> {
    // Held to the end: worktrees are taken away before the process ends, and what was measured is reported.
    let hold = signals::hold();
    let ended = carry_out(args);
    drop(hold);
    ended
}

fn carry_out(args: &MeasureArgs) -> Result<Ending, Undecided> {
    let question = question(args)?;
    let repository = Repository::open()?;
    let base = match &args.base {
        Some(base) => base.clone(),
        None => branches::merge_target(&repository, None)?.0,
    };
    let commits = [
        range::commit(&repository, &base)?,
        range::commit(&repository, &args.head)?,
    ];
    if !repository.is_bare() && repository.is_dirty()? {
        terminal::err("note: commits are measured; what is not committed is not\n");
    }
    let results = Results::of(args.results.as_deref()).map_err(|problem| {
        Undecided::usage(
            format!("--results: {problem}"),
            "certgate measure --run 'make bench' --results 'out/*.json'",
        )
    })?;
    let scratch = tempfile::tempdir();
    let scratch = scratch.map_err(|error| Undecided::io("make a scratch folder in", &std::env::temp_dir(), &error))?;
    let output = match args.pilot {
        true => scratch.path().join("pilot"),
        false => args.output.clone(),
    };
    empty(&output)?;
    let plan = Plan {
        commits,
        runs: args.runs.unwrap_or(if args.pilot { MIN_RUNS } else { RUNS }),
        warmup: args.warmup,
        run: args.run.clone(),
        prepare: args.prepare.clone(),
        results,
        output,
    };
    if plan.runs == 0 {
        return Err(Undecided::usage(
            "--runs takes at least 1",
            "for example: certgate measure --runs 10 …",
        ));
    }
    // Before anything runs: a key that is not there would be found too late.
    let key = sign::key(&repository, args.sign.as_ref())?;
    busy();
    let measured = measure(&repository, &plan)?;
    if measured.interrupted {
        terminal::err(&interrupted(&plan, &measured, args.pilot));
        // The signal ends the process as soon as it is let through.
        return Ok(Ending::Open);
    }
    let [baseline, candidate] = &measured.files;
    if let Some(key) = &key {
        let [before, after] = &plan.commits;
        let statement = evidence::statement([before, after], baseline, candidate)?;
        sign::measured(&plan.output, &statement, (key, terminal::is_interactive()))?;
    }
    let (baseline, candidate) = (read(baseline)?, read(candidate)?);
    let comparison = compare(&question, &baseline, &candidate, &|_, _| true);
    match args.pilot {
        true => pilot(&question, &comparison),
        false => told(&question, &plan, &comparison),
    }
}

fn question(args: &MeasureArgs) -> Result<Criteria, Undecided> {
    let threshold = share(&args.threshold).ok_or_else(|| {
        Undecided::usage(
            "--threshold takes a share of at least 0",
            "for example: certgate measure --threshold 5% …",
        )
    })?;
    let alpha = Alpha::new(args.alpha).ok_or_else(|| {
        Undecided::usage(
            "--alpha takes a number above 0 and below 0.5, of at most nine places",
            "for example: certgate measure --alpha 0.05 …",
        )
    })?;
    Ok(Criteria {
        threshold,
        alpha,
        design: Design::Interleaved,
        ..Criteria::default()
    })
}

/// Says so where others are at work on this machine: it does no harm to the verdict, but needs more runs.
fn busy() {
    let cpus = Host::this().cpus.unwrap_or(1);
    if let Some(load) = load().filter(|load| *load > 0.75 * cpus as f64) {
        terminal::err(&format!(
            "note: the load of this machine is {load:.1} on {cpus} processors; on a quiet one fewer runs decide\n"
        ));
    }
}

/// Results are never added to those of another measurement: who may go on until it passes will pass.
fn empty(output: &Path) -> Result<(), Undecided> {
    match std::fs::read_dir(output).map(|mut entries| entries.next().is_some()) {
        Ok(true) => {
            let mut old = output.as_os_str().to_owned();
            old.push(".old");
            let old = PathBuf::from(old);
            let problem = Diagnostic::error(Code::CG643, format!("{} holds something already", output.display()));
            Err(problem
                .because("the number of runs is fixed before the first one; results are not added to earlier ones")
                .help(command!["mv", output, &old].why("or another folder, by --output"))
                .into())
        }
        Ok(false) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Undecided::io("read", output, &error)),
    }
}

fn interrupted(plan: &Plan, measured: &Measured, pilot: bool) -> String {
    let kept = match (pilot, measured.blocks) {
        (true, _) | (_, 0) => String::new(),
        _ => format!("; what was measured is in {}", plan.output.display()),
    };
    format!(
        "stopped after {} of {} blocks of runs{kept}\n",
        measured.blocks, plan.runs
    )
}

fn read(paths: &[PathBuf]) -> Result<Vec<File>, Undecided> {
    let mut files = Vec::new();
    for path in paths {
        files.push(benchmarks::read(path).map_err(|unread| match unread {
            Unread::Refused(diagnostic) => Undecided::from(*diagnostic),
            Unread::Io(undecided) => undecided,
        })?);
    }
    Ok(files)
}

/// How many runs are needed, and nothing of which side is faster: whoever knows that could stop when it suits.
fn pilot(question: &Criteria, comparison: &Comparison) -> Result<Ending, Undecided> {
    let rule = Rule {
        threshold: question.threshold,
        alpha: question.alpha,
        higher_is_better: false,
    };
    let mut text = String::new();
    let mut most = Some(MIN_RUNS);
    for result in &comparison.results {
        let [before, after] = &result.values;
        let name = crate::diagnostic::sanitize(&format!("{} {}", result.benchmark, result.metric));
        if result.exact {
            text.push_str(&format!("{name}: a count, one run is enough\n"));
            continue;
        }
        let noise = noise(before, after);
        let runs = noise.and_then(|noise| needed(&rule, noise, 1.0));
        let said = match (noise, runs) {
            (Some(noise), Some(runs)) => format!("runs differ by {:.1} %, so {runs} a side are needed", noise * 100.0),
            (Some(noise), None) => format!("runs differ by {:.1} %: too much for any number of runs", noise * 100.0),
            (None, _) => "nothing can be said of its noise".to_owned(),
        };
        text.push_str(&format!("{name}: {said}\n"));
        most = most.zip(runs).map(|(most, runs)| most.max(runs));
    }
    match most.filter(|_| !comparison.results.is_empty()) {
        Some(runs) => text.push_str(&format!("\ncertgate measure --runs {runs} …\n")),
        None => text.push_str("\na quieter machine, or a longer benchmark, is needed\n"),
    }
    terminal::out(&text)?;
    Ok(match most {
        Some(_) => Ending::Done,
        None => Ending::Open,
    })
}

fn told(question: &Criteria, plan: &Plan, comparison: &Comparison) -> Result<Ending, Undecided> {
    terminal::diagnose_all(&report::comparison_diagnostics(comparison, question.design));
    let output = RepoPath::from(plan.output.display().to_string().as_str()).for_shell();
    let again = format!("certgate compare --design interleaved {output}/baseline/* -- {output}/candidate/*\n");
    let mut text = report::comparison_lines(comparison);
    if comparison
        .results
        .iter()
        .any(|result| result.direction == Direction::Unknown)
    {
        text.push_str("a metric of unknown direction decides nothing: `certgate compare --direction` says it\n");
    }
    text.push_str(&format!("\n{again}"));
    terminal::out(&text)?;
    Ok(match comparison.verdict() {
        Conclusion::Pass => Ending::Done,
        Conclusion::Inconclusive => Ending::Open,
        Conclusion::Regressed | Conclusion::Invalid => Ending::Blocked,
    })
}
