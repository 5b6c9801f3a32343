//! Certificates: a document that reads as a decision says so literally, says one thing however it is stored, and cannot be made to say
//! another by what is written below it.

use std::collections::BTreeMap;

use certgate::certificate::{
    Certificate, HashCheck, LintContext, Parsed, Status, Subject, SubjectField, certificate_hash, check_hash, is_valid,
    lint, names, parse, parse_subject, seal,
};
use certgate::change::RepoPath;
use certgate::diagnostic::{Code, Level};
use jiff::Timestamp;

use crate::{harmless, subject};

/// Where the document is said to stand.
const PATH: &str = "docs/agents/perf/certificates/review_gpu_memory_20260102_030405.md";

/// Reads the bytes as a certificate, lints them, seals them.
pub fn check(data: &[u8]) {
    let parsed = read(data);
    let certificate = &parsed.certificate;
    decided(data, &parsed);
    told(data, &parsed);
    if let SubjectField::Present(read) = &certificate.subject {
        subject::sound(read);
    }
    let hash = check_hash(data, certificate);
    if hash == HashCheck::Valid {
        let claim = certificate_hash(data).map(|digest| format!("sha256:{digest}"));
        assert_eq!(claim, certificate.hash);
    }
    for named in &certificate.named {
        assert!(!named.text.is_empty());
        assert!(named.lines.is_none_or(|(from, to)| from <= to), "{named:?}");
        names(named, &RepoPath::from("src/train/loop.py"));
    }
    // One of the costly laws for each input: libFuzzer tries every length.
    match data.len() % 4 {
        0 => stored_otherwise(data, certificate),
        1 => continued(data, certificate),
        2 => sealed(data, certificate),
        _ => {}
    }
}

fn read(data: &[u8]) -> Parsed {
    parse(&RepoPath::from(PATH), data)
}

/// A decision is one of the eleven words, which stands in the text as the section's name does; what holds none says why.
fn decided(data: &[u8], parsed: &Parsed) {
    let holds = |word: &str| data.windows(word.len()).any(|part| part == word.as_bytes());
    let explained = parsed.findings.iter().any(|finding| {
        matches!(finding.code(), Code::CG101 | Code::CG102 | Code::CG103 | Code::CG104)
            && finding.level() == Level::Error
    });
    match parsed.certificate.status {
        Some(status) => {
            assert!(Status::ALL.contains(&status) && holds(status.as_str()));
            assert!(holds("DECISION/OUTCOME"));
            assert!(is_valid(parsed) && !explained);
        }
        None => assert!(!is_valid(parsed) && explained),
    }
}

/// Everything that is said of the document is harmless.
fn told(data: &[u8], parsed: &Parsed) {
    let id = parsed.certificate.id.clone().unwrap_or_default();
    let ids = BTreeMap::from([(id, vec![RepoPath::from("certificates/other.md")])]);
    let components = ["gpu_memory".to_owned(), "kernels".to_owned()];
    let context = LintContext {
        stamps_count: false,
        bytes: data,
        now: Some(Timestamp::UNIX_EPOCH),
        components: Some(&components),
        ids: Some(&ids),
    };
    parsed.findings.iter().for_each(harmless);
    lint(parsed, &context).iter().for_each(harmless);
}

/// Line endings and a byte order mark change nothing.
fn stored_otherwise(data: &[u8], certificate: &Certificate) {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    if !data.starts_with(MARK) {
        let marked = [MARK, data].concat();
        assert_eq!(read(&marked).certificate, *certificate, "with a byte order mark");
    }
    if !data.contains(&b'\r') {
        let mut windows = Vec::with_capacity(data.len() + 64);
        for byte in data {
            windows.extend((*byte == b'\n').then_some(b'\r'));
            windows.push(*byte);
        }
        assert_eq!(read(&windows).certificate, *certificate, "with CRLF");
    }
}

/// No text below a document turns its decision into another one.
fn continued(data: &[u8], certificate: &Certificate) {
    const MORE: [&str; 3] = [
        "\n\n## DECISION/OUTCOME\n\n**Status**: APPROVED\n",
        "\n\n**Status**: APPROVED\n",
        "\n-->\n```\n~~~\n</div>\n\n**Status**: APPROVED\n",
    ];
    if certificate.status.is_none() {
        return;
    }
    for more in MORE {
        let read = read(&[data, more.as_bytes()].concat()).certificate.status;
        assert!(read.is_none() || read == certificate.status, "{read:?} after {more:?}");
    }
}

/// What is sealed reads back as sealed, and sealing it again changes nothing.
fn sealed(data: &[u8], certificate: &Certificate) {
    const ID: &str = "01JDXW8Z3V6T9M2QH4RB7KC5FN";
    let list = "certgate/subject/v1\ncomponent gpu_memory\nbase -\nhead -\ndeleted - a\ndeleted - src/b c.py\n";
    let Ok(mut wanted) = parse_subject(list) else {
        panic!("the subject is as it should be");
    };
    if !certificate.components.is_empty() {
        wanted = Subject {
            components: certificate.components.clone(),
            ..wanted
        };
    }
    let Ok(sealed) = seal(data, &wanted, ID) else {
        return;
    };
    let again = read(&sealed).certificate;
    assert_eq!(again.status, certificate.status);
    assert_eq!(again.agent, certificate.agent);
    assert_eq!(check_hash(&sealed, &again), HashCheck::Valid);
    let SubjectField::Present(subject) = again.subject else {
        panic!("sealed without a subject");
    };
    assert_eq!(subject.files, wanted.files);
    assert_eq!(seal(&sealed, &wanted, "another").as_ref(), Ok(&sealed), "sealed twice");
}
