//! Family: what is bound to a branch. An approval or a bypass for one branch is to count for another, or where nobody says for which.

use super::attacks;
use super::world::signed;
use crate::scene::{Ran, run};
use crate::signed::Signed;

/// The change, approved for a branch, by the reviewer's own key.
fn approved_for(target: &str) -> Signed {
    let world = signed();
    world.repo.git(&["branch", "release/1", "main"]);
    let path = world.certify("performance-engineer", "APPROVED", &["--target", target]);
    world.sign(&path, "pia");
    world.commit();
    world
}

/// What is asked of a change that is approved for a branch. `@` stands for the id of the base, and `#` for that of the head.
fn asked(target: &str, arguments: &[&str]) -> Ran {
    asked_of(&approved_for(target), arguments)
}

fn asked_of(world: &Signed, arguments: &[&str]) -> Ran {
    let [base, head] = ["main", "work"].map(|name| world.repo.ask(&["rev-parse", name]));
    let arguments: Vec<String> = arguments
        .iter()
        .map(|word| word.replace('@', &base).replace('#', &head))
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run(&world.repo, &[&["check"], arguments.as_slice()].concat())
}

/// The change, let through by an owner's bypass for `main`.
fn bypassed(arguments: &[&str]) -> Ran {
    let world = signed();
    let words = [
        &["certify", "gpu_memory", "--base", "main", "--bypass-until", "3d"][..],
        &["--agent", "lead", "--rationale", "outage"],
    ]
    .concat();
    let path = world.written(&run(&world.repo, &words).ends(0));
    world.sign(&path, "lea");
    world.commit();
    asked_of(&world, arguments)
}

/// `main` holds a refusal, and an approval that lifts it and is bound to `main`; another change is approved for every branch.
fn lifted_for_main(arguments: &[&str]) -> Ran {
    let world = signed();
    let refusal = world.certify("performance-engineer", "NO_GO", &[]);
    world.sign(&refusal, "pia");
    let text = std::fs::read_to_string(&refusal).expect("written");
    // By hand, so that it refuses the entire component.
    let id = text
        .lines()
        .find_map(|line| line.strip_prefix("**Certificate ID**: "))
        .expect("an id")
        .to_owned();
    world.commit();
    let lifting = world.certify("performance-engineer", "APPROVED", &["--supersedes", &id]);
    world.sign(&lifting, "pia");
    world.commit().land();
    // The refused content goes away, and comes back.
    world.change("1").approve("torch-specialist", "tom").land();
    world.change("2");
    let everywhere = world.certify("torch-specialist", "APPROVED", &["--target", "main"]);
    world.sign(&everywhere, "tom");
    world.commit();
    asked_of(&world, arguments)
}

/// The branch that CI names is not there, or is.
fn by_ci(variables: &[(&str, &str)]) -> Ran {
    let mut world = approved_for("main");
    let base = world.repo.ask(&["rev-parse", "main"]);
    let head = world.repo.ask(&["rev-parse", "work"]);
    world.repo.git(&["checkout", "--quiet", "--detach"]);
    for (name, value) in variables {
        world.repo.set(name, &value.replace('@', &base).replace('#', &head));
    }
    run(&world.repo, &["check"])
}

attacks! {
    a_base_by_its_id: "the base is an object id, so that nobody says to which branch the approved change goes", ["CG512"], || asked("main", &["--base", "@"]), || asked("main", &["--base", "@", "--target", "main"]);
    a_range_of_ids: "the same with a range of two ids", ["CG512"], || asked("main", &["--range", "@..#"]), || asked("main", &["--range", "main..#"]);
    a_base_before_a_branch: "the base is the commit before a branch's tip, which is no branch", ["CG512"], || asked("release/1", &["--base", "work~2"]), || asked("release/1", &["--base", "work~2", "--target", "release/1"]);
    a_target_that_is_not_there: "the target is a branch that nobody has, and the approval is bound to just that name", ["CG512"], || asked("nowhere/**", &["--base", "main", "--target", "nowhere/1"]), || asked("main", &["--base", "main", "--target", "main"]);
    a_glob_for_everything: "an approval that is bound to `**`, where nobody says to which branch", ["CG512"], || asked("**", &["--base", "@"]), || asked("**", &["--base", "@", "--target", "release/1"]);
    another_protected_branch: "an approval for `main` on its way to `release/1`", ["CG512"], || asked("main", &["--base", "release/1"]), || asked("release/1", &["--base", "release/1"]);
    another_branch_by_case: "an approval for `Main`", ["CG512"], || asked("Main", &["--base", "main"]), || asked("main", &["--base", "main"]);
    a_branch_that_begins_alike: "an approval for `mai` and `main2`", ["CG512"], || asked("main2", &["--base", "main"]), || asked("main*", &["--base", "main"]);
    a_bypass_for_a_base_by_its_id: "a bypass for `main`, where nobody says to which branch the change goes", ["CG512"], || bypassed(&["--base", "@"]), || bypassed(&["--base", "@", "--target", "main"]);
    a_bypass_for_another_branch: "a bypass for `main`, on a branch that the policy would protect as well", ["CG512"], || bypassed(&["--base", "@", "--target", "release/2"]), || bypassed(&["--base", "main"]);
    a_lift_for_another_branch: "a refusal that was lifted for `main` alone, where nobody says to which branch the content goes", ["CG512"], || lifted_for_main(&["--base", "@"]), || lifted_for_main(&["--base", "main"]);
    a_variable_without_a_target: "CI names the base by its id, and no target", ["CG512"], || by_ci(&[("CI", "true"), ("CERTGATE_BASE", "@"), ("CERTGATE_HEAD", "#")]), || by_ci(&[("CI", "true"), ("CERTGATE_BASE", "@"), ("CERTGATE_HEAD", "#"), ("CERTGATE_TARGET", "main")]);
}
