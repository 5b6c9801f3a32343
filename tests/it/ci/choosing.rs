//! Which change is judged, by whose policy, and what is refused because CI and checkout say different things.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::world::{Runner, World, ZEROS};
use crate::scene::{POLICY, run, stage_gated};

fn merge_group(base: &str, head: &str) -> String {
    format!(
        r#"{{"action":"checks_requested","merge_group":{{"head_sha":"{head}","head_ref":"refs/heads/gh-readonly-queue/main/pr-8",
        "base_sha":"{base}","base_ref":"refs/heads/main"}}}}"#
    )
}

fn push(before: &str, after: &str) -> String {
    format!(r#"{{"before":"{before}","after":"{after}","repository":{{"default_branch":"main"}}}}"#)
}

/// The verdict was reached by the policy of this commit.
#[track_caller]
fn judged_by(verdict: &serde_json::Value, commit: &str) {
    let policy = verdict["policy"].as_str().unwrap();
    assert_eq!(policy, format!("{}:.certgate/policy.yaml", &commit[..10]));
}

#[test]
fn a_pull_request_is_judged_into_its_target() {
    let world = World::new(false);
    let runner = world.pull_request(0);
    let verdict = runner.verdict(1, &[]);
    assert_eq!(verdict["head"], world.merge);
    assert_eq!(verdict["base"], world.main);
    assert_eq!(verdict["stage"], "merge");
    judged_by(&verdict, &world.main);
    let told = format!(
        "GitHub Actions, pull_request: judging {} (GITHUB_SHA) against {} (its first parent), into `main`",
        &world.merge[..10],
        &world.main[..10]
    );
    let ran = runner.check(&[]).blocks(&["CG201"]).says(&told);
    ran.says("certgate certify gpu_memory --base origin/main --head HEAD");
    World::new(true).pull_request(0).verdict(0, &[]);
}

#[test]
fn a_pull_request_does_not_choose_its_judge() {
    let world = World::new(false);
    let repo = &world.repo;
    repo.write(".certgate/policy.yaml", POLICY.replace("src/train/**", "elsewhere/**"));
    let head = repo.commit("judge less");
    let merge = world.merged("main", "topic");
    world.push(&["topic", "topic:refs/pull/7/head", &format!("{merge}:refs/pull/7/merge")]);
    let world = World { head, merge, ..world };
    let verdict = world.pull_request(0).verdict(1, &[]);
    judged_by(&verdict, &world.main);
    let ids: Vec<&str> = verdict["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["gpu_memory", "certgate-policy"]);
}

#[test]
fn a_refusal_that_came_in_after_the_merge_was_made_counts() {
    let world = World::new(true);
    world.pull_request(0).verdict(0, &[]);
    world.refuse_on_main();
    let runner = world.pull_request(0);
    runner
        .check(&[])
        .blocks(&["CG302"])
        .says("(origin/main, GITHUB_BASE_REF)");
}

#[test]
fn another_checkout_than_github_names_is_refused() {
    let world = World::new(true);
    let runner = world.pull_request(0);
    runner.git(&["checkout", "--quiet", "--detach", &world.head]);
    let ran = runner.check(&[]).undecided("CG721");
    let told = format!(
        "HEAD is {}, but GITHUB_SHA is {}",
        &world.head[..10],
        &world.merge[..10]
    );
    let remedies = ran.says(&told).remedies();
    let command = "certgate check --base origin/main --head HEAD --target main";
    assert_eq!(
        remedies,
        [format!("git checkout --detach {}", world.merge), command.to_owned()]
    );
    for remedy in remedies.iter().rev() {
        runner.run("sh", &["-c", remedy]).ends(0);
    }
    runner.check(&[]).ends(0);
}

#[test]
fn a_merge_of_something_else_is_refused() {
    let world = World::new(true);
    let other = world.merged("main", "topic~1");
    world.push(&[&format!("{other}:refs/pull/7/merge")]);
    let world = World { merge: other, ..world };
    let ran = world.pull_request(0).check(&[]).undecided("CG721");
    ran.says("does not merge the pull request's head");
    let world = World {
        merge: world.head.clone(),
        ..world
    };
    let ran = world.pull_request(0).check(&[]).undecided("CG721");
    ran.says("has not two parents")
        .says("certgate check --base origin/main --head HEAD --target main");
}

#[test]
fn a_target_that_was_rewritten_is_refused() {
    let world = World::new(true);
    world.repo.git(&["switch", "--quiet", "main"]);
    world.repo.git(&["commit", "--quiet", "--amend", "-m", "another three"]);
    world.push(&["main"]);
    let ran = world.pull_request(0).check(&[]).undecided("CG721");
    ran.says("is not in the history of origin/main");
}

#[test]
fn pull_request_target_judges_the_request_without_checking_it_out() {
    for (certified, code) in [(false, 1), (true, 0)] {
        let world = World::new(certified);
        let event = format!(
            r#"{{"action":"opened","pull_request":{{"number":7,"head":{{"ref":"topic","sha":"{}"}},"base":{{"ref":"main","sha":""}}}}}}"#,
            world.head
        );
        // The request comes from a fork: its branch is not in the target's repository.
        world.push(&[":topic"]);
        let runner = world.github(0, &world.main, "refs/remotes/origin/main");
        let runner = runner
            .event("pull_request_target", &world.main, "refs/heads/main", &event)
            .with("GITHUB_BASE_REF", "main");
        let ran = runner.check(&[]).undecided("CG702");
        assert_eq!(
            ran.remedies(),
            [
                "git fetch origin +refs/pull/7/head:refs/certgate/pull/7/head",
                "certgate check --deepen   # fetches it"
            ]
        );
        let verdict = runner.verdict(code, &["--deepen"]);
        assert_eq!(verdict["head"], world.head);
        judged_by(&verdict, &world.main);
        assert!(!runner.directory.join("docs/topic.md").exists());
    }
}

#[test]
fn a_merge_group_is_judged_from_the_group_ahead() {
    let world = World::new(false);
    let repo = &world.repo;
    // Ahead in the queue is the gated change of pull request 7; this one only writes text.
    repo.git(&["switch", "--quiet", "-c", "text", "main"]);
    repo.write("docs/more.md", "more\n");
    repo.commit("more");
    let group = world.merged(&world.merge, "text");
    world.push(&[&format!("{group}:refs/heads/gh-readonly-queue/main/pr-8")]);
    let queue = "refs/remotes/origin/gh-readonly-queue/main/pr-8";
    let reference = "refs/heads/gh-readonly-queue/main/pr-8";
    let of = |base: &str| -> Runner<'_> {
        world
            .github(0, &group, queue)
            .event("merge_group", &group, reference, &merge_group(base, &group))
    };
    let verdict = of(&world.merge).verdict(0, &[]);
    assert_eq!(verdict["base"], world.merge);
    judged_by(&verdict, &world.merge);
    of(&world.merge)
        .check(&[])
        .ends(0)
        .says("(merge_group.base_sha), into `main`");
    // The first of the queue, with the same content, adds the gated change.
    of(&world.main).check(&[]).blocks(&["CG201"]);
    let ran = of(&repo.ask(&["commit-tree", "main^{tree}", "-p", "main", "-m", "x"])).check(&[]);
    ran.undecided("CG702").says("merge_group.base_sha");
    repo.git(&[
        "branch",
        "aside",
        &repo.ask(&["commit-tree", "main^{tree}", "-p", "main", "-m", "x"]),
    ]);
    world.push(&["aside"]);
    let aside = repo.ask(&["rev-parse", "aside"]);
    let ran = of(&aside).check(&[]).undecided("CG721");
    ran.says("does not build on")
        .says("certgate check --base origin/main --head HEAD --target main");
}

#[test]
fn a_push_is_judged_from_what_the_branch_was() {
    let world = World::new(false);
    let of = |branch: &str, before: &str, sha: &str| {
        let reference = format!("refs/heads/{branch}");
        let kept = format!("refs/remotes/origin/{branch}");
        world
            .github(0, sha, &kept)
            .event("push", sha, &reference, &push(before, sha))
    };
    // Nothing protects `topic`, so the verdict is a warning; on `main` the same blocks.
    let verdict = of("topic", &world.main, &world.head).verdict(0, &[]);
    assert_eq!(verdict["verdict"], "warn");
    let main = of("main", &world.main, &world.merge).verdict(1, &[]);
    assert_eq!(main["base"], world.main);
    // A new branch is judged over the default branch, by its policy.
    let created = of("topic", ZEROS, &world.head).verdict(0, &[]);
    assert_eq!(
        (&created["verdict"], &created["head"]),
        (&"warn".into(), &world.head.as_str().into())
    );
    judged_by(&created, &world.main);
    // What the branch was may be gone from the remote.
    let gone = world.repo.ask(&["commit-tree", "main^{tree}", "-m", "gone"]);
    let ran = of("main", &gone, &world.merge).check(&[]).undecided("CG702");
    ran.says("which the branch was before (before)")
        .says(&format!("git fetch origin {gone}"));
    let ran = of("main", &gone, &world.merge).check(&["--deepen"]).undecided("CG720");
    ran.says("not our ref")
        .says("certgate check --base REV --head HEAD --target main");
}

#[test]
fn the_first_push_of_all_is_judged_from_where_the_policy_starts() {
    for (certified, code) in [(false, 1), (true, 0)] {
        let world = World::new(certified);
        let repo = &world.repo;
        // A remote that has nothing but this branch, whose history has a commit from before the policy.
        repo.git(&["switch", "--quiet", "--orphan", "fresh"]);
        repo.write("README.md", "before\n");
        repo.commit("before the policy");
        for from in ["main", "topic"] {
            repo.git(&["checkout", "--quiet", from, "--", "."]);
            repo.commit(from);
        }
        repo.git(&["branch", "--force", "main", "fresh"]);
        world.push(&["main", ":topic", ":refs/pull/7/head", ":refs/pull/7/merge"]);
        let sha = repo.ask(&["rev-parse", "main"]);
        let runner = world.github(0, &sha, "refs/remotes/origin/main");
        let runner = runner.event("push", &sha, "refs/heads/main", &push(ZEROS, &sha));
        let ran = runner.check(&[]).ends(code);
        let told = ran.says("from where the policy starts, into `main`");
        assert!(told.said().contains("CG013"), "{}", told.said());
    }
}

#[test]
fn gitlab_merge_requests_of_each_kind() {
    let world = World::new(false);
    let common = [
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_COMMIT_BEFORE_SHA", ZEROS),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
    ];
    let of = |sha: &str, kind: &str, target: &str| {
        world.github(0, sha, "refs/pipelines/9").all(&common).all(&[
            ("CI_COMMIT_SHA", sha),
            ("CI_MERGE_REQUEST_EVENT_TYPE", kind),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", target),
        ])
    };
    // The branch forked off before the tip of `main`: what merging it there would give is judged.
    let verdict = of(&world.head, "detached", "").verdict(1, &[]);
    judged_by(&verdict, &world.main);
    assert_eq!(
        (&verdict["base"], &verdict["head"]),
        (&world.main.as_str().into(), &world.head.as_str().into())
    );
    for kind in ["merged_result", "merge_train"] {
        let verdict = of(&world.merge, kind, &world.main).verdict(1, &[]);
        assert_eq!(
            (&verdict["base"], &verdict["head"]),
            (&world.main.as_str().into(), &world.merge.as_str().into())
        );
    }
    of(&world.head, "merged_result", &world.main)
        .check(&[])
        .undecided("CG721")
        .says("does not build on");
    let branch = [("CI_COMMIT_BRANCH", "main"), ("CI_COMMIT_SHA", world.merge.as_str())];
    let runner = world
        .github(0, &world.merge, "refs/pipelines/9")
        .all(&common[..2])
        .all(&branch);
    runner
        .all(&[("CI_COMMIT_BEFORE_SHA", &world.main)])
        .check(&[])
        .blocks(&["CG201"]);
}

#[test]
fn flags_win_and_the_users_variables_come_next() {
    let world = World::new(false);
    let runner = world.pull_request(0);
    let same = runner.verdict(0, &["--base", "HEAD", "--head", "HEAD"]);
    assert_eq!(same["base"], world.merge);
    runner.verdict(0, &["--range", "HEAD..HEAD"]);
    runner.check(&["--staged"]).ends(0);
    let head = runner.verdict(1, &["--head", &world.head]);
    assert_eq!(head["head"], world.head);
    // The branch that moves is the flag's; on this one the policy only warns.
    assert_eq!(runner.verdict(0, &["--target", "elsewhere"])["verdict"], "warn");
    let runner = runner
        .with("CERTGATE_BASE", "origin/topic")
        .with("CERTGATE_HEAD", "origin/topic");
    runner.check(&[]).ends(0).says("(CERTGATE_HEAD) against");
    let runner = world.checkout(&[
        &["fetch", "--quiet", "origin"],
        &["checkout", "--quiet", "origin/topic"],
    ]);
    let runner = runner.with("CERTGATE_TARGET", "main");
    runner
        .check(&[])
        .blocks(&["CG201"])
        .says("origin/main, CERTGATE_TARGET");
}

#[test]
fn unknown_ci_is_asked_what_to_judge() {
    let world = World::new(false);
    let runner = world.checkout(&[
        &["fetch", "--quiet", "origin"],
        &["checkout", "--quiet", "-b", "topic", "origin/topic"],
    ]);
    runner.check(&[]).blocks(&["CG201"]);
    let runner = runner.with("CI", "true");
    let ran = runner.check(&[]).undecided("CG722");
    ran.says("CERTGATE_TARGET=BRANCH certgate check");
    // What is staged is an answer.
    std::fs::write(runner.directory.join("README.md"), "staged\n").unwrap();
    runner.git(&["add", "README.md"]);
    runner.check(&[]).ends(0).says("judging what is staged");
}

#[test]
fn certify_and_seal_do_as_ever_in_ci() {
    let world = World::new(false);
    let mut repo = world.repo;
    repo.git(&["switch", "--quiet", "main"]);
    stage_gated(&repo);
    for (name, value) in [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "schedule")] {
        repo.set(name, value);
    }
    run(&repo, &["check"])
        .undecided("CG722")
        .says("the event `schedule` makes no change");
    let certify = [
        "certify",
        "gpu_memory",
        "--status",
        "GO",
        "--agent",
        "a",
        "--rationale",
        "b",
    ];
    run(&repo, &certify).ends(0);
}

#[test]
fn what_ci_says_is_never_an_option() {
    let world = World::new(true);
    for name in [
        "--upload-pack=touch pwned",
        "-x",
        "a..b",
        "a b",
        "a\nb",
        "HEAD",
        "\u{1b}[31m",
        "refs/heads/",
    ] {
        let event = format!(
            r#"{{"pull_request":{{"number":7,"head":{{"ref":"x","sha":"{}"}},"base":{{"ref":{},"sha":""}}}}}}"#,
            world.head,
            serde_json::to_string(name).unwrap()
        );
        let runner = world.pull_request(1);
        let runner = runner
            .event("pull_request", &world.merge, "refs/pull/7/merge", &event)
            .with("GITHUB_BASE_REF", name);
        let ran = runner
            .check(&["--deepen"])
            .undecided("CG722")
            .says("is not the name of a branch");
        assert!(!ran.err.contains('\u{1b}') && !runner.directory.join("pwned").exists());
    }
    let runner = world.pull_request(0).with("CERTGATE_BASE", "--output=pwned");
    runner.check(&["--deepen"]).undecided("CG702");
    assert!(!runner.directory.join("pwned").exists());
}
