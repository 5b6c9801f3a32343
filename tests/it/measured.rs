//! A repository whose policy sets a budget, with a change that was measured: files as `certgate measure` writes them, of chosen values.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::scene::{Ran, run};
use crate::support::TestRepo;

/// The gated file.
pub(crate) const GATED: &str = "src/lex/scan.rs";
/// How runs of the same code differ.
const NOISE: [f64; 10] = [1.0, 1.01, 1.003, 0.997, 1.007, 0.99, 1.004, 0.994, 1.0055, 0.9985];

/// The policy, with these budgets of the component `lexer`.
pub(crate) fn policy(budgets: &str) -> String {
    format!(
        "version: 1\nagents:\n  perf: {{ may_lift: true }}\n  other: {{}}\ncomponents:\n  - id: lexer\n    match: {{ paths: [\"src/lex/**\"] }}\n    require: {{ agents: [perf, other] }}\n    budgets: [{budgets}]\n  - id: data\n    match: {{ paths: [\"certificates/**\", \"bench/**\"] }}\n"
    )
}

/// The budget of most scenes.
pub(crate) const BUDGET: &str =
    "{ metric: time, benchmarks: ['lex*'], max_regression: 5%, alpha: 0.05, min_runs: 5, design: interleaved }";

/// The scene.
pub(crate) struct Scene {
    pub(crate) repo: TestRepo,
}

/// A file of a session, to be changed at will.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) side: &'static str,
    pub(crate) number: usize,
    pub(crate) json: Value,
}

impl Scene {
    /// With that budget, on a branch `work` off `main`, with the gated file changed and committed.
    pub(crate) fn open() -> Self {
        Self::with(&policy(BUDGET))
    }

    /// With its own policy.
    pub(crate) fn with(policy: &str) -> Self {
        let repo = TestRepo::new();
        repo.write(".certgate/policy.yaml", policy);
        repo.write(GATED, "fn scan() -> u32 {\n    1\n}\n");
        repo.write("README.md", "hello\n");
        repo.commit("begin");
        repo.git(&["switch", "--quiet", "--create", "work"]);
        let scene = Self { repo };
        scene.change("2");
        scene
    }

    /// Changes the gated file and commits it.
    pub(crate) fn change(&self, text: &str) -> String {
        self.repo.write(GATED, format!("fn scan() -> u32 {{\n    {text}\n}}\n"));
        self.repo.commit("Change the scanner")
    }

    /// The commit that a revision names.
    pub(crate) fn commit_of(&self, rev: &str) -> String {
        self.repo.ask(&["rev-parse", rev])
    }

    /// A session of `main` against HEAD in ten blocks, in which the candidate takes so many times as long.
    pub(crate) fn session(&self, ratio: f64) -> Vec<Block> {
        self.session_of(&[("lex big.txt", ratio)], ("main", "HEAD"), 10, 0)
    }

    /// The same of several benchmarks, of given revisions and so many blocks, that began so many minutes later.
    pub(crate) fn session_of(
        &self,
        benchmarks: &[(&str, f64)],
        (base, head): (&str, &str),
        blocks: usize,
        minutes: u32,
    ) -> Vec<Block> {
        let commits = [self.commit_of(base), self.commit_of(head)];
        let mut found = Vec::new();
        for number in 1..=blocks {
            for (at, side) in ["baseline", "candidate"].into_iter().enumerate() {
                let results: Vec<Value> = benchmarks
                    .iter()
                    .enumerate()
                    .map(|(nth, (name, ratio))| {
                        // Of no two runs the same, and of no two sessions.
                        let wobble = 1e-7 * (number * 7 + at * 3 + nth * 11 + minutes as usize * 13) as f64;
                        let noise = NOISE[(number + at * 4 + minutes as usize) % NOISE.len()];
                        let level = if side == "candidate" { *ratio } else { 1.0 };
                        json!({ "command": name, "times": [0.3 * level * noise + wobble], "exit_codes": [0] })
                    })
                    .collect();
                let started = format!(
                    "2026-01-01T{:02}:{:02}:{:02}Z",
                    minutes / 60,
                    minutes % 60,
                    number * 2 + at
                );
                found.push(Block {
                    side,
                    number,
                    json: json!({
                        "results": results,
                        "certgate": {
                            "schema": "certgate/measure/v1", "side": side, "commit": commits[at], "against": commits[1 - at],
                            "design": "interleaved", "planned": blocks, "block": number, "first": at == 0, "started": started,
                            "load": 0.1, "shell": 0.001, "host": "bench-1", "cpu": "Example CPU", "cpus": 8, "os": "linux x86_64",
                        },
                    }),
                });
            }
        }
        found
    }

    /// Writes the files of a session outside of the repository and gives the arguments for `certify`.
    pub(crate) fn arguments(&self, blocks: &[Block]) -> Vec<String> {
        let folder = self.repo.home().join("measured");
        let _gone = std::fs::remove_dir_all(&folder);
        let mut sides: [Vec<PathBuf>; 2] = [Vec::new(), Vec::new()];
        for block in blocks {
            let at = usize::from(block.side == "candidate");
            let path = folder.join(block.side).join(format!("{:02}.json", block.number));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, block.json.to_string()).unwrap();
            sides[at].push(path);
        }
        let mut arguments = Vec::new();
        for (option, paths) in ["--baseline", "--candidate"].into_iter().zip(sides) {
            if !paths.is_empty() {
                arguments.push(option.to_owned());
                arguments.extend(paths.iter().map(|path| path.display().to_string()));
            }
        }
        arguments
    }

    /// Certifies what `main` lacks, with these blocks.
    pub(crate) fn certify(&self, blocks: &[Block]) -> Ran {
        self.certify_as("perf", "APPROVED", blocks, &[])
    }

    /// The same by an agent, with a status and more options.
    pub(crate) fn certify_as(&self, agent: &str, status: &str, blocks: &[Block], more: &[&str]) -> Ran {
        let more = more.iter().map(|option| (*option).to_owned());
        let arguments: Vec<String> = more.chain(self.arguments(blocks)).collect();
        self.certify_given(agent, status, &arguments)
    }

    /// The same with whatever is given behind what every certificate has.
    pub(crate) fn certify_given(&self, agent: &str, status: &str, arguments: &[String]) -> Ran {
        let mut all = vec!["certify", "lexer", "--base", "main", "--rationale", "measured"];
        all.extend(["--agent", agent, "--status", status]);
        all.extend(arguments.iter().map(String::as_str));
        run(&self.repo, &all)
    }

    /// Certifies, which must work, and commits all of it.
    #[track_caller]
    pub(crate) fn certified(self, blocks: &[Block]) -> Self {
        self.certify(blocks).ends(0);
        self.repo.commit("Certify");
        self
    }

    /// The one certificate of the work tree that is not in `main`: its path, relative to the root.
    pub(crate) fn certificate(&self) -> String {
        let names = self
            .repo
            .ask(&["ls-files", "--cached", "--others", "certificates/*.md"]);
        let there = self.repo.ask(&["ls-tree", "-r", "--name-only", "main"]);
        names
            .lines()
            .find(|name| !there.lines().any(|known| known == *name) && !name.contains("/evidence/"))
            .unwrap()
            .to_owned()
    }

    /// The folder of its evidence.
    pub(crate) fn evidence(&self) -> String {
        self.certificate()
            .replace("certificates/", "certificates/evidence/")
            .replace(".md", "")
    }

    /// The text of a file of the work tree.
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.repo.path().join(path)).unwrap()
    }

    /// Replaces a text in a file of the work tree, which must be there, and commits.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{from} is not in {text}");
        self.repo.write(path, text.replace(from, to));
        self.repo.commit("Edit");
    }

    /// Seals the certificate again, so that its hash is right, and commits.
    #[track_caller]
    pub(crate) fn sealed(&self) {
        let certificate = self.certificate();
        run(&self.repo, &["seal", &certificate, "--base", "main"]).ends(0);
        self.repo.commit("Seal");
    }

    /// What CI says of the branch.
    pub(crate) fn check(&self) -> Ran {
        run(&self.repo, &["check", "--base", "main"])
    }

    /// Lands the branch on `main`, and continues from there on a new one.
    pub(crate) fn land(&self) {
        self.repo.git(&["switch", "--quiet", "main"]);
        self.repo.git(&["merge", "--quiet", "--ff-only", "work"]);
        self.repo.git(&["switch", "--quiet", "work"]);
    }
}
