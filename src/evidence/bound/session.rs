//! What files state of the measurement that they are from: which commit, and, where `certgate measure` wrote them, which block of how many.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::flaw::{Flaw, FlawKind};
use crate::certificate::{Benchmarks, EvidenceSide};
use crate::evidence::compare::File;
use crate::evidence::measurement::Session;

/// The least that names a commit.
const SHORTEST: usize = 7;

/// Files that state another commit than the certificate names.
pub(super) fn other_commits(block: &Benchmarks, baseline: &[File], candidate: &[File]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for (side, files) in sides(baseline, candidate) {
        let named = block.commit(side);
        for file in files {
            let Some(stated) = &file.reading.provenance.commit else {
                continue;
            };
            let stated = stated.to_ascii_lowercase();
            // Outside of a repository tools write a word such as `unversioned`, which states nothing.
            if !stated.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                continue;
            }
            if stated.len() < SHORTEST || !named.starts_with(&stated) {
                let text = format!(
                    "states commit `{stated}`, and the certificate names {named} as the {}",
                    side.word()
                );
                flaws.push(Flaw::new(FlawKind::Other, text).of_file(&file.name));
            }
        }
    }
    flaws
}

fn sides<'f>(baseline: &'f [File], candidate: &'f [File]) -> [(EvidenceSide, &'f [File]); 2] {
    [(EvidenceSide::Baseline, baseline), (EvidenceSide::Candidate, candidate)]
}

/// Signs that runs were chosen after they were seen.
pub(super) fn picked(block: &Benchmarks, baseline: &[File], candidate: &[File]) -> Vec<Flaw> {
    let all: Vec<&File> = baseline.iter().chain(candidate).collect();
    let told: Vec<&Session> = all.iter().filter_map(|file| session(file)).collect();
    let Some(first) = told.first() else {
        return Vec::new();
    };
    let flaw = |text: String| vec![Flaw::new(FlawKind::Picked, text)];
    if told.len() < all.len() {
        return flaw("some files are of a session of `certgate measure` and some are not".to_owned());
    }
    let mut flaws = Vec::new();
    for (side, files) in sides(baseline, candidate) {
        let mut seen = BTreeSet::new();
        for file in files {
            let Some(told) = session(file) else { continue };
            if told.side != side.word() {
                let text = format!("was measured as the {}, and is bound as the {}", told.side, side.word());
                flaws.push(Flaw::new(FlawKind::Other, text).of_file(&file.name));
            }
            let other = match side {
                EvidenceSide::Baseline => &block.candidate,
                _ => &block.baseline,
            };
            if told.against != *other {
                let text = format!("was measured against commit `{}`, not {other}", told.against);
                flaws.push(Flaw::new(FlawKind::Other, text).of_file(&file.name));
            }
            if told.planned != first.planned {
                let text = format!(
                    "{} and {} blocks were planned: two sessions",
                    first.planned, told.planned
                );
                return flaw(text);
            }
            if !seen.insert(told.block) {
                return flaw(format!("block {} of the {} is there twice", told.block, side.word()));
            }
        }
        let wanted: BTreeSet<u64> = (1..=first.planned.min(100_000)).collect();
        if let Some(missing) = wanted.symmetric_difference(&seen).next() {
            return flaw(format!(
                "of {} planned blocks of the {}, block {missing} is missing or was not planned",
                first.planned,
                side.word()
            ));
        }
    }
    // Block by block, as a session goes. What was put together of two has one that began before the one before it had ended.
    let mut blocks: Vec<(u64, Option<Timestamp>)> = told
        .iter()
        .map(|told| (told.block, told.started.parse().ok()))
        .collect();
    blocks.sort();
    for pair in blocks.windows(2) {
        if let [(_, one), (block, other)] = pair
            && (one.is_none() || other.is_none())
        {
            return flaw(format!(
                "block {block}, or the one before it, does not state when it began"
            ));
        }
    }
    let ordered = blocks.windows(2).all(|pair| match pair {
        [(one, began), (other, then)] => one == other || began <= then,
        _ => true,
    });
    if !ordered {
        flaws.extend(flaw(
            "blocks did not begin one after the other: they are of two sessions".to_owned(),
        ));
    }
    flaws
}

fn session(file: &File) -> Option<&Session> {
    file.reading.provenance.session.as_deref()
}
