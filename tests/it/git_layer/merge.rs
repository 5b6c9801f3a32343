//! What merging two commits would give, as git gives it.

use super::*;

/// `one` on main and `two` on topic change a file of forty lines far apart; each branch adds its own file.
fn two_sides(repo: &TestRepo) -> (String, String) {
    let lines: String = (1..=40).map(|n| format!("{n}\n")).collect();
    repo.write("a", &lines);
    repo.write("old name", lines.replace('7', "seven"));
    repo.commit("base");
    repo.git(&["switch", "-qc", "topic"]);
    repo.write("a", lines.replace("\n38\n", "\ny\n"));
    repo.write("topic", "1\n");
    let topic = repo.commit("topic");
    repo.git(&["switch", "-q", "main"]);
    repo.write("a", lines.replace("\n2\n", "\nx\n"));
    repo.write("main", "1\n");
    (repo.commit("main"), topic)
}

fn blob_at(repository: &Repository, at: &Snapshot, path: &str) -> Vec<u8> {
    let entry = repository.entry(at, &RepoPath::from(path)).unwrap().unwrap();
    match repository.blob(&entry.id, 1 << 20).unwrap() {
        Blob::Content(content) => content,
        Blob::TooLarge { .. } => panic!("too large"),
    }
}

/// The merge that git makes of two commits, in a copy of the repository.
fn by_git(repo: &TestRepo, into: &str, other: &str) -> TestRepo {
    let copy = repo.copy();
    copy.git(&["switch", "-q", "--detach", into]);
    copy.git(&["merge", "-q", "--no-ff", "-m", "merge", other]);
    copy
}

fn agrees_with_git(repo: &TestRepo) {
    let (main, topic) = two_sides(repo);
    let repository = open(repo);
    let change = repository.change_by_merge(&id(&main), &id(&topic)).unwrap();
    assert_eq!(shown(&change), ["M a", "A topic"]);
    assert_eq!(change.messages.len(), 1);
    let merged = by_git(repo, &main, &topic);
    for path in ["a", "topic", "main"] {
        let theirs = std::fs::read(merged.path().join(path)).unwrap();
        assert_eq!(blob_at(&repository, &change.head, path), theirs, "{path}");
    }
    let Snapshot::Commit(commit) = &change.head else {
        panic!()
    };
    assert_eq!(
        repository.tree_of(commit).unwrap().to_string(),
        merged.ask(&["rev-parse", "HEAD^{tree}"])
    );
    assert_eq!(repository.parents(commit).unwrap(), [id(&main), id(&topic)]);
    // Nothing of it is in the repository.
    let found = repo.try_git(&["cat-file", "-e", &commit.to_string()]);
    assert!(!found.status.success());
    let file = change
        .files
        .iter()
        .find(|file| file.path == RepoPath::from("a"))
        .unwrap();
    let Content::Lines(lines) = repository.content(file).unwrap() else {
        panic!()
    };
    assert_eq!(lines.lines.len(), 2);
}

#[test]
fn the_result_of_a_merge_is_git_s() {
    agrees_with_git(&TestRepo::new());
}

#[test]
fn the_result_of_a_merge_is_git_s_with_sha256() {
    agrees_with_git(&TestRepo::init(&["--object-format=sha256"]));
}

#[test]
fn the_result_of_a_merge_is_read_one_by_one_where_files_are_streamed() {
    let repo = TestRepo::new();
    let (main, topic) = two_sides(&repo);
    let repository = open(&repo);
    let change = repository.change_by_merge(&id(&main), &id(&topic)).unwrap();
    let mut stream = repository.start_contents(&change.files).unwrap();
    let given: Vec<bool> = change
        .files
        .iter()
        .map(|file| stream.next(file).unwrap().is_some())
        .collect();
    assert_eq!(given, [false, true], "`a` is in memory only, `topic` git can read");
}

#[test]
fn a_merge_follows_a_file_that_was_renamed() {
    let repo = TestRepo::new();
    let (main, topic) = two_sides(&repo);
    repo.git(&["switch", "-q", "topic"]);
    repo.git(&["mv", "a", "b"]);
    let renamed = repo.commit("rename");
    let repository = open(&repo);
    let change = repository.change_by_merge(&id(&main), &id(&renamed)).unwrap();
    assert_eq!(shown(&change), ["D a", "A b", "A topic"]);
    let content = blob_at(&repository, &change.head, "b");
    assert!(
        content.starts_with(b"1\nx\n"),
        "what main did to the old name is in the new one"
    );
    assert_ne!(topic, renamed);
}

#[test]
fn a_conflict_is_no_result() {
    let repo = TestRepo::new();
    let (main, _) = two_sides(&repo);
    repo.git(&["switch", "-q", "topic"]);
    repo.write("a", "all new\n");
    let topic = repo.commit("conflict");
    let error = open(&repo).change_by_merge(&id(&main), &id(&topic)).unwrap_err();
    assert_eq!(error.code(), Code::CG735);
    assert!(
        matches!(&error, GitError::MergeConflict { paths, .. } if paths == &[RepoPath::from("a")]),
        "{error}"
    );
}

/// A driver that the repository's attributes choose, and one that the configuration makes the default, would both take `main`'s side.
#[test]
fn no_merge_driver_has_a_say() {
    let repo = TestRepo::new();
    repo.write(".gitattributes", "a merge=mine\n");
    let (main, topic) = two_sides(&repo);
    let mark = repo.home().join("driver ran");
    let driver = format!("touch '{}'", mark.display());
    repo.git(&["config", "merge.mine.driver", &driver]);
    repo.git(&["config", "merge.default", "mine"]);
    std::fs::create_dir_all(repo.path().join(".git/info")).unwrap();
    std::fs::write(repo.path().join(".git/info/attributes"), "* merge=mine\n").unwrap();
    let repository = open(&repo);
    let change = repository.change_by_merge(&id(&main), &id(&topic)).unwrap();
    assert!(!mark.exists());
    assert!(
        blob_at(&repository, &change.head, "a")
            .windows(3)
            .any(|w| w == b"\ny\n")
    );
}

#[test]
fn a_merge_in_a_partial_clone_fetches_what_it_needs() {
    let repo = TestRepo::new();
    let (main, topic) = two_sides(&repo);
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    let url = format!("file://{}", repo.path().display());
    let clone = repo.home().join("clone");
    repo.git(&[
        "clone",
        "-q",
        "--bare",
        "--filter=blob:none",
        &url,
        clone.to_str().unwrap(),
    ]);
    let repository = Repository::open_at(&clone).unwrap();
    let change = repository.change_by_merge(&id(&main), &id(&topic)).unwrap();
    assert_eq!(shown(&change), ["M a", "A topic"]);
}
