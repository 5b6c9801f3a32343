//! The action, and the workflows that `docs/ci.md` and `ci/` show, read by somebody else's auditor of workflows, zizmor.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::Command;

use super::scripts::shipped;

/// Where `.ci/run` puts it.
fn zizmor() -> Option<PathBuf> {
    let zizmor = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/formats/bin/zizmor");
    if zizmor.exists() {
        return Some(zizmor);
    }
    assert!(
        std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "zizmor is missing, and CERTGATE_REQUIRE_TOOLS is set: bash .ci/run installs it"
    );
    println!("skipped: zizmor is not installed");
    None
}

/// The workflows that a document shows: blocks of YAML, and steps, which are put into the first of them.
fn workflows(document: &str) -> Vec<String> {
    let blocks: Vec<&str> = document
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let (full, steps): (Vec<&str>, Vec<&str>) = blocks
        .into_iter()
        .filter(|block| block.contains("uses:") || block.contains("run:"))
        .partition(|block| block.contains("\njobs:\n"));
    let first = full[0];
    let begin = first.split("      - uses: OWNER").next().unwrap();
    assert!(begin.contains("actions/checkout@"), "{first}");
    let with_steps = steps.iter().map(|steps| format!("{begin}{steps}"));
    full.iter().map(|full| (*full).to_owned()).chain(with_steps).collect()
}

#[test]
fn what_is_shown_is_clean_to_an_auditor_of_workflows() {
    let Some(zizmor) = zizmor() else { return };
    let scratch = crate::support::scratch();
    let folder = scratch.path().join(".github/workflows");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(scratch.path().join("action.yml"), shipped("action.yml")).unwrap();
    let mut shown = workflows(&shipped("docs/ci.md"));
    assert_eq!(shown.len(), 3, "{shown:#?}");
    shown.push(shipped("ci/forgejo.yml"));
    for (at, text) in shown.iter().enumerate() {
        // What is no workflow would be passed over.
        let read: serde_yaml::Value = serde_yaml::from_str(text).unwrap();
        assert!(
            read["jobs"]["certgate"]["steps"].as_sequence().unwrap().len() > 1,
            "{text}"
        );
        std::fs::write(folder.join(format!("{at}.yml")), text).unwrap();
    }
    let audit = |files: &[PathBuf]| {
        let mut command = Command::new(&zizmor);
        command
            .args(["--offline", "--no-progress", "--format", "plain", "--color", "never"])
            .args(files);
        let output = command.output().unwrap();
        (
            output.status.code(),
            format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ),
        )
    };
    let mut files: Vec<PathBuf> = (0..shown.len()).map(|at| folder.join(format!("{at}.yml"))).collect();
    files.push(scratch.path().join("action.yml"));
    let (code, said) = audit(&files);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("completed ").count(), files.len(), "{said}");

    // It would have said something.
    let bad = folder.join("bad.yml");
    std::fs::write(
        &bad,
        shown[0]
            .replace("11bd71901bbe5b1630ceea73d27597364c9af683", "v4")
            .replace("persist-credentials: false", ""),
    )
    .unwrap();
    let (code, said) = audit(&[bad]);
    assert!(code != Some(0) && said.contains("unpinned-uses"), "{said}");
}

#[test]
fn a_change_of_the_target_is_judged_again() {
    let types = "[opened, synchronize, reopened, edited]";
    let shown = workflows(&shipped("docs/ci.md"));
    for text in shown.iter().chain([&shipped("ci/forgejo.yml")]) {
        assert!(text.contains(&format!("types: {types}")), "{text}");
    }
}
