//! Where the certificates of a branch landed, and which refusals were lifted there.
//!
//! A certificate's place in the base is its landing: the commit of the branch's first-parent chain that added it. What a landing lifted
//! is decided once, by the policy and the keys that were in force before it, and kept: nothing that happens later undoes it but a
//! revocation.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::document::{check, parse, signed_by};
use super::history::let_in;
use super::place::{Unknown, within};
use super::record::{Effect, Extent, Lift, Lifted, Record};
use super::{Entry, LedgerError, Origin, Position};
use crate::certificate::{Status, SubjectField};
use crate::change::{Mode, ObjectId, RepoPath, Snapshot, TreeEntry as At};
use crate::git::{Landing, Repository};
use crate::policy::GlobList;
use crate::trust::{Keyring, SignatureCheck, SignatureProblem};

/// What was in force where a landing came in.
pub(crate) trait Then {
    /// The keys, and what was asked of signatures.
    fn keyring(&self) -> &Keyring;

    /// Which of the entries that are [`Origin::Added`] lift which others.
    fn lifts(&self, entries: &[Entry]) -> Lifted;
}

/// Finds what was in force before a landing; `None` where that is not known, and then the landing lifts nothing.
pub(crate) type ThenAt<'t> = &'t dyn Fn(&Landing) -> Option<Rc<dyn Then>>;

/// What an older cache knows of the same chain.
#[derive(Default)]
pub(super) struct Known {
    /// The landings, oldest first.
    pub(super) landings: Vec<ObjectId>,
    /// The records, by path and content.
    pub(super) records: HashMap<(RepoPath, ObjectId), Record>,
}

/// The landing of what has not been found yet.
const NOT_YET: u32 = u32::MAX - 1;

/// The question about one branch.
pub(super) struct Chain<'a> {
    pub(super) repository: &'a Repository,
    pub(super) certificates: &'a GlobList,
    pub(super) prefixes: &'a [Vec<u8>],
    pub(super) tip: &'a ObjectId,
    pub(super) keyring: &'a Keyring,
    pub(super) then: ThenAt<'a>,
    /// Whether a status refuses, under the policy in question.
    pub(super) refuses: &'a dyn Fn(Status) -> bool,
}

impl Chain<'_> {
    /// Gives every record its place, and every refusal the approvals that lifted it. Returns the landings, oldest first.
    ///
    /// # Errors
    ///
    /// Any object that cannot be read.
    pub(super) fn place(&self, records: &mut [Record], known: &Known) -> Result<Vec<ObjectId>, LedgerError> {
        let mut open: HashMap<(RepoPath, ObjectId), Vec<usize>> = HashMap::new();
        for (at, record) in records.iter().enumerate() {
            let (path, blob) = record.key();
            open.entry((path.clone(), blob.clone())).or_default().push(at);
        }
        let numbers: HashMap<&ObjectId, usize> = known.landings.iter().enumerate().map(|(at, id)| (id, at)).collect();
        let mut new: Vec<(Landing, Vec<usize>)> = Vec::new();
        let mut kept = 0;
        records
            .iter_mut()
            .for_each(|record| record.place = Position::landed(NOT_YET, 0));
        if !records.is_empty() {
            self.repository.first_parents(self.tip, self.prefixes, |landing| {
                if let Some(&at) = numbers.get(&landing.commit) {
                    kept = at + 1;
                    return Ok::<_, LedgerError>(false);
                }
                let brought = self.brought(&landing, &mut open);
                if !brought.is_empty() || landing.files.iter().any(|file| self.is_ours(&file.path)) {
                    new.push((landing, brought));
                }
                Ok(!open.is_empty())
            })?;
        }
        let mut landings: Vec<ObjectId> = known.landings.iter().take(kept).cloned().collect();
        // What the older landings added is where it was.
        for (key, at) in open {
            let before = known
                .records
                .get(&key)
                .filter(|record| (record.place.landing() as usize) < kept);
            for at in at {
                let Some(record) = records.get_mut(at) else { continue };
                match before {
                    Some(before) => {
                        record.place = before.place.clone();
                        let lifts = before.lifts.iter().filter(|lift| (lift.landing as usize) < kept);
                        record.lifts = lifts.cloned().collect();
                        record.effects.clone_from(&before.effects);
                    }
                    None => record.place = lost(record, u32::try_from(kept).unwrap_or(NOT_YET)),
                }
            }
        }
        let mut standing: Vec<usize> = (0..records.len())
            .filter(|&at| {
                records
                    .get(at)
                    .is_some_and(|record| record.place.landing() != NOT_YET && self.is_open(record))
            })
            .collect();
        let mut naming: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, record) in records.iter().enumerate() {
            for name in &record.certificate.supersedes {
                naming.entry(name.clone()).or_default().push(at);
            }
        }
        for (landing, brought) in new.into_iter().rev() {
            let number = u32::try_from(landings.len()).unwrap_or(NOT_YET);
            landings.push(landing.commit.clone());
            for (at, place) in self.steps(&landing, &brought, records)? {
                if let Some(record) = records.get_mut(at) {
                    record.place = place.in_landing(number);
                }
            }
            let open = brought
                .iter()
                .filter(|&&at| records.get(at).is_some_and(|record| self.is_open(record)));
            standing.extend(open);
            self.lift(&landing, number, (&brought, &standing, &naming), records)?;
            standing.retain(|&at| records.get(at).is_some_and(|record| self.is_open(record)));
        }
        self.revoke(records);
        Ok(landings)
    }

    fn is_ours(&self, path: &RepoPath) -> bool {
        self.certificates.matches(path.as_bytes())
    }

    /// The records that a landing added. One that it only moved is looked for where it came from.
    fn brought(&self, landing: &Landing, open: &mut HashMap<(RepoPath, ObjectId), Vec<usize>>) -> Vec<usize> {
        let mut brought = Vec::new();
        for file in landing.files.iter().filter(|file| self.is_ours(&file.path)) {
            let Some(after) = file.after() else { continue };
            let Some(found) = open.remove(&(file.path.clone(), after.id.clone())) else {
                continue;
            };
            let from = landing.files.iter().find(|other| {
                let left = other.after().is_none() && other.before().is_some_and(|before| before.id == after.id);
                left && file.before().is_none() && self.is_ours(&other.path)
            });
            match from {
                Some(from) => open
                    .entry((from.path.clone(), after.id.clone()))
                    .or_default()
                    .extend(found),
                None => brought.extend(found),
            }
        }
        brought
    }

    /// The places within a landing of what it added.
    fn steps(
        &self,
        landing: &Landing,
        brought: &[usize],
        records: &[Record],
    ) -> Result<Vec<(usize, Position)>, LedgerError> {
        let approving: Vec<bool> = brought
            .iter()
            .map(|&at| records.get(at).is_some_and(|record| record.certificate.approves()))
            .collect();
        let mixed = approving.contains(&true) && approving.contains(&false);
        let ([first, _, ..], true) = (landing.parents.as_slice(), mixed) else {
            return Ok(brought.iter().map(|&at| (at, Position::landed(0, 1))).collect());
        };
        let wanted: Vec<(&RepoPath, &ObjectId)> = brought
            .iter()
            .filter_map(|&at| records.get(at).map(Record::key))
            .collect();
        let order = self.repository.order_of(
            std::slice::from_ref(first),
            std::slice::from_ref(&landing.commit),
            &wanted,
        )?;
        let places = within(&order, &approving, Unknown::Lost);
        Ok(brought.iter().copied().zip(places).collect())
    }

    /// True where nothing has lifted all of a refusal, or answered what nobody can read.
    fn is_open(&self, record: &Record) -> bool {
        record.wants_an_answer(self.refuses) && record.lifts.is_empty()
    }

    /// Notes which of the refusals in force a landing lifted.
    fn lift(
        &self,
        landing: &Landing,
        number: u32,
        (brought, standing, naming): (&[usize], &[usize], &HashMap<String, Vec<usize>>),
        records: &mut [Record],
    ) -> Result<(), LedgerError> {
        let new: BTreeSet<usize> = brought.iter().copied().collect();
        let approving: Vec<&Record> = new
            .iter()
            .filter_map(|&at| records.get(at))
            .filter(|record| record.certificate.approves())
            .collect();
        let components: BTreeSet<String> = approving.iter().flat_map(|record| record.folded_components()).collect();
        let concerned = |at: &&usize| {
            let own = records.get(**at).map(Record::folded_components).unwrap_or_default();
            own.is_empty() || !own.is_disjoint(&components)
        };
        let refused: Vec<usize> = standing.iter().filter(concerned).copied().collect();
        if refused.is_empty() || approving.is_empty() {
            return Ok(());
        }
        let Some(then) = (self.then)(landing) else {
            return Ok(());
        };
        let others = naming_one_of(&approving, naming, number, records);
        let chosen: BTreeSet<usize> = refused
            .iter()
            .copied()
            .chain(others)
            .chain(new.iter().copied())
            .collect();
        let chosen: Vec<usize> = chosen.into_iter().collect();
        let mut entries = Vec::with_capacity(chosen.len());
        for &at in &chosen {
            let Some(record) = records.get(at) else { continue };
            let mut entry = self.as_it_was(record, then.keyring())?;
            if new.contains(&at) {
                entry.origin = Origin::Added;
            }
            entries.push(entry);
        }
        let lifted = then.lifts(&entries);
        for (refusal, approval) in &lifted.whole {
            let (Some(by), Some(&at)) = (entries.get(*approval), chosen.get(*refusal)) else {
                continue;
            };
            if let Some(record) = records.get_mut(at) {
                record.lifts.push(lift_by(by, landing, number));
            }
        }
        for (approval, effect) in self.effects(landing, lifted.counting, &entries)? {
            let record = chosen.get(approval).and_then(|&at| records.get_mut(at));
            if let Some(record) = record {
                record.effects.push(effect);
            }
        }
        Ok(())
    }

    /// For which content approvals counted when they landed, each with its index among the entries.
    fn effects(
        &self,
        landing: &Landing,
        counting: BTreeSet<(usize, String, Extent)>,
        entries: &[Entry],
    ) -> Result<Vec<(usize, Effect)>, LedgerError> {
        let mut found = Vec::new();
        let mut changed = None;
        for (approval, component, extent) in counting {
            let Some(by) = entries.get(approval) else { continue };
            let content = match extent {
                Extent::Listed => Vec::new(),
                Extent::Named | Extent::All => {
                    let paths = match &mut changed {
                        Some(paths) => paths,
                        none => none.insert(self.changed(landing)?),
                    };
                    let_in(self.repository, by, paths, landing, extent == Extent::All)?
                }
            };
            if extent != Extent::Listed && content.is_empty() {
                continue;
            }
            let effect = Effect {
                component,
                content,
                commit: landing.commit.clone(),
                time: landing.time,
            };
            found.push((approval, effect));
        }
        Ok(found)
    }

    /// The paths that a landing changed, certificates and their signatures apart.
    fn changed(&self, landing: &Landing) -> Result<BTreeSet<RepoPath>, LedgerError> {
        let base = landing
            .parents
            .first()
            .map_or(Snapshot::Empty, |parent| Snapshot::Commit(parent.clone()));
        let files = self.repository.range(&base, &landing.commit)?;
        let own = |path: &RepoPath| self.is_ours(path) || signed_by(self.certificates, path).is_some();
        Ok(files
            .into_iter()
            .map(|file| file.path)
            .filter(|path| !own(path))
            .collect())
    }

    /// A record as it was judged then: its signature is held against the keys of that time.
    fn as_it_was(&self, record: &Record, keyring: &Keyring) -> Result<Entry, LedgerError> {
        let mut entry = record.clone().into_entry();
        if keyring.asks() && (keyring.keys != self.keyring.keys || !self.keyring.asks()) {
            let at = |blob: &ObjectId| At {
                mode: Mode::Regular,
                id: blob.clone(),
            };
            let document = parse(self.repository, &entry.certificate.path, Mode::Regular, &entry.blob)?;
            let signature = record.signature_blob().map(at);
            let moments: Vec<jiff::Timestamp> = entry.certificate.date.into_iter().collect();
            entry.signature = check(self.repository, &document, signature.as_ref(), keyring, &moments)?.check;
        } else if !keyring.asks() {
            entry.signature = SignatureCheck::Absent;
        }
        entry.trusted = keyring.demands.doubt(&entry.certificate, &entry.signature).is_none();
        Ok(entry)
    }

    /// Undoes what was lifted with a key that has been revoked since.
    fn revoke(&self, records: &mut [Record]) {
        let revoked: BTreeSet<ObjectId> = records
            .iter()
            .filter(|record| {
                matches!(
                    record.signature,
                    SignatureCheck::Invalid(SignatureProblem::Revoked { .. })
                )
            })
            .map(|record| record.blob.clone())
            .collect();
        if !revoked.is_empty() {
            for record in records {
                record.lifts.retain(|lift| !revoked.contains(&lift.blob));
                if revoked.contains(&record.blob) {
                    record.effects.clear();
                }
            }
        }
    }
}

/// The place of what no commit of the chain added: where it helps no approval.
fn lost(record: &Record, last: u32) -> Position {
    match record.certificate.approves() {
        true => Position::landed(0, 0),
        false => Position::landed(last, u32::MAX),
    }
}

/// The records, of this landing or older, that name one of the approvals in `Supersedes`.
fn naming_one_of(
    approving: &[&Record],
    naming: &HashMap<String, Vec<usize>>,
    number: u32,
    records: &[Record],
) -> Vec<usize> {
    let older = |at: &&usize| records.get(**at).is_some_and(|record| record.place.landing() <= number);
    let mut found: Vec<usize> = Vec::new();
    for approval in approving {
        let names = [
            approval.certificate.id.clone(),
            Some(approval.certificate.path.to_string()),
        ];
        let by = names.iter().flatten().filter_map(|name| naming.get(name)).flatten();
        found.extend(by.filter(older));
    }
    found
}

/// The record of a lift by an approval.
fn lift_by(approval: &Entry, landing: &Landing, number: u32) -> Lift {
    Lift {
        path: approval.certificate.path.clone(),
        blob: approval.blob.clone(),
        id: approval.certificate.id.clone(),
        agent: approval.certificate.agent.clone(),
        targets: match &approval.certificate.subject {
            SubjectField::Present(subject) => subject.targets.clone(),
            _ => Vec::new(),
        },
        landing: number,
        commit: landing.commit.clone(),
        time: landing.time,
    }
}
