//! From findings to diagnostics: what is missing, why, and the command that fixes it. Each file explains the findings on one matter.

mod admission;
mod authority;
mod context;
mod coverage;
mod evidence;
mod ineffective;
mod parts;
mod refusals;
mod request;
mod together;
mod words;

use context::Context;

use crate::diagnostic::{Diagnostic, Level};
use crate::ledger::Violation;
use crate::policy::Enforcement;
use crate::verdict::{Case, Decision, Finding};

pub(crate) use context::Ways;
pub(crate) use words::describe;

/// Explains every finding; errors become warnings where the policy only warns, and an invalid certificate adds its own diagnostics.
pub(crate) fn explain(case: &Case, decision: &Decision, ways: &Ways) -> Vec<Diagnostic> {
    let refused = decision.findings.iter().filter_map(|finding| match finding {
        Finding::Refused { unit, .. } | Finding::NewestInvalid { unit, .. } => Some(unit.as_str()),
        _ => None,
    });
    let context = Context {
        case,
        ways,
        refused: refused.collect(),
        stopped: decision
            .findings
            .iter()
            .any(|finding| matches!(finding, Finding::Stopped { .. })),
    };
    let mut all: Vec<Diagnostic> = Vec::new();
    for finding in &decision.findings {
        if context.is_told_better(finding, &decision.findings) {
            continue;
        }
        let level = match (finding.blocks(), case.enforcement_of(finding.component())) {
            // Not asked for here.
            (true, Enforcement::Off) => continue,
            (true, Enforcement::Block) => Level::Error,
            (true, _) => Level::Warning,
            // What keeps an approval from counting weighs as much as that it is missing.
            (false, Enforcement::Block) if context.leaves_a_gap(finding, &decision.findings) => Level::Error,
            (false, _) => Level::Warning,
        };
        let told = context.explain(finding, level).into_iter();
        let mut told = told.map(|diagnostic| diagnostic.about(finding.component()));
        all.extend(told.next().map(|first| first.in_parts(context.parts(finding))));
        all.extend(told);
    }
    all.sort_by_key(|diagnostic| std::cmp::Reverse(diagnostic.level()));
    context.offer_together(&decision.findings, &mut all);
    all
}

impl Context<'_> {
    /// Whether another finding says what matters: one fault is reported once, by the diagnostic that teaches how to fix it.
    fn is_told_better(&self, finding: &Finding, all: &[Finding]) -> bool {
        let path = |entry: &usize| self.entry(*entry).map(|entry| &entry.certificate.path);
        all.iter().any(|other| match (finding, other) {
            // An altered certificate does not count, so nobody cares whether it can be read.
            (Finding::InvalidAdded { entry }, Finding::Ledger(Violation::Modified(modified))) => {
                path(entry) == Some(modified)
            }
            // A certificate that was meant to cover the files and cannot be read.
            (
                Finding::Uncovered { because, .. },
                Finding::InvalidAdded { entry } | Finding::NewestInvalid { entry, .. },
            ) => because.iter().any(|(named, _)| named == entry),
            _ => false,
        })
    }

    fn explain(&self, finding: &Finding, level: Level) -> Vec<Diagnostic> {
        let one = match finding {
            Finding::Ledger(violation) => self.violation(violation, level),
            Finding::Policy(_)
            | Finding::Unauthorized { .. }
            | Finding::Bypassed { .. }
            | Finding::BypassOpen { .. }
            | Finding::BypassOverdue { .. } => return self.authority(finding, level).into_iter().collect(),
            Finding::ConditionOverdue { unit, entry, overdue } => {
                self.overdue_conditions(unit, (*entry, overdue), level)
            }
            Finding::Creep {
                benchmark,
                metric,
                times,
                certificates,
                unit,
            } => self.creep(unit, (benchmark, metric), (times, certificates)),
            Finding::Evidence(fault) => self.evidence_fault(fault, level),
            Finding::Measured {
                unit,
                entry,
                flaw,
                counts,
            } => self.measured(unit, (*entry, flaw, *counts), level),
            Finding::Unsupported { unit, entry, figures } => self.unsupported(unit, *entry, figures),
            Finding::InvalidAdded { entry } | Finding::NewestInvalid { entry, .. } => {
                return self.invalid(finding, *entry, level);
            }
            Finding::RefusalAstray { entry, name, meant } => self.astray(*entry, (name, meant), level),
            Finding::AheadOfTheClock { entry } => self.ahead_of_the_clock(*entry, level),
            Finding::BeforeEnforcement { entry } => self.before_enforcement(*entry, level),
            Finding::Unnameable { entry } => self.unnameable(*entry, level),
            Finding::Stopped { entry } => self.stop(*entry, level),
            Finding::Refused {
                unit,
                entry,
                class,
                files,
            } => self.refusal(unit, *entry, (*class, files), level),
            Finding::Changed {
                unit,
                entry,
                covered,
                changed,
            } => self.changed(unit, *entry, (covered, changed), level),
            Finding::Uncovered { unit, files, because } => self.uncovered(unit, files, because, level),
            Finding::TooFew {
                unit,
                files,
                have,
                need,
            } => self.too_few(unit, files, (have, *need), level),
            Finding::Handoff { unit, agent, files } => self.handoff(unit, agent, files, level),
            Finding::Unowned { unit, owners, files } => self.unowned(unit, owners, files, level),
            Finding::Grown { unit, files } => self.grown(unit, files),
            Finding::Announced { unit } => self.announced(unit, level),
            Finding::Conditions { unit, entry, open } => self.conditions(unit, *entry, open),
            Finding::Ineffective { entry, problem } => return self.ineffective(*entry, problem),
        };
        vec![one]
    }
}
