//! From what was asked for to a question: the arguments of a command, or else the environment of a CI system, or else what is there.

use super::advice::check_against;
use super::branches::merge_target;
use super::ci::{self, Ci};
use super::range::{between, commit, split_range};
use super::staged::staged;
use super::targets::settle;
use crate::diagnostic::{Code, Diagnostic, Placeholder};
use crate::gate::{Question, Undecided};
use crate::git::Repository;
use crate::policy::Stage;

/// What the arguments of a command choose, as they were given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chosen<'a> {
    /// `--staged`.
    pub staged: bool,
    /// `--base REV`.
    pub base: Option<&'a str>,
    /// `--head REV`.
    pub head: Option<&'a str>,
    /// `--range A..B`.
    pub range: Option<&'a str>,
    /// `--target BRANCH`.
    pub target: Option<&'a str>,
}

/// What the arguments choose; without any: what CI asks about; outside of CI what is staged, and where nothing is, this branch against the
/// one it would merge into.
///
/// # Errors
///
/// A revision or branch that is not there, and whatever keeps the change from being listed.
pub fn resolve(repository: &Repository, chosen: &Chosen<'_>, ci: &Ci) -> Result<Question, Undecided> {
    let target = chosen.target;
    if let Some(range) = chosen.range {
        let (base, head) = split_range(range)?;
        return between(repository, base, head, target);
    }
    match (chosen.base, chosen.head) {
        (Some(base), head) => return between(repository, base, head.unwrap_or("HEAD"), target),
        (None, head)
            if !chosen.staged
                && let Ci::Change(change) = ci =>
        {
            return ci::select(repository, change, head, target);
        }
        (None, Some(head)) => {
            // A head that is not there is reported before what it would be compared with.
            commit(repository, head)?;
            let (base, _) = merge_target(repository, target)?;
            return between(repository, &base, head, target);
        }
        (None, None) => {}
    }
    let with_target = |mut question: Question| -> Result<Question, Undecided> {
        if let Some(target) = target {
            settle(repository, &mut question, target)?;
        }
        Ok(question)
    };
    if chosen.staged {
        if repository.is_bare() {
            return Err(bare());
        }
        return with_target(staged(repository, Stage::PreCommit)?);
    }
    if !repository.is_bare() {
        let question = staged(repository, Stage::PreCommit)?;
        if !question.change.files.is_empty() {
            return with_target(Question {
                told: Some("judging what is staged".to_owned()),
                ..question
            });
        }
    }
    if let Ci::Unknown(mark) = ci {
        return Err(ci::unknown(mark));
    }
    let (base, _) = merge_target(repository, target)?;
    let mut question = between(repository, &base, "HEAD", target)?;
    question.told = Some(format!("nothing is staged; judging HEAD against `{base}`"));
    Ok(question)
}

fn bare() -> Undecided {
    Diagnostic::error(Code::CG705, "a bare repository has nothing staged")
        .help(check_against(Placeholder::Revision))
        .into()
}
