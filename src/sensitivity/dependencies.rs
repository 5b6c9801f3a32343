//! `match.dependencies`: which packages a change of a manifest or a lock file adds, takes out or moves to another version, read as its format has
//! them. What only development uses is no matter of speed, and a version that grew by a patch is the same package.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::bumps::is_patch;
use crate::change::{FileDiff, RepoPath, Side};
use crate::diagnostic::sanitize;
use crate::policy::GlobList;

/// What is said of a package: its version or requirement, and what else decides about its code.
type Packages = BTreeMap<String, String>;

type Reader = fn(&str) -> Option<Packages>;

/// A package that a rule names and that the change touches.
pub(super) struct Touched {
    /// In words.
    pub(super) detail: String,
    /// A line that names it, on its side.
    pub(super) line: Option<(Side, u32)>,
}

/// Whether files of that name are read.
pub(super) fn is_read(path: &RepoPath) -> bool {
    reader(path).is_some()
}

fn reader(path: &RepoPath) -> Option<Reader> {
    let name = path.file_name();
    let requirements = name.starts_with(b"requirements") && (name.ends_with(b".txt") || name.ends_with(b".in"));
    let aside = [&b"dev"[..], b"test", b"lint", b"doc"];
    Some(match name {
        b"Cargo.toml" => cargo,
        b"Cargo.lock" | b"uv.lock" | b"poetry.lock" => toml_lock,
        b"package.json" => npm,
        b"package-lock.json" | b"npm-shrinkwrap.json" => npm_lock,
        b"go.mod" => go_module,
        b"pyproject.toml" => pyproject,
        _ if requirements
            && !aside
                .iter()
                .any(|word| name.windows(word.len()).any(|part| part == *word)) =>
        {
            requirements_file
        }
        _ => return None,
    })
}

/// What of a change a rule on these names is about; an error where a side cannot be read as what it is.
pub(super) fn touched(path: &RepoPath, diff: &FileDiff, names: &GlobList) -> Result<Vec<Touched>, ()> {
    let Some(reader) = reader(path) else {
        return Ok(Vec::new());
    };
    let read = |text: &[u8]| match text.is_empty() {
        true => Some(Packages::new()),
        false => reader(std::str::from_utf8(text).ok()?),
    };
    let (before, after) = match diff.sample {
        // An example is one line, which is there and was not.
        Some(_) => (
            Packages::new(),
            reader(&alone(path, std::str::from_utf8(&diff.new).map_err(|_| ())?)).unwrap_or_default(),
        ),
        None => (read(&diff.old).ok_or(())?, read(&diff.new).ok_or(())?),
    };
    let all = before
        .keys()
        .chain(after.keys().filter(|name| !before.contains_key(*name)));
    let mut found = Vec::new();
    for name in all.filter(|name| names.matches(name.as_bytes())) {
        let shown = sanitize(name);
        let detail = match (before.get(name), after.get(name)) {
            (Some(from), Some(to)) if from == to || is_patch(from, to) => continue,
            (Some(from), Some(to)) => format!("`{shown}` {} -> {}", brief(from), brief(to)),
            (None, Some(to)) => format!("`{shown}` {} is new", brief(to)),
            (Some(from), None) => format!("`{shown}` {} is gone", brief(from)),
            (None, None) => continue,
        };
        let holds = |text: &[u8]| text.windows(name.len()).any(|part| part == name.as_bytes());
        let line = diff.lines.iter().rev().find(|line| holds(&line.text));
        found.push(Touched {
            detail,
            line: line.map(|line| (line.side, line.number)),
        });
    }
    Ok(found)
}

fn brief(text: &str) -> String {
    sanitize(&text.chars().take(60).collect::<String>())
}

/// One line of a file, as the smallest file that holds it.
fn alone(path: &RepoPath, line: &str) -> String {
    match path.file_name() {
        b"Cargo.toml" => format!("[dependencies]\n{line}\n"),
        b"package.json" => format!("{{\"dependencies\": {{{}}}}}", line.trim().trim_end_matches(',')),
        b"pyproject.toml" => format!("[project]\ndependencies = [{line}]\n"),
        b"go.mod" => format!("require {}\n", line.trim().trim_start_matches("require ")),
        _ => line.to_owned(),
    }
}

fn toml(text: &str) -> Option<Value> {
    toml::from_str(text).ok()
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

fn table<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Map<String, Value>> {
    keys.iter().try_fold(value, |value, key| value.get(*key))?.as_object()
}

/// A requirement: the version alone where that is all that it says.
fn spec(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) if map.len() == 1 => text(value, "version").map_or_else(|| value.to_string(), str::to_owned),
        _ => value.to_string(),
    }
}

/// Takes a package in; of several of one name, all count.
fn add(packages: &mut Packages, name: &str, says: String) {
    packages
        .entry(name.to_owned())
        .and_modify(|known| {
            known.push_str(", ");
            known.push_str(&says);
        })
        .or_insert(says);
}

fn cargo(source: &str) -> Option<Packages> {
    let root = toml(source)?;
    let mut packages = Packages::new();
    let mut take = |found: Option<&Map<String, Value>>| {
        for (name, value) in found.into_iter().flatten() {
            add(&mut packages, text(value, "package").unwrap_or(name), spec(value));
        }
    };
    take(table(&root, &["dependencies"]));
    take(table(&root, &["workspace", "dependencies"]));
    for (_, target) in table(&root, &["target"]).into_iter().flatten() {
        take(table(target, &["dependencies"]));
    }
    for (_, registry) in table(&root, &["patch"]).into_iter().flatten() {
        take(registry.as_object());
    }
    take(table(&root, &["replace"]));
    Some(packages)
}

fn toml_lock(source: &str) -> Option<Packages> {
    let root = toml(source)?;
    let mut packages = Packages::new();
    for package in root.get("package").and_then(Value::as_array).into_iter().flatten() {
        if text(package, "category") == Some("dev") {
            continue;
        }
        add(
            &mut packages,
            text(package, "name")?,
            text(package, "version").unwrap_or_default().to_owned(),
        );
    }
    Some(packages)
}

fn npm(source: &str) -> Option<Packages> {
    let root: Value = serde_json::from_str(source).ok()?;
    let mut packages = Packages::new();
    for key in [
        "dependencies",
        "optionalDependencies",
        "peerDependencies",
        "overrides",
        "resolutions",
    ] {
        for (name, value) in table(&root, &[key]).into_iter().flatten() {
            add(&mut packages, name, spec(value));
        }
    }
    Some(packages)
}

fn npm_lock(source: &str) -> Option<Packages> {
    let root: Value = serde_json::from_str(source).ok()?;
    let mut packages = Packages::new();
    let runs = |package: &Value| package.get("dev").and_then(Value::as_bool) != Some(true);
    for (path, package) in table(&root, &["packages"]).into_iter().flatten() {
        let name = path.rsplit_once("node_modules/").map(|(_, name)| name);
        if let Some(name) = name.filter(|_| runs(package)) {
            add(
                &mut packages,
                name,
                text(package, "version").unwrap_or_default().to_owned(),
            );
        }
    }
    if table(&root, &["packages"]).is_none() {
        for (name, package) in table(&root, &["dependencies"]).into_iter().flatten() {
            if runs(package) {
                add(
                    &mut packages,
                    name,
                    text(package, "version").unwrap_or_default().to_owned(),
                );
            }
        }
    }
    Some(packages)
}

fn go_module(source: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    let mut block = None;
    for line in source.lines() {
        let line = line.split("//").next().unwrap_or_default();
        let mut words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [directive, "("] => {
                block = Some(*directive);
                continue;
            }
            [")"] => block = None,
            _ => {}
        }
        let directive = match block {
            Some(directive) => directive,
            None if words.is_empty() => continue,
            None => words.remove(0),
        };
        if let ("require" | "replace", [name, rest @ ..]) = (directive, words.as_slice()) {
            add(&mut packages, name, rest.join(" ").trim_start_matches('v').to_owned());
        }
    }
    Some(packages)
}

/// A requirement by PEP 508, with the name as PEP 503 writes it.
fn python(packages: &mut Packages, requirement: &str) {
    let requirement = requirement.trim();
    let end = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(end);
    if !name.is_empty() {
        let name = name.to_lowercase().replace(['_', '.'], "-");
        add(packages, &name, rest.trim().to_owned());
    }
}

fn pyproject(source: &str) -> Option<Packages> {
    let root = toml(source)?;
    let mut packages = Packages::new();
    let lists = table(&root, &["project", "optional-dependencies"])
        .into_iter()
        .flatten();
    let own = root.get("project").and_then(|project| project.get("dependencies"));
    for list in own.into_iter().chain(lists.map(|(_, list)| list)) {
        for requirement in list.as_array().into_iter().flatten().filter_map(Value::as_str) {
            python(&mut packages, requirement);
        }
    }
    for (name, value) in table(&root, &["tool", "poetry", "dependencies"]).into_iter().flatten() {
        add(
            &mut packages,
            &name.to_lowercase().replace(['_', '.'], "-"),
            spec(value),
        );
    }
    Some(packages)
}

fn requirements_file(source: &str) -> Option<Packages> {
    let mut packages = Packages::new();
    let joined = source.replace("\\\r\n", " ").replace("\\\n", " ");
    for line in joined.lines() {
        let line = line
            .split(" #")
            .next()
            .unwrap_or_default()
            .split(" --")
            .next()
            .unwrap_or_default();
        if !line.trim_start().starts_with(['#', '-']) {
            python(&mut packages, line);
        }
    }
    Some(packages)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, old: &str, new: &str) -> Vec<String> {
        let diff = FileDiff {
            old: old.as_bytes().to_vec(),
            new: new.as_bytes().to_vec(),
            ..FileDiff::default()
        };
        let names = GlobList::new(&[
            "tokio",
            "crossbeam*",
            "numpy",
            "react",
            "@scope/*",
            "example.org/fast/*",
        ])
        .unwrap();
        let found = touched(&RepoPath::from(path), &diff, &names).unwrap();
        found.into_iter().map(|touched| touched.detail).collect()
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
            format!(
                "{{\"packages\":{{\"\":{{}},\"node_modules/@scope/a\":{{\"version\":\"{version}\",\"dev\":{dev}}}}}}}"
            )
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
        let diff = FileDiff {
            old: b"[dependencies]\n".to_vec(),
            new: b"[dependencies\n".to_vec(),
            ..FileDiff::default()
        };
        let names = GlobList::new(&["tokio"]).unwrap();
        assert!(touched(&RepoPath::from("Cargo.toml"), &diff, &names).is_err());
        assert!(
            touched(&RepoPath::from("other.toml"), &diff, &names)
                .unwrap()
                .is_empty()
        );
        assert!(!is_read(&RepoPath::from("src/a.rs")) && is_read(&RepoPath::from("a/uv.lock")));
    }
}
