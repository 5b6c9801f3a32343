//! What the tests of input, reports and commands share: a repository that adopted certgate, and what a run said.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::process::Output;

use crate::support::TestRepo;

/// One component, on paths, content and messages; blocking on `main`, warning elsewhere.
pub(crate) const POLICY: &str = "version: 1
agents:
  performance-engineer: { may_lift: true }
components:
  - id: gpu_memory
    title: GPU memory efficiency
    aliases: [gpu-mem]
    match:
      paths: [\"src/train/**\"]
      messages: ['^perf(\\(.+\\))?!?:']
  - id: data_loading
    match: { paths: [\"src/data/**\"] }
";

/// A repository with that policy and a commit, and no hooks.
pub(crate) fn with_policy() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("src/train/loop.py", "def step():\n    return 1\n");
    repo.write("README.md", "hello\n");
    repo.write(".certgate/policy.yaml", POLICY);
    repo.commit("begin");
    repo
}

/// The same with hooks.
pub(crate) fn adopted() -> TestRepo {
    let repo = with_policy();
    run(&repo, &["install"]).ends(0);
    repo
}

/// Stages a change to a gated file.
pub(crate) fn stage_gated(repo: &TestRepo) {
    repo.write("src/train/loop.py", "def step():\n    return 2\n");
    repo.git(&["add", "--all"]);
}

/// A certificate file name that follows the format.
pub(crate) const CERTIFICATE: &str = "certificates/review_gpu_memory_20250102_030405.md";

/// A certificate as a person writes it: no SUBJECT, no hash. `decision` is what is in its section.
pub(crate) fn by_hand(decision: &str, id: &str, date: &str) -> String {
    format!(
        "# REVIEW CERTIFICATE\n\n**Component**: gpu_memory\n**Agent**: performance-engineer\n**Date**: {date}\n\
         **Certificate ID**: {id}\n\n## REVIEW SCOPE\n- `src/train/loop.py`\n\n## FINDINGS\n- fine\n\n\
         ## DECISION/OUTCOME\n{decision}\n**Rationale**: measured\n\n## EVIDENCE\n- `src/train/loop.py:1-2`\n\n\
         ## SIGNATURE\nAgent: performance-engineer\nTimestamp: {date}\n"
    )
}

/// The same with a status, dated two minutes ago.
pub(crate) fn of_status(status: &str, id: &str) -> String {
    by_hand(&format!("**Status**: {status}"), id, &minutes_ago(2))
}

/// A date as certificates have it.
pub(crate) fn minutes_ago(minutes: i64) -> String {
    let at = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes);
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Everything that a command could have changed and must not have: HEAD, refs, index and work tree.
pub(crate) fn state(repo: &TestRepo) -> String {
    [
        repo.try_git(&["rev-parse", "HEAD"]),
        repo.try_git(&["for-each-ref"]),
        repo.try_git(&["ls-files", "--stage"]),
        repo.try_git(&["status", "--porcelain", "--untracked-files=all", "--ignored"]),
        repo.try_git(&["diff", "--raw", "--no-abbrev"]),
    ]
    .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    .join("\n")
}

/// What a run said, and how it ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The words that certify what is staged on the component of the scenes.
pub(crate) const fn certify_staged(status: &'static str, agent: &'static str) -> [&'static str; 9] {
    [
        "certify",
        "gpu_memory",
        "--staged",
        "--status",
        status,
        "--agent",
        agent,
        "--rationale",
        "measured",
    ]
}

/// Runs `certgate`.
pub(crate) fn run(repo: &TestRepo, arguments: &[&str]) -> Ran {
    let ran = repo.certgate(arguments).into();
    crate::remedies_run::printed(repo, arguments, "certgate", &ran);
    ran
}

/// Runs `git`, which may fail.
pub(crate) fn git(repo: &TestRepo, arguments: &[&str]) -> Ran {
    let ran = repo.try_git(arguments).into();
    crate::remedies_run::printed(repo, arguments, "git", &ran);
    ran
}

impl Ran {
    /// Both streams.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Asserts the exit code, and that nothing panicked.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.said());
        assert!(!self.err.contains("CG711"), "{}", self.err);
        self
    }

    /// The codes of the errors, in order.
    pub(crate) fn errors(&self) -> Vec<&str> {
        self.of_level("error[")
    }

    /// The codes of the warnings, in order.
    pub(crate) fn warnings(&self) -> Vec<&str> {
        self.of_level("warning[")
    }

    fn of_level(&self, level: &str) -> Vec<&str> {
        let lines = self.err.lines();
        lines.filter_map(|line| line.strip_prefix(level)?.get(..5)).collect()
    }

    /// Asserts that it could not decide: exit 2 and one diagnostic with this code and a remedy.
    #[track_caller]
    pub(crate) fn undecided(self, code: &str) -> Self {
        let ran = self.ends(2);
        assert_eq!(ran.errors(), [code], "{}", ran.err);
        ran.says("= help: ")
    }

    /// Asserts that it blocks, with exactly these errors, each with a remedy.
    #[track_caller]
    pub(crate) fn blocks(self, codes: &[&str]) -> Self {
        let ran = self.ends(1);
        assert_eq!(ran.errors(), codes, "{}", ran.err);
        assert!(ran.err.matches("= help: ").count() >= codes.len(), "{}", ran.err);
        ran
    }

    /// Asserts that a text was said on standard error, wherever its lines were broken.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        let in_one = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = self.err.contains(text) || in_one(&self.err).contains(&in_one(text));
        assert!(said, "{text:?} is not in: {}", self.err);
        self
    }

    /// Asserts that a text was written to standard output.
    #[track_caller]
    pub(crate) fn writes(self, text: &str) -> Self {
        assert!(self.out.contains(text), "{text:?} is not in: {}", self.out);
        self
    }

    /// The help texts, each as it would be pasted into a shell, commands on one line.
    pub(crate) fn remedies(&self) -> Vec<String> {
        let mut remedies: Vec<String> = Vec::new();
        let mut open = false;
        for line in self.err.lines() {
            let help = line.trim_start().strip_prefix("= help: ");
            match (help, remedies.last_mut()) {
                (Some(help), _) => remedies.push(help.to_owned()),
                (None, Some(remedy)) if open && line.starts_with("          ") => {
                    match remedy.strip_suffix('\\').map(str::len) {
                        Some(length) => {
                            remedy.truncate(length);
                            remedy.push_str(line.trim_start());
                        }
                        None => {
                            remedy.push('\n');
                            remedy.push_str(line);
                        }
                    }
                }
                _ => {}
            }
            open = help.is_some() || (open && line.starts_with("          "));
        }
        remedies
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.said()))
    }
}
