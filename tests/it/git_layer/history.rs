//! Merge bases, ranges, what came in where.

use super::*;

#[test]
fn a_change_is_seen_from_the_merge_base() {
    let repo = TestRepo::new();
    repo.write("shared", "1\n");
    repo.commit("base");
    repo.git(&["switch", "-qc", "topic"]);
    repo.write("topic", "1\n");
    repo.commit("perf: topic");
    repo.git(&["switch", "-q", "main"]);
    repo.write("main", "1\n");
    let main = repo.commit("main moves");
    repo.git(&["switch", "-q", "topic"]);
    let repository = open(&repo);
    let judge = |head: &str| {
        let change = repository
            .change_between(Some(&id(&main)), &repository.commit(head).unwrap())
            .unwrap();
        let subjects: Vec<String> = change
            .messages
            .iter()
            .map(|m| String::from_utf8_lossy(&m.text).trim().to_owned())
            .collect();
        (shown(&change), subjects)
    };
    assert_eq!(
        judge("topic"),
        (vec!["A topic".to_owned()], vec!["perf: topic".to_owned()])
    );
    // What came from the protected branch is not judged again.
    repo.git(&["merge", "-q", "-m", "merge main", "main"]);
    let (files, subjects) = judge("topic");
    assert_eq!(
        (files, subjects),
        (
            vec!["A topic".to_owned()],
            vec!["merge main".to_owned(), "perf: topic".to_owned()]
        )
    );
    assert_eq!(judge(&main), (vec![], vec![]));
    repo.git(&["switch", "-q", "--orphan", "alone"]);
    let alone = repo.commit("alone");
    let error = repository.change_between(Some(&id(&main)), &id(&alone)).unwrap_err();
    assert_eq!(error.code(), Code::CG703);
    assert!(repository.merge_bases(&id(&main), &id(&alone)).unwrap().is_empty());
}

#[test]
fn a_criss_cross_counts_what_differs_from_every_merge_base() {
    let repo = TestRepo::new();
    repo.write("a", "0\n");
    repo.write("b", "0\n");
    let root = repo.commit("root");
    repo.git(&["switch", "-qc", "topic"]);
    repo.write("a", "topic\n");
    let topic = repo.commit("topic");
    repo.git(&["switch", "-q", "main"]);
    repo.write("b", "main\n");
    let main = repo.commit("main");
    repo.git(&["merge", "-q", "-m", "topic into main", &topic]);
    repo.git(&["switch", "-q", "topic"]);
    repo.git(&["merge", "-q", "-m", "main into topic", &main]);
    repo.write("c", "new\n");
    let head = repo.commit("c");
    let repository = open(&repo);
    let tip = repository.commit("main").unwrap();
    let mut bases = repository.merge_bases(&tip, &id(&head)).unwrap();
    bases.sort();
    let mut expected = vec![id(&topic), id(&main)];
    expected.sort();
    assert_eq!(bases, expected);
    let change = repository.change_between(Some(&tip), &id(&head)).unwrap();
    assert_eq!(shown(&change), ["A c"]);
    for (a, b) in [
        (&root, &head),
        (&topic, &head),
        (&head, &topic),
        (&main, &topic),
        (&head, &head),
    ] {
        let git = repo.try_git(&["merge-base", "--is-ancestor", a, b]).status.success();
        assert_eq!(repository.is_ancestor(&id(a), &id(b)).unwrap(), git);
    }
}

#[test]
fn ranges_agree_with_rev_list_in_a_tangled_history() {
    let repo = TestRepo::new();
    let mut commits = vec![repo.commit("0")];
    // Commits with several parents and dates out of order, from a fixed sequence of numbers.
    let mut state: u64 = 7;
    let mut number = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let tree = repo.ask(&["write-tree"]);
    for n in 1..60 {
        let mut arguments = vec!["commit-tree".to_owned(), tree.clone(), "-m".to_owned(), n.to_string()];
        let recent = commits.len().min(8);
        for _ in 0..=number(2) {
            let parent = commits[commits.len() - 1 - number(recent)].clone();
            if !arguments.contains(&parent) {
                arguments.extend(["-p".to_owned(), parent]);
            }
        }
        let date = format!("{} +0000", 1_700_000_000 + n * 10 - number(45));
        let output = repo
            .command("git")
            .args(&arguments)
            .env("GIT_COMMITTER_DATE", date)
            .output()
            .unwrap();
        commits.push(String::from_utf8(output.stdout).unwrap().trim().to_owned());
    }
    let repository = open(&repo);
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    for _ in 0..60 {
        let (a, b) = (commits[number(60)].clone(), commits[number(60)].clone());
        let mut bases: Vec<String> = repository
            .merge_bases(&id(&a), &id(&b))
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        bases.sort();
        let git = repo.try_git(&["merge-base", "--all", &a, &b]);
        assert_eq!(bases, sorted(String::from_utf8(git.stdout).unwrap()), "{a} {b}");
        let messages = repository.messages(&[id(&a)], &[id(&b)]).unwrap();
        let mut range: Vec<String> = messages.iter().map(|m| m.id.as_ref().unwrap().to_string()).collect();
        range.sort();
        assert_eq!(range, sorted(repo.ask(&["rev-list", &format!("{a}..{b}")])), "{a} {b}");
        let git = repo.try_git(&["merge-base", "--is-ancestor", &a, &b]).status.success();
        assert_eq!(repository.is_ancestor(&id(&a), &id(&b)).unwrap(), git);
    }
}

#[test]
fn a_missing_parent_is_not_a_root() {
    let repo = TestRepo::new();
    for n in 0..6 {
        repo.write("a", n.to_string());
        repo.commit(&n.to_string());
    }
    repo.git(&["branch", "old", "HEAD~5"]);
    repo.git(&["switch", "-qc", "topic", "HEAD~1"]);
    repo.write("t", "t");
    repo.commit("topic");
    let url = format!("file://{}", repo.path().display());
    let clone = TestRepo::empty();
    clone.git(&["clone", "-q", "--depth=2", "--no-single-branch", &url, "."]);
    let repository = open(&clone);
    assert!(repository.is_shallow());
    let commit = |rev: &str| repository.commit(rev).unwrap();
    // Both sides are here up to the merge base: there is an answer.
    let change = repository
        .change_between(Some(&commit("origin/main")), &commit("origin/topic"))
        .unwrap();
    assert_eq!((shown(&change), change.messages.len()), (vec!["A t".to_owned()], 1));
    // Not so with a branch that meets further down.
    let error = repository
        .merge_bases(&commit("origin/old"), &commit("origin/topic"))
        .unwrap_err();
    assert_eq!(error.code(), Code::CG704);
    assert!(
        error
            .diagnostic()
            .helps()
            .iter()
            .any(|help| help == "git fetch --unshallow")
    );
    for error in [
        repository.messages(&[], &[commit("origin/topic")]).unwrap_err(),
        repository
            .is_ancestor(&commit("origin/old"), &commit("origin/topic"))
            .unwrap_err(),
        repository.change_between(None, &commit("origin/topic")).unwrap_err(),
        repository.commit("HEAD~4").unwrap_err(),
        repository.commit(&repo.ask(&["rev-parse", "main~3"])).unwrap_err(),
    ] {
        assert_eq!(error.code(), Code::CG704, "{error}");
    }
    assert!(!repository.has_commit(&id(&repo.ask(&["rev-parse", "main~3"]))));
    // The index is compared with HEAD, which is here.
    clone.write("a", "new");
    clone.git(&["add", "a"]);
    assert_eq!(staged(&clone), ["M a"]);
}

#[test]
fn what_came_in_where_and_by_whom_is_known() {
    let repo = TestRepo::new();
    let base = repo.commit("base");
    repo.write("certificates/one.md", "one\n");
    let first = repo.commit("certify");
    repo.write("certificates/one.md", "edited\n");
    repo.commit("edit");
    repo.write("certificates/one.md", "one\n");
    let again = repo.commit("back");
    repo.git(&["switch", "-qc", "side", &first]);
    repo.write("src/a.rs", "x\n");
    let side = repo.commit("side");
    repo.git(&["merge", "-q", "-m", "merge", "main"]);
    let head = repo.ask(&["rev-parse", "HEAD"]);
    let repository = open(&repo);
    let path = RepoPath::from("certificates/one.md");
    let blob = repository
        .entry(&Snapshot::Commit(id(&head)), &path)
        .unwrap()
        .unwrap()
        .id;
    let found = repository
        .introduced_in(&[id(&base)], &[id(&head)], &path, &blob)
        .unwrap();
    assert_eq!(found, [id(&again), id(&first)]);
    assert!(
        repository
            .introduced_in(&[id(&again)], &[id(&head)], &path, &blob)
            .unwrap()
            .is_empty()
    );
    let source = RepoPath::from("src/a.rs");
    let people = repository.authorship(&[id(&base)], &[id(&head)], &[&source]).unwrap();
    assert_eq!(people.len(), 1);
    assert_eq!(
        (people[0].commit.to_string(), people[0].author.email.as_slice()),
        (side, &b"ada@example.org"[..])
    );
    assert_eq!(people[0].committer.email, b"cy@example.org");
}

#[test]
fn replace_refs_and_grafts_change_nothing() {
    let repo = TestRepo::new();
    repo.write("a", "1\n");
    let one = repo.commit("one");
    repo.write("a", "2\n");
    let two = repo.commit("two");
    repo.git(&["replace", &two, &one]);
    repo.write(".git/info/grafts", format!("{two}\n"));
    let repository = open(&repo);
    assert_eq!(repository.merge_bases(&id(&one), &id(&two)).unwrap(), [id(&one)]);
    assert_eq!(
        shown(&repository.change_between(Some(&id(&one)), &id(&two)).unwrap()),
        ["M a"]
    );
    assert!(staged(&repo).is_empty());
}
