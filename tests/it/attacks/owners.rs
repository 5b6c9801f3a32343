//! Family: owners. Approvals by whoever does not own the file, and CODEOWNERS files that would say otherwise.

use super::attacks;
use super::world::check;
use crate::scene::{Ran, run, with_policy};
use crate::support::TestRepo;

const POLICY: &str = "version: 1
agents: { perf: {}, lead: {}, ada: {} }
codeowners: { people: { \"@org/team\": [perf] } }
components:
  - id: gpu_memory
    match: { paths: [\"src/train/**\"] }
    require: { owners: codeowners }
";

const OWNERS: &str = "* @lead\n/src/train/ @perf\n";

/// `main` has this policy and these files; on a branch `work` a gated file is changed.
fn world(policy: &str, files: &[(&str, &[u8])], changed: &str) -> TestRepo {
    let repo = with_policy();
    repo.write(".certgate/policy.yaml", policy);
    for (path, text) in files {
        repo.write(path, text);
    }
    repo.commit("Name owners");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write(changed, "def step():\n    return 2\n");
    repo.commit("Change the step");
    repo
}

fn certify(repo: &TestRepo, agent: &str, components: &[&str]) {
    let said = [
        "--base",
        "main",
        "--status",
        "APPROVED",
        "--agent",
        agent,
        "--rationale",
        "measured",
    ];
    run(repo, &[&["certify"], components, &said[..]].concat()).ends(0);
    repo.commit("Certify");
}

/// The change is certified by these agents.
fn by(agents: &[&str], policy: &str, files: &[(&str, &[u8])]) -> Ran {
    let repo = world(policy, files, "src/train/loop.py");
    for agent in agents {
        certify(&repo, agent, &["gpu_memory"]);
    }
    check(&repo)
}

/// The change does something to the owners, too, and whoever certifies it certifies that as well.
fn rewriting(agent: &str, at: &str, act: fn(&TestRepo)) -> Ran {
    let repo = world(POLICY, &[(at, OWNERS.as_bytes())], "src/train/loop.py");
    act(&repo);
    repo.commit("Rewrite the owners");
    certify(&repo, agent, &["gpu_memory", "certgate-policy"]);
    check(&repo)
}

/// The owners are changed, and nothing else.
fn owners_alone(certified: bool) -> Ran {
    let repo = with_policy();
    repo.write(".certgate/policy.yaml", POLICY);
    repo.write("CODEOWNERS", OWNERS);
    repo.commit("Name owners");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write("CODEOWNERS", "* @eve\n");
    repo.commit("Name another");
    if certified {
        certify(&repo, "lead", &["certgate-policy"]);
    }
    check(&repo)
}

/// A file of another name, with these owners.
fn named(path: &str, owners: &str, agent: &str) -> Ran {
    let repo = world(POLICY, &[("CODEOWNERS", owners.as_bytes())], path);
    certify(&repo, agent, &["gpu_memory"]);
    check(&repo)
}

fn with(owners: &str, agent: &str) -> Ran {
    by(&[agent], POLICY, &[("CODEOWNERS", owners.as_bytes())])
}

/// The file where owners are is a link.
fn linked(link: bool) -> Ran {
    let repo = with_policy();
    repo.write(".certgate/policy.yaml", POLICY);
    match link {
        true => {
            repo.write("owners", OWNERS);
            std::os::unix::fs::symlink("owners", repo.path().join("CODEOWNERS")).expect("a link");
        }
        false => repo.write("CODEOWNERS", OWNERS),
    }
    repo.commit("Name owners");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.commit("Change the step");
    certify(&repo, "perf", &["gpu_memory"]);
    check(&repo)
}

fn gitlab() -> String {
    POLICY.replace("codeowners: {", "codeowners: { forge: gitlab,")
}

const SECTIONS: &[u8] = b"[Training][2] @perf @ada\n/src/train/\n^[Advice]\n* @lead\n";

attacks! {
    an_approval_by_nobody_who_owns_it: "an agent that does not own the file certifies it", ["CG763"], || with(OWNERS, "lead"), || with(OWNERS, "perf");
    owners_emptied_in_the_change: "the change says that nobody owns the file", ["CG763"], || rewriting("lead", "CODEOWNERS", |repo| repo.write("CODEOWNERS", format!("{OWNERS}/src/train/\n"))), || rewriting("perf", "CODEOWNERS", |repo| repo.write("CODEOWNERS", format!("{OWNERS}/src/train/\n")));
    owners_replaced_in_the_change: "the change names another owner", ["CG763"], || rewriting("lead", "CODEOWNERS", |repo| repo.write("CODEOWNERS", "* @lead\n")), || rewriting("perf", "CODEOWNERS", |repo| repo.write("CODEOWNERS", "* @lead\n"));
    owners_deleted_in_the_change: "the change deletes CODEOWNERS", ["CG763"], || rewriting("lead", "CODEOWNERS", |repo| { repo.git(&["rm", "--quiet", "CODEOWNERS"]); }), || rewriting("perf", "CODEOWNERS", |repo| { repo.git(&["rm", "--quiet", "CODEOWNERS"]); });
    owners_at_an_earlier_place: "the change adds CODEOWNERS where the forge looks first", ["CG763"], || rewriting("lead", "docs/CODEOWNERS", |repo| repo.write(".github/CODEOWNERS", "* @lead\n")), || rewriting("perf", "docs/CODEOWNERS", |repo| repo.write(".github/CODEOWNERS", "* @lead\n"));
    owners_changed_first: "CODEOWNERS is changed alone, so that the next change passes", ["CG201"], || owners_alone(false), || owners_alone(true);
    owners_evaded_by_case: "a path that a disk takes for an owned one, in capitals", ["CG763"], || named("SRC/train/fast.py", OWNERS, "lead"), || named("SRC/train/fast.py", "* @perf\n/src/train/ @perf\n", "perf");
    owners_of_an_escaped_blank: "a file whose pattern has an escaped blank", ["CG763"], || named("src/train/a b.py", "* @lead\n/src/train/a\\ b.py @perf\n", "lead"), || named("src/train/a b.py", "* @lead\n/src/train/a\\ b.py @perf\n", "perf");
    a_line_that_the_forge_leaves_out: "the last line that matches is not valid, and names nobody", ["CG763"], || with("* @perf\n/src/train/ lead\n", "lead"), || with("* @perf\n/src/train/ lead\n", "perf");
    no_owners_at_all: "the branch has no CODEOWNERS", ["CG689"], || by(&["perf"], POLICY, &[]), || with(OWNERS, "perf");
    owners_that_are_no_text: "CODEOWNERS is not UTF-8", ["CG689"], || by(&["perf"], POLICY, &[("CODEOWNERS", b"* @perf\n# \xff\n")]), || with(OWNERS, "perf");
    owners_behind_a_link: "CODEOWNERS is a symbolic link", ["CG689"], || linked(true), || linked(false);
    owners_too_large_to_read: "a CODEOWNERS of more than 1 MiB", ["CG689"], || with(&format!("{OWNERS}# {}\n", "x".repeat(1 << 20)), "perf"), || with(OWNERS, "perf");
    a_team_that_nobody_knows: "the owner is a team that the policy does not know", ["CG689"], || with("* @org/others\n", "perf"), || with("* @org/team\n", "perf");
    half_of_a_section: "a section of GitLab asks for two, and one approves", ["CG763"], || by(&["perf"], &gitlab(), &[("CODEOWNERS", SECTIONS)]), || by(&["perf", "ada"], &gitlab(), &[("CODEOWNERS", SECTIONS)]);
    the_wrong_half_of_a_section: "two approve, and one of them is of an optional section", ["CG763"], || by(&["perf", "lead"], &gitlab(), &[("CODEOWNERS", SECTIONS)]), || by(&["perf", "ada"], &gitlab(), &[("CODEOWNERS", SECTIONS)]);
}
