//! `requirements.txt` (pip.pypa.io, "Requirements File Format") and `pyproject.toml` (packaging.python.org), whose requirements are those of PEP 508.

use super::tree::{self, Kind};
use super::{Bumps, Other, same};

/// A requirement by PEP 508: name, extras, versions; what follows `;` says where it holds.
pub(super) fn requirement(before: &str, after: &str, bumps: &mut Bumps) -> Result<(), Other> {
    let ((name, old, where_), (other, new, elsewhere)) = (parts(before)?, parts(after)?);
    same(name, other)?;
    same(&where_, &elsewhere)?;
    bumps.requirement(name, old.trim(), new.trim())
}

/// Name with extras, versions, and what follows a semicolon.
fn parts(text: &str) -> Result<(&str, &str, Option<&str>), Other> {
    let (whole, marker) = match text.split_once(';') {
        Some((whole, marker)) => (whole, Some(marker.trim())),
        None => (text, None),
    };
    let whole = whole.trim();
    let of_name = |c: char| c.is_ascii_alphanumeric() || "-_.[],".contains(c);
    let end = whole.find(|c| !of_name(c)).ok_or(Other)?;
    let (name, versions) = whole.split_at_checked(end).ok_or(Other)?;
    match name.is_empty() {
        true => Err(Other),
        false => Ok((name, versions, marker)),
    }
}

fn of_project(path: &[&str]) -> Option<Kind> {
    match path {
        ["project", "dependencies", "[]"]
        | ["project", "optional-dependencies", _, "[]"]
        | ["dependency-groups", _, "[]"] => Some(Kind::Named),
        ["tool", "poetry", rest @ ..] => {
            let rest = match rest {
                [rest @ .., "version"] if rest.len() > 1 => rest,
                whole => whole,
            };
            match rest {
                ["dependencies" | "dev-dependencies", name] | ["group", _, "dependencies", name]
                    if *name != "python" =>
                {
                    Some(Kind::Requirement)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

pub(super) fn project(before: &str, after: &str, bumps: &mut Bumps) -> Result<(), Other> {
    let (before, after) = (tree::toml(before)?, tree::toml(after)?);
    tree::compare(&before, &after, &mut Vec::new(), of_project, bumps)
}

pub(super) fn requirements(before: &str, after: &str, bumps: &mut Bumps) -> Result<(), Other> {
    let (old, new) = (logical(before), logical(after));
    same(&old.len(), &new.len())?;
    for (old, new) in old.iter().zip(&new) {
        if old == new {
            continue;
        }
        // Options, such as another index, and addresses are what they were.
        if [old, new]
            .iter()
            .any(|line| line.trim_start().starts_with(['-', '#', '.', '/']) || line.contains("://"))
        {
            return Err(Other);
        }
        let ((old, sums), (new, others)) = (split(old), split(new));
        match old == new {
            // The check sums of a version that stays are what they were.
            true => return Err(Other),
            false => requirement(old, new, bumps)?,
        }
        let sound = |sums: &[&str]| sums.iter().all(|word| word.starts_with("--hash=sha256:"));
        let fresh = others.iter().all(|sum| !sums.contains(sum));
        if sums.is_empty() != others.is_empty() || !sound(&sums) || !sound(&others) || !fresh {
            return Err(Other);
        }
    }
    Ok(())
}

/// Lines, with those that a backslash joins as one.
fn logical(text: &str) -> Vec<String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    joined.lines().map(str::to_owned).collect()
}

/// A requirement and the options behind it.
fn split(line: &str) -> (&str, Vec<&str>) {
    match line.find(" --") {
        Some(at) => {
            let (requirement, options) = line.split_at(at);
            (requirement.trim(), options.split_whitespace().collect())
        }
        None => (line.trim(), Vec::new()),
    }
}
