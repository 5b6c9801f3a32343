//! What an approval must contain beside its words, as words of the command that certifies: placeholders for what only the reviewer can
//! state, the files that were measured, a signature.

use crate::diagnostic::{Placeholder, Remedy, Word, command};
use crate::policy::EvidenceKind;
use crate::verdict::ComponentCase;

/// What one component asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wants {
    /// Lines of a gated file that were examined.
    lines: bool,
    /// What was found.
    findings: bool,
    /// Measurements.
    measured: bool,
    /// Measurements that are signed.
    measured_by: bool,
}

impl Wants {
    /// Of a component as it is judged.
    pub(crate) fn of(unit: &ComponentCase) -> Self {
        let asks = |kind| unit.evidence.contains(&kind);
        Self {
            lines: asks(EvidenceKind::FileReferences) && !unit.files.is_empty(),
            findings: asks(EvidenceKind::Findings),
            measured: unit.asks_for_benchmarks(),
            measured_by: !unit.measured_by.is_empty(),
        }
    }

    /// By two policies: what either asks for.
    pub(crate) fn and(&mut self, other: &Self) {
        self.lines |= other.lines;
        self.findings |= other.findings;
        self.measured |= other.measured;
        self.measured_by |= other.measured_by;
    }
}

/// What is measured, and where `certgate measure` leaves it.
const RESULTS: [&str; 4] = [
    "--baseline",
    "certgate-measure/baseline",
    "--candidate",
    "certgate-measure/candidate",
];

/// The command that certifies, with everything that these components ask for; `base` is what is measured against.
pub(crate) fn complete(mut certify: Remedy, units: &[(&str, Wants)], signed: bool, base: &str) -> Remedy {
    for (id, wants) in units {
        if wants.findings {
            let finding = match units {
                [_] => Word::from(Placeholder::Finding),
                _ => Word::from(format!("{id}: ")).and(Placeholder::Finding),
            };
            certify = certify.args(["--finding".into(), finding]);
        }
        if wants.lines {
            certify = certify.args(["--evidence".into(), Word::from(Placeholder::Lines)]);
        }
    }
    let measured = units.iter().any(|(_, wants)| wants.measured);
    let measured_by = units.iter().any(|(_, wants)| wants.measured_by);
    if measured {
        certify = certify.args(RESULTS);
    }
    if measured_by {
        certify = certify.args(["--measured", "certgate-measure/measured.sig"]);
    }
    if signed {
        certify = certify.args(["--sign".into(), Word::from(Placeholder::Key)]);
    }
    if !measured {
        return certify;
    }
    let measure = command!["certgate", "measure", "--base", base, "--run", Placeholder::Command];
    certify.after(match measured_by {
        true => measure.args(["--sign".into(), Word::from(Placeholder::Key)]),
        false => measure,
    })
}
