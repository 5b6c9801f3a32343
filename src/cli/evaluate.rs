//! `certgate evaluate`: how well the rules of a policy and the score find a repository's own performance commits.

use std::collections::{BTreeMap, BTreeSet};

use regex::RegexBuilder;

use super::args::{EvaluateArgs, EvaluateFormat};
use super::ending::Ending;
use super::fault::Doing as _;
use super::simulate::policy;
use super::terminal;
use crate::change::ObjectId;
use crate::diagnostic::{Code, Diagnostic, command, sanitize};
use crate::gate::{TargetBranch, Undecided};
use crate::git::{Repository, Stretch};
use crate::intake::range::{commit, split_range};
use crate::report;
use crate::simulate::{Plan, Row, evaluate, score_all, simulate};

/// How many commits are looked at where nothing says otherwise.
const LAST: usize = 500;

/// The type `perf` of conventional commits, as repositories write it.
const PERF: &str = r"^\W*perf(ormance)?(\([^)]*\))?\s*[:!\]]";

/// The largest pattern, compiled.
const PATTERN: usize = 1 << 19;

/// What makes a commit a performance commit.
enum Label {
    Subject(regex::Regex),
    Listed(BTreeSet<ObjectId>),
}

/// Carries it out.
pub(super) fn run(args: &EvaluateArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open_to_judge()?;
    let (excluded, tip) = match args.range.as_deref().map(split_range).transpose()? {
        Some((base, head)) => (Some(commit(&repository, base)?), commit(&repository, head)?),
        None => (None, commit(&repository, "HEAD")?),
    };
    let (label, says) = label(args)?;
    let given = args.last.map(|last| usize::try_from(last).unwrap_or(usize::MAX));
    let most = given.or(excluded.is_none().then_some(LAST));
    // What a merge holds, other commits have said already.
    let mut steps = repository.walk(&Stretch {
        tip: &tip,
        excluded: excluded.as_ref(),
        last: None,
        since: None,
        first_parents: false,
    })?;
    steps.retain(|step| !step.merge);
    steps.truncate(most.unwrap_or(usize::MAX));
    let Some(newest) = steps.first() else {
        let problem = Diagnostic::error(Code::CG662, "there is no commit to judge");
        return Err(problem.help(command!["certgate", "evaluate", "--last", "500"]).into());
    };
    let in_force = policy(&repository, args.policy.as_deref(), newest)?;
    let plan = Plan {
        steps: &steps,
        in_force: &in_force,
        target: TargetBranch::Unknown,
        dials: false,
    };
    let mut scoring = score_all(&repository, &steps)?;
    let simulation = simulate(&repository, &plan)?;
    let mut scores = BTreeMap::new();
    for step in &steps {
        scores.insert(step.commit.clone(), scoring.commit(&step.commit, step.parent.as_ref())?);
    }
    scoring.keep();
    let positive = |row: &Row| match &label {
        Label::Subject(pattern) => pattern.is_match(&row.subject),
        Label::Listed(commits) => commits.contains(&row.commit),
    };
    let evaluation = evaluate(&simulation, says, positive, &scores);
    terminal::out(&match args.format {
        EvaluateFormat::Markdown => report::evaluation_markdown(&evaluation),
        EvaluateFormat::Json => report::evaluation_json(&evaluation),
        EvaluateFormat::Svg => report::evaluation_svg(&evaluation),
    })?;
    Ok(Ending::Done)
}

/// The label that is asked for, and how it is called.
fn label(args: &EvaluateArgs) -> Result<(Label, String), Undecided> {
    if let Some(path) = &args.labels {
        let text = std::fs::read_to_string(path).doing("read", path)?;
        let mut commits = BTreeSet::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let id = line.split_whitespace().next().and_then(ObjectId::from_hex);
            commits.insert(id.ok_or_else(|| {
                Undecided::usage(
                    format!("`{}` is no id of a commit", sanitize(line)),
                    "one full id of a commit a line, as `git rev-list` writes it".to_owned(),
                )
            })?);
        }
        return Ok((Label::Listed(commits), sanitize(&path.display().to_string())));
    }
    let pattern = args.label.as_deref().unwrap_or(PERF);
    let compiled = RegexBuilder::new(pattern)
        .case_insensitive(args.label.is_none())
        .size_limit(PATTERN)
        .build();
    let compiled = compiled.map_err(|error| {
        Undecided::usage(
            format!(
                "`{}` is no pattern: {}",
                sanitize(pattern),
                sanitize(&error.to_string())
            ),
            command!["certgate", "evaluate", "--label", "^perf"],
        )
    })?;
    Ok((Label::Subject(compiled), sanitize(pattern)))
}
