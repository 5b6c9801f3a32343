//! What each dial of the policy would change: the commits that are gated are asked again, by the policy with the dial turned.

use std::collections::{BTreeMap, BTreeSet};

use super::{ComponentRate, Row, RuleRate, Touched, own};
use crate::change::{Change, ObjectId};
use crate::gate::{InForce, Profiles, Scores, Undecided, gate_by};
use crate::git::Repository;
use crate::policy::{Component, Enforcement, GlobList, POLICY_COMPONENT, PackageRules, Policy, Stage};
use crate::sensitivity::By;
use crate::verdict::{Outcome, Verdict};

/// Most rules, components and directories for which a dial is turned.
const TRIED: usize = 5;
/// Directories: of a hundred gated commits, those that a directory may have to be worth leaving out.
const WORTH: std::ops::RangeInclusive<usize> = 10..=60;

/// Files that many repositories hold and that are seldom what is fast or slow.
const ASIDE: [(&str, &str); 4] = [
    ("tests", "**/{test,tests,testing,testdata,spec,__tests__}/**"),
    ("benchmarks", "**/{bench,benches,benchmark,benchmarks}/**"),
    ("documentation and examples", "**/{doc,docs,example,examples}/**"),
    (
        "vendored code",
        "**/{vendor,third_party,third-party,node_modules,extern,external}/**",
    ),
];

/// A dial, turned.
pub(crate) struct Dial {
    /// What to write into the policy.
    pub(crate) change: String,
    /// In words.
    pub(crate) about: String,
    /// Commits that something still gates.
    pub(crate) gated: usize,
    /// Commits that are still blocked.
    pub(crate) blocked: usize,
    /// The newest commit that nothing gates any more.
    pub(crate) example: Option<ObjectId>,
}

/// A dial that changes what is gated.
struct Turn {
    change: String,
    about: String,
    policy: Policy,
}

/// Turns each dial that might matter; those that change nothing are left out. The one that saves most comes first.
pub(super) fn turned(
    repository: &Repository,
    in_force: &InForce,
    rows: &[Row],
    gated: &[(usize, Change)],
    (components, rules): (&[ComponentRate], &[RuleRate]),
    scores: &Scores<'_>,
) -> Result<Vec<Dial>, Undecided> {
    let policy = &in_force.policy;
    let profiles = Profiles::load(repository, policy, &in_force.at)?;
    let mut turns = disabled(policy, rules);
    turns.extend(excluded(policy, rows));
    turns.extend(ignoring(policy, components));
    let blocked_before = rows.iter().filter(|row| row.verdict() == Some(Verdict::Block)).count();
    let mut dials: Vec<Dial> = turns
        .iter()
        .map(|turn| Dial {
            change: turn.change.clone(),
            about: turn.about.clone(),
            gated: 0,
            blocked: 0,
            example: None,
        })
        .collect();
    for (at, change) in gated {
        let Some(row) = rows.get(*at) else { continue };
        let by = turns.iter().map(|turn| By {
            policy: &turn.policy,
            adoption: false,
            evidence: std::collections::BTreeSet::new(),
            announced: None,
        });
        let by: Vec<_> = by.map(|by| (by, &profiles)).collect();
        let found = gate_by(repository, change, by, Some(scores))?;
        let lacks = |id: &str| {
            row.touched()
                .iter()
                .any(|touched| touched.id == id && stops(policy, touched))
        };
        let was_blocked = row.verdict() == Some(Verdict::Block);
        for (dial, found) in dials.iter_mut().zip(&found) {
            match found.components.is_empty() {
                true => {
                    dial.example.get_or_insert_with(|| row.commit.clone());
                }
                false => dial.gated += 1,
            }
            let blocks = found.components.iter().any(|component| lacks(&component.id));
            dial.blocked += usize::from(was_blocked && blocks);
        }
    }
    dials.extend(warning(policy, rows, components, gated.len()));
    dials.retain(|dial| dial.gated < gated.len() || dial.blocked < blocked_before);
    dials.sort_by(|a, b| (a.blocked, a.gated, &a.change).cmp(&(b.blocked, b.gated, &b.change)));
    Ok(dials)
}

/// Whether a component that lacks a certificate stops a merge into a branch that is protected.
fn stops(policy: &Policy, touched: &Touched) -> bool {
    let component = policy.components.iter().find(|component| component.id == touched.id);
    let own = component.map(|component| component.enforce.enforcement(Enforcement::Block, Stage::Merge));
    touched.outcome != Outcome::Approved && own.unwrap_or(Enforcement::Block) == Enforcement::Block
}

/// `disable`, for the rules that gate most by themselves.
fn disabled(policy: &Policy, rules: &[RuleRate]) -> Vec<Turn> {
    let counts = |rate: &&RuleRate| rate.component != POLICY_COMPONENT && rate.commits > 0;
    let mut worst: Vec<&RuleRate> = rules.iter().filter(counts).collect();
    worst.sort_by_key(|rate| std::cmp::Reverse((rate.alone, rate.commits)));
    worst
        .into_iter()
        .filter_map(|rate| {
            let mut turned = policy.clone();
            let component = turned.components.iter_mut().find(|own| own.id == rate.component)?;
            without_rule(component, &rate.rule).then(|| Turn {
                change: format!("disable: [{}/{}]", rate.component, rate.rule),
                about: "without this rule".to_owned(),
                policy: turned,
            })
        })
        .take(TRIED)
        .collect()
}

/// Takes a rule out by its name; false where there is none of that name.
fn without_rule(component: &mut Component, name: &str) -> bool {
    let rules = &mut component.rules;
    let numbered = |kind: &str| {
        let number: usize = name.strip_prefix(kind)?.strip_prefix('-')?.parse().ok()?;
        number.checked_sub(1)
    };
    match name {
        "paths" => rules.paths = GlobList::default(),
        "families" => rules.families.clear(),
        "dependencies" => rules.dependencies = PackageRules::default(),
        _ => {
            let content = rules.content.iter().position(|rule| rule.rule.as_deref() == Some(name));
            let function = rules
                .functions
                .iter()
                .position(|rule| rule.rule.as_deref() == Some(name));
            if let Some(at) = content.or(numbered("content").filter(|at| *at < rules.content.len())) {
                rules.content.remove(at);
            } else if let Some(at) = function.or(numbered("function").filter(|at| *at < rules.functions.len())) {
                rules.functions.remove(at);
            } else if let Some(at) = numbered("message").filter(|at| *at < rules.messages.len()) {
                rules.messages.remove(at);
            } else {
                return false;
            }
        }
    }
    true
}

/// `exclude`, for kinds of files and for directories.
fn excluded(policy: &Policy, rows: &[Row]) -> Vec<Turn> {
    let mut globs: Vec<(String, String)> = ASIDE
        .iter()
        .map(|(about, glob)| ((*glob).to_owned(), (*about).to_owned()))
        .collect();
    globs.extend(directories(rows).into_iter().map(|directory| {
        let about = format!("what lies in {directory}");
        (format!("{directory}/**"), about)
    }));
    globs
        .into_iter()
        .filter_map(|(glob, about)| {
            let all: Vec<&str> = policy.exclude.iter().chain([glob.as_str()]).collect();
            let mut turned = policy.clone();
            turned.exclude = GlobList::new(&all).ok()?;
            Some(Turn {
                change: format!("exclude: [\"{glob}\"]"),
                about: format!("without {about}"),
                policy: turned,
            })
        })
        .collect()
}

/// Directories of one or two steps that a good part of the gated commits, and not most of them, touch.
fn directories(rows: &[Row]) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut gated = 0;
    for row in rows.iter().filter(|row| !row.touched().is_empty()) {
        gated += 1;
        let mut here = BTreeSet::new();
        for path in row.touched().iter().flat_map(|touched| &touched.files) {
            let Ok(path) = std::str::from_utf8(path.as_bytes()) else {
                continue;
            };
            let steps: Vec<&str> = path.split('/').collect();
            for depth in 1..=2.min(steps.len().saturating_sub(1)) {
                here.extend(steps.get(..depth).map(|steps| steps.join("/")));
            }
        }
        for directory in here {
            *counts.entry(directory).or_default() += 1;
        }
    }
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
    let mut found: Vec<(String, usize)> = counts
        .into_iter()
        .filter(|(name, count)| plain(name) && WORTH.contains(&(count * 100 / gated.max(1))))
        .collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found.into_iter().take(TRIED).map(|(name, _)| name).collect()
}

/// `ignore`, for the components that are asked for most and for which comments and layout count.
fn ignoring(policy: &Policy, rates: &[ComponentRate]) -> Vec<Turn> {
    let counts = |id: &str| {
        let found = policy.components.iter().find(|component| component.id == id);
        found.is_some_and(|component| !(component.rules.ignore.comments && component.rules.ignore.format))
    };
    rates
        .iter()
        .filter(|rate| counts(&rate.id))
        .take(TRIED)
        .filter_map(|rate| {
            let mut turned = policy.clone();
            let component = turned.components.iter_mut().find(|own| own.id == rate.id)?;
            component.rules.ignore.comments = true;
            component.rules.ignore.format = true;
            for rule in &mut component.rules.content {
                rule.comments = false;
            }
            Some(Turn {
                change: adjusted(policy, &rate.id, "match: { ignore: [comments, format] }"),
                about: "without changes of comments and layout".to_owned(),
                policy: turned,
            })
        })
        .collect()
}

/// `enforce`, for the components that block most: what only they block is let through with a warning.
fn warning(policy: &Policy, rows: &[Row], rates: &[ComponentRate], gated: usize) -> Vec<Dial> {
    let blocked: Vec<&Row> = rows
        .iter()
        .filter(|row| row.verdict() == Some(Verdict::Block))
        .collect();
    rates
        .iter()
        .filter(|rate| rate.id != POLICY_COMPONENT)
        .take(TRIED)
        .map(|rate| {
            let by_another = |row: &&&Row| {
                let mut others = row.touched().iter().filter(|touched| touched.id != rate.id);
                others.any(|touched| stops(policy, touched))
            };
            Dial {
                change: adjusted(
                    policy,
                    &rate.id,
                    "enforce: { pre-commit: warn, pre-push: warn, merge: warn }",
                ),
                about: "warns, and asks for the same".to_owned(),
                gated,
                blocked: blocked.iter().filter(by_another).count(),
                example: None,
            }
        })
        .collect()
}

/// Where a component is changed: a pack's by `adjust`, the policy's own where it is.
fn adjusted(policy: &Policy, id: &str, what: &str) -> String {
    match own(policy, id) {
        true => format!("components: {id}: {what}"),
        false => format!("adjust: {{ {id}: {{ {what} }} }}"),
    }
}
