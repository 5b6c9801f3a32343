//! What a person at a terminal sees of a run that takes long, and what happens when that person has had enough.

use std::process::Stdio;
use std::time::Duration;

use super::BINARY;
use crate::scene::{self, Ran, run};
use crate::support::TestRepo;

/// Runs a command at its own terminal.
const PTY: &str = "
import os, pty, sys
os.dup2(os.open('/dev/null', os.O_RDONLY), 0)
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], stdin_read=lambda fd: b'')))
";

/// A repository with something to judge, whose git takes its time when it lists what is staged.
fn slow() -> Option<TestRepo> {
    let mut repo = scene::with_policy();
    scene::stage_gated(&repo);
    let python = repo.command("python3").args(["-c", "import pty"]).output();
    if !python.is_ok_and(|output| output.status.success()) {
        assert!(
            std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
            "python3 with pty is needed"
        );
        return None;
    }
    // Of an index in two parts git makes the list.
    repo.git(&["update-index", "--split-index"]);
    let bin = repo.home().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let path = std::env::var("PATH").unwrap();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *diff-index*) sleep 2 ;; esac\nexec '{}' \"$@\"\n",
        real_git()
    );
    std::fs::write(bin.join("git"), script).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(bin.join("git"), executable).unwrap();
    repo.set("PATH", &format!("{}:{path}", bin.display()));
    Some(repo)
}

fn real_git() -> String {
    let path = std::env::var("PATH").unwrap();
    let mut all = std::env::split_paths(&path).map(|entry| entry.join("git"));
    all.find(|git| git.is_file()).unwrap().display().to_string()
}

fn at_a_terminal(repo: &TestRepo, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = repo.command("python3");
    command
        .args(["-c", PTY, BINARY])
        .args(arguments)
        .envs(variables.iter().copied());
    Ran::from(command.output().unwrap())
}

const LINE: &str = "\rcertgate: listing what changed ...\x1b[K";
const WIPED: &str = "\r\x1b[K";

#[test]
fn a_long_run_says_what_it_does_and_wipes_that() {
    let Some(repo) = slow() else { return };
    let xterm = ("TERM", "xterm");
    for arguments in [&["hook", "pre-commit"][..], &["check", "--staged"]] {
        let ran = at_a_terminal(&repo, &[xterm], arguments);
        assert_eq!(ran.code, Some(1), "{}", ran.said());
        let (before, after) = ran.out.rsplit_once(LINE).unwrap_or_else(|| panic!("{:?}", ran.out));
        assert_eq!(before.replace(LINE, ""), "", "nothing else comes before it");
        assert!(after.starts_with(WIPED), "{after:?}");
        assert!(after.contains("CG201") && !after.contains("listing"), "{after:?}");
    }
    for silent in [&[xterm, ("CI", "true")][..], &[("TERM", "dumb")], &[]] {
        let ran = at_a_terminal(&repo, silent, &["hook", "pre-commit"]);
        assert_eq!(ran.code, Some(1));
        assert!(
            !ran.out.contains("listing") && ran.out.contains("CG201"),
            "{silent:?}: {:?}",
            ran.out
        );
    }
    let piped = run(&repo, &["hook", "pre-commit"]).ends(1);
    assert!(!piped.said().contains("listing") && !piped.said().contains('\x1b'));
}

#[test]
fn a_short_run_says_nothing_of_it() {
    let Some(mut repo) = slow() else { return };
    repo.set("PATH", &std::env::var("PATH").unwrap());
    let ran = at_a_terminal(&repo, &[("TERM", "xterm")], &["check", "--staged"]);
    assert_eq!(ran.code, Some(1));
    assert!(!ran.out.contains("..."), "{:?}", ran.out);
}

/// Runs a command at its own terminal and interrupts it by the key once it says what it does.
const IMPATIENT: &str = "
import os, pty, sys
os.dup2(os.open('/dev/null', os.O_RDONLY), 0)
pressed = []
def read(fd):
    data = os.read(fd, 1024)
    if b'listing' in data and not pressed:
        pressed.append(os.write(fd, b'\\x03'))
    return data
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], master_read=read, stdin_read=lambda fd: b'')))
";

#[test]
fn an_interrupted_run_wipes_what_it_said() {
    let Some(repo) = slow() else { return };
    let mut command = repo.command("python3");
    command
        .args(["-c", IMPATIENT, BINARY, "check", "--staged"])
        .env("TERM", "xterm");
    let ran = Ran::from(command.output().unwrap());
    assert_eq!(ran.code, Some(130), "{:?}", ran.said());
    assert!(ran.out.contains(LINE) && ran.out.ends_with(WIPED), "{:?}", ran.out);
}

/// A key at the terminal ends git first, and certgate a moment later: the end is that of a signal, and no error of git's is reported.
#[test]
fn an_end_of_git_by_the_same_key_is_no_error() {
    let Some(repo) = slow() else { return };
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *diff-index*) (sleep 0.2; kill -INT \"$PPID\") & trap - INT; kill -INT $$ ;; esac\nexec '{}' \"$@\"\n",
        real_git()
    );
    std::fs::write(repo.home().join("bin/git"), script).unwrap();
    let ran = run(&repo, &["check", "--staged"]);
    assert_eq!((ran.code, ran.said().as_str()), (Some(130), ""));
}

/// Waiting for git, or for its own input: a signal ends it at once, with the code that shells give.
#[test]
fn a_signal_ends_a_run() {
    let Some(repo) = slow() else { return };
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        for arguments in [&["hook", "pre-push", "origin", "url"][..], &["check", "--staged"]] {
            let mut command = repo.command(BINARY);
            command
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            std::thread::sleep(Duration::from_millis(500));
            repo.command("kill")
                .args([signal, &child.id().to_string()])
                .output()
                .unwrap();
            assert_eq!(child.wait().unwrap().code(), Some(code), "{signal} {arguments:?}");
        }
    }
}
