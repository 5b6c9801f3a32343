//! `certgate features`: the sensitivity score of commits with its reasons; for training, all that it reads, by the very code that judges.

use serde::Serialize;

use super::args::FeaturesArgs;
use super::ending::Ending;
use super::terminal;
use crate::change::ObjectId;
use crate::diagnostic::{Code, Diagnostic, command};
use crate::gate::{Lookback, Undecided, scored_content};
use crate::git::Repository;
use crate::intake::range::{commit, split_range};
use crate::sensitivity::score::features::{Feature, read};
use crate::sensitivity::score::model::Model;
use crate::sensitivity::score::{ScoreReason, of_features};

/// How many commits are shown where nothing says otherwise.
const LAST: usize = 1;

#[derive(Serialize)]
struct Row {
    commit: String,
    parent: Option<String>,
    files: Vec<RowFile>,
}

#[derive(Serialize)]
struct RowFile {
    path: String,
    score: u32,
    #[serde(skip)]
    because: Vec<ScoreReason>,
    features: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hunks: Vec<Vec<String>>,
}

/// Carries it out.
pub(super) fn run(args: &FeaturesArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open_to_judge()?;
    let (excluded, tip) = match args.range.as_deref().map(split_range).transpose()? {
        Some((base, head)) => (vec![commit(&repository, base)?], commit(&repository, head)?),
        None => (Vec::new(), commit(&repository, "HEAD")?),
    };
    let given = args.last.map(|last| usize::try_from(last).unwrap_or(usize::MAX));
    let most = given.or(excluded.is_empty().then_some(LAST));
    let commits = repository.commits(&tip, &excluded, most)?;
    if commits.is_empty() {
        let problem = Diagnostic::error(Code::CG662, "there is no commit to look at");
        return Err(problem.help(command!["certgate", "features", "--last", "10"]).into());
    }
    let mut lookback = Lookback::open(&repository);
    for (commit, parent) in commits {
        let row = row(&repository, &mut lookback, (&commit, parent.as_ref()), args.hunks)?;
        terminal::out(&match args.jsonl {
            true => serde_json::to_string(&row).unwrap_or_default() + "\n",
            false => human(&row),
        })?;
    }
    lookback.keep();
    Ok(Ending::Done)
}

/// What a commit shows.
fn row(
    repository: &Repository,
    lookback: &mut Lookback<'_>,
    (commit, parent): (&ObjectId, Option<&ObjectId>),
    hunks: bool,
) -> Result<Row, Undecided> {
    lookback.reach(parent)?;
    let view = lookback.view(parent);
    let names = |features: Vec<Feature>| features.into_iter().map(|feature| feature.name).collect();
    let mut files = Vec::new();
    for file in repository.differs(parent, commit)? {
        let content = scored_content(repository, &file)?;
        let evidence = read(&file, &content, &view);
        let score = of_features(Model::embedded(), &file.path, &evidence);
        files.push(RowFile {
            path: file.path.to_string(),
            score: score.score,
            because: score.because,
            features: names(evidence.whole()),
            hunks: match hunks {
                true => evidence.parts().into_iter().map(names).collect(),
                false => Vec::new(),
            },
        });
    }
    Ok(Row {
        commit: commit.to_string(),
        parent: parent.map(ObjectId::to_string),
        files,
    })
}

fn human(row: &Row) -> String {
    let mut text = format!("{}\n", row.commit);
    for file in &row.files {
        text.push_str(&format!("  {}: {} of 1000\n", file.path, file.score));
        for reason in &file.because {
            text.push_str(&format!("    {:+5}  {}\n", reason.weight, reason.text));
        }
    }
    text
}
