//! The dials of a policy, end to end: what is left aside, patched, switched off, made milder or stricter; and what of a policy is reported
//! itself: rules that match nothing, requirements that nobody can meet, packs that fit.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::scene::{POLICY, git, run, stage_gated, with_policy};
use crate::support::TestRepo;

/// A repository of that policy, on a branch with a change of these files.
fn changed(policy: &str, files: &[(&str, &str)]) -> TestRepo {
    let repo = TestRepo::new();
    repo.write(".certgate/policy.yaml", policy);
    repo.write("src/train/loop.py", "one\n");
    repo.commit("begin");
    repo.git(&["switch", "--quiet", "-c", "work"]);
    for (path, text) in files {
        repo.write(path, text);
    }
    repo.commit("work");
    repo
}

const CHECK: [&str; 4] = ["check", "--base", "main", "--head"];

fn check(repo: &TestRepo) -> crate::scene::Ran {
    run(repo, &[&CHECK[..], &["work"]].concat())
}

/// What is gated, and why, without what a commit is called.
fn check_json(repo: &TestRepo) -> serde_json::Value {
    let ran = run(repo, &[&CHECK[..], &["work", "--format", "json"]].concat()).ends(1);
    ran.json()["components"].clone()
}

const GATED: [(&str, &str); 1] = [("src/train/loop.py", "two\n")];

#[test]
fn what_is_excluded_is_gated_by_no_component() {
    check(&changed(POLICY, &GATED)).blocks(&["CG201"]);
    let text = format!("{POLICY}exclude: [\"src/train/**\", \"!src/train/hot/**\"]\n");
    check(&changed(&text, &GATED)).ends(0);
    check(&changed(&text, &[("src/train/hot/x.py", "two\n")])).blocks(&["CG201"]);
    // The policy itself is not a component's file.
    let repo = changed(
        "version: 1\nexclude: [\"**\"]\n",
        &[(".certgate/policy.yaml", "version: 1\n")],
    );
    check(&repo).blocks(&["CG201"]);
}

#[test]
fn a_pack_is_patched_and_not_replaced() {
    let unsafe_line = [("src/a.rs", "fn f() { unsafe { g() } }\n")];
    let plain = "version: 1\nextends: builtin:rust\n";
    // The pack's rules need a score, and a policy may have them need another one, or none.
    let quiet = format!("{plain}adjust: {{ rust_unsafe: {{ match: {{ needs_score: 1000 }} }} }}\n");
    check(&changed(&quiet, &unsafe_line)).ends(0);
    let loud = "match: { needs_score: 0 }";
    let always = format!("{plain}adjust: {{ rust_unsafe: {{ {loud} }} }}\n");
    check(&changed(&always, &unsafe_line)).blocks(&["CG201"]);
    let without = format!("{plain}adjust: {{ rust_unsafe: {{ {loud}, exclude: [\"src/*.rs\"] }} }}\n");
    check(&changed(&without, &unsafe_line)).ends(0);
    check(&changed(&without, &[("lib/a.rs", "unsafe {}\n")])).blocks(&["CG201"]);
    let off = format!("{always}disable: [rust_unsafe/content-1]\n");
    check(&changed(&off, &unsafe_line)).ends(0);
    check(&changed(&off, &[("src/a.rs", "use std::arch::x86_64;\n")])).blocks(&["CG201"]);
    let more = format!("{plain}adjust: {{ rust_unsafe: {{ match: {{ paths: [\"hot/**\"] }} }} }}\n");
    check(&changed(&more, &[("hot/x", "1\n")])).blocks(&["CG201"]);
    let replaced = format!("{plain}components: [{{ id: rust_unsafe, match: {{ paths: [\"src/**\"] }} }}]\n");
    let repo = changed(&replaced, &[]);
    run(&repo, &["policy", "check"])
        .ends(0)
        .says("warning[CG017]")
        .says("replaces `rust_unsafe` of builtin:rust");
}

#[test]
fn a_component_is_enforced_by_itself() {
    let owned = "policy: { owners: [lead] }\n";
    let mild = POLICY.replace(
        "    match: { paths: [\"src/data/**\"] }",
        "    match: { paths: [\"src/data/**\"] }\n    enforce: { merge: warn, pre-commit: off }",
    );
    assert_ne!(mild, POLICY);
    let nobody = changed(&mild, &[("src/data/x", "1\n")]);
    check(&nobody).undecided("CG009").says("owners");
    let mild = format!("{mild}{owned}");
    let data = changed(&mild, &[("src/data/x", "1\n")]);
    check(&data).ends(0).says("warning[CG201]");
    let both = changed(&mild, &[("src/data/x", "1\n"), GATED[0]]);
    assert_eq!(check(&both).ends(1).errors(), ["CG201"]);
    // At a commit the component does not ask at all, and the other does.
    let repo = changed(&mild, &[]);
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("src/data/x", "1\n");
    repo.git(&["add", "--all"]);
    let quiet = run(&repo, &["check", "--staged"]).ends(0);
    assert!(!quiet.said().contains("CG201"), "{}", quiet.said());
    stage_gated(&repo);
    run(&repo, &["check", "--staged"]).blocks(&["CG201"]);
    // A component may be stricter than its branch, but not where nothing is judged.
    let strict = |word: &str| {
        format!(
            "{POLICY}    enforce: {{ merge: block }}\nenforce: [{{ branches: [\"**\"], pre-commit: {word}, pre-push: {word}, merge: {word} }}]\n"
        )
    };
    check(&changed(&strict("warn"), &[("src/data/x", "1\n")])).blocks(&["CG201"]);
    check(&changed(&strict("warn"), &GATED)).ends(0);
    check(&changed(&strict("off"), &[("src/data/x", "1\n")])).ends(0);
}

#[test]
fn a_rule_without_a_file_is_reported() {
    let repo = with_policy();
    run(&repo, &["policy", "check"])
        .ends(0)
        .says("warning[CG015]: glob `src/data/**` of component `data_loading` matches no tracked file")
        .says(".certgate/policy.yaml:12:");
    run(&repo, &["doctor"]).writes("glob `src/data/**` of component `data_loading` matches no tracked file");
    repo.git(&["switch", "--quiet", "-c", "work"]);
    repo.write("README.md", "hello again\n");
    repo.commit("docs");
    check(&repo).ends(0).says("note[CG015]: glob `src/data/**`");
    // A hook is not the place to say so.
    run(&repo, &["install"]).ends(0);
    repo.write("README.md", "hello for the third time\n");
    let quiet = git(&repo, &["commit", "--quiet", "-am", "docs"]).ends(0);
    assert!(!quiet.said().contains("CG015"), "{}", quiet.said());
    // The move that kills the rule is told with it; a file brings it back to life.
    repo.git(&["mv", "src/train", "src/fast"]);
    repo.commit("move");
    check(&repo)
        .ends(1)
        .says("note[CG015]: glob `src/train/**` of component `gpu_memory`");
    repo.write("src/data/x", "1\n");
    repo.write("src/train/y", "1\n");
    repo.commit("more");
    let alive = check(&repo);
    assert!(!alive.said().contains("CG015"), "{}", alive.said());
}

#[test]
fn a_requirement_that_nobody_can_meet_is_reported() {
    let text = POLICY.replace(
        "  - id: data_loading\n",
        "  - id: data_loading\n    require: { agents: [performance-engineer], approvals: 2 }\n",
    );
    let repo = changed(&text, &[("README.md", "x\n"), ("src/data/x", "1\n")]);
    let told = "`data_loading` asks for 2 approvals, and only one agent may give them";
    run(&repo, &["policy", "check"])
        .ends(0)
        .says("warning[CG016]")
        .says(told)
        .says("policy.yaml:12:");
    run(&repo, &["doctor"]).writes(told);
    check(&repo).says("note[CG016]").says(told);
}

#[test]
fn a_resolved_policy_can_be_taken_up() {
    let text = "version: 1\nextends: [builtin:rust]\nexclude: [\"gen/**\"]\nadjust: { rust_unsafe: { risk: low, match: { needs_score: 0 }, exclude: [\"x/**\"] } }\n";
    let repo = changed(text, &[("src/a.rs", "unsafe {}\n")]);
    let gated = || check_json(&repo);
    let before = gated();
    let shown = run(&repo, &["policy", "show", "--format", "yaml"]).ends(0).out;
    assert!(
        !shown.contains("extends") && shown.contains("id: rust_hot_paths"),
        "{shown}"
    );
    repo.git(&["switch", "--quiet", "main"]);
    repo.write(".certgate/policy.yaml", &shown);
    run(&repo, &["policy", "check"]).ends(0);
    assert_eq!(run(&repo, &["policy", "show", "--format", "yaml"]).ends(0).out, shown);
    repo.commit("resolve");
    repo.git(&["switch", "--quiet", "work"]);
    repo.git(&["rebase", "--quiet", "main"]);
    assert_eq!(gated(), before);
    let bare = run(&repo, &["policy", "show", "--format", "yaml", "builtin:go"])
        .ends(0)
        .out;
    assert!(bare.starts_with("version: 1\n") && bare.contains("go_memory"), "{bare}");
}

#[test]
fn init_gives_its_reason_for_each_pack_and_protects_the_default_branch() {
    let repo = TestRepo::init(&["--initial-branch=trunk-2"]);
    for at in 0..40 {
        repo.write(format!("src/f{at}.c"), "/* UNSUPPORTED */ int f(void);\n");
    }
    repo.write("scripts/package.json", "{}\n");
    repo.write("tools/x.py", "# PPO\nimport torch\n");
    repo.git(&["add", "--all"]);
    run(&repo, &["init"])
        .ends(0)
        .writes("with packs default, cpp\n")
        .writes("cpp            40 of 41 source files\n");
    let policy = std::fs::read_to_string(repo.path().join(".certgate/policy.yaml")).unwrap();
    assert!(
        policy.contains("branches: [\"trunk-2\", main, master, \"release/**\"]"),
        "{policy}"
    );
}
