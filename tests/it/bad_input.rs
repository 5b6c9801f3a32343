//! Input that cannot be judged, or must not pass: policies, certificates, repositories and revisions. One diagnostic each, with its
//! place and the way out, the right exit code, and nothing written.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::scene::{
    CERTIFICATE, POLICY, adopted, by_hand, git, minutes_ago, of_status, run, stage_gated, state, with_policy,
};
use crate::support::TestRepo;

const PLACE: &str = ".certgate/policy.yaml";

/// What is wrong with a policy, where, and what the remedy says.
struct BadPolicy {
    name: &'static str,
    bytes: Vec<u8>,
    code: &'static str,
    place: &'static str,
    help: &'static str,
}

fn bad_policies() -> Vec<BadPolicy> {
    let bad = |name, bytes: &[u8], code, place, help| BadPolicy {
        name,
        bytes: bytes.to_vec(),
        code,
        place,
        help,
    };
    let component = |rest: &str| format!("version: 1\ncomponents:\n  - id: a\n    match: {rest}\n").into_bytes();
    vec![
        bad("empty", b"", "CG004", "policy.yaml:1", "version: 1"),
        bad("only a comment", b"# soon\n", "CG004", "policy.yaml:1", "version: 1"),
        bad("wrong version", b"version: 2\n", "CG004", "policy.yaml:1:10", "certgate explain CG004"),
        bad("no mapping", b"- version: 1\n", "CG002", "policy.yaml:1", "certgate explain CG002"),
        bad("no YAML", b"version: 1\ncomponents: [\n", "CG002", "policy.yaml:", "certgate explain CG002"),
        bad(
            "unknown key",
            b"version: 1\ncomponets: []\n",
            "CG003",
            "policy.yaml:2:1",
            "did you mean `components`?",
        ),
        bad(
            "unknown key inside",
            &component("{ path: [x] }"),
            "CG003",
            "policy.yaml:4:14",
            "did you mean `paths`?",
        ),
        bad("bad glob", &component("{ paths: [\"src/[\"] }"), "CG005", "policy.yaml:4:", "certgate explain CG005"),
        bad(
            "bad regex",
            &component("{ content: [{ pattern: '(' }] }"),
            "CG005",
            "policy.yaml:4:",
            "certgate explain CG005",
        ),
        bad(
            "duplicate component",
            b"version: 1\ncomponents:\n  - id: hot-loop\n    match: { paths: [x] }\n  - id: hot_loop\n    match: { paths: [y] }\n",
            "CG006",
            "policy.yaml:5:9",
            "certgate explain CG006",
        ),
        bad(
            "unknown pack",
            b"version: 1\nextends: [builtin:rusty]\n",
            "CG007",
            "policy.yaml:2:",
            "did you mean `builtin:rust`?",
        ),
        bad("alias bomb", alias_bomb().as_bytes(), "CG008", "policy.yaml", "certgate explain CG008"),
        bad(
            "endless nesting",
            format!("version: 1\nx: {}\n", "[".repeat(60_000)).as_bytes(),
            "CG008",
            "policy.yaml",
            "certgate explain CG008",
        ),
        bad("not UTF-8", b"version: 1\n# \xff\n", "CG001", "policy.yaml:2", "certgate explain CG001"),
        bad("NUL", b"version: 1\n\0\n", "CG014", "policy.yaml:2:1", "delete it; where a value needs it"),
        bad("UTF-16", b"\xff\xfev\0e\0r\0", "CG001", "policy.yaml", "certgate explain CG001"),
        bad(
            "over 1 MiB",
            &[b"version: 1\n".as_slice(), &vec![b'#'; 1024 * 1024]].concat(),
            "CG001",
            "policy.yaml",
            "at most 1 MiB",
        ),
    ]
}

/// Nine lists of nine, nine deep: 387 million values from 400 bytes.
fn alias_bomb() -> String {
    let mut text = "version: 1\na0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let inner = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    text
}

#[test]
fn a_bad_policy_in_the_work_tree_is_shown_with_its_place_and_a_remedy() {
    let repo = with_policy();
    for bad in bad_policies() {
        repo.write(PLACE, &bad.bytes);
        let before = state(&repo);
        let ran = run(&repo, &["policy", "check"]);
        println!("{}: {}", bad.name, ran.err);
        ran.undecided(bad.code).says(bad.place).says(bad.help);
        run(&repo, &["policy", "show"]).undecided(bad.code).says(bad.place);
        assert_eq!(state(&repo), before, "{}", bad.name);
        // What is not committed judges nothing.
        run(&repo, &["check", "--base", "HEAD"]).ends(0);
        run(&repo, &["check", "--base", "HEAD", "--policy", PLACE]).undecided(bad.code);
    }
}

#[test]
fn a_bad_policy_that_is_committed_closes_the_gate_and_the_way_out_is_told() {
    let repo = adopted();
    for bad in bad_policies() {
        repo.write(PLACE, &bad.bytes);
        let id = repo.commit(bad.name);
        repo.write("README.md", bad.name);
        repo.git(&["add", "--all"]);
        closed(&repo, bad.code, &[bad.place, bad.help, &id[..10]]);
    }
    repo.write(PLACE, POLICY);
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "mended"]).ends(1);
    git(&repo, &["commit", "--quiet", "--no-verify", "-m", "mended", PLACE]).ends(0);
    run(&repo, &["check", "--staged"]).ends(0);
}

/// Nothing gets through, by no way of asking, and nothing is written.
#[track_caller]
fn closed(repo: &TestRepo, code: &str, says: &[&str]) {
    let before = state(repo);
    let ways: [&[&str]; 4] = [
        &["check", "--staged"],
        &["hook", "pre-commit"],
        &["check", "--base", "HEAD", "--head", "HEAD"],
        &["lint"],
    ];
    for way in ways {
        let mut ran = run(repo, way).undecided(code).says("git commit --no-verify");
        for text in says {
            ran = ran.says(text);
        }
        assert_eq!(ran.out, "");
    }
    let json = run(repo, &["check", "--staged", "--format", "json"]).ends(2).json();
    assert_eq!(json["schema"], "certgate/error/v1");
    assert_eq!(json["diagnostics"][0]["code"], code);
    let commit = git(repo, &["commit", "--quiet", "-m", "anything"]).ends(1);
    assert_eq!(commit.errors(), [code]);
    assert_eq!(state(repo), before);
}

#[test]
fn what_is_no_file_is_no_policy_and_is_not_passed_over() {
    type Make = fn(&TestRepo);
    let cases: [(&str, Make, &str); 3] = [
        (
            "directory",
            |repo| repo.write(".certgate/policy.yaml/x", "hi\n"),
            "is a directory",
        ),
        (
            "symlink",
            |repo| {
                repo.write("real.yaml", POLICY);
                std::os::unix::fs::symlink("../real.yaml", repo.path().join(PLACE)).unwrap();
            },
            "is a symbolic link; links are not followed",
        ),
        (
            "folder that is a link",
            |repo| {
                repo.write("elsewhere/policy.yaml", POLICY);
                std::fs::remove_dir(repo.path().join(".certgate")).unwrap();
                std::os::unix::fs::symlink("elsewhere", repo.path().join(".certgate")).unwrap();
            },
            ".certgate is not a directory",
        ),
    ];
    for (name, make, says) in cases {
        let repo = adopted();
        std::fs::remove_file(repo.path().join(PLACE)).unwrap();
        make(&repo);
        if name != "folder that is a link" {
            run(&repo, &["policy", "check"])
                .undecided("CG001")
                .says(&format!("--> {PLACE}"));
        }
        repo.commit(name);
        stage_gated(&repo);
        closed(&repo, "CG001", &[says, &format!("--> {PLACE}")]);
    }
}

#[test]
fn a_missing_policy_is_told_and_the_default_pack_judges() {
    let repo = TestRepo::new();
    repo.write("README.md", "hello\n");
    repo.commit("begin");
    run(&repo, &["policy", "check"])
        .undecided("CG011")
        .says("= help: certgate init");
    run(&repo, &["policy", "check", "nowhere.yaml"]).undecided("CG709");
    run(&repo, &["policy", "check", "builtin:nowhere"]).undecided("CG007");
    repo.write("benches/parse.rs", "fn main() {}\n");
    repo.git(&["add", "--all"]);
    run(&repo, &["check", "--staged"])
        .blocks(&["CG201"])
        .says("note[CG011]")
        .says("certgate init");
    repo.write(PLACE, POLICY);
    let ran = run(&repo, &["check", "--staged"]).blocks(&["CG201"]);
    ran.says("not committed").says("git add .certgate");
}

#[test]
fn a_change_that_breaks_the_policy_is_blocked_by_the_old_one() {
    let repo = adopted();
    for bad in bad_policies() {
        repo.write(PLACE, &bad.bytes);
        repo.git(&["add", "--all"]);
        let ran = run(&repo, &["check", "--staged"]).ends(1);
        assert!(ran.errors().contains(&bad.code), "{}: {}", bad.name, ran.err);
        assert!(
            !ran.err.contains("--no-verify"),
            "the policy that judges is sound: {}",
            ran.err
        );
    }
}

/// A certificate that cannot be read as a decision.
fn unreadable() -> Vec<(&'static str, Vec<u8>, &'static str, &'static str)> {
    let of = |decision: &str| by_hand(decision, "C-1", &minutes_ago(2)).into_bytes();
    vec![
        ("empty", Vec::new(), "CG104", "it is empty"),
        ("binary", (0..=255u8).cycle().take(5000).collect(), "CG104", "UTF-8"),
        (
            "no sections",
            b"looks good to me\n".to_vec(),
            "CG101",
            "## DECISION/OUTCOME",
        ),
        (
            "two decisions",
            of("**Status**: APPROVED\n**Status**: REJECTED"),
            "CG102",
            "the first is on line 15",
        ),
        (
            "two sections",
            of("**Status**: APPROVED\n\n## DECISION/OUTCOME\n**Status**: APPROVED"),
            "CG102",
            "DECISION/OUTCOME",
        ),
        (
            "code block",
            of("```\n**Status**: APPROVED\n```"),
            "CG101",
            "16 | **Status**: APPROVED",
        ),
        (
            "comment",
            of("<!-- **Status**: APPROVED -->"),
            "CG101",
            "15 | <!-- **Status**: APPROVED -->",
        ),
        (
            "quote",
            of("> **Status**: APPROVED"),
            "CG101",
            "15 | > **Status**: APPROVED",
        ),
        (
            "table",
            of("| **Status**: APPROVED |\n|---|"),
            "CG101",
            "DECISION/OUTCOME",
        ),
        ("NO-GO", of("**Status**: NO-GO"), "CG103", "**Status**: NO_GO"),
        (
            "NOT APPROVED",
            of("**Status**: NOT APPROVED"),
            "CG103",
            "15 | **Status**: NOT APPROVED",
        ),
        (
            "small letters",
            of("**Status**: Approved"),
            "CG103",
            "**Status**: APPROVED",
        ),
        (
            "remarks",
            of("**Status**: APPROVED - with remarks"),
            "CG103",
            "**Status**: APPROVED",
        ),
        ("tick", of("**Status**: ✅ APPROVED"), "CG103", "**Status**: APPROVED"),
        (
            "Cyrillic",
            of("**Status**: \u{410}PPROVED"),
            "CG103",
            "U+0410 is a Cyrillic letter",
        ),
        ("zero width", of("**Status**: APPROVED\u{200b}"), "CG103", "U+200B"),
        (
            "placeholder",
            of("**Status**: [APPROVED|REJECTED]"),
            "CG103",
            "it names more than one status",
        ),
        ("empty status", of("**Status**:"), "CG103", "the Status is empty"),
    ]
}

#[test]
fn a_certificate_that_cannot_be_read_is_a_finding_and_blocks_where_it_is_added() {
    let repo = adopted();
    for (name, bytes, code, says) in unreadable() {
        repo.write(CERTIFICATE, &bytes);
        println!("{name}");
        let ran = run(&repo, &["lint", CERTIFICATE]).blocks(&[code]).says(says);
        assert!(ran.out.contains("0 with a decision, 1 error,"), "{}", ran.out);
        ran.says(&format!("--> {CERTIFICATE}"));
        repo.git(&["add", "--all"]);
        let before = state(&repo);
        let ran = git(&repo, &["commit", "--quiet", "-m", name]).blocks(&["CG304", code]);
        ran.says(says).says(&format!("certgate lint {CERTIFICATE}"));
        assert_eq!(state(&repo), before);
    }
}

#[test]
fn a_refusal_that_nobody_can_read_is_not_read_as_consent() {
    let repo = adopted();
    repo.write(CERTIFICATE, of_status("NO-GO", "C-1"));
    repo.commit("past the hook");
    stage_gated(&repo);
    let ran = run(&repo, &["check", "--staged"]).blocks(&["CG304"]);
    ran.says("the newest on `gpu_memory`")
        .says(&format!("certgate lint {CERTIFICATE}"));
    run(&repo, &["lint", CERTIFICATE]).blocks(&["CG103"]);
    // The ledger is append-only, so the way out is a newer certificate: what the change adds is newer, whatever its date.
    repo.write(
        "certificates/newer.md",
        of_status("APPROVED", "C-3").replace(&minutes_ago(2), &minutes_ago(900)),
    );
    repo.git(&["add", "--all"]);
    run(&repo, &["check", "--staged"]).ends(0);
}

#[test]
fn a_huge_certificate_is_refused_and_not_read() {
    let repo = adopted();
    repo.write(CERTIFICATE, "");
    let file = std::fs::File::options()
        .write(true)
        .open(repo.path().join(CERTIFICATE))
        .unwrap();
    file.set_len(100 * 1024 * 1024).unwrap();
    let told = "it has 104857600 bytes; a certificate has at most 1048576";
    run(&repo, &["lint"]).blocks(&["CG104"]).says(told);
    run(&repo, &["lint", CERTIFICATE]).blocks(&["CG104"]).says(told);
    run(&repo, &["seal", CERTIFICATE]).undecided("CG104");
    repo.git(&["-c", "core.compression=0", "add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "huge"])
        .blocks(&["CG304", "CG104"])
        .says(told);
    repo.commit("past the hook");
    run(&repo, &["lint", "--rev", "HEAD"]).blocks(&["CG104"]).says(told);
    run(&repo, &["log"]).ends(0).writes("INVALID");
    run(&repo, &["show", CERTIFICATE]).undecided("CG104");
}

#[test]
fn a_certificate_that_is_no_file_is_refused() {
    let repo = adopted();
    std::fs::create_dir(repo.path().join("certificates")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", repo.path().join(CERTIFICATE)).unwrap();
    repo.git(&["add", "--all"]);
    let ran = git(&repo, &["commit", "--quiet", "-m", "link"]).blocks(&["CG304", "CG104"]);
    assert!(!ran.err.contains("root:"), "{}", ran.err);
    repo.commit("past the hook");
    run(&repo, &["lint", "--rev", "HEAD"]).blocks(&["CG104"]);
    run(&repo, &["lint", "nowhere.md"])
        .undecided("CG709")
        .says("nowhere.md");
    run(&repo, &["lint", "certificates"])
        .undecided("CG709")
        .says("directory");
}

#[test]
fn a_date_in_the_future_approves_nothing() {
    let repo = adopted();
    repo.write(
        CERTIFICATE,
        by_hand("**Status**: APPROVED", "C-1", "2199-01-01 00:00:00 UTC"),
    );
    run(&repo, &["lint"]).blocks(&["CG107"]).says("2199-01-01");
    stage_gated(&repo);
    let ran = git(&repo, &["commit", "--quiet", "-m", "x"]).blocks(&["CG408", "CG201"]);
    let ran = ran.says("is dated in the future").says(CERTIFICATE);
    // The command that dates it again works as it is pasted.
    let remedies = ran.remedies();
    let remedy = remedies.iter().find(|remedy| remedy.starts_with("sed ")).unwrap();
    let dated = std::process::Command::new("sh")
        .args(["-c", remedy])
        .current_dir(repo.path())
        .status();
    assert!(dated.unwrap().success(), "{remedy}");
    git(&repo, &["commit", "--quiet", "-m", "x"]).ends(0);
}

#[test]
fn placeholders_that_were_left_in_approve_nothing() {
    let repo = adopted();
    for (line, left) in [
        ("**Agent**: performance-engineer", "**Agent**: [agent-name]"),
        ("**Component**: gpu_memory", "**Component**: {component}"),
        ("**Certificate ID**: C-1", "**Certificate ID**: <id>"),
    ] {
        let text = of_status("APPROVED", "C-1");
        assert!(text.contains(line));
        repo.write(CERTIFICATE, text.replace(line, left));
        let ran = run(&repo, &["lint"]).ends(0);
        assert!(ran.warnings().contains(&"CG106"), "{left}: {}", ran.err);
        run(&repo, &["lint", "--strict"]).ends(1);
        stage_gated(&repo);
        let ran = git(&repo, &["commit", "--quiet", "-m", "x"]).ends(1);
        assert!(ran.errors().contains(&"CG201"), "{left}: {}", ran.err);
    }
}

#[test]
fn an_id_that_is_used_twice_blocks() {
    let repo = adopted();
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    repo.write(
        "certificates/review_gpu_memory_20250102_030406.md",
        of_status("GO", "C-1"),
    );
    let ran = run(&repo, &["lint"]).ends(0);
    assert_eq!(ran.warnings(), ["CG113", "CG113"]);
    run(&repo, &["lint", "--strict"]).ends(1);
    stage_gated(&repo);
    let ran = git(&repo, &["commit", "--quiet", "-m", "both at once"]).ends(1);
    assert!(ran.errors().contains(&"CG403"), "{}", ran.err);
}

#[test]
fn where_there_is_no_repository_every_command_says_so() {
    let repo = TestRepo::empty();
    let commands: [&[&str]; 17] = [
        &["check"],
        &["check", "--staged"],
        &["lint"],
        &["log"],
        &["status"],
        &["show", "x"],
        &["explain", "src/x"],
        &["policy", "check"],
        &["policy", "show"],
        &["doctor"],
        &["install"],
        &["uninstall"],
        &["hooks"],
        &["init"],
        &["certify"],
        &["hook", "pre-commit"],
        &["verify", "x"],
    ];
    for command in commands {
        let ran = run(&repo, command).undecided("CG701").says("git init");
        assert_eq!(ran.out, "", "{command:?}");
    }
    assert_eq!(
        std::fs::read_dir(repo.path()).unwrap().count(),
        0,
        "nothing was written"
    );
}

#[test]
fn a_bare_repository_judges_ranges_and_has_nothing_staged() {
    let repo = with_policy();
    repo.git(&["branch", "topic"]);
    repo.git(&["switch", "--quiet", "topic"]);
    stage_gated(&repo);
    repo.commit("faster");
    repo.git(&["clone", "--quiet", "--bare", ".", "../bare"]);
    let run = |arguments: &[&str]| -> crate::scene::Ran {
        let mut command = repo.program();
        command
            .current_dir(repo.home().join("bare"))
            .args(arguments)
            .output()
            .unwrap()
            .into()
    };
    run(&["check", "--staged"])
        .undecided("CG705")
        .says("certgate check --base REV --head HEAD");
    run(&["check", "--base", "main", "--head", "topic"]).blocks(&["CG201"]);
    run(&["init"]).undecided("CG705");
    run(&["install"]).ends(0).says("certgate install --server");
    run(&[
        "certify",
        "--base",
        "main",
        "--head",
        "topic",
        "--status",
        "GO",
        "--agent",
        "a",
        "--rationale",
        "b",
    ])
    .undecided("CG705")
    .says("--output FILE");
    run(&["policy", "check"]).ends(0);
    run(&["lint"]).ends(0);
    run(&["log"]).ends(0);
    run(&["doctor"])
        .ends(1)
        .writes("a bare repository runs no client hooks");
}

#[test]
fn before_the_first_commit_what_is_staged_is_judged_and_there_is_no_ledger() {
    let repo = TestRepo::new();
    for command in [
        ["log", "--format", "human"],
        ["status", "--format", "json"],
        ["lint", "--rev", "HEAD"],
    ] {
        run(&repo, &command)
            .undecided("CG702")
            .says("`main` has no commit yet")
            .says("git commit");
    }
    run(&repo, &["show", "x"]).undecided("CG702");
    run(&repo, &["verify", "x"]).undecided("CG702");
    run(&repo, &["check"]).undecided("CG708").says("there is no commit yet");
    run(&repo, &["check", "--base", "main"]).undecided("CG702");
    repo.write(PLACE, POLICY);
    repo.write("src/train/loop.py", "x = 1\n");
    assert!(run(&repo, &["install"]).code == Some(0));
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "first"])
        .blocks(&["CG201"])
        .says("note[CG013]");
    repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "-m", "first"]).ends(0);
}

#[test]
fn revisions_that_name_no_commit_are_refused_and_never_taken_for_options() {
    let repo = with_policy();
    for revision in [
        "nowhere",
        "HEAD:src",
        "HEAD^{tree}",
        "@{u}",
        "HEAD~9",
        "",
        " ",
        "main..",
        "a b",
        "--all",
        "--output=x",
        "-x",
        "--",
    ] {
        let before = state(&repo);
        for flag in ["--base", "--head"] {
            let other = if flag == "--base" { "--head=HEAD" } else { "--base=HEAD" };
            let given = format!("{flag}={revision}");
            let ran = run(&repo, &["check", &given, other]).undecided("CG702");
            ran.says("git fetch --all && git rev-parse --verify");
        }
        for command in ["log", "status", "lint"] {
            run(&repo, &[command, &format!("--rev={revision}")]).undecided("CG702");
        }
        assert_eq!(state(&repo), before, "{revision}");
    }
}

#[test]
fn malformed_ranges_and_stages_are_usage_errors() {
    let repo = with_policy();
    for range in ["main", "..", "...", "..main", ""] {
        let ran = run(&repo, &["check", &format!("--range={range}")]).undecided("CG700");
        ran.says("certgate check --range main..HEAD");
    }
    run(&repo, &["check", "--range", "main..nowhere"]).undecided("CG702");
    run(&repo, &["check", "--range", "main..HEAD..x"]).undecided("CG702");
    run(&repo, &["check", "--range", "main.."]).ends(0);
    run(&repo, &["check", "--range", "main...HEAD"]).ends(0);
    run(&repo, &["check", "--stage", "nowhen", "--staged"])
        .undecided("CG700")
        .says("pre-commit, commit-msg");
    run(&repo, &["check", "--target", "nowhere"])
        .undecided("CG708")
        .says("there is no branch `nowhere`");
    run(&repo, &["check"]).undecided("CG708");
    run(&repo, &["hook", "pre-lunch"]).undecided("CG700");
    run(&repo, &["hook", "commit-msg"]).undecided("CG700");
    run(&repo, &["hook", "commit-msg", "nowhere"]).undecided("CG709");
    for usage in [
        vec!["frob"],
        vec!["check", "--staged", "--base", "x"],
        vec!["check", "--format", "xml"],
        vec!["show"],
    ] {
        let ran = run(&repo, &usage).ends(2);
        assert!(ran.err.starts_with("error: ") && ran.out.is_empty(), "{}", ran.err);
    }
}

#[test]
fn branches_without_common_history_are_not_compared() {
    let repo = with_policy();
    repo.git(&["switch", "--quiet", "--orphan", "other"]);
    repo.write("src/train/loop.py", "x = 2\n");
    repo.commit("unrelated");
    let ran = run(&repo, &["check", "--base", "main"]).undecided("CG703");
    ran.says("git merge-base");
}

#[test]
fn a_shallow_clone_cannot_decide_and_names_the_fetch() {
    let repo = with_policy();
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    stage_gated(&repo);
    repo.commit("faster");
    repo.git(&["switch", "--quiet", "main"]);
    for text in ["a", "b"] {
        repo.write("README.md", text);
        repo.commit(text);
    }
    let url = format!("file://{}", repo.path().display());
    repo.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        "--no-single-branch",
        "--branch=topic",
        &url,
        "../shallow",
    ]);
    let run = |arguments: &[&str]| -> crate::scene::Ran {
        let mut command = repo.program();
        command
            .current_dir(repo.home().join("shallow"))
            .args(arguments)
            .output()
            .unwrap()
            .into()
    };
    let ran = run(&["check", "--base", "origin/main"]).undecided("CG704");
    ran.says("what is missing: the parents of")
        .says("git fetch --deepen=64")
        .says("git fetch --unshallow")
        .says("fetch-depth: 0");
    run(&["check", "--base", "HEAD~1"])
        .undecided("CG704")
        .says("git fetch --unshallow");
    run(&["doctor"]).ends(1).writes("git fetch --unshallow");
    repo.git(&["-C", "../shallow", "fetch", "--quiet", "--unshallow"]);
    run(&["check", "--base", "origin/main"]).blocks(&["CG201"]);
}

/// Deletes a loose object.
fn lose(repo: &TestRepo, name: &str) -> String {
    let id = repo.ask(&["rev-parse", name]);
    std::fs::remove_file(repo.path().join(format!(".git/objects/{}/{}", &id[..2], &id[2..]))).unwrap();
    id
}

#[test]
fn a_missing_object_is_never_judged_around() {
    for lost in [
        "main:.certgate/policy.yaml",
        "topic:src/train",
        "main^{tree}",
        "topic:certificates",
        "topic:src/other.py",
    ] {
        let repo = with_policy();
        repo.write(
            PLACE,
            POLICY.replace("messages:", "content: [{ pattern: empty_cache }]\n      messages:"),
        );
        repo.commit("content");
        repo.git(&["switch", "--quiet", "-c", "topic"]);
        repo.write("src/train/loop.py", "x = 2\n");
        repo.write("src/other.py", "y = 2\n");
        repo.write(CERTIFICATE, of_status("APPROVED", "C-1"));
        repo.commit("faster");
        let check = ["check", "--base", "main", "--head", "topic"];
        run(&repo, &check).ends(0);
        let id = lose(&repo, lost);
        let ran = run(&repo, &check).undecided("CG707").says("git fsck --full");
        assert!(ran.says(&id).out.is_empty(), "{lost}");
    }
}

#[test]
fn a_missing_object_closes_the_hook() {
    let repo = adopted();
    stage_gated(&repo);
    lose(&repo, "HEAD:.certgate/policy.yaml");
    run(&repo, &["hook", "pre-commit"]).undecided("CG707");
}
