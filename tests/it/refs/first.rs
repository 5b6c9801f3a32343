//! What is asked of git where much is new: a remote that has nothing yet, a clone that lacks contents, a remote that has moved on, a
//! push for review, a bare repository that must be named.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::*;
use crate::scene::{adopted, stage_gated};

/// The git processes that a run started, as git's own trace has them, with an argument of this kind; all of them for the empty one.
fn started(repo: &TestRepo, argument: &str) -> usize {
    let trace = std::fs::read_to_string(repo.home().join("trace")).unwrap_or_default();
    let word = format!("\"{argument}\"");
    let starts = trace.lines().filter(|line| line.contains("\"event\":\"start\""));
    starts
        .filter(|line| argument.is_empty() || line.contains(&word))
        .count()
}

fn traced(repo: &mut TestRepo) {
    let trace = repo.home().join("trace");
    repo.set("GIT_TRACE2_EVENT", trace.to_str().unwrap());
}

#[test]
fn a_first_push_starts_as_many_processes_however_long_the_history_is() {
    let counts = [5, 120].map(|commits| {
        let mut repo = adopted();
        for branch in ["main", "one", "two"] {
            let mut stream = String::new();
            for nth in 0..commits {
                stream += &format!(
                    "commit refs/heads/{branch}\ncommitter d <d@x> {} +0000\ndata 2\nc\n",
                    1_800_000_000 + nth
                );
                stream += &if nth == 0 {
                    "from refs/heads/main^0\n".to_owned()
                } else {
                    String::new()
                };
                stream += &format!("M 100644 inline docs/f.md\ndata 6\n{nth:05}\n\n");
            }
            let made = repo.with_stdin("git", &["fast-import", "--quiet", "--force"], stream.as_bytes());
            assert!(made.status.success(), "{made:?}");
        }
        let bare = repo.home().join("new.git");
        repo.git(&["init", "--quiet", "--bare", bare.to_str().unwrap()]);
        traced(&mut repo);
        // What the policy's first commit holds is new there, and nobody has certified it.
        let push = ["push", "--quiet", bare.to_str().unwrap(), "main", "one", "two"];
        assert_eq!(git(&repo, &push).errors(), ["CG201"]);
        started(&repo, "")
    });
    assert!(counts[1] <= counts[0] + 3, "{counts:?}");
}

#[test]
fn a_partial_clone_fetches_what_it_lacks_at_once() {
    let repo = with_policy();
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    for nth in 0..30 {
        repo.write(format!("src/train/f{nth}.py"), format!("x = {nth}\n"));
    }
    repo.commit("Add many");
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let url = format!("file://{}", repo.path().display());
    repo.git(&[
        "clone",
        "--quiet",
        "--filter=blob:none",
        "--no-checkout",
        &url,
        "../partial",
    ]);
    for words in [
        &["check", "--base", "origin/main", "--head", "origin/topic"][..],
        &[
            "certify",
            "gpu_memory",
            "--base",
            "origin/main",
            "--head",
            "origin/topic",
            "--status",
            "APPROVED",
            "--agent",
            "a",
            "--rationale",
            "r",
        ],
    ] {
        let trace = repo.home().join("trace");
        let _old = std::fs::remove_file(&trace);
        let mut command = repo.program();
        let ran: Ran = command
            .current_dir(repo.home().join("partial"))
            .env("GIT_TRACE2_EVENT", &trace)
            .args(words)
            .output()
            .unwrap()
            .into();
        assert!(matches!(ran.code, Some(0 | 1)), "{}", ran.said());
        assert!(
            started(&repo, "fetch") <= 4,
            "{} fetches for {words:?}",
            started(&repo, "fetch")
        );
    }
}

/// Without the network that was promised, what is missing is said, and nothing passes.
#[test]
fn a_partial_clone_that_may_not_fetch_does_not_pass() {
    let repo = with_policy();
    edit(&repo, 2);
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", repo.path().display());
    repo.git(&[
        "clone",
        "--quiet",
        "--filter=blob:none",
        "--no-checkout",
        &url,
        "../partial",
    ]);
    let mut command = repo.program();
    let ran: Ran = command
        .current_dir(repo.home().join("partial"))
        .env("GIT_NO_LAZY_FETCH", "1")
        .args(["check", "--base", "HEAD~1", "--head", "HEAD"])
        .output()
        .unwrap()
        .into();
    assert_eq!(ran.code, Some(2), "{}", ran.said());
}

#[test]
fn a_remote_that_has_moved_on_is_no_forced_push() {
    let server = Server::new();
    let repo = &server.clone;
    run(repo, &["install"]).ends(0);
    repo.git(&["clone", "--quiet", server.bare.to_str().unwrap(), "../other"]);
    let other = repo.home().join("other");
    repo.git(&[
        "-C",
        other.to_str().unwrap(),
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "Somebody else's",
    ]);
    repo.git(&["-C", other.to_str().unwrap(), "push", "--quiet", "origin", "main"]);
    repo.write("README.md", "more\n");
    repo.commit("Mine");
    let ran = server.push(&["main"]);
    assert_eq!(ran.errors(), ["CG729"], "{}", ran.said());
    let ran = ran.says("has moved on since it was last fetched");
    assert!(!ran.err.contains("does not descend"), "{}", ran.err);
    // What was seen before is still told as forced, and so is a push beside what the remote has.
    let remedy = ran.remedies()[0].clone();
    Ran::from(repo.command("sh").args(["-ec", &remedy]).output().unwrap()).ends(0);
    server.push(&["main"]).ends(0);
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    assert_eq!(server.push(&["--force", "main"]).errors(), ["CG716"]);
}

#[test]
fn a_push_for_review_is_judged_as_one_to_its_branch() {
    let server = Server::new();
    let repo = &server.clone;
    run(repo, &["install"]).ends(0);
    server.certgate(&["uninstall"]).ends(0);
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    edit(repo, 2);
    for name in [
        "refs/for/main",
        "refs/for/main%topic=x",
        "refs/for/refs/heads/main",
        "refs/for/main/topic",
        "refs/drafts/main",
    ] {
        let ran = server.push(&[&format!("HEAD:{name}")]);
        assert_eq!(ran.errors(), ["CG201"], "{name}: {}", ran.said());
        assert_ne!(ran.code, Some(0), "{name}");
    }
    certify(repo, "main");
    server.push(&["HEAD:refs/for/main"]).ends(0);
    // The branch does not move, so main may be further than what asks for a review.
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("README.md", "more\n");
    repo.commit("Go on");
    server.push(&["main"]).ends(0);
    repo.git(&["switch", "--quiet", "topic"]);
    server.push(&["HEAD:refs/drafts/main"]).ends(0);
}

#[test]
fn a_bare_repository_that_must_be_named() {
    let server = Server::new();
    let repo = &server.clone;
    let global = repo.home().join("gitconfig");
    std::fs::write(&global, "[safe]\n\tbareRepository = explicit\n").unwrap();
    let mut command = repo.program();
    let ran: Ran = command
        .current_dir(&server.bare)
        .env("GIT_CONFIG_GLOBAL", &global)
        .args(["install", "--server"])
        .output()
        .unwrap()
        .into();
    let remedy = ran.undecided("CG706").remedies()[0].clone();
    let mut shell = repo.command("sh");
    let program = assert_cmd::cargo::cargo_bin!("certgate").parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let pasted = shell
        .current_dir(&server.bare)
        .env("GIT_CONFIG_GLOBAL", &global)
        .env("PATH", path)
        .args(["-ec", &remedy]);
    Ran::from(pasted.output().unwrap()).ends(0);
}

/// Jujutsu runs no hook, and simple-git-hooks writes over those that are there.
#[test]
fn who_works_past_the_hooks_is_named() {
    let repo = with_policy();
    std::fs::create_dir(repo.path().join(".jj")).unwrap();
    repo.write(".git/info/exclude", ".jj\n");
    repo.write(
        ".git/hooks/pre-commit",
        "#!/bin/sh\n\nif [ \"$SKIP_SIMPLE_GIT_HOOKS\" = \"1\" ]; then\n    exit 0\nfi\n",
    );
    let ran = run(&repo, &["install"])
        .ends(0)
        .says("simple-git-hooks writes hooks into the same directory");
    assert!(ran.warnings().contains(&"CG730"), "{}", ran.err);
    let doctor = run(&repo, &["doctor"]);
    for word in ["jj works here", "simple-git-hooks also writes hooks here"] {
        assert!(doctor.out.contains(word), "{}", doctor.out);
    }
    stage_gated(&repo);
}
