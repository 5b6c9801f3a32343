//! Rules that need a score (`needs_score`): which of their matches count, once the scores of the files are known. What is not known counts.

use std::collections::BTreeMap;

use super::{MAX_REASONS, Reason};
use crate::change::{FileChange, RepoPath, Side};

/// The score that a rule needs, beside what is known of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// From 0 to 1000.
    pub least: u32,
    /// What the file has.
    pub found: Scored,
    /// The points that the words of its change should have and have not, where the policy has rules need that, too.
    pub lacks: Option<u32>,
}

impl Needs {
    /// Whether it needs anything; a rule that needs 0 always counts.
    pub fn is_some(&self) -> bool {
        self.least > 0
    }
}

/// What is known of a file's score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scored {
    /// Nobody asked.
    #[default]
    Unasked,
    /// The score, from 0 to 1000.
    Is(u32),
    /// There is none, for this reason.
    Unknown(&'static str),
}

impl Scored {
    /// Whether a rule that needs so much counts. What cannot be had is never too little.
    pub fn reaches(self, least: u32) -> bool {
        match self {
            Self::Is(score) => score >= least,
            Self::Unasked | Self::Unknown(_) => true,
        }
    }
}

/// A file in which a rule that needs a score matched, and the lines where such rules did.
#[derive(Clone, Debug)]
pub struct AskedScore<'f> {
    /// The file.
    pub file: &'f FileChange,
    /// The lines, each on its side.
    pub lines: Vec<(Side, u32)>,
}

/// A match that does not count, as the file's score is lower than the rule needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silenced {
    /// The component of the rule.
    pub component: String,
    /// The file.
    pub path: RepoPath,
    /// Why it would be gated.
    pub reason: Reason,
}

/// A file that the score flags, or that is reported for what a rule matches there and does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The file.
    pub path: RepoPath,
    /// Its score, and its rank in per cent; or why there is none, so that it is flagged for that.
    pub found: Result<(u32, u32), &'static str>,
    /// The match that it is reported for, where the score does not flag it.
    pub by: Option<Silenced>,
}

/// What components claim of a file, by their place in the policy.
pub(super) type Claims = Vec<(usize, Vec<Reason>)>;

/// Adds the file to those whose scores are asked for, where some claim needs one.
pub(super) fn ask<'f>(asked: &mut BTreeMap<RepoPath, AskedScore<'f>>, file: &'f FileChange, claims: &Claims) {
    let reasons = claims.iter().flat_map(|(_, reasons)| reasons);
    for reason in reasons.filter(|reason| reason.needs.is_some()) {
        let entry = asked.entry(file.path.clone()).or_insert_with(|| AskedScore {
            file,
            lines: Vec::new(),
        });
        entry.lines.extend(reason.side.zip(reason.line));
    }
}

/// A claim that needs this.
pub(super) fn needs(least: Option<u32>) -> Option<Needs> {
    least.map(|least| Needs {
        least,
        found: Scored::Unasked,
        lacks: None,
    })
}

/// Whether some rule that needs a score counts by this one, which was asked for.
pub(super) fn counts(claims: &Claims, score: Scored) -> bool {
    if score == Scored::Unasked {
        return false;
    }
    let needs = claims
        .iter()
        .flat_map(|(_, reasons)| reasons)
        .filter_map(|reason| reason.needs);
    needs.filter(Needs::is_some).any(|needs| score.reaches(needs.least))
}

/// Takes out of the claims what needs a higher score than the file has, or more of its change than that has (`lacks`), and gives it back, by
/// component.
pub(super) fn silence(claims: &mut Claims, score: Scored, lacks: Option<u32>) -> Vec<(usize, Reason)> {
    let mut silenced = Vec::new();
    for (component, reasons) in claims.iter_mut() {
        if reasons.iter().all(|reason| reason.needs.is_none()) {
            continue;
        }
        for mut reason in std::mem::take(reasons) {
            match &mut reason.needs {
                Some(needs) => {
                    needs.found = score;
                    let reaches = score.reaches(needs.least);
                    needs.lacks = lacks.filter(|_| reaches && needs.is_some());
                    match reaches && needs.lacks.is_none() {
                        true => reasons.push(reason),
                        false => silenced.push((*component, reason)),
                    }
                }
                None => reasons.push(reason),
            }
        }
        first_of_each_kind(reasons);
    }
    claims.retain(|(_, reasons)| !reasons.is_empty());
    silenced
}

/// At most a handful of each kind of rule, the first in the file first, and of one line the reason that needs least.
fn first_of_each_kind(reasons: &mut Vec<Reason>) {
    let least = |reason: &Reason| reason.needs.map(|needs| needs.least);
    reasons.sort_by_key(|reason| (reason.rule, reason.line, reason.side, least(reason)));
    reasons.dedup_by(|b, a| a.line.is_some() && (a.rule, a.line, a.side) == (b.rule, b.line, b.side));
    let mut kept = BTreeMap::new();
    reasons.retain(|reason| {
        let count: &mut usize = kept.entry(reason.rule).or_default();
        *count += 1;
        *count <= MAX_REASONS
    });
}

/// What of many rules' reasons is kept: for each score that is needed, and for none, the first lines, so that what does not count hides
/// nothing that does.
pub(super) fn first_of_each_need(mut reasons: Vec<Reason>) -> Vec<Reason> {
    let least = |reason: &Reason| reason.needs.map(|needs| needs.least);
    reasons.sort_by_key(|reason| (least(reason), reason.line, reason.side));
    // One reason a line is enough.
    reasons.dedup_by_key(|reason| (least(reason), reason.line, reason.side));
    let mut kept = BTreeMap::new();
    reasons.retain(|reason| {
        let count: &mut usize = kept.entry(least(reason)).or_default();
        *count += 1;
        *count <= MAX_REASONS
    });
    reasons
}

#[cfg(test)]
mod tests {
    use super::super::RuleKind;
    use super::*;

    fn reason(line: u32, least: Option<u32>) -> Reason {
        Reason {
            rule: RuleKind::Content,
            line: Some(line),
            side: Some(Side::Added),
            detail: format!("{line} {least:?}"),
            name: None,
            needs: needs(least),
        }
    }

    #[test]
    fn what_does_not_count_hides_nothing_that_does() {
        let mut many: Vec<Reason> = (1..9).map(|line| reason(line, Some(900))).collect();
        many.extend([reason(3, None), reason(20, None), reason(4, Some(300))]);
        let kept = first_of_each_need(many);
        let mut claims = vec![(0, kept)];
        let silenced = silence(&mut claims, Scored::Is(400), None);
        let lines: Vec<_> = claims[0].1.iter().map(|reason| reason.line.unwrap()).collect();
        assert_eq!((lines, silenced.len()), (vec![3, 4, 20], 3));
    }

    #[test]
    fn what_the_words_lack_silences_what_needs_a_score_and_has_it() {
        let reasons = || {
            vec![
                reason(1, Some(300)),
                reason(2, Some(900)),
                reason(3, Some(0)),
                reason(4, None),
            ]
        };
        let mut claims = vec![(0, reasons())];
        let silenced = silence(&mut claims, Scored::Is(400), Some(150));
        let lacks: Vec<_> = silenced
            .iter()
            .map(|(_, reason)| (reason.line, reason.needs.unwrap().lacks))
            .collect();
        assert_eq!(lacks, [(Some(1), Some(150)), (Some(2), None)]);
        let lines: Vec<_> = claims[0].1.iter().map(|reason| reason.line.unwrap()).collect();
        assert_eq!(lines, [3, 4]);
        assert!(counts(&vec![(0, reasons())], Scored::Is(400)));
        let without = vec![(0, vec![reason(2, Some(900)), reason(3, Some(0)), reason(4, None)])];
        assert!(!counts(&without, Scored::Is(400)));
        // Where nobody asks for scores, nobody asks for words.
        assert!(counts(&vec![(0, reasons())], Scored::Unknown("x")));
        assert!(!counts(&vec![(0, reasons())], Scored::Unasked));
    }

    #[test]
    fn what_is_not_known_counts() {
        for score in [Scored::Unasked, Scored::Unknown("x"), Scored::Is(900)] {
            let mut claims = vec![(0, vec![reason(1, Some(900))]), (1, vec![reason(1, None)])];
            assert!(silence(&mut claims, score, None).is_empty());
            assert_eq!(claims[0].1[0].needs.unwrap().found, score);
            assert_eq!(claims.len(), 2);
        }
        let mut claims = vec![(0, vec![reason(1, Some(900))]), (1, vec![reason(1, None)])];
        assert_eq!(silence(&mut claims, Scored::Is(899), None).len(), 1);
        assert_eq!(claims.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1]);
    }
}
