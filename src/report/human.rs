//! `--format human`: rustc-like diagnostics, then one line that says how it ended.

use std::collections::{BTreeMap, BTreeSet};

use super::sensitivity;
use crate::diagnostic::{Code, Diagnostic, Level, Style, plural, render, sanitize, wrap_prose};
use crate::gate::Judgement;
use crate::policy::Enforcement;
use crate::verdict::{Outcome, Verdict};

/// Most diagnostics shown at once, so that the first screen holds what matters.
const SCREEN: usize = 12;
/// Most requests that are each shown with reasons and command; where there are more, they are listed.
const REQUESTS: usize = 3;
/// Most requests that are listed.
const LISTED: usize = 18;

/// The diagnostics, a blank line between each. Where many components ask for certificates, they are listed by what they ask for, with one
/// command for all; `verbose` shows everything.
pub fn diagnostics(diagnostics: &[Diagnostic], style: Style, verbose: bool) -> String {
    if verbose {
        return diagnostics.iter().map(|told| render(told, style) + "\n\n").collect();
    }
    let many = diagnostics.iter().filter(|told| is_request(told)).count() > REQUESTS;
    let (asked, told): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        diagnostics.iter().partition(|told| many && is_request(told));
    let mut text = String::new();
    for diagnostic in told.iter().take(SCREEN) {
        text.push_str(&render(diagnostic, style));
        text.push_str("\n\n");
    }
    text.push_str(&requests(&asked, style));
    let rest = told.len().saturating_sub(SCREEN);
    if rest > 0 {
        let errors = told.iter().skip(SCREEN).filter(|d| d.level() == Level::Error).count();
        text.push_str(&format!(
            "… and {rest} more, {errors} of them errors; `--verbose` shows all\n\n"
        ));
    }
    text
}

/// Whether a certificate is all that is asked for.
fn is_request(told: &Diagnostic) -> bool {
    told.component().is_some()
        && matches!(
            told.code(),
            Code::CG201 | Code::CG202 | Code::CG204 | Code::CG205 | Code::CG206 | Code::CG516 | Code::CG763
        )
}

/// Requests in a list: under what is asked for, each component with its first file and the rule.
fn requests(asked: &[&Diagnostic], style: Style) -> String {
    let Some(first) = asked.iter().max_by_key(|told| told.level()) else {
        return String::new();
    };
    let components: BTreeSet<&str> = asked.iter().filter_map(|told| told.component()).collect();
    let title = format!(
        "{} for certificates",
        match components.len() {
            1 => "1 component asks".to_owned(),
            count => format!("{count} components ask"),
        }
    );
    let mut text = render(&Diagnostic::new(first.level(), first.code(), title), style);
    let mut groups: Vec<(&str, Vec<&Diagnostic>)> = Vec::new();
    for told in asked.iter().take(LISTED) {
        let what = told.notes().first().map_or("", String::as_str);
        match groups.iter_mut().find(|(known, _)| *known == what) {
            Some((_, all)) => all.push(told),
            None => groups.push((what, vec![told])),
        }
    }
    let line = |indent: usize, told: &str| {
        let columns = style.width.saturating_sub(indent + 2).max(20);
        let blanks = format!("\n{}", " ".repeat(indent + 2));
        let rows = wrap_prose(told, columns).replace('\n', &blanks);
        format!("\n{}{rows}", " ".repeat(indent))
    };
    for (what, all) in groups {
        text += &line(2, &format!("each {what}:"));
        for told in all {
            // The code of the list is said already.
            let code = match told.code() == first.code() {
                true => String::new(),
                false => format!(" [{}]", told.code()),
            };
            text += &line(4, &format!("{}{code}", told.message()));
            if let Some(why) = told.notes().get(1) {
                text += &line(6, shortened(told, why, style.width.saturating_sub(8)));
            }
        }
    }
    if let Some(left) = asked.len().checked_sub(LISTED).filter(|left| *left > 0) {
        text += &line(4, &format!("… and {left} more"));
    }
    if let Some(offer) = asked.iter().flat_map(|told| told.remedies()).next() {
        let command = offer.lines(style.width.saturating_sub(HELP.len()));
        text.push_str(&format!(
            "\n{HELP}{}",
            command.replace('\n', &format!("\n{}", " ".repeat(HELP.len())))
        ));
    }
    text += &line(
        1,
        "= help: `certgate check --verbose` shows every reason, and a command for each component",
    );
    text + "\n\n"
}

/// A reason without the path that the message names already, and without what does not fit on a line.
fn shortened<'a>(told: &Diagnostic, why: &'a str, columns: usize) -> &'a str {
    let named = told.place().map(|place| format!("{}: ", place.path));
    let why = named.and_then(|path| why.strip_prefix(path.as_str())).unwrap_or(why);
    match why.split_once("; ") {
        Some((first, _)) if why.chars().count() > columns => first,
        _ => why,
    }
}

/// What is before a command, as in every other diagnostic.
const HELP: &str = " = help: ";

/// Why it ended so, in a few words; `elsewhere` says where the rest is reported.
pub(super) fn outcome(report: &Judgement, elsewhere: &str) -> String {
    let decision = &report.decision;
    let total = decision.components.len();
    let open = decision
        .components
        .iter()
        .filter(|component| component.outcome != Outcome::Approved)
        .count();
    let files = decision.components.iter().flat_map(|component| &component.files);
    // A file that several components gate is one file.
    let files: BTreeSet<_> = files.map(|file| (&file.path, file.bump.is_some())).collect();
    let grown = files.iter().filter(|(_, grown)| *grown).count();
    let files = files.len() - grown;
    match (total, open, report.verdict()) {
        (0, _, Verdict::Pass) if report.enforcement == Enforcement::Off => "not enforced here".to_owned(),
        (0, _, Verdict::Pass) => "nothing performance-sensitive changed".to_owned(),
        (_, 0, Verdict::Pass) if files == 0 && grown > 0 => {
            format!("{} of nothing but trusted bumps", plural(grown, "gated file"))
        }
        (_, 0, Verdict::Pass) if grown > 0 => format!(
            "{} covered by certificates, {grown} of nothing but trusted bumps",
            plural(files, "gated file")
        ),
        (_, 0, Verdict::Pass) => format!("{} covered by certificates", plural(files, "gated file")),
        (_, 0, _) => elsewhere.to_owned(),
        (_, open, _) => format!("{} not certified: {}", plural(open, "component"), names(report)),
    }
}

/// How it ended, in one to a few lines.
pub fn summary(report: &Judgement) -> String {
    let what = outcome(report, "see above");
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
    let scope = format!(
        "{} at {}{target},",
        plural(report.scope.files, "changed file"),
        report.stage.as_str()
    );
    let by = format!("by {}", report.policy);
    let fits = scope.chars().count() + by.chars().count() + 3 <= Style::default().width;
    let between = if fits { " " } else { "\n  " };
    let score = report.sensitivity.as_ref();
    let score = score.map(|score| sensitivity::score_lines(score, Style::default().width));
    format!(
        "certgate: {word}: {what}\n  {scope}{between}{by}\n{}",
        score.unwrap_or_default()
    )
}

/// The components that lack something; of many, how many lack what.
fn names(report: &Judgement) -> String {
    let components = report.decision.components.iter();
    let open: Vec<_> = components
        .filter(|component| component.outcome != Outcome::Approved)
        .collect();
    if open.len() <= REQUESTS {
        let names = open
            .iter()
            .map(|component| format!("{} ({})", component.id, component.outcome.as_str()));
        return names.collect::<Vec<_>>().join(", ");
    }
    let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
    for component in open {
        *counts.entry(component.outcome).or_default() += 1;
    }
    let counts = counts
        .iter()
        .rev()
        .map(|(outcome, count)| format!("{count} {}", outcome.as_str()));
    counts.collect::<Vec<_>>().join(", ")
}
