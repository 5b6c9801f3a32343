//! How validated values are written: the words that policies and reports share.

use std::time::Duration;

use super::{Binding, Enforcement, EvidenceKind, GlobList, Policy, Risk, Rules};

/// How long a certificate counts under [`Binding::Component`], unless the policy says otherwise.
pub const DEFAULT_MAX_AGE: Duration = Duration::from_secs(30 * 24 * 3600);

impl Enforcement {
    /// The word used in policies and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }
}

impl Binding {
    /// The word used in policies and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "digest",
            Self::History => "history",
            Self::Component => "component",
        }
    }
}

impl EvidenceKind {
    /// The word used in policies and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FileReferences => "file-references",
            Self::Benchmarks => "benchmarks",
            Self::Findings => "findings",
            Self::Claims => "claims",
        }
    }
}

impl Risk {
    /// The word used in policies and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl Policy {
    /// How many examples `certgate policy check` runs.
    pub fn example_count(&self) -> usize {
        let count = |examples: &super::Examples| examples.matching.len() + examples.ignored.len();
        let of_rules = |rules: &Rules| rules.content.iter().map(|rule| count(&rule.examples)).sum::<usize>();
        self.components
            .iter()
            .map(|component| count(&component.examples) + of_rules(&component.rules))
            .sum()
    }
}

impl Rules {
    /// The rules in words, a line each, as written in the policy.
    pub fn describe(&self) -> Vec<String> {
        let join = |globs: &GlobList| globs.iter().collect::<Vec<_>>().join(", ");
        let within = |globs: &Option<GlobList>| globs.as_ref().map(|g| format!(" in {}", join(g))).unwrap_or_default();
        let mut lines = Vec::new();
        if !self.paths.is_empty() {
            lines.push(format!("paths: {}", join(&self.paths)));
        }
        let name = |own: &Option<String>, kind: &str, at: usize| own.clone().unwrap_or(format!("{kind}-{}", at + 1));
        lines.extend(self.content.iter().enumerate().map(|(at, rule)| {
            let name = name(&rule.rule, "content", at);
            format!("{name}: {}{}", rule.pattern.as_str(), within(&rule.paths))
        }));
        lines.extend(self.functions.iter().enumerate().map(|(at, rule)| {
            let name = name(&rule.rule, "function", at);
            let declared = rule.declared.as_ref();
            let declared = declared.map_or_else(String::new, |pattern| format!(" declared by {}", pattern.as_str()));
            format!("{name}: {}{declared}{}", join(&rule.name), within(&rule.paths))
        }));
        lines.extend(
            self.messages
                .iter()
                .enumerate()
                .map(|(at, pattern)| format!("message-{}: {}", at + 1, pattern.as_str())),
        );
        if !self.families.is_empty() {
            let words: Vec<&str> = self.families.iter().map(|family| family.as_str()).collect();
            lines.push(format!(
                "families: a message that names the component with a word of {}",
                words.join(", ")
            ));
        }
        if !self.exclude.is_empty() {
            lines.push(format!("but not in {}", join(&self.exclude)));
        }
        match (self.ignore.comments, self.ignore.format) {
            (true, true) => lines.push("comments, blank lines and layout do not count".to_owned()),
            (true, false) => lines.push("comments and blank lines do not count".to_owned()),
            (false, true) => lines.push("layout does not count".to_owned()),
            (false, false) => {}
        }
        if self.ignore.kept {
            lines.push("what is on both sides, in the same place, does not count".to_owned());
        }
        lines
    }
}
