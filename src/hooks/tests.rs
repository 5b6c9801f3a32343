//! Installing, chaining and removing, on real files.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::diagnostic::Code;

const FOREIGN: &str = "#!/bin/sh\necho mine\n";

struct Repo(TempDir);

impl Repo {
    fn new() -> Self {
        let repo = Self(tempfile::tempdir().unwrap());
        fs::create_dir(repo.hooks()).unwrap();
        repo
    }

    fn hooks(&self) -> PathBuf {
        self.0.path().join("hooks")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.hooks().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.at(name), text).unwrap();
        fs::set_permissions(self.at(name), Permissions::from_mode(mode)).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.at(name)).unwrap().permissions().mode() & 0o777
    }

    fn install(&self) -> Result<Vec<(HookName, Installed)>, HooksError> {
        self.install_binary("/opt/certgate")
    }

    fn install_binary(&self, binary: &str) -> Result<Vec<(HookName, Installed)>, HooksError> {
        let binary = Path::new(binary);
        install(&Installation {
            hooks_dir: &self.hooks(),
            binary,
            hooks: &HookName::CLIENT,
        })
    }

    fn state(&self, name: HookName) -> State {
        let all = state(&self.hooks()).unwrap();
        all.into_iter().find(|(other, _)| *other == name).unwrap().1
    }

    /// Every name in the hooks directory, sorted.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.hooks())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn ours(chained: bool) -> State {
    State::Ours {
        binary: PathBuf::from("/opt/certgate"),
        current: true,
        executable: true,
        chained,
    }
}

fn all<T: Clone>(what: &T) -> Vec<(HookName, T)> {
    HookName::ALL.map(|name| (name, what.clone())).to_vec()
}

/// What is reported about the hooks of a client, and of the others.
fn client<T: Clone>(what: &T, others: &T) -> Vec<(HookName, T)> {
    let told = |name: HookName| if name.is_optional() { others } else { what };
    HookName::ALL.map(|name| (name, told(name).clone())).to_vec()
}

fn all_of_client(what: &Installed) -> Vec<(HookName, Installed)> {
    HookName::CLIENT.map(|name| (name, what.clone())).to_vec()
}

#[test]
fn names_read_back() {
    for name in HookName::ALL {
        assert_eq!(HookName::parse(name.as_str()), Some(name));
    }
    assert_eq!(HookName::parse("pre-commit.sample"), None);
}

#[test]
fn installs_into_a_directory_that_is_not_there_and_again() {
    let repo = Repo::new();
    fs::remove_dir(repo.hooks()).unwrap();
    assert_eq!(state(&repo.hooks()).unwrap(), all(&State::Missing));
    assert_eq!(uninstall(&repo.hooks()).unwrap(), all(&Removed::Absent));
    assert_eq!(repo.install().unwrap(), all_of_client(&Installed::New));
    assert_eq!(state(&repo.hooks()).unwrap(), client(&ours(false), &State::Missing));
    assert_eq!(repo.mode("pre-push"), 0o755);
    assert_eq!(repo.install().unwrap(), all_of_client(&Installed::Unchanged));
    assert_eq!(
        repo.names(),
        ["commit-msg", "pre-commit", "pre-merge-commit", "pre-push"]
    );
    assert_eq!(
        uninstall(&repo.hooks()).unwrap(),
        client(&Removed::Removed, &Removed::Absent)
    );
    assert!(repo.names().is_empty());
}

#[test]
fn optional_hooks_come_by_request_and_are_kept_up_to_date() {
    let repo = Repo::new();
    let install_server = |binary: &str| {
        install(&Installation {
            hooks_dir: &repo.hooks(),
            binary: Path::new(binary),
            hooks: &[HookName::PreReceive],
        })
    };
    assert_eq!(
        install_server("/old/certgate").unwrap(),
        [(HookName::PreReceive, Installed::New)]
    );
    assert_eq!(repo.names(), ["pre-receive"]);
    let names =
        |done: Vec<(HookName, Installed)>| -> Vec<HookName> { done.into_iter().map(|(name, _)| name).collect() };
    let mut expected = HookName::CLIENT.to_vec();
    expected.push(HookName::PreReceive);
    assert_eq!(names(repo.install().unwrap()), expected);
    assert_eq!(repo.state(HookName::PreReceive), ours(false));
    assert_eq!(repo.state(HookName::ReferenceTransaction), State::Missing);
    fs::remove_file(repo.at("pre-receive")).unwrap();
    repo.write("pre-receive", FOREIGN, 0o755);
    assert_eq!(repo.install().unwrap(), all_of_client(&Installed::Unchanged));
    assert_eq!(repo.read("pre-receive"), FOREIGN);
}

#[test]
fn updates_its_own() {
    let repo = Repo::new();
    repo.install_binary("/old/certgate").unwrap();
    fs::set_permissions(repo.at("pre-push"), Permissions::from_mode(0o644)).unwrap();
    repo.write(
        "commit-msg",
        "#!/bin/sh\n# certgate-hook v0 commit-msg\nexit 0\n",
        0o755,
    );
    assert!(matches!(
        repo.state(HookName::PrePush),
        State::Ours {
            executable: false,
            current: true,
            ..
        }
    ));
    assert!(matches!(
        repo.state(HookName::CommitMsg),
        State::Ours { current: false, .. }
    ));
    assert_eq!(repo.install().unwrap(), all_of_client(&Installed::Updated));
    assert_eq!(state(&repo.hooks()).unwrap(), client(&ours(false), &State::Missing));
}

#[test]
fn a_relative_program_is_made_absolute() {
    let repo = Repo::new();
    repo.install_binary("target/certgate").unwrap();
    let State::Ours { binary, .. } = repo.state(HookName::PreCommit) else {
        panic!("not ours")
    };
    assert_eq!(binary, std::env::current_dir().unwrap().join("target/certgate"));
}

#[test]
fn chains_what_was_there_and_puts_it_back() {
    let repo = Repo::new();
    repo.write("pre-commit", FOREIGN, 0o750);
    repo.write("pre-push", FOREIGN, 0o640);
    repo.write("pre-commit.sample", "sample", 0o755);
    repo.write("post-commit", FOREIGN, 0o755);
    assert_eq!(repo.state(HookName::PreCommit), State::Foreign { executable: true });
    assert_eq!(repo.state(HookName::PrePush), State::Foreign { executable: false });
    let kept_as = repo
        .0
        .path()
        .canonicalize()
        .unwrap()
        .join("hooks.certgate-chained/pre-commit");
    let installed = repo.install().unwrap();
    assert_eq!(installed[0], (HookName::PreCommit, Installed::Chained { kept_as }));
    assert_eq!(installed[1], (HookName::CommitMsg, Installed::New));
    assert_eq!(repo.read("../hooks.certgate-chained/pre-commit"), FOREIGN);
    assert_eq!(repo.mode("../hooks.certgate-chained/pre-commit"), 0o750);
    assert_eq!(repo.mode("../hooks.certgate-chained/pre-push"), 0o640);
    assert_eq!(repo.state(HookName::PreCommit), ours(true));
    assert_eq!(repo.install().unwrap(), all_of_client(&Installed::Unchanged));
    let removed = uninstall(&repo.hooks()).unwrap();
    assert_eq!(removed[0].1, Removed::Restored);
    assert_eq!(removed[1].1, Removed::Removed);
    assert_eq!(removed[3].1, Removed::Restored);
    assert_eq!(
        repo.names(),
        ["post-commit", "pre-commit", "pre-commit.sample", "pre-push"]
    );
    assert_eq!(repo.read("pre-commit"), FOREIGN);
    assert_eq!(repo.mode("pre-commit"), 0o750);
    assert_eq!(repo.mode("pre-push"), 0o640);
}

#[test]
fn a_symlink_is_moved_and_its_target_untouched() {
    let repo = Repo::new();
    repo.write("tool", FOREIGN, 0o755);
    symlink("tool", repo.at("pre-commit")).unwrap();
    symlink("nowhere", repo.at("pre-push")).unwrap();
    assert_eq!(repo.state(HookName::PreCommit), State::Foreign { executable: true });
    assert_eq!(repo.state(HookName::PrePush), State::Foreign { executable: false });
    repo.install().unwrap();
    assert_eq!(
        fs::read_link(repo.at("../hooks.certgate-chained/pre-commit")).unwrap(),
        Path::new("tool")
    );
    assert_eq!(repo.read("tool"), FOREIGN);
    assert_eq!(repo.state(HookName::PreCommit), ours(true));
    assert_eq!(repo.state(HookName::PrePush), ours(true));
    uninstall(&repo.hooks()).unwrap();
    assert_eq!(fs::read_link(repo.at("pre-commit")).unwrap(), Path::new("tool"));
    assert_eq!(fs::read_link(repo.at("pre-push")).unwrap(), Path::new("nowhere"));
}

#[test]
fn a_symlink_to_a_shim_elsewhere_is_not_ours() {
    let (repo, other) = (Repo::new(), Repo::new());
    other.install().unwrap();
    symlink(other.at("pre-commit"), repo.at("pre-commit")).unwrap();
    assert_eq!(repo.state(HookName::PreCommit), State::Foreign { executable: true });
    assert_eq!(uninstall(&repo.hooks()).unwrap()[0].1, Removed::Foreign);
    assert_eq!(other.state(HookName::PreCommit), ours(false));
}

#[test]
fn a_directory_is_an_error_and_nothing_is_changed() {
    let repo = Repo::new();
    repo.write("pre-commit", FOREIGN, 0o755);
    fs::create_dir(repo.at("pre-push")).unwrap();
    assert_eq!(repo.state(HookName::PrePush), State::Directory);
    let error = repo.install().unwrap_err();
    assert!(matches!(error, HooksError::Directory { .. }));
    assert_eq!(error.diagnostic().code(), Code::CG710);
    assert_eq!(repo.names(), ["pre-commit", "pre-push"]);
    assert_eq!(repo.read("pre-commit"), FOREIGN);
    assert_eq!(uninstall(&repo.hooks()).unwrap()[3].1, Removed::Foreign);
}

#[test]
fn two_foreign_hooks_are_both_kept() {
    let repo = Repo::new();
    repo.write("pre-push", FOREIGN, 0o755);
    fs::create_dir(repo.at("../hooks.certgate-chained")).unwrap();
    repo.write("../hooks.certgate-chained/pre-push", "#!/bin/sh\necho other\n", 0o755);
    let error = repo.install().unwrap_err();
    assert!(matches!(error, HooksError::ChainedExists { .. }));
    assert_eq!(error.diagnostic().code(), Code::CG710);
    assert_eq!(error.diagnostic().helps().len(), 2);
    assert_eq!(repo.names(), ["pre-push"]);
    assert_eq!(uninstall(&repo.hooks()).unwrap()[3].1, Removed::Foreign);
    assert_eq!(repo.read("pre-push"), FOREIGN);
    assert_eq!(
        repo.read("../hooks.certgate-chained/pre-push"),
        "#!/bin/sh\necho other\n"
    );
}

#[test]
fn goes_on_where_a_killed_install_stopped() {
    let repo = Repo::new();
    repo.write("pre-push", FOREIGN, 0o755);
    fs::create_dir(repo.at("../hooks.certgate-chained")).unwrap();
    fs::hard_link(repo.at("pre-push"), repo.at("../hooks.certgate-chained/pre-push")).unwrap();
    // Nothing is lost by going back …
    assert_eq!(uninstall(&repo.hooks()).unwrap()[3].1, Removed::Foreign);
    assert_eq!(repo.names(), ["pre-push"]);
    assert!(!repo.at("../hooks.certgate-chained").exists());
    // … nor by going on.
    fs::create_dir(repo.at("../hooks.certgate-chained")).unwrap();
    fs::copy(repo.at("pre-push"), repo.at("../hooks.certgate-chained/pre-push")).unwrap();
    assert!(matches!(repo.install().unwrap()[3].1, Installed::Chained { .. }));
    assert_eq!(repo.state(HookName::PrePush), ours(true));
    assert_eq!(repo.read("../hooks.certgate-chained/pre-push"), FOREIGN);
}

#[test]
fn another_manager_that_wrote_over_the_shim_is_chained() {
    let repo = Repo::new();
    repo.install().unwrap();
    repo.write("pre-commit", FOREIGN, 0o755);
    assert!(matches!(repo.install().unwrap()[0].1, Installed::Chained { .. }));
    // The same manager, again: its hook is already chained.
    repo.write("pre-commit", FOREIGN, 0o755);
    assert!(matches!(repo.install().unwrap()[0].1, Installed::Chained { .. }));
    assert_eq!(repo.state(HookName::PreCommit), ours(true));
}

#[test]
fn a_deleted_shim_gives_its_hook_back() {
    let repo = Repo::new();
    repo.write("pre-push", FOREIGN, 0o755);
    repo.install().unwrap();
    fs::remove_file(repo.at("pre-push")).unwrap();
    assert_eq!(uninstall(&repo.hooks()).unwrap()[3].1, Removed::Restored);
    assert_eq!(repo.read("pre-push"), FOREIGN);
}

#[test]
fn what_cannot_be_written_is_said_with_its_place() {
    let repo = Repo::new();
    fs::write(repo.at("file"), "").unwrap();
    let hooks_dir = repo.at("file").join("hooks");
    let binary = Path::new("/opt/certgate");
    let error = install(&Installation {
        hooks_dir: &hooks_dir,
        binary,
        hooks: &HookName::CLIENT,
    })
    .unwrap_err();
    assert_eq!(error.diagnostic().code(), Code::CG709);
    assert!(error.to_string().contains("file/hooks"), "{error}");
    // Git finds no hook there either.
    let found = state(&hooks_dir).unwrap();
    assert!(found.iter().all(|(_, state)| *state == State::Missing));
}

#[test]
fn a_read_only_directory_is_an_error_that_helps() {
    let repo = Repo::new();
    repo.write("pre-commit", FOREIGN, 0o755);
    fs::set_permissions(repo.hooks(), Permissions::from_mode(0o555)).unwrap();
    let may_write_anyway = fs::write(repo.at("probe"), "").is_ok();
    let result = repo.install();
    let removed = uninstall(&repo.hooks());
    fs::set_permissions(repo.hooks(), Permissions::from_mode(0o755)).unwrap();
    if may_write_anyway {
        return; // Root is not stopped by permissions.
    }
    let diagnostic = result.unwrap_err().diagnostic();
    assert_eq!(diagnostic.code(), Code::CG709);
    assert!(diagnostic.helps()[0].starts_with("ls -ld "));
    assert_eq!(removed.unwrap()[0].1, Removed::Foreign);
    assert_eq!(repo.names(), ["pre-commit"]);
}

#[test]
fn errors_show_hostile_names_harmlessly() {
    let error = HooksError::ChainedExists {
        path: PathBuf::from("/a'b/\u{1b}[2J/pre-push"),
        chained: PathBuf::from("/a b/pre-push"),
    };
    let diagnostic = error.diagnostic();
    assert!(!diagnostic.message().contains('\u{1b}'));
    assert_eq!(
        diagnostic.helps()[0],
        r#"diff "$(printf '/a\047b/\033\133\062J/pre\055push')" '/a b/pre-push'"#
    );
}

#[test]
fn many_installs_at_once_lose_nothing() {
    for round in 0..30 {
        let repo = Repo::new();
        repo.write("pre-commit", FOREIGN, 0o755);
        repo.write("pre-push", FOREIGN, 0o755);
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| repo.install().unwrap());
            }
        });
        assert_eq!(
            repo.read("../hooks.certgate-chained/pre-commit"),
            FOREIGN,
            "round {round}"
        );
        assert_eq!(
            repo.read("../hooks.certgate-chained/pre-push"),
            FOREIGN,
            "round {round}"
        );
        assert_eq!(repo.state(HookName::PreCommit), ours(true));
        assert_eq!(repo.state(HookName::PrePush), ours(true));
        assert_eq!(repo.names().len(), 4, "round {round}: {:?}", repo.names());
    }
}
