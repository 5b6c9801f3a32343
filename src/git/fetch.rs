//! Fetches what a shallow or narrow clone lacks. The one place where git is asked for something that is not here.

use std::io::{Read as _, Write as _};

use git2::Oid;

use super::run::Runner;
use super::{GitError, Repository, run};
use crate::change::ObjectId;

/// What a question needs from the remote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Branches, by name; each is kept as the remote-tracking ref that git would make.
    pub branches: Vec<String>,
    /// Other refs of the remote, in full, such as `refs/pull/7/head`; kept below `refs/certgate/`.
    pub references: Vec<String>,
    /// Commits whose history is needed. A commit that the remote does not know is done without.
    pub commits: Vec<ObjectId>,
}

/// How much more of the history is asked for, in order; the last is all of it.
const STEPS: [Option<u32>; 3] = [Some(64), Some(1024), None];

impl Repository {
    /// The remote that branches are compared with: `origin`, or else the only one.
    pub fn remote(&self) -> Result<String, GitError> {
        let listed = self.runner.read(&["remote"])?;
        let listed = String::from_utf8_lossy(&listed);
        let remotes: Vec<&str> = listed.lines().collect();
        match remotes.as_slice() {
            [only] => Ok((*only).to_owned()),
            several if several.contains(&"origin") => Ok("origin".to_owned()),
            several => Err(GitError::NoRemote { found: several.len() }),
        }
    }

    /// Fetches what is wanted, with more history at each step (0, 1, 2: the last step asks for all of it; a clone that is not shallow gets
    /// it at once). Returns the next step, where there is more to be had. The repository must be opened again to be read.
    ///
    /// Tags, submodules and other refs are left alone, and nothing is pruned.
    pub fn fetch(&self, remote: &str, wanted: &Wanted, step: usize) -> Result<Option<usize>, GitError> {
        let refspecs = wanted.refspecs(remote);
        if !self.is_shallow() {
            let ids = wanted.commits.iter().filter(|id| !self.has_commit(id));
            let ids: Vec<String> = ids.map(ObjectId::to_string).collect();
            // A commit that the remote no longer has must not keep the branches away.
            return match self.ask_remote(remote, None, &[refspecs.as_slice(), &ids].concat()) {
                Err(_) if !ids.is_empty() && !refspecs.is_empty() => self.ask_remote(remote, None, &refspecs),
                answer => answer,
            }
            .map(|()| None);
        }
        if let Some(Some(deeper)) = STEPS.get(step) {
            let ids: Vec<String> = wanted.commits.iter().map(ObjectId::to_string).collect();
            let more = format!("--deepen={deeper}");
            if self
                .ask_remote(remote, Some(&more), &[refspecs.as_slice(), &ids].concat())
                .is_ok()
            {
                return Ok(Some(step + 1));
            }
            // The remote might not know a merge that was made here, or not hand out commits by id. With all of the history it need not.
        }
        self.ask_remote(remote, Some("--unshallow"), &refspecs).map(|()| None)
    }

    fn ask_remote(&self, remote: &str, depth: Option<&str>, refspecs: &[String]) -> Result<(), GitError> {
        let mut arguments = vec!["fetch"];
        arguments.extend(depth);
        let shown = [&arguments[..], &["--", remote]].concat();
        arguments.extend([
            "--quiet",
            "--no-tags",
            "--no-prune",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--no-write-fetch-head",
        ]);
        if !refspecs.is_empty() {
            arguments.push("--refmap=");
        }
        arguments.extend(["--", remote]);
        arguments.extend(refspecs.iter().map(String::as_str));
        let output = self.runner.output(&arguments)?;
        if output.status.success() {
            return Ok(());
        }
        let shown: Vec<String> = shown
            .into_iter()
            .map(str::to_owned)
            .chain(refspecs.iter().cloned())
            .collect();
        let failed = GitError::failed(run::show(&shown), output.status, &output.stderr);
        Err(match failed {
            GitError::Git { command, stderr, .. } => GitError::Fetch {
                command,
                argv: shown,
                stderr,
            },
            other => other,
        })
    }
}

impl Wanted {
    /// The refspecs of git-fetch(1) for branches and refs.
    pub fn refspecs(&self, remote: &str) -> Vec<String> {
        let branches = self
            .branches
            .iter()
            .map(|name| format!("+refs/heads/{name}:{}", tracking(remote, name)));
        let others = self.references.iter().map(|name| format!("+{name}:{}", kept(name)));
        branches.chain(others).collect()
    }
}

/// Fetches objects that a partial clone was promised, all at once, as git does where it knows beforehand what it will read. Best effort:
/// what is still missing is asked for when it is read, and reported there.
pub(super) fn promised(runner: &Runner, ids: &[Oid]) {
    if runner.variable("GIT_NO_LAZY_FETCH").is_some() {
        return;
    }
    let Some(remote) = promisor(runner) else { return };
    let arguments = [
        "-c",
        "fetch.negotiationAlgorithm=noop",
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "--recurse-submodules=no",
        "--filter=blob:none",
        "--no-auto-maintenance",
        "--stdin",
        "--",
        &remote,
    ];
    let Ok((mut child, _complaints)) = runner.converse(&arguments) else {
        return;
    };
    let lines: String = ids.iter().map(|id| format!("{id}\n")).collect();
    if let Some(mut input) = child.stdin.take() {
        let _told = input.write_all(lines.as_bytes());
    }
    if let Some(mut output) = child.stdout.take() {
        let _said = output.read_to_end(&mut Vec::new());
    }
    let _ended = child.wait();
}

/// The remote that promised the objects of a partial clone; `None` where this is not one.
fn promisor(runner: &Runner) -> Option<String> {
    let keys = r"^(extensions\.partialclone|remote\..*\.promisor)$";
    let listed = runner.read(&["config", "--null", "--get-regexp", keys]).ok()?;
    let text = String::from_utf8_lossy(&listed);
    let mut settings = text.split('\0').filter_map(|setting| setting.split_once('\n'));
    settings.find_map(|(key, value)| match key.strip_prefix("remote.") {
        None => Some(value.to_owned()),
        Some(rest) => rest
            .strip_suffix(".promisor")
            .filter(|_| value == "true")
            .map(str::to_owned),
    })
}

/// The remote-tracking ref of a branch.
pub fn tracking(remote: &str, branch: &str) -> String {
    format!("refs/remotes/{remote}/{branch}")
}

/// Where another ref of the remote is kept.
pub fn kept(reference: &str) -> String {
    let rest = reference.strip_prefix("refs/").unwrap_or(reference);
    format!("refs/certgate/{rest}")
}

/// True where git would take it as the name of a branch (git-check-ref-format(1) `--branch`).
pub fn is_branch_name(name: &str) -> bool {
    git2::Branch::name_is_valid(name).unwrap_or(false)
}
