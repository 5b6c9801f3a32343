//! The reports where they end: the artefacts that a shipped file names.

use std::collections::BTreeSet;
use std::path::Path;

use serde_yaml::Value;

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
