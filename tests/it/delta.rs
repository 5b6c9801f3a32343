//! Certificates on what has changed since another.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::scene::{Ran, run, with_policy};
use crate::support::TestRepo;

const CERTIFY: [&str; 9] = [
    "certify",
    "gpu_memory",
    "--base",
    "main",
    "--status",
    "APPROVED",
    "--rationale",
    "one allocation a step, as before",
    "--agent",
];

/// A file of many lines, of which some are replaced.
fn text(edits: &[(usize, &str)]) -> String {
    let line = |at: usize| {
        let edit = edits.iter().find(|(line, _)| *line == at);
        edit.map_or_else(|| format!("x{at} = {at}\n"), |(_, text)| format!("{text}\n"))
    };
    (1..=30).map(line).collect()
}

/// A branch with a certified change of line 5.
fn certified() -> TestRepo {
    let repo = with_policy();
    repo.write("src/train/loop.py", text(&[]));
    repo.commit("lines");
    repo.git(&["switch", "--quiet", "--create", "topic"]);
    repo.write("src/train/loop.py", text(&[(5, "pool = []")]));
    repo.commit("pool");
    run(&repo, &[&CERTIFY[..], &["ann"]].concat()).ends(0);
    repo.commit("certify");
    run(&repo, &["check", "--base", "main"]).ends(0);
    repo
}

fn newest(repo: &TestRepo) -> String {
    let added = repo.ask(&["ls-files", "--others"]);
    std::fs::read_to_string(repo.path().join(added.lines().next().unwrap())).unwrap()
}

fn id(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("**Certificate ID**: "));
    line.unwrap().to_owned()
}

fn delta(repo: &TestRepo, agent: &str) -> Ran {
    run(repo, &[&CERTIFY[..], &[agent, "--delta"]].concat())
}

#[test]
fn what_changed_after_the_certificate_is_shown_and_certified_by_itself() {
    let repo = certified();
    repo.write("src/train/loop.py", text(&[(5, "pool = []"), (20, "pool.clear()")]));
    repo.commit("clear");
    let ran = run(&repo, &["check", "--base", "main"]).ends(1);
    assert_eq!(ran.errors(), ["CG202"], "{}", ran.err);
    let ran = ran
        .says("since the certified content")
        .says("-x20 = 20")
        .says("+pool.clear()")
        .says("--delta");
    assert!(!ran.err.contains("+pool = []"), "that was certified: {}", ran.err);
    // Who has not looked at the rest cannot look at the difference alone.
    delta(&repo, "bob").undecided("CG664").says("certified by `ann`");
    delta(&repo, "ann").ends(0);
    let text = newest(&repo);
    assert!(
        text.contains("**Builds upon**: ") && text.contains("`src/train/loop.py:20`"),
        "{text}"
    );
    assert!(!text.contains("loop.py:5"), "{text}");
    repo.commit("certify the difference");
    run(&repo, &["check", "--base", "main"]).ends(0);
    delta(&repo, "ann").undecided("CG664").says("has changed since");
    // On top of that, once more.
    repo.write(
        "src/train/loop.py",
        self::text(&[(5, "pool = []"), (20, "pool.clear()"), (28, "free()")]),
    );
    repo.commit("free");
    delta(&repo, "ann").ends(0);
    assert!(newest(&repo).contains("`src/train/loop.py:28`"), "{}", newest(&repo));
    repo.commit("certify that");
    run(&repo, &["check", "--base", "main"]).ends(0);
}

#[test]
fn where_main_has_moved_the_difference_is_that_of_the_merge() {
    let repo = certified();
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("src/train/loop.py", text(&[(25, "log()")]));
    repo.commit("log");
    repo.git(&["switch", "--quiet", "topic"]);
    let ran = run(&repo, &["check", "--base", "main"]).ends(1);
    assert_eq!(ran.errors(), ["CG202"], "{}", ran.err);
    ran.says("`main` has moved on").says("+log()");
    delta(&repo, "ann").ends(0);
    assert!(newest(&repo).contains("`src/train/loop.py:25`"), "{}", newest(&repo));
    repo.commit("certify what main brings");
    run(&repo, &["check", "--base", "main"]).ends(0);
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-edit", "topic"]);
    run(&repo, &["check", "--base", "main~1", "--head", "main"]).ends(0);
}

#[test]
fn it_falls_with_what_it_builds_upon() {
    let repo = certified();
    let ground = repo.ask(&["ls-files", "certificates"]);
    let ground = id(&std::fs::read_to_string(repo.path().join(ground)).unwrap());
    repo.write("src/train/loop.py", text(&[(5, "pool = []"), (20, "pool.clear()")]));
    repo.commit("clear");
    delta(&repo, "ann").ends(0);
    repo.commit("certify the difference");
    run(&repo, &["check", "--base", "main"]).ends(0);
    // Taken back without a word on the content of today.
    let words = [
        "certify",
        "gpu_memory",
        "--base",
        "main",
        "--status",
        "ADVISORY_ONLY",
        "--agent",
        "ann",
    ];
    let by = ["--rationale", "the pool was never measured", "--supersedes", &ground];
    run(&repo, &[&words[..], &by].concat()).ends(0);
    repo.commit("take back");
    let ran = run(&repo, &["check", "--base", "main"]).ends(1);
    ran.says("builds upon").says("CG663");
}

#[test]
fn nothing_is_built_upon_by_hand_that_is_not_there() {
    let repo = certified();
    repo.write("src/train/loop.py", text(&[(5, "pool = []"), (20, "pool.clear()")]));
    repo.commit("clear");
    delta(&repo, "ann").ends(0);
    let path = repo.ask(&["ls-files", "--others"]);
    let good = std::fs::read_to_string(repo.path().join(&path)).unwrap();
    let line = good.lines().find(|line| line.starts_with("**Builds upon**")).unwrap();
    let own = id(&good);
    for claimed in ["NOWHERE", &own] {
        repo.write(
            &path,
            good.replace(line, &format!("**Builds upon**: {claimed}"))
                .replace("Certificate Hash: ", "Note: "),
        );
        repo.git(&["add", "--all"]);
        let ran = run(&repo, &["check", "--staged", "--target", "main"]);
        assert!(ran.code == Some(0), "a certificate alone lands: {}", ran.said());
        repo.commit("by hand");
        let ran = run(&repo, &["check", "--base", "main"]).ends(1);
        ran.says("builds upon");
        repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    }
}
