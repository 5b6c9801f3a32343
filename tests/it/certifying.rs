//! One certificate for many components.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::scene::{Ran, git, run};
use crate::support::TestRepo;

/// Components that want different agents, evidence and specialists.
const POLICY: &str = "version: 1
components:
  - id: lexer
    match: { paths: [\"src/lex/**\"] }
    require: { agents: [perf], evidence: [file-references] }
  - id: gpu_memory
    match: { paths: [\"src/gpu/**\"], messages: ['^perf:'] }
    require: { agents: [perf, gpu] }
    handoff: { \"src/gpu/kernels/**\": kernels }
  - id: storage
    match: { paths: [\"src/db/**\"] }
    require: { agents: [dba] }
  - id: anything
    match: { paths: [\"src/any/**\"] }
";

const FILES: [&str; 5] = [
    "src/lex/a.rs",
    "src/gpu/b.rs",
    "src/gpu/kernels/k.cu",
    "src/db/c.sql",
    "src/any/d.rs",
];

fn scene(hooks: bool) -> TestRepo {
    let repo = TestRepo::new();
    for file in FILES {
        repo.write(file, "one\n");
    }
    repo.write(".certgate/policy.yaml", POLICY);
    repo.commit("begin");
    if hooks {
        run(&repo, &["install"]).ends(0);
    }
    repo
}

fn edit(repo: &TestRepo) {
    for file in FILES {
        repo.write(file, "one\ntwo\n");
    }
}

const BY_PERF: [&str; 8] = [
    "certify",
    "--all",
    "--status",
    "APPROVED",
    "--agent",
    "perf",
    "--rationale",
    "each loop still runs once",
];

fn written(repo: &TestRepo, ran: &Ran) -> String {
    let path = ran.out.lines().next().unwrap().strip_prefix("wrote ").unwrap();
    std::fs::read_to_string(repo.path().join(path)).unwrap()
}

#[test]
fn one_certificate_is_on_all_that_the_agent_may_certify_and_names_who_may_the_rest() {
    let repo = scene(true);
    edit(&repo);
    repo.git(&["add", "--all"]);
    let ran = git(&repo, &["commit", "--quiet", "-m", "perf: faster"]).ends(1);
    assert!(
        ran.remedies()[0].starts_with("certgate certify --all --staged --status APPROVED --agent NAME"),
        "{}",
        ran.err
    );
    // What an approval must name is said before anything is written, for all components at once.
    run(&repo, &BY_PERF)
        .undecided("CG661")
        .says("lexer: lines of src/lex/a.rs");
    let more = [
        "--evidence",
        "`src/lex/a.rs:2`",
        "--finding",
        "lexer: two tokens",
        "--finding",
        "read in full",
    ];
    let ran = run(&repo, &[&BY_PERF[..], &more].concat()).ends(0);
    assert!(
        ran.out.contains("on 3 components: lexer, gpu_memory, anything"),
        "{}",
        ran.out
    );
    assert!(
        ran.err.contains("left out: storage: `dba` must certify it"),
        "{}",
        ran.err
    );
    let text = written(&repo, &ran);
    assert!(text.contains("**Component**: lexer, gpu_memory, anything\n"), "{text}");
    assert!(
        text.contains("- read in full\n\n### lexer\n\n- two tokens\n\n### gpu\\_memory\n\n- none stated\n")
            || text.contains("- read in full\n\n### lexer\n\n- two tokens\n\n### gpu_memory\n\n- none stated\n"),
        "{text}"
    );
    for covered in ["src/lex/a.rs", "src/gpu/b.rs", "src/gpu/kernels/k.cu", "src/any/d.rs"] {
        assert!(text.contains(&format!(" {covered}\n")), "{covered}: {text}");
    }
    assert!(!text.contains(" src/db/c.sql\n"), "{text}");
    repo.git(&["add", "--all"]);
    // The specialist's and the other agent's certificates are what is left.
    let ran = git(&repo, &["commit", "--quiet", "-m", "perf: faster"]).ends(1);
    assert_eq!(ran.errors(), ["CG206", "CG201"], "{}", ran.err);
    assert!(!ran.err.contains("--all"), "no agent may do both: {}", ran.err);
    for (agent, on) in [("kernels", "gpu_memory"), ("dba", "storage")] {
        let ran = run(
            &repo,
            &[
                "certify",
                "--all",
                "--status",
                "GO",
                "--agent",
                agent,
                "--rationale",
                "as before, measured",
            ],
        )
        .ends(0);
        let text = written(&repo, &ran);
        assert!(text.contains(&format!("**Component**: {on}\n")), "{text}");
        repo.git(&["add", "--all"]);
    }
    git(&repo, &["commit", "--quiet", "-m", "perf: faster"]).ends(0);
    run(&repo, &[&BY_PERF[..], &["--staged"]].concat()).undecided("CG708");
}

#[test]
fn it_works_on_a_branch_by_base_and_by_range_and_says_when_nothing_lacks() {
    let repo = scene(false);
    repo.git(&["switch", "--quiet", "--create", "topic"]);
    edit(&repo);
    repo.commit("more");
    let ran = run(&repo, &["check", "--base", "main"]).ends(1);
    assert!(
        ran.remedies()[0].starts_with("certgate certify --all --base main --head HEAD"),
        "{}",
        ran.err
    );
    let lines = ["--evidence", "src/lex/a.rs:1-2", "--range", "main..topic"];
    run(&repo, &[&BY_PERF[..], &lines].concat()).ends(0);
    repo.commit("by perf");
    let stuck = run(&repo, &[&BY_PERF[..], &["--base", "main"]].concat()).undecided("CG660");
    stuck
        .says("gpu_memory: `kernels` must certify it")
        .says("storage: `dba` must certify it");
    for agent in ["kernels", "dba"] {
        let words = ["certify", "--all", "--base", "main", "--status", "GO", "--agent", agent];
        run(&repo, &[&words[..], &["--rationale", "same cost as before"]].concat()).ends(0);
        repo.commit("certify");
    }
    run(&repo, &["check", "--base", "main"]).ends(0);
    let ran = run(&repo, &[&BY_PERF[..], &["--base", "main"]].concat()).ends(0);
    assert_eq!(ran.out, "nothing lacks a certificate\n");
}

#[test]
fn a_refused_component_is_left_out() {
    let repo = scene(false);
    repo.git(&["switch", "--quiet", "--create", "topic"]);
    edit(&repo);
    repo.commit("more");
    let refusal = [
        "certify", "anything", "--base", "main", "--status", "NO_GO", "--agent", "perf",
    ];
    run(&repo, &[&refusal[..], &["--rationale", "twice as slow"]].concat()).ends(0);
    repo.commit("refuse");
    let lines = ["--evidence", "src/lex/a.rs:1-2", "--base", "main"];
    let ran = run(&repo, &[&BY_PERF[..], &lines].concat()).ends(0);
    assert!(
        ran.err.contains("left out: anything: a refusal is in force"),
        "{}",
        ran.err
    );
    repo.commit("by perf");
    let ran = run(&repo, &["check", "--base", "main"]).ends(1);
    assert!(
        ran.errors().contains(&"CG302"),
        "the refusal is not lifted: {}",
        ran.err
    );
}

#[test]
fn several_components_may_be_named() {
    let repo = scene(false);
    edit(&repo);
    repo.git(&["add", "--all"]);
    let words = [
        "certify",
        "lexer",
        "anything",
        "--status",
        "GO",
        "--agent",
        "perf",
        "--rationale",
        "read all of it",
    ];
    let ran = run(&repo, &words).ends(0);
    let text = written(&repo, &ran);
    assert!(text.contains("**Component**: lexer, anything\n"), "{text}");
    assert!(text.contains("### lexer") && text.contains("### anything"), "{text}");
    assert!(!text.contains("src/gpu"), "{text}");
}

#[test]
fn after_commit_a_the_one_command_stages_first() {
    let repo = scene(true);
    edit(&repo);
    let ran = git(&repo, &["commit", "--quiet", "-a", "-m", "more"]).ends(1);
    let remedies = ran.remedies();
    assert!(remedies[0].starts_with("git add -- "), "{remedies:?}");
    assert!(remedies[0].contains("certgate certify --all --staged"), "{remedies:?}");
}

#[test]
fn branches_that_certify_in_the_same_second_do_not_clash() {
    let repo = scene(false);
    let words = [
        "certify",
        "anything",
        "--base",
        "main",
        "--status",
        "GO",
        "--agent",
        "perf",
        "--rationale",
        "read all of it",
    ];
    let mut names = std::collections::BTreeSet::new();
    for branch in ["one", "two", "three", "four"] {
        repo.git(&["switch", "--quiet", "--create", branch, "main"]);
        repo.write("src/any/d.rs", format!("one\n{branch}\n"));
        repo.commit(branch);
        let ran = run(&repo, &words).ends(0);
        names.insert(ran.out.lines().next().unwrap().to_owned());
        repo.commit("certify");
    }
    assert_eq!(names.len(), 4, "{names:?}");
}
