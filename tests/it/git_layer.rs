//! The git layer against the real git: where repositories are, what is staged, what a range holds, in every layout git knows.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use certgate::change::{Change, ChangeKind, Content, Digest, Entry, Mode, ObjectId, RepoPath, Side, Snapshot};
use certgate::diagnostic::Code;
use certgate::git::{Blob, GitError, Head, Repository, git_version};

use sha2::Digest as _;

use crate::support::TestRepo;

fn open(repo: &TestRepo) -> Repository {
    Repository::open_at(repo.path()).unwrap()
}

fn id(hex: &str) -> ObjectId {
    ObjectId::from_hex(hex).unwrap()
}

/// `A path`, `D path`, `M path`, and `T path` where the mode changed too.
fn shown(change: &Change) -> Vec<String> {
    let letter = |kind: &ChangeKind| match kind {
        ChangeKind::Added(_) => 'A',
        ChangeKind::Deleted(_) => 'D',
        ChangeKind::Modified { old, new } if old.mode != new.mode => 'T',
        ChangeKind::Modified { .. } => 'M',
    };
    change
        .files
        .iter()
        .map(|file| format!("{} {}", letter(&file.kind), file.path))
        .collect()
}

fn staged(repo: &TestRepo) -> Vec<String> {
    shown(&open(repo).staged().unwrap())
}

/// Runs `probe` below in a process of its own, since only a process has an environment, and returns what it wrote.
fn probe(repo: &TestRepo, directory: &Path, variables: &[(&str, &str)]) -> String {
    let out = repo.home().join("probe");
    let mut command = repo.command(std::env::current_exe().unwrap());
    command
        .args(PROBE)
        .current_dir(directory)
        .env("PROBE_OUT", &out)
        .envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    std::fs::read_to_string(out).unwrap()
}

/// Installs a hook that runs `probe`.
fn probing_hook(repo: &TestRepo, directory: &Path, name: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let out = repo.home().join(format!("probe-{name}"));
    let hook = directory.join(name);
    let exe = std::env::current_exe().unwrap();
    let script = format!(
        "#!/bin/sh\nPROBE_OUT={} exec {} {} >/dev/null </dev/null\n",
        out.display(),
        exe.display(),
        PROBE.join(" ")
    );
    std::fs::create_dir_all(directory).unwrap();
    std::fs::write(&hook, script).unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    out
}

const PROBE: &[&str] = &[
    "--exact",
    "git_layer::open_from_the_environment",
    "--ignored",
    "--test-threads=1",
];

/// Not a test by itself: see `probe`.
#[test]
#[ignore = "run by other tests"]
fn open_from_the_environment() {
    let Some(out) = std::env::var_os("PROBE_OUT") else {
        return;
    };
    let report = match Repository::open() {
        Err(error) => format!("error {}\n", error.code()),
        Ok(repository) => {
            let at = |path: Option<&Path>| path.map_or("none".to_owned(), |path| path.display().to_string());
            let change = repository.staged().map(|change| shown(&change).join(", "));
            format!(
                "git_dir {}\ncommon_dir {}\nwork_tree {}\nbranch {}\nstaged {}\ncommit {}\n",
                at(Some(repository.git_dir())),
                at(Some(repository.common_dir())),
                at(repository.work_tree()),
                repository.moving_branch().unwrap().unwrap_or_default(),
                change.unwrap_or_else(|error| error.code().to_string()),
                std::env::var("PROBE_REV").map_or("-".to_owned(), |rev| match repository.commit(&rev) {
                    Ok(commit) => commit.to_string(),
                    Err(error) => error.code().to_string(),
                }),
            )
        }
    };
    std::fs::write(out, report).unwrap();
}

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
    let Content::Lines(diff) = repository.content(file("edited"), false).unwrap() else {
        panic!()
    };
    let lines: Vec<_> = diff
        .lines
        .iter()
        .map(|line| (line.side, line.text.as_slice()))
        .collect();
    assert_eq!(lines, [(Side::Removed, &b"edited"[..]), (Side::Added, b"new")]);
    assert_eq!(repository.content(file("mode"), false).unwrap(), Content::None);
    assert_eq!(repository.content(file("module"), true).unwrap(), Content::None);
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
    let gitlink = Entry {
        mode: Mode::Gitlink,
        id: id(&head),
    };
    assert_eq!(repository.digest(&gitlink).unwrap().to_string().len(), 64);
    let missing = Entry {
        mode: Mode::Regular,
        id: id(&"1".repeat(40)),
    };
    assert_eq!(repository.digest(&missing).unwrap_err().code(), Code::CG707);
    assert_eq!(
        repository
            .digest(&Entry {
                mode: Mode::Regular,
                id: id(&head)
            })
            .unwrap_err()
            .code(),
        Code::CG707
    );
    // The conversation with `git cat-file` goes on after a miss.
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
        repository.content(&change.files[0], true).unwrap(),
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
fn hooks_of_every_kind_of_work_tree_open_the_right_repository() {
    let repo = TestRepo::new();
    repo.write("sub/a", "1\n");
    repo.commit("base");
    let hooks = repo.path().join(".git/hooks");
    let out = probing_hook(&repo, &hooks, "pre-commit");
    repo.write("sub/a", "2\n");
    let top = repo.path().display().to_string();
    // From a directory below, with a temporary index (`commit <path>`), and with one of the user's own.
    repo.write("sub/other", "staged, not committed\n");
    repo.git(&["add", "sub/other"]);
    let said = repo
        .command("git")
        .args(["commit", "-qm", "two", "a"])
        .current_dir(repo.path().join("sub"))
        .output()
        .unwrap();
    assert!(said.status.success(), "{said:?}");
    let report = std::fs::read_to_string(&out).unwrap();
    assert_eq!(
        report,
        format!("git_dir {top}/.git\ncommon_dir {top}/.git\nwork_tree {top}\nbranch main\nstaged M sub/a\ncommit -\n")
    );
    // A linked worktree shares the hooks and has its own HEAD and index.
    let linked = repo.home().join("linked");
    repo.git(&["worktree", "add", "-q", "-b", "topic", linked.to_str().unwrap()]);
    std::fs::write(linked.join("b"), "b\n").unwrap();
    let git = |arguments: &[&str]| {
        let output = repo
            .command("git")
            .args(arguments)
            .current_dir(&linked)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    git(&["add", "b"]);
    git(&["commit", "-qm", "b"]);
    let report = std::fs::read_to_string(&out).unwrap();
    let at = linked.display();
    assert_eq!(
        report,
        format!(
            "git_dir {top}/.git/worktrees/linked\ncommon_dir {top}/.git\nwork_tree {at}\nbranch topic\nstaged A b\ncommit -\n"
        )
    );
    let hooks_dir = Repository::open_at(&linked).unwrap().hooks_dir().unwrap();
    assert_eq!(hooks_dir.canonicalize().unwrap(), hooks.canonicalize().unwrap());
}

#[test]
fn the_environment_says_where_the_repository_is() {
    let repo = TestRepo::new();
    repo.write("sub/a", "1\n");
    let base = repo.commit("base");
    repo.write("b", "b\n");
    repo.git(&["add", "b"]);
    let top = repo.path().display().to_string();
    let staged = |report: &str| {
        report
            .lines()
            .find(|line| line.starts_with("staged"))
            .unwrap()
            .to_owned()
    };
    // Relative GIT_DIR, from the top and from below.
    let report = probe(&repo, repo.path(), &[("GIT_DIR", ".git"), ("PROBE_REV", "main")]);
    assert_eq!(
        report,
        format!("git_dir {top}/.git\ncommon_dir {top}/.git\nwork_tree {top}\nbranch main\nstaged A b\ncommit {base}\n")
    );
    let below = probe(
        &repo,
        &repo.path().join("sub"),
        &[("GIT_DIR", "../.git"), ("GIT_WORK_TREE", "..")],
    );
    assert_eq!(staged(&below), "staged A b");
    // Another index, relative to the working directory.
    let other = repo
        .command("git")
        .args(["read-tree", "HEAD"])
        .env("GIT_INDEX_FILE", "other")
        .output()
        .unwrap();
    assert!(other.status.success());
    assert_eq!(
        staged(&probe(&repo, repo.path(), &[("GIT_INDEX_FILE", "other")])),
        "staged "
    );
    // Nothing set: git looks upwards, or finds nothing.
    assert!(probe(&repo, &repo.path().join("sub"), &[]).contains(&format!("work_tree {top}\n")));
    assert_eq!(
        probe(&repo, &repo.home(), &[("GIT_CEILING_DIRECTORIES", "/")]),
        "error CG701\n"
    );
    // Objects elsewhere, as in the quarantine of a push.
    let elsewhere = repo.home().join("quarantine");
    std::fs::rename(repo.path().join(".git/objects"), &elsewhere).unwrap();
    std::fs::create_dir(repo.path().join(".git/objects")).unwrap();
    let variables = [
        ("GIT_DIR", ".git"),
        ("GIT_OBJECT_DIRECTORY", ".git/objects"),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "../quarantine"),
        ("PROBE_REV", "HEAD"),
    ];
    assert!(probe(&repo, repo.path(), &variables).ends_with(&format!("staged A b\ncommit {base}\n")));
}

#[test]
fn another_repository_is_opened_whatever_the_environment_says() {
    let (here, there) = (TestRepo::new(), TestRepo::new());
    here.commit("here");
    let tip = there.commit("there");
    assert_eq!(open(&there).head().unwrap().commit(), Some(&id(&tip)));
    assert_eq!(
        Repository::open_at(&there.home()).err().map(|error| error.code()),
        Some(Code::CG701)
    );
    assert_eq!(
        Repository::open_at(Path::new("/does/not/exist"))
            .err()
            .map(|error| error.code()),
        Some(Code::CG701)
    );
}

#[test]
fn bare_repositories_have_no_work_tree() {
    let repo = TestRepo::init(&["--bare"]);
    let repository = open(&repo);
    assert!(repository.is_bare() && repository.work_tree().is_none() && !repository.is_shallow());
    assert_eq!(repository.head().unwrap(), Head::Unborn { branch: "main".into() });
    let report = probe(&repo, repo.path(), &[("GIT_DIR", ".")]);
    assert!(report.contains("work_tree none\n"), "{report}");
    let hooks = repo.path().join("hooks");
    assert_eq!(repository.hooks_dir().unwrap(), hooks);
    repo.git(&["config", "core.hooksPath", "/elsewhere/hooks"]);
    assert_eq!(open(&repo).hooks_dir().unwrap(), Path::new("/elsewhere/hooks"));
}

#[test]
fn head_is_read_in_every_state() {
    let repo = TestRepo::new();
    repo.write("a", "1\n");
    let base = repo.commit("base");
    let topic = Head::Branch {
        name: "topic/x".into(),
        commit: id(&base),
    };
    repo.git(&["switch", "-qc", "topic/x"]);
    assert_eq!(open(&repo).head().unwrap(), topic);
    repo.git(&["pack-refs", "--all"]);
    assert_eq!(open(&repo).head().unwrap(), topic);
    repo.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/topic/x"]);
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/alias"]);
    assert_eq!(open(&repo).head().unwrap(), topic);
    repo.git(&["checkout", "-q", "--detach"]);
    assert_eq!(open(&repo).head().unwrap(), Head::Detached { commit: id(&base) });
    assert_eq!(open(&repo).moving_branch().unwrap(), None);
    // Whatever is broken is not unborn.
    std::fs::write(repo.path().join(".git/refs/heads/topic-y"), "not an id\n").unwrap();
    std::fs::write(repo.path().join(".git/HEAD"), "ref: refs/heads/topic-y\n").unwrap();
    assert_eq!(open(&repo).head().unwrap_err().code(), Code::CG709);
    std::fs::write(
        repo.path().join(".git/refs/heads/topic-y"),
        format!("{}\n", "1".repeat(40)),
    )
    .unwrap();
    assert_eq!(open(&repo).head().unwrap_err().code(), Code::CG707);
}

#[test]
fn revisions_resolve_as_in_git() {
    let repo = TestRepo::new();
    let one = repo.commit("one");
    let two = repo.commit("two\n\nbody");
    repo.git(&["tag", "-a", "v1", "-m", "tag", &one]);
    repo.git(&["tag", "-a", "v1-again", "-m", "tag of a tag", "v1"]);
    repo.git(&["branch", "both", &one]);
    repo.git(&["tag", "both", &two]);
    repo.git(&["update-ref", "refs/remotes/origin/main", &one]);
    repo.git(&["tag", "tree", "HEAD^{tree}"]);
    let repository = open(&repo);
    for rev in [
        "HEAD",
        "main",
        "HEAD~1",
        "v1",
        "v1-again",
        "both",
        "origin/main",
        ":/one",
        "refs/heads/both",
        "@",
        &one,
        &one[..9],
    ] {
        let named = repo.ask(&["rev-parse", "--verify", "-q", rev]);
        let expected = repo.ask(&["rev-parse", "--verify", "-q", &format!("{named}^{{commit}}")]);
        assert_eq!(repository.commit(rev).unwrap().to_string(), expected, "{rev}");
    }
    for rev in [
        "",
        "-h",
        "--all",
        "nope",
        "^main",
        "main..HEAD",
        "HEAD:a",
        "tree",
        "main\nHEAD",
        &"1".repeat(40),
    ] {
        let error = repository.commit(rev).unwrap_err();
        assert_eq!(error.code(), Code::CG702, "{rev}");
        assert!(!error.diagnostic().helps().is_empty());
    }
    let refs = repository.refs(&["refs/tags", "refs/heads/b*"]).unwrap();
    let names: Vec<&str> = refs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "refs/heads/both",
            "refs/tags/both",
            "refs/tags/v1",
            "refs/tags/v1-again"
        ]
    );
    assert_eq!(refs[3].1, id(&one));
    assert_eq!(repository.config("CERTGATE.unset").unwrap(), None);
    repo.git(&["config", "branch.Topic.Merge", "refs/heads/x"]);
    assert_eq!(
        open(&repo).config("Branch.Topic.merge").unwrap().as_deref(),
        Some("refs/heads/x")
    );
    assert_eq!(open(&repo).upstream("main").unwrap(), None);
    assert!(git_version().unwrap().major >= 2);
}

#[test]
fn rebases_and_merges_in_progress_are_seen() {
    let repo = TestRepo::new();
    repo.write("a", "base\n");
    repo.commit("base");
    repo.git(&["switch", "-qc", "topic"]);
    repo.write("a", "topic\n");
    let topic = repo.commit("topic");
    repo.git(&["switch", "-q", "main"]);
    repo.write("a", "main\n");
    let main = repo.commit("main");
    assert!(!repo.try_git(&["merge", "-q", "topic"]).status.success());
    let repository = open(&repo);
    assert_eq!(repository.merge_head().unwrap(), [id(&topic)]);
    let conflict = repository.staged().unwrap_err();
    assert_eq!(conflict.code(), Code::CG713);
    assert!(conflict.diagnostic().helps()[0].contains("git add -- a"));
    repo.write("a", "both\n");
    repo.git(&["add", "a"]);
    assert_eq!(staged(&repo), ["M a"]);
    repo.git(&["merge", "--abort"]);
    assert!(open(&repo).merge_head().unwrap().is_empty());
    repo.git(&["switch", "-q", "topic"]);
    for backend in ["--merge", "--apply"] {
        assert!(!repo.try_git(&["rebase", "-q", backend, "main"]).status.success());
        let repository = open(&repo);
        assert_eq!(repository.head().unwrap(), Head::Detached { commit: id(&main) });
        assert_eq!(
            repository.moving_branch().unwrap().as_deref(),
            Some("topic"),
            "{backend}"
        );
        repo.git(&["rebase", "--abort"]);
    }
    repo.git(&["checkout", "-q", "--detach"]);
    assert!(!repo.try_git(&["rebase", "-q", "main"]).status.success());
    assert_eq!(open(&repo).moving_branch().unwrap(), None);
}

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
        let messages = repository.messages(&[id(&a)], &id(&b)).unwrap();
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
        repository.messages(&[], &commit("origin/topic")).unwrap_err(),
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
        let Content::Lines(diff) = repository.content(&change.files[0], false).unwrap() else {
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
    let Content::Lines(diff) = repository.content(&change.files[0], true).unwrap() else {
        panic!()
    };
    assert_eq!(diff.lines.len(), 2);
    let tree = repo.ask(&["rev-parse", "HEAD:dir"]);
    assert_eq!(repository.subtree_id(&id(&two), b"dir/").unwrap(), Some(id(&tree)));
    // An id of the other kind is in no such repository.
    assert_eq!(
        repository.messages(&[], &id(&"1".repeat(40))).unwrap_err().code(),
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
        .introduced_in(&[id(&base)], &id(&head), &path, &blob)
        .unwrap();
    assert_eq!(found, [id(&again), id(&first)]);
    assert!(
        repository
            .introduced_in(&[id(&again)], &id(&head), &path, &blob)
            .unwrap()
            .is_empty()
    );
    let source = RepoPath::from("src/a.rs");
    let people = repository.authorship(&[id(&base)], &id(&head), &[&source]).unwrap();
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

#[test]
fn messages_are_read_as_git_will_store_them() {
    let repo = TestRepo::new();
    repo.write(".git/COMMIT_EDITMSG", "perf: x\n\n\n; hint\n# kept\n");
    repo.git(&["config", "core.commentChar", ";"]);
    let message = |repo: &TestRepo| {
        open(repo)
            .commit_message_file(Path::new(".git/COMMIT_EDITMSG"))
            .unwrap()
    };
    assert_eq!(message(&repo), b"perf: x\n\n# kept\n");
    repo.git(&["config", "commit.cleanup", "whitespace"]);
    assert_eq!(message(&repo), b"perf: x\n\n; hint\n# kept\n");
    let error = open(&repo).commit_message_file(Path::new("none")).unwrap_err();
    assert_eq!(error.code(), Code::CG709);
}

#[test]
fn a_repository_supplies_no_program() {
    let mut repo = TestRepo::new();
    repo.write("git", "#!/bin/sh\ntouch \"$HOME/ran\"\n");
    repo.write("a", "1\n");
    repo.commit("x");
    repo.git(&["update-index", "--chmod=+x", "git"]);
    repo.git(&["checkout-index", "-f", "git"]);
    repo.git(&["config", "core.fsmonitor", "touch ran"]);
    repo.git(&["config", "diff.external", "touch ran"]);
    let path = format!(":.:{}", std::env::var("PATH").unwrap());
    repo.set("PATH", &path);
    let report = probe(&repo, repo.path(), &[]);
    assert!(report.contains("staged"), "{report}");
    assert!(!repo.home().join("ran").exists() && !repo.path().join("ran").exists());
}

#[test]
fn git_decides_whose_repositories_are_read() {
    let repo = TestRepo::new();
    repo.write("a", "1\n");
    repo.git(&["add", "a"]);
    // Git's own switch for its tests of `safe.directory`.
    let foreign = ("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
    assert_eq!(probe(&repo, repo.path(), &[foreign]), "error CG706\n");
    // Where git has set GIT_DIR it has decided already.
    assert!(probe(&repo, repo.path(), &[foreign, ("GIT_DIR", ".git")]).contains("staged A a\n"));
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
    assert_eq!(
        repository.range(&Snapshot::Empty, &id(&commit)).unwrap_err().code(),
        Code::CG707
    );
}

#[test]
fn large_changes_are_read_by_several_threads_in_order() {
    let repo = TestRepo::new();
    repo.write("README", "x\n");
    let base = repo.commit("base");
    for n in 0..300 {
        repo.write(format!("d{:03}/f{n}", n / 4), format!("{n}\n"));
    }
    let head = repo.commit("many");
    let repository = open(&repo);
    let change = repository.change_between(Some(&id(&base)), &id(&head)).unwrap();
    let listed: Vec<String> = change.files.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(listed.join("\n"), repo.ask(&["diff", "--name-only", &base, &head]));
    let files: Vec<_> = change.files.iter().collect();
    let read = repository.each_content(&files, true, |file, content| {
        let Content::Lines(diff) = content else { panic!() };
        (
            file.path.to_string(),
            String::from_utf8(diff.lines[0].text.clone()).unwrap(),
        )
    });
    for ((path, text), expected) in read.unwrap().into_iter().zip(listed) {
        assert_eq!(path, expected);
        assert!(path.ends_with(&format!("/f{text}")), "{path} {text}");
    }
}
