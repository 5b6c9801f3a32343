//! Which directories of a repository its own performance commits touched most.

use std::collections::{BTreeMap, BTreeSet};

use super::super::place::area;
use super::{CLAIM, HABIT, Known, PERF, Past, REGRESSION, directory};
use crate::change::{ObjectId, RepoPath};

/// So many commits at least were about performance where a directory is hot.
const LEAST: u32 = 3;
/// By how many times more often than in the repository as such.
const TIMES: u32 = 2;

/// A directory that was touched for performance more often than others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heat {
    /// The directory.
    pub directory: RepoPath,
    /// Commits that touched source files directly in it.
    pub touched: u32,
    /// Of these, commits that were called performance.
    pub perf: u32,
    /// Of these, further ones that took something back, or named a regression, because of performance.
    pub taken_back: u32,
    /// The commits of both kinds, newest first, each with its parent.
    pub commits: Vec<(ObjectId, Option<ObjectId>)>,
}

impl Past {
    /// The directories below the root that performance commits and reverts touched most, as seen from a commit, the hottest first; of two of which
    /// one holds the other the hotter, and only those that are `wanted`.
    pub fn heat(&self, tip: &ObjectId, most: usize, wanted: impl Fn(&RepoPath) -> bool) -> Vec<Heat> {
        let Ok((order, _)) = self.walk(Some(tip)) else {
            return Vec::new();
        };
        let commits: Vec<&Known> = order.iter().filter_map(|at| self.commits.get(*at as usize)).collect();
        let typed = commits.iter().filter(|known| known.kind & PERF != 0).count();
        let counts = if typed >= HABIT as usize { PERF } else { PERF | CLAIM };
        let mut found: BTreeMap<&[u8], Heat> = BTreeMap::new();
        let (mut all, mut hot) = (0u32, 0u32);
        for known in commits {
            let perf = known.kind & counts != 0;
            let back = known.kind & REGRESSION != 0 && !perf;
            all += 1;
            hot += u32::from(perf || back);
            let places = known.files.iter().filter_map(|file| self.places.get(*file as usize));
            let source = places.filter(|place| area(&place.path) == "source");
            let directories: BTreeSet<&[u8]> = source.map(|place| directory(place.path.as_bytes())).collect();
            for name in directories {
                let heat = found.entry(name).or_insert_with(|| Heat {
                    directory: RepoPath::new(name),
                    touched: 0,
                    perf: 0,
                    taken_back: 0,
                    commits: Vec::new(),
                });
                heat.touched += 1;
                heat.perf += u32::from(perf);
                heat.taken_back += u32::from(back);
                if perf || back {
                    heat.commits.push((known.id.clone(), known.parents.first().cloned()));
                }
            }
        }
        let above = |heat: &Heat| {
            let own = heat.perf + heat.taken_back;
            own >= LEAST && u64::from(own) * u64::from(all) >= u64::from(TIMES * hot) * u64::from(heat.touched)
        };
        let mut found: Vec<Heat> = found
            .into_values()
            .filter(|heat| !heat.directory.as_bytes().is_empty() && above(heat) && wanted(&heat.directory))
            .collect();
        found.sort_by(|a, b| {
            let own = |heat: &Heat| heat.perf + heat.taken_back;
            own(b).cmp(&own(a)).then_with(|| a.directory.cmp(&b.directory))
        });
        let mut chosen: Vec<Heat> = Vec::new();
        for heat in found {
            let overlaps = |other: &Heat| {
                other.directory.is_within(heat.directory.as_bytes())
                    || heat.directory.is_within(other.directory.as_bytes())
            };
            if chosen.len() < most && !chosen.iter().any(overlaps) {
                chosen.push(heat);
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::super::PastEntry;
    use super::*;

    #[test]
    fn a_directory_is_hot_where_performance_commits_are() {
        let mut past = Past::default();
        let id = |number: u8| ObjectId::Sha1([number; 20]);
        for number in 1..=60u8 {
            let (message, path) = match number % 10 {
                0 | 5 => ("perf: x", "src/hot/a.rs"),
                1 => ("Revert \"perf: x\"", "src/hot/b.rs"),
                2 => ("feat: x", "src/hot/deep/a.rs"),
                3 => ("perf: y", "tests/hot/a.rs"),
                4 => ("perf: root", "main.rs"),
                _ => ("feat: x", "src/cold/a.rs"),
            };
            let path = RepoPath::new(path);
            past.add(PastEntry {
                commit: id(number),
                parents: (number > 1).then(|| id(number - 1)).into_iter().collect(),
                time: i64::from(number),
                message: message.as_bytes(),
                files: vec![(&path, None)],
            });
        }
        let found = past.heat(&id(60), 5, |_| true);
        let [hot] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (hot.directory.to_string(), hot.touched, hot.perf, hot.taken_back),
            ("src/hot".to_owned(), 18, 12, 6)
        );
        assert_eq!(hot.commits.len(), 18);
        assert_eq!(hot.commits[0], (id(60), Some(id(59))));
        assert_eq!(past.heat(&id(60), 5, |_| false), []);
        assert_eq!(past.heat(&id(99), 5, |_| true), []);
    }
}
