//! `only: [shipped]`, case by case and as laws: what it leaves out, that it never asks for more, and that no companion hides a harmful change.

use proptest::prelude::*;

use super::tests::counted;

/// The narrow reading.
fn shipped(files: &[(&str, &str, &str)]) -> Vec<String> {
    counted("[{ names: [\"*\", \"*/**\"], only: [shipped] }]", files)
}

fn direct(files: &[(&str, &str, &str)]) -> Vec<String> {
    counted("[{ names: [\"*\", \"*/**\"], only: [shipped, direct] }]", files)
}

fn cargo(dependencies: &str) -> String {
    format!("[package]\nname = \"app\"\n[dependencies]\n{dependencies}\n")
}

fn workspace(dependencies: &str) -> String {
    format!("[workspace]\nmembers = [\"a\"]\n[workspace.dependencies]\n{dependencies}\n")
}

#[test]
fn the_repositorys_own_versions_say_nothing() {
    let own = |version: &str| cargo(&format!("core = {{ path = \"core\", version = \"{version}\" }}"));
    assert_eq!(shipped(&[("Cargo.toml", &own("1.0.0"), &own("2.0.0"))]).len(), 0);
    assert_eq!(
        shipped(&[("Cargo.toml", &own("1.0.0"), &cargo("core = \"2.0.0\""))]).len(),
        1
    );
    let lock = |version: &str, mimalloc: &str| {
        format!(
            "[[package]]\nname = \"core\"\nversion = \"{version}\"\ndependencies = [\"mimalloc\"]\n\
             [[package]]\nname = \"mimalloc\"\nversion = \"{mimalloc}\"\nsource = \"registry+x\"\n"
        )
    };
    assert_eq!(
        shipped(&[("Cargo.lock", &lock("1.0.0", "0.1.0"), &lock("2.0.0", "0.1.0"))]).len(),
        0
    );
    assert_eq!(
        shipped(&[("Cargo.lock", &lock("1.0.0", "0.1.50"), &lock("2.0.0", "0.1.48"))]),
        ["`mimalloc` 0.1.50 -> 0.1.48"]
    );
    let npm = |version: &str| format!("{{\"dependencies\": {{\"own\": \"workspace:{version}\"}}}}");
    assert_eq!(shipped(&[("package.json", &npm("^1.0.0"), &npm("^2.0.0"))]).len(), 0);
}

#[test]
fn a_version_may_be_said_by_the_workspace() {
    let here = cargo("tokio = { version = \"1.40\", features = [\"net\", \"fs\"] }");
    let there = cargo("tokio = { workspace = true, features = [\"net\"] }");
    let root = |version: &str| workspace(&format!("tokio = {{ version = \"{version}\", features = [\"fs\"] }}"));
    let empty = workspace("");
    assert_eq!(
        shipped(&[("Cargo.toml", &empty, &root("1.40")), ("a/Cargo.toml", &here, &there)]).len(),
        0
    );
    assert_eq!(
        shipped(&[("Cargo.toml", &root("1.40"), &empty), ("a/Cargo.toml", &there, &here)]).len(),
        0
    );
    // Another version, a feature less, a workspace that nobody shows, a workspace elsewhere.
    assert_eq!(
        shipped(&[("Cargo.toml", &empty, &root("1.20")), ("a/Cargo.toml", &here, &there)]).len(),
        1
    );
    let less = cargo("tokio.workspace = true");
    assert_eq!(
        shipped(&[("Cargo.toml", &empty, &root("1.40")), ("a/Cargo.toml", &here, &less)]).len(),
        1
    );
    assert_eq!(shipped(&[("a/Cargo.toml", &here, &there)]).len(), 1);
    assert_eq!(
        shipped(&[("b/Cargo.toml", &empty, &root("1.40")), ("a/Cargo.toml", &here, &there)]).len(),
        1
    );
    // The workspace's own version is everybody's.
    assert_eq!(shipped(&[("Cargo.toml", &root("1.40"), &root("2.0"))]).len(), 1);
    let vue = |spec: &str| format!("{{\"dependencies\": {{\"vue\": \"{spec}\"}}}}");
    let catalog = |version: &str| format!("catalogs:\n  app:\n    vue: {version}\n");
    let (before, after) = (vue("^3.5.40"), vue("catalog:app"));
    let moved = |version: &str| {
        shipped(&[
            ("package.json", &before, &after),
            ("pnpm-workspace.yaml", "packages: []\n", &catalog(version)),
        ])
    };
    assert_eq!(moved("^3.5.40").len(), 0);
    assert_eq!(moved("^3.1.0"), ["package.json: `vue` ^3.5.40 -> ^3.1.0"]);
    assert_eq!(
        shipped(&[("pnpm-workspace.yaml", &catalog("^3.1.0"), &catalog("^4.0.0"))]),
        ["`vue` ^3.1.0 -> ^4.0.0"]
    );
}

#[test]
fn what_moves_as_it_is_does_not_count() {
    let (with, without) = (cargo("rayon = \"1.10\""), cargo(""));
    let other = cargo("rayon = \"0.9\"");
    assert_eq!(
        shipped(&[("a/Cargo.toml", &with, &without), ("b/Cargo.toml", "", &with)]).len(),
        0
    );
    assert_eq!(
        shipped(&[("a/Cargo.toml", &with, &without), ("b/Cargo.toml", &without, &with)]).len(),
        0
    );
    assert_eq!(
        shipped(&[("a/Cargo.toml", &with, ""), ("b/Cargo.toml", "", &with)]).len(),
        0
    );
    assert_eq!(
        shipped(&[
            ("a/Cargo.toml", &other, ""),
            ("b/Cargo.toml", "", &cargo("rayon = \"2.0\""))
        ]),
        ["b/Cargo.toml: `rayon` 0.9 -> 2.0"]
    );
    // Where two go, nobody knows which of them came.
    let two = [
        ("a/Cargo.toml", &*other, ""),
        ("b/Cargo.toml", &*with, ""),
        ("c/Cargo.toml", "", &*with),
    ];
    assert_eq!(shipped(&two).len(), 1);
}

#[test]
fn what_comes_or_goes_with_its_own_manifest_is_no_other_version() {
    let with = cargo("rayon = \"1.10\"");
    assert_eq!(shipped(&[("a/Cargo.toml", "", &with)]).len(), 0);
    assert_eq!(shipped(&[("a/Cargo.toml", &with, "")]).len(), 0);
    assert_eq!(shipped(&[("a/Cargo.toml", &cargo(""), &with)]), ["`rayon` 1.10 is new"]);
    assert_eq!(
        shipped(&[("a/Cargo.toml", &with, &cargo(""))]),
        ["`rayon` 1.10 is gone"]
    );
    // A member stops using what the workspace has; where the workspace has it no longer, either, it is gone.
    let member = cargo("rayon.workspace = true");
    assert_eq!(shipped(&[("a/Cargo.toml", &member, &cargo(""))]).len(), 0);
    let (has, had) = (workspace("rayon = \"1.10\""), workspace(""));
    assert_eq!(
        shipped(&[("Cargo.toml", &has, &had), ("a/Cargo.toml", &member, &cargo(""))]),
        ["Cargo.toml: `rayon` 1.10 is gone"]
    );
    // Without its lock file anything may be installed.
    let lock = "[[package]]\nname = \"rayon\"\nversion = \"1.10.0\"\nsource = \"x\"\n";
    assert_eq!(shipped(&[("Cargo.lock", "", lock)]).len(), 0);
    assert_eq!(shipped(&[("Cargo.lock", lock, "")]).len(), 1);
    assert_eq!(
        shipped(&[("a/Cargo.lock", lock, ""), ("a/Cargo.toml", &with, "")]).len(),
        0
    );
    assert_eq!(
        shipped(&[("a/Cargo.lock", lock, ""), ("b/Cargo.toml", &with, "")]).len(),
        1
    );
    let older = lock.replace("1.10", "1.2");
    assert_eq!(
        shipped(&[("a/Cargo.lock", lock, ""), ("b/Cargo.lock", "", &older)]).len(),
        2
    );
}

#[test]
fn lock_files_say_what_is_reached() {
    let uv = |source: &str, numpy: &str, torch: &str, ruff: &str| {
        format!(
            "[[package]]\nname = \"app\"\nsource = {{ {source} = \".\" }}\ndependencies = [{{ name = \"pandas\" }}]\n\
             [package.optional-dependencies]\ngpu = [{{ name = \"torch\" }}]\ntests = [{{ name = \"ruff\" }}]\n\
             [package.dev-dependencies]\ndev = [{{ name = \"ruff\" }}]\n\
             [[package]]\nname = \"pandas\"\nversion = \"2.2.0\"\ndependencies = [{{ name = \"numpy\", version = \"{numpy}\" }}]\n\
             [[package]]\nname = \"numpy\"\nversion = \"{numpy}\"\n\
             [[package]]\nname = \"torch\"\nversion = \"{torch}\"\n\
             [[package]]\nname = \"ruff\"\nversion = \"{ruff}\"\n"
        )
    };
    let differ = |source: &str, numpy: &str, torch: &str, ruff: &str| {
        let before = uv(source, "1.26.0", "2.5.0", "0.1.0");
        shipped(&[("uv.lock", &before, &uv(source, numpy, torch, ruff))]).len()
    };
    assert_eq!(differ("editable", "1.26.0", "2.5.0", "0.9.0"), 0);
    assert_eq!(differ("editable", "2.1.0", "2.5.0", "0.9.0"), 1);
    assert_eq!(differ("editable", "1.26.0", "2.6.0", "0.9.0"), 0);
    // A project that nobody installs is run with its extras.
    assert_eq!(differ("virtual", "1.26.0", "2.6.0", "0.9.0"), 1);
    // Where no package is the project's own, all may run.
    assert_eq!(differ("registry", "1.26.0", "2.6.0", "0.9.0"), 2);
    let before = uv("editable", "1.26.0", "2.5.0", "0.1.0");
    assert_eq!(
        direct(&[("uv.lock", &before, &before.replace("1.26.0", "2.1.0"))]).len(),
        0
    );
    let poetry = |groups: &str, version: &str| {
        format!("[[package]]\nname = \"numpy\"\nversion = \"{version}\"\ngroups = [{groups}]\n")
    };
    for (groups, counts) in [("\"dev\"", 0), ("\"dev\", \"main\"", 1), ("\"main\"", 1)] {
        let (before, after) = (poetry(groups, "1.26.0"), poetry(groups, "2.0.0"));
        assert_eq!(shipped(&[("poetry.lock", &before, &after)]).len(), counts, "{groups}");
    }
    let cargo = |direct: &str, reached: &str| {
        format!(
            "[[package]]\nname = \"app\"\ndependencies = [\"hashbrown {direct}\", \"regex\"]\n\
             [[package]]\nname = \"hashbrown\"\nversion = \"{direct}\"\nsource = \"r\"\n\
             [[package]]\nname = \"hashbrown\"\nversion = \"{reached}\"\nsource = \"r\"\n\
             [[package]]\nname = \"regex\"\nversion = \"1.10.0\"\nsource = \"r\"\n"
        )
    };
    let before = cargo("0.15.0", "0.14.0");
    assert_eq!(direct(&[("Cargo.lock", &before, &cargo("0.15.0", "0.13.0"))]).len(), 0);
    assert_eq!(shipped(&[("Cargo.lock", &before, &cargo("0.15.0", "0.13.0"))]).len(), 1);
    assert_eq!(
        direct(&[("Cargo.lock", &before, &cargo("0.16.0", "0.14.0"))]),
        ["`hashbrown` 0.15.0 -> 0.16.0"]
    );
    assert_eq!(
        direct(&[("Cargo.lock", &before, &before.replace("1.10.0", "1.12.0"))]).len(),
        1
    );
    let npm = |react: &str, deep: &str| {
        format!(
            "{{\"packages\": {{\"\": {{\"dependencies\": {{\"react\": \"^18\"}}}},\
             \"node_modules/react\": {{\"version\": \"{react}\"}}, \"node_modules/sharp\": {{\"version\": \"{deep}\"}}}}}}"
        )
    };
    let before = npm("18.0.0", "1.0.0");
    assert_eq!(
        direct(&[("package-lock.json", &before, &npm("18.0.0", "2.0.0"))]).len(),
        0
    );
    assert_eq!(
        direct(&[("package-lock.json", &before, &npm("18.3.0", "2.0.0"))]).len(),
        1
    );
}

#[test]
fn modules_say_what_is_indirect_and_which_language_they_are_in() {
    let module =
        |go: &str, compress: &str| format!("module a\n\ngo {go}\n\nrequire (\n\tk.org/compress {compress}\n)\n");
    let before = module("1.24.3", "v1.18.0 // indirect");
    assert_eq!(
        direct(&[("go.mod", &before, &module("1.24.3", "v1.19.0 // indirect"))]).len(),
        0
    );
    assert_eq!(direct(&[("go.mod", &before, &module("1.24.3", "v1.18.0"))]).len(), 1);
    assert_eq!(
        direct(&[("go.mod", &before, &module("1.25.0", "v1.18.0 // indirect"))]),
        ["`go` 1.24 -> 1.25"]
    );
    assert_eq!(
        direct(&[("go.mod", &before, &module("1.24.9", "v1.18.0 // indirect"))]).len(),
        0
    );
    let built_by = |toolchain: &str| before.replace("go 1.24.3\n", &format!("go 1.24\n\ntoolchain {toolchain}\n"));
    assert_eq!(direct(&[("go.mod", &before, &built_by("go1.24.9"))]).len(), 0);
    assert_eq!(direct(&[("go.mod", &before, &built_by("go1.25.1"))]).len(), 1);
    // Rules that name packages and say nothing else know none of this.
    let plain = |after: &str| counted("[\"*\", \"*/**\"]", &[("go.mod", &before, after)]).len();
    assert_eq!(plain(&module("1.25.0", "v1.18.0 // indirect")), 0);
    assert_eq!(plain(&module("1.24.3", "v1.19.0 // indirect")), 1);
}

#[test]
fn what_is_for_developers_or_chosen_by_others_does_not_count() {
    let project = |extra: &str, spec: &str| {
        format!("[project]\nname = \"a\"\n[project.optional-dependencies]\n{extra} = [\"torch{spec}\"]\n")
    };
    for (extra, counts) in [
        ("tests", 0),
        ("dev", 0),
        ("docs-build", 0),
        ("gpu", 1),
        ("latest", 1),
        ("all", 1),
    ] {
        let (before, after) = (project(extra, "<=2.1"), project(extra, ""));
        assert_eq!(shipped(&[("pyproject.toml", &before, &after)]).len(), counts, "{extra}");
    }
    let peers = |spec: &str| format!("{{\"peerDependencies\": {{\"react\": \"{spec}\"}}}}");
    assert_eq!(shipped(&[("package.json", &peers("^18"), &peers("^19"))]).len(), 0);
    // The same requirement once more is the same.
    let once = "[project]\ndependencies = [\"numpy>=1.2\"]\n";
    let twice =
        "[project]\ndependencies = [\"numpy >= 1.2\"]\n[project.optional-dependencies]\nfast = [\"numpy>=1.2\"]\n";
    assert_eq!(shipped(&[("pyproject.toml", once, twice)]).len(), 0);
    assert_eq!(
        shipped(&[("pyproject.toml", once, &twice.replace(">=1.2\"]", "==1.2\"]"))]).len(),
        1
    );
}

/// A manifest of up to four packages, each as one of a few specifications.
fn manifest() -> impl Strategy<Value = String> {
    let spec = prop::sample::select(vec![
        "\"1.2\"",
        "\"1.3\"",
        "\"=1.3.0\"",
        "\"2.0\"",
        "{ version = \"1.2\", features = [\"x\"] }",
        "{ workspace = true }",
        "{ path = \"../p\", version = \"1.2\" }",
    ]);
    let table = prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c", "d"]), spec, 0..4);
    (table.clone(), table, any::<bool>()).prop_map(|(own, declared, root)| {
        let lines = |table: &std::collections::BTreeMap<&str, &str>| -> String {
            table.iter().map(|(name, spec)| format!("{name} = {spec}\n")).collect()
        };
        let declared = lines(&declared).replace("{ workspace = true }", "\"1.2\"");
        match root {
            true => format!("[dependencies]\n{}[workspace.dependencies]\n{declared}", lines(&own)),
            false => format!("[dependencies]\n{}", lines(&own)),
        }
    })
}

proptest! {
    /// It never asks where the wide reading does not, but for what moved with its version (and says so in one place).
    #[test]
    fn narrow_is_within_wide(old in manifest(), new in manifest()) {
        let narrow = shipped(&[("Cargo.toml", &old, &new)]);
        let wide = counted("[\"*\"]", &[("Cargo.toml", &old, &new)]);
        let name = |said: &String| said.split('`').nth(1).unwrap().to_owned();
        let wide: Vec<String> = wide.iter().map(name).collect();
        for said in &narrow {
            prop_assert!(wide.contains(&name(said)), "{said} in {old:?} -> {new:?}");
        }
    }

    /// Whatever else changes, another version of a package that a manifest has on both sides counts.
    #[test]
    fn a_companion_hides_no_bump(
        old in manifest(),
        new in manifest(),
        path in prop::sample::select(vec!["Cargo.toml", "x/Cargo.toml", "x/y/Cargo.toml", "z/Cargo.toml", "x/Cargo.lock"]),
        gone in 0_u8..3,
    ) {
        let companion = match gone {
            0 => (path, old.as_str(), ""),
            1 => (path, "", new.as_str()),
            _ => (path, old.as_str(), new.as_str()),
        };
        let harmful = ("x/app/Cargo.toml", &*cargo("a = \"1.2\""), &*cargo("a = \"2.7\""));
        let alone = shipped(&[harmful]);
        prop_assert_eq!(&alone, &["`a` 1.2 -> 2.7"]);
        if companion.1 != companion.2 {
            let both = shipped(&[companion, harmful]);
            prop_assert!(both.contains(&"x/app/Cargo.toml: `a` 1.2 -> 2.7".to_owned()), "{:?}", both);
        }
    }

    /// Nothing differs where nothing changed, and the order of files does not matter.
    #[test]
    fn nothing_is_nothing_and_order_is_nothing(old in manifest(), new in manifest(), other in manifest()) {
        prop_assert!(shipped(&[("Cargo.toml", &old, &old)]).is_empty());
        let (one, two) = (("Cargo.toml", &*old, &*new), ("x/Cargo.toml", &*new, &*other));
        prop_assert_eq!(shipped(&[one, two]), shipped(&[two, one]));
    }
}
