//! `package.json`, `package-lock.json` (docs.npmjs.com) and `pnpm-workspace.yaml` (pnpm.io, "Catalogs").

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::entry::{Entry, Role, Spec, table, text, written};

pub(super) fn manifest(source: &str) -> Option<Vec<Entry>> {
    let root: Value = serde_json::from_str(source).ok()?;
    let mut entries = Vec::new();
    for (key, role) in [
        ("dependencies", Role::Used),
        ("optionalDependencies", Role::Used),
        // Whoever uses the package chooses.
        ("peerDependencies", Role::Apart),
        ("overrides", Role::Used),
        ("resolutions", Role::Used),
    ] {
        for (name, value) in table(&root, &[key]).into_iter().flatten() {
            let says = written(value);
            let catalog = says.strip_prefix("catalog:").map(|name| catalog(name.trim()));
            // Of a package of the same workspace the version is not said here.
            let own = ["workspace:", "file:", "link:"]
                .iter()
                .find(|own| says.starts_with(**own));
            let spec = match own {
                Some(own) if *own == "workspace:" => Spec::plain(own),
                _ => Spec::plain(&says),
            };
            entries.push(Entry::new(name, says, spec, role).of(catalog));
        }
    }
    Some(entries)
}

fn catalog(name: &str) -> String {
    match name {
        "" => "default".to_owned(),
        name => name.to_owned(),
    }
}

pub(super) fn workspace(source: &str) -> Option<Vec<Entry>> {
    let root: Value = serde_yaml::from_str(source).ok()?;
    let mut entries = Vec::new();
    let mut take = |found: Option<&Map<String, Value>>, role: Role, catalog: Option<&str>| {
        for (name, value) in found.into_iter().flatten() {
            let says = written(value);
            let spec = Spec::plain(&says);
            entries.push(Entry::new(name, says, spec, role).of(catalog.map(str::to_owned)));
        }
    };
    take(table(&root, &["catalog"]), Role::Declared, Some("default"));
    for (name, catalog) in table(&root, &["catalogs"]).into_iter().flatten() {
        take(catalog.as_object(), Role::Declared, Some(name));
    }
    take(table(&root, &["overrides"]), Role::Used, None);
    Some(entries)
}

pub(super) fn lock(source: &str) -> Option<Vec<Entry>> {
    let root: Value = serde_json::from_str(source).ok()?;
    let mut entries = Vec::new();
    let runs = |package: &Value| package.get("dev").and_then(Value::as_bool) != Some(true);
    let version = |package| text(package, "version").unwrap_or_default();
    let Some(packages) = table(&root, &["packages"]) else {
        for (name, package) in table(&root, &["dependencies"]).into_iter().flatten() {
            if runs(package) {
                entries.push(Entry::version(name, version(package), Role::Used));
            }
        }
        return Some(entries);
    };
    let own = packages.iter().filter(|(path, _)| !path.contains("node_modules/"));
    let asked: BTreeSet<&String> = own
        .flat_map(|(_, package)| ["dependencies", "optionalDependencies"].map(|key| table(package, &[key])))
        .flatten()
        .flat_map(Map::keys)
        .collect();
    for (path, package) in packages {
        let Some((within, name)) = path.rsplit_once("node_modules/") else {
            continue;
        };
        let role = match package.get("link").and_then(Value::as_bool) == Some(true) {
            true => Role::Own,
            false if asked.is_empty() => Role::Used,
            false if asked.iter().any(|asked| *asked == name) && !within.contains("node_modules/") => Role::Used,
            false => Role::Reached,
        };
        if runs(package) {
            entries.push(Entry::version(name, version(package), role));
        }
    }
    Some(entries)
}
