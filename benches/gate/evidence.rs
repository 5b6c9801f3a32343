//! Two repositories that differ in what one approval brings: measurements for a budget, or its word.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::measure::{Job, Tools};

const BUDGET: &str = "    budgets: [{ metric: time, max_regression: 5%, design: interleaved }]\n";

/// A branch `work` with one gated change and its approval, and `main` without.
pub struct Approved {
    path: PathBuf,
}

impl Approved {
    /// Makes it anew, with so many files, of which so many measurements of each side are bound to the approval.
    pub fn new(directory: &Path, tools: &Tools, files: usize, blocks: usize) -> Result<Self> {
        let path = directory.join(format!("approved-{files}-files-{blocks}-blocks"));
        let _absent = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("src/lex"))?;
        let git = |arguments: &[&str]| tools.git(&path, arguments).run().map(drop);
        git(&["init", "--quiet", "--initial-branch", "main"])?;
        for setting in [["user.name", "A U Thor"], ["user.email", "author@example.org"]] {
            git(&["config", setting[0], setting[1]])?;
        }
        let budget = if blocks > 0 { BUDGET } else { "" };
        let policy = format!(
            "version: 1\ncomponents:\n  - id: lexer\n    match: {{ paths: [\"src/lex/**\"] }}\n    require: {{ approvals: 1 }}\n{budget}"
        );
        fs::create_dir(path.join(".certgate"))?;
        fs::write(path.join(".certgate/policy.yaml"), policy)?;
        for file in 0..files {
            fs::write(path.join(format!("src/f{file}.rs")), format!("fn f{file}() {{}}\n"))?;
        }
        let scan = path.join("src/lex/scan.rs");
        fs::write(&scan, "fn scan() -> u32 {\n    1\n}\n")?;
        git(&["add", "--all"])?;
        git(&["commit", "--quiet", "--message", "Begin"])?;
        git(&["switch", "--quiet", "--create", "work"])?;
        fs::write(&scan, "fn scan() -> u32 {\n    2\n}\n")?;
        git(&["commit", "--quiet", "--all", "--message", "Change the scanner"])?;
        let measured = directory.join(format!("approved-measured-{blocks}"));
        let mut certify: Vec<String> = [
            "certify",
            "lexer",
            "--base",
            "main",
            "--status",
            "APPROVED",
            "--agent",
            "perf",
            "--rationale",
            "read and measured",
        ]
        .map(str::to_owned)
        .into();
        for (side, shift) in [("baseline", 0), ("candidate", 3)] {
            let folder = measured.join(side);
            let _absent = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder)?;
            for block in 0..blocks {
                fs::write(folder.join(format!("{block:02}.json")), document(block, shift))?;
            }
            if blocks > 0 {
                certify.push(format!("--{side}"));
                certify.push(folder.to_str().context("a path that is no text")?.to_owned());
            }
        }
        let certify: Vec<&str> = certify.iter().map(String::as_str).collect();
        let codes = tools.certgate(&path, &certify).run()?;
        ensure!(codes == [Some(0)], "certify failed: {codes:?}");
        git(&["add", "certificates"])?;
        git(&["commit", "--quiet", "--message", "Certify the lexer"])?;
        let made = Self { path };
        let codes = made.check(tools).run()?;
        ensure!(codes == [Some(0)], "the approval does not count: {codes:?}");
        Ok(made)
    }

    /// What CI asks.
    pub fn check(&self, tools: &Tools) -> Job {
        tools.certgate(&self.path, &["check", "--base", "main", "--head", "work"])
    }

    /// The same where nothing was kept of the evidence.
    pub fn check_cold(&self, tools: &Tools) -> Job {
        tools
            .remove(&self.path, ".git/certgate/evidence")
            .then(self.check(tools))
    }
}

/// What hyperfine exports of one command, timed twenty times.
fn document(block: usize, shift: usize) -> String {
    let mut times = String::new();
    let mut codes = String::new();
    for run in 0..20 {
        let comma = if run > 0 { ", " } else { "" };
        let noise = (block * 7 + run * 3 + shift) % 11;
        let _written = write!(
            times,
            "{comma}{:.7}",
            0.3 + 0.0004 * noise as f64 + 1e-7 * (block * 20 + run + shift * 400) as f64
        );
        let _written = write!(codes, "{comma}0");
    }
    format!("{{\"results\": [{{\"command\": \"lex big.txt\", \"times\": [{times}], \"exit_codes\": [{codes}]}}]}}\n")
}
