//! Every way in which git keeps objects, refs and the index.

use super::*;

#[test]
fn a_partial_clone_fetches_what_is_missing() {
    let repo = TestRepo::new();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    repo.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
    repo.write("dir/a", "one\n");
    let one = repo.commit("one");
    repo.write("dir/a", "two\n");
    let two = repo.commit("two");
    let url = format!("file://{}", repo.path().display());
    for filter in ["blob:none", "tree:0"] {
        let clone = TestRepo::empty();
        clone.git(&["clone", "-q", "--no-checkout", &format!("--filter={filter}"), &url, "."]);
        let repository = open(&clone);
        let change = repository.change_between(Some(&id(&one)), &id(&two)).unwrap();
        assert_eq!(shown(&change), ["M dir/a"], "{filter}");
        let Content::Lines(diff) = repository.content(&change.files[0]).unwrap() else {
            panic!("{filter}")
        };
        assert_eq!(diff.lines.len(), 2);
        let digest = repository.digest(change.files[0].after().unwrap()).unwrap();
        assert_eq!(
            digest.to_string(),
            "27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a"
        );
    }
}

#[test]
fn every_layout_of_the_index_is_read() {
    for setup in [
        &["update-index", "--split-index"][..],
        &["update-index", "--index-version", "4"],
        &["sparse-checkout", "set", "--cone", "--sparse-index", "kept"],
        &["update-index", "--untracked-cache"],
    ] {
        let repo = TestRepo::new();
        for name in ["kept/a", "kept/b", "out/c", "out/deep/d", "e"] {
            repo.write(name, format!("{name}\n"));
        }
        repo.commit("base");
        repo.git(setup);
        repo.write("kept/a", "new\n");
        repo.git(&["add", "kept/a"]);
        assert_eq!(staged(&repo), ["M kept/a"], "{setup:?}");
        repo.git(&["rm", "-q", "kept/b"]);
        assert_eq!(staged(&repo), ["M kept/a", "D kept/b"], "{setup:?}");
    }
    // A sparse index holds `out` as one entry; here it differs from HEAD.
    let repo = TestRepo::new();
    for name in ["kept/a", "out/c", "out/deep/d"] {
        repo.write(name, format!("{name}\n"));
    }
    repo.commit("base");
    repo.write("out/deep/d", "two\n");
    repo.write("out/new", "two\n");
    repo.commit("two");
    repo.git(&["sparse-checkout", "set", "--cone", "--sparse-index", "kept"]);
    repo.git(&["reset", "-q", "--soft", "HEAD~1"]);
    assert_eq!(staged(&repo), ["M out/deep/d", "A out/new"]);
    repo.git(&["commit", "-q", "--no-verify", "-m", "again"]);
    repo.git(&["rm", "-rq", "--sparse", "out"]);
    assert_eq!(staged(&repo), ["D out/c", "D out/deep/d", "D out/new"]);
}

#[test]
fn sha256_repositories_are_read() {
    let repo = TestRepo::init(&["--object-format=sha256"]);
    assert!(staged(&repo).is_empty());
    repo.write("dir/a", "1\n");
    let one = repo.commit("one");
    repo.write("dir/a", "2\n");
    let two = repo.commit("two");
    repo.git(&["gc", "-q"]);
    assert_eq!(one.len(), 64);
    repo.write("dir/a", "3\n");
    repo.git(&["add", "dir/a"]);
    assert_eq!(staged(&repo), ["M dir/a"]);
    let repository = open(&repo);
    let change = repository.change_between(Some(&id(&one)), &id(&two)).unwrap();
    assert_eq!((shown(&change), change.messages.len()), (vec!["M dir/a".to_owned()], 1));
    let Content::Lines(diff) = repository.content(&change.files[0]).unwrap() else {
        panic!()
    };
    assert_eq!(diff.lines.len(), 2);
    let tree = repo.ask(&["rev-parse", "HEAD:dir"]);
    assert_eq!(repository.subtree_id(&id(&two), b"dir/").unwrap(), Some(id(&tree)));
    // An id of the other kind is in no such repository.
    assert_eq!(
        repository.messages(&[], &[id(&"1".repeat(40))]).unwrap_err().code(),
        Code::CG707
    );
}

#[test]
fn reftable_repositories_are_read() {
    let version = git_version().unwrap();
    if (version.major, version.minor) < (2, 45) {
        println!("skipped: git {version} knows no reftables");
        return;
    }
    let repo = TestRepo::init(&["--ref-format=reftable"]);
    assert_eq!(open(&repo).head().unwrap(), Head::Unborn { branch: "main".into() });
    repo.write("a", "1\n");
    repo.git(&["add", "a"]);
    assert_eq!(staged(&repo), ["A a"]);
    let one = repo.commit("one");
    let repository = open(&repo);
    assert_eq!(
        repository.head().unwrap(),
        Head::Branch {
            name: "main".into(),
            commit: id(&one)
        }
    );
    assert_eq!(repository.commit("main").unwrap(), id(&one));
    assert_eq!(
        repository.refs(&["refs/heads"]).unwrap(),
        [("refs/heads/main".to_owned(), id(&one))]
    );
    repo.git(&["checkout", "-q", "--detach"]);
    assert_eq!(open(&repo).head().unwrap(), Head::Detached { commit: id(&one) });
}

#[test]
fn trees_that_are_nested_without_end_are_refused() {
    let repo = TestRepo::new();
    let path = "a/".repeat(2100);
    let input =
        format!("commit refs/heads/deep\ncommitter C <c> 1 +0000\ndata 1\nx\nM 100644 inline {path}a\ndata 1\nx\n");
    assert!(
        repo.with_stdin("git", &["fast-import", "--quiet"], input.as_bytes())
            .status
            .success()
    );
    let commit = repo.ask(&["rev-parse", "deep"]);
    let repository = open(&repo);
    let error = repository
        .list(&Snapshot::Commit(id(&commit)), &[Vec::new()])
        .unwrap_err();
    assert_eq!(error.code(), Code::CG707);
    // Git refuses by itself (`core.maxTreeDepth`).
    assert_eq!(
        repository.range(&Snapshot::Empty, &id(&commit)).unwrap_err().code(),
        Code::CG706
    );
}
