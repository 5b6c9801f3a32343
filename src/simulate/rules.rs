//! The name of a rule that gives a reason, as `disable` takes it, without the component's.

use crate::diagnostic::sanitize;
use crate::policy::Policy;
use crate::sensitivity::{Reason, RuleKind};

/// What cannot be read counts as a match of every rule of its kind.
const UNREAD: &str = "counted as a match";

/// The name: that of the rule, or its kind and number.
pub(super) fn name(policy: &Policy, component: &str, reason: &Reason) -> String {
    let found = policy.components.iter().find(|known| known.id == component);
    let Some(rules) = found.map(|component| &component.rules) else {
        return reason.rule.as_str().to_owned();
    };
    if reason.detail.ends_with(UNREAD) {
        return format!("{} (not readable)", reason.rule.as_str());
    }
    let matches = |pattern: &str| reason.detail.ends_with(&format!("matches `{}`", sanitize(pattern)));
    let numbered = |kind: &str, at: Option<usize>| match at {
        Some(at) => format!("{kind}-{}", at + 1),
        None => kind.to_owned(),
    };
    match reason.rule {
        RuleKind::Path => "paths".to_owned(),
        RuleKind::Dependency => "dependencies".to_owned(),
        RuleKind::Content => {
            let at = rules.content.iter().position(|rule| matches(rule.pattern.as_str()));
            let given = at.and_then(|at| rules.content.get(at)?.rule.clone());
            given.unwrap_or_else(|| numbered("content", at))
        }
        RuleKind::Function => {
            let glob = |name: &crate::policy::GlobList| name.iter().collect::<String>();
            let at = rules.functions.iter().position(|rule| matches(&glob(&rule.name)));
            let given = at.and_then(|at| rules.functions.get(at)?.rule.clone());
            given.unwrap_or_else(|| numbered("function", at))
        }
        RuleKind::Message => match rules.messages.iter().position(|pattern| matches(pattern.as_str())) {
            Some(at) => numbered("message", Some(at)),
            None => "families".to_owned(),
        },
        kind => kind.as_str().to_owned(),
    }
}
