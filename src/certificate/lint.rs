//! Style: what a certificate should also be, beyond its decision. Everything here is a warning but what makes it void.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{Certificate, EvidenceSide, HashCheck, Parsed, check_hash, date, evidence_folder, fold_component, nearest};
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, Place, command};

/// How far ahead of the clock a certificate may be dated.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(10);

/// What lint knows besides the document; the default knows nothing and reports nothing for lack of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LintContext<'a> {
    /// The document; without it the hash is not checked.
    pub bytes: &'a [u8],
    /// The clock.
    pub now: Option<Timestamp>,
    /// The policy's components: ids and aliases.
    pub components: Option<&'a [String]>,
    /// Where each Certificate ID is.
    pub ids: Option<&'a BTreeMap<String, Vec<RepoPath>>>,
    /// True where the policy lets approvals count that say nothing.
    pub stamps_count: bool,
}

/// Whether a document holds a decision; matters of style do not enter.
pub fn is_valid(parsed: &Parsed) -> bool {
    parsed.certificate.status.is_some()
}

/// Returns what there is to say besides [`Parsed::findings`].
pub fn lint(parsed: &Parsed, context: &LintContext<'_>) -> Vec<Diagnostic> {
    let certificate = &parsed.certificate;
    if parsed.findings.iter().any(|finding| finding.code() == Code::CG104) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    file_name(certificate, &mut findings);
    missing(parsed, &mut findings);
    agents(parsed, &mut findings);
    future(certificate, context, &mut findings);
    unique(certificate, context, &mut findings);
    components(certificate, context, &mut findings);
    hash(certificate, context, &mut findings);
    stamp(certificate, context, &mut findings);
    benchmarks(certificate, &mut findings);
    findings
}

/// What the block of BENCHMARKS lacks, by its form alone.
fn benchmarks(certificate: &Certificate, findings: &mut Vec<Diagnostic>) {
    let Some(measured) = certificate.benchmarks.present() else {
        return;
    };
    let folder = evidence_folder(&certificate.path);
    if let Some(astray) = measured
        .files
        .iter()
        .find(|file| !file.path.is_within(folder.as_bytes()))
    {
        findings.push(
            Diagnostic::warning(Code::CG122, format!("{} is not beside its certificate", astray.path))
                .at(Place::line(&certificate.path, astray.line))
                .because(format!("evidence of this certificate belongs in {folder}/")),
        );
    }
    let has = |side| measured.files.iter().any(|file| file.side == side);
    let compared = has(EvidenceSide::Baseline) && has(EvidenceSide::Candidate) && !measured.rows.is_empty();
    let only_candidates = has(EvidenceSide::Candidate) && !has(EvidenceSide::Baseline) && measured.rows.is_empty();
    let only_profiles = measured.files.iter().all(|file| file.side == EvidenceSide::Profile);
    if !compared && !only_profiles && !only_candidates {
        findings.push(
            Diagnostic::warning(Code::CG123, "BENCHMARKS decide nothing")
                .at(Place::file(&certificate.path))
                .because("there is no result, or there are files of one side only")
                .help("for example: certgate certify … --baseline FILE… --candidate FILE… (writes the section)"),
        );
    }
}

/// Whether a file name reads `{descriptor}_{component}_{YYYYMMDD_HHMMSS}.md`.
fn follows_format(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".md") else {
        return false;
    };
    let Some((head, stamp)) = stem.len().checked_sub(15).and_then(|at| stem.split_at_checked(at)) else {
        return false;
    };
    date::is_compact(stamp)
        && head
            .strip_suffix('_')
            .and_then(|head| head.split_once('_'))
            .is_some_and(|(descriptor, component)| !descriptor.is_empty() && !component.is_empty())
}

fn file_name(certificate: &Certificate, findings: &mut Vec<Diagnostic>) {
    let name = String::from_utf8_lossy(certificate.path.file_name()).into_owned();
    if !follows_format(&name) {
        findings.push(
            Diagnostic::warning(Code::CG109, "the file name does not follow the format")
                .at(Place::file(&certificate.path))
                .because("it reads {descriptor}_{component}_{YYYYMMDD_HHMMSS}.md, so that names sort and never clash")
                .help("name the next one so; a certificate that is in the ledger keeps its name"),
        );
    }
}

fn missing(parsed: &Parsed, findings: &mut Vec<Diagnostic>) {
    let certificate = &parsed.certificate;
    let mut lacks: Vec<String> = ["Component", "Agent", "Date", "Certificate ID"]
        .into_iter()
        .filter(|name| !parsed.shape.fields.iter().any(|field| field.eq_ignore_ascii_case(name)))
        .map(|name| format!("the field **{name}**"))
        .collect();
    // A missing DECISION/OUTCOME is its own error.
    let sections = ["REVIEW SCOPE", "FINDINGS", "EVIDENCE", "SIGNATURE"];
    lacks.extend(
        sections
            .into_iter()
            .filter(|name| {
                !parsed
                    .shape
                    .sections
                    .iter()
                    .any(|section| section.eq_ignore_ascii_case(name))
            })
            .map(|name| format!("the section ## {name}")),
    );
    for what in lacks {
        findings
            .push(Diagnostic::warning(Code::CG110, format!("{what} is missing")).at(Place::file(&certificate.path)));
    }
}

fn agents(parsed: &Parsed, findings: &mut Vec<Diagnostic>) {
    let certificate = &parsed.certificate;
    let Some(agent) = &certificate.agent else {
        return;
    };
    let mut other = |name: &str, source: &str| {
        if fold_component(name) != fold_component(agent) {
            findings.push(
                Diagnostic::warning(Code::CG111, format!("the agent does not match {source}"))
                    .at(Place::file(&certificate.path))
                    .because(format!("the heading says `{agent}`, {source} says `{name}`")),
            );
        }
    };
    if let Some(name) = &parsed.shape.signature_agent {
        other(name, "the signature");
    }
    let path = String::from_utf8_lossy(certificate.path.as_bytes()).into_owned();
    let mut parts = path.split('/').skip_while(|part| *part != "agents").skip(1).peekable();
    if let Some(name) = parts.next()
        && parts.peek().is_some()
    {
        other(name, "the directory");
    }
}

fn future(certificate: &Certificate, context: &LintContext<'_>, findings: &mut Vec<Diagnostic>) {
    let (Some(dated), Some(now)) = (certificate.date, context.now) else {
        return;
    };
    if dated.duration_since(now) > CLOCK_SKEW {
        findings.push(
            Diagnostic::error(Code::CG107, "the certificate is dated in the future")
                .at(Place::file(&certificate.path))
                .because(format!(
                    "it is dated {}, the clock says {}",
                    date::print(dated),
                    date::print(now)
                ))
                .because("a date ahead of time would make it the newest decision for as long")
                .help(command!["date", "-u", "+**Date**: %Y-%m-%d %H:%M:%S UTC"].why("the line to write")),
        );
    }
}

fn stamp(certificate: &Certificate, context: &LintContext<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(stamp) = &certificate.stamp else {
        return;
    };
    let message = format!("the approval is a stamp: {stamp}");
    let finding = match context.stamps_count {
        true => Diagnostic::warning(stamp.code(), message).because("the policy lets it count: `stamps: allow`"),
        false => Diagnostic::error(stamp.code(), message).because("it does not count"),
    };
    findings.push(
        finding
            .at(Place::file(&certificate.path))
            .help("say who decides, and why; one that is in the ledger already needs a new certificate"),
    );
}

fn unique(certificate: &Certificate, context: &LintContext<'_>, findings: &mut Vec<Diagnostic>) {
    let (Some(id), Some(ids)) = (&certificate.id, context.ids) else {
        return;
    };
    let others = ids.get(id).map(Vec::as_slice).unwrap_or_default();
    if let Some(other) = others.iter().find(|path| **path != certificate.path) {
        findings.push(
            Diagnostic::warning(Code::CG113, format!("the Certificate ID `{id}` is not unique"))
                .at(Place::file(&certificate.path))
                .because(format!("{other} carries it too"))
                .help("give a new certificate its own id; `certgate seal` does so where the field is missing"),
        );
    }
}

fn components(certificate: &Certificate, context: &LintContext<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(known) = context.components else {
        return;
    };
    for component in &certificate.components {
        let folded = fold_component(component);
        if known.iter().any(|name| fold_component(name) == folded) {
            continue;
        }
        let meant = nearest(component, known.iter().map(String::as_str));
        let finding = Diagnostic::warning(Code::CG114, format!("the policy has no component `{component}`"))
            .at(Place::file(&certificate.path))
            .because("the certificate gates and covers nothing on it");
        findings.push(match meant {
            Some(name) => finding.help(format!("did you mean: **Component**: {name}")),
            None => finding.help(command!["certgate", "policy", "show"].why("lists the components")),
        });
    }
}

fn hash(certificate: &Certificate, context: &LintContext<'_>, findings: &mut Vec<Diagnostic>) {
    if context.bytes.is_empty() {
        return;
    }
    match check_hash(context.bytes, certificate) {
        HashCheck::Absent | HashCheck::Valid => {}
        HashCheck::Mismatch => findings.push(
            Diagnostic::error(Code::CG501, "the certificate hash does not match the document")
                .at(Place::file(&certificate.path))
                .because("the document was edited after it was sealed, or its line endings were")
                .help("restore the sealed document, or write a new certificate that supersedes it"),
        ),
        HashCheck::NotAHash => findings.push(
            Diagnostic::warning(Code::CG116, "the certificate hash is free text")
                .at(Place::file(&certificate.path))
                .because("a hash reads `sha256:` and 64 hexadecimal digits; anything else proves nothing")
                .help(command!["certgate", "seal", &certificate.path]),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    const FULL: &str = "# T\n\n**Component**: gpu_memory\n**Agent**: perf-engineer\n**Date**: 2026-11-22 14:03:00 UTC\n**Certificate ID**: A1\n\n## REVIEW SCOPE\n- x\n\n## FINDINGS\n- x\n\n## DECISION/OUTCOME\n**Status**: APPROVED\n**Rationale**: ok\n\n## EVIDENCE\n- x\n\n## SIGNATURE\nAgent: perf-engineer\n";

    fn codes(path: &str, text: &str, context: &LintContext<'_>) -> Vec<Code> {
        let parsed = parse(&RepoPath::from(path), text.as_bytes());
        let context = LintContext {
            bytes: text.as_bytes(),
            ..*context
        };
        lint(&parsed, &context).iter().map(Diagnostic::code).collect()
    }

    #[test]
    fn a_complete_one_is_clean() {
        let components = vec!["gpu-memory".to_owned()];
        let path = "certificates/review_gpu_memory_20261122_140300.md";
        let ids = BTreeMap::from([("A1".to_owned(), vec![RepoPath::from(path)])]);
        let context = LintContext {
            now: Some("2026-11-22T13:54:00Z".parse().unwrap()),
            components: Some(&components),
            ids: Some(&ids),
            ..LintContext::default()
        };
        assert_eq!(codes(path, FULL, &context), []);
        let path = "agents/perf_engineer/certificates/review_gpu_memory_20261122_140300.md";
        assert_eq!(codes(path, FULL, &LintContext::default()), []);
    }

    #[test]
    fn tells_each_fault() {
        let none = LintContext::default();
        let good = "review_gpu_20261122_140300.md";
        for name in [
            "x.md",
            "gpu_20261122_140300.md",
            "a_b_2026-11-22_140300.md",
            "a_b_20261322_140300.md",
            "a_b_20261122_140300.txt",
            "é.md",
        ] {
            assert_eq!(codes(name, FULL, &none), [Code::CG109], "{name}");
        }
        assert_eq!(
            codes(good, &FULL.replace("## FINDINGS", "## FOUND"), &none),
            [Code::CG110]
        );
        assert_eq!(codes(good, &FULL.replace("**Date**", "**Day**"), &none), [Code::CG110]);
        assert_eq!(
            codes(good, &FULL.replace("Agent: perf-engineer\n", "Agent: other\n"), &none),
            [Code::CG111]
        );
        assert_eq!(
            codes(&format!("agents/ux/certificates/{good}"), FULL, &none),
            [Code::CG111]
        );
        let late = LintContext {
            now: Some("2026-11-22T13:52:59Z".parse().unwrap()),
            ..none
        };
        assert_eq!(codes(good, FULL, &late), [Code::CG107]);
        let ids = BTreeMap::from([("A1".to_owned(), vec![RepoPath::from("a.md"), RepoPath::from(good)])]);
        let seen = LintContext {
            ids: Some(&ids),
            ..none
        };
        assert_eq!(codes(good, FULL, &seen), [Code::CG113]);
        let known = vec!["gpu_memori".to_owned()];
        let policy = LintContext {
            components: Some(&known),
            ..none
        };
        assert_eq!(codes(good, FULL, &policy), [Code::CG114]);
        assert_eq!(
            codes(good, &format!("{FULL}Certificate Hash: PERF-1\n"), &none),
            [Code::CG116]
        );
        assert_eq!(
            codes(good, &format!("{FULL}Certificate Hash: sha256:00\n"), &none),
            [Code::CG501]
        );
        assert_eq!(
            codes("x.md", "", &none),
            [],
            "an unreadable document has said all there is"
        );
    }
}
