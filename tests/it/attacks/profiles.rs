//! Family: profiles. What a profile shows to be hot is to pass for cold: by another profile, another policy, another name or another place.

use super::attacks;
use super::content::certify;
use crate::scene::{Ran, run};
use crate::support::TestRepo;

const HOT: &str = "def step(net, batch):
    loss = net(batch).mean()
    loss.backward()
    for p in net.parameters():
        p.data -= 0.1 * p.grad
    return loss.item()
";

const COLD: &str = "
def load(path):
    with open(path) as file:
        return [line.strip() for line in file]
";

const FOLDED: &str = "main (src/main.py:3);step (src/loop.py:1) 90\nmain (src/main.py:3);load (src/loop.py:9) 0.1\n";
const MILD: &str = "main (src/main.py:3);step (src/loop.py:1) 0.1\nmain (src/main.py:3);load (src/loop.py:9) 90\n";
const SLOW: &str = "    torch.cuda.synchronize()\n    return loss.item()\n";

/// Beside the policy, where a profile lies that names no directory of certgate's.
const FILE: &str = "perf/train.folded";

fn policy(commit: &str, more: &str) -> String {
    format!(
        "version: 1\nprofiles:\n  - {{ file: {FILE}, commit: {commit}, max_age: {{ commits: 500 }}{more} }}\n\
         components:\n  - id: trainer\n    match: {{ ignore: [comments] }}\n"
    )
}

/// What the base looks like: the profile, its commit, and a branch on which something happens.
struct World {
    repo: TestRepo,
    measured: String,
}

impl World {
    fn of(more: &str) -> Self {
        let repo = TestRepo::new();
        repo.write("src/loop.py", format!("{HOT}{COLD}"));
        repo.write("README.md", "hello\n");
        let measured = repo.commit("begin");
        repo.write(FILE, FOLDED);
        repo.write(".certgate/policy.yaml", policy(&measured, more));
        repo.commit("adopt");
        let world = Self { repo, measured };
        world.branch();
        world
    }

    fn branch(&self) {
        self.repo.git(&["switch", "--quiet", "--create", "work"]);
    }

    /// What is on the branch is on `main` now, and there is a new branch.
    fn land(&self) {
        self.repo.commit("Land");
        self.repo.git(&["branch", "--force", "main", "HEAD"]);
        self.repo.git(&["switch", "--quiet", "--detach"]);
        self.repo.git(&["branch", "--delete", "--force", "work"]);
        self.branch();
    }

    fn check(&self) -> Ran {
        self.repo.commit("Change");
        run(&self.repo, &["check", "--base", "main"])
    }
}

/// Something happens in the hot function's file, and something beside it.
fn with(more: &str, act: impl FnOnce(&World)) -> Ran {
    let world = World::of(more);
    act(&world);
    world.check()
}

fn slowed() -> String {
    format!("{}{COLD}", HOT.replace("    return loss.item()\n", SLOW))
}

/// The honest change: of what the profile shows to be cold.
fn honest() -> Ran {
    with("", cold)
}

fn cold(world: &World) {
    let text = format!("{HOT}{COLD}").replace("line.strip()", "line.rstrip()");
    world.repo.write("src/loop.py", text);
}

/// The hot function is slowed, and something is done that should make it cold.
fn beside(act: impl FnOnce(&World)) -> Ran {
    with("", |world| {
        world.repo.write("src/loop.py", slowed());
        act(world);
    })
}

/// The policy or a profile is changed alone, and certified by whoever may.
fn certified(more: &str, act: impl FnOnce(&World)) -> Ran {
    let world = World::of(more);
    act(&world);
    world.repo.commit("Change the policy");
    certify(&world.repo, "certgate-policy");
    world.check()
}

fn certified_honestly() -> Ran {
    certified("", |world| {
        world
            .repo
            .write(".certgate/policy.yaml", policy(&world.measured, ", min_self: 2%"));
    })
}

/// After the first step has landed, the second is judged.
fn in_two_steps(first: impl FnOnce(&TestRepo), second: impl FnOnce(&TestRepo)) -> Ran {
    let world = World::of("");
    first(&world.repo);
    world.land();
    second(&world.repo);
    world.check()
}

fn renamed(text: &str) -> String {
    text.replace("def step", "def advance")
}

const DIGEST: &str = ", sha256: 0000000000000000000000000000000000000000000000000000000000000000";

attacks! {
    the_hot_function_is_slowed: "a hot function is slowed", ["CG201"], || beside(|_| {}), honest;
    a_milder_profile: "the change slows a hot function and adds a profile in which it is cold", ["CG201"],
        || beside(|world| world.repo.write(FILE, MILD)), honest;
    a_milder_profile_alone: "a profile is made milder, to be followed by a slowdown", ["CG201"],
        || with("", |world| world.repo.write(FILE, MILD)), honest;
    the_profile_goes: "the change slows a hot function and deletes the profile", ["CG201", "CG684"],
        || beside(|world| std::fs::remove_file(world.repo.path().join(FILE)).unwrap()), honest;
    the_profile_goes_certified: "the profile is deleted with a certificate, so that the policy names nothing", ["CG684"],
        || certified("", |world| std::fs::remove_file(world.repo.path().join(FILE)).unwrap()), certified_honestly;
    its_directory_becomes_a_link: "the profile's directory becomes a link to a milder one", ["CG201", "CG684"],
        || beside(|world| {
            std::fs::remove_dir_all(world.repo.path().join("perf")).unwrap();
            world.repo.write("other/train.folded", MILD);
            std::os::unix::fs::symlink("other", world.repo.path().join("perf")).unwrap();
        }), honest;
    the_profile_becomes_a_link: "the profile becomes a link to a milder one, with a certificate", ["CG684"],
        || certified("", |world| {
            std::fs::remove_file(world.repo.path().join(FILE)).unwrap();
            std::os::unix::fs::symlink("../README.md", world.repo.path().join(FILE)).unwrap();
        }), certified_honestly;
    the_profile_is_emptied: "the profile is emptied, with a certificate", ["CG684"],
        || certified("", |world| world.repo.write(FILE, "")), certified_honestly;
    a_twin_of_the_profile: "a file whose name folds to the profile's is added", ["CG201"],
        || with("", |world| world.repo.write("PERF/Train.folded", MILD)), honest;
    the_entry_goes: "the change slows a hot function and takes `profiles:` out of the policy", ["CG201"],
        || beside(|world| {
            world.repo.write(".certgate/policy.yaml", "version: 1\ncomponents: [{ id: trainer, match: {} }]\n");
        }), honest;
    higher_thresholds: "the change slows a hot function and raises the thresholds above its share", ["CG201"],
        || beside(|world| {
            let raised = policy(&world.measured, ", min_inclusive: 95%, min_self: 95%");
            world.repo.write(".certgate/policy.yaml", raised);
        }), honest;
    a_commit_of_nobody: "the policy binds the profile to a commit that is not there, with a certificate", ["CG685"],
        || certified("", |world| {
            let nobody = "0123456789abcdef0123456789abcdef01234567";
            world.repo.write(".certgate/policy.yaml", policy(nobody, ""));
        }), certified_honestly;
    another_file_than_the_pinned: "the policy pins a profile that is not the one that is there, with a certificate", ["CG684"],
        || certified("", |world| world.repo.write(".certgate/policy.yaml", policy(&world.measured, DIGEST))),
        certified_honestly;
    a_metric_of_nothing: "the policy names a metric that the profile does not have, with a certificate", ["CG684"],
        || certified("", |world| world.repo.write(".certgate/policy.yaml", policy(&world.measured, ", metric: none"))),
        certified_honestly;
    a_new_name: "a hot function is renamed and slowed", ["CG201"],
        || beside(|world| world.repo.write("src/loop.py", renamed(&slowed()))), honest;
    a_new_name_first: "a hot function gets a new name in one change, and is slowed in the next", ["CG201"],
        || in_two_steps(
            |repo| repo.write("src/loop.py", renamed(&format!("{HOT}{COLD}"))),
            |repo| repo.write("src/loop.py", renamed(&slowed())),
        ),
        || in_two_steps(
            |repo| repo.write("src/loop.py", renamed(&format!("{HOT}{COLD}"))),
            |repo| repo.write("src/loop.py", renamed(&format!("{HOT}{COLD}")).replace("line.strip()", "line.rstrip()")),
        );
    another_file_first: "a hot function is moved to another file in one change, and slowed there in the next", ["CG201"],
        || in_two_steps(
            |repo| {
                repo.write("src/loop.py", COLD);
                repo.write("src/other.py", renamed(HOT));
            },
            |repo| repo.write("src/other.py", renamed(&slowed())),
        ),
        || in_two_steps(
            |repo| {
                repo.write("src/loop.py", COLD);
                repo.write("src/other.py", renamed(HOT));
            },
            |repo| repo.write("src/other.py", format!("{}{COLD}", renamed(HOT))),
        );
    names_swapped_first: "a hot and a cold function swap names in one change, and the hot one is slowed in the next", ["CG201"],
        || in_two_steps(swap, |repo| {
            let text = std::fs::read_to_string(repo.path().join("src/loop.py")).unwrap();
            repo.write("src/loop.py", text.replace("    return loss.item()\n", SLOW));
        }),
        || in_two_steps(swap, |repo| repo.write("README.md", "hello again\n"));
    a_copy_first: "a hot function is copied in one change, and the copy slowed in the next", ["CG201"],
        || in_two_steps(
            |repo| repo.write("src/loop.py", format!("{HOT}{COLD}\n{}", renamed(HOT))),
            |repo| repo.write("src/loop.py", format!("{HOT}{COLD}\n{}", renamed(&slowed()))),
        ),
        || in_two_steps(
            |repo| repo.write("src/loop.py", format!("{HOT}{COLD}\n{}", renamed(HOT))),
            |repo| repo.write("src/loop.py", format!("{HOT}{}\n{}", COLD.replace("strip", "rstrip"), renamed(HOT))),
        );
    a_head_in_the_middle: "a line in the middle of a hot function makes its second half another one", ["CG201"],
        || with("", |world| {
            let text = format!("{HOT}{COLD}");
            world.repo.write("src/loop.py", text.replace("    for p in", "\ndef rest(net, loss):\n    for p in"));
        }), honest;
    nobody_can_parse_it: "a syntax error keeps a hot function from being found", ["CG201"],
        || with("", |world| world.repo.write("src/loop.py", format!("{}\ndef (\n", slowed()))), honest;
    it_is_deleted: "the file of a hot function is deleted", ["CG201"],
        || with("", |world| std::fs::remove_file(world.repo.path().join("src/loop.py")).unwrap()), honest;
    code_in_a_comment: "a slowdown is moved out of a comment of a hot function whose comments are ignored", ["CG201"],
        || in_two_steps(
            |repo| repo.write("src/loop.py", slowed().replace("    torch.cuda", "    # torch.cuda")),
            |repo| repo.write("src/loop.py", slowed()),
        ),
        || in_two_steps(
            |repo| repo.write("src/loop.py", slowed().replace("    torch.cuda", "    # torch.cuda")),
            |repo| repo.write("src/loop.py", slowed().replace("    torch.cuda", "    # This is where most of the time goes.\n    # torch.cuda")),
        );
}

/// `step` is called `load`, and `load` `step`.
fn swap(repo: &TestRepo) {
    let text = format!("{HOT}{COLD}");
    let text = text
        .replace("def step", "def x")
        .replace("def load", "def step")
        .replace("def x", "def load");
    repo.write("src/loop.py", text);
}
