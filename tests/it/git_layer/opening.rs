//! Which repository, which HEAD, which revision.

use super::*;

#[test]
fn hooks_of_every_kind_of_work_tree_open_the_right_repository() {
    let repo = TestRepo::new();
    repo.write("sub/a", "1\n");
    repo.commit("base");
    let hooks = repo.path().join(".git/hooks");
    let out = probing_hook(&repo, &hooks, "pre-commit");
    repo.write("sub/a", "2\n");
    let top = repo.path().display().to_string();
    // From a directory below, with a temporary index (`commit <path>`), and with one of the user's own.
    repo.write("sub/other", "staged, not committed\n");
    repo.git(&["add", "sub/other"]);
    let said = repo
        .command("git")
        .args(["commit", "-qm", "two", "a"])
        .current_dir(repo.path().join("sub"))
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
    let report = std::fs::read_to_string(&out).unwrap();
    assert_eq!(
        report,
        format!("git_dir {top}/.git\ncommon_dir {top}/.git\nwork_tree {top}\nbranch main\nstaged M sub/a\ncommit -\n")
    );
    // A linked worktree shares the hooks and has its own HEAD and index.
    let linked = repo.home().join("linked");
    repo.git(&["worktree", "add", "-q", "-b", "topic", linked.to_str().unwrap()]);
    std::fs::write(linked.join("b"), "b\n").unwrap();
    let git = |arguments: &[&str]| {
        let output = repo
            .command("git")
            .args(arguments)
            .current_dir(&linked)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    git(&["add", "b"]);
    git(&["commit", "-qm", "b"]);
    let report = std::fs::read_to_string(&out).unwrap();
    let at = linked.display();
    assert_eq!(
        report,
        format!(
            "git_dir {top}/.git/worktrees/linked\ncommon_dir {top}/.git\nwork_tree {at}\nbranch topic\nstaged A b\ncommit -\n"
        )
    );
    let hooks_dir = Repository::open_at(&linked).unwrap().hooks_dir().unwrap();
    assert_eq!(hooks_dir.canonicalize().unwrap(), hooks.canonicalize().unwrap());
}

#[test]
fn the_environment_says_where_the_repository_is() {
    let repo = TestRepo::new();
    repo.write("sub/a", "1\n");
    let base = repo.commit("base");
    repo.write("b", "b\n");
    repo.git(&["add", "b"]);
    let top = repo.path().display().to_string();
    let staged = |report: &str| {
        report
            .lines()
            .find(|line| line.starts_with("staged"))
            .unwrap()
            .to_owned()
    };
    // Relative GIT_DIR, from the top and from below.
    let report = probe(&repo, repo.path(), &[("GIT_DIR", ".git"), ("PROBE_REV", "main")]);
    assert_eq!(
        report,
        format!("git_dir {top}/.git\ncommon_dir {top}/.git\nwork_tree {top}\nbranch main\nstaged A b\ncommit {base}\n")
    );
    let below = probe(
        &repo,
        &repo.path().join("sub"),
        &[("GIT_DIR", "../.git"), ("GIT_WORK_TREE", "..")],
    );
    assert_eq!(staged(&below), "staged A b");
    // Another index, relative to the working directory.
    let other = repo
        .command("git")
        .args(["read-tree", "HEAD"])
        .env("GIT_INDEX_FILE", "other")
        .output()
        .unwrap();
    assert!(other.status.success());
    assert_eq!(
        staged(&probe(&repo, repo.path(), &[("GIT_INDEX_FILE", "other")])),
        "staged "
    );
    // Nothing set: git looks upwards, or finds nothing.
    assert!(probe(&repo, &repo.path().join("sub"), &[]).contains(&format!("work_tree {top}\n")));
    assert_eq!(
        probe(&repo, &repo.home(), &[("GIT_CEILING_DIRECTORIES", "/")]),
        "error CG701\n"
    );
    // Objects elsewhere, as in the quarantine of a push.
    let elsewhere = repo.home().join("quarantine");
    std::fs::rename(repo.path().join(".git/objects"), &elsewhere).unwrap();
    std::fs::create_dir(repo.path().join(".git/objects")).unwrap();
    let variables = [
        ("GIT_DIR", ".git"),
        ("GIT_OBJECT_DIRECTORY", ".git/objects"),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "../quarantine"),
        ("PROBE_REV", "HEAD"),
    ];
    assert!(probe(&repo, repo.path(), &variables).ends_with(&format!("staged A b\ncommit {base}\n")));
}

#[test]
fn another_repository_is_opened_whatever_the_environment_says() {
    let (here, there) = (TestRepo::new(), TestRepo::new());
    here.commit("here");
    let tip = there.commit("there");
    assert_eq!(open(&there).head().unwrap().commit(), Some(&id(&tip)));
    assert_eq!(
        Repository::open_at(&there.home()).err().map(|error| error.code()),
        Some(Code::CG701)
    );
    assert_eq!(
        Repository::open_at(Path::new("/does/not/exist"))
            .err()
            .map(|error| error.code()),
        Some(Code::CG701)
    );
}

#[test]
fn bare_repositories_have_no_work_tree() {
    let repo = TestRepo::init(&["--bare"]);
    let repository = open(&repo);
    assert!(repository.is_bare() && repository.work_tree().is_none() && !repository.is_shallow());
    assert_eq!(repository.head().unwrap(), Head::Unborn { branch: "main".into() });
    let report = probe(&repo, repo.path(), &[("GIT_DIR", ".")]);
    assert!(report.contains("work_tree none\n"), "{report}");
    let hooks = repo.path().join("hooks");
    assert_eq!(repository.hooks_dir().unwrap(), hooks);
    repo.git(&["config", "core.hooksPath", "/elsewhere/hooks"]);
    assert_eq!(open(&repo).hooks_dir().unwrap(), Path::new("/elsewhere/hooks"));
}

#[test]
fn head_is_read_in_every_state() {
    let repo = TestRepo::new();
    repo.write("a", "1\n");
    let base = repo.commit("base");
    let topic = Head::Branch {
        name: "topic/x".into(),
        commit: id(&base),
    };
    repo.git(&["switch", "-qc", "topic/x"]);
    assert_eq!(open(&repo).head().unwrap(), topic);
    repo.git(&["pack-refs", "--all"]);
    assert_eq!(open(&repo).head().unwrap(), topic);
    repo.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/topic/x"]);
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/alias"]);
    assert_eq!(open(&repo).head().unwrap(), topic);
    repo.git(&["checkout", "-q", "--detach"]);
    assert_eq!(open(&repo).head().unwrap(), Head::Detached { commit: id(&base) });
    assert_eq!(open(&repo).moving_branch().unwrap(), None);
    // Whatever is broken is not unborn.
    std::fs::write(repo.path().join(".git/refs/heads/topic-y"), "not an id\n").unwrap();
    std::fs::write(repo.path().join(".git/HEAD"), "ref: refs/heads/topic-y\n").unwrap();
    assert_eq!(open(&repo).head().unwrap_err().code(), Code::CG709);
    std::fs::write(
        repo.path().join(".git/refs/heads/topic-y"),
        format!("{}\n", "1".repeat(40)),
    )
    .unwrap();
    assert_eq!(open(&repo).head().unwrap_err().code(), Code::CG707);
}

#[test]
fn revisions_resolve_as_in_git() {
    let repo = TestRepo::new();
    let one = repo.commit("one");
    let two = repo.commit("two\n\nbody");
    repo.git(&["tag", "-a", "v1", "-m", "tag", &one]);
    repo.git(&["tag", "-a", "v1-again", "-m", "tag of a tag", "v1"]);
    repo.git(&["branch", "both", &one]);
    repo.git(&["tag", "both", &two]);
    repo.git(&["update-ref", "refs/remotes/origin/main", &one]);
    repo.git(&["tag", "tree", "HEAD^{tree}"]);
    let repository = open(&repo);
    for rev in [
        "HEAD",
        "main",
        "HEAD~1",
        "v1",
        "v1-again",
        "both",
        "origin/main",
        ":/one",
        "refs/heads/both",
        "@",
        &one,
        &one[..9],
    ] {
        let named = repo.ask(&["rev-parse", "--verify", "-q", rev]);
        let expected = repo.ask(&["rev-parse", "--verify", "-q", &format!("{named}^{{commit}}")]);
        assert_eq!(repository.commit(rev).unwrap().to_string(), expected, "{rev}");
    }
    for rev in [
        "",
        "-h",
        "--all",
        "nope",
        "^main",
        "main..HEAD",
        "HEAD:a",
        "tree",
        "main\nHEAD",
        &"1".repeat(40),
    ] {
        let error = repository.commit(rev).unwrap_err();
        assert_eq!(error.code(), Code::CG702, "{rev}");
        assert!(!error.diagnostic().helps().is_empty());
    }
    let refs = repository.refs(&["refs/tags", "refs/heads/b*"]).unwrap();
    let names: Vec<&str> = refs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "refs/heads/both",
            "refs/tags/both",
            "refs/tags/v1",
            "refs/tags/v1-again"
        ]
    );
    assert_eq!(refs[3].1, id(&one));
    assert_eq!(repository.config("CERTGATE.unset").unwrap(), None);
    repo.git(&["config", "branch.Topic.Merge", "refs/heads/x"]);
    assert_eq!(
        open(&repo).config("Branch.Topic.merge").unwrap().as_deref(),
        Some("refs/heads/x")
    );
    assert_eq!(open(&repo).upstream("main").unwrap(), None);
    assert!(git_version().unwrap().major >= 2);
}

#[test]
fn rebases_and_merges_in_progress_are_seen() {
    let repo = TestRepo::new();
    repo.write("a", "base\n");
    repo.commit("base");
    repo.git(&["switch", "-qc", "topic"]);
    repo.write("a", "topic\n");
    let topic = repo.commit("topic");
    repo.git(&["switch", "-q", "main"]);
    repo.write("a", "main\n");
    let main = repo.commit("main");
    assert!(!repo.try_git(&["merge", "-q", "topic"]).status.success());
    let repository = open(&repo);
    assert_eq!(repository.merge_head().unwrap(), [id(&topic)]);
    let conflict = repository.staged().unwrap_err();
    assert_eq!(conflict.code(), Code::CG713);
    assert!(conflict.diagnostic().helps()[0].contains("git add -- a"));
    repo.write("a", "both\n");
    repo.git(&["add", "a"]);
    assert_eq!(staged(&repo), ["M a"]);
    repo.git(&["merge", "--abort"]);
    assert!(open(&repo).merge_head().unwrap().is_empty());
    repo.git(&["switch", "-q", "topic"]);
    for backend in ["--merge", "--apply"] {
        assert!(!repo.try_git(&["rebase", "-q", backend, "main"]).status.success());
        let repository = open(&repo);
        assert_eq!(repository.head().unwrap(), Head::Detached { commit: id(&main) });
        assert_eq!(
            repository.moving_branch().unwrap().as_deref(),
            Some("topic"),
            "{backend}"
        );
        repo.git(&["rebase", "--abort"]);
    }
    repo.git(&["checkout", "-q", "--detach"]);
    assert!(!repo.try_git(&["rebase", "-q", "main"]).status.success());
    assert_eq!(open(&repo).moving_branch().unwrap(), None);
}

#[test]
fn a_repository_supplies_no_program() {
    let mut repo = TestRepo::new();
    repo.write("git", "#!/bin/sh\ntouch \"$HOME/ran\"\n");
    repo.write("a", "1\n");
    repo.commit("x");
    repo.git(&["update-index", "--chmod=+x", "git"]);
    repo.git(&["checkout-index", "-f", "git"]);
    repo.git(&["config", "core.fsmonitor", "touch ran"]);
    repo.git(&["config", "diff.external", "touch ran"]);
    let path = format!(":.:{}", std::env::var("PATH").unwrap());
    repo.set("PATH", &path);
    let report = probe(&repo, repo.path(), &[]);
    assert!(report.contains("staged"), "{report}");
    assert!(!repo.home().join("ran").exists() && !repo.path().join("ran").exists());
}

#[test]
fn git_decides_whose_repositories_are_read() {
    let repo = TestRepo::new();
    repo.write("a", "1\n");
    repo.git(&["add", "a"]);
    // Git's own switch for its tests of `safe.directory`.
    let foreign = ("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    assert_eq!(probe(&repo, repo.path(), &[foreign]), "error CG706\n");
    // Where git has set GIT_DIR it has decided already.
    assert!(probe(&repo, repo.path(), &[foreign, ("GIT_DIR", ".git")]).contains("staged A a\n"));
}
