//! How fast the gate is, against git's own work on the same repository in the same run.
//!
//! ```text
//! cargo bench                         every row, on 80,000 files
//! cargo bench -- --quick              a smoke test, on 2,000 files
//! cargo bench -- --runs 21 --only 1   more runs, or one row
//! cargo bench -- --growth             the table of growth instead: 1,000,000 files, 50,000 commits and so on
//! cargo bench -- --git-only           only what certgate is compared with
//! cargo bench -- --certgate PATH      another program in the place of the one built here
//! ```
//!
//! A is certgate, B what it is compared with; they run in turn, A B A B, after one run of each that is not counted. A row gives the
//! medians, their ratio, the bar, and the exit codes that certgate gave: 0 and 1 are verdicts, anything else fails the row. The
//! generated repositories are kept below `target/`, so that a second run begins at once.

#![allow(clippy::print_stdout, missing_docs, unreachable_pub)]

mod evidence;
mod field;
mod growth;
mod measure;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use evidence::Approved;
use field::{Hooks, Twins, WorkTree};
use growth::Sizes;
use measure::{Job, Pair, Tools};
use world::{Scale, World};

struct Options {
    scale: Scale,
    runs: usize,
    only: Option<String>,
    git_only: bool,
    growth: bool,
    certgate: PathBuf,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            scale: Scale::FULL,
            runs: 11,
            only: None,
            git_only: false,
            growth: false,
            certgate: PathBuf::from(env!("CARGO_BIN_EXE_certgate")),
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => options.scale = Scale::QUICK,
                "--growth" => options.growth = true,
                "--git-only" => options.git_only = true,
                "--only" => options.only = Some(arguments.next().context("--only needs the number of a row")?),
                "--certgate" => {
                    let path = arguments.next().context("--certgate needs a path")?;
                    options.certgate = std::fs::canonicalize(&path).with_context(|| path)?;
                }
                "--runs" => options.runs = arguments.next().context("--runs needs a number")?.parse()?,
                // What cargo itself passes.
                "--bench" => {}
                other => bail!("unknown option {other}"),
            }
        }
        if options.runs == 0 {
            bail!("--runs must be at least 1");
        }
        Ok(options)
    }

    fn growth_sizes(&self) -> Sizes {
        match self.scale.files == Scale::FULL.files {
            true => Sizes::FULL,
            false => Sizes::QUICK,
        }
    }

    fn wants(&self, row: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == row)
    }
}

fn main() -> Result<ExitCode> {
    let options = Options::parse(std::env::args().skip(1))?;
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gate-bench");
    std::fs::create_dir_all(&directory)?;
    let tools = Tools::find(&directory, &options.certgate)?;
    println!("{}", tools.describe());
    if options.growth {
        let (only, runs) = (options.only.as_deref(), options.runs);
        growth::print(&directory, &tools, options.growth_sizes(), only, runs)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table {
        options,
        tools,
        failed: 0,
    };
    table.print(&directory)?;
    Ok(ExitCode::from(u8::from(table.failed > 0)))
}

struct Table {
    options: Options,
    tools: Tools,
    failed: usize,
}

impl Table {
    fn print(&mut self, directory: &Path) -> Result<()> {
        let scale = self.options.scale;
        println!(
            "{} files; medians of {} runs, A and B in turn\n",
            world::thousands(scale.files),
            self.options.runs
        );
        println!(
            "{:<74} {:>11} {:>11} {:>7} {:>6}",
            "row (A: certgate, B: what it is compared with)", "A", "B", "A/B", "bar"
        );
        let make = |files, certificates| World::new(directory, &self.tools, scale, files, certificates);
        let middle = make(scale.files, scale.certificates[1])?;
        let hook = |world: &World, index: &Path| self.tools.hook("pre-commit", &world.path, index);
        let staged = |world: &World, index: &Path| {
            let git = self.tools.git(&world.path, &["diff", "--cached", "--name-only"]);
            git.env("GIT_INDEX_FILE", index)
        };
        let range = [world::BASE, world::FEATURE];
        let check = |head: &str, more: &[&str]| {
            let arguments = [&["check", "--base", world::BASE, "--head", head], more].concat();
            self.tools.certgate(&middle.path, &arguments)
        };
        let mut rows: Vec<(&str, Row)> = Vec::new();

        for (number, files, bar) in [("1", 1, 0.75), ("2", scale.staged, 2.0)] {
            let index = middle.stage(files)?;
            let name = format!(
                "hook pre-commit, {files} staged, {} certificates : git diff --cached",
                world::thousands(middle.certificates)
            );
            rows.push((
                number,
                Row::time(name, hook(&middle, &index), staged(&middle, &index), bar),
            ));
        }

        let raw = self.tools.git(&middle.path, &["diff", "--raw", &range.join("...")]);
        let log = self.tools.git(&middle.path, &["log", "--format=%B", &range.join("..")]);
        let name = format!(
            "check, {} commits, {} files : git diff --raw + git log",
            world::thousands(scale.commits),
            world::thousands(scale.commits * world::FILES_PER_COMMIT)
        );
        rows.push(("3", Row::time(name, check(world::FEATURE, &[]), raw.then(log), 1.0)));
        let name = "the same : half as many commits and files, both certgate".to_owned();
        let half = check(world::HALF, &[]);
        rows.push(("3", Row::time(name, check(world::FEATURE, &[]), half.ours(), 2.2)));

        let (policy, patterns) = world::patterns(directory, scale.patterns)?;
        let name = format!(
            "check with {} patterns on changed lines : git diff | rg -f",
            scale.patterns
        );
        let scan = check(world::FEATURE, &["--policy", path_str(&policy)?]);
        rows.push((
            "4",
            match self.tools.ripgrep() {
                Some(rg) => {
                    let diff = self
                        .tools
                        .git(&middle.path, &["diff", "--no-color", &range.join("...")]);
                    let search = rg.arguments(&["-c", "-f", path_str(&patterns)?]);
                    Row::time(name, scan, diff.piped_into(search), 1.0)
                }
                None => Row::missing(name, "ripgrep (rg) is not on PATH"),
            },
        ));

        if self.options.wants("5") {
            let few = make(scale.files, scale.certificates[0])?;
            let many = make(scale.files, scale.certificates[2])?;
            let (few_index, many_index) = (few.stage(1)?, many.stage(1)?);
            let name = format!(
                "hook pre-commit, {} certificates, warm : {}, both certgate",
                world::thousands(many.certificates),
                world::thousands(few.certificates)
            );
            let ours = hook(&few, &few_index).ours();
            rows.push(("5", Row::time(name, hook(&many, &many_index), ours, 2.0)));
            let name = "  for information: git diff --cached on the same two".to_owned();
            rows.push((
                "5",
                Row::information(name, staged(&many, &many_index), staged(&few, &few_index)),
            ));
        }

        if self.options.wants("6") {
            let small = make(scale.small_files, scale.certificates[1])?;
            let (large_index, small_index) = (middle.stage(1)?, small.stage(1)?);
            let name = format!(
                "peak memory, hook pre-commit, {} files : {} files",
                world::thousands(middle.files),
                world::thousands(small.files)
            );
            let one = hook(&middle, &large_index);
            rows.push(("6", Row::memory(name, one.clone(), hook(&small, &small_index), 1.25)));
            let big = middle.stage_big(scale.big_blob)?;
            let name = format!(
                "peak memory, a blob of {} MiB staged : 1 small file",
                scale.big_blob >> 20
            );
            // Room for buffers and a window on the blob, not for a tenth of the blob.
            rows.push(("6", Row::memory(name, hook(&middle, &big), one, 3.0)));
        }

        if self.options.wants("7") {
            for files in [scale.files, scale.small_files] {
                let world = make(files, scale.certificates[1])?;
                let clone = WorkTree::new(directory, &self.tools, &world)?;
                let commit = |hooks| clone.commit(&self.tools, hooks);
                let strict = || commit(Hooks::Strict).ours();
                let name = format!(
                    "git commit on a feature branch, {} files, strict hook : without",
                    world::thousands(files)
                );
                rows.push(("7", Row::information(name, strict(), commit(Hooks::No))));
                let name = "the same : a reference-transaction hook that does nothing".to_owned();
                rows.push(("7", Row::time(name, strict(), commit(Hooks::Idle), 1.3)));
            }
        }

        if self.options.wants("10") {
            let wide = World::wide(directory, &self.tools, scale.wide)?;
            let index = wide.stage(1)?;
            let name = format!(
                "hook pre-commit, 1 staged, {} files : git diff --cached",
                world::thousands(wide.files)
            );
            rows.push(("10", Row::time(name, hook(&wide, &index), staged(&wide, &index), 0.4)));
        }

        if self.options.wants("11") {
            for files in [scale.files, scale.small_files] {
                let world = make(files, scale.certificates[1])?;
                let clone = WorkTree::new(directory, &self.tools, &world)?;
                clone.stage(&self.tools)?;
                let commit = |hooks| clone.commit_staged(&self.tools, hooks);
                let name = format!(
                    "git commit of a file, {} files, all hooks : as many idle",
                    world::thousands(files)
                );
                let all = commit(Hooks::All).ours();
                rows.push(("11", Row::time(name, all, commit(Hooks::AllIdle), 1.25)));
            }
        }

        if self.options.wants("8") {
            let servers = Twins::servers(directory, &self.tools, &middle)?;
            let push = |server: &Path| Twins::push(&self.tools, &middle, server);
            let name = format!(
                "git push of {} commits, {} files, pre-receive : without",
                world::thousands(scale.commits),
                world::thousands(scale.commits * world::FILES_PER_COMMIT)
            );
            rows.push((
                "8",
                Row::information(name, push(&servers.with)?, push(&servers.without)?),
            ));
        }

        if self.options.wants("9") {
            let approved = |blocks| Approved::new(directory, &self.tools, scale.small_files, blocks);
            let (with, without) = (approved(10)?, approved(0)?);
            let plain = || without.check(&self.tools).ours();
            let name = "check of an approval with 20 bound files : with none, both certgate".to_owned();
            rows.push(("9", Row::time(name, with.check(&self.tools), plain(), 1.3)));
            let name = "  for information: the first time, when they are read and decided".to_owned();
            rows.push(("9", Row::information(name, with.check_cold(&self.tools), plain())));
        }

        for (number, row) in rows {
            if self.options.wants(number) {
                self.failed += usize::from(!row.print(number, &self.options)?);
            }
        }
        Ok(())
    }
}

fn path_str(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is not UTF-8", path.display()))
}

enum Kind {
    Time,
    Memory,
    Information,
    Missing(&'static str),
}

struct Row {
    name: String,
    kind: Kind,
    a: Job,
    b: Job,
    bar: f64,
}

impl Row {
    fn time(name: String, a: Job, b: Job, bar: f64) -> Self {
        Self {
            name,
            kind: Kind::Time,
            a,
            b,
            bar,
        }
    }

    fn memory(name: String, a: Job, b: Job, bar: f64) -> Self {
        Self {
            kind: Kind::Memory,
            ..Self::time(name, a, b.ours(), bar)
        }
    }

    fn information(name: String, a: Job, b: Job) -> Self {
        Self {
            kind: Kind::Information,
            ..Self::time(name, a, b, f64::INFINITY)
        }
    }

    fn missing(name: String, what: &'static str) -> Self {
        Self {
            kind: Kind::Missing(what),
            ..Self::time(name, Job::default(), Job::default(), f64::NAN)
        }
    }

    /// Measures and prints; false where certgate gave no verdict.
    fn print(&self, number: &str, options: &Options) -> Result<bool> {
        let name = format!("{number}  {}", self.name);
        if let Kind::Missing(what) = self.kind {
            println!("{name:<74} not measured: {what}");
            return Ok(true);
        }
        let information = matches!(self.kind, Kind::Information);
        if options.git_only && !information {
            match self.kind {
                Kind::Time if !self.b.is_ours() => {
                    let time = measure::median(&measure::times(&self.b, options.runs)?);
                    println!("{name:<74} {:>11} {:>11}", "-", milliseconds(time));
                }
                _ => println!("{name:<74} {:>11} {:>11}  compares certgate with itself", "-", "-"),
            }
            return Ok(true);
        }
        let Pair { a, b, codes } = match self.kind {
            Kind::Memory => measure::memory_in_turn(&self.a, &self.b, options.runs.min(5))?,
            _ => measure::times_in_turn(&self.a, &self.b, options.runs)?,
        };
        let show = if matches!(self.kind, Kind::Memory) {
            mebibytes
        } else {
            milliseconds
        };
        let ratio = a / b;
        let codes: Vec<_> = codes
            .iter()
            .map(|code| code.map_or("signal".to_owned(), |code| code.to_string()))
            .collect();
        let exit = codes.join(", ");
        if codes.iter().any(|code| code != "0" && code != "1") {
            // How long it takes to fail is no measurement.
            println!(
                "{name:<74} {:>11} {:>11}  FAILED: certgate gave no verdict (exit {exit})",
                "-", "-"
            );
            return Ok(false);
        }
        let told = match self.kind {
            Kind::Information => String::new(),
            _ if !ratio.is_finite() => "not measured: the program ended too soon".to_owned(),
            _ if ratio <= self.bar => format!("{:>6.2}  met (exit {exit})", self.bar),
            _ => format!("{:>6.2}  NOT MET (exit {exit})", self.bar),
        };
        println!("{name:<74} {:>11} {:>11} {ratio:>7.2} {told}", show(a), show(b));
        Ok(true)
    }
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.1} ms", seconds * 1e3)
}

fn mebibytes(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / f64::from(1 << 20))
}

/// Where a program is, by PATH.
fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
}
