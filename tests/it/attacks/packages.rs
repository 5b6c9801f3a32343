//! Family: packages that are shipped (`only: [shipped, direct]`). Another version of what runs is to pass for what makes no difference.

use super::attacks;
use crate::scene::{Ran, run};
use crate::support::TestRepo;

const POLICY: &str = "version: 1
components:
  - id: speed
    match: { dependencies: [{ names: [\"*\", \"*/**\"], only: [shipped, direct] }] }
";

/// A file, what it is on `main` and what the branch makes of it; nothing is no file.
type Edit<'a> = (&'a str, &'a str, &'a str);

fn judged(edits: &[Edit<'_>]) -> Ran {
    let repo = TestRepo::new();
    repo.write(".certgate/policy.yaml", POLICY);
    repo.write("README", "a\n");
    for (path, before, _) in edits.iter().filter(|(_, before, _)| !before.is_empty()) {
        repo.write(path, before);
    }
    repo.commit("feat: begin");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write("README", "b\n");
    for (path, _, after) in edits {
        match after.is_empty() {
            true => std::fs::remove_file(repo.path().join(path)).expect("there"),
            false => repo.write(path, after),
        }
    }
    repo.commit("chore: versions");
    run(&repo, &["check", "--base", "main"])
}

fn cargo(dependencies: &str) -> String {
    format!("[package]\nname = \"app\"\n[dependencies]\n{dependencies}\n")
}

fn workspace(dependencies: &str) -> String {
    format!("[workspace]\n[workspace.dependencies]\n{dependencies}\n")
}

/// A lock file of the program `core`, which allocates with mimalloc.
fn cargo_lock(own: &str, mimalloc: &str) -> String {
    format!(
        "version = 4\n[[package]]\nname = \"core\"\nversion = \"{own}\"\ndependencies = [\"mimalloc\"]\n\
         [[package]]\nname = \"mimalloc\"\nversion = \"{mimalloc}\"\nsource = \"registry+https://index.example.org\"\n"
    )
}

/// A lock file of a project that runs torch and is tried with ruff.
fn uv_lock(torch: &str, ruff: &str) -> String {
    format!(
        "version = 1\n[[package]]\nname = \"app\"\nsource = {{ editable = \".\" }}\ndependencies = [{{ name = \"torch\" }}]\n\
         [package.dev-dependencies]\ndev = [{{ name = \"ruff\" }}]\n\
         [[package]]\nname = \"torch\"\nversion = \"{torch}\"\n[[package]]\nname = \"ruff\"\nversion = \"{ruff}\"\n"
    )
}

fn project(torch: &str, tests: &str) -> String {
    format!(
        "[project]\nname = \"app\"\ndependencies = [\"torch{torch}\"]\n[project.optional-dependencies]\ntests = [\"torch{tests}\"]\n"
    )
}

fn module(compress: &str) -> String {
    format!("module a\n\nrequire k.example.org/compress {compress}\n")
}

fn own_release(mimalloc: &str) -> Ran {
    judged(&[(
        "Cargo.lock",
        &cargo_lock("1.0.0", "0.1.50"),
        &cargo_lock("2.0.0", mimalloc),
    )])
}

fn relocked(torch: &str) -> Ran {
    judged(&[("uv.lock", &uv_lock("2.5.0", "0.1.0"), &uv_lock(torch, "0.9.0"))])
}

/// A manifest that moves, perhaps beside another one that goes.
fn moved(to: &str, beside: Option<&str>) -> Ran {
    let (from, to) = (cargo("rayon = \"1.5\""), cargo(&format!("rayon = \"{to}\"")));
    let beside = beside.map(|version| cargo(&format!("rayon = \"{version}\"")));
    let mut edits = vec![("a/Cargo.toml", &*from, ""), ("b/Cargo.toml", "", &*to)];
    edits.extend(beside.as_deref().map(|beside| ("tool/Cargo.toml", beside, "")));
    judged(&edits)
}

/// A version that is said by the workspace from now on.
fn inherited(root: &str, version: &str) -> Ran {
    let said = workspace(&format!("tokio = \"{version}\""));
    judged(&[
        (root, &workspace(""), &said),
        (
            "app/Cargo.toml",
            &cargo("tokio = \"1.40\""),
            &cargo("tokio.workspace = true"),
        ),
    ])
}

fn cataloged(version: &str) -> Ran {
    judged(&[
        (
            "package.json",
            "{\"dependencies\": {\"vue\": \"^3.5.0\"}}\n",
            "{\"dependencies\": {\"vue\": \"catalog:\"}}\n",
        ),
        (
            "pnpm-workspace.yaml",
            "packages: [a]\n",
            &format!("packages: [a]\ncatalog:\n  vue: {version}\n"),
        ),
    ])
}

fn floor(torch: &str) -> Ran {
    judged(&[
        ("pyproject.toml", &project(">=2.1", ""), &project(">=2.4", "")),
        ("uv.lock", &uv_lock("2.5.0", "0.1.0"), &uv_lock(torch, "0.1.1")),
    ])
}

fn tried(runs: &str) -> Ran {
    judged(&[("pyproject.toml", &project("==2.5", "<2.6"), &project(runs, "<2.9"))])
}

fn unlocked(manifest: &str) -> Ran {
    let manifest = (manifest, &*cargo("rayon = \"1.5\""), "");
    judged(&[("a/Cargo.lock", &cargo_lock("1.0.0", "0.1.50"), ""), manifest])
}

fn required(after: &str) -> Ran {
    judged(&[("go.mod", &module("v1.17.0 // indirect"), &module(after))])
}

fn vendored(spec: &str) -> Ran {
    let own = |version: &str| format!("core = {{ path = \"core\", version = \"{version}\" }}");
    let before = cargo(&format!("mimalloc = \"0.1\"\n{}", own("1.0.0")));
    judged(&[(
        "Cargo.toml",
        &before,
        &cargo(&format!("mimalloc = {spec}\n{}", own("2.0.0"))),
    )])
}

fn left(root: &str) -> Ran {
    judged(&[
        ("Cargo.toml", &workspace("mimalloc = \"0.1\""), root),
        ("app/Cargo.toml", &cargo("mimalloc.workspace = true"), &cargo("")),
    ])
}

attacks! {
    an_allocator_beside_a_release: "an older allocator in the lock file of a release, beside the project's own versions", ["CG201"],
        || own_release("0.1.48"), || own_release("0.1.50");
    a_runtime_beside_a_relock: "another version of what runs, in a lock file in which the tools of development move", ["CG201"],
        || relocked("2.6.0"), || relocked("2.5.0");
    a_lock_file_that_cannot_be_read: "a lock file that cannot be read as one", ["CG201"],
        || judged(&[("uv.lock", &uv_lock("2.5.0", "0.1.0"), "version = [\n")]), || relocked("2.5.0");
    a_move_to_another_version: "a manifest is moved along with another version", ["CG201"],
        || moved("2.0", None), || moved("1.5", None);
    a_move_beside_what_goes: "a manifest is moved along with another version, and one that had that version goes", ["CG201"],
        || moved("2.0", Some("2.0")), || moved("1.5", Some("1.5"));
    a_workspace_with_another_version: "a version is left to the workspace, which says another one", ["CG201"],
        || inherited("Cargo.toml", "1.20"), || inherited("Cargo.toml", "1.40");
    a_workspace_elsewhere: "a version is left to the workspace, and another workspace says it", ["CG201"],
        || inherited("elsewhere/Cargo.toml", "1.40"), || inherited("Cargo.toml", "1.40");
    a_catalog_with_another_version: "a version is left to a catalog, which says another one", ["CG201"],
        || cataloged("^3.1.0"), || cataloged("^3.5.0");
    a_lock_behind_a_floor: "a lower bound rises, and what is locked moves", ["CG201"],
        || floor("2.6.0"), || floor("2.5.0");
    a_pin_beside_an_extra: "a requirement of what runs moves along with one of the tests", ["CG201"],
        || tried("==2.6"), || tried("==2.5");
    a_lock_file_that_goes: "a lock file goes and its manifest stays, so that anything may be installed", ["CG201"],
        || unlocked("b/Cargo.toml"), || unlocked("a/Cargo.toml");
    an_indirect_module_taken_up: "a module that others asked for is asked for by the program, in another version", ["CG201"],
        || required("v1.18.0"), || required("v1.18.0 // indirect");
    a_copy_in_place_of_a_version: "a package becomes a copy in the repository, as the project's own packages are", ["CG201"],
        || vendored("{ path = \"vendor/mimalloc\" }"), || vendored("\"0.1\"");
    an_allocator_that_the_workspace_drops: "a member stops using the allocator, and the workspace drops it", ["CG201"],
        || left(&workspace("")), || left(&workspace("mimalloc = \"0.1.5\""));
    a_second_file_of_requirements: "a second file of requirements comes with another version, and the first one stays", ["CG201"],
        || judged(&[("requirements-prod.txt", "", "torch==2.6\n")]), || judged(&[("requirements-dev.txt", "", "torch==2.6\n")]);
}
