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

/// The hooks that git is to run in a [`WorkTree`].
#[derive(Clone, Copy)]
pub enum Hooks {
    /// None.
    No,
    /// A `reference-transaction` that does nothing: what it costs that git asks at all.
    Idle,
    /// Those of `install --strict`.
    Strict,
    /// Those of `install`, none of them skipped.
    All,
    /// As many that do nothing.
    AllIdle,
}

/// A clone, checked out, on a branch that is not protected. It is one, whatever the hooks: two that were checked out one after the other
/// can differ more than any hook costs.
pub struct WorkTree {
    path: PathBuf,
}

impl WorkTree {
    /// Makes the clone anew.
    pub fn new(directory: &Path, tools: &Tools, world: &World) -> Result<Self> {
        let base = base(directory, tools, world)?;
        let path = directory.join(format!("v{VERSION}-clone-{}-files", world.files));
        clone(tools, &base, &path, &[])?;
        tools.git(&path, &["switch", "--quiet", "--create", "topic"]).run()?;
        for setting in [["user.name", "A U Thor"], ["user.email", "author@example.org"]] {
            tools.git(&path, &["config", setting[0], setting[1]]).run()?;
        }
        tools.certgate(&path, &["install", "--strict"]).run()?;
        let idle = |directory: &Path, hooks: &[std::ffi::OsString]| {
            fs::create_dir(directory)?;
            for hook in hooks {
                let hook = directory.join(hook);
                fs::write(&hook, "#!/bin/sh\nexit 0\n")?;
                fs::set_permissions(&hook, fs::Permissions::from_mode(0o755))?;
            }
            anyhow::Ok(())
        };
        idle(&path.join(".git/idle"), &["reference-transaction".into()])?;
        // The same clone with the hooks that everybody has.
        let (strict, usual) = (path.join(".git/hooks"), path.join(".git/usual"));
        fs::create_dir(&usual)?;
        let mut names = Vec::new();
        for hook in fs::read_dir(&strict)? {
            let hook = hook?;
            let name = hook.file_name();
            if name != "reference-transaction" && !name.to_string_lossy().ends_with(".sample") {
                fs::copy(hook.path(), usual.join(&name))?;
                names.push(name);
            }
        }
        idle(&path.join(".git/all-idle"), &names)?;
        Ok(Self { path })
    }

    /// A staged change, that each commit can be made of anew.
    pub fn stage(&self, tools: &Tools) -> Result<()> {
        let file = self.path.join(crate::world::file_path(0));
        let text = fs::read_to_string(&file)?;
        fs::write(&file, text + "# staged\n")?;
        tools.git(&self.path, &["add", "--all"]).run().map(drop)
    }

    /// A commit of what is staged, which is put back: with `hooks` or as many that do nothing.
    pub fn commit_staged(&self, tools: &Tools, hooks: Hooks) -> Job {
        let commit = self.made(tools, hooks, &["--message", "Change it"]);
        commit.undone_by(tools.git(&self.path, &["reset", "--quiet", "--soft", "HEAD^"]))
    }

    /// A commit on the branch that is checked out, past every hook that can be skipped.
    pub fn commit(&self, tools: &Tools, hooks: Hooks) -> Job {
        self.made(tools, hooks, &["--no-verify", "--allow-empty", "--message", "Nothing"])
    }

    fn made(&self, tools: &Tools, hooks: Hooks, how: &[&str]) -> Job {
        let hooks = match hooks {
            Hooks::No => "/dev/null",
            Hooks::Idle => ".git/idle",
            Hooks::Strict => ".git/hooks",
            Hooks::All => ".git/usual",
            Hooks::AllIdle => ".git/all-idle",
        };
        let setting = format!("core.hooksPath={hooks}");
        let commit = [&["-c", &setting, "commit", "--quiet"], how].concat();
        tools.git(&self.path, &commit)
    }
}

/// Two repositories that differ in one hook: with it, and without.
pub struct Twins {
    pub with: PathBuf,
    pub without: PathBuf,
}

impl Twins {
    /// Bare repositories that have `main` alone, one of them with the server's hook.
    pub fn servers(directory: &Path, tools: &Tools, world: &World) -> Result<Self> {
        // What both have already lies elsewhere, so that what a push brings can be taken away again.
        let base = base(directory, tools, world)?;
        let path = |which: &str| directory.join(format!("v{VERSION}-server-{which}-{}-files", world.files));
        let twins = Self {
            with: path("with"),
            without: path("without"),
        };
        for twin in [&twins.with, &twins.without] {
            clone(tools, &base, twin, &["--bare"])?;
        }
        tools.certgate(&twins.with, &["install", "--server"]).run()?;
        Ok(twins)
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

/// A bare repository with `main` alone, from which clones borrow.
fn base(directory: &Path, tools: &Tools, world: &World) -> Result<PathBuf> {
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
    Ok(base)
}

fn clone(tools: &Tools, base: &Path, path: &Path, more: &[&str]) -> Result<()> {
    let _absent = fs::remove_dir_all(path);
    let source = base.to_str().context("a path that is no text")?;
    let target = path.to_str().context("a path that is no text")?;
    let clone = [&["clone", "--quiet", "--shared", "--no-tags"], more, &[source, target]].concat();
    tools.git(base, &clone).run().map(drop)
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
