//! The reports where they end: the artefacts that a shipped file names, and the comment on a pull request.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_yaml::Value;

use crate::scene::{Ran, run, stage_gated, with_policy};
use crate::support::TestRepo;

fn shipped(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The files that `--report` writes in a shipped file.
fn written(text: &str) -> BTreeSet<&str> {
    let words = text.split_whitespace().filter(|word| !word.starts_with('#'));
    let mut words = words.skip_while(|word| *word != "check");
    let mut files = BTreeSet::new();
    while let Some(word) = words.next() {
        if word == "--report" {
            files.insert(words.next().unwrap().trim_end_matches('"').split_once('=').unwrap().1);
        }
    }
    files
}

#[test]
fn the_artefacts_that_are_kept_are_those_that_are_written() {
    let gitlab: Value = serde_yaml::from_str(&shipped("ci/gitlab.yml")).unwrap();
    let artifacts = &gitlab["certgate"]["artifacts"];
    assert_eq!(artifacts["when"], "always");
    let reports = &artifacts["reports"];
    let kept = [&artifacts["paths"][0], &reports["junit"], &reports["codequality"]];
    let kept: BTreeSet<&str> = kept.iter().map(|file| file.as_str().unwrap()).collect();
    assert_eq!(written(&shipped("ci/gitlab.yml")), kept);
    for (file, line) in [
        ("ci/Jenkinsfile", "junit 'certgate.xml'"),
        ("ci/azure-pipelines.yml", "testResultsFiles: certgate.xml"),
        ("ci/circleci.yml", "path: certgate.xml"),
        ("ci/buildspec.yml", "- certgate.xml"),
    ] {
        let text = shipped(file);
        assert_eq!(written(&text), ["certgate.xml"].into(), "{file}");
        assert!(text.contains(line), "{file}");
    }
}

/// A `gh` that knows one pull request, and writes down what it is asked.
const GH: &str = r#"#!/bin/sh
printf '%s|' "$@" >>"$HOME/asked"
echo >>"$HOME/asked"
case "$*" in
*--paginate*) cat "$HOME/comments" ;;
esac
"#;

#[test]
fn a_comment_is_posted_updated_and_taken_away() {
    let repo = with_policy();
    let bin = repo.home().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(bin.join("gh"), GH).unwrap();
    std::fs::set_permissions(bin.join("gh"), Permissions::from_mode(0o755)).unwrap();
    let post = |repo: &TestRepo, comments: &str| -> String {
        std::fs::write(repo.home().join("comments"), comments).unwrap();
        std::fs::write(repo.home().join("asked"), "").unwrap();
        let path = std::env::join_paths(
            std::iter::once(bin.clone()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/github-comment.sh");
        let mut command = repo.command("sh");
        command
            .arg(script)
            .args(["o/r", "7", "c.md"])
            .env("PATH", path.unwrap());
        Ran::from(command.output().unwrap()).ends(0);
        let asked = std::fs::read_to_string(repo.home().join("asked")).unwrap();
        let lines: Vec<&str> = asked.lines().collect();
        assert!(
            lines[0].starts_with("api|--paginate|repos/o/r/issues/7/comments|--jq|"),
            "{asked}"
        );
        lines[1..].join("\n")
    };
    let check = ["check", "--staged", "--report", "markdown=c.md"];
    stage_gated(&repo);
    run(&repo, &check).ends(1);
    assert_eq!(
        post(&repo, ""),
        "api|--method|POST|repos/o/r/issues/7/comments|--field|body=@c.md|--silent|"
    );
    assert_eq!(
        post(&repo, "31\n32\n"),
        "api|--method|PATCH|repos/o/r/issues/comments/31|--field|body=@c.md|--silent|"
    );
    repo.git(&["reset", "--quiet", "--hard"]);
    repo.write("README.md", "more\n");
    repo.git(&["add", "README.md"]);
    run(&repo, &check).ends(0);
    assert_eq!(post(&repo, "31\n"), "api|--method|DELETE|repos/o/r/issues/comments/31|");
    assert_eq!(post(&repo, ""), "");
}
