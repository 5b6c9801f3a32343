//! What is reported about authority: who may change the policy, authorize a risk, or let something through once.

use super::context::Context;
use super::words::{at, list, paths};
use crate::certificate::Bypass;
use crate::diagnostic::{Code, Diagnostic, Level, Place, Placeholder, Remedy, Word, command, sanitize};
use crate::verdict::{Finding, PolicyFault, ProfileFault, ProfileFaultKind};

impl Context<'_> {
    /// Explains a finding about authority; `None` for any other.
    pub(super) fn authority(&self, finding: &Finding, level: Level) -> Option<Diagnostic> {
        let new = |code, message: String| Diagnostic::new(level, code, message);
        Some(match finding {
            Finding::Policy(fault) => policy_fault(fault, level),
            Finding::Unauthorized {
                unit,
                files,
                authorizers,
            } => at(
                new(Code::CG516, format!("`{unit}`: nobody has authorized {}", paths(files))),
                files.first().map(Place::file),
            )
            .because(format!(
                "its risk asks for an approval by {}, another person than the reviewer",
                authorizers
                    .iter()
                    .map(|agent| sanitize(agent))
                    .collect::<Vec<_>>()
                    .join(" or ")
            ))
            .help(self.certify(unit, authorizers.first().map(String::as_str))),
            Finding::Bypassed { unit, entry, files } => at(
                Diagnostic::warning(Code::CG513, format!("BYPASS of `{unit}` by {}", self.brief(*entry))),
                self.place(*entry),
            )
            .because(list("let through without the approvals that are due:", files))
            .because(self.due(*entry))
            .help(self.follow_up(*entry)),
            Finding::BypassOpen { entry } => at(
                Diagnostic::warning(Code::CG513, format!("BYPASS without follow-up: {}", self.brief(*entry))),
                self.place(*entry),
            )
            .because(self.due(*entry))
            .help(self.follow_up(*entry)),
            Finding::BypassOverdue { unit, entry } => at(
                new(
                    Code::CG514,
                    format!(
                        "`{unit}` is blocked: the follow-up of {} is overdue",
                        self.brief(*entry)
                    ),
                ),
                self.place(*entry),
            )
            .because(self.due(*entry))
            .help(self.follow_up(*entry)),
            _ => return None,
        })
    }

    /// When the follow-up of a bypass is due.
    fn due(&self, index: usize) -> String {
        let bypass = self.entry(index).and_then(|entry| entry.certificate.bypass);
        let until = match bypass {
            Some(Bypass::Until(seconds)) => jiff::Timestamp::from_second(seconds).ok(),
            _ => None,
        };
        match until {
            Some(until) => format!("a reviewer's certificate that names it in `Supersedes` is due by {until}"),
            None => "a reviewer's certificate that names it in `Supersedes` is due now".to_owned(),
        }
    }

    fn follow_up(&self, index: usize) -> Remedy {
        let certificate = self.entry(index).map(|entry| &entry.certificate);
        let component = certificate.and_then(|certificate| certificate.components.first());
        let id = certificate.and_then(|certificate| certificate.id.as_ref());
        let command = command![
            "certgate",
            "certify",
            component.map_or(Word::from(Placeholder::Component), Word::from)
        ]
        .args(&self.ways.selection)
        .args(["--status", "APPROVED"])
        .args(["--agent".into(), Word::from(Placeholder::Reviewer)])
        .args(["--rationale".into(), Word::from(Placeholder::Rationale)])
        .args([
            "--supersedes".into(),
            id.map_or(Word::from(Placeholder::Id), Word::from),
        ]);
        self.complete(command, component.map(String::as_str))
    }
}

fn policy_fault(fault: &PolicyFault, level: Level) -> Diagnostic {
    let place = Place::file(".certgate/policy.yaml");
    match fault {
        PolicyFault::Rollback { old, new } => {
            let new = match new {
                Some(new) => format!("serial {new}"),
                None => "none".to_owned(),
            };
            Diagnostic::new(
                level,
                Code::CG517,
                format!("the policy goes back from serial {old} to {new}"),
            )
            .at(place)
            .because("a policy with a serial gives way only to one with a greater serial")
            .help(format!(
                "write `serial: {}` in .certgate/policy.yaml",
                old.saturating_add(1)
            ))
        }
        PolicyFault::NobodyCanSign => Diagnostic::new(
            level,
            Code::CG518,
            "the policy requires signatures, and nobody can sign",
        )
        .at(place)
        .because(".certgate/allowed_signers is missing or lists nobody, so no approval could ever count")
        .help(crate::gate::governing::allow_signer(Placeholder::Principal.into())),
        PolicyFault::Profile(fault) => profile_fault(fault, level),
    }
}

/// A profile that cannot be used blocks: without it nobody can tell which functions are hot.
fn profile_fault(fault: &ProfileFault, level: Level) -> Diagnostic {
    let code = match fault.kind {
        ProfileFaultKind::Unusable(_) => Code::CG684,
        ProfileFaultKind::NoCommit { .. } => Code::CG685,
    };
    let told = Diagnostic::new(level, code, fault.to_string())
        .at(fault.place.clone())
        .because("nobody can tell which functions are hot, so nothing is let through");
    match fault.kind {
        ProfileFaultKind::NoCommit { shallow: true, .. } => {
            told.help(command!["git", "fetch", "--unshallow"].why("fetches the rest of the history"))
        }
        _ => told.help(
            "put it right, or take its entry out of `profiles:`, in a change of nothing else: what touches only `.certgate/` and profiles needs an approval of `certgate-policy` and no more",
        ),
    }
}
