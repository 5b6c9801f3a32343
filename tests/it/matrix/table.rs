//! The table in `docs/git-support.md`, made of the cells and of what was seen when they ran.
//!
//! Each cell leaves its result in a file below `target/`. A result that is older than the programs, or of another git, does not count.
//!
//! - Without more, a test compares the document's rows with the cells.
//! - `CERTGATE_MATRIX=compare` compares the results, too; cells that have none are run first.
//! - `CERTGATE_MATRIX=write` writes the document.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use super::world::{Seen, git_version};
use super::{Cell, commits, content, hooks, layouts, merges, pushes, rewriting, strangers};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/git-support.md");
const REGENERATE: &str = "CERTGATE_MATRIX=write cargo test --locked --test it matrix::table";
const BEGIN: &str = "<!-- begin: generated, see above -->\n";
const END: &str = "<!-- end: generated -->\n";

/// What has to have a cell, by group: the workflows, layouts and oddities of git that certgate promises to stand up to.
const ITEMS: &[Group] = &[
    Group {
        title: "Commits",
        cells: commits::CELLS,
        items: &[
            "commit",
            "commit -a",
            "commit <path>",
            "commit -p",
            "commit --amend",
            "first commit",
            "GIT_INDEX_FILE",
            "relative GIT_DIR",
            "commit --allow-empty",
            "commit --fixup, --squash",
            "commit in a linked worktree",
            "commit message: template, cleanup",
        ],
    },
    Group {
        title: "Merges",
        cells: merges::CELLS,
        items: &[
            "merge commit",
            "fast-forward",
            "octopus",
            "criss-cross",
            "conflicts resolved by hand",
            "merge --squash",
            "merge --no-commit",
            "merging the protected branch back",
            "merge -s ours",
            "merge with subtree",
            "pull",
            "pull --rebase",
        ],
    },
    Group {
        title: "History rewritten, refs moved",
        cells: rewriting::CELLS,
        items: &[
            "rebase",
            "rebase -i",
            "rebase onto a protected branch",
            "cherry-pick",
            "revert",
            "am",
            "commit-tree, update-ref",
            "reset",
            "branch -f",
            "stash",
        ],
    },
    Group {
        title: "Pushes",
        cells: pushes::CELLS,
        items: &[
            "push",
            "push --no-verify",
            "push to an empty remote",
            "new branch",
            "deleted branch",
            "delete-only push",
            "forced push",
            "several refs at once",
            "push --atomic",
            "push --mirror",
            "tags",
            "the remote's old id is not here",
        ],
    },
    Group {
        title: "Forks, addresses and judges",
        cells: strangers::CELLS,
        items: &[
            "a fork beside the repository",
            "push by address",
            "pull over a change of policy",
            "a branch from before the rule",
            "a target that has moved on",
        ],
    },
    Group {
        title: "Repositories",
        cells: layouts::CELLS,
        items: &[
            "usual",
            "bare",
            "linked worktree",
            "submodule",
            "detached HEAD",
            "shallow clone",
            "partial clone",
            "sparse checkout",
            "sparse index",
            "split index",
            "index version 4",
            "fsmonitor",
            "safe.directory",
            "SHA-256",
            "reftable",
            "alternates",
            "packed refs and objects",
            "odd places",
        ],
    },
    Group {
        title: "Hooks",
        cells: hooks::CELLS,
        items: &["core.hooksPath", "other hooks already installed"],
    },
    Group {
        title: "Paths and contents",
        cells: content::CELLS,
        items: &[
            "renames",
            "mode change",
            "symlink",
            "LFS pointer",
            "binary",
            "huge",
            "empty file",
            "blanks, quotes and newlines in paths",
            "non-UTF-8 bytes in paths",
            "CRLF, autocrlf",
            "case-folding clash",
            "file replaced by directory",
            "intent-to-add",
            "assume-unchanged, skip-worktree",
            ".gitattributes",
        ],
    },
];

struct Group {
    title: &'static str,
    cells: &'static [Cell],
    items: &'static [&'static str],
}

impl Cell {
    /// The test's full name, as `cargo test` takes it.
    fn test(&self) -> String {
        let module = self.module.strip_prefix("it::").unwrap_or(self.module);
        format!("{module}::gated::{}", self.name)
    }

    fn result_file(&self) -> PathBuf {
        Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("matrix")
            .join(self.test().replace("::", "."))
    }

    /// The result that the cell left, if it still counts.
    fn result(&self) -> Option<Found> {
        let file = self.result_file();
        let age = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
        let programs = [
            std::env::current_exe().unwrap(),
            PathBuf::from(env!("CARGO_BIN_EXE_certgate")),
        ];
        let built: Option<SystemTime> = programs.iter().filter_map(|program| age(program)).max();
        if age(&file)? < built? {
            return None;
        }
        let text = fs::read_to_string(file).ok()?;
        let [version, result, refused_by] = text.lines().collect::<Vec<_>>().try_into().ok()?;
        (version == git_version()).then(|| Found {
            result: result.to_owned(),
            refused_by: refused_by.to_owned(),
        })
    }

    /// Runs the cell and keeps its result.
    fn try_out(&self) {
        let file = self.result_file();
        let _ = fs::remove_file(&file);
        let seen = Seen::default();
        (self.run)(&seen);
        let (result, refused_by) = match seen.skipped() {
            Some(reason) => (format!("skipped: {reason}"), String::new()),
            None => ("passed".to_owned(), seen.refused_by().join(", ")),
        };
        if seen.skipped().is_none() {
            assert!(!refused_by.is_empty(), "a cell must show that something is refused");
            assert!(seen.passed() > 0, "a cell must show that something goes through");
        }
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        // Complete under its name, or not there.
        let mut making = file.clone().into_os_string();
        making.push(".new");
        fs::write(&making, format!("{}\n{result}\n{refused_by}\n", git_version())).unwrap();
        fs::rename(making, file).unwrap();
    }
}

struct Found {
    result: String,
    refused_by: String,
}

/// Runs one of the cells, as its test.
pub(crate) fn run(cells: &[Cell], name: &str) {
    let cell = cells.iter().find(|cell| cell.name == name).unwrap();
    cell.try_out();
}

fn all() -> impl Iterator<Item = &'static Cell> {
    ITEMS.iter().flat_map(|group| group.cells)
}

/// Runs the cells that have no result, on all processors.
fn complete() {
    let missing: Vec<&Cell> = all().filter(|cell| cell.result().is_none()).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some(cell) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // A failure has been printed, and leaves no result.
                    let _ = catch_unwind(AssertUnwindSafe(|| cell.try_out()));
                }
            });
        }
    });
    let failed: Vec<String> = all().filter(|cell| cell.result().is_none()).map(Cell::test).collect();
    assert!(failed.is_empty(), "these cells failed: {failed:#?}");
}

/// The generated part of the document; with results where there are any to tell.
fn render(result: impl Fn(&Cell) -> Option<Found>) -> String {
    let mut text = String::new();
    for group in ITEMS {
        text += &format!(
            "\n### {}\n\n| workflow | seen | refused by | result | test |\n|---|---|---|---|---|\n",
            group.title
        );
        for item in group.items {
            for cell in group.cells.iter().filter(|cell| cell.item == *item) {
                let (refused_by, result) = match result(cell) {
                    Some(found) => (found.refused_by, found.result),
                    None => ("?".to_owned(), "?".to_owned()),
                };
                let (item, shows) = (item.replace('<', "&lt;"), cell.shows);
                text += &format!("| {item} | {shows} | {refused_by} | {result} | `{}` |\n", cell.test());
            }
        }
    }
    text
}

/// The document before, in and after its generated part.
fn document() -> (String, String, String) {
    let text = fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (generated, after) = rest.split_once(END).unwrap();
    (before.to_owned(), generated.to_owned(), after.to_owned())
}

/// The columns of a row that no run can change: all but `refused by` and `result`.
fn fixed(text: &str) -> Vec<String> {
    let row = |line: &str| {
        let columns: Vec<&str> = line.split(" | ").collect();
        match columns.as_slice() {
            [item, shows, _, _, test] => format!("{item} | {shows} | {test}"),
            _ => line.to_owned(),
        }
    };
    text.lines()
        .filter(|line| line.starts_with(['|', '#']))
        .map(row)
        .collect()
}

fn version_line() -> String {
    format!("\nAs run with git {}.\n", git_version())
}

/// Says which lines differ.
fn differ(found: &[String], wanted: &[String]) -> String {
    let lost = found
        .iter()
        .filter(|line| !wanted.contains(line))
        .map(|line| format!("- {line}\n"));
    let new = wanted
        .iter()
        .filter(|line| !found.contains(line))
        .map(|line| format!("+ {line}\n"));
    lost.chain(new).collect()
}

#[test]
fn no_cell_is_missing() {
    let mut names = BTreeMap::new();
    for group in ITEMS {
        for cell in group.cells {
            assert!(
                group.items.contains(&cell.item),
                "{} is of no item of {}",
                cell.test(),
                group.title
            );
            assert!(!cell.shows.contains('|') && !cell.item.contains('|'), "{}", cell.test());
            assert!(names.insert(cell.test(), ()).is_none(), "{} is twice", cell.test());
        }
        for item in group.items {
            assert!(
                group.cells.iter().any(|cell| cell.item == *item),
                "no cell shows: {item}"
            );
        }
    }
}

#[test]
fn the_document_says_what_is_tested_and_what_was_seen() {
    let (before, found, after) = document();
    let mode = std::env::var("CERTGATE_MATRIX").unwrap_or_default();
    if mode.is_empty() {
        let (found, wanted) = (fixed(&found), fixed(&render(|_| None)));
        assert!(
            found == wanted,
            "docs/git-support.md differs from the cells; {REGENERATE}\n{}",
            differ(&found, &wanted)
        );
        return;
    }
    complete();
    let wanted = version_line() + &render(Cell::result);
    match mode.as_str() {
        "write" => fs::write(DOCUMENT, format!("{before}{BEGIN}{wanted}\n{END}{after}")).unwrap(),
        "compare" if !found.starts_with(&version_line()) => {
            // Another git may know more or less; what it skips, it has shown that it cannot do. The rows are the same.
            assert!(
                fixed(&found) == fixed(&wanted),
                "docs/git-support.md differs from the cells; {REGENERATE}"
            );
            println!(
                "docs/git-support.md reports another git; with git {}:\n{wanted}",
                git_version()
            );
        }
        "compare" => {
            let lines = |text: &str| text.trim().lines().map(str::to_owned).collect::<Vec<_>>();
            let (found, wanted) = (lines(&found), lines(&wanted));
            assert!(
                found == wanted,
                "docs/git-support.md is not what this run gave; {REGENERATE}\n{}",
                differ(&found, &wanted)
            );
        }
        other => panic!("CERTGATE_MATRIX is compare or write, not {other:?}"),
    }
}
