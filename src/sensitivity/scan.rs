//! Many patterns over the changed lines of a file, in one pass.
//!
//! Most patterns hold a literal string without which they cannot match. One Aho–Corasick automaton looks for all of them at once and
//! tells which lines are worth trying with which pattern; only patterns without a literal are tried on every line. So nothing is compiled
//! for patterns that have no chance, and every decision is made by the pattern itself on one line.

use std::collections::HashMap;
use std::rc::Rc;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::{MAX_REASONS, Reason, RuleKind};
use crate::change::{ChangedLine, Side};
use crate::diagnostic::{sanitize, sanitize_bytes};
use crate::policy::{ContentRule, Lines};

/// Automata by the group of patterns that they look for; one per change is enough, since groups follow the kinds of files.
#[derive(Default)]
pub(super) struct Scanner {
    groups: HashMap<Vec<usize>, Rc<Group>>,
}

struct Group {
    automaton: Option<AhoCorasick>,
    /// For each literal of the automaton, the rule (by its place in the group).
    owners: Vec<usize>,
    /// Rules to be tried on every line.
    always: Vec<usize>,
}

impl Group {
    fn new(rules: &[(usize, &ContentRule)]) -> Self {
        let (mut literals, mut owners, mut always) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (_, rule)) in rules.iter().enumerate() {
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

impl Scanner {
    /// For each rule (with an id that is the same for the same rule), the reasons it has to match: the first few lines.
    pub(super) fn scan(
        &mut self,
        rules: &[(usize, &ContentRule)],
        lines: &[ChangedLine],
        counts: &[bool],
    ) -> Vec<Vec<Reason>> {
        let key: Vec<usize> = rules.iter().map(|(id, _)| *id).collect();
        let group = Rc::clone(self.groups.entry(key).or_insert_with(|| Rc::new(Group::new(rules))));
        let mut found: Vec<Vec<Reason>> = vec![Vec::new(); rules.len()];
        // For each rule, the last line (from 1) that it was tried on.
        let mut tried = vec![0; rules.len()];
        for (nth, (line, &counts)) in (1..).zip(lines.iter().zip(counts)) {
            let text = line.text.strip_suffix(b"\r").unwrap_or(&line.text);
            for &at in &group.always {
                attempt(rules, at, line, text, counts, &mut found);
            }
            let Some(automaton) = &group.automaton else { continue };
            for hit in automaton.find_overlapping_iter(text) {
                let Some(&at) = group.owners.get(hit.pattern().as_usize()) else {
                    continue;
                };
                let Some(last) = tried.get_mut(at) else { continue };
                if std::mem::replace(last, nth) != nth {
                    attempt(rules, at, line, text, counts, &mut found);
                }
            }
        }
        found
    }
}

fn attempt(
    rules: &[(usize, &ContentRule)],
    at: usize,
    line: &ChangedLine,
    text: &[u8],
    counts: bool,
    found: &mut [Vec<Reason>],
) {
    let (Some((_, rule)), Some(reasons)) = (rules.get(at), found.get_mut(at)) else {
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
    });
}
