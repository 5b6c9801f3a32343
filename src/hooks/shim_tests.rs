//! The shims as they run: in the machine's shells, with a program that records what it is given.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use super::*;

/// Records `NAME: [arg][arg]<stdin>` and exits with the code in the file `NAME.exit`, where there is one.
const RECORDER: &str = r#"#!/bin/sh
name=NAME
{ printf '%s: ' "$name"; printf '[%s]' "$@"; printf '<'; cat; printf '>\n'; } >> "$CERTGATE_TEST_LOG"
[ -f "$CERTGATE_TEST_LOG.$name" ] && exit "$(cat "$CERTGATE_TEST_LOG.$name")"
exit 0
"#;

/// The shells to try, each as the words before the script.
fn shells() -> Vec<Vec<&'static str>> {
    let runs = |words: &[&str]| {
        Command::new(words[0])
            .args(&words[1..])
            .args(["-c", "true"])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    let all = [vec!["sh"], vec!["dash"], vec!["busybox", "sh"], vec!["bash", "--posix"]];
    let required = std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_some();
    all.into_iter()
        .filter(|words| {
            let there = runs(words);
            assert!(
                there || !required,
                "{words:?} is missing, and CERTGATE_REQUIRE_TOOLS is set"
            );
            there
        })
        .collect()
}

struct Scene {
    directory: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self {
            directory: tempfile::Builder::new().prefix("it's \"a\" $x `y`").tempdir().unwrap(),
        };
        fs::create_dir_all(scene.hooks()).unwrap();
        fs::create_dir_all(scene.at("work tree")).unwrap();
        scene.script("bin dir/certgate", "certgate");
        scene
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn hooks(&self) -> PathBuf {
        self.at("hooks dir")
    }

    fn log(&self) -> PathBuf {
        self.at("log")
    }

    fn script(&self, path: &str, name: &str) {
        self.write(path, &RECORDER.replace("NAME", name));
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    fn fail(&self, name: &str, code: u8) {
        fs::write(self.at(&format!("log.{name}")), code.to_string()).unwrap();
    }

    fn install(&self) {
        install(&Installation {
            hooks_dir: &self.hooks(),
            binary: &self.at("bin dir/certgate"),
            hooks: &HookName::ALL,
        })
        .unwrap();
    }

    fn run(&self, shell: &[&str], hook: &Path, args: &[&str], stdin: &str) -> (Option<i32>, String, Output) {
        self.run_with_path(shell, hook, args, stdin, "/usr/bin:/bin")
    }

    fn run_with_path(
        &self,
        shell: &[&str],
        hook: &Path,
        args: &[&str],
        stdin: &str,
        path: &str,
    ) -> (Option<i32>, String, Output) {
        let _ = fs::remove_file(self.log());
        // The shell is found by the test's own PATH; what the hook sees is the one given.
        let mut child = Command::new("env")
            .arg("-i")
            .arg(format!("PATH={path}"))
            .arg(format!("CERTGATE_TEST_LOG={}", self.log().display()))
            .arg("GIT_DIR=.git")
            .args(shell.iter().enumerate().map(|(at, word)| match at {
                0 => which(word),
                _ => PathBuf::from(word),
            }))
            .arg(hook)
            .args(args)
            .current_dir(self.at("work tree"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A hook need not read what it is given.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        (output.status.code(), log, output)
    }
}

fn which(program: &str) -> PathBuf {
    std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
        .unwrap()
}

const REFS: &str = "refs/heads/a 1 refs/heads/a 0\nrefs/heads/b\\n 2 refs/heads/b 3\n\n";

#[test]
fn runs_certgate_with_the_arguments_and_standard_input() {
    let scene = Scene::new();
    scene.install();
    for shell in shells() {
        for name in HookName::ALL {
            let args = ["prepared", "a b", "", "*", "it's"];
            let (code, log, _) = scene.run(&shell, &name.path(&scene.hooks()), &args, REFS);
            let expected = match name {
                // The shell has read it.
                HookName::ReferenceTransaction => {
                    format!("certgate: [hook][{name}][prepared][a b][][*][it's][--read][{REFS}]<>\n")
                }
                _ => format!("certgate: [hook][{name}][prepared][a b][][*][it's]<{REFS}>\n"),
            };
            assert_eq!((code, log), (Some(0), expected), "{shell:?}");
        }
    }
}

#[test]
fn its_exit_code_is_that_of_certgate() {
    let scene = Scene::new();
    scene.install();
    for chained in [false, true] {
        if chained {
            scene.script("hooks dir.certgate-chained/pre-push", "chained");
            scene.script("hooks dir.certgate-chained/pre-commit", "chained");
        }
        for code in [1, 2, 130] {
            scene.fail("certgate", code);
            for shell in shells() {
                for name in [HookName::PrePush, HookName::PreCommit] {
                    let (seen, _, _) = scene.run(&shell, &name.path(&scene.hooks()), &[], "");
                    assert_eq!(seen, Some(i32::from(code)), "{shell:?} {name} chained: {chained}");
                }
            }
        }
    }
}

#[test]
fn the_chained_hook_runs_first_and_gets_the_same() {
    let scene = Scene::new();
    scene.script("hooks dir/pre-push", "chained");
    scene.script("hooks dir/commit-msg", "chained");
    scene.install();
    for shell in shells() {
        for stdin in [REFS, "", "no line break at the end", "\n"] {
            let (code, log, output) = scene.run(&shell, &scene.hooks().join("pre-push"), &["origin", "/a b"], stdin);
            let expected =
                format!("chained: [origin][/a b]<{stdin}>\ncertgate: [hook][pre-push][origin][/a b]<{stdin}>\n");
            assert_eq!((code, log), (Some(0), expected), "{shell:?} {output:?}");
        }
        let (code, log, _) = scene.run(&shell, &scene.hooks().join("commit-msg"), &["f"], "");
        assert_eq!(
            (code, log.as_str()),
            (Some(0), "chained: [f]<>\ncertgate: [hook][commit-msg][f]<>\n")
        );
    }
}

#[test]
fn a_chained_hook_that_fails_ends_it() {
    let scene = Scene::new();
    scene.script("hooks dir/pre-push", "chained");
    scene.script("hooks dir/pre-commit", "chained");
    scene.install();
    scene.fail("chained", 7);
    for shell in shells() {
        for name in [HookName::PrePush, HookName::PreCommit] {
            let (code, log, _) = scene.run(&shell, &name.path(&scene.hooks()), &[], "");
            assert_eq!((code, log.as_str()), (Some(7), "chained: []<>\n"), "{shell:?} {name}");
        }
    }
}

#[test]
fn a_chained_hook_may_leave_its_input_unread_and_have_no_first_line() {
    let scene = Scene::new();
    scene.write("hooks dir/pre-push", "exit 0\n");
    scene.install();
    let many = REFS.repeat(20_000);
    for shell in shells() {
        let (code, log, output) = scene.run(&shell, &scene.hooks().join("pre-push"), &[], &many);
        assert_eq!(code, Some(0), "{shell:?}");
        assert_eq!(log, format!("certgate: [hook][pre-push]<{many}>\n"), "{shell:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn a_chained_hook_that_git_would_not_run_is_not_run() {
    let scene = Scene::new();
    scene.script("hooks dir/pre-commit", "chained");
    fs::set_permissions(scene.hooks().join("pre-commit"), Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink("nowhere", scene.hooks().join("commit-msg")).unwrap();
    scene.install();
    for name in [HookName::PreCommit, HookName::CommitMsg] {
        let (code, log, _) = scene.run(&["sh"], &name.path(&scene.hooks()), &[], "");
        assert_eq!((code, log), (Some(0), format!("certgate: [hook][{name}]<>\n")));
    }
}

#[test]
fn without_certgate_nothing_passes_and_the_remedy_is_told() {
    let scene = Scene::new();
    scene.script("hooks dir/pre-push", "chained");
    scene.install();
    fs::remove_file(scene.at("bin dir/certgate")).unwrap();
    fs::create_dir(scene.at("bin dir/certgate")).unwrap();
    // A program of that name that PATH reaches by a relative entry is the repository's, and never run.
    scene.script("work tree/certgate", "trap");
    for shell in shells() {
        for name in HookName::ALL {
            let (code, log, output) = scene.run_with_path(
                &shell,
                &name.path(&scene.hooks()),
                &["prepared"],
                REFS,
                ".:/usr/bin:/bin",
            );
            assert_eq!((code, log.as_str()), (Some(1), ""), "{shell:?}");
            let text = String::from_utf8(output.stderr).unwrap();
            assert!(text.contains(&format!("certgate: the {name} hook cannot find the program certgate")));
            assert!(text.contains(&scene.at("bin dir/certgate").display().to_string()));
            assert!(text.contains("certgate install"));
            let remedy = if name == HookName::PrePush {
                "rename: "
            } else {
                "delete: "
            };
            assert!(text.contains(remedy), "{text}");
            assert!(output.stdout.is_empty());
        }
    }
}

#[test]
fn only_the_prepared_state_of_a_transaction_is_asked_about() {
    let scene = Scene::new();
    scene.install();
    let hook = scene.hooks().join("reference-transaction");
    for shell in shells() {
        for state in ["preparing", "committed", "aborted", ""] {
            let (code, log, _) = scene.run(&shell, &hook, &[state], REFS);
            assert_eq!((code, log.as_str()), (Some(0), ""), "{shell:?} {state}");
        }
    }
    // Nor is one that moves no branch.
    for (refs, asked) in [
        ("0 1 refs/remotes/origin/a\n0 ref:refs/heads/a HEAD\n".to_owned(), false),
        ("0 1 refs/tags/a".to_owned(), false),
        (String::new(), false),
        ("0 1 refs/heads/a".to_owned(), true),
        ("0 1 refs/tags/a\n".repeat(50), true),
    ] {
        for shell in shells() {
            let (code, log, _) = scene.run(&shell, &hook, &["prepared"], &refs);
            assert_eq!((code, !log.is_empty()), (Some(0), asked), "{shell:?} {refs}");
            let told = log.replace("certgate: [hook][reference-transaction][prepared][--read][", "");
            assert_eq!(
                told.replace("]<", "").replace(">\n", ""),
                if asked { refs.clone() } else { String::new() }
            );
            fs::remove_file(scene.log()).ok();
        }
    }
    // A hook that is chained hears of all of them.
    scene.script("hooks dir.certgate-chained/reference-transaction", "chained");
    for shell in shells() {
        let (_, log, _) = scene.run(&shell, &hook, &["committed"], REFS);
        assert!(log.starts_with(&format!("chained: [committed]<{REFS}>\n")), "{log}");
    }
    fs::remove_file(scene.at("hooks dir.certgate-chained/reference-transaction")).unwrap();
    fs::remove_file(scene.at("bin dir/certgate")).unwrap();
    for shell in shells() {
        for (refs, code) in [("0 1 refs/remotes/origin/a\n", 0), (REFS, 1)] {
            let (seen, _, _) = scene.run_with_path(&shell, &hook, &["prepared"], refs, "/usr/bin:/bin");
            assert_eq!(seen, Some(code), "{shell:?} {refs}");
        }
    }
}

#[test]
fn falls_back_to_path() {
    let scene = Scene::new();
    scene.install();
    fs::remove_file(scene.at("bin dir/certgate")).unwrap();
    scene.script("other/certgate", "other");
    let path = format!("{}:/usr/bin:/bin", scene.at("other").display());
    for shell in shells() {
        let (code, log, _) = scene.run_with_path(&shell, &scene.hooks().join("pre-commit"), &[], "", &path);
        assert_eq!(
            (code, log.as_str()),
            (Some(0), "other: [hook][pre-commit]<>\n"),
            "{shell:?}"
        );
    }
}

#[test]
fn works_by_a_relative_name() {
    let scene = Scene::new();
    scene.script("hooks dir/pre-commit", "chained");
    scene.install();
    for shell in shells() {
        let hook = Path::new("../hooks dir/pre-commit");
        let (code, log, _) = scene.run(&shell, hook, &[], "");
        assert_eq!(
            (code, log.as_str()),
            (Some(0), "chained: []<>\ncertgate: [hook][pre-commit]<>\n")
        );
    }
}

/// pre-commit renames the hook that it finds to `pre-commit.legacy` and runs it; chaining that manager then closes a circle.
#[test]
fn a_circle_of_managers_ends() {
    let scene = Scene::new();
    scene.install();
    fs::rename(
        scene.hooks().join("pre-commit"),
        scene.hooks().join("pre-commit.legacy"),
    )
    .unwrap();
    scene.write(
        "hooks dir/pre-commit",
        "#!/bin/sh\necho manager >> \"$CERTGATE_TEST_LOG\"\n\"$(dirname \"$0\")/pre-commit.legacy\" \"$@\"\n",
    );
    scene.install();
    for shell in shells() {
        let (code, log, _) = scene.run(&shell, &scene.hooks().join("pre-commit"), &[], "");
        let once = "certgate: [hook][pre-commit]<>\n";
        assert_eq!((code, log), (Some(0), format!("manager\n{once}{once}")), "{shell:?}");
    }
}

/// husky's hooks in `.husky/_` source `h`, which goes by `$0` to find the user's script one directory up.
#[test]
fn husky_finds_its_script() {
    let scene = Scene::new();
    for name in ["pre-commit", "pre-push"] {
        scene.write(&format!("hooks dir/{name}"), "#!/usr/bin/env sh\n. \"${0%/*}/h\"\n");
        scene.script(name, "husky");
    }
    scene.write(
        "hooks dir/h",
        "s=$(dirname \"$(dirname \"$0\")\")/$(basename \"$0\")\n[ ! -f \"$s\" ] && exit 0\nsh -e \"$s\" \"$@\"\nexit $?\n",
    );
    scene.install();
    for shell in shells() {
        for name in ["pre-commit", "pre-push"] {
            let hook = scene.hooks().join(name);
            let (code, log, _) = scene.run(&shell, &hook, &["a b"], "");
            let expected = format!("husky: [a b]<>\ncertgate: [hook][{name}][a b]<>\n");
            assert_eq!((code, log), (Some(0), expected), "{shell:?}");
        }
    }
    scene.fail("husky", 3);
    let (code, _, _) = scene.run(&["sh"], &scene.hooks().join("pre-push"), &[], "");
    assert_eq!(code, Some(3));
}

/// The real thing: git runs the hooks of a linked worktree through `core.hooksPath`, with its own environment.
#[test]
fn git_runs_it_from_a_linked_worktree() {
    let scene = Scene::new();
    scene.install();
    let program = "#!/bin/sh\n{ printf '[%s]' \"$@\"; printf '%s\\n' \" ${GIT_INDEX_FILE:+index} ${GIT_DIR:+dir}\"; } >> \"$CERTGATE_TEST_LOG\"\n";
    scene.write("bin dir/certgate", program);
    let main = scene.at("main tree");
    let linked = scene.at("linked tree");
    let git = |directory: &Path, args: &[&str]| {
        let output = Command::new("git")
            .args(args)
            .current_dir(directory)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", scene.directory.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("CERTGATE_TEST_LOG", scene.log())
            .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|key| (key, "A")))
            .envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|key| (key, "a@example.org")))
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        assert!(output.stderr.is_empty() || args[0] != "commit", "{output:?}");
    };
    fs::create_dir(&main).unwrap();
    git(&main, &["init", "-q", "-b", "main"]);
    git(&main, &["config", "core.hooksPath", scene.hooks().to_str().unwrap()]);
    git(&main, &["commit", "-q", "--allow-empty", "-m", "one"]);
    git(
        &main,
        &["worktree", "add", "-q", "-b", "linked", linked.to_str().unwrap()],
    );
    fs::remove_file(scene.log()).unwrap();
    fs::create_dir(linked.join("sub")).unwrap();
    git(&linked.join("sub"), &["commit", "-q", "--allow-empty", "-m", "two"]);
    let log = fs::read_to_string(scene.log()).unwrap();
    assert_eq!(log.lines().next(), Some("[hook][pre-commit] index dir"));
    assert!(log.contains("[hook][commit-msg]["), "{log}");
}
