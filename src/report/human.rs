//! `--format human`: rustc-like diagnostics, then one line that says how it ended.

use crate::diagnostic::{Diagnostic, Level, Style, plural, render, sanitize};
use crate::gate::Judgement;
use crate::policy::Enforcement;
use crate::verdict::{Outcome, Verdict};

/// Most diagnostics shown at once, so that the first screen holds what matters.
const SCREEN: usize = 12;

/// The diagnostics, a blank line between each.
pub fn diagnostics(diagnostics: &[Diagnostic], style: Style) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics.iter().take(SCREEN) {
        text.push_str(&render(diagnostic, style));
        text.push_str("\n\n");
    }
    let rest = diagnostics.len().saturating_sub(SCREEN);
    if rest > 0 {
        let errors = diagnostics
            .iter()
            .skip(SCREEN)
            .filter(|d| d.level() == Level::Error)
            .count();
        text.push_str(&format!(
            "… and {rest} more, {errors} of them errors; `--format json` lists all\n\n"
        ));
    }
    text
}

/// How it ended, in one to a few lines.
pub fn summary(report: &Judgement) -> String {
    let decision = &report.decision;
    let total = decision.components.len();
    let open = decision
        .components
        .iter()
        .filter(|component| component.outcome != Outcome::Approved)
        .count();
    let files: usize = decision.components.iter().map(|component| component.files.len()).sum();
    let what = match (total, open, report.verdict()) {
        (0, _, Verdict::Pass) if report.enforcement == Enforcement::Off => "not enforced here".to_owned(),
        (0, _, Verdict::Pass) => "nothing performance-sensitive changed".to_owned(),
        (_, 0, Verdict::Pass) => format!("{} covered by certificates", plural(files, "gated file")),
        (_, 0, _) => "see above".to_owned(),
        (_, open, _) => format!("{} not certified: {}", plural(open, "component"), names(report)),
    };
    let word = match report.verdict() {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn (the policy does not block here)",
        Verdict::Block => "blocked",
    };
    let target = report
        .target
        .as_deref()
        .map(|target| format!(" into `{}`", sanitize(target)))
        .unwrap_or_default();
    format!(
        "certgate: {word}: {what}\n  {} at {}{target}, by {}\n",
        plural(report.scope.files, "changed file"),
        report.stage.as_str(),
        report.policy,
    )
}

fn names(report: &Judgement) -> String {
    let open = report
        .decision
        .components
        .iter()
        .filter(|component| component.outcome != Outcome::Approved);
    let names: Vec<String> = open
        .map(|component| format!("{} ({})", component.id, component.outcome.as_str()))
        .collect();
    names.join(", ")
}
