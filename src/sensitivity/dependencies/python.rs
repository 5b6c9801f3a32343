//! `pyproject.toml`, `requirements*.txt`, `uv.lock` and `poetry.lock` (packaging.python.org, docs.astral.sh/uv, python-poetry.org).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::entry::{Entry, Role, Spec, is_for_developers, list, table, text, toml, written};

/// A name as PEP 503 writes it.
fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

/// A requirement by PEP 508.
fn requirement(requirement: &str, role: Role) -> Option<Entry> {
    let requirement = requirement.trim();
    let end = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(end);
    (!name.is_empty()).then(|| Entry::new(&normal(name), rest.trim(), spec(rest.trim()), role))
}

/// Extras, versions and markers taken apart.
fn spec(says: &str) -> Spec {
    let (says, marker) = says.split_once(';').unwrap_or((says, ""));
    let (extras, versions) = match says.trim().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((extras, versions)) => (extras, versions),
        None => ("", says),
    };
    let versions = versions.trim();
    let versions = versions
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .unwrap_or(versions);
    let sorted = |text: &str| {
        let mut parts: Vec<String> = text
            .split(',')
            .map(|part| part.split_whitespace().collect())
            .filter(|part: &String| !part.is_empty())
            .collect();
        parts.sort();
        parts.join(",")
    };
    let mut rest = Vec::new();
    if !extras.is_empty() {
        rest.push(format!("[{}]", sorted(extras)));
    }
    if !marker.is_empty() {
        rest.push(format!("; {}", marker.trim()));
    }
    // An address is no list of versions.
    let version = match versions.contains('@') || versions.contains("://") {
        true => versions.to_owned(),
        false => sorted(versions),
    };
    Spec {
        version,
        rest: rest.join(""),
    }
}

pub(super) fn project(source: &str) -> Option<Vec<Entry>> {
    let root = toml(source)?;
    let mut entries = Vec::new();
    let mut take = |list: &Value, role: Role| {
        let requirements = list.as_array().into_iter().flatten().filter_map(Value::as_str);
        entries.extend(requirements.filter_map(|text| requirement(text, role)));
    };
    if let Some(own) = root.get("project").and_then(|project| project.get("dependencies")) {
        take(own, Role::Used);
    }
    for (extra, list) in table(&root, &["project", "optional-dependencies"])
        .into_iter()
        .flatten()
    {
        take(list, group(extra));
    }
    for (name, value) in table(&root, &["tool", "poetry", "dependencies"]).into_iter().flatten() {
        entries.push(Entry::new(
            &normal(name),
            written(value),
            Spec::of_value(value),
            Role::Used,
        ));
    }
    Some(entries)
}

/// What an extra is for, by its name.
fn group(extra: &str) -> Role {
    match is_for_developers(extra) {
        true => Role::Apart,
        false => Role::Used,
    }
}

pub(super) fn requirements(source: &str) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
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
            entries.extend(requirement(line, Role::Used));
        }
    }
    Some(entries)
}

pub(super) fn poetry_lock(source: &str) -> Option<Vec<Entry>> {
    let root = toml(source)?;
    let mut entries = Vec::new();
    for package in list(&root, "package") {
        if text(package, "category") == Some("dev") {
            continue;
        }
        let role = match package.get("groups").and_then(Value::as_array) {
            Some(groups) if !groups.iter().any(|group| group == "main") => Role::Apart,
            _ => Role::Used,
        };
        let version = text(package, "version").unwrap_or_default();
        entries.push(Entry::version(text(package, "name")?, version, role));
    }
    Some(entries)
}

/// What is installed of a project that is locked by uv: what its own packages need to run, and what that needs. Extras of a package that is built
/// for others are their choice; those of a project that is only run may be what is run.
pub(super) fn uv_lock(source: &str) -> Option<Vec<Entry>> {
    let root = toml(source)?;
    let packages: Vec<&Value> = list(&root, "package").collect();
    let own = |package: &Value| {
        let source = table(package, &["source"]);
        let is = |kind| source.is_some_and(|source| source.contains_key(kind));
        (is("editable") || is("virtual") || is("directory")).then(|| is("virtual"))
    };
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, package) in packages.iter().enumerate() {
        by_name.entry(text(package, "name")?).or_default().push(at);
    }
    // What is named: a package in all or one of its versions, with extras of it.
    let named = |dependency: &Value| {
        let (name, version) = (text(dependency, "name"), text(dependency, "version"));
        let fits = |at: &&usize| {
            let package = packages.get(**at);
            version.is_none() || package.and_then(|package| text(package, "version")) == version
        };
        let extras: Vec<String> = list(dependency, "extra")
            .filter_map(|extra| Some(extra.as_str()?.to_owned()))
            .collect();
        let found: Vec<usize> = name
            .and_then(|name| by_name.get(name))
            .into_iter()
            .flatten()
            .filter(fits)
            .copied()
            .collect();
        (found, extras)
    };
    let mut asked: BTreeSet<usize> = BTreeSet::new();
    let mut seen: BTreeSet<(usize, String)> = BTreeSet::new();
    let mut next: Vec<(usize, String)> = Vec::new();
    for (at, package) in packages.iter().enumerate() {
        let Some(only_run) = own(package) else { continue };
        next.push((at, String::new()));
        let extras = table(package, &["optional-dependencies"]).into_iter().flatten();
        let extras = extras.filter(|(extra, _)| only_run && !is_for_developers(extra));
        next.extend(extras.map(|(extra, _)| (at, extra.clone())));
    }
    let rooted = !next.is_empty();
    while let Some((at, extra)) = next.pop() {
        let Some(package) = packages.get(at).filter(|_| seen.insert((at, extra.clone()))) else {
            continue;
        };
        let dependencies: Vec<&Value> = match extra.as_str() {
            "" => list(package, "dependencies").collect(),
            extra => match package.get("optional-dependencies") {
                Some(extras) => list(extras, extra).collect(),
                None => Vec::new(),
            },
        };
        for dependency in dependencies {
            let (found, extras) = named(dependency);
            for other in found {
                if own(package).is_some() {
                    asked.insert(other);
                }
                next.push((other, String::new()));
                next.extend(extras.iter().map(|extra| (other, extra.clone())));
            }
        }
    }
    let mut entries = Vec::new();
    for (at, package) in packages.iter().enumerate() {
        let role = match () {
            () if own(package).is_some() => Role::Own,
            () if !rooted || asked.contains(&at) => Role::Used,
            () if seen.contains(&(at, String::new())) => Role::Reached,
            () => Role::Apart,
        };
        let version = text(package, "version").unwrap_or_default();
        entries.push(Entry::version(text(package, "name")?, version, role));
    }
    Some(entries)
}
