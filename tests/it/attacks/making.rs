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

/// What `pre-commit run` has the hook say in a job of CI, where git makes no commit: with variables of its own, or none.
fn run_in_ci(certified: bool, variables: &[(&str, &str)]) -> Ran {
    let mut repo = staged(certified);
    let before = repo.ask(&["rev-parse", "HEAD"]);
    repo.commit("Change");
    repo.set("CI", "true");
    for (name, value) in variables {
        repo.set(name, &value.replace('@', &before));
    }
    run(&repo, &["hook", "pre-commit"])
}

/// The range that `pre-commit run --from-ref --to-ref` names.
const FROM_TO: &[(&str, &str)] = &[
    ("PRE_COMMIT", "1"),
    ("PRE_COMMIT_FROM_REF", "@"),
    ("PRE_COMMIT_TO_REF", "HEAD"),
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

/// A commit whose message, as bytes, is about the component, in an encoding of git's configuration.
fn says(message: &[u8], encoding: &str) -> Ran {
    let repo = adopted();
    let policy = crate::scene::POLICY.replace(
        "'^perf(\\(.+\\))?!?:'",
        "'^\u{422}\u{435}\u{441}\u{442} schneller', '^gr\u{f6}\u{df}er', '^perf:'",
    );
    repo.write(".certgate/policy.yaml", policy);
    repo.write("README.md", "more\n");
    repo.commit("Ask for more");
    std::fs::write(repo.home().join("message"), message).expect("writable");
    git(&repo, &["config", "i18n.commitEncoding", encoding]);
    git(&repo, &["commit", "--quiet", "--allow-empty", "--file", "../message"])
}

attacks! {
    all_files_in_ci: "`pre-commit run --all-files` in CI, where nothing is staged and nothing says what to judge", ["CG722"], || run_in_ci(false, &[]), || run_in_ci(true, FROM_TO);
    a_range_in_ci: "`pre-commit run --from-ref --to-ref` in CI over a change that is not certified", ["CG201"], || run_in_ci(false, FROM_TO), || run_in_ci(true, FROM_TO);
    a_message_in_latin_1: "a message whose letters a rule knows, in ISO-8859-1", ["CG205"], || says(b"gr\xf6\xdfer\n", "ISO-8859-1"), || says(b"sch\xf6ner\n", "ISO-8859-1");
    a_message_in_koi8: "the same in KOI8-R, in which the bytes are other letters", ["CG205"], || says(b"\xf4\xc5\xd3\xd4 schneller\n", "KOI8-R"), || says(b"\xd4\xc5\xd3\xd4 schneller\n", "KOI8-R");
    a_message_in_shift_jis: "a message in Shift JIS, with a letter whose second byte is a backslash", ["CG205"], || says(b"perf: \x83\x5c\n", "Shift_JIS"), || says(b"tidy: \x83\x5c\n", "Shift_JIS");
    a_message_in_utf_7: "a message in UTF-7, which nobody reads safely", ["CG205"], || says(b"+AHAAZQ-rf: faster\n", "UTF-7"), || says(b"tidy up\n", "UTF-8");
    a_message_in_an_encoding_that_is_made_up: "a message in an encoding that nobody knows", ["CG205"], || says(b"crcs: snfgre\n", "rot13"), || says(b"crcs: snfgre\n", "utf8");
    a_message_that_is_not_what_it_says: "a message that is not in the encoding that git will record", ["CG205"], || says(b"tidy \x81\x81\n", "EUC-JP"), || says(b"tidy up\n", "EUC-JP");
    a_range_in_the_environment: "`PRE_COMMIT_FROM_REF` and `PRE_COMMIT_TO_REF` name an empty range while git makes the commit", ["CG201"], || commit_under(false, RANGE, &[]), || commit_under(true, RANGE, &[]);
    a_range_while_committing_all: "the same with `git commit -a`, which makes its own index", ["CG201"], || commit_under(false, RANGE, &["--all"]), || commit_under(true, RANGE, &["--all"]);
    a_range_while_committing_a_path: "the same with `git commit PATH`", ["CG201"], || commit_under(false, RANGE, &["src"]), || commit_under(true, RANGE, &["src", "certificates"]);
    a_range_while_amending: "the same with `git commit --amend`", ["CG201"], || commit_under(false, RANGE, &["--amend"]), || commit_under(true, RANGE, &["--amend"]);
    a_range_while_merging: "the same while a merge commit is made", ["CG201"], || merge_under(false, RANGE), || merge_under(true, RANGE);
    a_base_in_the_environment: "`CERTGATE_BASE` and `CERTGATE_HEAD` name the commit before", ["CG201"], || commit_under(false, &[("CERTGATE_BASE", "@"), ("CERTGATE_HEAD", "@"), ("CERTGATE_TARGET", "nothing")], &[]), || commit_under(true, &[("CERTGATE_BASE", "@"), ("CERTGATE_HEAD", "@")], &[]);
    variables_of_a_vendor: "the variables of a CI system name another branch and another commit", ["CG201"], || commit_under(false, &[("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "@"), ("GITHUB_REF", "refs/heads/topic"), ("GITHUB_EVENT_NAME", "push")], &[]), || commit_under(true, &[("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_SHA", "@"), ("GITHUB_REF", "refs/heads/topic"), ("GITHUB_EVENT_NAME", "push")], &[]);
    a_policy_in_the_environment: "`CERTGATE_POLICY` and `CERTGATE_STAGE` ask for something milder", ["CG201"], || commit_under(false, &[("CERTGATE_POLICY", "builtin:default"), ("CERTGATE_STAGE", "pre-push"), ("SKIP", "certgate")], &[]), || commit_under(true, &[("CERTGATE_POLICY", "builtin:default"), ("CERTGATE_STAGE", "pre-push"), ("SKIP", "certgate")], &[]);
}
