//! SIGKILL at many moments: what is there afterwards is the old state or the new one, and git works with it.
//!
//! The moments are spread over the time that the command takes here when nobody kills it.

use std::path::Path;
use std::time::Duration;

use super::{FOREIGN, age, killed, litter, names, start, takes, vetoed};
use crate::scene::{self, Ran, git, run};
use crate::support::TestRepo;

/// How many moments are tried for each command.
const MOMENTS: u32 = 20;

/// The moments, from the start to a little after the end.
fn moments(whole: Duration) -> impl Iterator<Item = Duration> {
    (0..MOMENTS).map(move |nth| whole * nth * 11 / (MOMENTS * 10))
}

const HOOKS: [&str; 4] = ["commit-msg", "pre-commit", "pre-merge-commit", "pre-push"];

/// A repository with two hooks of somebody else.
fn with_foreign_hooks() -> TestRepo {
    let repo = scene::with_policy();
    for name in ["pre-commit", "pre-push"] {
        put_hook(&repo, name);
    }
    repo
}

fn put_hook(repo: &TestRepo, name: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    repo.write(format!(".git/hooks/{name}"), FOREIGN);
    let path = repo.path().join(".git/hooks").join(name);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The hooks directory without what git puts there.
fn hooks(repo: &TestRepo) -> Vec<String> {
    let mut names = names(&repo.path().join(".git/hooks"), "");
    names.retain(|name| !name.ends_with(".sample"));
    names
}

fn text(path: &Path) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// Each hook is somebody else's or a whole shim that runs it; nothing is lost, and git still runs what was there.
fn hooks_are_whole(repo: &TestRepo) {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = repo.path().join(".git/hooks");
    for name in HOOKS {
        let path = directory.join(name);
        let foreign = ["pre-commit", "pre-push"].contains(&name);
        match text(&path) {
            Some(found) if found == FOREIGN => assert!(foreign, "{name}"),
            Some(found) => {
                assert!(found.starts_with("#!/bin/sh\n# certgate-hook v1 "), "{name}: {found}");
                assert!(
                    found.ends_with(&format!("exec \"$certgate_bin\" hook {name} \"$@\"\n")),
                    "{name}: {found}"
                );
                let mode = path.metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o700, 0o700, "{name} is not executable");
                let chained = text(&directory.with_file_name("hooks.certgate-chained").join(name));
                assert_eq!(chained.is_some(), foreign, "{name}: what was there is not chained");
                assert!(chained.is_none_or(|chained| chained == FOREIGN));
            }
            None => assert!(!foreign, "{name} is lost"),
        }
    }
    let ran = repo.path().join(".git/ran");
    let before = text(&ran).unwrap_or_default().len();
    git(repo, &["commit", "--quiet", "--allow-empty", "-m", "x"]).ends(0);
    assert!(
        text(&ran).unwrap_or_default().len() > before,
        "the hook that was there did not run"
    );
}

#[test]
fn install_and_uninstall_leave_the_old_or_the_new() {
    let repo = with_foreign_hooks();
    let directory = repo.path().join(".git/hooks");
    let old = hooks(&repo);
    let install = takes(&repo, &["install"], 0);
    let new = hooks(&repo);
    let uninstall = takes(&repo, &["uninstall"], 0);
    assert_eq!(hooks(&repo), old);
    for (to, back) in moments(install).zip(moments(uninstall)) {
        killed(&repo, &["install"], to);
        hooks_are_whole(&repo);
        age(&directory);
        run(&repo, &["install"]).ends(0);
        assert_eq!(hooks(&repo), new, "killed after {to:?}");
        killed(&repo, &["uninstall"], back);
        hooks_are_whole(&repo);
        age(&directory);
        run(&repo, &["uninstall"]).ends(0);
        assert_eq!(hooks(&repo), old, "killed after {back:?}");
    }
}

#[test]
fn an_interrupted_install_is_all_or_nothing() {
    let repo = with_foreign_hooks();
    let directory = repo.path().join(".git/hooks");
    let old = hooks(&repo);
    let whole = takes(&repo, &["install"], 0);
    let new = hooks(&repo);
    takes(&repo, &["uninstall"], 0);
    for (nth, after) in moments(whole).enumerate() {
        let (signal, code) = if nth % 2 == 0 { ("-INT", 130) } else { ("-TERM", 143) };
        let mut child = start(&repo, &["install"]);
        std::thread::sleep(after);
        let pid = child.id().to_string();
        // It may be gone by now.
        let _sent = repo.command("kill").args([signal, &pid]).output().unwrap();
        let ended = child.wait().unwrap();
        let by_default = std::os::unix::process::ExitStatusExt::signal(&ended);
        assert!(
            [Some(0), Some(code)].contains(&ended.code()) || by_default.is_some_and(|signal| [2, 15].contains(&signal)),
            "{ended}"
        );
        let found = hooks(&repo);
        assert!(found == old || found == new, "{signal} after {after:?}: {found:?}");
        assert!(litter(&directory).is_empty());
        run(&repo, &["uninstall"]).ends(0);
        assert_eq!(hooks(&repo), old);
    }
}

#[test]
fn init_leaves_a_whole_policy_or_none() {
    let fresh = || {
        let repo = TestRepo::new();
        repo.write("setup.py", "");
        repo.commit("begin");
        repo
    };
    let reference = fresh();
    let whole = takes(&reference, &["init"], 0);
    let policy = text(&reference.path().join(".certgate/policy.yaml")).unwrap();
    for after in moments(whole) {
        let repo = fresh();
        killed(&repo, &["init"], after);
        let found = text(&repo.path().join(".certgate/policy.yaml"));
        assert!(found.is_none_or(|found| found == policy), "killed after {after:?}");
        let untracked = repo.ask(&["status", "--porcelain", "--untracked-files=all"]);
        assert!(
            ["", "?? .certgate/policy.yaml"].contains(&untracked.as_str()),
            "{untracked}"
        );
        run(&repo, &["init"]).ends(0);
        assert_eq!(text(&repo.path().join(".certgate/policy.yaml")), Some(policy.clone()));
        run(&repo, &["hooks"]).ends(0).writes("\npre-push  ");
    }
}

const CERTIFY: [&str; 9] = crate::scene::certify_staged("APPROVED", "ann");

#[test]
fn certify_leaves_a_whole_certificate_or_none() {
    let repo = scene::with_policy();
    scene::stage_gated(&repo);
    let folder = repo.path().join("certificates");
    let scratch = repo.path().join(".git/certgate/tmp");
    let whole = takes(&repo, &CERTIFY, 0);
    for after in moments(whole) {
        std::fs::remove_dir_all(&folder).unwrap();
        killed(&repo, &CERTIFY, after);
        let all = names(&folder, "");
        assert_eq!(all, names(&folder, ".md"), "something else lies in the work tree");
        assert!(all.len() <= 1);
        for name in all {
            let path = format!("certificates/{name}");
            run(&repo, &["verify", "--staged", &path])
                .ends(0)
                .writes("ok    hash: valid");
        }
        age(&scratch);
        run(&repo, &CERTIFY).ends(0);
        assert!(litter(&scratch).is_empty(), "killed after {after:?}");
    }
}

/// A key to sign with, in the home directory; `None` where OpenSSH is not installed.
fn key(repo: &TestRepo) -> Option<String> {
    let key = repo.home().join("key").to_str().unwrap().to_owned();
    let made = repo
        .command("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f", &key])
        .output();
    let made = made.is_ok_and(|output| output.status.success());
    assert!(
        made || std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "ssh-keygen is needed"
    );
    made.then_some(key)
}

/// Whether OpenSSH finds that the signature beside a document is one of it.
fn is_signed(repo: &TestRepo, document: &str) -> bool {
    let bytes = std::fs::read(repo.path().join(document)).unwrap();
    let signature = format!("{document}.sig");
    let check = ["-Y", "check-novalidate", "-n", "certgate", "-s", &signature];
    repo.with_stdin("ssh-keygen", &check, &bytes).status.success()
}

/// The signature comes first: no moment has the document without it, and a signature alone speaks for nothing.
#[test]
fn a_signed_certificate_is_never_there_without_its_signature() {
    let repo = scene::with_policy();
    scene::stage_gated(&repo);
    let Some(key) = key(&repo) else { return };
    let certify = [&CERTIFY[..], &["--sign", &key]].concat();
    let folder = repo.path().join("certificates");
    let whole = takes(&repo, &certify, 0);
    for after in moments(whole) {
        std::fs::remove_dir_all(&folder).unwrap();
        killed(&repo, &certify, after);
        for name in names(&folder, ".md") {
            assert!(
                is_signed(&repo, &format!("certificates/{name}")),
                "killed after {after:?}"
            );
        }
        let before = names(&folder, ".md");
        takes(&repo, &certify, 0);
        let after = names(&folder, ".md");
        assert_eq!(after.len(), before.len() + 1);
    }
}

/// The document is as it was, or sealed and signed; the same command again completes it.
#[test]
fn a_sealed_document_is_never_there_without_its_signature() {
    let repo = scene::with_policy();
    scene::stage_gated(&repo);
    let Some(key) = key(&repo) else { return };
    let text = scene::of_status("APPROVED", "BY-HAND");
    let folder = repo.path().join("certificates");
    let seal = ["seal", scene::CERTIFICATE, "--staged", "--sign", &key];
    repo.write(scene::CERTIFICATE, &text);
    let whole = takes(&repo, &seal, 0);
    for after in moments(whole) {
        std::fs::remove_dir_all(&folder).unwrap();
        repo.write(scene::CERTIFICATE, &text);
        killed(&repo, &seal, after);
        if std::fs::read_to_string(repo.path().join(scene::CERTIFICATE)).unwrap() != text {
            assert!(is_signed(&repo, scene::CERTIFICATE), "killed after {after:?}");
        }
        run(&repo, &seal).ends(0);
        assert!(
            is_signed(&repo, scene::CERTIFICATE),
            "killed after {after:?}, then sealed"
        );
        assert_eq!(names(&folder, "").len(), 2);
    }
}

#[test]
fn seal_leaves_the_document_as_it_was_or_sealed() {
    let repo = scene::with_policy();
    scene::stage_gated(&repo);
    let text = scene::of_status("APPROVED", "BY-HAND");
    let path = repo.path().join(scene::CERTIFICATE);
    let seal = ["seal", scene::CERTIFICATE, "--staged"];
    repo.write(scene::CERTIFICATE, &text);
    let whole = takes(&repo, &seal, 0);
    for after in moments(whole) {
        repo.write(scene::CERTIFICATE, &text);
        killed(&repo, &seal, after);
        if std::fs::read_to_string(&path).unwrap() != text {
            let ran = run(&repo, &["verify", "--staged", scene::CERTIFICATE]).ends(0);
            ran.writes("ok    hash: valid").writes("ok    subject: ");
        }
        assert_eq!(names(&repo.path().join("certificates"), "").len(), 1);
    }
}

/// A ledger of which only a part is read may lack the refusal.
#[test]
fn a_killed_hook_leaves_a_whole_cache_or_none() {
    let repo = vetoed(120);
    let home = repo.path().join(".git/certgate/ledger");
    let whole = takes(&repo, &["hook", "pre-commit"], 1);
    let [form] = names(&home, "").try_into().unwrap();
    let home = home.join(form);
    let caches = || {
        let mut names = names(&home, "");
        names.retain(|name| !name.starts_with("new-"));
        names
    };
    let [key] = caches().try_into().unwrap();
    let files = names(&home.join(&key), "");
    assert!(files.len() >= 5, "{files:?}");
    for after in moments(whole) {
        std::fs::remove_dir_all(&home).unwrap();
        killed(&repo, &["hook", "pre-commit"], after);
        for found in caches() {
            assert_eq!(found, key);
            assert_eq!(names(&home.join(&found), ""), files, "killed after {after:?}");
        }
        // Once from what the killed one left, once from what this one left.
        for _ in 0..2 {
            run(&repo, &["hook", "pre-commit"]).blocks(&["CG302"]);
        }
        assert_eq!(caches(), std::slice::from_ref(&key));
    }
}

/// After a loss of power a file may be cut short, empty or full of zeros.
#[test]
fn a_damaged_cache_is_made_anew() {
    let repo = vetoed(40);
    let home = repo.path().join(".git/certgate/ledger");
    let ask = || -> Ran { run(&repo, &["hook", "pre-commit"]).blocks(&["CG302"]) };
    ask();
    let [form] = names(&home, "").try_into().unwrap();
    let home = home.join(form);
    let [key] = names(&home, "").try_into().unwrap();
    for name in names(&home.join(&key), "") {
        let file = home.join(&key).join(&name);
        let whole = std::fs::read(&file).unwrap();
        let half = whole[..whole.len() / 2].to_vec();
        for damaged in [half, Vec::new(), vec![0; whole.len()]] {
            std::fs::write(&file, damaged).unwrap();
            ask();
            // Only what the question needs is read, and so only that is fixed.
            run(&repo, &["log", "--max-count", "1"]).ends(0);
            if !name.ends_with(".paths") && name != "ids" && name != "landings" {
                assert_eq!(std::fs::read(&file).unwrap(), whole, "{name} was not mended");
            }
            std::fs::write(&file, &whole).unwrap();
        }
    }
}
