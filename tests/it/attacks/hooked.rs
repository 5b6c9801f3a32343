//! Family: hooks that were there before. They run first, and do what they can so that something else is judged, or nothing.

use std::os::unix::fs::PermissionsExt as _;

use super::attacks;
use crate::scene::{Ran, certify_staged, git, run, stage_gated, with_policy};
use crate::support::TestRepo;

/// A repository with its own hook, which certgate's runs first.
fn with_hook(name: &str, text: &str) -> TestRepo {
    let repo = with_policy();
    repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../origin.git"]);
    repo.git(&["remote", "add", "origin", "../origin.git"]);
    repo.git(&["push", "--quiet", "origin", "main"]);
    let hook = repo.path().join(".git/hooks").join(name);
    std::fs::create_dir_all(hook.parent().expect("a folder")).expect("writable");
    match text.strip_prefix("-> ") {
        Some(target) => std::os::unix::fs::symlink(target, &hook).expect("a link"),
        None => {
            std::fs::write(&hook, text).expect("writable");
            std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("there");
        }
    }
    run(&repo, &["install"]).ends(0);
    repo
}

/// A commit of a gated change, certified or not, where the hook runs first.
fn committed(certified: bool, text: &str) -> Ran {
    let repo = with_hook("pre-commit", text);
    stage_gated(&repo);
    if certified {
        run(&repo, &certify_staged("APPROVED", "performance-engineer")).ends(0);
        repo.git(&["add", "--all"]);
    }
    git(&repo, &["commit", "--quiet", "--message", "Change"])
}

/// A commit of nothing gated, where a hook changes what is staged, or the message.
fn meddled(name: &str, text: &str) -> Ran {
    let repo = with_hook(name, text);
    repo.write("README.md", "more\n");
    repo.git(&["add", "--all"]);
    git(&repo, &["commit", "--quiet", "--message", "Explain"])
}

/// A push of a gated change, certified or not.
fn pushed(certified: bool, text: &str) -> Ran {
    let repo = with_hook("pre-push", text);
    stage_gated(&repo);
    if certified {
        run(&repo, &certify_staged("APPROVED", "performance-engineer")).ends(0);
    }
    repo.commit("Change");
    git(&repo, &["push", "--quiet", "origin", "main"])
}

const EARLY: &str = "#!/bin/sh\nexit 0\n";
const EATS: &str = "#!/bin/sh\ncat >/dev/null\nexit 0\n";
const EATS_IN_PYTHON: &str = "#!/usr/bin/env python3\nimport sys\nsys.stdin.read()\nsys.exit(0)\n";

attacks! {
    one_that_ends_early: "a hook that was there ends with 0 at once", ["CG201"], || committed(false, EARLY), || committed(true, EARLY);
    one_that_is_a_link: "a hook that was there is a link to `/bin/true`", ["CG201"], || committed(false, "-> /bin/true"), || committed(true, "-> /bin/true");
    one_that_stages: "a hook that was there stages a gated file", ["CG201"], || meddled("pre-commit", "#!/bin/sh\necho 'x = 1' >src/train/loop.py\ngit add src/train/loop.py\n"), || meddled("pre-commit", "#!/bin/sh\necho 'x = 1' >NOTES.md\ngit add NOTES.md\n");
    one_that_rewrites_the_message: "a hook that was there makes the message announce something", ["CG205"], || meddled("commit-msg", "#!/bin/sh\necho 'perf: faster' >\"$1\"\n"), || meddled("commit-msg", "#!/bin/sh\necho 'docs: more' >\"$1\"\n");
    one_that_prepares_the_message: "a hook of which certgate has none prepares a message that announces something", ["CG205"], || meddled("prepare-commit-msg", "#!/bin/sh\necho 'perf: faster' >\"$1\"\n"), || meddled("prepare-commit-msg", "#!/bin/sh\necho 'docs: more' >\"$1\"\n");
    one_that_reads_what_is_pushed: "a hook that was there reads all that git says of the push", ["CG201"], || pushed(false, EATS), || pushed(true, EATS);
    one_in_python_that_reads_what_is_pushed: "the same in another interpreter", ["CG201"], || pushed(false, EATS_IN_PYTHON), || pushed(true, EATS_IN_PYTHON);
    one_that_sets_variables: "a hook that was there exports another index and another directory", ["CG201"], || committed(false, "#!/bin/sh\nexport GIT_INDEX_FILE=/dev/null GIT_DIR=/nowhere CERTGATE_CHAIN=x\nexit 0\n"), || committed(true, "#!/bin/sh\nexport GIT_INDEX_FILE=/dev/null GIT_DIR=/nowhere\nexit 0\n");
}
