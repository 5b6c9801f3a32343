//! What is reported about evidence: why the measurements of an approval do not count, and what a change must not do to bound files.

use super::context::Context;
use super::words::at;
use crate::diagnostic::{Code, Diagnostic, Help, Level, Place, Word, command, plural, sanitize};
use crate::evidence::bound::{Flaw, FlawKind};
use crate::verdict::{EvidenceFault, EvidenceFaultKind, Finding, code_of};

/// Most files that are named as holding a figure.
const MOST_NAMED: usize = 3;

impl Context<'_> {
    /// Whether a finding is why a component lacks an approval.
    pub(super) fn leaves_a_gap(&self, finding: &Finding, all: &[Finding]) -> bool {
        let Finding::Measured {
            unit,
            counts: true,
            entry,
            ..
        } = finding
        else {
            return false;
        };
        all.iter().any(|other| {
            let gap = match other {
                Finding::Uncovered { .. }
                | Finding::TooFew { .. }
                | Finding::Handoff { .. }
                | Finding::Unowned { .. }
                | Finding::Unauthorized { .. }
                | Finding::Announced { .. } => true,
                // Of the certificate whose content was changed that is what matters, and of another its measurements.
                Finding::Changed { entry: changed, .. } => changed != entry,
                _ => false,
            };
            gap && other.component() == Some(unit)
        })
    }

    /// A flaw of the measurements of an approval.
    pub(super) fn measured(&self, unit: &str, (entry, flaw, counts): (usize, &Flaw, bool), level: Level) -> Diagnostic {
        let message = format!("`{unit}`: {flaw}");
        let line = flaw.line.and_then(|line| {
            let path = &self.entry(entry)?.certificate.path;
            Some(Place::line(path, line))
        });
        // The place is the file where the fault lies in it, else the line of the certificate that says otherwise.
        let file = flaw.file.as_ref().filter(|_| flaw.kind == FlawKind::File);
        let place = match file {
            Some((path, Some(line))) => Some(Place::line(path, *line)),
            Some((path, None)) => Some(Place::file(path)),
            None => line.or_else(|| self.place(entry)),
        };
        let count = match counts {
            true => format!("{} does not count", self.brief(entry)),
            false => format!("{} counts all the same, by `on_inconclusive: warn`", self.brief(entry)),
        };
        let mut diagnostic = at(Diagnostic::new(level, code_of(flaw.kind), message), place).because(count);
        for file in flaw.files.iter().take(MOST_NAMED) {
            diagnostic = diagnostic.because(format!("measured in {file}"));
        }
        if flaw.files.len() > MOST_NAMED {
            diagnostic = diagnostic.because(format!("… and {} more files", flaw.files.len() - MOST_NAMED));
        }
        diagnostic.help(self.measure_again(unit, flaw))
    }

    /// Figures that nothing gives.
    pub(super) fn unsupported(&self, unit: &str, entry: usize, figures: &[(u32, String)]) -> Diagnostic {
        let bound = self
            .entry(entry)
            .is_some_and(|entry| entry.certificate.benchmarks.present().is_some());
        let quoted = |(line, said): &(u32, String)| format!("`{}` on line {line}", sanitize(said));
        let mut message = format!("`{unit}`: nothing supports ");
        message.push_str(&match figures {
            [one] => quoted(one),
            [first, rest @ ..] => format!("{} and {}", quoted(first), plural(rest.len(), "other figure")),
            [] => String::new(),
        });
        let path = self.entry(entry).map(|entry| &entry.certificate.path);
        let place = path
            .zip(figures.first())
            .map(|(path, (line, _))| Place::line(path, *line));
        let mut diagnostic = at(Diagnostic::warning(Code::CG655, message), place);
        diagnostic = diagnostic.because(match bound {
            true => "no figure of the certificate gives it, and the bound files give other ones",
            false => "no figure of the certificate gives it, and no file is bound to it",
        });
        for figure in figures.iter().skip(1).take(MOST_NAMED) {
            diagnostic = diagnostic.because(quoted(figure));
        }
        diagnostic.help(self.measure_again(unit, &Flaw::new(FlawKind::Absent, "")))
    }

    /// What makes it good: as a rule, to measure and to certify what was measured.
    fn measure_again(&self, unit: &str, flaw: &Flaw) -> Help {
        if flaw.kind == FlawKind::Exceeded {
            return "make it faster; or have the owners of the policy change `budgets`".into();
        }
        self.certify(unit, None).into()
    }

    /// Small losses that add up.
    pub(super) fn creep(
        &self,
        unit: &str,
        (benchmark, metric): (&str, &str),
        (times, certificates): (&str, &[String]),
    ) -> Diagnostic {
        let message = format!(
            "`{unit}`: `{benchmark} {metric}` has become {times} times what it was at the first bound evidence, by losses each within the budget"
        );
        let mut diagnostic = Diagnostic::warning(Code::CG625, message);
        for certificate in certificates {
            diagnostic = diagnostic.because(certificate);
        }
        diagnostic.help(command!["certgate", "trend", unit])
    }

    /// Conditions of an approval that were due.
    pub(super) fn overdue_conditions(
        &self,
        unit: &str,
        (entry, overdue): (usize, &[String]),
        level: Level,
    ) -> Diagnostic {
        let message = format!("`{unit}` is blocked: a condition of {} is overdue", self.brief(entry));
        let mut diagnostic = at(Diagnostic::new(level, Code::CG624, message), self.place(entry));
        for condition in overdue {
            diagnostic = diagnostic.because(condition);
        }
        diagnostic
            .because("the approval counted on it, and no change of the component may be merged before it is met")
            .help(command!["certgate", "status"].why("lists what is due"))
    }

    /// What the change does to bound files.
    pub(super) fn evidence_fault(&self, fault: &EvidenceFault, level: Level) -> Diagnostic {
        let restore = |what: &str| {
            Diagnostic::new(
                level,
                Code::CG620,
                format!("evidence of {} was {what}", fault.certificate),
            )
            .at(Place::file(&fault.path))
            .because("evidence is append-only, as the certificate is that names it")
            .help(command![
                "git",
                "checkout",
                &self.ways.base,
                "--",
                Word::pathspec(&fault.path)
            ])
        };
        match &fault.kind {
            EvidenceFaultKind::Modified => restore("modified"),
            EvidenceFaultKind::Deleted => restore("deleted"),
            EvidenceFaultKind::Unreadable => Diagnostic::new(
                level,
                Code::CG121,
                format!("the BENCHMARKS of {} cannot be read", fault.certificate),
            )
            .at(Place::file(&fault.path))
            .because("so nothing beside it is evidence")
            .help(command!["certgate", "lint", &fault.certificate]),
            EvidenceFaultKind::Stray(why) => Diagnostic::new(
                level,
                Code::CG621,
                format!("{} is not evidence of its certificate", fault.path),
            )
            .at(Place::file(&fault.path))
            .because(format!("only what {} names may be beside it", fault.certificate))
            .because(why)
            .help(command!["git", "rm", "--cached", "--", Word::pathspec(&fault.path)]),
        }
    }
}
