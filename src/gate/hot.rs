//! The parts of a repository that its own past was about performance in: directories and functions, with counts, for `init` to propose.

use std::collections::BTreeMap;

use super::lookback::Lookback;
use super::scored::content;
use crate::change::{Content, ObjectId, RepoPath};
use crate::git::{GitError, Repository};
use crate::sensitivity::score::functions_touched;

/// Most directories that are proposed.
const MOST: usize = 5;
/// Most commits of a directory that are read for the functions that they touch.
const READ: usize = 50;
/// Most functions of a directory that are named, and how many commits each takes.
const FUNCTIONS: (usize, u32) = (4, 2);

/// A directory, and how often it was touched for performance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hot {
    /// The directory.
    pub directory: RepoPath,
    /// Commits that touched source files in it.
    pub touched: u32,
    /// Of these, performance commits.
    pub perf: u32,
    /// Of these, further ones that took something back because of performance.
    pub taken_back: u32,
    /// The functions that most of both kinds touched, each with how many did.
    pub functions: Vec<(String, u32)>,
}

/// The hottest directories as seen from a commit, of those that are `wanted`.
///
/// # Errors
///
/// What cannot be read.
pub fn hot_places(
    repository: &Repository,
    tip: &ObjectId,
    wanted: impl Fn(&RepoPath) -> bool,
) -> Result<Vec<Hot>, GitError> {
    let mut lookback = Lookback::open(repository);
    lookback.reach(Some(tip))?;
    lookback.keep();
    let mut places = Vec::new();
    for heat in lookback.heat(tip, MOST, wanted) {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for (commit, parent) in heat.commits.iter().take(READ) {
            let mut names = std::collections::BTreeSet::new();
            for file in repository.differs(parent.as_ref(), commit)? {
                if !file.path.is_within(heat.directory.as_bytes()) {
                    continue;
                }
                if let Content::Lines(diff) = content(repository, &file)? {
                    names.extend(functions_touched(&diff));
                }
            }
            for name in names {
                *counts.entry(name).or_default() += 1;
            }
        }
        let mut functions: Vec<(String, u32)> = counts.into_iter().filter(|(_, count)| *count >= FUNCTIONS.1).collect();
        functions.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        functions.truncate(FUNCTIONS.0);
        places.push(Hot {
            directory: heat.directory,
            touched: heat.touched,
            perf: heat.perf,
            taken_back: heat.taken_back,
            functions,
        });
    }
    Ok(places)
}
