//! Where hooks lie, and what else is there.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::layouts::story;
use super::world::{Seen, World};
use crate::scene::Ran;

super::cells! {
    hooks_path_absolute: "core.hooksPath", "absolute";
    hooks_path_relative: "core.hooksPath", "relative, below the work tree";
    hooks_already_there: "other hooks already installed", "they run first, and may refuse by themselves";
    hooks_from_config: "other hooks already installed", "hooks from the configuration run beside";
}

/// Puts an executable script at a path.
pub(super) fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Moves the hooks to where `core.hooksPath` says.
fn hooks_at(world: &World, setting: &str, install: &[&str]) {
    fs::remove_dir_all(world.path().join(".git/hooks")).unwrap();
    world.git(&["config", "core.hooksPath", setting]);
    let installed = Ran::from(world.certgate(install));
    assert_eq!(installed.code, Some(0), "{}", installed.said());
}

fn hooks_path_absolute(seen: &Seen) {
    let world = World::new(seen);
    let place = world.home().join("hooks");
    hooks_at(&world, place.to_str().unwrap(), &["install", "--shared-hooks-path"]);
    assert!(place.join("pre-commit").exists());
    story(&world);
}

fn hooks_path_relative(seen: &Seen) {
    let world = World::new(seen);
    world.write(".git/info/exclude", "/.hooks\n");
    hooks_at(&world, ".hooks", &["install"]);
    assert!(world.path().join(".hooks/pre-commit").exists());
    story(&world);
}

fn hooks_already_there(seen: &Seen) {
    let world = World::new(seen);
    assert!(world.certgate(&["uninstall"]).status.success());
    for name in ["pre-commit", "commit-msg", "pre-push", "post-commit"] {
        let hook = world.path().join(".git/hooks").join(name);
        script(
            &hook,
            &format!("echo {name} >>\"$HOME/ran\"\ntest ! -e \"$HOME/refuse\" || exit 1"),
        );
    }
    assert!(world.certgate(&["install"]).status.success());
    story(&world);
    let ran = fs::read_to_string(world.home().join("ran")).unwrap();
    for name in ["pre-commit", "commit-msg", "pre-push", "post-commit"] {
        assert!(ran.lines().any(|line| line == name), "{name} did not run: {ran}");
    }
    // What the other hook refuses stays refused.
    fs::write(world.home().join("refuse"), "").unwrap();
    assert!(!world.try_git(&["commit", "--allow-empty", "-m", "x"]).status.success());
}

fn hooks_from_config(seen: &Seen) {
    let world = World::new(seen);
    world.git(&["config", "hook.other.event", "pre-commit"]);
    world.git(&["config", "hook.other.command", "echo configured >>\"$HOME/ran\""]);
    world.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
    // Git itself says whether it knows such hooks.
    if !world.home().join("ran").exists() {
        seen.has_git((2, 54), "hooks from the configuration");
        return;
    }
    story(&world);
}
