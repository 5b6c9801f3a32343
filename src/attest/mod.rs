//! What a judgement says, as in-toto statements: one on the range (a verification summary), one for each certificate over the content that it covers, one
//! for the evidence of each (a test result). Pure: values in, JSON out; `envelope.rs` wraps them for signing.
//!
//! Sources: in-toto's Statement v1 and its predicate `test-result` v0.1; SLSA's verification summary v1. Why these values:
//! `docs/decisions/0100-attestations.md`.

mod envelope;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use envelope::{Envelope, public_key, verified};

use crate::certificate::{Certificate, FileState, SubjectField};
use crate::change::{Digest, RepoPath};
use crate::evidence::bound::Shown;
use crate::evidence::decide::Conclusion;
use crate::gate::Judgement;
use crate::ledger::Entry;
use crate::trust::SignatureCheck;
use crate::verdict::{Outcome, Verdict};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const SUMMARY: &str = "https://slsa.dev/verification_summary/v1";
const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";
/// The predicate of a certificate: certgate's own.
const CERTIFICATE: &str = "urn:certgate:certificate:v1";
/// Who verifies.
const VERIFIER: &str = "urn:certgate:verifier";

/// A statement, and a name for its file.
pub(crate) struct Named {
    /// Of letters, digits, hyphens.
    pub(crate) name: String,
    /// The JSON.
    pub(crate) statement: Vec<u8>,
}

#[derive(Serialize)]
struct Statement {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: Vec<Value>,
    #[serde(rename = "predicateType")]
    predicate_type: &'static str,
    predicate: Value,
}

/// What the statements are about, beside the judgement.
pub(crate) struct About<'a> {
    /// Where the repository is, as a URI.
    pub(crate) resource: &'a str,
    /// When it was judged.
    pub(crate) at: Timestamp,
    /// The commit whose policy judged.
    pub(crate) tip: Option<String>,
    /// The SHA-256 of each certificate's document, by its place in the ledger.
    pub(crate) documents: BTreeMap<usize, Digest>,
}

/// The certificates that bear on the gated components, by their place in the ledger.
pub(crate) fn bearing(judgement: &Judgement) -> Vec<usize> {
    let mut entries: Vec<usize> = judgement
        .decision
        .components
        .iter()
        .flat_map(|component| component.certificates.iter().map(|certificate| certificate.entry))
        .collect();
    entries.sort_unstable();
    entries.dedup();
    entries
}

/// All statements of a judgement.
pub(crate) fn statements(judgement: &Judgement, about: &About<'_>) -> Result<Vec<Named>, serde_json::Error> {
    let mut all = vec![named("range", &summary(judgement, about))?];
    let mut number = 0;
    for at in bearing(judgement) {
        let Some(entry) = judgement.ledger.get(at) else {
            continue;
        };
        number += 1;
        if let Some(statement) = certificate(entry, about.documents.get(&at)) {
            all.push(named(&format!("certificate-{number}"), &statement)?);
        }
        let shown: Vec<&Shown> = judgement
            .decision
            .components
            .iter()
            .flat_map(|component| &component.evidence)
            .filter(|(of, _)| *of == at)
            .map(|(_, shown)| shown)
            .collect();
        if let Some(statement) = evidence(entry, &shown, about.documents.get(&at)) {
            all.push(named(&format!("evidence-{number}"), &statement)?);
        }
    }
    Ok(all)
}

fn named(name: &str, statement: &Statement) -> Result<Named, serde_json::Error> {
    Ok(Named {
        name: name.to_owned(),
        statement: serde_json::to_vec(statement)?,
    })
}

/// The range: what was judged, by which policy, with which result. No level of SLSA is claimed, as none was looked at.
fn summary(judgement: &Judgement, about: &About<'_>) -> Statement {
    let resource = about.resource;
    let mut subject = json!({ "uri": resource, "digest": { "gitCommit": judgement.head } });
    if let (Some(subject), Some(target)) = (subject.as_object_mut(), &judgement.target) {
        subject.insert(
            "annotations".to_owned(),
            json!({ "source_refs": [format!("refs/heads/{target}")] }),
        );
    }
    let mut policy = json!({ "uri": format!("{resource}#{}", judgement.policy) });
    if let (Some(policy), Some(tip)) = (policy.as_object_mut(), &about.tip) {
        policy.insert("digest".to_owned(), json!({ "gitCommit": tip }));
    }
    let inputs: Vec<Value> = bearing(judgement)
        .iter()
        .filter_map(|at| Some((judgement.ledger.get(*at)?, about.documents.get(at)?)))
        .map(|(entry, digest)| document(&entry.certificate, digest))
        .collect();
    // A warning is no pass: what the policy asks for is missing, and only its strictness lets the change through.
    let passed = judgement.verdict() == Verdict::Pass;
    Statement {
        kind: STATEMENT,
        subject: vec![subject],
        predicate_type: SUMMARY,
        predicate: json!({
            "verifier": { "id": VERIFIER, "version": { "certgate": env!("CARGO_PKG_VERSION") } },
            "timeVerified": second(about.at),
            "resourceUri": resource,
            "policy": policy,
            "inputAttestations": inputs,
            "verificationResult": if passed { "PASSED" } else { "FAILED" },
            "verifiedLevels": if passed { levels(judgement) } else { Vec::new() },
        }),
    }
}

/// What was found to hold, in words of certgate's own.
fn levels(judgement: &Judgement) -> Vec<String> {
    let approved = judgement
        .decision
        .components
        .iter()
        .filter(|component| component.outcome == Outcome::Approved);
    let certified: Vec<String> = approved
        .map(|component| {
            format!(
                "CERTGATE_CERTIFIED_{}",
                component.id.to_ascii_uppercase().replace('-', "_")
            )
        })
        .collect();
    match certified.is_empty() {
        true => vec!["CERTGATE_NOTHING_GATED".to_owned()],
        false => certified,
    }
}

fn document(certificate: &Certificate, digest: &Digest) -> Value {
    json!({ "uri": uri(&certificate.path), "digest": { "sha256": digest.to_string() } })
}

/// A certificate that lists what it covers; `None` for one that lists nothing that is there.
fn certificate(entry: &Entry, digest: Option<&Digest>) -> Option<Statement> {
    let certificate = &entry.certificate;
    let SubjectField::Present(subject) = &certificate.subject else {
        return None;
    };
    let mut covered = Vec::new();
    let mut deleted = Vec::new();
    for file in &subject.files {
        match &file.state {
            FileState::Present { mode, digest } => covered.push(json!({
                "name": uri(&file.path),
                "digest": { "sha256": digest.to_string() },
                "annotations": { "mode": mode.as_str() },
            })),
            FileState::Deleted => deleted.push(uri(&file.path)),
        }
    }
    if covered.is_empty() {
        return None;
    }
    let signers: &[String] = match &entry.signature {
        SignatureCheck::Valid(verified) => &verified.principals,
        SignatureCheck::Absent | SignatureCheck::Invalid(_) => &[],
    };
    let conditions: Vec<Value> = certificate
        .conditions
        .iter()
        .map(|one| json!({ "text": one.text, "met": one.met }))
        .collect();
    Some(Statement {
        kind: STATEMENT,
        subject: covered,
        predicate_type: CERTIFICATE,
        predicate: json!({
            "certificate": digest.map(|digest| document(certificate, digest)),
            "id": certificate.id,
            "components": certificate.components,
            "agent": certificate.agent,
            "status": certificate.status.map(|status| status.as_str()),
            "class": certificate.status.map(|status| status.class().as_str()),
            "date": certificate.date.map(second),
            "supersedes": certificate.supersedes,
            "conditions": conditions,
            "deleted": deleted,
            "signers": signers,
        }),
    })
}

/// What the evidence of a certificate shows; `None` for one without.
fn evidence(entry: &Entry, shown: &[&Shown], digest: Option<&Digest>) -> Option<Statement> {
    let benchmarks = entry.certificate.benchmarks.present()?;
    let names = |wanted: &[Conclusion]| -> Vec<String> {
        let mut names: Vec<String> = shown
            .iter()
            .filter(|one| wanted.contains(&one.verdict))
            .map(|one| format!("{} {}", one.benchmark, one.metric))
            .collect();
        names.sort();
        names.dedup();
        names
    };
    let (passed, failed) = (
        names(&[Conclusion::Pass]),
        names(&[Conclusion::Regressed, Conclusion::Invalid]),
    );
    let warned = names(&[Conclusion::Inconclusive]);
    let result = match (failed.is_empty(), warned.is_empty(), passed.is_empty()) {
        // Nothing that was looked at passed.
        (false, _, _) | (true, true, true) => "FAILED",
        (true, false, _) => "WARNED",
        (true, true, false) => "PASSED",
    };
    let mut configuration: Vec<Value> = benchmarks
        .files
        .iter()
        .map(|file| json!({ "name": uri(&file.path), "digest": { "sha256": file.digest.to_string() }, "annotations": { "side": file.side.word(), "format": file.format } }))
        .collect();
    configuration.extend(digest.map(|digest| document(&entry.certificate, digest)));
    Some(Statement {
        kind: STATEMENT,
        subject: vec![json!({ "digest": { "gitCommit": benchmarks.candidate } })],
        predicate_type: TEST_RESULT,
        predicate: json!({
            "result": result,
            "configuration": configuration,
            "passedTests": passed,
            "warnedTests": warned,
            "failedTests": failed,
        }),
    })
}

/// A path as a relative URI: every byte that could mean something else is encoded.
fn uri(path: &RepoPath) -> String {
    let mut text = String::new();
    for byte in path.as_bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~/".contains(byte) {
            true => text.push(char::from(*byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// A moment to the second, as RFC 3339 has it.
fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
