//! Family: a commit in the making. What the hooks of a commit judge is to be something else than the commit.

use super::attacks;
use crate::scene::{Ran, adopted, certify_staged, git, run, stage_gated};
use crate::support::TestRepo;

/// A repository with hooks and a gated change that is staged, certified or not.
fn staged(certified: bool) -> TestRepo {
    let repo = adopted();
    stage_gated(&repo);
    if certified {
        run(&repo, &certify_staged("APPROVED", "performance-engineer")).ends(0);
        repo.git(&["add", "--all"]);
    }
    repo
}

/// A commit under variables. `@` stands for the id of HEAD.
fn commit_under(certified: bool, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut repo = staged(certified);
    let head = repo.ask(&["rev-parse", "HEAD"]);
    for (name, value) in variables {
        repo.set(name, &value.replace('@', &head));
    }
    git(
        &repo,
        &[&["commit", "--quiet", "--message", "Change"], arguments].concat(),
    )
}

/// The variables with which pre-commit names a range, which is empty here.
const RANGE: &[(&str, &str)] = &[
    ("PRE_COMMIT", "1"),
    ("PRE_COMMIT_FROM_REF", "@"),
    ("PRE_COMMIT_TO_REF", "@"),
];

/// A merge of the change, under variables.
fn merge_under(certified: bool, variables: &[(&str, &str)]) -> Ran {
    let mut repo = staged(certified);
    repo.git(&["switch", "--quiet", "-c", "topic"]);
    repo.git(&["commit", "--quiet", "--no-verify", "--message", "Change"]);
    repo.git(&["switch", "--quiet", "main"]);
    let head = repo.ask(&["rev-parse", "HEAD"]);
    for (name, value) in variables {
        repo.set(name, &value.replace('@', &head));
    }
    git(&repo, &["merge", "--quiet", "--no-ff", "--no-edit", "topic"])
}

attacks! {
    a_range_in_the_environment: "`PRE_COMMIT_FROM_REF` and `PRE_COMMIT_TO_REF` name an empty range while git makes the commit", ["CG201"], || commit_under(false, RANGE, &[]), || commit_under(true, RANGE, &[]);
    a_range_while_committing_all: "the same with `git commit -a`, which makes an index of its own", ["CG201"], || commit_under(false, RANGE, &["--all"]), || commit_under(true, RANGE, &["--all"]);
    a_range_while_committing_a_path: "the same with `git commit PATH`", ["CG201"], || commit_under(false, RANGE, &["src"]), || commit_under(true, RANGE, &["src", "certificates"]);
    a_range_while_amending: "the same with `git commit --amend`", ["CG201"], || commit_under(false, RANGE, &["--amend"]), || commit_under(true, RANGE, &["--amend"]);
    a_range_while_merging: "the same while a merge commit is made", ["CG201"], || merge_under(false, RANGE), || merge_under(true, RANGE);
    a_base_in_the_environment: "`CERTGATE_BASE` and `CERTGATE_HEAD` name the commit before", ["CG201"], || commit_under(false, &[("CERTGATE_BASE", "@"), ("CERTGATE_HEAD", "@"), ("CERTGATE_TARGET", "nothing")], &[]), || commit_under(true, &[("CERTGATE_BASE", "@"), ("CERTGATE_HEAD", "@")], &[]);
    variables_of_a_vendor: "the variables of a CI system name another branch and another commit", ["CG201"], || commit_under(false, &[("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "@"), ("GITHUB_REF", "refs/heads/topic"), ("GITHUB_EVENT_NAME", "push")], &[]), || commit_under(true, &[("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "@"), ("GITHUB_REF", "refs/heads/topic"), ("GITHUB_EVENT_NAME", "push")], &[]);
    a_policy_in_the_environment: "`CERTGATE_POLICY` and `CERTGATE_STAGE` ask for something milder", ["CG201"], || commit_under(false, &[("CERTGATE_POLICY", "builtin:default"), ("CERTGATE_STAGE", "pre-push"), ("SKIP", "certgate")], &[]), || commit_under(true, &[("CERTGATE_POLICY", "builtin:default"), ("CERTGATE_STAGE", "pre-push"), ("SKIP", "certgate")], &[]);
}
