//! Several at once: none gets in the other's way, and nothing is lost.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::{FOREIGN, names, start, vetoed};
use crate::scene::{self, run};
use crate::support::TestRepo;

const MANY: usize = 10;

fn with_foreign_hook() -> TestRepo {
    let repo = scene::with_policy();
    repo.write(".git/hooks/pre-commit", FOREIGN);
    let hook = repo.path().join(".git/hooks/pre-commit");
    std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    repo
}

/// Runs them all at once and tells how they ended.
fn all(repo: &TestRepo, commands: &[&[&str]]) -> Vec<Option<i32>> {
    let children: Vec<_> = commands.iter().map(|arguments| start(repo, arguments)).collect();
    children
        .into_iter()
        .map(|mut child| child.wait().unwrap().code())
        .collect()
}

#[test]
fn many_installs_chain_the_hook_once() {
    let repo = with_foreign_hook();
    let ended = all(&repo, &[&["install"][..]; MANY]);
    assert_eq!(ended, [Some(0); MANY]);
    let directory = repo.path().join(".git/hooks");
    let beside = directory.with_file_name("hooks.certgate-chained");
    let chained = std::fs::read_to_string(beside.join("pre-commit")).unwrap();
    assert_eq!(chained, FOREIGN);
    assert_eq!(names(&beside, "").len(), 2, "and .gitignore");
    run(&repo, &["hooks"])
        .ends(0)
        .writes("runs the hook that was there first");
}

#[test]
fn installs_against_uninstalls_lose_no_hook() {
    let repo = with_foreign_hook();
    let directory = repo.path().join(".git/hooks");
    for _ in 0..4 {
        let mixed: Vec<&[&str]> = (0..MANY)
            .map(|nth| {
                if nth % 2 == 0 {
                    &["install"][..]
                } else {
                    &["uninstall"][..]
                }
            })
            .collect();
        assert_eq!(all(&repo, &mixed), [Some(0); MANY]);
        let texts = ["hooks/pre-commit", "hooks.certgate-chained/pre-commit"]
            .map(|name| std::fs::read_to_string(directory.with_file_name(name)).unwrap_or_default());
        assert!(texts.contains(&FOREIGN.to_owned()), "the hook that was there is lost");
    }
    run(&repo, &["uninstall"]).ends(0);
    assert_eq!(std::fs::read_to_string(directory.join("pre-commit")).unwrap(), FOREIGN);
    let left: Vec<String> = [names(&directory, ""), names(&repo.path().join(".git"), "hooks.")]
        .concat()
        .into_iter()
        .filter(|name| name.contains("certgate"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn many_certificates_of_one_second_have_names_and_ids_of_their_own() {
    let repo = scene::with_policy();
    scene::stage_gated(&repo);
    let certify: &[&str] = &crate::scene::certify_staged("APPROVED", "ann");
    assert_eq!(all(&repo, &[certify; MANY]), [Some(0); MANY]);
    let certificates = names(&repo.path().join("certificates"), "");
    assert_eq!(certificates.len(), MANY, "{certificates:?}");
    let ids: BTreeSet<String> = certificates
        .iter()
        .map(|name| {
            let text = std::fs::read_to_string(repo.path().join("certificates").join(name)).unwrap();
            let id = text.lines().find_map(|line| line.strip_prefix("**Certificate ID**: "));
            id.unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids.len(), MANY);
    run(&repo, &["lint"])
        .ends(0)
        .writes("10 certificates: 10 with a decision, 0 errors, 0 warnings");
    repo.git(&["add", "--all"]);
    run(&repo, &["check", "--staged"]).ends(0);
}

#[test]
fn many_hooks_without_a_cache_agree() {
    let repo = vetoed(60);
    assert_eq!(all(&repo, &[&["hook", "pre-commit"][..]; MANY]), [Some(1); MANY]);
    let home = repo.path().join(".git/certgate/ledger");
    let [form] = names(&home, "").try_into().unwrap();
    let caches = names(&home.join(form), "");
    assert_eq!(caches.len(), 1, "{caches:?}");
    run(&repo, &["hook", "pre-commit"]).blocks(&["CG302"]);
}

/// A part of a change that is too large for one certificate.
#[test]
fn a_directory_is_certified_by_itself() {
    let repo = scene::with_policy();
    for path in ["a/x.py", "a/b/y.py", "ab/z.py"] {
        repo.write(format!("src/train/{path}"), path);
    }
    repo.git(&["add", "--all"]);
    let certify = |file: &str| {
        let basic = crate::scene::certify_staged("GO", "ann");
        run(&repo, &[&basic[..], &["--output", "-", "--file", file]].concat())
    };
    for directory in ["src/train/a", "src/train/a/"] {
        let document = certify(directory).ends(0).out;
        assert!(document.contains("src/train/a/x.py") && document.contains("src/train/a/b/y.py"));
        assert!(!document.contains("ab/z.py"), "{document}");
    }
    certify("src/train/c").undecided("CG700");
}

/// Holds the lock that a certgate at work holds.
fn lock(repo: &TestRepo) -> std::fs::File {
    let directory = std::fs::File::open(repo.path().join(".git/hooks")).unwrap();
    rustix::fs::flock(&directory, rustix::fs::FlockOperation::LockExclusive).unwrap();
    directory
}

#[test]
fn an_install_waits_for_another() {
    let repo = with_foreign_hook();
    let held = lock(&repo);
    let mut waiting = start(&repo, &["install"]);
    std::thread::sleep(Duration::from_millis(300));
    assert!(waiting.try_wait().unwrap().is_none(), "it did not wait");
    assert!(!repo.path().join(".git/hooks/pre-push").exists());
    drop(held);
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
}

#[test]
fn an_install_that_waited_in_vain_says_so() {
    let repo = with_foreign_hook();
    let _held = lock(&repo);
    run(&repo, &["install"]).undecided("CG725").says("fuser -v ");
    assert!(!repo.path().join(".git/hooks/pre-push").exists());
}
