//! Evidence that was used before: files, or raw values, that another certificate has as evidence of other commits.
//!
//! The values of a file are known by prints, and what its block names decides what they are: so the prints of a certificate are computed
//! once, and kept. A check is linear in the certificates of the component, whatever it asks of them.

use std::collections::{BTreeMap, HashMap};

use super::found::Found;
use crate::certificate::{Benchmarks, BoundFile};
use crate::change::{Digest, RepoPath, Snapshot};
use crate::evidence::bound::{self, Flaw, FlawKind};
use crate::gate::kept;
use crate::gate::undecided::Undecided;
use crate::git::Repository;
use crate::ledger::Entry;
use crate::policy::Budget;

/// The most certificates whose raw values are looked at, the newest first. Files that are the same byte for byte are found in all.
const MOST: usize = 4096;

/// By what the raw values of a file are known.
type Print = [u8; 16];
/// The prints of each file of a block, in order.
type Prints = Vec<Vec<Print>>;

/// Where a print, or a content, was seen: the certificate, and the file of its block.
#[derive(Clone, Copy)]
struct Place {
    entry: usize,
    file: usize,
}

/// Knows the evidence of all certificates that bear on a component.
pub(super) struct Reuse<'a> {
    repository: &'a Repository,
    at: &'a Snapshot,
    ledger: &'a [Entry],
    /// Metrics that are said to be deterministic counts, which may come again.
    exact: Vec<String>,
    /// Computed when the first approval asks.
    seen: Option<Seen>,
}

/// All certificates by what their files hold, the newest first.
#[derive(Default)]
struct Seen {
    contents: HashMap<Digest, Vec<Place>>,
    values: HashMap<Print, Vec<Place>>,
    /// Of each certificate, by its place in the ledger.
    prints: HashMap<usize, Prints>,
}

impl<'a> Reuse<'a> {
    /// Of the certificates of a ledger, whose evidence is in a snapshot.
    pub(super) fn new(repository: &'a Repository, at: &'a Snapshot, budgets: &[Budget], ledger: &'a [Entry]) -> Self {
        let exact = budgets.iter().filter(|budget| budget.exact);
        Self {
            repository,
            at,
            ledger,
            exact: exact.map(|budget| budget.metric.clone()).collect(),
            seen: None,
        }
    }

    /// What of a certificate's evidence is that of other commits in another one.
    pub(super) fn of(&mut self, entry: &Entry, block: &Benchmarks) -> Result<Vec<Flaw>, Undecided> {
        let alone = !self.others(&entry.certificate.path).any(|_| true);
        if alone {
            return Ok(Vec::new());
        }
        let seen = match self.seen.take() {
            Some(seen) => seen,
            None => self.look()?,
        };
        let path = &entry.certificate.path;
        let place = self.ledger.iter().position(|other| other.certificate.path == *path);
        let found = match place.and_then(|place| seen.prints.get(&place)) {
            Some(own) => self.find(entry, block, own, &seen),
            None => self.find(entry, block, &self.prints(block)?.0, &seen),
        };
        self.seen = Some(seen);
        Ok(found.into_iter().collect())
    }

    fn find(&self, entry: &Entry, block: &Benchmarks, own: &Prints, seen: &Seen) -> Option<Flaw> {
        for (file, prints) in block.files.iter().zip(own) {
            // What may come again by chance has no print, and is no copy either.
            let contents = seen.contents.get(&file.digest).filter(|_| !prints.is_empty());
            let values = prints.iter().filter_map(|print| seen.values.get(print));
            for place in contents.into_iter().chain(values).flatten() {
                let Some((other, there)) = self.place(*place) else {
                    continue;
                };
                let of_another = other
                    .certificate
                    .benchmarks
                    .present()
                    .is_some_and(|known| known.commit(there.side) != block.commit(file.side));
                if other.certificate.path != entry.certificate.path && of_another {
                    let text = format!(
                        "its raw values are those of {} in `{}`, of another commit",
                        there.path,
                        other.label()
                    );
                    let flaw = Flaw::new(FlawKind::Reused, text).of_file(&file.path.to_string());
                    return Some(flaw.at(file.line));
                }
            }
        }
        None
    }

    fn place(&self, place: Place) -> Option<(&'a Entry, &'a BoundFile)> {
        let entry = self.ledger.get(place.entry)?;
        let block = entry.certificate.benchmarks.present()?;
        Some((entry, block.files.get(place.file)?))
    }

    /// The other certificates with evidence.
    fn others(&self, path: &RepoPath) -> impl Iterator<Item = &'a Entry> {
        let others = self.ledger.iter().filter(move |other| other.certificate.path != *path);
        others.filter(|other| other.certificate.benchmarks.present().is_some())
    }

    /// Looks at all of them.
    fn look(&self) -> Result<Seen, Undecided> {
        let mut order: Vec<usize> = (0..self.ledger.len()).collect();
        order.sort_by_cached_key(|at| {
            let entry = self.ledger.get(*at);
            std::cmp::Reverse(entry.map(|entry| (entry.place.key(), entry.certificate.path.clone())))
        });
        let blocks = order.into_iter().filter_map(|at| {
            let block = self.ledger.get(at)?.certificate.benchmarks.present()?;
            Some((at, block))
        });
        let mut known: BTreeMap<String, Prints> =
            kept::load(self.repository, &kept::Key::of_prints()).unwrap_or_default();
        let mut fresh = false;
        let mut names = Vec::new();
        let mut seen = Seen::default();
        for (nth, (entry, block)) in blocks.enumerate() {
            for (file, bound) in block.files.iter().enumerate() {
                seen.contents
                    .entry(bound.digest)
                    .or_default()
                    .push(Place { entry, file });
            }
            if nth >= MOST {
                continue;
            }
            let name = kept::Key::of_block(block, &self.exact).into_name();
            let prints = match known.get(&name) {
                Some(prints) => prints.clone(),
                None => {
                    let (prints, whole) = self.prints(block)?;
                    if whole {
                        known.insert(name.clone(), prints.clone());
                        fresh = true;
                    }
                    prints
                }
            };
            names.push(name);
            for (file, prints) in prints.iter().enumerate() {
                for print in prints {
                    seen.values.entry(*print).or_default().push(Place { entry, file });
                }
            }
            seen.prints.insert(entry, prints);
        }
        if fresh {
            // Other components have theirs here, too; those of long ago go when there are too many.
            if known.len() > 2 * MOST {
                known.retain(|name, _| names.contains(name));
            }
            kept::store(self.repository, &kept::Key::of_prints(), &known);
        }
        Ok(seen)
    }

    /// The prints of the files of a block, and whether each is what the block names, so that they depend on nothing else.
    fn prints(&self, block: &Benchmarks) -> Result<(Prints, bool), Undecided> {
        let mut all = Vec::with_capacity(block.files.len());
        let mut whole = true;
        for file in &block.files {
            let content = Found::look(self.repository, self.at, file)?.read(self.repository)?;
            whole &= content.digest() == Some(file.digest);
            let found = match bound::read(&file.format, &content) {
                Ok(Some(reading)) => bound::fingerprints(&reading, &self.exact),
                _ => Vec::new(),
            };
            let short = |digest: Digest| {
                let mut print = Print::default();
                print.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
                print
            };
            all.push(found.into_iter().map(short).collect());
        }
        Ok((all, whole))
    }
}
