//! What is staged, what trees and blobs hold.

use certgate::change::FileChange;

use super::*;

#[test]
fn an_unborn_branch_is_compared_with_nothing() {
    let repo = TestRepo::new();
    assert_eq!(open(&repo).head().unwrap(), Head::Unborn { branch: "main".into() });
    assert!(staged(&repo).is_empty());
    repo.write("a/b.py", "x\n");
    repo.git(&["add", "."]);
    repo.write("later", "");
    repo.git(&["add", "--intent-to-add", "later"]);
    let repository = open(&repo);
    let change = repository.staged().unwrap();
    assert_eq!(
        (change.base.clone(), shown(&change)),
        (Snapshot::Empty, vec!["A a/b.py".to_owned()])
    );
    assert!(
        repository
            .entry(&Snapshot::Index, &RepoPath::from("a/b.py"))
            .unwrap()
            .is_some()
    );
    assert_eq!(repository.commit("HEAD").unwrap_err().code(), Code::CG702);
    assert_eq!(repository.moving_branch().unwrap().as_deref(), Some("main"));
    let first = repo.commit("first");
    let change = open(&repo).change_between(None, &id(&first)).unwrap();
    assert_eq!(shown(&change), ["A a/b.py", "A later"]);
    assert_eq!(change.messages[0].text, b"first\n");
}

#[test]
fn every_kind_of_staged_change_is_listed() {
    let repo = TestRepo::new();
    for name in ["deleted", "edited", "mode", "type", "same"] {
        repo.write(name, format!("{name}\n"));
    }
    let base = repo.commit("base");
    std::fs::remove_file(repo.path().join("deleted")).unwrap();
    repo.write("edited", "new\n");
    repo.write("added", "new\n");
    std::fs::remove_file(repo.path().join("type")).unwrap();
    std::os::unix::fs::symlink("edited", repo.path().join("type")).unwrap();
    repo.git(&["add", "--all"]);
    repo.git(&["update-index", "--chmod=+x", "mode"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{base},module")]);
    repo.write("edited", "not staged\n");
    let repository = open(&repo);
    let change = repository.staged().unwrap();
    assert_eq!(
        shown(&change),
        ["A added", "D deleted", "M edited", "T mode", "A module", "T type"]
    );
    assert_eq!(
        (change.base, change.head),
        (Snapshot::Commit(id(&base)), Snapshot::Index)
    );
    let file = |name: &str| {
        change
            .files
            .iter()
            .find(|file| file.path == RepoPath::from(name))
            .unwrap()
    };
    let Content::Lines(diff) = repository.content(file("edited")).unwrap() else {
        panic!()
    };
    let lines: Vec<_> = diff
        .lines
        .iter()
        .map(|line| (line.side, line.text.as_slice()))
        .collect();
    assert_eq!(lines, [(Side::Removed, &b"edited"[..]), (Side::Added, b"new")]);
    assert_eq!(repository.content(file("mode")).unwrap(), Content::None);
    assert_eq!(repository.content(file("module")).unwrap(), Content::None);
    let listed = repository.list(&Snapshot::Index, &[Vec::new()]).unwrap();
    let names: Vec<String> = listed.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(names, ["added", "edited", "mode", "module", "same", "type"]);
    assert_eq!(listed[5].1.mode, Mode::Symlink);
    assert_eq!(
        repository.entry(&Snapshot::Index, &RepoPath::from("deleted")).unwrap(),
        None
    );
    assert_eq!(
        repo.ask(&["status", "--porcelain", "edited"]),
        "MM edited",
        "the index is as it was"
    );
}

#[test]
fn digests_are_of_the_content_as_stored() {
    let repo = TestRepo::new();
    repo.git(&["config", "core.autocrlf", "true"]);
    repo.write(".gitattributes", "*.txt text eol=crlf\n");
    repo.write("a.txt", "abc\r\n");
    std::os::unix::fs::symlink("abc", repo.path().join("link")).unwrap();
    let head = repo.commit("x");
    let repository = open(&repo);
    let digest = |path: &str| {
        let entry = repository
            .entry(&Snapshot::Commit(id(&head)), &RepoPath::from(path))
            .unwrap()
            .unwrap();
        repository.digest(&entry).unwrap().to_string()
    };
    assert_eq!(
        digest("a.txt"),
        "edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb"
    );
    assert_eq!(
        digest("link"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let gitlink = TreeEntry {
        mode: Mode::Gitlink,
        id: id(&head),
    };
    assert_eq!(repository.digest(&gitlink).unwrap().to_string().len(), 64);
    let missing = TreeEntry {
        mode: Mode::Regular,
        id: id(&"1".repeat(40)),
    };
    assert_eq!(repository.digest(&missing).unwrap_err().code(), Code::CG707);
    assert_eq!(
        repository
            .digest(&TreeEntry {
                mode: Mode::Regular,
                id: id(&head)
            })
            .unwrap_err()
            .code(),
        Code::CG707
    );
    // The conversation with `git cat-file` continues after a miss.
    assert!(matches!(
        repository.blob(&id(&"1".repeat(40)), 10),
        Err(GitError::Missing { .. })
    ));
    assert!(matches!(
        repository.blob(&id(&"2".repeat(40)), 10),
        Err(GitError::Missing { .. })
    ));
}

#[test]
fn a_huge_blob_is_measured_and_not_read() {
    let repo = TestRepo::new();
    std::fs::File::create(repo.path().join("huge"))
        .unwrap()
        .set_len(40 << 20)
        .unwrap();
    repo.write("small", "12345");
    repo.git(&["add", "--all"]);
    let repository = open(&repo);
    let change = repository.staged().unwrap();
    assert_eq!(
        repository.content(&change.files[0]).unwrap(),
        Content::TooLarge { size: 40 << 20 }
    );
    let huge = change.files[0].after().unwrap();
    assert_eq!(
        repository.blob(&huge.id, 1000).unwrap(),
        Blob::TooLarge { size: 40 << 20 }
    );
    let expected = sha2::Sha256::digest(vec![0; 40 << 20]);
    assert_eq!(repository.digest(huge).unwrap(), Digest(expected.into()));
    let small = &change.files[1].after().unwrap().id;
    assert_eq!(repository.blob(small, 4).unwrap(), Blob::TooLarge { size: 5 });
    assert_eq!(repository.blob(small, 5).unwrap(), Blob::Content(b"12345".to_vec()));
}

#[test]
fn paths_are_bytes() {
    let repo = TestRepo::new();
    repo.write(b"plain", "x\n");
    let base = repo.commit("base");
    let names: [&[u8]; 5] = [b"a\nb", b"bl ank", b"q\"uote", b"tab\t", b"\xff\xfe.py"];
    for name in names {
        repo.write(name, "x\n");
    }
    let head = repo.commit("odd names");
    let repository = open(&repo);
    let change = repository.change_between(Some(&id(&base)), &id(&head)).unwrap();
    let found: Vec<&[u8]> = change.files.iter().map(|file| file.path.as_bytes()).collect();
    assert_eq!(found, names);
    repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
    let change = open(&repo).staged().unwrap();
    assert_eq!(
        change.files.iter().map(|file| file.path.as_bytes()).collect::<Vec<_>>(),
        names
    );
    let at = Snapshot::Commit(id(&head));
    assert!(
        repository
            .entry(&at, &RepoPath::new(b"\xff\xfe.py".to_vec()))
            .unwrap()
            .is_some()
    );
}

#[test]
fn trees_are_listed_below_prefixes() {
    let repo = TestRepo::new();
    for name in ["a.b", "a/x", "a/y/z", "ab/c", "d"] {
        repo.write(name, name);
    }
    let head = repo.commit("x");
    repo.git(&["mv", "d", "moved"]);
    std::fs::remove_file(repo.path().join("a.b")).unwrap();
    repo.write("a.b/now-a-directory", "x");
    let next = repo.commit("y");
    let repository = open(&repo);
    let list = |prefixes: &[&str]| {
        let prefixes: Vec<Vec<u8>> = prefixes.iter().map(|prefix| prefix.as_bytes().to_vec()).collect();
        let listed = repository.list(&Snapshot::Commit(id(&head)), &prefixes).unwrap();
        listed.iter().map(|(path, _)| path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(&[""]), ["a.b", "a/x", "a/y/z", "ab/c", "d"]);
    assert_eq!(list(&["a/", "a/y", "d", "none"]), ["a/x", "a/y/z", "d"]);
    assert!(list(&[]).is_empty());
    assert!(repository.list(&Snapshot::Empty, &[Vec::new()]).unwrap().is_empty());
    let change = repository.range(&Snapshot::Commit(id(&head)), &id(&next)).unwrap();
    let git = repo.ask(&["diff", "--name-only", "--no-renames", &head, &next]);
    let names: Vec<String> = change.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(names.join("\n"), git);
    assert_eq!(repository.subtree_id(&id(&head), b"d").unwrap(), None);
    assert_eq!(
        repository.subtree_id(&id(&head), b"").unwrap(),
        Some(repository.tree_of(&id(&head)).unwrap())
    );
}

#[test]
fn messages_are_read_as_git_will_store_them() {
    let repo = TestRepo::new();
    repo.write(".git/COMMIT_EDITMSG", "perf: x\n\n\n; hint\n# kept\n");
    repo.git(&["config", "core.commentChar", ";"]);
    let message = |repo: &TestRepo| {
        open(repo)
            .commit_message_file(Path::new(".git/COMMIT_EDITMSG"))
            .unwrap()
            .text
    };
    assert_eq!(message(&repo), b"perf: x\n\n# kept\n");
    repo.git(&["config", "commit.cleanup", "whitespace"]);
    assert_eq!(message(&repo), b"perf: x\n\n; hint\n# kept\n");
    // Git records the encoding that is configured, and with it the message is read later.
    repo.write(".git/COMMIT_EDITMSG", b"caf\xe9\n");
    repo.git(&["config", "i18n.commitEncoding", "ISO-8859-1"]);
    assert_eq!(message(&repo), "caf\u{e9}\n".as_bytes());
    repo.git(&["config", "i18n.commitEncoding", "UTF8"]);
    assert_eq!(message(&repo), b"caf\xe9\n");
    repo.git(&["config", "i18n.commitEncoding", "UTF-7"]);
    let unread = open(&repo)
        .commit_message_file(Path::new(".git/COMMIT_EDITMSG"))
        .unwrap()
        .unread;
    assert_eq!(unread.as_deref(), Some("UTF-7"));
    let error = open(&repo).commit_message_file(Path::new("none")).unwrap_err();
    assert_eq!(error.code(), Code::CG709);
}

/// 1,500 files on both sides of a commit: edited, new, gone, without a line, with a long one, a link, a submodule.
fn many_files(repo: &TestRepo) -> (String, String) {
    let text = |at: usize, side: &str| match at % 7 {
        0 => format!("{side}\n").repeat(at),
        1 => format!("{}{side}", "x".repeat(1000 * (at % 500))),
        2 if side == "old" => String::new(),
        _ => format!("one\n{side} {at}\nthree\n"),
    };
    for at in (0..1500).filter(|at| at % 11 != 3) {
        repo.write(format!("src/{at:04}"), text(at, "old"));
    }
    let base = repo.commit("old");
    for at in 0..1500 {
        let path = repo.path().join(format!("src/{at:04}"));
        match at % 13 {
            5 => drop(std::fs::remove_file(path)),
            7 => {
                drop(std::fs::remove_file(&path));
                std::os::unix::fs::symlink("0000", path).unwrap();
            }
            _ => repo.write(format!("src/{at:04}"), text(at, "new")),
        }
    }
    repo.git(&["add", "--all"]);
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{base},src/0700-module"),
    ]);
    repo.git(&["commit", "--quiet", "--message", "new"]);
    let head = repo.ask(&["rev-parse", "HEAD"]);
    (base, head)
}

#[test]
fn many_files_are_streamed_as_they_are_read_one_by_one() {
    let repo = TestRepo::new();
    let (base, head) = many_files(&repo);
    let repository = open(&repo);
    let files = repository.change_from(&id(&base), &id(&head)).unwrap().files;
    assert!(files.len() > 1_400, "{}", files.len());
    for count in [files.len(), 1_024, 513, 512, 33, 1] {
        let files = &files[..count];
        let mut stream = repository.start_contents(files).unwrap();
        for file in files {
            assert_eq!(
                stream.next(file).unwrap(),
                Some(repository.content(file).unwrap()),
                "{}",
                file.path
            );
        }
        assert_eq!(stream.next(&files[0]).unwrap(), None);
    }
    // Who stops early waits for nobody.
    let mut stream = repository.start_contents(&files).unwrap();
    assert!(stream.next(&files[0]).unwrap().is_some());
    drop(stream);
}

#[test]
fn a_file_that_is_missing_ends_a_stream_where_it_would_be() {
    let repo = TestRepo::new();
    let (base, head) = many_files(&repo);
    let repository = open(&repo);
    let files = repository.change_from(&id(&base), &id(&head)).unwrap().files;
    let read = |file: &FileChange| {
        file.before()
            .is_some_and(|old| file.after().is_some_and(|new| old.id != new.id))
    };
    let (at, lost) = files.iter().enumerate().skip(700).find(|(_, file)| read(file)).unwrap();
    let lost = lost.after().unwrap().id.to_string();
    std::fs::remove_file(repo.path().join(".git/objects").join(&lost[..2]).join(&lost[2..])).unwrap();
    let mut stream = open(&repo).start_contents(&files).unwrap();
    let broken = files.iter().position(|file| stream.next(file).is_err());
    assert_eq!(broken, Some(at));
}
