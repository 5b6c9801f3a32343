//! Which file of a tree a reference means, and whether it holds there.

use super::lines::Lines;
use super::reference::{Form, Reference};
use super::tree::Tree;

/// What a path means in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Located {
    File(String),
    Directory,
    /// More than one file, or one under another root.
    Ambiguous(String),
    /// Not of any repository: `/tmp`, a virtual environment.
    Foreign,
    Absent,
}

/// Whether a reference holds in one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// It does. `past` is true where an end is one past the last line.
    Holds { past: bool },
    /// It does not, and why.
    Fails(String),
    /// It cannot be said, and why.
    Unknown(String),
}

/// Directories of the system, and those that are made and not committed.
fn is_foreign(segments: &[&str], absolute: bool) -> bool {
    let system = absolute
        && segments.first().is_some_and(|first| {
            matches!(
                *first,
                "tmp"
                    | "etc"
                    | "usr"
                    | "var"
                    | "dev"
                    | "proc"
                    | "sys"
                    | "opt"
                    | "mnt"
                    | "bin"
                    | "lib"
                    | "lib64"
                    | "sbin"
                    | "run"
                    | "nix"
                    | "boot"
                    | "data"
                    | "media"
                    | "private"
            )
        });
    let directories = segments
        .split_last()
        .map(|(_, directories)| directories)
        .unwrap_or_default();
    system
        || directories.iter().any(|segment| {
            matches!(
                *segment,
                "env"
                    | "venv"
                    | ".venv"
                    | "node_modules"
                    | "build"
                    | "target"
                    | "dist"
                    | "site-packages"
                    | "__pycache__"
                    | ".cache"
                    | "logs"
                    | "log"
                    | "output"
                    | "outputs"
                    | "tmp"
                    | "temp"
                    | "checkpoints"
                    | "wandb"
                    | "out"
                    | "vendor"
                    | ".pytest_cache"
                    | ".git"
                    | ".tox"
                    | "artifacts"
                    | "results"
                    | "htmlcov"
                    | "coverage"
                    | "runs"
            )
        })
}

/// Finds what a path means.
pub(super) fn locate(tree: &dyn Tree, written: &str) -> Located {
    let path = written.replace('\\', "/");
    let absolute = path.starts_with(['/', '~']);
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !matches!(*segment, "" | "." | ".." | "~"))
        .collect();
    let relative = path.starts_with("../");
    let tails = || (0..segments.len()).map(|from| segments.get(from..).unwrap_or_default().join("/"));
    if absolute || relative {
        // By the longest tail that the tree has.
        for tail in tails() {
            if tree.holds(&tail) {
                return Located::File(tail);
            }
            if tree.is_directory(&tail) {
                return Located::Directory;
            }
        }
    } else {
        let whole = segments.join("/");
        let ending = tree.ending_in(&whole);
        let exact = tree.holds(&whole);
        match ending.as_slice() {
            _ if exact && segments.len() > 1 => return Located::File(whole),
            [one] => return Located::File(one.clone()),
            [first, second, ..] => return Located::Ambiguous(format!("it may be `{first}` or `{second}`")),
            [] => {}
        }
        if tree.is_directory(&whole) {
            return Located::Directory;
        }
        if let Some(tail) = tails().skip(1).find(|tail| tree.holds(tail)) {
            return Located::Ambiguous(format!("there is `{tail}`, but nothing at the path as written"));
        }
    }
    match is_foreign(&segments, absolute) {
        true => Located::Foreign,
        false => Located::Absent,
    }
}

/// Holds a reference and the symbols beside it against a tree.
pub(super) fn check(tree: &dyn Tree, reference: &Reference, symbols: &[Symbol]) -> Check {
    let path = match locate(tree, &reference.path) {
        Located::File(path) => path,
        Located::Directory if reference.lines.is_empty() => return Check::Holds { past: false },
        Located::Directory => return Check::Unknown("it is a directory".to_owned()),
        Located::Ambiguous(why) => return Check::Unknown(why),
        Located::Foreign => return Check::Unknown("it lies outside of what is committed".to_owned()),
        Located::Absent if reference.form == Form::File => return Check::Fails("there is no such file".to_owned()),
        Located::Absent => return Check::Unknown("no file is named".to_owned()),
    };
    if reference.lines.is_empty() {
        return Check::Holds { past: false };
    }
    let Some(count) = tree.lines(&path) else {
        return Check::Unknown("its lines cannot be read".to_owned());
    };
    let mut past = false;
    for (from, to) in &reference.lines {
        if *from == 0 || from > to {
            return Check::Unknown("the lines are out of order".to_owned());
        }
        if *to > count.saturating_add(1) {
            return Check::Fails(format!("`{path}` has {count} lines"));
        }
        past |= *to > count;
    }
    match symbols_hold(tree, &path, &reference.lines, symbols) {
        Some(check) => check,
        None => Check::Holds { past },
    }
}

/// A symbol that is beside lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Symbol {
    pub(super) name: String,
    /// False for a plain word, which may be meant otherwise.
    pub(super) certain: bool,
    /// In the words that describe what is there: a line or two off is how people point at a statement.
    pub(super) described: bool,
}

/// Whether a symbol is on all of the lines (`Some(true)`), on none (`Some(false)`) or on some.
fn on_lines(tree: &dyn Tree, path: &str, lines: &[Lines], symbol: &str) -> (Option<bool>, Vec<u32>) {
    let stands = tree.symbol(path, symbol);
    let last = symbol.rsplit(['.', ':']).next().unwrap_or(symbol);
    let method = symbol.starts_with(|c: char| c.is_uppercase()) || symbol.starts_with("self.");
    let mut inside = tree.definitions(path, symbol);
    let mut others = Vec::new();
    if last != symbol {
        inside.extend(tree.definitions(path, last));
        if method {
            // `Manager.run` matches where `.run` is called or `run` is defined.
            others = tree.symbol(path, last);
        }
    }
    let holds = |(from, to): &Lines| {
        let within = |line: &u32| from <= line && line <= to;
        stands.iter().any(within)
            || others.iter().any(within)
            || inside.iter().any(|(first, last)| first <= from && to <= last)
    };
    let count = lines.iter().filter(|lines| holds(lines)).count();
    let all = match count {
        0 => Some(false),
        count if count == lines.len() => Some(true),
        _ => None,
    };
    (all, stands)
}

/// `None` where all is well.
fn symbols_hold(tree: &dyn Tree, path: &str, lines: &[Lines], symbols: &[Symbol]) -> Option<Check> {
    let mut failed = None;
    for symbol in symbols {
        match on_lines(tree, path, lines, &symbol.name) {
            (Some(true), _) => return None,
            (None, _) => failed = Some(Check::Unknown(format!("`{}` is on some of the lines", symbol.name))),
            (Some(false), _) if symbols.len() > 1 || !symbol.certain => {
                failed = Some(Check::Unknown(format!(
                    "whether `{}` must be there is not said",
                    symbol.name
                )));
            }
            (Some(false), stands) if symbol.described && is_near(&stands, lines) => {
                failed = Some(Check::Unknown(format!("`{}` is a line or two away", symbol.name)));
            }
            // `from shogi import VecEnv` is how `shogi.VecEnv` may be written.
            (Some(false), stands) if stands.is_empty() && is_otherwise(tree, path, &symbol.name) => {
                failed = Some(Check::Unknown(format!(
                    "`{}` may be written otherwise there",
                    symbol.name
                )));
            }
            (Some(false), stands) => {
                let shown: Vec<String> = stands.iter().take(8).map(u32::to_string).collect();
                let more = if stands.len() > 8 { ", …" } else { "" };
                let place = match stands.as_slice() {
                    [] => "it is not in the file".to_owned(),
                    [_] => format!("it is on line {}", shown.join("")),
                    _ => format!("it is on lines {}{more}", shown.join(", ")),
                };
                failed = Some(Check::Fails(format!("`{}` is not there: {place}", symbol.name)));
            }
        }
    }
    failed
}

/// Whether a symbol is within two lines of a place.
fn is_near(stands: &[u32], lines: &[Lines]) -> bool {
    lines.iter().any(|(from, to)| {
        stands
            .iter()
            .any(|line| line + 2 >= *from && *line <= to.saturating_add(2))
    })
}

/// Whether the last part of a dotted symbol is in the file where the whole is not.
fn is_otherwise(tree: &dyn Tree, path: &str, symbol: &str) -> bool {
    let last = symbol.rsplit(['.', ':']).next().unwrap_or(symbol);
    last != symbol && !tree.symbol(path, last).is_empty()
}
