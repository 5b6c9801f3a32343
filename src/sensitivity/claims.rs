//! What the rules find in one file: by its path, its lines, its functions and the packages that it names.

use std::collections::BTreeSet;

use super::dependencies::{Differing, Touched};
use super::kept::Kept;
use super::needed::{Claims, first_of_each_need, needs};
use super::reading::{self, Functions, Reading};
use super::scan::Scan;
use super::wanted::{Candidate, Wanted};
use super::{MAX_REASONS, Reason, RuleKind, dependencies, folded, spelling};
use crate::change::{ChangedLine, Content, FileChange, FileDiff, Side};
use crate::diagnostic::sanitize;
use crate::policy::{Component, FunctionRule, Gating, Ignore, Likeness, Lines, Policy, TwinPath};

/// What the rules that look at a file claim of it.
pub(super) fn judge(
    file: &FileChange,
    wanted: &Wanted<'_>,
    (content, reading): (&Content, Option<&Reading<'_>>),
) -> (Claims, Vec<(usize, Differing)>) {
    let twin = TwinPath::new(file.path.as_bytes());
    let candidates = &wanted.candidates;
    let mut differing = Vec::new();
    let mut found = match content {
        Content::Lines(diff) => {
            let mut found = match reading {
                Some(reading) => by_lines(&twin, file, (diff, reading), candidates),
                None => by_lines(&twin, file, (diff, &reading::read(file, diff)), candidates),
            };
            let asks = candidates
                .iter()
                .zip(&mut found)
                .filter(|(candidate, _)| candidate.dependencies);
            for (candidate, (index, reasons)) in asks {
                let (more, rest) = by_dependency(file, diff, candidate.component);
                reasons.extend(more);
                differing.extend(rest.into_iter().map(|one| (*index, one)));
            }
            found
        }
        Content::TooLarge { size } => candidates
            .iter()
            .map(|candidate| {
                let why = format!("{} MiB: too large to read", size.div_ceil(1 << 20));
                (candidate.index, unread(&twin, candidate, &why))
            })
            .collect(),
        Content::TooManyLines { lines } => candidates
            .iter()
            .map(|candidate| {
                let why = format!("{lines} lines: too many to compare");
                (candidate.index, unread(&twin, candidate, &why))
            })
            .collect(),
        Content::None => candidates
            .iter()
            .map(|candidate| (candidate.index, by_path(&twin, candidate, candidate.glob)))
            .collect(),
    };
    found.retain(|(_, reasons)| !reasons.is_empty());
    (found, differing)
}

/// A path that stands for others needs no score: it is not its own content that counts.
fn by_path(twin: &TwinPath<'_>, candidate: &Candidate<'_>, gating: Option<Gating<'_>>) -> Vec<Reason> {
    let reason = |gating: Gating<'_>| {
        let needed = match gating.how {
            Likeness::Same | Likeness::Twin => candidate.component.rules.paths_need,
            Likeness::Directory => None,
        };
        let likeness = match gating.how {
            Likeness::Same => String::new(),
            Likeness::Twin => format!(", as the path folds to {}", folded(twin)),
            Likeness::Directory => ", whose directory it takes the place of".to_owned(),
        };
        Reason {
            rule: RuleKind::Path,
            line: None,
            side: None,
            detail: format!("`{}`{likeness}", sanitize(gating.glob)),
            name: None,
            needs: needs(needed),
        }
    };
    gating.map(reason).into_iter().collect()
}

/// What is not read counts as a match.
fn unread(twin: &TwinPath<'_>, candidate: &Candidate<'_>, why: &str) -> Vec<Reason> {
    let mut reasons = by_path(twin, candidate, candidate.glob);
    reasons.iter_mut().for_each(|reason| reason.needs = None);
    let mut unread = |rule| {
        reasons.push(Reason {
            rule,
            line: None,
            side: None,
            detail: format!("{why}, counted as a match"),
            name: None,
            needs: None,
        });
    };
    if candidate.content.is_some() {
        unread(RuleKind::Content);
    }
    if candidate.functions {
        unread(RuleKind::Function);
    }
    if candidate.dependencies {
        unread(RuleKind::Dependency);
    }
    reasons
}

fn by_lines(
    twin: &TwinPath<'_>,
    file: &FileChange,
    (diff, reading): (&FileDiff, &Reading<'_>),
    candidates: &[Candidate<'_>],
) -> Vec<(usize, Vec<Reason>)> {
    let mut found: Vec<(usize, Vec<Reason>)> = Vec::new();
    let unreadable = |side: Side| {
        let text = match side {
            Side::Removed => &diff.old,
            Side::Added => &diff.new,
        };
        spelling::unreadable(&file.path, text)
    };
    let unreadable = match candidates.iter().all(|candidate| candidate.content.is_none()) {
        true => [None, None],
        false => [unreadable(Side::Removed), unreadable(Side::Added)],
    };
    for candidate in candidates {
        found.push((
            candidate.index,
            by_candidate(twin, (diff, reading), candidate, unreadable),
        ));
    }
    found
}

/// What one component finds in a file whose lines were read.
fn by_candidate(
    twin: &TwinPath<'_>,
    (diff, reading): (&FileDiff, &Reading<'_>),
    candidate: &Candidate<'_>,
    unreadable: [Option<&'static str>; 2],
) -> Vec<Reason> {
    let ignore = candidate.component.rules.ignore;
    // Whether a path counts is asked first: it costs the most, and may be all there is.
    let counts = candidate.glob.is_some() && (ignore.nothing() || !reading.view(ignore).nothing);
    let mut reasons = by_path(twin, candidate, candidate.glob.filter(|_| counts));
    if let Some(scan) = &candidate.content {
        reasons.extend(by_content(diff, reading, ignore, scan, unreadable));
    }
    if candidate.functions {
        reasons.extend(by_functions(twin, reading, candidate.component));
    }
    reasons
}

/// What a component finds in what is left of a change of a file without what was moved.
pub(super) fn judge_left(file: &FileChange, candidate: &Candidate<'_>, left: &FileDiff) -> Vec<Reason> {
    let twin = TwinPath::new(file.path.as_bytes());
    let reading = reading::read(file, left);
    let mut reasons = by_candidate(&twin, (left, &reading), candidate, [None, None]);
    if candidate.dependencies {
        reasons.extend(by_dependency(file, left, candidate.component).0);
    }
    let ignore = candidate.component.rules.ignore;
    // Of a file that comes or goes nothing need be left, either.
    let idle = left.lines.is_empty() || !ignore.nothing() && !reading.view(ignore).counts.contains(&true);
    if idle {
        reasons.retain(|reason| reason.rule != RuleKind::Path);
    }
    reasons
}

/// What the content rules of a component find, first in the file first.
fn by_content(
    diff: &FileDiff,
    reading: &Reading<'_>,
    ignore: Ignore,
    rules: &Scan<'_>,
    unreadable: [Option<&'static str>; 2],
) -> Vec<Reason> {
    let scan = |lines: &[ChangedLine], counts: &[bool]| {
        let kept = Kept::new(reading, lines);
        let (lines, counts) = spelling::spelled(lines, counts, &diff.old, &diff.new);
        rules.find(&lines, &counts, &kept)
    };
    let everything = vec![true; diff.lines.len()];
    let mut scanned = scan(&diff.lines, &everything);
    let some = scanned.iter().any(|reasons| !reasons.is_empty());
    // Which lines count is found only where it matters: to what a rule has matched, or may match in code that a delimiter hides.
    if !ignore.nothing() && (some || diff.lines.iter().any(delimits)) {
        let view = reading.view(ignore);
        scanned = scan(&view.lines, &view.counts);
    }
    let mut reasons = first_of_each_need(scanned.into_iter().flatten().collect());
    let unconditional = reasons.iter().filter(|reason| reason.needs.is_none()).count();
    let mut room = MAX_REASONS.saturating_sub(unconditional);
    for (side, why) in [Side::Removed, Side::Added].into_iter().zip(unreadable) {
        let wanted = |lines: Lines| match lines {
            Lines::Added => side == Side::Added,
            Lines::Removed => side == Side::Removed,
            Lines::AddedOrRemoved => true,
        };
        let changed = diff.lines.iter().any(|line| line.side == side);
        if let Some(why) = why
            && changed
            && room > 0
            && rules.rules().iter().any(|rule| wanted(rule.lines))
        {
            room -= 1;
            reasons.push(Reason {
                rule: RuleKind::Content,
                line: None,
                side: Some(side),
                detail: format!("{why}, counted as a match"),
                name: None,
                needs: None,
            });
        }
    }
    reasons
}

/// Whether a line may begin or end a comment of many lines, or a text.
fn delimits(line: &ChangedLine) -> bool {
    let marks: [&[u8]; 8] = [b"/*", b"*/", b"\"\"\"", b"'''", b"=begin", b"=end", b"<<", b"`"];
    marks
        .iter()
        .any(|mark| line.text.windows(mark.len()).any(|window| window == *mark))
}

/// What the rule on packages finds, and what the rest of the change may explain.
fn by_dependency(file: &FileChange, diff: &FileDiff, component: &Component) -> (Vec<Reason>, Vec<Differing>) {
    match dependencies::find(file, diff, &component.rules.dependencies) {
        Ok(found) => {
            let touched = found.touched.into_iter().take(MAX_REASONS);
            (touched.map(|one| package(one, component)).collect(), found.differing)
        }
        Err(()) => {
            let unread = Touched {
                detail: "not readable as what its name says, counted as a match".to_owned(),
                line: None,
            };
            let reason = Reason {
                needs: None,
                ..package(unread, component)
            };
            (vec![reason], Vec::new())
        }
    }
}

fn package(touched: Touched, component: &Component) -> Reason {
    Reason {
        rule: RuleKind::Dependency,
        line: touched.line.map(|(_, number)| number),
        side: touched.line.map(|(side, _)| side),
        detail: touched.detail,
        name: None,
        needs: needs(component.rules.paths_need),
    }
}

/// Adds the packages that count once the files of a change are known.
pub(super) fn add_packages<'f>(
    claims: &mut Vec<(&'f FileChange, Claims)>,
    settled: Vec<((&'f FileChange, usize), Touched)>,
    policy: &Policy,
) {
    for ((file, index), touched) in settled {
        let Some(component) = policy.components.get(index) else {
            continue;
        };
        let at = match claims.binary_search_by(|(other, _)| other.path.cmp(&file.path)) {
            Ok(at) => at,
            Err(at) => {
                claims.insert(at, (file, Claims::new()));
                at
            }
        };
        let Some((_, claims)) = claims.get_mut(at) else {
            continue;
        };
        let at = match claims.binary_search_by_key(&index, |(index, _)| *index) {
            Ok(at) => at,
            Err(at) => {
                claims.insert(at, (index, Vec::new()));
                at
            }
        };
        let reasons = claims.get_mut(at).map(|(_, reasons)| reasons);
        let room = |reasons: &Vec<Reason>| {
            let known = reasons.iter().filter(|reason| reason.rule == RuleKind::Dependency);
            known.count() < MAX_REASONS
        };
        if let Some(reasons) = reasons.filter(|reasons| room(reasons)) {
            reasons.push(package(touched, component));
        }
    }
}

/// What the function rules find: for each score that some of them need, the first.
fn by_functions(twin: &TwinPath<'_>, reading: &Reading<'_>, component: &Component) -> Vec<Reason> {
    let rules = component.rules.functions.iter();
    let levels: BTreeSet<Option<u32>> = rules.map(|rule| rule.needs_score).collect();
    let found = levels
        .into_iter()
        .map(|needed| by_function(twin, reading, component, needed));
    found.flatten().collect()
}

fn by_function(twin: &TwinPath<'_>, reading: &Reading<'_>, component: &Component, needed: Option<u32>) -> Vec<Reason> {
    let rules: Vec<_> = component
        .rules
        .functions
        .iter()
        .filter(|rule| rule.needs_score == needed)
        .filter(|rule| rule.paths.as_ref().is_none_or(|paths| paths.gating(twin).is_some()))
        .collect();
    // What declares a function where there is no tree may be anywhere on its side.
    let matching = |name: &String, head: &[u8]| {
        let declared = |rule: &FunctionRule| {
            rule.declared
                .as_ref()
                .is_none_or(|pattern| pattern.find(head).is_some())
        };
        let rule = rules
            .iter()
            .find(|rule| rule.name.matches(name.as_bytes()) && declared(rule))?;
        let glob: String = rule.name.iter().collect();
        Some((sanitize(name), sanitize(&glob), rule.rule.clone()))
    };
    let mut reasons: Vec<Reason> = Vec::new();
    let mut known = None;
    let view = reading.view(component.rules.ignore);
    for (line, &counts) in view.lines.iter().zip(&view.counts) {
        if reasons.len() >= MAX_REASONS {
            break;
        }
        if !counts {
            continue;
        }
        let detail = match reading.functions(line.side, line.number) {
            Functions::Known(names) => names
                .iter()
                .find_map(|(name, head)| {
                    let head = head
                        .clone()
                        .map(|head| reading.content(line.side).get(head).unwrap_or_default());
                    matching(name, head.unwrap_or(name.as_bytes()))
                })
                .map(|(name, glob, rule)| (format!("in `{name}`, which matches `{glob}`"), rule)),
            // One look at the words of a side is enough.
            Functions::Named(_) if known == Some(line.side) => None,
            Functions::Named(why) => {
                known = Some(line.side);
                let found = reading
                    .words(line.side)
                    .iter()
                    .find_map(|name| matching(name, reading.content(line.side)));
                found.map(|(name, glob, rule)| {
                    let detail = format!("{why}, so perhaps in `{name}`, which matches `{glob}`");
                    (detail, rule)
                })
            }
        };
        let Some((detail, name)) = detail else { continue };
        if reasons.iter().any(|reason| reason.detail == detail) {
            continue;
        }
        reasons.push(Reason {
            rule: RuleKind::Function,
            line: Some(line.number),
            side: Some(line.side),
            detail,
            name,
            needs: needs(needed),
        });
    }
    reasons
}
