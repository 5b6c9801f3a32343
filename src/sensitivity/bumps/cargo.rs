//! `Cargo.toml` and `Cargo.lock` (The Cargo Book, "The Manifest Format" and "Cargo.toml vs Cargo.lock").

use serde_json::{Map, Value};

use super::tree::{self, Kind, object, text};
use super::{Bumps, Other, same};

/// Requirements of dependencies, the workspace's and targets' own among them; never the package's own version.
fn requirement(path: &[&str]) -> Option<Kind> {
    let path = match path {
        [rest @ .., "version"] if rest.len() > 1 => rest,
        whole => whole,
    };
    let table = match path {
        [table, _name] | ["workspace", table, _name] | ["target", _, table, _name] => *table,
        _ => return None,
    };
    let known = [
        "dependencies",
        "dev-dependencies",
        "dev_dependencies",
        "build-dependencies",
        "build_dependencies",
    ];
    known.contains(&table).then_some(Kind::Requirement)
}

pub(super) fn manifest(before: &str, after: &str, bumps: &mut Bumps) -> Result<(), Other> {
    let (before, after) = (tree::toml(before)?, tree::toml(after)?);
    tree::compare(&before, &after, &mut Vec::new(), requirement, bumps)
}

pub(super) fn lock(before: &str, after: &str, bumps: &mut Bumps) -> Result<(), Other> {
    let (before, after) = (tree::toml(before)?, tree::toml(after)?);
    let (old, new) = (object(&before)?, object(&after)?);
    let rest = |lock: &Map<String, Value>| {
        let mut rest = lock.clone();
        rest.remove("package");
        rest
    };
    same(&rest(old), &rest(new))?;
    let list = |lock: &'_ Map<String, Value>| lock.get("package").and_then(Value::as_array).cloned().ok_or(Other);
    let (old, new) = (list(old)?, list(new)?);
    if old.len() != new.len() {
        return Err(Other);
    }
    // Cargo writes them in the order of names.
    old.iter()
        .zip(&new)
        .try_for_each(|(old, new)| package(object(old)?, object(new)?, bumps))
}

fn package(old: &Map<String, Value>, new: &Map<String, Value>, bumps: &mut Bumps) -> Result<(), Other> {
    let keys = |package: &Map<String, Value>| package.keys().cloned().collect::<std::collections::BTreeSet<_>>();
    same(&keys(old), &keys(new))?;
    let name = text(old, "name").ok_or(Other)?;
    let (from, to) = (text(old, "version").ok_or(Other)?, text(new, "version").ok_or(Other)?);
    let registry = |package| {
        text(package, "source").is_some_and(|source| source.starts_with("registry+") || source.starts_with("sparse+"))
    };
    // Of a package of the repository itself, or of a git source, the version says nothing about the content.
    if from != to && !(registry(old) && old.contains_key("checksum")) {
        return Err(Other);
    }
    let grew = bumps.version(name, from, to)?;
    for (key, old) in old {
        let new = new.get(key).ok_or(Other)?;
        match key.as_str() {
            "version" => {}
            "checksum" if grew => {
                if old == new || !new.as_str().is_some_and(is_sha256) {
                    return Err(Other);
                }
            }
            "dependencies" => {
                let (old, new) = (old.as_array().ok_or(Other)?, new.as_array().ok_or(Other)?);
                if old.len() != new.len() {
                    return Err(Other);
                }
                old.iter().zip(new).try_for_each(|(old, new)| {
                    dependency(old.as_str().ok_or(Other)?, new.as_str().ok_or(Other)?, bumps)
                })?;
            }
            _ => same(old, new)?,
        }
    }
    Ok(())
}

/// `NAME`, `NAME VERSION` or `NAME VERSION (SOURCE)`.
fn dependency(old: &str, new: &str, bumps: &mut Bumps) -> Result<(), Other> {
    if old == new {
        return Ok(());
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (old.splitn(3, ' ').collect(), new.splitn(3, ' ').collect());
    match (old.as_slice(), new.as_slice()) {
        ([name, from, source @ ..], [other, to, origin @ ..]) if name == other && source == origin => {
            bumps.version(name, from, to).map(|_| ())
        }
        _ => Err(Other),
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
