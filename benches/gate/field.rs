//! Repositories in which hooks run as git runs them: clones to commit in, and servers to push to.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::measure::{Job, Tools};
use crate::world::{BASE, FEATURE, World, feed};

/// Part of a directory's name; raised when what is made changes.
const VERSION: u32 = 1;

/// `main` blocks; every other branch warns.
const ENFORCE: &str =
    "enforce:\n  - branches: [main]\n  - { branches: [\"**\"], pre-commit: warn, pre-push: warn, merge: warn }\n";

/// Two repositories that differ in one hook: with it, and without.
pub struct Twins {
    pub with: PathBuf,
    pub without: PathBuf,
}

impl Twins {
    /// Clones on a branch that is not protected, one of them under the strict hook.
    pub fn clones(directory: &Path, tools: &Tools, world: &World, kind: &str) -> Result<Self> {
        let twins = Self::make(directory, tools, world, kind, false)?;
        tools.certgate(&twins.with, &["install", "--strict"]).run()?;
        Ok(twins)
    }

    /// Puts a hook that does nothing in the place of the strict one: what it costs that git asks at all.
    pub fn idle(&self) -> Result<()> {
        let hook = self.without.join(".git/hooks/reference-transaction");
        fs::write(&hook, "#!/bin/sh\nexit 0\n")?;
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    /// Bare repositories that have `main` alone, one of them with the server's hook.
    pub fn servers(directory: &Path, tools: &Tools, world: &World) -> Result<Self> {
        let twins = Self::make(directory, tools, world, "server", true)?;
        tools.certgate(&twins.with, &["install", "--server"]).run()?;
        Ok(twins)
    }

    fn make(directory: &Path, tools: &Tools, world: &World, kind: &str, bare: bool) -> Result<Self> {
        let name = |which: &str| format!("v{VERSION}-{kind}-{which}-{}-files", world.files);
        let path = |which: &str| directory.join(name(which));
        // What both have already lies elsewhere, so that what a push brings can be taken away again.
        let base = directory.join(format!("v{VERSION}-base-{}-files", world.files));
        if !base.join("complete").exists() {
            let _absent = fs::remove_dir_all(&base);
            let source = world.path.to_str().context("a path that is no text")?;
            let target = base.to_str().context("a path that is no text")?;
            let clone = [
                "clone",
                "--quiet",
                "--bare",
                "--no-local",
                "--single-branch",
                "--branch",
                BASE,
            ];
            tools.git(directory, &[&clone[..], &[source, target]].concat()).run()?;
            relax(&base, world)?;
            fs::write(base.join("complete"), "")?;
        }
        let twins = Self {
            with: path("with"),
            without: path("without"),
        };
        for twin in [&twins.with, &twins.without] {
            let _absent = fs::remove_dir_all(twin);
            let target = twin.to_str().context("a path that is no text")?;
            let mut clone = vec!["clone", "--quiet", "--shared", "--no-tags"];
            clone.push(if bare { "--bare" } else { "--no-checkout" });
            let source = base.to_str().context("a path that is no text")?;
            tools.git(directory, &[&clone[..], &[source, target]].concat()).run()?;
            if !bare {
                tools.git(twin, &["switch", "--quiet", "--create", "topic"]).run()?;
                for setting in [["user.name", "A U Thor"], ["user.email", "author@example.org"]] {
                    tools.git(twin, &["config", setting[0], setting[1]]).run()?;
                }
            }
        }
        Ok(twins)
    }

    /// A commit on the branch that is checked out, past every hook that can be skipped.
    pub fn commit(tools: &Tools, clone: &Path) -> Job {
        let arguments = [
            "commit",
            "--quiet",
            "--no-verify",
            "--allow-empty",
            "--message",
            "Nothing",
        ];
        tools.git(clone, &arguments)
    }

    /// A push of all commits of the world's feature to a new branch, and its removal.
    pub fn push(tools: &Tools, world: &World, server: &Path) -> Result<Job> {
        let target = server.to_str().context("a path that is no text")?;
        let refspec = format!("{FEATURE}:refs/heads/topic");
        let push = tools.git(&world.path, &["push", "--quiet", target, &refspec]);
        let delete = tools.git(server, &["update-ref", "-d", "refs/heads/topic"]);
        Ok(push.ours().then(delete).then(tools.remove(server, "objects/pack")))
    }
}

/// Puts a policy on `main` that blocks there alone.
fn relax(base: &Path, world: &World) -> Result<()> {
    let policy = world.policy_with(ENFORCE);
    feed(base, None, &["fast-import", "--quiet", "--force"], |out| {
        write!(
            out,
            "commit refs/heads/{BASE}\ncommitter A U Thor <author@example.org> 1789999999 +0000\ndata 6\nRelax\n\n\
             from refs/heads/{BASE}^0\nM 100644 inline .certgate/policy.yaml\ndata {}\n{policy}\ndone\n",
            policy.len()
        )?;
        Ok(())
    })
    .map(drop)
}
