//! `Cargo.toml` and `Cargo.lock` (The Cargo Book, "The Manifest Format" and "Cargo.toml vs Cargo.lock").

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::entry::{Entry, Role, Spec, list, table, text, toml, written};

pub(super) fn manifest(source: &str) -> Option<Vec<Entry>> {
    let root = toml(source)?;
    let mut entries = Vec::new();
    let mut take = |found: Option<&Map<String, Value>>, role: Role| {
        for (name, value) in found.into_iter().flatten() {
            let inherits = value.get("workspace").and_then(Value::as_bool) == Some(true);
            let name = text(value, "package").unwrap_or(name);
            let entry = Entry::new(name, written(value), Spec::of_value(value), role);
            entries.push(entry.of((inherits || role == Role::Declared).then(String::new)));
        }
    };
    take(table(&root, &["dependencies"]), Role::Used);
    take(table(&root, &["workspace", "dependencies"]), Role::Declared);
    for (_, target) in table(&root, &["target"]).into_iter().flatten() {
        take(table(target, &["dependencies"]), Role::Used);
    }
    for (_, registry) in table(&root, &["patch"]).into_iter().flatten() {
        take(registry.as_object(), Role::Used);
    }
    take(table(&root, &["replace"]), Role::Used);
    Some(entries)
}

/// Packages without a source are the repository's own; which they ask for themselves is in their lists, with a version where there are several.
pub(super) fn lock(source: &str) -> Option<Vec<Entry>> {
    let root = toml(source)?;
    let own = |package: &&Value| package.get("source").is_none();
    let asked: BTreeSet<&str> = list(&root, "package")
        .filter(own)
        .flat_map(|package| list(package, "dependencies"))
        .filter_map(Value::as_str)
        .collect();
    let anybody = list(&root, "package").any(|package| own(&package));
    let mut entries = Vec::new();
    for package in list(&root, "package") {
        let (name, version) = (text(package, "name")?, text(package, "version").unwrap_or_default());
        let exact = format!("{name} {version}");
        let asks = |asked: &&str| {
            *asked == name || **asked == *exact || asked.strip_prefix(&exact).is_some_and(|rest| rest.starts_with(' '))
        };
        let role = match own(&package) {
            true => Role::Own,
            false if !anybody || asked.iter().any(asks) => Role::Used,
            false => Role::Reached,
        };
        entries.push(Entry::version(name, version, role));
    }
    Some(entries)
}
