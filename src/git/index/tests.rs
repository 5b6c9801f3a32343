//! Held against git: random states of an index, in every version and both hashes.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use git2::Oid;

use super::entries::Blocks;
use super::*;
use crate::git::Repository;
use crate::git::raw::parse;

/// How many random states are tried where `CERTGATE_INDEX_STATES` does not say it.
const STATES: usize = 600;

struct Scratch {
    directory: tempfile::TempDir,
    width: usize,
}

impl Scratch {
    fn new(format: &str) -> Self {
        let scratch = Self {
            directory: tempfile::tempdir().unwrap(),
            width: if format == "sha256" { 32 } else { 20 },
        };
        scratch.git(&["init", "--quiet", "--object-format", format], b"");
        scratch
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn index(&self) -> std::path::PathBuf {
        self.path().join(".git/index")
    }

    fn git(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(arguments)
            .current_dir(self.path())
            .env("HOME", self.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {complaint}");
        output.stdout
    }

    fn ask(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.git(arguments, b"")).unwrap().trim().to_owned()
    }

    /// What git says that differs.
    fn by_git(&self, tree: &str) -> Vec<String> {
        let question = [
            "diff-index",
            "--cached",
            "--raw",
            "-z",
            "--no-renames",
            "--no-abbrev",
            "--ita-invisible-in-index",
            tree,
        ];
        shown(parse(&mut self.git(&question, b"").as_slice()).unwrap())
    }

    fn by_us(&self, tree: &str) -> Option<Vec<String>> {
        let repository = Repository::open_at(self.path()).unwrap();
        compare(
            &repository.store,
            &self.index(),
            Oid::from_str_ext(tree, format(self.width)).unwrap(),
        )
        .map(shown)
    }
}

fn format(width: usize) -> git2::ObjectFormat {
    match width {
        32 => git2::ObjectFormat::Sha256,
        _ => git2::ObjectFormat::Sha1,
    }
}

fn shown(mut raw: Vec<Raw>) -> Vec<String> {
    raw.sort_by(|a, b| a.path.cmp(&b.path));
    raw.iter().map(|raw| format!("{raw:?}")).collect()
}

/// A small generator: the states are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    fn path(&mut self) -> String {
        const NAMES: [&str; 9] = ["a", "a.b", "a-b", "a0", "b", "B", "deep", "\u{e9}", "z z"];
        let mut names: Vec<String> = (0..=self.roll(4)).map(|_| NAMES[self.roll(9)].to_owned()).collect();
        if self.roll(40) == 0 {
            names.push("long".repeat(60 * (1 + self.roll(20))));
        }
        names.join("/")
    }
}

/// Adds, changes and removes entries, as `git update-index --index-info` takes them.
fn random_edits(dice: &mut Dice, blobs: &[String], kept: &mut Vec<String>) -> Vec<u8> {
    let mut lines = Vec::new();
    for _ in 0..dice.roll(6) {
        let path = match dice.roll(2) {
            0 if !kept.is_empty() => kept[dice.roll(kept.len())].clone(),
            _ => dice.path(),
        };
        let mode = ["100644", "100755", "120000", "160000", "0"][dice.roll(5)];
        let id = &blobs[dice.roll(blobs.len())];
        lines.extend_from_slice(format!("{mode} {id}\t{path}\0").as_bytes());
        kept.push(path);
    }
    lines
}

fn random_states(hash: &str, states: usize, seed: u64) {
    let scratch = Scratch::new(hash);
    let mut dice = Dice(seed);
    let blobs: Vec<String> = (0..4)
        .map(|number| {
            let text = format!("{number}\n");
            let id = scratch.git(&["hash-object", "-w", "--stdin"], text.as_bytes());
            String::from_utf8(id).unwrap().trim().to_owned()
        })
        .collect();
    let mut kept = Vec::new();
    let mut tree = scratch.ask(&["write-tree"]);
    for state in 0..states {
        if dice.roll(8) == 0 {
            tree = scratch.ask(&["write-tree"]);
        }
        if dice.roll(20) == 0 {
            scratch.git(&["read-tree", &tree], b"");
        }
        let version = ["2", "3", "4"][dice.roll(3)];
        let edits = random_edits(&mut dice, &blobs, &mut kept);
        let question = [
            "update-index",
            "--index-version",
            version,
            "-z",
            "--replace",
            "--index-info",
        ];
        scratch.git(&question, &edits);
        if dice.roll(6) == 0 && !scratch.ask(&["ls-files"]).is_empty() {
            // Flags in a second word, which only version 3 and later have.
            let listed = scratch.git(&["ls-files", "-z"], b"");
            let first = listed.split(|&byte| byte == 0).next().unwrap();
            let flag = ["--skip-worktree", "--no-skip-worktree", "--assume-unchanged"][dice.roll(3)];
            scratch.git(&["update-index", flag, "-z", "--stdin"], &[first, b"\0"].concat());
        }
        let ours = scratch
            .by_us(&tree)
            .unwrap_or_else(|| panic!("state {state} of {seed} is not read"));
        assert_eq!(ours, scratch.by_git(&tree), "state {state} of {seed}");
    }
}

fn states() -> usize {
    let given = std::env::var("CERTGATE_INDEX_STATES").ok();
    given.and_then(|given| given.parse().ok()).unwrap_or(STATES)
}

#[test]
fn random_states_are_read_as_git_reads_them() {
    random_states("sha1", states() / 2, 1);
}

#[test]
fn random_states_with_long_ids_are_read_as_git_reads_them() {
    random_states("sha256", states() / 2, 2);
}

#[test]
fn what_only_git_knows_is_left_to_it() {
    let scratch = Scratch::new("sha1");
    std::fs::write(scratch.path().join("a"), "a\n").unwrap();
    std::fs::write(scratch.path().join("b"), "b\n").unwrap();
    scratch.git(&["add", "a"], b"");
    let tree = scratch.ask(&["write-tree"]);
    assert!(scratch.by_us(&tree).is_some());
    // Meant to be added.
    scratch.git(&["add", "--intent-to-add", "b"], b"");
    assert!(scratch.by_us(&tree).is_none());
    scratch.git(&["read-tree", &tree], b"");
    // Of several stages.
    let id = scratch.ask(&["rev-parse", ":a"]);
    scratch.git(
        &["update-index", "--index-info"],
        format!("100644 {id} 2\tc\n").as_bytes(),
    );
    assert!(scratch.by_us(&tree).is_none());
    scratch.git(&["read-tree", &tree], b"");
    // Split.
    scratch.git(&["update-index", "--split-index"], b"");
    assert!(scratch.by_us(&tree).is_none());
    scratch.git(&["update-index", "--no-split-index"], b"");
    assert!(scratch.by_us(&tree).is_some());
    // Cut off, anywhere; or longer than it says.
    let whole = std::fs::read(scratch.index()).unwrap();
    for size in 0..whole.len() {
        std::fs::write(scratch.index(), &whole[..size]).unwrap();
        // Without its extensions, and with another checksum, it is one that git takes as well.
        if let Some(ours) = scratch.by_us(&tree) {
            assert_eq!(ours, scratch.by_git(&tree), "{size}");
        }
    }
    std::fs::write(scratch.index(), [&whole[..], b"x"].concat()).unwrap();
    assert!(scratch.by_us(&tree).is_none());
}

#[test]
fn a_cache_tree_that_does_not_fit_the_entries_is_not_believed() {
    let scratch = Scratch::new("sha1");
    for name in ["a/1", "a/2", "b/1"] {
        let path = scratch.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, name).unwrap();
    }
    scratch.git(&["add", "."], b"");
    let tree = scratch.ask(&["write-tree"]);
    assert_eq!(scratch.by_us(&tree).unwrap(), Vec::<String>::new());
    let changed = |from: &[u8], to: &[u8]| {
        let before = std::fs::read(scratch.index()).unwrap();
        let mut index = before.clone();
        let at = index.windows(from.len()).position(|window| window == from).unwrap();
        index[at..at + to.len()].copy_from_slice(to);
        std::fs::write(scratch.index(), index).unwrap();
        let read = scratch.by_us(&tree);
        std::fs::write(scratch.index(), before).unwrap();
        assert!(read.is_none(), "{to:?}");
    };
    changed(b"\x003 2\n", b"\x002 2\n");
    // With the root as it is, nobody looks further.
    std::fs::write(scratch.path().join("c"), "c").unwrap();
    scratch.git(&["add", "c"], b"");
    assert_eq!(scratch.by_us(&tree).unwrap().len(), 1);
    changed(b"a\x002 0\n", b"a\x003 0\n");
    changed(b"a\x002 0\n", b"a\x001 0\n");
    changed(b"a\x002 0\n", b"a\x009 0\n");
}

/// Adds a table of blocks, as git writes one where it uses threads.
fn with_table(index: &[u8], width: usize, offsets: &[(u32, u32)], end: u32) -> Vec<u8> {
    let mut table = 1_u32.to_be_bytes().to_vec();
    for (offset, count) in offsets {
        table.extend_from_slice(&offset.to_be_bytes());
        table.extend_from_slice(&count.to_be_bytes());
    }
    let (before, after) = index.split_at(end as usize);
    let (extensions, checksum) = after.split_at(after.len() - width);
    let mut whole = before.to_vec();
    whole.extend_from_slice(b"IEOT");
    whole.extend_from_slice(&(table.len() as u32).to_be_bytes());
    whole.extend_from_slice(&table);
    whole.extend_from_slice(extensions);
    whole.extend_from_slice(b"EOIE");
    whole.extend_from_slice(&(4 + width as u32).to_be_bytes());
    whole.extend_from_slice(&end.to_be_bytes());
    whole.extend_from_slice(&vec![0; width]);
    whole.extend_from_slice(checksum);
    whole
}

#[test]
fn a_table_of_blocks_is_used_and_means_the_same() {
    let scratch = Scratch::new("sha1");
    let id = String::from_utf8(scratch.git(&["hash-object", "-w", "--stdin"], b"x")).unwrap();
    let lines = |from: usize| -> String {
        (from..from + 3000)
            .map(|number| format!("100644 {}\td{}/f{number}\n", id.trim(), number % 50))
            .collect()
    };
    scratch.git(
        &["update-index", "--index-version", "2", "--index-info"],
        lines(0).as_bytes(),
    );
    let tree = scratch.ask(&["write-tree"]);
    scratch.git(&["update-index", "--index-info"], lines(2990).as_bytes());
    let by_git = scratch.by_git(&tree);
    assert_eq!(by_git.len(), 2990);
    assert_eq!(scratch.by_us(&tree).unwrap(), by_git);
    let index = std::fs::read(scratch.index()).unwrap();
    let read = Index::read(&scratch.index(), 20).unwrap();
    let offsets = read.blocks.rows();
    let table = with_table(&index, 20, &offsets, read.blocks.end as u32);
    std::fs::write(scratch.index(), &table).unwrap();
    assert_eq!(scratch.by_git(&tree), by_git, "git takes it");
    assert_eq!(scratch.by_us(&tree).unwrap(), by_git);
    // One that counts more than there is says nothing.
    let mut wrong = offsets.clone();
    wrong[0].1 += 1;
    assert!(Blocks::of_table(&[], 1000, 0).is_none());
    std::fs::write(scratch.index(), with_table(&index, 20, &wrong, read.blocks.end as u32)).unwrap();
    assert_eq!(scratch.by_us(&tree).unwrap(), by_git);
}
