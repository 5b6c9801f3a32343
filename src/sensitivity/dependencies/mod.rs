//! `match.dependencies`: which packages a change of a manifest or a lock file adds, takes out or moves to another version, read as its format has
//! them. What only development uses is no matter of speed, and a version that grew by a patch is the same package. What `only: [shipped]` leaves
//! of it is for [`settle`] to say, once all files are read.

mod cargo;
mod distance;
mod entry;
mod go;
mod npm;
mod python;
mod settle;

use std::collections::BTreeSet;

use super::bumps::grew_at_most;
use crate::change::{ChangeKind, FileChange, FileDiff, Mode, RepoPath, Side};
use crate::diagnostic::sanitize;
use crate::policy::{Counted, PackageRules};
use distance::Scheme;
use entry::{Entry, Role};
pub(super) use settle::Differing;
use settle::{Kind, Said, Whole};

type Reader = fn(&str) -> Option<Vec<Entry>>;

/// A package that a rule names and that the change touches.
pub(super) struct Touched {
    /// In words.
    pub(super) detail: String,
    /// A line that names it, on its side.
    pub(super) line: Option<(Side, u32)>,
}

/// What of a file a rule on packages is about.
#[derive(Default)]
pub(super) struct Found {
    /// What counts, whatever else the change does.
    pub(super) touched: Vec<Touched>,
    /// What counts if the rest of the change does not explain it.
    pub(super) differing: Vec<Differing>,
}

/// How files of a name are read.
#[derive(Clone, Copy)]
struct Format {
    read: Reader,
    scheme: Scheme,
    locks: bool,
}

/// Whether files of that name are read.
pub(super) fn is_read(path: &RepoPath) -> bool {
    format(path).is_some()
}

/// Of what differs in the files of a change, what counts, each with whatever it came with.
pub(super) fn settle<T>(all: Vec<(T, Differing)>, files: &[FileChange]) -> Vec<(T, Touched)> {
    match all.is_empty() {
        true => Vec::new(),
        false => settle::settle(all, &deleted(files)),
    }
}

/// The manifests that a change deletes, by the directories they are in.
fn deleted(files: &[FileChange]) -> BTreeSet<(Scheme, Vec<u8>)> {
    let deleted = files.iter().filter(|file| file.after().is_none());
    deleted
        .filter_map(|file| Some((format(&file.path).filter(|format| !format.locks)?, &file.path)))
        .map(|(format, path)| (format.scheme, directory(path)))
        .collect()
}

fn format(path: &RepoPath) -> Option<Format> {
    let name = path.file_name();
    let requirements = name.starts_with(b"requirements") && (name.ends_with(b".txt") || name.ends_with(b".in"));
    let aside = [&b"dev"[..], b"test", b"lint", b"doc"];
    let (read, scheme, locks): (Reader, Scheme, bool) = match name {
        b"Cargo.toml" => (cargo::manifest, Scheme::Cargo, false),
        b"Cargo.lock" => (cargo::lock, Scheme::Cargo, true),
        b"uv.lock" => (python::uv_lock, Scheme::Python, true),
        b"poetry.lock" => (python::poetry_lock, Scheme::Python, true),
        b"package.json" => (npm::manifest, Scheme::Npm, false),
        b"pnpm-workspace.yaml" => (npm::workspace, Scheme::Npm, false),
        b"package-lock.json" | b"npm-shrinkwrap.json" => (npm::lock, Scheme::Npm, true),
        b"go.mod" => (go::module, Scheme::Go, false),
        b"pyproject.toml" => (python::project, Scheme::Python, false),
        _ if requirements
            && !aside
                .iter()
                .any(|word| name.windows(word.len()).any(|part| part == *word)) =>
        {
            (python::requirements, Scheme::Python, false)
        }
        _ => return None,
    };
    Some(Format { read, scheme, locks })
}

fn directory(path: &RepoPath) -> Vec<u8> {
    let path = path.as_bytes();
    let end = path.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    path.get(..end).unwrap_or_default().to_vec()
}

/// What of a change rules on packages are about; an error where a side cannot be read as what it is.
pub(super) fn find(file: &FileChange, diff: &FileDiff, rules: &PackageRules) -> Result<Found, ()> {
    let Some(format) = format(&file.path) else {
        return Ok(Found::default());
    };
    let read = |text: &[u8]| match text.is_empty() {
        true => Some(Vec::new()),
        false => (format.read)(std::str::from_utf8(text).ok()?),
    };
    let (before, after) = match diff.sample {
        // An example is one line, which is there and was not.
        Some(_) => {
            let line = std::str::from_utf8(&diff.new).map_err(|_| ())?;
            (Vec::new(), (format.read)(&alone(&file.path, line)).unwrap_or_default())
        }
        None => (read(&diff.old).ok_or(())?, read(&diff.new).ok_or(())?),
    };
    let mut names: Vec<&str> = Vec::new();
    let mut known = BTreeSet::new();
    for entry in before.iter().chain(&after) {
        if known.insert(entry.name.as_str()) {
            names.push(&entry.name);
        }
    }
    names.sort_unstable();
    let mut found = Found::default();
    for name in names {
        let Some(counted) = rules.counted(name) else { continue };
        let sides = [&before, &after].map(|side| side.iter().filter(|entry| entry.name == name).collect::<Vec<_>>());
        let holds = |text: &[u8]| text.windows(name.len()).any(|part| part == name.as_bytes());
        let line = diff.lines.iter().rev().find(|line| holds(&line.text));
        let line = line.map(|line| (line.side, line.number));
        match counted.shipped {
            true => found
                .differing
                .extend(differing((file, diff), format, name, &sides, counted, line)),
            false => found.touched.extend(touched(name, &sides, counted, line)),
        }
    }
    Ok(found)
}

/// What counts of a package by itself: that it comes, goes, or is said to be another.
fn touched(
    name: &str,
    [before, after]: &[Vec<&Entry>; 2],
    counted: Counted,
    line: Option<(Side, u32)>,
) -> Option<Touched> {
    let says = |side: &[&Entry]| {
        let said: Vec<&str> = side
            .iter()
            .filter(|entry| entry.role != Role::Language && !(counted.direct && entry.role == Role::Reached))
            .map(|entry| entry.says.as_str())
            .collect();
        (!said.is_empty()).then(|| said.join(", "))
    };
    let small = |from: &str, to: &str| counted.below.is_some_and(|below| grew_at_most(from, to, below));
    let shown = sanitize(name);
    let detail = match (says(before), says(after)) {
        (Some(from), Some(to)) if from == to || small(&from, &to) => return None,
        (Some(from), Some(to)) => format!("`{shown}` {} -> {}", brief(&from), brief(&to)),
        (None, Some(to)) => format!("`{shown}` {} is new", brief(&to)),
        (Some(from), None) => format!("`{shown}` {} is gone", brief(&from)),
        (None, None) => return None,
    };
    Some(Touched { detail, line })
}

/// What differs of a package in what is shipped, and what the file declares of it for others.
fn differing(
    (file, diff): (&FileChange, &FileDiff),
    format: Format,
    name: &str,
    [before, after]: &[Vec<&Entry>; 2],
    counted: Counted,
    line: Option<(Side, u32)>,
) -> Vec<Differing> {
    let regular = |mode| matches!(mode, Mode::Regular | Mode::Executable);
    let whole = match &file.kind {
        _ if diff.sample.is_some() => Whole::Both,
        ChangeKind::Added(entry) if regular(entry.mode) => Whole::New,
        ChangeKind::Deleted(entry) if regular(entry.mode) => Whole::Gone,
        _ => Whole::Both,
    };
    let make = |kind: Kind, from: BTreeSet<Said>, to: BTreeSet<Said>| Differing {
        name: name.to_owned(),
        scheme: format.scheme,
        kind,
        directory: directory(&file.path),
        from,
        to,
        below: counted.below,
        line,
    };
    let said = |entry: &&Entry| Said {
        spec: entry.spec.clone(),
        catalog: entry.catalog.clone(),
    };
    let used = |side: &[&Entry], reached: bool| -> BTreeSet<Said> {
        let counts = |entry: &&&Entry| match entry.role {
            Role::Used | Role::Language => true,
            Role::Reached => reached,
            Role::Declared | Role::Apart | Role::Own => false,
        };
        side.iter().filter(counts).map(said).collect()
    };
    let (from, to) = (used(before, !counted.direct), used(after, !counted.direct));
    // What others still ask for is there as before.
    let stays = to.is_empty() && from == used(after, true);
    let mut found = Vec::new();
    if from != to && !stays {
        let kind = match format.locks {
            true => Kind::Lock(whole),
            false => Kind::Manifest(whole),
        };
        found.push(make(kind, from, to));
    }
    let catalogs: BTreeSet<&String> = [before, after]
        .into_iter()
        .flatten()
        .filter(|entry| entry.role == Role::Declared)
        .filter_map(|entry| entry.catalog.as_ref())
        .collect();
    for catalog in catalogs {
        let declared = |side: &[&Entry]| -> BTreeSet<Said> {
            let of = |entry: &&&Entry| entry.role == Role::Declared && entry.catalog.as_ref() == Some(catalog);
            side.iter().filter(of).map(said).collect()
        };
        let kind = Kind::Declared {
            catalog: catalog.clone(),
        };
        found.push(make(kind, declared(before), declared(after)));
    }
    found
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
        b"go.mod" if line.starts_with("go ") || line.starts_with("toolchain ") => line.to_owned(),
        b"go.mod" => format!("require {}\n", line.trim().trim_start_matches("require ")),
        b"pnpm-workspace.yaml" => format!("catalog:\n  {}\n", line.trim()),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
