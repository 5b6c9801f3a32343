//! A forge in a directory: a bare remote with a pull request, checkouts as the runners of CI systems make them, and their variables.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scene::{Ran, run, stage_gated, with_policy};
use crate::support::TestRepo;

pub(super) const ZEROS: &str = "0000000000000000000000000000000000000000";

/// The remote has `main` with a history, a branch `topic` with a gated change, and the forge's refs of pull request 7.
pub(super) struct World {
    /// The developer's clone.
    pub(super) repo: TestRepo,
    /// The tip of `main`.
    pub(super) main: String,
    /// The tip of `topic`.
    pub(super) head: String,
    /// The forge's merge of `topic` into `main`.
    pub(super) merge: String,
}

impl World {
    pub(super) fn new(certified: bool) -> Self {
        let repo = with_policy();
        repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", "../remote.git"]);
        repo.git(&["remote", "add", "origin", &Self::url_of(&repo)]);
        for text in ["one", "two", "three"] {
            repo.write("docs/text.md", text);
            repo.commit(text);
        }
        repo.git(&["switch", "--quiet", "-c", "topic", "main~1"]);
        stage_gated(&repo);
        repo.commit("go faster");
        repo.write("docs/topic.md", "why\n");
        repo.commit("say why");
        if certified {
            certify(&repo, "APPROVED", "performance-engineer");
        }
        let mut world = Self {
            main: repo.ask(&["rev-parse", "main"]),
            head: repo.ask(&["rev-parse", "topic"]),
            merge: String::new(),
            repo,
        };
        world.push(&["main", "topic", "topic:refs/pull/7/head"]);
        world.merge = world.merged("main", "topic");
        world.push(&[&format!("{}:refs/pull/7/merge", world.merge)]);
        world
    }

    fn url_of(repo: &TestRepo) -> String {
        format!("file://{}", repo.home().join("remote.git").display())
    }

    pub(super) fn url(&self) -> String {
        Self::url_of(&self.repo)
    }

    pub(super) fn push(&self, refspecs: &[&str]) {
        let all = [&["push", "--quiet", "--force", "origin"], refspecs].concat();
        self.repo.git(&all);
    }

    /// A merge as a forge makes it: the target is the first parent.
    pub(super) fn merged(&self, target: &str, source: &str) -> String {
        let tree = self.repo.ask(&["merge-tree", "--write-tree", target, source]);
        self.repo
            .ask(&["commit-tree", &tree, "-p", target, "-p", source, "-m", "Merge"])
    }

    /// A refusal of what `topic` holds comes to `main`, alone; by another agent than approved, whose approval would come after it.
    pub(super) fn refuse_on_main(&self) {
        let repo = &self.repo;
        repo.git(&["switch", "--quiet", "-c", "no", "main"]);
        repo.git(&["checkout", "--quiet", "topic", "--", "src"]);
        repo.commit("as on topic");
        certify(repo, "NO_GO", "torch-specialist");
        let certificate = repo.ask(&["diff", "--name-only", "HEAD~1", "HEAD"]);
        repo.git(&["switch", "--quiet", "main"]);
        repo.git(&["checkout", "--quiet", "no", "--", &certificate]);
        repo.commit("no");
        self.push(&["main"]);
    }

    /// A new directory in which a runner has run these git commands.
    pub(super) fn checkout(&self, commands: &[&[&str]]) -> Runner<'_> {
        let directory = self.repo.home().join(format!("runner-{}", ulid::Ulid::generate()));
        std::fs::create_dir(&directory).unwrap();
        let runner = Runner {
            repo: &self.repo,
            directory,
            variables: Vec::new(),
        };
        runner.git(&["init", "--quiet"]);
        runner.git(&["remote", "add", "origin", &self.url()]);
        for command in commands {
            runner.git(command);
        }
        runner
    }

    /// As actions/checkout does it, at a depth (0: everything).
    pub(super) fn github(&self, depth: u32, sha: &str, kept: &str) -> Runner<'_> {
        let one = format!("+{sha}:{kept}");
        let depth = format!("--depth={depth}");
        let fetch: &[&[&str]] = match depth.as_str() {
            "--depth=0" => &[
                &[
                    "fetch",
                    "--quiet",
                    "--prune",
                    "origin",
                    "+refs/heads/*:refs/remotes/origin/*",
                ],
                &["fetch", "--quiet", "--no-tags", "--prune", "origin", &one],
            ],
            _ => &[&["fetch", "--quiet", "--no-tags", "--prune", &depth, "origin", &one]],
        };
        self.checkout(&[fetch, &[&["checkout", "--quiet", "--force", kept]]].concat())
    }

    /// The checkout and the variables of a `pull_request` event.
    pub(super) fn pull_request(&self, depth: u32) -> Runner<'_> {
        let event = format!(
            r#"{{"action":"synchronize","number":7,"pull_request":{{"number":7,"head":{{"ref":"topic","sha":"{}"}},
            "base":{{"ref":"main","sha":"{}"}}}},"repository":{{"default_branch":"main"}}}}"#,
            self.head, self.main
        );
        self.github(depth, &self.merge, "refs/remotes/pull/7/merge")
            .event("pull_request", &self.merge, "refs/pull/7/merge", &event)
            .with("GITHUB_BASE_REF", "main")
            .with("GITHUB_HEAD_REF", "topic")
    }
}

/// Commits a certificate for what the branch adds.
pub(super) fn certify(repo: &TestRepo, status: &str, agent: &str) {
    // Two certificates of one second on two branches would have one name.
    let descriptor = format!("review{}", ulid::Ulid::generate()).to_lowercase();
    let arguments = [
        "certify",
        "gpu_memory",
        "--descriptor",
        &descriptor,
        "--base",
        "main",
        "--status",
        status,
        "--agent",
        agent,
        "--rationale",
        "measured",
    ];
    run(repo, &arguments).ends(0);
    repo.commit("certify");
}

/// A job: a checkout, and the variables that the system sets.
pub(super) struct Runner<'w> {
    repo: &'w TestRepo,
    pub(super) directory: PathBuf,
    variables: Vec<(String, String)>,
}

impl Runner<'_> {
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn all(self, pairs: &[(&str, &str)]) -> Self {
        pairs
            .iter()
            .fold(self, |runner, (name, value)| runner.with(name, value))
    }

    /// What GitHub sets for an event.
    pub(super) fn event(self, name: &str, sha: &str, reference: &str, event: &str) -> Self {
        let file = self.directory.with_extension("event.json");
        std::fs::write(&file, event).unwrap();
        self.all(&[
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", name),
            ("GITHUB_EVENT_PATH", file.to_str().unwrap()),
            ("GITHUB_SHA", sha),
            ("GITHUB_REF", reference),
        ])
    }

    /// A command in the checkout; `certgate` is on its PATH.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = self.repo.command(program);
        let own = Path::new(env!("CARGO_BIN_EXE_certgate"))
            .parent()
            .unwrap()
            .to_path_buf();
        let rest = std::env::var_os("PATH").unwrap();
        let path: OsString = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&rest))).unwrap();
        command.current_dir(&self.directory).env("PATH", path);
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let output = self.command("git").args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    pub(super) fn run(&self, program: &str, arguments: &[&str]) -> Ran {
        self.command(program).args(arguments).output().unwrap().into()
    }

    /// `certgate check` with more arguments.
    pub(super) fn check(&self, arguments: &[&str]) -> Ran {
        let mut command = assert_cmd::Command::from_std(self.command(env!("CARGO_BIN_EXE_certgate")));
        command.arg("check").args(arguments).output().unwrap().into()
    }

    /// The verdict, which must end like this.
    #[track_caller]
    pub(super) fn verdict(&self, code: i32, arguments: &[&str]) -> serde_json::Value {
        let ran = self.check(&[&["--format", "json"], arguments].concat());
        ran.ends(code).json()
    }

    /// Runs the remedies that ask git to fetch, as they stand.
    #[track_caller]
    pub(super) fn obey(&self, ran: &Ran) {
        let fetches: Vec<String> = ran
            .remedies()
            .into_iter()
            .filter(|help| help.starts_with("git fetch"))
            .collect();
        assert!(!fetches.is_empty(), "{}", ran.err);
        for fetch in fetches {
            self.run("sh", &["-c", &fetch]).ends(0);
        }
    }
}
