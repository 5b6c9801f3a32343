//! Line endings: what git stores is what is hashed, sealed, signed, linted and verified, however the work tree has it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use crate::scene::{CERTIFICATE, of_status, run, stage_gated, with_policy};
use crate::signed::Signed;
use crate::support::TestRepo;

/// The ways in which git turns LF into CRLF in a work tree: a setting, or a line of `.gitattributes`.
const WAYS: [(&str, &str); 4] = [
    ("true", ""),
    ("false", "*.md text eol=crlf\n"),
    ("false", "* text=auto eol=crlf\n"),
    ("input", ""),
];

fn turning((autocrlf, attributes): (&str, &str)) -> TestRepo {
    let repo = with_policy();
    repo.git(&["config", "core.autocrlf", autocrlf]);
    if !attributes.is_empty() {
        repo.write(".gitattributes", attributes);
        repo.commit("attributes");
    }
    repo
}

fn crlf(path: &Path) -> bool {
    std::fs::read(path).unwrap().windows(2).any(|pair| pair == b"\r\n")
}

#[test]
fn a_certificate_with_crlf_is_sealed_for_what_git_stores() {
    for way in WAYS {
        let repo = turning(way);
        stage_gated(&repo);
        repo.write(CERTIFICATE, of_status("APPROVED", "C-1").replace('\n', "\r\n"));
        run(&repo, &["seal", CERTIFICATE, "--staged"]).ends(0);
        repo.git(&["add", "certificates"]);
        run(&repo, &["check", "--staged"]).ends(0);
        repo.commit("certify");
        // As a clone would have it.
        std::fs::remove_file(repo.path().join(CERTIFICATE)).unwrap();
        repo.git(&["checkout", "--quiet", "--", "certificates"]);
        assert_eq!(crlf(&repo.path().join(CERTIFICATE)), way.0 != "input", "{way:?}");
        run(&repo, &["verify", CERTIFICATE]).ends(0).writes("hash: valid");
        run(&repo, &["lint"]).ends(0).writes("0 errors");
        run(&repo, &["lint", CERTIFICATE]).ends(0).writes("0 errors");
    }
}

#[test]
fn where_git_turns_nothing_crlf_counts() {
    let repo = with_policy();
    stage_gated(&repo);
    run(&repo, &crate::scene::certify_staged("APPROVED", "performance-engineer")).ends(0);
    repo.git(&["add", "certificates"]);
    let path = repo.ask(&["ls-files", "certificates"]);
    run(&repo, &["verify", &path, "--staged"]).ends(0);
    let text = std::fs::read_to_string(repo.path().join(&path)).unwrap();
    repo.write(&path, text.replace('\n', "\r\n"));
    run(&repo, &["verify", &path, "--staged"])
        .ends(1)
        .writes("hash: does not match");
    // A document that is stored with CRLF is not turned as long as that is so.
    repo.git(&["add", "certificates"]);
    repo.git(&["config", "core.autocrlf", "true"]);
    run(&repo, &["verify", &path, "--staged"])
        .ends(1)
        .writes("hash: does not match");
}

#[test]
fn a_clone_with_crlf_verifies_signatures() {
    if std::process::Command::new("ssh-keygen").arg("-?").output().is_err() {
        return;
    }
    let signed = Signed::required();
    signed.change("2").approve("performance-engineer", "pia");
    let said = signed.check().ends(0).out;
    let repo = &signed.repo;
    repo.git(&["config", "core.autocrlf", "true"]);
    let path = repo.ask(&["ls-files", "certificates/*.md"]);
    std::fs::remove_dir_all(repo.path().join("certificates")).unwrap();
    repo.git(&["checkout", "--quiet", "--", "certificates"]);
    assert!(crlf(&repo.path().join(&path)) && crlf(&repo.path().join(format!("{path}.sig"))));
    run(repo, &["verify", &path]).ends(0).writes("signature: valid");
    assert_eq!(signed.check().ends(0).out, said);
}

#[test]
fn init_keeps_the_line_endings_of_certificates_where_git_turns_them() {
    let attributes = |repo: &TestRepo| std::fs::read_to_string(repo.path().join(".gitattributes")).ok();
    let fresh = |autocrlf: &str| {
        let repo = TestRepo::new();
        repo.write("src/a.c", "int a;\n");
        repo.commit("begin");
        repo.git(&["config", "core.autocrlf", autocrlf]);
        repo
    };
    let repo = fresh("false");
    run(&repo, &["init"]).ends(0).writes("next: git add .certgate && ");
    assert_eq!(attributes(&repo), None);

    let repo = fresh("true");
    repo.write(".gitattributes", "*.c text");
    run(&repo, &["init"])
        .ends(0)
        .writes("next: git add .certgate .gitattributes && ");
    assert_eq!(attributes(&repo).unwrap(), "*.c text\ncertificates/** -text\n");
    run(&repo, &["init"]).ends(0);
    assert_eq!(attributes(&repo).unwrap(), "*.c text\ncertificates/** -text\n", "once");

    let repo = fresh("true");
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    repo.git(&["add", "--all"]);
    run(&repo, &["init"]).ends(0);
    assert_eq!(attributes(&repo), None, "a clone may hold turned ones");
}
