//! What is asked for, in one sentence: who must approve, how many, with which evidence, signed or not, and who must not.

use super::context::Context;
use crate::diagnostic::{plural, sanitize};
use crate::sensitivity::{Reason, RuleKind};
use crate::trust::Signatures;

/// Longest glob that is shown where a reason is given in brief.
const GLOB: usize = 48;

impl Context<'_> {
    /// What a component asks for, and what is still lacking where these agents have approved.
    pub(super) fn asks(&self, unit: &str, have: &[String]) -> String {
        let Some(unit) = self.unit(unit) else {
            return String::new();
        };
        let count = match unit.approvals {
            0 | 1 => "an approval".to_owned(),
            need => format!("{need} approvals"),
        };
        let by = match unit.agents.as_slice() {
            [] => "by any agent".to_owned(),
            agents => format!("by {}", either(agents)),
        };
        let signatures = self.case.terms.demands.signatures;
        let signed = match signatures {
            Signatures::Required => ", signed",
            Signatures::Off | Signatures::Optional => "",
        };
        let evidence: Vec<&str> = unit.evidence.iter().map(|kind| kind.as_str()).collect();
        let evidence = match evidence.as_slice() {
            [] => String::new(),
            kinds => format!(", with evidence: {}", kinds.join(", ")),
        };
        let mut text = format!("asks for {count} {by}{signed}{evidence}");
        if !unit.authorizers.is_empty() {
            text.push_str(&format!(", and an authorization by {}", either(&unit.authorizers)));
        }
        if self.case.terms.independence {
            let authors: Vec<String> = unit.authors.iter().map(|author| sanitize(author)).collect();
            text.push_str(&match authors.as_slice() {
                [] => "; not by the author".to_owned(),
                authors => format!("; not by the author ({})", authors.join(", ")),
            });
        }
        if !have.is_empty() {
            let given: Vec<String> = have.iter().map(|agent| format!("`{}`", sanitize(agent))).collect();
            let have = u32::try_from(have.len()).unwrap_or(u32::MAX);
            let left = unit.approvals.saturating_sub(have) as usize;
            text.push_str(&format!(
                "; {} approved, {} missing",
                given.join(", "),
                plural(left.max(1), "more approval")
            ));
        }
        text
    }
}

/// `a`, `b` or `c`.
fn either(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().map(|name| format!("`{}`", sanitize(name))).collect();
    match shown.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

/// One reason for a screen: the rule's name, or its kind and what it found; patterns are for `explain` and JSON.
pub(super) fn in_brief(reason: &Reason) -> String {
    let line = reason.line.map(|line| format!(" (line {line})")).unwrap_or_default();
    if matches!(reason.rule, RuleKind::Policy | RuleKind::Score) {
        return format!("{}{line}", reason.detail);
    }
    let kind = reason.rule.as_str();
    if let Some(name) = &reason.name {
        return format!("{kind} rule `{}`{line}", sanitize(name));
    }
    let found = match reason.rule {
        RuleKind::Path if reason.detail.chars().count() > GLOB => "",
        RuleKind::Content | RuleKind::Function | RuleKind::Message => {
            let end = [" matches `", ", which matches `"]
                .iter()
                .filter_map(|mark| reason.detail.rfind(mark))
                .min();
            end.and_then(|end| reason.detail.get(..end)).unwrap_or(&reason.detail)
        }
        _ => reason.detail.as_str(),
    };
    match found {
        "" => format!("{kind} rule{line}"),
        found => format!("{kind} rule {found}{line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(rule: RuleKind, detail: &str, name: Option<&str>) -> Reason {
        Reason {
            rule,
            line: Some(3),
            side: None,
            detail: detail.to_owned(),
            name: name.map(str::to_owned),
            needs: None,
        }
    }

    #[test]
    fn no_pattern_is_shown() {
        let content = reason(
            RuleKind::Content,
            r"`empty_cache` matches `torch\.cuda\.(empty_cache|sync)`",
            None,
        );
        assert_eq!(in_brief(&content), "content rule `empty_cache` (line 3)");
        let named = reason(RuleKind::Content, "`x` matches `y`", Some("cache"));
        assert_eq!(in_brief(&named), "content rule `cache` (line 3)");
        let function = reason(RuleKind::Function, "in `collect_all`, which matches `collect_*`", None);
        assert_eq!(in_brief(&function), "function rule in `collect_all` (line 3)");
        let path = reason(RuleKind::Path, "`src/train/**`", None);
        assert_eq!(in_brief(&path), "path rule `src/train/**` (line 3)");
        let long = format!("`{}/**`", "a".repeat(60));
        assert_eq!(in_brief(&reason(RuleKind::Path, &long, None)), "path rule (line 3)");
    }
}
