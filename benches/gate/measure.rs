//! Running programs by turns and measuring them: wall time, and peak memory from `/proc`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::on_path;

/// The programs and the environment that they run in.
pub struct Tools {
    git: PathBuf,
    certgate: PathBuf,
    ripgrep: Option<PathBuf>,
    home: PathBuf,
}

impl Tools {
    pub fn find(home: &Path, certgate: &Path) -> Result<Self> {
        Ok(Self {
            git: on_path("git").context("git is not on PATH")?,
            certgate: certgate.to_owned(),
            ripgrep: on_path("rg"),
            home: home.to_owned(),
        })
    }

    /// One line on the machine.
    pub fn describe(&self) -> String {
        let first_line = |program: &Path| {
            let output = Command::new(program).arg("--version").output().ok()?;
            Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
        };
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = model
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
            .map_or("unknown processor", |(_, name)| name.trim());
        let git = first_line(&self.git).unwrap_or_default();
        let ripgrep = self
            .ripgrep
            .as_deref()
            .and_then(first_line)
            .unwrap_or("no ripgrep".into());
        format!(
            "certgate {}; {cores} cores, {model}; {git}; {ripgrep}",
            env!("CARGO_PKG_VERSION")
        )
    }

    fn job(&self, program: &Path, directory: &Path, arguments: &[&str]) -> Job {
        Job(vec![Step {
            program: program.to_owned(),
            arguments: arguments.iter().map(Into::into).collect(),
            directory: directory.to_owned(),
            environment: vec![
                ("PATH".into(), std::env::var_os("PATH").unwrap_or_default()),
                ("HOME".into(), self.home.clone().into()),
                ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
                ("GIT_CONFIG_GLOBAL".into(), "/dev/null".into()),
                ("LC_ALL".into(), "C".into()),
            ],
            input: None,
            piped: false,
            ours: false,
            untimed: false,
        }])
    }

    pub fn git(&self, directory: &Path, arguments: &[&str]) -> Job {
        self.job(&self.git, directory, arguments)
    }

    pub fn certgate(&self, directory: &Path, arguments: &[&str]) -> Job {
        self.job(&self.certgate, directory, arguments).ours()
    }

    /// A hook as git runs it: at the top of the work tree, with the index named.
    pub fn hook(&self, name: &str, directory: &Path, index: &Path) -> Job {
        self.certgate(directory, &["hook", name])
            .env("GIT_INDEX_FILE", index)
            .env("GIT_EDITOR", ":")
            .env("GIT_PREFIX", "")
    }

    /// Removes what lies below a directory of a repository.
    pub fn remove(&self, repository: &Path, below: &str) -> Job {
        self.job(Path::new("/bin/rm"), repository, &["-r", "-f", below])
    }

    pub fn ripgrep(&self) -> Option<Job> {
        let program = self.ripgrep.as_deref()?;
        Some(self.job(program, &self.home, &[]))
    }
}

/// Programs that run one after another, or as a pipeline.
#[derive(Clone, Default)]
pub struct Job(Vec<Step>);

#[derive(Clone)]
struct Step {
    program: PathBuf,
    arguments: Vec<OsString>,
    directory: PathBuf,
    environment: Vec<(OsString, OsString)>,
    input: Option<PathBuf>,
    piped: bool,
    ours: bool,
    untimed: bool,
}

impl Job {
    pub fn env(mut self, key: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        for step in &mut self.0 {
            step.environment.push((key.into(), value.as_ref().into()));
        }
        self
    }

    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        for step in &mut self.0 {
            step.arguments.extend(arguments.iter().map(OsString::from));
        }
        self
    }

    /// Gives it a file to read.
    pub fn reading(mut self, file: &Path) -> Self {
        for step in &mut self.0 {
            step.input = Some(file.to_owned());
        }
        self
    }

    /// Marks the job as certgate's, whose exit codes are looked at.
    pub fn ours(mut self) -> Self {
        for step in &mut self.0 {
            step.ours = true;
        }
        self
    }

    pub fn is_ours(&self) -> bool {
        self.0.iter().any(|step| step.ours)
    }

    pub fn then(mut self, next: Self) -> Self {
        self.0.extend(next.0);
        self
    }

    /// What puts back what it did, and is no part of the time.
    pub fn undone_by(mut self, mut next: Self) -> Self {
        for step in &mut next.0 {
            step.untimed = true;
        }
        self.0.extend(next.0);
        self
    }

    /// What is timed, and what comes afterwards.
    fn parts(&self) -> (Self, Self) {
        let (after, timed) = self.0.iter().cloned().partition(|step| step.untimed);
        (Self(timed), Self(after))
    }

    pub fn piped_into(mut self, next: Self) -> Self {
        if let Some(last) = self.0.last_mut() {
            last.piped = true;
        }
        self.then(next)
    }

    /// Runs it with nothing to read and nobody to read it; gives the exit codes of certgate, if it took part.
    pub fn run(&self) -> Result<Vec<Option<i32>>> {
        let mut codes = Vec::new();
        let mut waiting: Vec<(&Step, Child)> = Vec::new();
        let mut input = Stdio::null();
        for step in &self.0 {
            let mut child = step.spawn(std::mem::replace(&mut input, Stdio::null()))?;
            if step.piped {
                input = child.stdout.take().map_or(Stdio::null(), Stdio::from);
                waiting.push((step, child));
                continue;
            }
            waiting.push((step, child));
            for (step, mut child) in waiting.drain(..) {
                let status = child.wait()?;
                codes.extend(step.judge(status)?);
            }
        }
        Ok(codes)
    }

    /// Runs it and gives the peak of resident memory in bytes of the largest of its programs, not of those that they run.
    fn run_for_memory(&self) -> Result<(f64, Vec<Option<i32>>)> {
        let (mut largest, mut codes) = (f64::NAN, Vec::new());
        for step in &self.0 {
            let (peak, code) = step.run_for_memory()?;
            largest = largest.max(peak);
            codes.extend(code);
        }
        Ok((largest, codes))
    }
}

impl Step {
    fn spawn(&self, input: Stdio) -> Result<Child> {
        let output = if self.piped { Stdio::piped() } else { Stdio::null() };
        Command::new(&self.program)
            .args(&self.arguments)
            .current_dir(&self.directory)
            .env_clear()
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(match &self.input {
                Some(file) => std::fs::File::open(file)?.into(),
                None => input,
            })
            .stdout(output)
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", self.program.display()))
    }

    fn run_for_memory(&self) -> Result<(f64, Option<Option<i32>>)> {
        if self.piped {
            bail!("memory is measured of programs that run one after another");
        }
        let mut child = self.spawn(Stdio::null())?;
        let status_file = format!("/proc/{}/status", child.id());
        let mut peak = 0.0_f64;
        let status = loop {
            // The high-water mark only rises, so the last reading before the end is the peak, or within a fraction of a
            // millisecond of it.
            if let Some(bytes) = std::fs::read_to_string(&status_file)
                .ok()
                .as_deref()
                .and_then(high_water)
            {
                peak = peak.max(bytes);
            }
            if let Some(status) = child.try_wait()? {
                break status;
            }
            std::thread::yield_now();
        };
        // Where it ended before the first reading, or there is no such file, nothing is known.
        let peak = if peak > 0.0 { peak } else { f64::NAN };
        Ok((peak, self.judge(status)?))
    }

    /// The exit code of certgate; for others, an error where they failed (ripgrep exits 1 where nothing matches).
    fn judge(&self, status: ExitStatus) -> Result<Option<Option<i32>>> {
        if self.ours {
            return Ok(Some(status.code()));
        }
        if !matches!(status.code(), Some(0 | 1)) {
            bail!("{} {:?}: {status}", self.program.display(), self.arguments);
        }
        Ok(None)
    }
}

fn high_water(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// Two medians, and the exit codes that certgate gave on either side.
pub struct Pair {
    pub a: f64,
    pub b: f64,
    pub codes: BTreeSet<Option<i32>>,
}

/// Wall times of A and B in turn, in seconds.
pub fn times_in_turn(a: &Job, b: &Job, runs: usize) -> Result<Pair> {
    in_turn(a, b, runs, |job| {
        let (timed, after) = job.parts();
        let start = Instant::now();
        let codes = timed.run()?;
        let spent = start.elapsed().as_secs_f64();
        after.run()?;
        Ok((spent, codes))
    })
}

/// Peaks of memory of A and B in turn, in bytes.
pub fn memory_in_turn(a: &Job, b: &Job, runs: usize) -> Result<Pair> {
    in_turn(a, b, runs, Job::run_for_memory)
}

fn in_turn(a: &Job, b: &Job, runs: usize, measure: impl Fn(&Job) -> Result<(f64, Vec<Option<i32>>)>) -> Result<Pair> {
    let (mut of_a, mut of_b, mut codes) = (Vec::new(), Vec::new(), BTreeSet::new());
    for run in 0..=runs {
        for (job, values) in [(a, &mut of_a), (b, &mut of_b)] {
            let (value, seen) = measure(job)?;
            codes.extend(seen);
            // The first run of each fills caches.
            if run > 0 {
                values.push(value);
            }
        }
    }
    Ok(Pair {
        a: median(&of_a),
        b: median(&of_b),
        codes,
    })
}

/// Wall times of one job, in seconds.
pub fn times(job: &Job, runs: usize) -> Result<Vec<f64>> {
    job.run()?;
    (0..runs)
        .map(|_| {
            let start = Instant::now();
            job.run()?;
            Ok(start.elapsed().as_secs_f64())
        })
        .collect()
}

/// The power of the size by which the time grows: the slope of a line through the logarithms, by least squares.
pub fn exponent(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(&|point| point.0.ln()), mean(&|point| point.1.ln()));
    let both: f64 = points.iter().map(|point| (point.0.ln() - x) * (point.1.ln() - y)).sum();
    let one: f64 = points.iter().map(|point| (point.0.ln() - x).powi(2)).sum();
    both / one
}

/// The middle value; of an even number, the upper one.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
