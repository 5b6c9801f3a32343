//! `certgate policy fetch | outdated`, with real repositories to fetch from, and what the copies are then worth.
#![allow(clippy::unwrap_used)]

use serde_json::json;

use crate::attacks::imports::{SHARED, sha256};
use crate::json::answer;
use crate::scene::{POLICY, run, with_policy};
use crate::support::TestRepo;

/// A repository that publishes [`SHARED`] as `team/speed.yaml`.
fn upstream(arguments: &[&str]) -> TestRepo {
    let repo = TestRepo::init(arguments);
    repo.write("team/speed.yaml", SHARED);
    repo.write("team/large.yaml", "x".repeat(3 << 20));
    std::os::unix::fs::symlink("speed.yaml", repo.path().join("team/link.yaml")).unwrap();
    repo.commit("Publish");
    repo
}

fn pin(upstream: &TestRepo, path: &str, text: &str) -> String {
    format!(
        "{{ git: \"file://{}\", rev: {}, path: {path}, sha256: {} }}",
        upstream.path().display(),
        upstream.ask(&["rev-parse", "HEAD"]),
        sha256(text)
    )
}

/// The policy in the work tree imports this.
fn imports(repo: &TestRepo, pins: &[String]) {
    let extends = format!("version: 1\nextends: [{}]\n", pins.join(", "));
    repo.write(".certgate/policy.yaml", POLICY.replace("version: 1\n", &extends));
}

#[test]
fn an_import_is_fetched_once_and_judges_from_its_copy() {
    for format in ["sha1", "sha256"] {
        let upstream = upstream(&[&format!("--object-format={format}")]);
        let repo = with_policy();
        imports(&repo, &[pin(&upstream, "team/speed.yaml", SHARED)]);
        repo.git(&["add", "--all"]);
        run(&repo, &["policy", "check"])
            .undecided("CG658")
            .says("certgate policy fetch");
        let copy = format!(".certgate/imports/{}.yaml", sha256(SHARED));
        run(&repo, &["policy", "fetch"])
            .ends(0)
            .writes(&format!("{copy}: fetched team/speed.yaml of file://"));
        assert_eq!(std::fs::read_to_string(repo.path().join(&copy)).unwrap(), SHARED);
        assert!(!repo.path().join("team").exists(), "nothing else is written");
        run(&repo, &["policy", "check"]).ends(0);
        run(&repo, &["policy", "show"])
            .ends(0)
            .writes("kernels [medium, import:team/speed.yaml@");
        run(&repo, &["policy", "show", "--format", "yaml"])
            .ends(0)
            .writes("kernels");
        repo.commit("Import");
        // Without the repository that it came from, nothing is different.
        std::fs::rename(upstream.path(), upstream.home().join("gone")).unwrap();
        run(&repo, &["policy", "fetch"]).ends(0).writes("is here");
        repo.git(&["switch", "--quiet", "--create", "work"]);
        repo.write("kernels/a.cu", "a\n");
        repo.commit("Add a kernel");
        run(&repo, &["check", "--base", "main"])
            .blocks(&["CG201"])
            .says("kernels");
        std::fs::rename(upstream.home().join("gone"), upstream.path()).unwrap();
    }
}

#[test]
fn what_is_not_the_pinned_file_is_not_written() {
    let upstream = upstream(&[]);
    let repo = with_policy();
    let good = pin(&upstream, "team/speed.yaml", SHARED);
    let head = upstream.ask(&["rev-parse", "HEAD"]);
    let wrong = sha256("something else");
    for (pin, why) in [
        (good.replace(&sha256(SHARED), &wrong), "its SHA-256 is"),
        (good.replace("speed.yaml", "none.yaml"), "has no file of that path"),
        (good.replace("team/speed.yaml", "team"), "has no file of that path"),
        (good.replace("speed.yaml", "link.yaml"), "not a regular file"),
        (good.replace("speed.yaml", "large.yaml"), "more than the"),
        (good.replace(&head, &"1".repeat(40)), "git could not get it"),
        (good.replace(&head, &"1".repeat(64)), "git could not get it"),
        (good.replace("/repo\"", "/nowhere\""), "git could not get it"),
    ] {
        imports(&repo, &[pin]);
        // Advice about what cannot be reached cannot be tried.
        let ran: crate::scene::Ran = repo.certgate(&["policy", "fetch"]).into();
        ran.undecided("CG760").says(why);
        let written = std::fs::read_dir(repo.path().join(".certgate/imports"));
        assert_eq!(written.map_or(0, Iterator::count), 0, "{why}");
    }
    // No other way of speaking with a repository is ever tried.
    for url in [
        "ext::sh -c touch% pwned",
        "--upload-pack=touch${IFS}pwned",
        "../upstream",
        "http://127.0.0.1:9/x",
    ] {
        imports(
            &repo,
            &[good.replace(&format!("file://{}", upstream.path().display()), url)],
        );
        repo.certgate(&["policy", "fetch"]);
        let ran: crate::scene::Ran = repo.certgate(&["policy", "outdated"]).into();
        ran.undecided("CG009");
        assert!(!repo.path().join("pwned").exists());
    }
    // Nor is anything written through a link.
    imports(&repo, &[good]);
    let elsewhere = repo.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, repo.path().join(".certgate/imports")).unwrap();
    run(&repo, &["policy", "fetch"]).undecided("CG700");
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn an_import_that_is_behind_is_named_with_its_new_pin() {
    let upstream = upstream(&[]);
    let repo = with_policy();
    let old = pin(&upstream, "team/speed.yaml", SHARED);
    imports(&repo, std::slice::from_ref(&old));
    run(&repo, &["policy", "fetch"]).ends(0);
    run(&repo, &["policy", "outdated"]).ends(0).writes("at HEAD");
    upstream.write("other", "x\n");
    upstream.commit("Change something else");
    run(&repo, &["policy", "outdated"])
        .ends(0)
        .writes("no import is behind");
    let more = format!("{SHARED}  - {{ id: cubes, match: {{ paths: [\"cubes/**\"] }} }}\n");
    upstream.write("team/speed.yaml", &more);
    upstream.commit("Gate more");
    let behind = run(&repo, &["policy", "outdated"]).ends(1).writes("1 import behind");
    assert_eq!(behind.warnings(), ["CG761"]);
    let new = format!(
        "write `rev: {}` and `sha256: {}`",
        upstream.ask(&["rev-parse", "HEAD"]),
        sha256(&more)
    );
    behind.says(&new);
    // The old commit is had as long as it is pinned.
    std::fs::remove_dir_all(repo.path().join(".certgate/imports")).unwrap();
    run(&repo, &["policy", "fetch"]).ends(0);
    imports(&repo, &[pin(&upstream, "team/speed.yaml", &more)]);
    run(&repo, &["policy", "fetch"])
        .ends(0)
        .writes(&format!(".certgate/imports/{}.yaml: no pin names it", sha256(SHARED)));
    run(&repo, &["policy", "outdated"]).ends(0);
    repo.write(".certgate/policy.yaml", POLICY);
    run(&repo, &["policy", "fetch"])
        .ends(0)
        .writes("the policy imports nothing");
}

/// What is said to people is said to programs, too.
#[test]
fn fetched_and_outdated_imports_are_told_in_json() {
    let upstream = upstream(&[]);
    let repo = with_policy();
    let nothing = answer(&repo, &["policy", "fetch"], 0);
    assert_eq!((&nothing["imports"], &nothing["next"]), (&json!([]), &json!([])));
    imports(&repo, &[pin(&upstream, "team/speed.yaml", SHARED)]);
    let pinned = upstream.ask(&["rev-parse", "HEAD"]);
    let copy = format!(".certgate/imports/{}.yaml", sha256(SHARED));
    for state in ["fetched", "present"] {
        let told = answer(&repo, &["policy", "fetch"], 0);
        let import = &told["imports"][0];
        assert_eq!(
            (&import["state"], &import["copy"], &import["rev"], &import["path"]),
            (&json!(state), &json!(copy), &json!(pinned), &json!("team/speed.yaml"))
        );
        assert_eq!(told["next"][0]["argv"], json!(["git", "add", "--", ".certgate"]));
    }
    let stale = format!(".certgate/imports/{}.yaml", "0".repeat(64));
    repo.write(&stale, "old\n");
    assert_eq!(answer(&repo, &["policy", "fetch"], 0)["strangers"], json!([stale]));
    let told = answer(&repo, &["policy", "outdated"], 0);
    assert_eq!(
        (&told["behind"], &told["imports"][0]["behind"]),
        (&json!(0), &json!(false))
    );
    let changed = format!("{SHARED}# more\n");
    upstream.write("team/speed.yaml", &changed);
    let head = upstream.commit("Change");
    let told = answer(&repo, &["policy", "outdated"], 1);
    assert_eq!(
        (&told["behind"], &told["imports"][0]["behind"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(
        told["imports"][0]["head"],
        json!({ "rev": head, "sha256": sha256(&changed) })
    );
    assert_eq!(told["diagnostics"][0]["code"], "CG761");
}
