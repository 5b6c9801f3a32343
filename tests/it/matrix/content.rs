//! Paths and contents of every kind. What counts is what git stores, byte for byte, whatever the work tree or a diff would show.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::world::{HOT, Seen, World};

super::cells! {
    rename: "renames", "within, out of and into what is gated: a deletion and an addition, each certified";
    rename_case: "renames", "only the case of a letter";
    copy: "renames", "a copy of certified content under another name";
    delete: "renames", "a deleted file";
    mode: "mode change", "the executable bit";
    symlink_made: "symlink", "a file becomes a symlink, and another one; it is never followed";
    symlink_directory: "symlink", "a directory becomes a symlink to one that is not gated";
    lfs: "LFS pointer", "with git-lfs: the pointer is what counts";
    lfs_by_hand: "LFS pointer", "a pointer without git-lfs";
    binary: "binary", "zero bytes";
    huge: "huge", "64 MiB";
    long_lines: "huge", "one line of 8 MiB";
    empty: "empty file", "made, and emptied";
    blanks: "blanks, quotes and newlines in paths", "blanks at both ends";
    quotes: "blanks, quotes and newlines in paths", "quotes, backslashes, dollar signs, globs, a leading hyphen";
    newline: "blanks, quotes and newlines in paths", "line breaks and tabs";
    long_path: "blanks, quotes and newlines in paths", "a path of 1,000 bytes";
    non_utf8: "non-UTF-8 bytes in paths", "Latin-1";
    normalisation: "non-UTF-8 bytes in paths", "two spellings of one letter, composed and decomposed";
    crlf: "CRLF, autocrlf", "`core.autocrlf=true`: stored as LF";
    crlf_kept: "CRLF, autocrlf", "CRLF that is stored";
    eol: "CRLF, autocrlf", "`.gitattributes` says `eol=crlf`, then renormalizes";
    case_clash: "case-folding clash", "two paths that differ in case only";
    ignore_case: "case-folding clash", "`core.ignoreCase=true`";
    file_to_directory: "file replaced by directory", "and back";
    intent_to_add: "intent-to-add", "`git add -N` adds nothing yet";
    assume_unchanged: "assume-unchanged, skip-worktree", "`--assume-unchanged`: what is staged counts all the same";
    skip_worktree: "assume-unchanged, skip-worktree", "`--skip-worktree`";
    filter: ".gitattributes", "a clean and smudge filter";
    textconv: ".gitattributes", "a textconv that hides the change, and `-diff`";
    ident: ".gitattributes", "`ident`";
    export_subst: ".gitattributes", "`export-subst` and `export-ignore`";
    encoding: ".gitattributes", "`working-tree-encoding=UTF-16`";
    linguist: ".gitattributes", "`linguist-generated` and `merge=ours` exempt nothing";
    ignored: ".gitattributes", "a path that `.gitignore` names, added by force";
}

/// Commits what is staged: refused, then certified.
#[track_caller]
fn gated(world: &World) {
    world.refused(&["commit", "-m", "x"]);
    world.certify_staged();
    world.passes(&["commit", "-m", "x"]);
}

/// Writes a file, stages everything, and commits it.
#[track_caller]
fn with(world: &World, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) {
    world.write(path.as_ref(), content);
    world.git(&["add", "--all"]);
    gated(world);
    let stored = world.git(&["ls-tree", "-r", "-z", "--name-only", "HEAD"]).stdout;
    assert!(
        stored.split(|&b| b == 0).any(|found| found == path.as_ref()),
        "{}",
        stored.escape_ascii()
    );
}

fn rename(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["config", "diff.renames", "copies"]);
    for (from, to) in [
        (HOT, "src/hot/other.rs"),
        ("src/hot/other.rs", "src/cold.rs"),
        ("src/cold.rs", "src/hot/again.rs"),
    ] {
        world.git(&["mv", from, to]);
        gated(&world);
    }
    world.git(&["mv", "README.md", "src/readme.md"]);
    world.passes(&["commit", "-m", "outside"]);
}

fn rename_case(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["mv", HOT, "src/hot/Loop.rs"]);
    gated(&world);
}

fn copy(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["merge", "--quiet", "proven"]);
    fs::copy(world.path().join(HOT), world.path().join("src/hot/copy.rs")).unwrap();
    world.git(&["add", "--all"]);
    gated(&world);
}

fn delete(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["rm", "--quiet", HOT]);
    gated(&world);
}

fn mode(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["update-index", "--chmod=+x", HOT]);
    gated(&world);
    // Where the file system is not trusted with it, only the index tells.
    world.git(&["config", "core.fileMode", "false"]);
    world.git(&["update-index", "--chmod=-x", HOT]);
    world.refused(&["commit", "-m", "x"]).says(HOT);
    let everyone = fs::Permissions::from_mode(0o755);
    fs::set_permissions(world.path().join(HOT), everyone).unwrap();
    world.git(&["reset", "--quiet"]);
    world.passes(&["commit", "--allow-empty", "-a", "-m", "nothing"]);
}

fn symlink_made(seen: &Seen) {
    let world = World::new(seen);
    let hot = world.path().join(HOT);
    for target in ["/etc/passwd", "../../README.md"] {
        fs::remove_file(&hot).unwrap();
        symlink(target, &hot).unwrap();
        world.git(&["add", "--all"]);
        gated(&world);
    }
    // What it points at may change.
    world.write("README.md", "changed\n");
    world.passes(&["commit", "-a", "-m", "x"]);
}

fn symlink_directory(seen: &Seen) {
    let world = World::new(seen);
    world.write("src/cold/loop.rs", "// another\n");
    world.commit("more");
    fs::remove_dir_all(world.path().join("src/hot")).unwrap();
    symlink("cold", world.path().join("src/hot")).unwrap();
    world.git(&["add", "--all"]);
    gated(&world);
}

fn lfs(seen: &Seen) {
    if !seen.has_tool("git", &["lfs", "version"]) {
        return;
    }
    let world = World::new(seen);
    let config = world.home().join("config");
    fs::write(&config, "").unwrap();
    let mut world = world;
    world.repo.set("GIT_CONFIG_GLOBAL", config.to_str().unwrap());
    world.git(&["lfs", "install", "--skip-repo"]);
    world.git(&["lfs", "track", "*.bin"]);
    world.commit("track");
    let content = [7_u8; 4096];
    with(&world, "src/hot/weights.bin", content);
    let stored = world.ask(&["cat-file", "blob", "HEAD:src/hot/weights.bin"]);
    assert!(
        stored.starts_with("version https://git-lfs.github.com/spec/v1\noid sha256:"),
        "{stored}"
    );
    assert_eq!(fs::read(world.path().join("src/hot/weights.bin")).unwrap(), content);
    // Other content is another pointer.
    with(&world, "src/hot/weights.bin", [8_u8; 4096]);
}

fn lfs_by_hand(seen: &Seen) {
    let world = World::new(seen);
    world.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    world.commit("track");
    let pointer = |digit: &str| {
        format!(
            "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12\n",
            digit.repeat(64)
        )
    };
    // Without the program a pointer is text like any other.
    with(&world, "src/hot/weights.bin", pointer("1"));
    with(&world, "src/hot/weights.bin", pointer("2"));
}

fn binary(seen: &Seen) {
    let world = World::new(seen);
    with(&world, "src/hot/table.bin", b"\0\x01\xff\0");
    with(&world, "src/hot/table.bin", b"\0\x01\xfe\0");
}

fn huge(seen: &Seen) {
    let world = World::new(seen);
    let file = fs::File::create(world.path().join("src/hot/huge.bin")).unwrap();
    file.set_len(64 << 20).unwrap();
    world.git(&["add", "--all"]);
    gated(&world);
}

fn long_lines(seen: &Seen) {
    let world = World::new(seen);
    with(&world, "src/hot/minified.js", "x".repeat(8 << 20));
}

fn empty(seen: &Seen) {
    let world = World::new(seen);
    with(&world, "src/hot/empty.rs", "");
    with(&world, HOT, "");
}

fn blanks(seen: &Seen) {
    let world = World::new(seen);
    with(&world, "src/hot/ two  blanks .rs ", "x\n");
}

fn quotes(seen: &Seen) {
    let world = World::new(seen);
    with(&world, "src/hot/it's \"quoted\" \\ $(HOME) `x`.rs", "x\n");
    with(&world, "src/hot/[a-z]*?{b,c}!.rs", "x\n");
    with(&world, "src/hot/-rf", "x\n");
    with(&world, "src/hot/:(exclude)a:b;c&d|e<f>", "x\n");
}

fn newline(seen: &Seen) {
    let world = World::new(seen);
    with(&world, "src/hot/two\nlines\tand\ra\x1b[31mtab.rs", "x\n");
}

fn long_path(seen: &Seen) {
    let world = World::new(seen);
    with(&world, format!("src/hot/{}x.rs", "directory/".repeat(99)), "x\n");
}

fn non_utf8(seen: &Seen) {
    let world = World::new(seen);
    with(&world, b"src/hot/d\xfcse.rs", "x\n");
    world.git(&["config", "core.quotePath", "false"]);
    with(&world, b"src/hot/\xff\xfe", "x\n");
    world.passes(&["push", "origin", "main"]);
}

fn normalisation(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["config", "core.precomposeUnicode", "true"]);
    with(&world, "src/hot/d\u{fc}se.rs", "x\n");
    // The same letters to the eye, another file to git.
    with(&world, "src/hot/du\u{308}se.rs", "y\n");
}

fn crlf(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["config", "core.autocrlf", "true"]);
    with(&world, HOT, "one\r\ntwo\r\n");
    world.holds("HEAD", "one\ntwo\n");
    // Checked out again with the line ends of Windows, it is what was certified.
    fs::remove_file(world.path().join(HOT)).unwrap();
    world.git(&["checkout", "--", HOT]);
    assert_eq!(fs::read(world.path().join(HOT)).unwrap(), b"one\r\ntwo\r\n");
    world.passes(&["commit", "-a", "--allow-empty", "-m", "x"]);
    world.passes(&["push", "origin", "main"]);
}

fn crlf_kept(seen: &Seen) {
    let world = World::new(seen);
    with(&world, HOT, "one\ntwo\n");
    // A change of line ends is a change.
    with(&world, HOT, "one\r\ntwo\r\n");
    world.holds("HEAD", "one\r\ntwo\r\n");
}

fn eol(seen: &Seen) {
    let world = World::new(seen);
    with(&world, HOT, "one\r\n");
    world.write(".gitattributes", "*.rs text eol=crlf\n");
    world.git(&["add", ".gitattributes"]);
    world.passes(&["commit", "-m", "x"]);
    // The work tree stays as it is, what is stored changes.
    world.git(&["add", "--renormalize", "."]);
    gated(&world);
    world.holds("HEAD", "one\n");
}

/// Stages a blob at a path that the work tree need not be able to hold.
fn stage_blob(world: &World, path: &str, content: &str) {
    let written = world.with_stdin("git", &["hash-object", "-w", "--stdin"], content.as_bytes());
    let id = String::from_utf8(written.stdout).unwrap();
    let entry = format!("100644,{},{path}", id.trim());
    world.git(&["update-index", "--add", "--cacheinfo", &entry]);
}

fn case_clash(seen: &Seen) {
    let world = World::new(seen);
    stage_blob(&world, "src/hot/LOOP.rs", "// the twin\n");
    gated(&world);
    // A twin of the directory takes its place on some file systems, and is gated as it is.
    stage_blob(&world, "src/HOT/loop.rs", "// the twin\n");
    gated(&world);
    assert_eq!(world.ask(&["diff", "origin/main", "HEAD", "--", HOT]), "");
}

fn ignore_case(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["config", "core.ignoreCase", "true"]);
    stage_blob(&world, "src/hot/LOOP.rs", "// the twin\n");
    gated(&world);
}

fn file_to_directory(seen: &Seen) {
    let world = World::new(seen);
    fs::remove_file(world.path().join(HOT)).unwrap();
    world.write(format!("{HOT}/mod.rs"), "x\n");
    world.git(&["add", "--all"]);
    world
        .refused(&["commit", "-m", "x"])
        .says(HOT)
        .says("src/hot/loop.rs/mod.rs");
    world.certify_staged();
    world.passes(&["commit", "-m", "x"]);
    fs::remove_dir_all(world.path().join(HOT)).unwrap();
    with(&world, HOT, "x\n");
}

fn intent_to_add(seen: &Seen) {
    let world = World::new(seen);
    world.write("src/hot/new.rs", "x\n");
    world.git(&["add", "--intent-to-add", "src/hot/new.rs"]);
    world.write("README.md", "changed\n");
    world.git(&["add", "README.md"]);
    world.passes(&["commit", "-m", "x"]);
    world.refused(&["commit", "-a", "-m", "x"]).says("src/hot/new.rs");
    world.git(&["add", "src/hot/new.rs"]);
    gated(&world);
}

fn assume_unchanged(seen: &Seen) {
    let world = World::new(seen);
    world.stage();
    world.git(&["update-index", "--assume-unchanged", HOT]);
    gated(&world);
    world.edit();
    world.passes(&["commit", "-a", "--allow-empty", "-m", "nothing of it"]);
}

fn skip_worktree(seen: &Seen) {
    let world = World::new(seen);
    world.stage();
    world.git(&["update-index", "--skip-worktree", HOT]);
    gated(&world);
}

fn filter(seen: &Seen) {
    let world = World::new(seen);
    world.write(".gitattributes", "*.rs filter=upper\n");
    world.git(&["config", "filter.upper.clean", "tr a-z A-Z"]);
    world.git(&["config", "filter.upper.smudge", "tr A-Z a-z"]);
    world.git(&["add", ".gitattributes"]);
    world.passes(&["commit", "-m", "x"]);
    with(&world, HOT, "shout\n");
    world.holds("HEAD", "SHOUT\n");
    // A clean filter that always gives what was certified hides nothing: that is what is stored.
    world.write(HOT, "Shout\n");
    world.passes(&["commit", "-a", "--allow-empty", "-m", "x"]);
    world.holds("HEAD", "SHOUT\n");
}

fn textconv(seen: &Seen) {
    let world = World::new(seen);
    for attribute in ["diff=blind", "-diff", "binary"] {
        world.write(".gitattributes", format!("*.rs {attribute}\n"));
        world.git(&["add", ".gitattributes"]);
        world.passes(&["commit", "-m", "x"]);
        world.git(&["config", "diff.blind.textconv", "true"]);
        world.git(&["config", "diff.blind.command", "true"]);
        world.stage();
        gated(&world);
    }
}

fn ident(seen: &Seen) {
    let world = World::new(seen);
    world.write(".gitattributes", "*.rs ident\n");
    world.git(&["add", ".gitattributes"]);
    world.passes(&["commit", "-m", "x"]);
    with(&world, HOT, "// $Id$\n");
    fs::remove_file(world.path().join(HOT)).unwrap();
    world.git(&["checkout", "--", HOT]);
    assert!(
        fs::read_to_string(world.path().join(HOT))
            .unwrap()
            .starts_with("// $Id: ")
    );
    world.passes(&["commit", "-a", "--allow-empty", "-m", "x"]);
    world.passes(&["push", "origin", "main"]);
}

fn export_subst(seen: &Seen) {
    let world = World::new(seen);
    world.write(
        ".gitattributes",
        "src/hot/version.rs export-subst\nsrc/hot/** export-ignore\n",
    );
    world.git(&["add", ".gitattributes"]);
    world.passes(&["commit", "-m", "x"]);
    with(&world, "src/hot/version.rs", "// $Format:%H$\n");
    world.passes(&["push", "origin", "main"]);
}

fn encoding(seen: &Seen) {
    let world = World::new(seen);
    world.write(".gitattributes", "*.rs working-tree-encoding=UTF-16LE\n");
    world.git(&["add", ".gitattributes"]);
    world.passes(&["commit", "-m", "x"]);
    let wide: Vec<u8> = "// düse\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    with(&world, HOT, wide);
    world.holds("HEAD", "// düse\n");
}

fn linguist(seen: &Seen) {
    let world = World::new(seen);
    world.write(
        ".gitattributes",
        "src/hot/** linguist-generated linguist-vendored merge=ours -text\n",
    );
    world.git(&["add", ".gitattributes"]);
    world.passes(&["commit", "-m", "x"]);
    world.stage();
    gated(&world);
}

fn ignored(seen: &Seen) {
    let world = World::new(seen);
    world.write(".gitignore", "*.gen\n");
    world.write("src/hot/table.gen", "x\n");
    world.git(&["add", "--all"]);
    world.passes(&["commit", "-m", "not added"]);
    world.git(&["add", "--force", "src/hot/table.gen"]);
    gated(&world);
}
