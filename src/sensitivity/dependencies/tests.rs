//! Manifests and lock files, read as what they are.

use super::*;

use crate::change::{ObjectId, TreeEntry};
use crate::policy::{Policy, PolicySource};

/// The rules of a component, as a policy writes them.
fn rules(dependencies: &str) -> PackageRules {
    let text = format!("version: 1\ncomponents: [{{ id: a, match: {{ dependencies: {dependencies} }} }}]\n");
    let source = PolicySource {
        name: "p.yaml".into(),
        bytes: text.as_bytes(),
    };
    let (policy, _) = Policy::parse(&source).unwrap();
    policy.components[0].rules.dependencies.clone()
}

fn change(path: &str, old: &str, new: &str) -> (FileChange, FileDiff) {
    let entry = |text: &str| TreeEntry {
        mode: Mode::Regular,
        id: ObjectId::from_hex(&format!("{:040x}", text.len() + 1)).unwrap(),
    };
    let kind = match (old.is_empty(), new.is_empty()) {
        (true, _) => ChangeKind::Added(entry(new)),
        (_, true) => ChangeKind::Deleted(entry(old)),
        _ => ChangeKind::Modified {
            old: entry(old),
            new: entry(new),
        },
    };
    let diff = FileDiff {
        old: old.as_bytes().to_vec(),
        new: new.as_bytes().to_vec(),
        ..FileDiff::default()
    };
    let file = FileChange {
        path: RepoPath::from(path),
        kind,
    };
    (file, diff)
}

/// What counts of a change of several files, by path.
pub(super) fn counted(dependencies: &str, files: &[(&str, &str, &str)]) -> Vec<String> {
    let rules = rules(dependencies);
    let changes: Vec<_> = files.iter().map(|(path, old, new)| change(path, old, new)).collect();
    let (mut touched, mut differing) = (Vec::new(), Vec::new());
    for (file, diff) in &changes {
        let found = find(file, diff, &rules).unwrap();
        touched.extend(found.touched.into_iter().map(|one| (&file.path, one)));
        differing.extend(found.differing.into_iter().map(|one| (&file.path, one)));
    }
    let files: Vec<FileChange> = changes.iter().map(|(file, _)| file.clone()).collect();
    touched.extend(settle(differing, &files));
    touched.sort_by_key(|(one, _)| *one);
    touched
        .into_iter()
        .map(|(path, touched)| match files.len() {
            1 => touched.detail,
            _ => format!("{}: {}", String::from_utf8_lossy(path.as_bytes()), touched.detail),
        })
        .collect()
}

/// What counts of a file for a rule that names packages and says nothing else.
fn found(path: &str, old: &str, new: &str) -> Vec<String> {
    let names = "[tokio, \"crossbeam*\", numpy, react, \"@scope/*\", \"example.org/fast/*\"]";
    counted(names, &[(path, old, new)])
}

#[test]
fn manifests_are_read_as_what_they_are() {
    let cargo = |runtime: &str, dev: &str| {
        format!(
            "[package]\nname = \"tokio\"\nversion = \"0.2.0\"\n[dependencies]\n{runtime}\n[dev-dependencies]\n{dev}\n"
        )
    };
    let one = cargo("tokio = \"1.2\"\nserde = \"1\"", "crossbeam = \"1\"");
    assert_eq!(
        found("a/Cargo.toml", &one, &one.replace("1.2", "1.3")),
        ["`tokio` 1.2 -> 1.3"]
    );
    assert_eq!(
        found("a/Cargo.toml", &one, &one.replace("serde = \"1\"", "serde = \"2\"")).len(),
        0
    );
    assert_eq!(
        found(
            "a/Cargo.toml",
            &one,
            &one.replace("crossbeam = \"1\"", "crossbeam = \"2\"")
        )
        .len(),
        0
    );
    let features = one.replace(
        "tokio = \"1.2\"",
        "tokio = { version = \"1.2\", features = [\"full\"] }",
    );
    assert_eq!(found("Cargo.toml", &one, &features).len(), 1);
    let renamed = one.replace(
        "serde = \"1\"",
        "t = { package = \"crossbeam-epoch\", version = \"1\" }",
    );
    assert_eq!(
        found("Cargo.toml", &one, &renamed),
        ["`crossbeam-epoch` {\"package\":\"crossbeam-epoch\",\"version\":\"1\"} is new"]
    );
    assert_eq!(
        found("package.json", "{\"dependencies\":{\"react\":\"^18.0.0\"}}", "{}"),
        ["`react` ^18.0.0 is gone"]
    );
    assert_eq!(
        found("package.json", "{\"devDependencies\":{\"react\":\"1.0.0\"}}", "{}").len(),
        0
    );
    let module = "module a\n\nrequire (\n\texample.org/fast/x v1.2.3\n\texample.org/y v1.0.0 // indirect\n)\n";
    assert_eq!(
        found("go.mod", module, &module.replace("1.2.3", "1.3.0")),
        ["`example.org/fast/x` 1.2.3 -> 1.3.0"]
    );
    assert_eq!(
        found(
            "go.mod",
            module,
            &format!("{module}replace example.org/fast/x => ../x\n")
        )
        .len(),
        1
    );
    let project = "[project]\ndependencies = [\"NumPy>=1.2\", \"b\"]\n[dependency-groups]\ndev = [\"numpy==3\"]\n";
    assert_eq!(
        found("pyproject.toml", project, &project.replace("1.2", "2.0")),
        ["`numpy` >=1.2 -> >=2.0"]
    );
    assert_eq!(
        found("pyproject.toml", project, &project.replace("==3", "==4")).len(),
        0
    );
    assert_eq!(found("requirements.txt", "numpy==1.2 # x\n", "numpy==2.0\n").len(), 1);
    assert_eq!(found("requirements-dev.txt", "numpy==1.2\n", "numpy==2.0\n").len(), 0);
}

#[test]
fn locks_count_versions_and_patches_do_not() {
    let lock = |version: &str| format!("[[package]]\nname = \"tokio\"\nversion = \"{version}\"\n");
    assert_eq!(
        found("Cargo.lock", &lock("1.2.3"), &lock("1.3.0")),
        ["`tokio` 1.2.3 -> 1.3.0"]
    );
    assert_eq!(found("Cargo.lock", &lock("1.2.3"), &lock("1.2.9")).len(), 0);
    assert_eq!(found("Cargo.lock", &lock("1.2.3"), &lock("1.2.2")).len(), 1);
    assert_eq!(
        found("Cargo.lock", &lock("1.2.3"), &(lock("1.2.3") + &lock("2.0.0"))).len(),
        1
    );
    let npm = |version: &str, dev: bool| {
        format!("{{\"packages\":{{\"\":{{}},\"node_modules/@scope/a\":{{\"version\":\"{version}\",\"dev\":{dev}}}}}}}")
    };
    assert_eq!(
        found("package-lock.json", &npm("1.0.0", false), &npm("2.0.0", false)).len(),
        1
    );
    assert_eq!(
        found("package-lock.json", &npm("1.0.0", true), &npm("2.0.0", true)).len(),
        0
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let names = rules("[{ names: tokio, only: [shipped, direct] }]");
    for (path, old, new) in [
        ("Cargo.toml", "[dependencies]\n", "[dependencies\n"),
        ("pnpm-workspace.yaml", "catalog: { a: 1 }\n", "catalog: { a\n"),
        (
            "uv.lock",
            "[[package]]\nname = \"a\"\n",
            "[[package]]\nversion = \"1\"\n",
        ),
        ("package.json", "{}", "{,}"),
    ] {
        let (file, diff) = change(path, old, new);
        assert!(find(&file, &diff, &names).is_err(), "{path}");
    }
    let (file, diff) = change("other.toml", "[a]\n", "[b\n");
    let found = find(&file, &diff, &names).unwrap();
    assert!(found.touched.is_empty() && found.differing.is_empty());
    assert!(!is_read(&RepoPath::from("src/a.rs")) && is_read(&RepoPath::from("a/uv.lock")));
}

#[test]
fn a_new_manifest_is_a_new_module_only_where_a_directory_has_one() {
    let only = "[{ names: ['*'], only: [shipped, direct] }]";
    assert_eq!(counted(only, &[("requirements-prod.txt", "", "numpy==2.0\n")]).len(), 1);
    assert_eq!(counted(only, &[("requirements-dev.txt", "", "numpy==2.0\n")]).len(), 0);
    let cargo = "[package]\nname = \"b\"\nversion = \"1.0.0\"\n[dependencies]\ntokio = \"1.2\"\n";
    assert_eq!(counted(only, &[("b/Cargo.toml", "", cargo)]).len(), 0);
}
