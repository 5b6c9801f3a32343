//! Many patterns over the changed lines of a file, in one pass.
//!
//! Most patterns hold a literal string without which they cannot match. One Aho–Corasick automaton looks for all of them at once and
//! tells which lines are worth trying with which pattern; only patterns without a literal are tried on every line. So nothing is compiled
//! for patterns that have no chance, and every decision is made by the pattern itself on one line.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::kept::Kept;
use super::needed::needs;
use super::{MAX_REASONS, Reason, RuleKind};
use crate::change::{ChangedLine, Side};
use crate::diagnostic::{sanitize, sanitize_bytes};
use crate::policy::{ContentRule, Lines};

/// Rules to be looked for together; what finds them is built once, when lines come.
pub(super) struct Scan<'p> {
    rules: Vec<&'p ContentRule>,
    group: OnceLock<Group>,
}

struct Group {
    automaton: Option<AhoCorasick>,
    /// For each literal of the automaton, the rule (by its place).
    owners: Vec<usize>,
    /// Rules to be tried on every line.
    always: Vec<usize>,
}

impl Group {
    fn new(rules: &[&ContentRule]) -> Self {
        let (mut literals, mut owners, mut always) = (Vec::new(), Vec::new(), Vec::new());
        for (at, rule) in rules.iter().enumerate() {
            let known = rule.pattern.literals();
            if known.is_empty() {
                always.push(at);
            }
            for literal in known {
                literals.push(literal);
                owners.push(at);
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&literals)
            .ok()
            .filter(|_| !literals.is_empty());
        if automaton.is_none() {
            always = (0..rules.len()).collect();
        }
        Self {
            automaton,
            owners,
            always,
        }
    }
}

impl<'p> Scan<'p> {
    pub(super) fn new(rules: Vec<&'p ContentRule>) -> Self {
        Self {
            rules,
            group: OnceLock::new(),
        }
    }

    pub(super) fn rules(&self) -> &[&'p ContentRule] {
        &self.rules
    }

    /// For each rule the reasons it has to match: the first few lines.
    pub(super) fn find(&self, lines: &[ChangedLine], counts: &[bool], kept: &Kept<'_, '_>) -> Vec<Vec<Reason>> {
        let rules = self.rules();
        let group = self.group.get_or_init(|| Group::new(rules));
        let mut found: Vec<Vec<Reason>> = vec![Vec::new(); rules.len()];
        // For each rule, the last line (from 1) that it was tried on.
        let mut tried = vec![0; rules.len()];
        for (nth, (line, &counts)) in (1..).zip(lines.iter().zip(counts)) {
            let text = line.text.strip_suffix(b"\r").unwrap_or(&line.text);
            for &at in &group.always {
                attempt((rules, at), (line, text, counts), kept, &mut found);
            }
            let Some(automaton) = &group.automaton else { continue };
            for hit in automaton.find_overlapping_iter(text) {
                let Some(&at) = group.owners.get(hit.pattern().as_usize()) else {
                    continue;
                };
                let Some(last) = tried.get_mut(at) else { continue };
                if std::mem::replace(last, nth) != nth {
                    attempt((rules, at), (line, text, counts), kept, &mut found);
                }
            }
        }
        found
    }
}

fn attempt(
    (rules, at): (&[&ContentRule], usize),
    (line, text, counts): (&ChangedLine, &[u8], bool),
    kept: &Kept<'_, '_>,
    found: &mut [Vec<Reason>],
) {
    let (Some(rule), Some(reasons)) = (rules.get(at), found.get_mut(at)) else {
        return;
    };
    let wanted = match rule.lines {
        Lines::Added => line.side == Side::Added,
        Lines::Removed => line.side == Side::Removed,
        Lines::AddedOrRemoved => true,
    };
    if !wanted || reasons.len() >= MAX_REASONS || !(counts || rule.comments) {
        return;
    }
    let Some((start, end)) = rule.pattern.find(text) else {
        return;
    };
    if rule.except.as_ref().is_some_and(|except| except.find(text).is_some()) {
        return;
    }
    if kept.keeps(at, rule, line) {
        return;
    }
    let excerpt = text.get(start..end.min(start + 80)).unwrap_or_default();
    reasons.push(Reason {
        rule: RuleKind::Content,
        line: Some(line.number),
        side: Some(line.side),
        detail: format!(
            "`{}` matches `{}`",
            sanitize_bytes(excerpt),
            sanitize(rule.pattern.as_str())
        ),
        name: rule.rule.clone(),
        needs: needs(rule.needs_score),
    });
}
