//! `package.json` and `package-lock.json` (docs.npmjs.com, "package.json" and "package-lock.json").

use serde_json::{Map, Value};

use super::tree::{self, Kind, object, text};
use super::{Bumps, Other, same};

const TABLES: [&str; 5] = [
    "dependencies",
    "devDependencies",
    "peerDependencies",
    "optionalDependencies",
    "requires",
];

fn requirement(path: &[&str]) -> Option<Kind> {
    match path {
        [table, _name] if TABLES.contains(table) => Some(Kind::Requirement),
        _ => None,
    }
}

pub(super) fn manifest(before: &str, after: &str, bumps: &mut Bumps) -> Result<(), Other> {
    let (before, after) = (tree::json(before)?, tree::json(after)?);
    tree::compare(&before, &after, &mut Vec::new(), requirement, bumps)
}

pub(super) fn lock(before: &str, after: &str, bumps: &mut Bumps) -> Result<(), Other> {
    let (before, after) = (tree::json(before)?, tree::json(after)?);
    let (old, new) = (object(&before)?, object(&after)?);
    pairs(old, new, |key, old, new| match key {
        "packages" => pairs(object(old)?, object(new)?, |path, old, new| match path {
            // The project itself.
            "" => tree::compare(old, new, &mut Vec::new(), requirement, bumps),
            path => package(
                path.rsplit_once("node_modules/").map_or(path, |(_, name)| name),
                old,
                new,
                bumps,
            ),
        }),
        "dependencies" => packages(old, new, bumps),
        _ => same(old, new),
    })
}

/// Both have the same keys, and something holds of what is below each.
fn pairs<'v>(
    old: &'v Map<String, Value>,
    new: &'v Map<String, Value>,
    mut holds: impl FnMut(&'v str, &'v Value, &'v Value) -> Result<(), Other>,
) -> Result<(), Other> {
    if old.len() != new.len() {
        return Err(Other);
    }
    old.iter()
        .try_for_each(|(key, old)| holds(key, old, new.get(key).ok_or(Other)?))
}

/// Packages by name, as lock files of version 1 have them.
fn packages(old: &Value, new: &Value, bumps: &mut Bumps) -> Result<(), Other> {
    pairs(object(old)?, object(new)?, |name, old, new| {
        package(name, old, new, bumps)
    })
}

fn package(name: &str, before: &Value, after: &Value, bumps: &mut Bumps) -> Result<(), Other> {
    let (old, new) = (object(before)?, object(after)?);
    let (from, to) = (text(old, "version"), text(new, "version"));
    let grew = match (from, to) {
        (Some(from), Some(to)) if from != to => {
            // What is not from a registry has a version that says nothing about the content.
            if !(old.contains_key("integrity") && text(old, "resolved").is_some_and(|url| url.starts_with("https://")))
            {
                return Err(Other);
            }
            bumps.version(name, from, to)?
        }
        _ => false,
    };
    pairs(old, new, |key, old, new| match (key, old.as_str(), new.as_str()) {
        ("version", ..) if grew => Ok(()),
        ("resolved", Some(old), Some(new)) if grew => {
            let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
            same(old.replace(from, to).as_str(), new)
        }
        ("integrity", Some(old), Some(new)) if grew => {
            let algorithm = |text: &str| text.split_once('-').map(|(algorithm, _)| algorithm.to_owned());
            match old != new && algorithm(old).is_some() && algorithm(old) == algorithm(new) && !new.contains(' ') {
                true => Ok(()),
                false => Err(Other),
            }
        }
        (table, ..) if TABLES.contains(&table) => match is_of_records(old) && is_of_records(new) {
            true => packages(old, new, bumps),
            false if old == new => Ok(()),
            false => tree::compare(old, new, &mut vec![table], requirement, bumps),
        },
        _ => same(old, new),
    })
}

fn is_of_records(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|map| !map.is_empty() && map.values().all(Value::is_object))
}
