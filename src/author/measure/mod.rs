//! Measures two revisions in turn. With `cli::demo`, `git` and `signing` the only place that starts programs: those that whoever typed
//! `certgate measure` named, and no other; nothing of a repository says what runs.
//!
//! Each revision has a scratch worktree, prepared once. A block is one run of each side, in an order that is drawn for each block. How many
//! blocks there are is fixed before the first one counts. Every block is kept when it is done, so that an end at any moment leaves what
//! was measured.

mod collect;
mod host;

use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::change::ObjectId;
use crate::diagnostic::{Code, Diagnostic, command, sanitize};
use crate::evidence::measurement::median;
use crate::gate::Undecided;
use crate::git::Repository;
use crate::{progress, signals};

pub(crate) use collect::Results;
use collect::{Circumstances, clear, hyperfine, keep};
pub(crate) use host::{Host, load};

/// What is measured, and how.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The commits: baseline and candidate.
    pub(crate) commits: [ObjectId; 2],
    /// How many blocks count.
    pub(crate) runs: usize,
    /// How many blocks are run before, and do not.
    pub(crate) warmup: usize,
    /// What is run, by `sh -c`, in the root of the worktree.
    pub(crate) run: String,
    /// What is run once in each worktree before.
    pub(crate) prepare: Option<String>,
    /// How the result of a run is had.
    pub(crate) results: Results,
    /// Where the results are kept: a folder that is made, or is empty.
    pub(crate) output: PathBuf,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// The files of each side, block by block.
    pub(crate) files: [Vec<PathBuf>; 2],
    /// How many blocks are complete.
    pub(crate) blocks: usize,
    /// Whether a signal ended it.
    pub(crate) interrupted: bool,
}

/// The names of the sides, and of the folders of their results.
const SIDES: [&str; 2] = ["baseline", "candidate"];
/// How often an empty shell is timed.
const SHELLS: usize = 20;
/// How long a signal may take to arrive here after it ended a child.
const BOTH: Duration = Duration::from_millis(50);

/// Worktrees that go away with it.
struct Worktrees<'a> {
    repository: &'a Repository,
    scratch: tempfile::TempDir,
    paths: Vec<PathBuf>,
}

impl Drop for Worktrees<'_> {
    fn drop(&mut self) {
        for path in &self.paths {
            // What cannot be removed goes with the scratch folder; git forgets such a worktree by itself.
            let _best_effort = self.repository.remove_worktree(path);
        }
    }
}

/// Measures. The caller holds signals back; one that comes ends it after the run that it interrupts.
pub(crate) fn measure(repository: &Repository, plan: &Plan) -> Result<Measured, Undecided> {
    for side in SIDES {
        let folder = plan.output.join(side);
        std::fs::create_dir_all(&folder).map_err(|error| Undecided::io("make", &folder, &error))?;
    }
    let scratch = tempfile::Builder::new().prefix("certgate-measure-").tempdir();
    let scratch = scratch.map_err(|error| Undecided::io("make a scratch folder in", &std::env::temp_dir(), &error))?;
    let mut worktrees = Worktrees {
        repository,
        scratch,
        paths: Vec::new(),
    };
    // Names of one length: the length of a path moves what lies behind it in memory, and with it times.
    for (name, commit) in ["1", "2"].iter().zip(&plan.commits) {
        let path = worktrees.scratch.path().join(name);
        worktrees.paths.push(path.clone());
        repository.add_worktree(&path, commit)?;
    }
    let mut session = Session {
        plan,
        worktrees: &worktrees,
        host: Host::this(),
        shell: 0.0,
        measured: Measured::default(),
    };
    match session.all() {
        Ok(()) => Ok(session.measured),
        Err(Stop::Interrupted) => Ok(Measured {
            interrupted: true,
            ..session.measured
        }),
        Err(Stop::Undecided(undecided)) => Err(undecided),
    }
}

/// Why a session ends early.
enum Stop {
    Interrupted,
    Undecided(Undecided),
}

impl From<Undecided> for Stop {
    fn from(undecided: Undecided) -> Self {
        Self::Undecided(undecided)
    }
}

struct Session<'a> {
    plan: &'a Plan,
    worktrees: &'a Worktrees<'a>,
    host: Host,
    /// The time of an empty shell, in seconds.
    shell: f64,
    measured: Measured,
}

impl Session<'_> {
    fn all(&mut self) -> Result<(), Stop> {
        if let Some(prepare) = &self.plan.prepare {
            for side in 0..SIDES.len() {
                self.start(side, prepare, None)?;
            }
        }
        self.shell = self.empty_shell()?;
        let total = (self.plan.warmup + self.plan.runs) * SIDES.len();
        let _begun = progress::begin(progress::Work::Measuring, total);
        for block in 0..self.plan.warmup + self.plan.runs {
            let counted = block.checked_sub(self.plan.warmup);
            let load = load();
            let first = drawn();
            let mut files = [Vec::new(), Vec::new()];
            for (at, side) in [first, 1 - first].into_iter().enumerate() {
                match (self.once(side, counted, at == 0, load), files.get_mut(side)) {
                    (Ok(kept), Some(files)) => *files = kept,
                    (Ok(_), None) => {}
                    (Err(stop), _) => {
                        // A block of one side only does not count.
                        let _best_effort = clear(&files.concat());
                        return Err(stop);
                    }
                }
                progress::step();
            }
            if counted.is_some() {
                self.measured.blocks += 1;
                for (all, files) in self.measured.files.iter_mut().zip(files) {
                    all.extend(files);
                }
            }
        }
        Ok(())
    }

    /// One run of one side. Gives the files that are kept, where it counts.
    fn once(&self, side: usize, counted: Option<usize>, first: bool, load: Option<f64>) -> Result<Vec<PathBuf>, Stop> {
        let worktree = self.worktree(side);
        let failed = |error: std::io::Error| Undecided::io("keep results of", &worktree, &error);
        clear(&self.plan.results.found(&worktree).map_err(failed)?).map_err(failed)?;
        let output = self.worktrees.scratch.path().join("output");
        let to = matches!(self.plan.results, Results::Output).then_some(output.as_path());
        let started = Timestamp::now();
        let time = self.start(side, &self.plan.run, to)?.as_secs_f64() - self.shell;
        let Some(block) = counted else {
            return Ok(Vec::new());
        };
        let name = SIDES.get(side).copied().unwrap_or_default();
        let folder = self.plan.output.join(name);
        let digits = self.plan.runs.to_string().len().max(2);
        let stem = format!("{:0digits$}", block + 1);
        let (from, ending) = match &self.plan.results {
            Results::Timed => {
                if time <= 0.0 {
                    return Err(too_short().into());
                }
                let commit = |side: usize| self.plan.commits.get(side).map(ObjectId::to_string).unwrap_or_default();
                let text = hyperfine(
                    &self.plan.run,
                    time,
                    &Circumstances {
                        schema: "certgate/measure/v1",
                        side: name,
                        commit: commit(side),
                        against: commit(1 - side),
                        design: "interleaved",
                        planned: self.plan.runs,
                        block: block + 1,
                        first,
                        started: started.to_string(),
                        load,
                        shell: self.shell,
                        host: &self.host,
                    },
                );
                std::fs::write(&output, text).map_err(failed)?;
                (vec![output], Some("json"))
            }
            Results::Output => (vec![output], Some("txt")),
            Results::Files { .. } => (self.plan.results.found(&worktree).map_err(failed)?, None),
        };
        if from.is_empty() {
            return Err(nothing(name).into());
        }
        let mut kept = Vec::new();
        for (at, from) in from.iter().enumerate() {
            let own = from.extension().map(|ending| ending.to_string_lossy().into_owned());
            let ending = ending.map(str::to_owned).or(own).map(|ending| format!(".{ending}"));
            let number = if at == 0 { String::new() } else { format!("-{}", at + 1) };
            let to = folder.join(format!("{stem}{number}{}", ending.unwrap_or_default()));
            keep(from, &to).map_err(failed)?;
            kept.push(to);
        }
        Ok(kept)
    }

    fn worktree(&self, side: usize) -> PathBuf {
        self.worktrees.paths.get(side).cloned().unwrap_or_default()
    }

    /// Runs a command in a worktree and gives its time. What it prints goes to a file, or nowhere.
    fn start(&self, side: usize, command: &str, output: Option<&Path>) -> Result<Duration, Stop> {
        if signals::asked().is_some() {
            return Err(Stop::Interrupted);
        }
        let worktree = self.worktree(side);
        let log = self.worktrees.scratch.path().join("log");
        let file = |path: &Path| File::create(path).map_err(|error| Undecided::io("write", path, &error));
        let mut child = Command::new("/bin/sh");
        for (name, _) in std::env::vars_os() {
            // The worktree is its own repository.
            if name.as_encoded_bytes().starts_with(b"GIT_") {
                child.env_remove(name);
            }
        }
        child.args(["-c", command]).current_dir(&worktree).stdin(Stdio::null());
        child.stderr(file(&log)?);
        match output {
            Some(path) => child.stdout(file(path)?),
            None => child.stdout(Stdio::null()),
        };
        let begun = Instant::now();
        let status = child.status();
        let time = begun.elapsed();
        let status = status.map_err(|error| Undecided::io("run a shell in", &worktree, &error))?;
        if status.success() {
            return Ok(time);
        }
        if status.code().is_none() {
            std::thread::sleep(BOTH);
        }
        match signals::asked() {
            Some(_) => Err(Stop::Interrupted),
            None => Err(failed(SIDES.get(side).copied().unwrap_or_default(), command, status, &log).into()),
        }
    }

    fn empty_shell(&self) -> Result<f64, Stop> {
        if !matches!(self.plan.results, Results::Timed) {
            return Ok(0.0);
        }
        let times: Result<Vec<f64>, Stop> = (0..SHELLS)
            .map(|at| Ok(self.start(at % SIDES.len(), ":", None)?.as_secs_f64()))
            .collect();
        Ok(median(&times?).unwrap_or_default())
    }
}

/// 0 or 1, by chance: what the standard library keeps hash tables apart with.
fn drawn() -> usize {
    let hasher = std::collections::hash_map::RandomState::new().build_hasher();
    usize::from(hasher.finish() & 1 == 1)
}

/// The last lines of what a command said.
const TAIL: usize = 15;

fn failed(side: &str, command: &str, status: ExitStatus, log: &Path) -> Undecided {
    let message = format!("a run of the {side} failed: {status}");
    let mut diagnostic = Diagnostic::error(Code::CG641, message).because(format!("it ran `{}`", sanitize(command)));
    let said = std::fs::read(log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    let lines: Vec<&str> = said.lines().collect();
    for line in lines.iter().skip(lines.len().saturating_sub(TAIL)) {
        diagnostic = diagnostic.because(line);
    }
    diagnostic
        .help(command!["certgate", "measure", "--help"].why("--prepare builds each side once, before it is run"))
        .into()
}

fn nothing(side: &str) -> Undecided {
    Diagnostic::error(Code::CG642, format!("a run of the {side} left no results"))
        .because("files of earlier runs are taken away before each run")
        .help(
            command!["certgate", "measure", "--help"]
                .why("--results takes a glob that is relative to the root, or - for standard output"),
        )
        .into()
}

fn too_short() -> Undecided {
    Diagnostic::error(Code::CG642, "the command takes no longer than an empty shell")
        .because("what is that short cannot be timed from outside")
        .help(
            command!["certgate", "measure", "--help"]
                .why("let one run do the work many times, or use --results with a benchmark tool"),
        )
        .into()
}
