//! What the decision says of files that lack something: each gap once, files with the same gap together.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{Lack, Weighing};
use super::{Finding, GatedPath, Problem};
use crate::change::RepoPath;
use crate::policy::Owners;

/// How many certificates that do not count are reported with a gap; the newest.
const MOST_TOLD: usize = 3;

impl Weighing<'_> {
    /// The files that lack something and that no bypass lets through.
    pub(super) fn gaps(&self, refused: &BTreeSet<&RepoPath>, findings: &mut Vec<Finding>) -> BTreeSet<RepoPath> {
        let unit = self.unit;
        let mut open = BTreeSet::new();
        let mut changed: BTreeMap<usize, Vec<RepoPath>> = BTreeMap::new();
        let mut uncovered = Vec::new();
        let mut few: BTreeMap<Vec<String>, Vec<RepoPath>> = BTreeMap::new();
        let mut handoffs: BTreeMap<&str, Vec<RepoPath>> = BTreeMap::new();
        let mut unowned: BTreeMap<&Owners, Vec<RepoPath>> = BTreeMap::new();
        let mut unauthorized = Vec::new();
        let mut bypassed: BTreeMap<usize, Vec<RepoPath>> = BTreeMap::new();
        // A refused file has been reported: that nothing else approves it is no news.
        for file in unit.files.iter().filter(|file| !refused.contains(&file.path)) {
            let lacks = self.lacks(file);
            let path = || file.path.clone();
            if lacks.is_empty() {
                continue;
            }
            if let Some(bypass) = self.bypass_of(file) {
                bypassed.entry(bypass).or_default().push(path());
                continue;
            }
            open.insert(path());
            for lack in lacks {
                match lack {
                    Lack::Approval => match self.stale(file) {
                        Some(stale) => changed.entry(stale).or_default().push(path()),
                        None => uncovered.push(path()),
                    },
                    Lack::Approvals(have) => few.entry(have.into_iter().collect()).or_default().push(path()),
                    Lack::Handoff(agent) => handoffs.entry(agent).or_default().push(path()),
                    Lack::Owners(owners) => unowned.entry(owners).or_default().push(path()),
                    Lack::Authorization => unauthorized.push(path()),
                }
            }
        }
        for (entry, changed) in changed {
            let covers = |file: &&GatedPath| {
                self.candidates(file)
                    .any(|w| w.index == entry && self.covers(w, file).is_ok())
            };
            let covered = unit.files.iter().filter(covers).map(|file| file.path.clone()).collect();
            findings.push(Finding::Changed {
                unit: unit.id.clone(),
                entry,
                covered,
                changed,
            });
        }
        if !unauthorized.is_empty() {
            findings.push(Finding::Unauthorized {
                unit: unit.id.clone(),
                files: unauthorized,
                authorizers: unit.authorizers.clone(),
            });
        }
        if !uncovered.is_empty() {
            let told = self
                .statements
                .iter()
                .filter_map(|statement| self.why_not(statement, &uncovered).map(|p| (statement.index, p)));
            let because = told.take(MOST_TOLD).collect();
            findings.push(Finding::Uncovered {
                unit: unit.id.clone(),
                files: uncovered,
                because,
            });
        }
        for (have, files) in few {
            findings.push(Finding::TooFew {
                unit: unit.id.clone(),
                files,
                have,
                need: unit.approvals,
            });
        }
        for (agent, files) in handoffs {
            findings.push(Finding::Handoff {
                unit: unit.id.clone(),
                agent: agent.to_owned(),
                files,
            });
        }
        for (owners, files) in unowned {
            findings.push(Finding::Unowned {
                unit: unit.id.clone(),
                owners: owners.clone(),
                files,
            });
        }
        for (entry, files) in bypassed {
            findings.push(Finding::Bypassed {
                unit: unit.id.clone(),
                entry,
                files,
            });
        }
        open
    }

    /// The certificate that lists the file with other content.
    fn stale(&self, file: &GatedPath) -> Option<usize> {
        self.candidates(file)
            .find(|statement| statement.may_approve() && self.covers(statement, file) == Err(Problem::Changed))
            .map(|statement| statement.index)
    }
}
