//! Packages: their version is in one place, `install.sh` takes the release that was meant, and the package of npm hands over to the program.
//! `ci/packages/try` installs the packages themselves; `.ci/run` runs it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha256};

use crate::scene::Ran;
use crate::support::TestRepo;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_version_is_in_one_place() {
    let root = root();
    let mut files: Vec<PathBuf> = [
        "pyproject.toml",
        "install.sh",
        ".pre-commit-hooks.yaml",
        "README.md",
        "docs/releasing.md",
    ]
    .iter()
    .map(|name| root.join(name))
    .collect();
    for folder in ["ci/packages", "ci/packages/npm"] {
        let entries = std::fs::read_dir(root.join(folder)).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()));
    }
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(
            !text.contains(VERSION),
            "{} names the version, which is Cargo.toml's alone",
            file.display()
        );
    }
    let python: toml::Table = std::fs::read_to_string(root.join("pyproject.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let project = python["project"].as_table().unwrap();
    assert!(!project.contains_key("version"));
    assert!(project["dynamic"].as_array().unwrap().contains(&"version".into()));
}

/// Writes a program.
fn program(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A release in the folder `release`, of a program that only says who it is. Returns the digest of its archive for this machine.
fn release(repo: &TestRepo) -> String {
    let folder = repo.path().join("release");
    let mut sums = String::new();
    for target in ["gnu", "musl"] {
        let name = format!("certgate-{VERSION}-{}-unknown-linux-{target}", std::env::consts::ARCH);
        program(
            &folder.join(&name).join("certgate"),
            &format!("#!/bin/sh\n[ \"$1\" = demo ] && echo the demo of {target} || echo certgate {VERSION}\n"),
        );
        std::fs::copy(root().join("install.sh"), folder.join(&name).join("install.sh")).unwrap();
        let archive = format!("{name}.tar.gz");
        let mut tar = repo.command("tar");
        tar.current_dir(&folder).args(["-czf", &archive, &name]);
        assert!(tar.status().unwrap().success());
        let bytes = std::fs::read(folder.join(&archive)).unwrap();
        let digest: String = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        sums.push_str(&format!("{digest}  {archive}\n"));
    }
    std::fs::write(folder.join("SHA256SUMS"), &sums).unwrap();
    std::fs::copy(root().join("install.sh"), folder.join("install.sh")).unwrap();
    let libc = if cfg!(target_env = "musl") { "musl" } else { "gnu" };
    let line = sums.lines().find(|line| line.contains(libc)).unwrap();
    line.split(' ').next().unwrap().to_owned()
}

fn install(repo: &TestRepo, script: &Path, arguments: &[&str]) -> Ran {
    let mut command = repo.command("sh");
    command.arg(script).args(["--prefix", "prefix"]).args(arguments);
    command.output().unwrap().into()
}

#[test]
fn a_release_is_installed_and_says_where_it_is_from() {
    if std::env::consts::OS != "linux" {
        return println!("skipped: not Linux");
    }
    let repo = TestRepo::new();
    let digest = release(&repo);
    let folder = repo.path().join("release");
    let installed = repo.path().join("prefix/bin/certgate");
    let script = root().join("install.sh");
    let from = format!("{} (SHA-256 {digest})", folder.display());
    for (script, arguments) in [
        (&folder.join("install.sh"), vec![]),
        (&script, vec!["--release", "release"]),
        (&script, vec!["--release=release", "--sha256", &digest]),
    ] {
        let ran = install(&repo, script, &arguments).ends(0);
        assert!(
            ran.out
                .contains(&format!("installed certgate {VERSION} as {}", installed.display())),
            "{}",
            ran.said()
        );
        assert!(
            ran.out.contains(&from) && ran.out.contains("the demo of"),
            "{}",
            ran.said()
        );
        install(&repo, script, &["--remove"]).ends(0);
        assert!(!installed.exists());
    }
    // Unpacked.
    let unpacked = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_dir())
        .unwrap();
    let ran = install(&repo, &unpacked.join("install.sh"), &[]).ends(0);
    assert!(
        ran.out
            .contains(&format!("from: the unpacked release in {}", unpacked.display())),
        "{}",
        ran.said()
    );
    install(&repo, &script, &["--remove"]).ends(0);
    install(&repo, &script, &["--remove"]).ends(1).says("there is no ");
}

#[test]
fn what_is_not_the_release_is_not_installed() {
    if std::env::consts::OS != "linux" {
        return println!("skipped: not Linux");
    }
    let repo = TestRepo::new();
    release(&repo);
    let script = root().join("install.sh");
    let sums = repo.path().join("release/SHA256SUMS");
    let listed = std::fs::read_to_string(&sums).unwrap();
    let zeros = "0".repeat(64);
    let refuses = |arguments: &[&str], code: i32, why: &str| {
        install(&repo, &script, arguments).ends(code).says(why);
        assert!(!repo.path().join("prefix/bin/certgate").exists());
    };
    refuses(
        &["--release", "release", "--sha256", &zeros],
        1,
        "is not what was released",
    );
    refuses(&["--release", "release", "--sha256", "abc"], 2, "64 hexadecimal digits");
    refuses(&["--release", "release", "--debug"], 2, "--debug is about building");
    refuses(&["--sha256", &zeros], 2, "give --release");
    refuses(
        &["--release", "http://127.0.0.1:9"],
        2,
        "an address without https needs --sha256",
    );
    refuses(
        &["--release", "ftp://127.0.0.1:9"],
        2,
        "must be a directory or an address with https",
    );
    refuses(&["--release", "."], 1, "there is no release in .");
    for (text, why) in [
        (listed.replace(|c: char| c.is_ascii_hexdigit(), "0"), "no archive for"),
        (
            listed
                .lines()
                .map(|line| format!("{zeros}  {}\n", &line[66..]))
                .collect(),
            "is not what was released",
        ),
        (
            format!("{listed}{}", listed.replace(VERSION, "9.9.9")),
            "more than one archive",
        ),
        (listed.replace("certgate-", "../certgate-"), "no archive for"),
        (String::new(), "no archive for"),
    ] {
        std::fs::write(&sums, text).unwrap();
        refuses(&["--release", "release"], 1, why);
    }
}

/// A repository with the package of npm and a program of it for this machine, or nothing where there is no node.
fn npm(text: &str) -> Option<(TestRepo, Command)> {
    let repo = TestRepo::new();
    let asked = repo
        .command("node")
        .args(["-p", "process.platform + '-' + process.arch"])
        .output();
    let platform = match asked {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        _ => {
            assert!(
                std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
                "node is missing, and CERTGATE_REQUIRE_TOOLS is set"
            );
            println!("skipped: node is missing");
            return None;
        }
    };
    let platform = format!("certgate-{}", platform.trim());
    let modules = repo.path().join("node_modules");
    program(&modules.join(&platform).join("bin/certgate"), text);
    let shim = std::fs::read_to_string(root().join("ci/packages/npm/certgate.js")).unwrap();
    let filled = shim.replace("/*PLATFORMS*/ []", &format!("[{platform:?}]"));
    assert_ne!(filled, shim);
    program(&modules.join("certgate/bin/certgate.js"), &filled);
    let mut command = repo.command("node");
    command
        .arg("node_modules/certgate/bin/certgate.js")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Some((repo, command))
}

#[test]
fn the_package_of_npm_hands_on_arguments_and_exit_codes() {
    for code in [0, 1, 2, 101] {
        let Some((_repo, mut command)) = npm(&format!("#!/bin/sh\nprintf '<%s>' \"$@\"\nexit {code}\n")) else {
            return;
        };
        let ran: Ran = command.args(["check", "a b", "", "--x=ä"]).output().unwrap().into();
        assert_eq!(ran.ends(code).out, "<check><a b><><--x=ä>");
    }
    let Some((repo, mut command)) = npm("#!/bin/sh\n") else {
        return;
    };
    for entry in std::fs::read_dir(repo.path().join("node_modules")).unwrap() {
        let package = entry.unwrap().path();
        if package.file_name().unwrap() != "certgate" {
            std::fs::remove_dir_all(package).unwrap();
        }
    }
    let ran: Ran = command.output().unwrap().into();
    ran.ends(2).says("is missing: install without --omit=optional");
}

#[test]
fn the_package_of_npm_hands_on_the_signal_that_ends_it() {
    let Some((repo, mut command)) = npm("#!/bin/sh\necho ready\nexec sleep 100\n") else {
        return;
    };
    let mut child = command.process_group(0).spawn().unwrap();
    let mut ready = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
    let kill = format!("kill -TERM {}", child.id());
    assert!(repo.command("sh").args(["-c", &kill]).status().unwrap().success());
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(15), "{status:?}");
}
