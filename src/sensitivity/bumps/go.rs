//! `go.mod` and `go.sum` (go.dev/ref/mod, "go.mod files" and "go.sum files").

use std::collections::{BTreeMap, BTreeSet};

use super::{Bumps, Other, same};

/// `vX.Y.Z`; pseudo-versions and `+incompatible` are compared by nobody.
fn version(name: &str, from: &str, to: &str, bumps: &mut Bumps) -> Result<bool, Other> {
    if from == to {
        return Ok(false);
    }
    let number = |text: &'_ str| text.strip_prefix('v').map(str::to_owned).ok_or(Other);
    bumps.version(name, &number(from)?, &number(to)?)
}

pub(super) fn module(before: &str, after: &str, bumps: &mut Bumps) -> Result<(), Other> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    same(&old.len(), &new.len())?;
    let mut block = None;
    for (old, new) in old.iter().zip(&new) {
        let words: Vec<&str> = old.split_whitespace().collect();
        match words.as_slice() {
            [directive, "("] => block = Some(*directive),
            [")"] => block = None,
            _ => {}
        }
        if old == new {
            continue;
        }
        let others: Vec<&str> = new.split_whitespace().collect();
        let inside = |words: &'_ [&'_ str]| match (block, words) {
            (None, ["require", ..]) => Some(1),
            (Some("require"), _) => Some(0),
            _ => None,
        };
        let skip = inside(&words).ok_or(Other)?;
        same(&inside(&others), &Some(skip))?;
        same(
            &words.iter().take(skip).collect::<Vec<_>>(),
            &others.iter().take(skip).collect::<Vec<_>>(),
        )?;
        match (words.get(skip..), others.get(skip..)) {
            (Some([path, from, comment @ ..]), Some([other, to, remark @ ..]))
                if path == other && comment == remark =>
            {
                version(path, from, to, bumps)?;
            }
            _ => return Err(Other),
        }
    }
    Ok(())
}

pub(super) fn sums(before: &str, after: &str, bumps: &mut Bumps) -> Result<(), Other> {
    let (old, new) = (lines(before)?, lines(after)?);
    // What is there on both sides has the same sum.
    for (key, sum) in &old {
        if new.get(key).is_some_and(|other| other != sum) {
            return Err(Other);
        }
    }
    let only = |of: &BTreeMap<(String, bool, String), String>, without: &BTreeMap<(String, bool, String), String>| {
        let mut by: BTreeMap<(String, bool), BTreeSet<String>> = BTreeMap::new();
        for (path, manifest, version) in of.keys().filter(|key| !without.contains_key(*key)) {
            by.entry((path.clone(), *manifest)).or_default().insert(version.clone());
        }
        by
    };
    let (gone, come) = (only(&old, &new), only(&new, &old));
    same(&gone.keys().collect::<Vec<_>>(), &come.keys().collect::<Vec<_>>())?;
    for ((path, _), versions) in &gone {
        let added = come
            .iter()
            .filter(|((other, _), _)| other == path)
            .map(|(_, versions)| versions);
        for others in added {
            match (
                versions.iter().collect::<Vec<_>>().as_slice(),
                others.iter().collect::<Vec<_>>().as_slice(),
            ) {
                ([from], [to]) => {
                    version(path, from, to, bumps)?;
                }
                _ => return Err(Other),
            }
        }
    }
    Ok(())
}

/// Module, whether it is about its `go.mod` alone, and version, to the sum.
fn lines(text: &str) -> Result<BTreeMap<(String, bool, String), String>, Other> {
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [path, version, sum] = words.as_slice() else {
            return Err(Other);
        };
        let (version, manifest) = match version.strip_suffix("/go.mod") {
            Some(version) => (version, true),
            None => (*version, false),
        };
        let key = ((*path).to_owned(), manifest, version.to_owned());
        if !sum.starts_with("h1:") || found.insert(key, (*sum).to_owned()).is_some() {
            return Err(Other);
        }
    }
    Ok(found)
}
