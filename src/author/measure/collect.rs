//! What a run leaves: a time, or files of results that are found by a glob and kept.

use std::io;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use serde::Serialize;

use super::Host;

/// The files of criterion's directory of one benchmark.
const CRITERION: [&str; 4] = ["benchmark.json", "sample.json", "raw.csv", "estimates.json"];

/// How the result of a run is had.
#[derive(Clone, Debug)]
pub(crate) enum Results {
    /// By the clock.
    Timed,
    /// From what it writes to standard output.
    Output,
    /// From files, or directories of criterion, below the worktree.
    Files {
        /// Where to look.
        from: PathBuf,
        /// Which.
        glob: GlobMatcher,
    },
}

impl Results {
    /// From `--results`: nothing, `-`, or a glob relative to the worktree.
    pub(crate) fn of(option: Option<&str>) -> Result<Self, String> {
        let glob = match option {
            None => return Ok(Self::Timed),
            Some("-") => return Ok(Self::Output),
            Some(glob) => glob.trim_start_matches("./"),
        };
        let outside = Path::new(glob)
            .components()
            .any(|part| !matches!(part, std::path::Component::Normal(_)));
        if glob.is_empty() || outside {
            return Err("it must be relative to the root of the repository".to_owned());
        }
        let plain = |part: &&str| !part.contains(['*', '?', '[', '{', '\\']);
        let from = glob.split('/').take_while(plain).collect::<Vec<_>>();
        let from = match from.len() == glob.split('/').count() {
            // A plain path: from its folder.
            true => from
                .split_last()
                .map(|(_, folders)| folders.join("/"))
                .unwrap_or_default(),
            false => from.join("/"),
        };
        let matcher = GlobBuilder::new(glob).literal_separator(true).build();
        Ok(Self::Files {
            from: PathBuf::from(from),
            glob: matcher.map_err(|error| error.to_string())?.compile_matcher(),
        })
    }

    /// What matches in a worktree, in order. Links are not followed.
    pub(super) fn found(&self, worktree: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        if let Self::Files { from, glob } = self {
            walk(worktree, from, glob, &mut found)?;
            found.sort();
        }
        Ok(found)
    }
}

fn walk(root: &Path, at: &Path, glob: &GlobMatcher, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let entries = match std::fs::read_dir(root.join(at)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let path = at.join(entry.file_name());
        let kind = entry.file_type()?;
        let matches = glob.is_match(&path);
        if (kind.is_file() && matches) || (kind.is_dir() && matches && is_criterion(&root.join(&path))) {
            found.push(root.join(path));
        } else if kind.is_dir() && entry.file_name() != ".git" {
            walk(root, &path, glob, found)?;
        }
    }
    Ok(())
}

fn is_criterion(directory: &Path) -> bool {
    CRITERION.iter().any(|name| directory.join(name).is_file())
}

/// Takes away what an earlier run left, so that it is not read as the result of the next.
pub(super) fn clear(paths: &[PathBuf]) -> io::Result<()> {
    for path in paths {
        match path.is_dir() {
            true => std::fs::remove_dir_all(path)?,
            false => std::fs::remove_file(path)?,
        }
    }
    Ok(())
}

/// Keeps a file, or a directory of criterion, under another name.
pub(super) fn keep(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return std::fs::copy(from, to).map(drop);
    }
    std::fs::create_dir(to)?;
    for name in CRITERION.iter().filter(|name| from.join(name).is_file()) {
        std::fs::copy(from.join(name), to.join(name))?;
    }
    Ok(())
}

/// What is in a file of times beside hyperfine's own keys.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Circumstances<'a> {
    /// `certgate/measure/v1`.
    pub(super) schema: &'static str,
    /// `baseline` or `candidate`.
    pub(super) side: &'static str,
    /// The commit that was measured.
    pub(super) commit: String,
    /// The commit of the other side.
    pub(super) against: String,
    /// `interleaved`.
    pub(super) design: &'static str,
    /// How many blocks were planned before the first one counted.
    pub(super) planned: usize,
    /// Which block this is, from 1.
    pub(super) block: usize,
    /// Whether this side came first in the block.
    pub(super) first: bool,
    /// When the run began.
    pub(super) started: String,
    /// The load of the machine before the block.
    pub(super) load: Option<f64>,
    /// The time of an empty shell, in seconds, which was taken off.
    pub(super) shell: f64,
    /// The machine.
    #[serde(flatten)]
    pub(super) host: &'a Host,
}

#[derive(Serialize)]
struct Document<'a> {
    results: [Command<'a>; 1],
    certgate: &'a Circumstances<'a>,
}

#[derive(Serialize)]
struct Command<'a> {
    command: &'a str,
    mean: f64,
    stddev: Option<f64>,
    median: f64,
    min: f64,
    max: f64,
    times: [f64; 1],
    exit_codes: [i32; 1],
}

/// One time as hyperfine would export it.
pub(super) fn hyperfine(command: &str, time: f64, circumstances: &Circumstances<'_>) -> String {
    let document = Document {
        results: [Command {
            command,
            mean: time,
            stddev: None,
            median: time,
            min: time,
            max: time,
            times: [time],
            exit_codes: [0],
        }],
        certgate: circumstances,
    };
    // A document of strings and numbers is always written.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_looked_for_below_the_worktree() {
        let from = |glob: &str| match Results::of(Some(glob)) {
            Ok(Results::Files { from, .. }) => from.display().to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(from("out/*.json"), "out");
        assert_eq!(from("./target/criterion/*/new"), "target/criterion");
        assert_eq!(from("bench.json"), "");
        assert_eq!(from("a/b/bench.json"), "a/b");
        for refused in ["/etc/*", "../x", "", "a/../../b", "a[", "./"] {
            assert!(Results::of(Some(refused)).is_err(), "{refused}");
        }
        assert!(matches!(Results::of(None), Ok(Results::Timed)));
        assert!(matches!(Results::of(Some("-")), Ok(Results::Output)));
    }

    #[test]
    fn links_and_git_are_passed_by() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        for path in [
            "out/b.json",
            "out/a.json",
            "out/a.txt",
            "out/.git/c.json",
            "t/x/new/sample.json",
        ] {
            write(path);
        }
        std::os::unix::fs::symlink("a.json", root.path().join("out/l.json")).unwrap();
        let found = |glob: &str| -> Vec<String> {
            let results = Results::of(Some(glob)).unwrap();
            let found = results.found(root.path()).unwrap();
            found
                .iter()
                .map(|path| path.strip_prefix(root.path()).unwrap().display().to_string())
                .collect()
        };
        assert_eq!(found("out/*.json"), ["out/a.json", "out/b.json"]);
        assert_eq!(found("t/*/new"), ["t/x/new"]);
        assert_eq!(found("none/*.json"), [""; 0]);
        let kept = root.path().join("kept");
        keep(&root.path().join("t/x/new"), &kept).unwrap();
        assert!(kept.join("sample.json").is_file());
    }
}
