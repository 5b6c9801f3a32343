//! Puts the decision together: every finding, in a fixed order, and what becomes of each component.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{Weighing, lifts_stop, stop_is_lifted};
use super::statement::Statement;
use super::statements::statements;
use super::{Case, ComponentDecision, Decision, FileDecision, Finding, GatedPath, Outcome, Verdict, bypass};
use crate::certificate::{Class, DecidedRow};
use crate::change::RepoPath;
use crate::evidence::bound::Flaw;
use crate::evidence::claims::Unsupported;
use crate::ledger::{Lift, Lifted, Origin};
use crate::policy::Enforcement;

/// Decides a case.
pub(crate) fn decide(case: &Case) -> Decision {
    let mut findings: Vec<Finding> = case.violations.iter().cloned().map(Finding::Ledger).collect();
    findings.extend(case.policy_faults.iter().cloned().map(Finding::Policy));
    findings.extend(case.evidence_faults.iter().cloned().map(Finding::Evidence));
    let statements: Vec<Statement<'_>> = statements(case);
    for statement in &statements {
        findings.extend(statement.findings_of_its_own(case, &statements));
    }
    findings.extend(bypass::told(case, &statements));
    let mut components = Vec::new();
    if !case.only_certificates {
        let stops = statements
            .iter()
            .filter(|w| w.class == Some(Class::Stop) && !case.terms.stop_is_per_component);
        let standing: Vec<usize> = stops
            .filter(|stop| !stop_is_lifted(stop, statements.iter(), &case.terms))
            .map(|w| w.index)
            .collect();
        findings.extend(standing.iter().map(|&entry| Finding::Stopped { entry }));
        for unit in &case.gated {
            let (mut decision, of_unit) = Weighing::new(unit, &statements, case).decide();
            if !standing.is_empty() {
                decision.outcome = Outcome::Stopped;
            }
            components.push(decision);
            findings.extend(of_unit);
        }
    }
    let blocking = findings.iter().filter(|finding| finding.blocks());
    let strictest = blocking.map(|finding| case.enforcement_of(finding.component())).max();
    let verdict = match strictest {
        Some(Enforcement::Block) => Verdict::Block,
        Some(Enforcement::Warn) => Verdict::Warn,
        Some(Enforcement::Off) | None => Verdict::Pass,
    };
    Decision {
        verdict,
        components,
        findings,
    }
}

/// What the approvals of a change lift. The case gates no files; its components are those of the policy.
pub(crate) fn lifts(case: &Case) -> Lifted {
    let statements: Vec<Statement<'_>> = statements(case);
    let mut found = Lifted::default();
    let is_stop = |statement: &&Statement<'_>| statement.class == Some(Class::Stop);
    let stops: BTreeSet<usize> = statements.iter().filter(is_stop).map(|stop| stop.index).collect();
    for stop in statements.iter().filter(is_stop) {
        let new = |approval: &&Statement<'_>| approval.entry.origin == Origin::Added;
        let lifting = statements
            .iter()
            .filter(new)
            .filter(|approval| lifts_stop(approval, stop, &case.terms));
        found.whole.extend(lifting.map(|approval| (stop.index, approval.index)));
    }
    for unit in &case.gated {
        let of_unit = Weighing::new(unit, &statements, case).lifts();
        let whole = of_unit.whole.into_iter();
        found
            .whole
            .extend(whole.filter(|(refusal, _)| !stops.contains(refusal)));
        found.counting.extend(of_unit.counting);
    }
    found
}

/// What of the ledger's record of lifts a revocation has undone since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Undone {
    /// A refusal, as an index into the ledger, and the lift, as one into its lifts.
    pub lifts: BTreeSet<(usize, usize)>,
    /// Approvals whose effects do not count any more.
    pub effects: BTreeSet<usize>,
}

/// The lifts on record that do not count any more.
pub(crate) fn undone(case: &Case) -> Undone {
    let statements = statements(case);
    let mut found = Undone::default();
    for statement in &statements {
        let counts = |lift: &Lift| statement.lifts.iter().any(|kept| std::ptr::eq(*kept, lift));
        let lifts = statement.entry.lifts.iter().enumerate();
        let undone = lifts.filter(|(_, lift)| !counts(lift));
        found.lifts.extend(undone.map(|(at, _)| (statement.index, at)));
        if statement.effects.is_empty() && !statement.entry.effects.is_empty() {
            found.effects.insert(statement.index);
        }
    }
    found
}

/// What has been found about a component so far.
struct Found {
    outcome: Outcome,
    findings: Vec<Finding>,
}

impl Found {
    fn at_least(&mut self, outcome: Outcome) {
        self.outcome = self.outcome.max(outcome);
    }

    fn add(&mut self, outcome: Outcome, finding: Finding) {
        self.at_least(outcome);
        self.findings.push(finding);
    }
}

impl<'a> Weighing<'a> {
    fn decide(&self) -> (ComponentDecision, Vec<Finding>) {
        let unit = self.unit;
        let mut found = Found {
            outcome: Outcome::Approved,
            findings: Vec::new(),
        };
        let refused = self.refused(&mut found);
        self.unreadable(&mut found);
        self.past_their_dates(&mut found);
        found.findings.extend(self.creep());
        let gaps = self.gaps(&refused, &mut found.findings);
        found.findings.extend(self.grown(&refused));
        if !gaps.is_empty() {
            found.at_least(Outcome::Uncovered);
        }
        if self.announced_without_certificate() {
            found.add(Outcome::Uncovered, Finding::Announced { unit: unit.id.clone() });
        }
        let files = self.files(&refused, &gaps, &mut found);
        let bearing = self.bearing();
        let approvals = || bearing.iter().filter(|statement| statement.approves());
        for statement in approvals() {
            found.findings.extend(self.told_of_measurements(statement));
            found.findings.extend(self.unsupported(statement));
        }
        let evidence = approvals()
            .filter_map(|statement| Some((statement.index, self.judged(statement)?)))
            .flat_map(|(entry, judged)| judged.shown.iter().map(move |shown| (entry, shown.clone())))
            .collect();
        let decision = ComponentDecision {
            id: unit.id.clone(),
            outcome: found.outcome,
            files,
            messages: unit.messages.clone(),
            certificates: bearing.iter().map(|statement| self.describe(statement)).collect(),
            evidence,
        };
        (decision, found.findings)
    }

    /// The files that need no approval: nothing of them but versions has grown.
    fn grown(&self, refused: &BTreeSet<&RepoPath>) -> Option<Finding> {
        let files = self.unit.files.iter().filter(|file| !refused.contains(&file.path));
        let grown = files.filter_map(|file| Some((file.path.clone(), file.bump.clone()?)));
        let files: Vec<(RepoPath, String)> = grown.collect();
        (!files.is_empty()).then(|| Finding::Grown {
            unit: self.unit.id.clone(),
            files,
        })
    }

    /// The files over which a refusal is in force.
    fn refused(&self, found: &mut Found) -> BTreeSet<&'a RepoPath> {
        let unit = self.unit;
        let mut refused: BTreeSet<&RepoPath> = BTreeSet::new();
        for &statement in &self.refusing {
            let Some(class) = statement.class else { continue };
            let files: Vec<&GatedPath> = unit
                .files
                .iter()
                .filter(|file| self.refusal_stands(statement, Some(file)))
                .collect();
            let component = !unit.messages.is_empty() && self.refusal_stands(statement, None);
            // A repository-wide stop has been reported already.
            let reported = class == Class::Stop && !self.case.terms.stop_is_per_component;
            if (files.is_empty() && !component) || reported {
                continue;
            }
            refused.extend(files.iter().map(|file| &file.path));
            let outcome = match class {
                Class::Stop => Outcome::Stopped,
                Class::Veto => Outcome::Vetoed,
                _ => Outcome::Held,
            };
            let finding = Finding::Refused {
                unit: unit.id.clone(),
                entry: statement.index,
                class,
                files: files.iter().map(|file| file.path.clone()).collect(),
            };
            found.add(outcome, finding);
        }
        refused
    }

    /// What nobody can read, and no later approval answers.
    fn unreadable(&self, found: &mut Found) {
        let unreadable = self.statements.iter().filter(|statement| statement.class.is_none());
        for statement in unreadable.filter(|statement| self.is_unanswered(statement)) {
            found.at_least(Outcome::Invalid);
            // One that the change adds blocks by itself.
            if statement.entry.origin == Origin::Base {
                found.findings.push(Finding::NewestInvalid {
                    unit: self.unit.id.clone(),
                    entry: statement.index,
                });
            }
        }
    }

    /// Bypasses without the follow-up that was promised, and conditions that were not met in time.
    fn past_their_dates(&self, found: &mut Found) {
        for entry in self.overdue() {
            let unit = self.unit.id.clone();
            found.add(Outcome::Uncovered, Finding::BypassOverdue { unit, entry });
        }
        for statement in &self.statements {
            let overdue = statement.overdue_conditions(self.all, self.case);
            if !overdue.is_empty() {
                let finding = Finding::ConditionOverdue {
                    unit: self.unit.id.clone(),
                    entry: statement.index,
                    overdue,
                };
                found.add(Outcome::Uncovered, finding);
            }
        }
    }

    /// Each file with what covers it. Open conditions of the approvals that count are findings.
    fn files(&self, refused: &BTreeSet<&RepoPath>, gaps: &BTreeSet<RepoPath>, found: &mut Found) -> Vec<FileDecision> {
        let mut files = Vec::new();
        let mut counting = BTreeSet::new();
        for file in &self.unit.files {
            let by = self.approvals(file);
            counting.extend(by.iter().map(|(statement, _)| statement.index));
            files.push(FileDecision {
                path: file.path.clone(),
                covered: !gaps.contains(&file.path) && !refused.contains(&file.path),
                reasons: file.reasons.clone(),
                bump: file.bump.clone(),
                by: by
                    .into_iter()
                    .map(|(statement, binding)| (statement.entry.label(), binding))
                    .chain(self.bypass_label(file, gaps))
                    .collect(),
            });
        }
        let counting = |statement: &&&Statement<'_>| counting.contains(&statement.index);
        for statement in self.statements.iter().filter(counting) {
            let open = statement.open_conditions();
            if !open.is_empty() {
                found.findings.push(Finding::Conditions {
                    unit: self.unit.id.clone(),
                    entry: statement.index,
                    open,
                });
            }
        }
        files
    }

    /// The statements that a reader of the decision wants to see: refusals, what the change adds, the newest, and what is bound to the files.
    fn bearing(&self) -> Vec<&'a Statement<'a>> {
        let bound: BTreeSet<usize> = self
            .candidates
            .values()
            .flatten()
            .map(|statement| statement.index)
            .collect();
        let newest = self.statements.first().map(|newest| newest.index);
        let bears = |statement: &&&Statement<'_>| {
            statement.refuses()
                || statement.entry.origin == Origin::Added
                || newest == Some(statement.index)
                || bound.contains(&statement.index)
        };
        self.statements.iter().filter(bears).copied().collect()
    }

    /// Losses of approvals, each within the budget, that are together beyond it: since the first bound evidence of the ledger.
    fn creep(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        if !self.case.measurements.asked {
            return found;
        }
        let mut oldest_first: Vec<&&Statement<'_>> = self.statements.iter().filter(|one| one.may_approve()).collect();
        oldest_first.reverse();
        for budget in &self.unit.budgets {
            let Some(accepted) = budget.max_regression else {
                continue;
            };
            let mut sums: BTreeMap<&str, (f64, Vec<String>)> = BTreeMap::new();
            for statement in &oldest_first {
                let counts = statement.entry.origin == Origin::Base || self.is_sound(statement);
                let rows = statement.entry.certificate.benchmarks.present().filter(|_| counts);
                let rows = rows.into_iter().flat_map(|block| &block.rows);
                for row in rows.filter(|row| row.metric == budget.metric && budget.is_about(&row.benchmark)) {
                    let Some(ratio) = row.ratio.as_ref().map(|ratio| ratio.value()) else {
                        continue;
                    };
                    let (times, made) = sums.entry(&row.benchmark).or_insert((1.0, Vec::new()));
                    *times *= ratio;
                    if ratio > 1.0 {
                        made.push(format!("{}: {:+.1} %", statement.entry.label(), (ratio - 1.0) * 100.0));
                    }
                }
            }
            for (benchmark, (times, certificates)) in sums {
                if times > 1.0 + accepted && certificates.len() > 1 {
                    found.push(Finding::Creep {
                        unit: self.unit.id.clone(),
                        benchmark: benchmark.to_owned(),
                        metric: budget.metric.clone(),
                        times: format!("{times:.3}"),
                        certificates,
                    });
                }
            }
        }
        found
    }

    /// The flaws of an approval's measurements; of those of the base only where it adds some.
    fn told_of_measurements(&self, statement: &Statement<'_>) -> Vec<Finding> {
        let finding = |flaw: Flaw, counts: bool| Finding::Measured {
            unit: self.unit.id.clone(),
            entry: statement.index,
            flaw: Box::new(flaw),
            counts,
        };
        let judged = self.judged(statement);
        if !self.unit.asks_for_benchmarks() {
            return Vec::new();
        }
        if judged.is_none() && statement.entry.origin == Origin::Base {
            return Vec::new();
        }
        let flaws = self.flaws(statement).into_iter().map(|flaw| finding(flaw, true));
        let warnings = judged.into_iter().flat_map(|judged| judged.warnings.iter().cloned());
        flaws.chain(warnings.map(|flaw| finding(flaw, false))).collect()
    }

    /// The figures of an approval that neither it nor its bound files give. Where files are bound, only changes are held against them.
    fn unsupported(&self, statement: &Statement<'_>) -> Option<Finding> {
        let certificate = &statement.entry.certificate;
        let figures = self.case.unsupported.get(&certificate.path)?;
        if !self.unit.asks_for_benchmarks() {
            return None;
        }
        let rows = certificate.benchmarks.present().map(|block| block.rows.as_slice());
        let left = figures
            .iter()
            .filter(|figure| rows.is_none_or(|rows| is_contradicted(figure, rows)));
        let figures: Vec<(u32, String)> = left.map(|figure| (figure.line, figure.said.clone())).collect();
        (!figures.is_empty()).then(|| Finding::Unsupported {
            unit: self.unit.id.clone(),
            entry: statement.index,
            figures,
        })
    }

    pub(super) fn announced_without_certificate(&self) -> bool {
        let answers = |statement: &&Statement<'_>| {
            statement.entry.origin == Origin::Added
                && statement.approves()
                && self.obstacles(statement).is_empty()
                && self.wanted(statement)
        };
        !self.unit.messages.is_empty() && !self.statements.iter().any(answers) && !self.is_bypassed()
    }
}

/// Whether none of the measured ratios that a figure may be about bears it out. What was not computed may be what it is about.
fn is_contradicted(figure: &Unsupported, rows: &[DecidedRow]) -> bool {
    if !figure.is_of_change() || rows.is_empty() {
        return false;
    }
    let named = rows.iter().any(|row| figure.names(&row.benchmark));
    let mut about = rows.iter().filter(|row| !named || figure.names(&row.benchmark));
    about.all(|row| match (&row.ratio, &row.lower, &row.upper) {
        (_, Some(lower), Some(upper)) => !figure.is_borne_out(lower.value(), upper.value()),
        (Some(ratio), ..) if row.verdict == "pass" => !figure.is_borne_out(ratio.value(), ratio.value()),
        _ => false,
    })
}
