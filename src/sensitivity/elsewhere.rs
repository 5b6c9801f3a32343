//! A second look at what rules found, once it is known what the change moves from file to file.
//!
//! It costs a look at all files of the change, and so is taken only where something was found that it could take back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::claims::judge_left;
use super::moves::{MOST_FILES, Moves, is_searched};
use super::plan::Plan;
use super::scan::Scan;
use super::wanted::{Candidate, Want, want};
use super::{By, ContentSource, Found, Reason, RuleKind};
use crate::change::{Change, Content, FileChange, RepoPath};
use crate::policy::{Component, TwinPath};

/// Judges those files again that were gated for what only has another place now.
pub(super) fn again<'p, S: ContentSource + ?Sized>(
    (by, plans): (&[By<'p>], &[Plan<'p>]),
    (change, beside): (&Change, &BTreeSet<&RepoPath>),
    content: &S,
    found: &mut [Found<'_>],
) {
    let doubtful = |(by, found): (&By<'_>, &Found<'_>)| {
        found.claims.iter().any(|(file, claims)| {
            is_searched(file)
                && claims.iter().any(|(at, reasons)| {
                    by.policy
                        .components
                        .get(*at)
                        .is_some_and(|component| is_doubtful(component, reasons))
                })
        })
    };
    if !by.iter().zip(found.iter()).any(doubtful) {
        return;
    }
    let searched: Vec<&FileChange> = change.files.iter().filter(|file| is_searched(file)).collect();
    if searched.len() > MOST_FILES {
        return;
    }
    // What cannot be read was not moved.
    let read: Vec<(&FileChange, Content)> = searched
        .into_iter()
        .filter_map(|file| content.content(file).ok().map(|content| (file, content)))
        .collect();
    let files: Vec<(&FileChange, &Content)> = read.iter().map(|(file, content)| (*file, content)).collect();
    let moves = Moves::between(&files);
    if moves.is_empty() {
        return;
    }
    let contents: BTreeMap<&RepoPath, (&FileChange, &Content)> = files
        .iter()
        .map(|(file, content)| (&file.path, (*file, *content)))
        .collect();
    for ((by, plan), found) in by.iter().zip(plans).zip(found) {
        let look = |path: &RepoPath| -> Option<Vec<Candidate<'p>>> {
            let (file, _) = contents.get(path)?;
            match want(by, plan, file, beside.contains(path)) {
                Want::Rules(wanted) => Some(wanted.candidates),
                _ => None,
            }
        };
        for (file, claims) in &mut found.claims {
            let Some((_, Content::Lines(diff))) = contents.get(&file.path) else {
                continue;
            };
            let others = moves.others(&file.path);
            if others.is_empty() {
                continue;
            }
            let Some(own) = look(&file.path) else { continue };
            for (at, reasons) in claims.iter_mut() {
                let candidate = own.iter().find(|candidate| candidate.index == *at);
                let Some(candidate) = candidate.filter(|candidate| is_doubtful(candidate.component, reasons)) else {
                    continue;
                };
                let covers = |path: &&&RepoPath| {
                    let alike = |other: &Candidate<'_>| covers((other, path), (candidate, &file.path));
                    **path == &file.path || look(path).is_some_and(|all| all.iter().any(alike))
                };
                let covered: BTreeSet<&RepoPath> = others.iter().filter(covers).copied().collect();
                let paths = (&file.path, &file.path);
                if let Some(left) = moves.left(paths, diff, |path| covered.contains(path)) {
                    *reasons = judge_left(file, candidate, &left);
                }
            }
            claims.retain(|(_, reasons)| !reasons.is_empty());
        }
        found.claims.retain(|(_, claims)| !claims.is_empty());
    }
}

/// Whether a move could be all that a component found.
fn is_doubtful(component: &Component, reasons: &[Reason]) -> bool {
    let of_lines = |reason: &Reason| matches!(reason.rule, RuleKind::Path | RuleKind::Content | RuleKind::Function);
    component.rules.ignore.kept && reasons.iter().any(of_lines)
}

/// Whether a component looks at another file by all rules by which it looks at one: what comes from where nobody looked is new.
fn covers((other, there): (&Candidate<'_>, &RepoPath), (own, here): (&Candidate<'_>, &RepoPath)) -> bool {
    let rules = |scan: &Option<Arc<Scan<'_>>>| -> BTreeSet<*const crate::policy::ContentRule> {
        scan.iter()
            .flat_map(|scan| scan.rules().iter().map(|rule| std::ptr::from_ref(*rule)))
            .collect()
    };
    let functions = |path: &RepoPath| -> Vec<bool> {
        let twin = TwinPath::new(path.as_bytes());
        let rules = own.component.rules.functions.iter();
        rules
            .map(|rule| rule.paths.as_ref().is_none_or(|paths| paths.gating(&twin).is_some()))
            .collect()
    };
    other.index == own.index
        && (own.glob.is_none() || other.glob.is_some())
        && rules(&own.content).is_subset(&rules(&other.content))
        && (!own.functions
            || functions(here)
                .iter()
                .zip(functions(there))
                .all(|(here, there)| !here || there))
}
