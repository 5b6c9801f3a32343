//! What `certify` does not write: an approval that says nothing.

use crate::certificate::stamp::{self, Saying};
use crate::certificate::{Draft, MAX_BYTES, Stamp, SubjectField, rationale};
use crate::diagnostic::{Code, Diagnostic};
use crate::gate::{InForce, Pasts, Question, Undecided};
use crate::git::{Blob, Repository};
use crate::ledger::{self, Entry};

/// How many certificates with one rationale are enough.
const REPEATED: usize = 3;

/// Refuses a draft that is a stamp, where the policy does not let stamps count. A refusal never is one.
pub(crate) fn refuse(
    repository: &Repository,
    question: &Question,
    in_force: &InForce,
    draft: &Draft,
) -> Result<(), Undecided> {
    let policy = &in_force.policy;
    if policy.stamps_count || policy.class(draft.status).refuses() {
        return Ok(());
    }
    let said = Saying {
        agent: Some(&draft.agent),
        rationales: vec![&draft.rationale],
        further: "",
        conditions: draft
            .conditions
            .iter()
            .map(|condition| condition.text.as_str())
            .collect(),
        findings: draft
            .by_component
            .iter()
            .flat_map(|(_, findings)| findings)
            .chain(&draft.findings)
            .map(String::as_str)
            .collect(),
        evidence: draft.evidence.iter().map(String::as_str).collect(),
    };
    if let Some(found) = stamp::find(&said) {
        return Err(told(&found));
    }
    if repeats(repository, draft, standing(repository, question, in_force)?)? {
        let problem = Diagnostic::error(
            Code::CG120,
            "the rationale is that of the agent's last certificates, on other content",
        );
        return Err(problem
            .because(format!(
                "`{}` has written the same words on three other contents already",
                draft.agent
            ))
            .help("give a --rationale that says what is true of this change")
            .into());
    }
    Ok(())
}

/// The certificates of the base, newest first.
fn standing(repository: &Repository, question: &Question, in_force: &InForce) -> Result<Vec<Entry>, Undecided> {
    let Some(tip) = &question.tip else {
        return Ok(Vec::new());
    };
    let pasts = Pasts::new(repository, &in_force.keyring);
    let then = |landing: &_| pasts.before(landing);
    let terms = ledger::LedgerTerms::of(&in_force.policy, &in_force.keyring, &then);
    Ok(ledger::all(repository, &terms, tip)?)
}

fn told(found: &Stamp) -> Undecided {
    Diagnostic::error(found.code(), "the approval would be a stamp")
        .because(found.to_string())
        .because("an approval says who decides, and why; nobody has decided here yet")
        .help("for example: certgate certify … --agent … (your name, and after --rationale, why the change may be merged)")
        .into()
}

/// Whether the agent's last certificates give the same rationale on other content.
fn repeats(repository: &Repository, draft: &Draft, entries: Vec<Entry>) -> Result<bool, Undecided> {
    let own = |entry: &&Entry| {
        let certificate = &entry.certificate;
        certificate.agent.as_deref() == Some(draft.agent.as_str())
            && draft.components.iter().any(|component| certificate.is_on(component))
            && certificate.status.is_some_and(|status| !status.class().refuses())
    };
    let last: Vec<&Entry> = entries.iter().filter(own).collect();
    if last.len() < REPEATED {
        return Ok(false);
    }
    for entry in last.into_iter().take(REPEATED) {
        let same_content = match (&entry.certificate.subject, &draft.subject) {
            (SubjectField::Present(theirs), Some(own)) => theirs.files == own.files,
            // What it was on is not known.
            _ => true,
        };
        if same_content {
            return Ok(false);
        }
        let Blob::Content(bytes) = repository.blob(&entry.blob, MAX_BYTES)? else {
            return Ok(false);
        };
        if !rationale(&bytes).is_some_and(|text| stamp::same_words(&text, &draft.rationale)) {
            return Ok(false);
        }
    }
    Ok(true)
}
