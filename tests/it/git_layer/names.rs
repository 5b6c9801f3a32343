//! What a name means.

use super::*;

/// A clone with a branch `topic`, one commit ahead of `origin/main`.
fn clone() -> (TestRepo, TestRepo) {
    let up = TestRepo::new();
    up.write("a", "1\n");
    up.commit("base");
    let repo = TestRepo::empty();
    repo.git(&["clone", "-q", up.path().to_str().unwrap(), "."]);
    repo.git(&["switch", "-qc", "topic"]);
    repo.write("a", "2\n");
    repo.commit("topic");
    (up, repo)
}

fn means(repo: &TestRepo, name: &str) -> (String, Option<String>) {
    let meaning = open(repo).named(name).unwrap();
    (meaning.commit.to_string(), meaning.branch)
}

fn code(repo: &TestRepo, name: &str) -> Code {
    open(repo).named(name).unwrap_err().code()
}

#[test]
fn a_name_is_a_branch_a_tracking_branch_a_ref_or_an_id() {
    let (_up, repo) = clone();
    let (main, topic) = (
        repo.ask(&["rev-parse", "refs/heads/main"]),
        repo.ask(&["rev-parse", "HEAD"]),
    );
    let branch = |name: &str| Some(name.to_owned());
    for (name, expected) in [
        ("main", (&main, branch("main"))),
        ("origin/main", (&main, branch("main"))),
        ("origin/HEAD", (&main, branch("main"))),
        ("refs/heads/topic", (&topic, branch("topic"))),
        ("refs/remotes/origin/main", (&main, branch("main"))),
        ("refs/remotes/origin/HEAD", (&main, branch("main"))),
        ("topic~1", (&main, None)),
        ("topic^", (&main, None)),
        ("topic@{0}", (&topic, None)),
        ("HEAD", (&topic, None)),
        ("@", (&topic, None)),
        ("@{-1}", (&main, None)),
        ("HEAD~1", (&main, None)),
        (topic.as_str(), (&topic, None)),
        (&topic[..12], (&topic, None)),
    ] {
        assert_eq!(means(&repo, name), (expected.0.clone(), expected.1), "{name}");
    }
    for name in [
        "nope",
        "refs/heads/nope",
        "origin/nope",
        "",
        "-x",
        "main..topic",
        "dead",
        "nope~1",
    ] {
        assert_eq!(code(&repo, name), Code::CG702, "{name}");
    }
}

#[test]
fn a_name_with_two_meanings_has_none() {
    for (name, made) in [
        ("origin/main", &["tag", "origin/main"][..]),
        ("main", &["tag", "main"]),
        ("main~0", &["tag", "main"]),
        ("origin/main", &["branch", "origin/main"]),
        ("main", &["update-ref", "refs/remotes/main", "HEAD"]),
        ("main", &["update-ref", "refs/main", "HEAD"]),
        ("main", &["tag", "-a", "-m", "annotated", "main"]),
        ("origin/HEAD", &["tag", "origin/HEAD"]),
        ("topic", &["tag", "topic"]),
    ] {
        let (_up, repo) = clone();
        repo.git(made);
        assert_eq!(code(&repo, name), Code::CG736, "{name} after {made:?}");
    }
    // A file in the git directory is not a ref, though git would take it for one.
    let (_up, repo) = clone();
    let topic = repo.ask(&["rev-parse", "HEAD"]);
    std::fs::write(repo.path().join(".git/main"), format!("{topic}\n")).unwrap();
    assert_ne!(means(&repo, "main").0, topic);
}

#[test]
fn only_branches_have_short_names() {
    let (_up, repo) = clone();
    repo.git(&["tag", "v1"]);
    repo.git(&["update-ref", "refs/remotes/stranger/main", "HEAD"]);
    let topic = repo.ask(&["rev-parse", "HEAD"]);
    for name in ["v1", "v1~0", "stranger/main"] {
        assert_eq!(code(&repo, name), Code::CG736, "{name}");
    }
    for name in ["refs/tags/v1", "refs/remotes/stranger/main"] {
        assert_eq!(means(&repo, name), (topic.clone(), None), "{name}");
    }
}

#[test]
fn a_remote_may_have_a_slash_in_its_name_and_keep_branches_elsewhere() {
    let (up, repo) = clone();
    let url = up.path().to_str().unwrap();
    repo.git(&["remote", "add", "team/fork", url]);
    repo.git(&["config", "remote.odd.url", url]);
    repo.git(&["config", "remote.odd.fetch", "+refs/heads/*:refs/kept/*"]);
    repo.git(&["fetch", "-q", "team/fork"]);
    repo.git(&["fetch", "-q", "odd"]);
    for name in ["team/fork/main", "odd/main", "refs/kept/main"] {
        assert_eq!(means(&repo, name).1.as_deref(), Some("main"), "{name}");
    }
}
