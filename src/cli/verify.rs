//! `certgate verify`: hash, signature, subject and evidence of single certificates, held against content.

use std::path::Path;

use super::args::{Format, VerifyArgs};
use super::ending::Ending;
use super::fault::Doing as _;
use super::{formats, lint, terminal};
use crate::author::sign::HeadKeys;
use crate::author::{draft, sign};
use crate::certificate::{Certificate, SubjectField, names};
use crate::change::{RepoPath, Snapshot};
use crate::diagnostic::{Code, Diagnostic, Level, Place, Placeholder, Remedy, command};
use crate::gate::Undecided;
use crate::gate::{self, governing};
use crate::git::{Blob, Repository};
use crate::intake::range;
use crate::ledger;
use crate::report::{self, Fact, VerifyReport};
use crate::trust::{HashCheck, MAX_SIGNATURE, SignatureCheck, check_hash};
use crate::verdict::code_of;

/// Largest file whose lines are counted.
const MOST_COUNTED: u64 = 32 * 1024 * 1024;

/// Carries it out; anything that does not hold ends it as findings do. A run that could not answers in the asked format, too.
pub(super) fn run(args: &VerifyArgs) -> Result<Ending, Undecided> {
    let verified = verified(args).inspect_err(|failure| {
        if let Some(text) = formats::failure(args.format, "verify", &failure.diagnostics) {
            let _best_effort = terminal::out(&text);
        }
    })?;
    show(args.format, &verified)?;
    Ok(match verified.iter().all(VerifyReport::holds) {
        true => Ending::Done,
        false => Ending::Blocked,
    })
}

fn verified(args: &VerifyArgs) -> Result<Vec<VerifyReport>, Undecided> {
    let repository = Repository::open()?;
    let at = match (args.change.staged, args.change.head.as_deref()) {
        (true, _) => Snapshot::Index,
        (false, head) => Snapshot::Commit(range::commit(&repository, head.unwrap_or("HEAD"))?),
    };
    let keys = HeadKeys::read(&repository)?;
    args.paths
        .iter()
        .map(|path| one(&repository, &at, &keys, path))
        .collect()
}

fn show(format: Format, verified: &[VerifyReport]) -> anyhow::Result<()> {
    let all: Vec<Diagnostic> = verified
        .iter()
        .flat_map(|document| document.diagnostics.clone())
        .collect();
    match format {
        Format::Human => {
            for document in verified {
                terminal::diagnose_all(&document.diagnostics);
                terminal::judged(&report::verify_lines(document))?;
            }
            Ok(())
        }
        Format::Json => terminal::judged(&report::verify_json(verified)),
        Format::Github => terminal::judged(&report::annotations(&all)),
        Format::Sarif => terminal::judged(&report::sarif("verify", &all)),
        Format::Junit => terminal::judged(&report::junit_verify(verified)),
        Format::Gitlab => terminal::judged(&report::gitlab(&all)),
        Format::Markdown => terminal::judged(&report::markdown_verify(verified)),
        Format::Html => terminal::judged(&report::html_verify(verified)),
    }
}

/// What is being found of one certificate.
struct Finder<'a> {
    repository: &'a Repository,
    at: &'a Snapshot,
    path: RepoPath,
    facts: Vec<Fact>,
    diagnostics: Vec<Diagnostic>,
}

impl Finder<'_> {
    fn holds(&mut self, of: &'static str, said: impl Into<String>) {
        let said = said.into();
        self.facts.push(Fact { of, holds: true, said });
    }

    /// What does not hold, under its code, with the command that says more or fixes it.
    fn wrong(&mut self, of: &'static str, said: impl Into<String>, code: Code, help: Remedy) {
        let said = said.into();
        let told = Diagnostic::error(code, format!("{of}: {said}")).at(Place::file(&self.path));
        self.diagnostics.push(told.help(help));
        self.facts.push(Fact { of, holds: false, said });
    }
}

/// Everything about one certificate.
fn one(repository: &Repository, at: &Snapshot, keys: &HeadKeys, path: &Path) -> Result<VerifyReport, Undecided> {
    let shown = draft::relative_to_root(repository, path).unwrap_or_else(|| lint::as_given(path));
    let (parsed, bytes) = lint::from_disk(Some(repository), path, shown.clone())?;
    let is_error = |finding: &&Diagnostic| finding.level() == Level::Error;
    let diagnostics: Vec<Diagnostic> = parsed.findings.iter().filter(is_error).cloned().collect();
    let certificate = &parsed.certificate;
    let mut finder = Finder {
        repository,
        at,
        path: shown,
        facts: Vec::new(),
        diagnostics,
    };
    match certificate.status {
        Some(status) => finder.holds("decision", status.as_str()),
        // The reason was reported while it was read.
        None => finder.facts.push(Fact {
            of: "decision",
            holds: false,
            said: "none can be read".to_owned(),
        }),
    }
    match check_hash(&bytes, certificate) {
        HashCheck::Valid => finder.holds("hash", "valid"),
        HashCheck::Absent => finder.holds("hash", "none"),
        HashCheck::NotAHash => finder.holds("hash", "free text, proves nothing"),
        HashCheck::Mismatch => finder.wrong(
            "hash",
            "does not match; the document was changed after it was sealed",
            Code::CG501,
            command!["certgate", "seal", &finder.path],
        ),
    }
    finder.signature(keys, path, certificate, &bytes)?;
    finder.subject(certificate)?;
    finder.evidence(certificate)?;
    Ok(VerifyReport {
        path: finder.path.to_string(),
        status: certificate.status,
        facts: finder.facts,
        diagnostics: finder.diagnostics,
    })
}

impl Finder<'_> {
    /// Who signed it. What HEAD holds must have been signed while the key was valid; what it does not hold yet must be so now, too.
    fn signature(
        &mut self,
        keys: &HeadKeys,
        path: &Path,
        certificate: &Certificate,
        bytes: &[u8],
    ) -> Result<(), Undecided> {
        let beside = sign::path_of(path);
        let signature = match std::fs::File::open(&beside) {
            Ok(file) => {
                let mut signature = Vec::new();
                let read =
                    std::io::Read::read_to_end(&mut std::io::Read::take(file, MAX_SIGNATURE + 1), &mut signature);
                read.doing("read", &beside)?;
                lint::as_stored(self.repository, &beside, signature)?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.holds("signature", "none");
                return Ok(());
            }
            Err(error) => return Err(Undecided::io("read", &beside, &error)),
        };
        let mut at: Vec<jiff::Timestamp> = certificate.date.into_iter().collect();
        let committed = match self.repository.head()?.commit() {
            Some(commit) => {
                let head = Snapshot::Commit(commit.clone());
                self.repository.entry(&head, &self.path)?.is_some()
            }
            None => false,
        };
        if !committed || at.is_empty() {
            at.push(jiff::Timestamp::now());
        }
        let list = keys.origin();
        let again = command!["certgate", "seal", &self.path, "--sign", Placeholder::Key];
        let verified = match keys.check(bytes, &signature, &at) {
            SignatureCheck::Absent => {
                self.holds("signature", "none");
                return Ok(());
            }
            SignatureCheck::Invalid(problem) => {
                self.wrong("signature", format!("{problem}; {list}"), problem.code(), again);
                return Ok(());
            }
            SignatureCheck::Valid(verified) => verified,
        };
        let by = format!(
            "{}, key {} ({})",
            verified.principals.join(", "),
            verified.key,
            verified.algorithm
        );
        let agent = certificate.agent.as_deref().unwrap_or_default();
        let demands = governing::policy_here(self.repository)?.map(|policy| policy.demands());
        match demands.unwrap_or_default().may_speak(agent, &verified) {
            true => self.holds("signature", format!("valid, {by}; {list}")),
            false => self.wrong(
                "signature",
                format!("{by}, who is not allowed to speak for `{agent}`; {list}"),
                Code::CG510,
                again,
            ),
        }
        Ok(())
    }

    /// Every file that it lists must still be what was certified.
    fn subject(&mut self, certificate: &Certificate) -> Result<(), Undecided> {
        let subject = match &certificate.subject {
            SubjectField::Present(subject) => subject,
            SubjectField::Absent => {
                self.holds("subject", "none; it covers by name");
                return Ok(());
            }
            SubjectField::Unreadable => {
                // The reason was reported while it was read.
                self.facts.push(Fact {
                    of: "subject",
                    holds: false,
                    said: "cannot be read".to_owned(),
                });
                return Ok(());
            }
        };
        for file in &subject.files {
            let here = ledger::state(self.repository, self.repository.entry(self.at, &file.path)?.as_ref())?;
            if here == file.state {
                self.holds("subject", format!("{} as certified", file.path));
            } else {
                let explain = command!["certgate", "explain", &file.path];
                let said = format!("{} changed after certification", file.path);
                self.wrong("subject", said, Code::CG202, explain);
            }
        }
        Ok(())
    }

    /// The bound files must be what the certificate names, and give its table.
    fn measurements(&mut self, certificate: &Certificate) -> Result<(), Undecided> {
        let policy = governing::policy_here(self.repository)?.map_or_else(governing::default_policy, Ok)?;
        let Some(judged) = gate::shown_at(self.repository, &policy, self.at, certificate)? else {
            return Ok(());
        };
        for shown in &judged.shown {
            let ratio = shown
                .ratio
                .map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}"));
            self.holds(
                "benchmarks",
                format!("{} {}: {} {ratio}", shown.benchmark, shown.metric, shown.verdict.word()),
            );
        }
        for flaw in &judged.flaws {
            let help = command!["certgate", "explain", code_of(flaw.kind).as_str()];
            self.wrong("benchmarks", flaw.to_string(), code_of(flaw.kind), help);
        }
        Ok(())
    }

    /// Every path with line numbers that EVIDENCE names must exist and have those lines.
    fn evidence(&mut self, certificate: &Certificate) -> Result<(), Undecided> {
        self.measurements(certificate)?;
        let cited: Vec<_> = certificate
            .named
            .iter()
            .filter(|named| named.in_evidence && named.lines.is_some())
            .collect();
        if cited.is_empty() {
            self.holds("evidence", "no file references with line numbers");
            return Ok(());
        }
        let paths = self.repository.list(self.at, &[Vec::new()])?;
        let claims = command!["certgate", "lint", "--claims", &self.path];
        for named in cited {
            let Some((_, last)) = named.lines else { continue };
            let shown = format!("{}:{}", named.text, last);
            let Some((_, entry)) = paths.iter().find(|(path, _)| names(named, path)) else {
                let said = format!("{shown}: no such file");
                self.wrong("evidence", said, Code::CG651, claims.clone());
                continue;
            };
            match self.repository.blob(&entry.id, MOST_COUNTED)? {
                Blob::Content(bytes) => {
                    let breaks = bytes.iter().filter(|byte| **byte == b'\n').count();
                    let count = breaks + usize::from(!bytes.is_empty() && !bytes.ends_with(b"\n"));
                    if count >= last as usize {
                        self.holds("evidence", shown);
                    } else {
                        let said = format!("{shown}: the file has {count} lines");
                        self.wrong("evidence", said, Code::CG651, claims.clone());
                    }
                }
                Blob::TooLarge { .. } => self.holds("evidence", format!("{shown}: too large to count its lines")),
            }
        }
        Ok(())
    }
}
