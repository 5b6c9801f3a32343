//! Forks, addresses, branches from before a rule: remotes and judges as they are in the field.
#![allow(clippy::unwrap_used)]

use super::world::{HOT, POLICY, Seen, World};

super::cells! {
    fork_merged: "a fork beside the repository", "its `main`, merged by name, by another remote's name and by its address";
    fork_branched: "a fork beside the repository", "a protected branch made of its `main`";
    push_by_address: "push by address", "to that of a remote, and to one of which nothing is known";
    bare_clone_with_worktrees: "push by address", "from a bare clone, which keeps no remote branches";
    pull_over_a_policy: "pull over a change of policy", "a clone that slept pulls at once what the gate let in step by step, and nothing else";
    branch_from_before_the_rule: "a branch from before the rule", "a protected branch made of an old commit answers to the policy of today";
    target_moved_on: "a target that has moved on", "two certified changes of one file, merged without a conflict";
}

/// A fork whose `main` is one of the branches here, as a remote called so.
fn fork(world: &World, branch: &str, remote: &str) {
    let path = format!("../{}.git", remote.replace('/', "-"));
    world.git(&["init", "--quiet", "--bare", "--initial-branch=main", &path]);
    world.git(&["push", "--quiet", "--no-verify", &path, &format!("{branch}:main")]);
    world.git(&["remote", "add", remote, &path]);
    world.git(&["fetch", "--quiet", remote]);
}

fn fork_merged(seen: &Seen) {
    let world = World::new(seen);
    fork(&world, "plain", "eve");
    fork(&world, "plain", "origin/eve");
    for name in ["eve/main", "origin/eve/main"] {
        world.refused(&["merge", "--no-ff", "--no-edit", name]).says("CG201");
        world.git(&["merge", "--abort"]);
    }
    world
        .refused(&["pull", "--no-rebase", "--no-ff", "--no-edit", "../eve.git", "main"])
        .says("CG201");
    world.git(&["merge", "--abort"]);
    fork(&world, "proven", "ann");
    world.passes(&["merge", "--no-ff", "--no-edit", "ann/main"]);
}

fn fork_branched(seen: &Seen) {
    let world = World::strict(seen);
    fork(&world, "plain", "eve");
    world.refused(&["branch", "release/1", "eve/main"]).says("CG201");
    fork(&world, "proven", "ann");
    world.passes(&["branch", "release/1", "ann/main"]);
}

fn push_by_address(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../new.git"]);
    for address in ["../remote.git", "./../repo/../remote.git"] {
        world.refused(&["push", address, "plain:main"]).says("CG201");
    }
    world.passes(&["push", "../remote.git", "main:refs/heads/release/1"]);
    world.passes(&["push", "../remote.git", "proven:main"]);
    // Nothing is known of the other one, so what the clone's own protected branches hold is not new.
    world.passes(&["push", "../new.git", "main:refs/heads/release/1"]);
}

fn bare_clone_with_worktrees(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["push", "--quiet", "--no-verify", "origin", "plain", "proven"]);
    world.git(&["clone", "--quiet", "--bare", "../remote.git", "../bare.git"]);
    world.git(&["--git-dir=../bare.git", "worktree", "add", "--quiet", "../tree", "main"]);
    world.certgate_here("tree", &["install"]);
    let inside = |refspec: &'static str| ["-C", "../tree", "push", "origin", refspec];
    world.refused(&inside("plain:main")).says("CG201");
    world.passes(&inside("main:refs/heads/release/3"));
    world.passes(&inside("proven:main"));
}

fn pull_over_a_policy(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["clone", "--quiet", "../remote.git", "../lazy"]);
    world.certgate_here("lazy", &["install", "--strict"]);
    world.write(".certgate/policy.yaml", POLICY.replace("src/hot/**", "src/hot/core/**"));
    world.git(&["add", "--all"]);
    let words = [
        "certify",
        "certgate-policy",
        "--staged",
        "--status",
        "APPROVED",
        "--agent",
        "ann",
    ];
    world.certgate_here(
        "repo",
        &[&words[..], &["--rationale", "narrower, as measured"]].concat(),
    );
    world.commit("Narrow the policy");
    world.git(&["push", "--quiet", "origin", "main"]);
    world.edit();
    world.commit("What is no longer gated");
    world.git(&["push", "--quiet", "origin", "main"]);
    world.passes(&["-C", "../lazy", "pull", "--ff-only"]);
    // What got past the gate is not pulled.
    world.write("src/hot/core/step.rs", "fn core() {}\n");
    world.commit("What is gated");
    let bare = world.home().join("remote.git");
    std::fs::rename(bare.join("hooks/pre-receive"), bare.join("hooks/asleep")).unwrap();
    world.git(&["push", "--quiet", "--no-verify", "origin", "main"]);
    world.refused(&["-C", "../lazy", "pull", "--ff-only"]).says("CG201");
}

fn branch_from_before_the_rule(seen: &Seen) {
    let world = World::new(seen);
    let old = world.ask(&["rev-parse", "main"]);
    world.write(".certgate/policy.yaml", POLICY.replace("src/hot/**", "src/**"));
    world.git(&["add", "--all"]);
    let words = [
        "certify",
        "certgate-policy",
        "--staged",
        "--status",
        "APPROVED",
        "--agent",
        "ann",
    ];
    world.certgate_here(
        "repo",
        &[&words[..], &["--rationale", "wider, as it should be"]].concat(),
    );
    world.commit("Widen the policy");
    world.git(&["push", "--quiet", "origin", "main"]);
    world.git(&["switch", "--quiet", "--create", "release/1", &old]);
    world.write("src/cold.rs", "fn cold() {}\n");
    world.commit("Not gated by the policy of this branch");
    world.refused(&["push", "origin", "release/1"]).says("CG201");
    world.passes(&["push", "origin", &format!("{old}:refs/heads/release/1")]);
}

fn target_moved_on(seen: &Seen) {
    let world = World::new(seen);
    let lines = |changed: u32| -> String {
        (1..=40)
            .map(|n| {
                if n == changed {
                    "// other\nfn other() {}\n".to_owned()
                } else {
                    format!("fn f{n}() {{}}\n")
                }
            })
            .collect()
    };
    world.write(HOT, lines(0));
    world.certify();
    world.commit("Longer");
    world.git(&["push", "--quiet", "origin", "main"]);
    for (name, line) in [("one", 2), ("two", 38)] {
        world.branch(name, |world| {
            world.write(HOT, lines(line));
            world.certify();
        });
    }
    world.passes(&["merge", "--ff-only", "one"]);
    world.refused(&["merge", "--no-edit", "two"]).says("CG20");
    // Certified as it is merged.
    world.certify_staged();
    world.passes(&["commit", "--no-edit"]);
    world.passes(&["push", "origin", "main"]);
}
