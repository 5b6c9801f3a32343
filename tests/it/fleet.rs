//! `ci/fleet/`: the same records from a plain loop, from GNU parallel and from a Slurm array with a task that was killed, and what DuckDB makes of
//! them. `.ci/run` installs the programs; where one is missing, or nobody is root, this is skipped.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

use crate::reports::keeps_to;
use crate::scene::Ran;
use crate::support::TestRepo;

/// How many repositories: two tasks of the array.
const COUNT: usize = 60;
const NODES: u16 = 3;

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ci/fleet").join(name)
}

/// Where duckdb is installed.
fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/fleet/bin/python")
}

/// What is missing of what this needs.
fn missing(programs: &[&str]) -> Option<String> {
    let path = std::env::var_os("PATH").unwrap();
    let folders: Vec<PathBuf> = std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .collect();
    let there = |name: &str| folders.iter().any(|folder| folder.join(name).is_file());
    let program = programs.iter().find(|name| !there(name)).map(|name| (*name).to_owned());
    let root = (!is_root()).then(|| "root".to_owned());
    let found = program
        .or(root)
        .or((!python().is_file()).then(|| "duckdb".to_owned()))?;
    assert!(
        std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
        "{found} is missing, and CERTGATE_REQUIRE_TOOLS is set: bash .ci/run installs it"
    );
    println!("skipped: {found} is missing");
    Some(found)
}

/// A command in the scrubbed environment, which knows where certgate is.
fn command(scene: &TestRepo, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = scene.command(program);
    command.env("CERTGATE", cargo_bin!("certgate")).env("JOBS", "2");
    command
}

#[track_caller]
fn done(command: &mut Command) -> String {
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let ran: Ran = output.into();
    ran.ends(0).out
}

/// Some consecutive ports that are free.
fn ports(count: u16) -> u16 {
    for _ in 0..100 {
        let first = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let Some(end) = first.checked_add(count) else { continue };
        if (first..end).all(|port| TcpListener::bind(("0.0.0.0", port)).is_ok()) {
            return first;
        }
    }
    panic!("no {count} ports in a row are free");
}

/// A cluster on the loopback device, stopped with the value.
struct Cluster<'s> {
    scene: &'s TestRepo,
    at: PathBuf,
}

impl<'s> Cluster<'s> {
    fn start(scene: &'s TestRepo) -> Self {
        let at = scene.home().join("slurm");
        std::fs::create_dir(&at).unwrap();
        let cluster = Self { scene, at };
        // The daemons keep what they are given open, so it must not be a pipe that somebody reads to its end.
        let log = std::fs::File::create(scene.home().join("start.log")).unwrap();
        let started = command(scene, script("slurm-start.sh"))
            .arg(&cluster.at)
            .args([NODES.to_string(), ports(NODES + 1).to_string()])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status()
            .unwrap();
        let said = std::fs::read_to_string(scene.home().join("start.log")).unwrap();
        assert!(started.success(), "{said}");
        cluster
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = command(self.scene, program);
        command.env("SLURM_CONF", self.at.join("slurm.conf"));
        command
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        let _stopped = command(self.scene, script("slurm-stop.sh")).arg(&self.at).status();
    }
}

/// A process that is ended with the value.
struct Submitted(std::process::Child);

impl Drop for Submitted {
    fn drop(&mut self) {
        let _it_may_be_over = self.0.kill();
        let _its_end = self.0.wait();
    }
}

/// The lines of a file, in order.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// Waits for something to be there, and for no more than five minutes.
#[track_caller]
fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(300), "{what} does not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_loop_parallel_and_a_slurm_array_write_the_same_records() {
    if missing(&["python3", "parallel", "sbatch", "slurmctld", "slurmd", "munged"]).is_some() {
        return;
    }
    let scene = TestRepo::empty();
    done(
        command(&scene, "python3")
            .arg(script("generate.py"))
            .args([&COUNT.to_string(), "fleet"]),
    );
    let list = scene.path().join("fleet/list");
    let read = |name: &str| std::fs::read_to_string(scene.path().join(name)).unwrap();

    done(command(&scene, script("loop.sh")).arg(&list).arg("loop.jsonl"));
    let all = read("loop.jsonl");
    let wanted = sorted(&all);
    assert_eq!(wanted.len(), COUNT);
    for line in &wanted {
        keeps_to(
            include_str!("../../docs/schema/audit-v1.json"),
            &serde_json::from_str::<Value>(line).unwrap(),
        );
    }

    done(command(&scene, script("parallel.sh")).arg(&list).arg("parallel.jsonl"));
    assert_eq!(sorted(&read("parallel.jsonl")), wanted);

    let cluster = Cluster::start(&scene);
    let array = cluster
        .command(script("slurm.sh"))
        .arg(&list)
        .arg("array")
        .stdout(std::fs::File::create(scene.path().join("array.id")).unwrap())
        .stderr(Stdio::null())
        .spawn()
        .map(Submitted)
        .unwrap();
    // The first task is killed as soon as it has written something, and begins again.
    let part = scene.path().join("array/1.jsonl");
    let lines = || {
        std::fs::read_to_string(&part)
            .ok()
            .map(|text| text.lines().count())
            .filter(|lines| *lines > 0)
    };
    wait("a first record", lines);
    let id = wait("the array's number", || {
        let said = read("array.id");
        said.trim().parse::<u64>().ok()
    });
    let task = format!("{id}_1");
    done(cluster.command("scontrol").args(["requeue", &task]));
    wait("the array's end", || {
        // What is requeued begins two minutes later, unless somebody says now.
        let _not_yet = cluster
            .command("scontrol")
            .args(["update", &format!("JobId={task}"), "StartTime=now"])
            .output();
        let over = |n: usize| scene.path().join(format!("array/{n}.done")).exists();
        (over(1) && over(2)).then_some(())
    });
    // It waits in steps of seconds.
    drop(array);
    let log = read("array/1.log");
    assert!(
        log.contains("restart 1") && !log.contains("restart 1: 0 records"),
        "{log}"
    );
    let array = read("array/1.jsonl") + &read("array/2.jsonl");
    assert_eq!(sorted(&array), wanted);
    drop(cluster);

    // What an organisation asks.
    let answers = done(command(&scene, python()).arg(script("questions.py")).args([
        "array/1.jsonl",
        "array/2.jsonl",
        "--csv",
        "--parquet",
        "records.parquet",
    ]));
    let count = |question: &str| {
        answers
            .lines()
            .filter(|line| line.split('\t').next() == Some(question))
            .count()
    };
    let of = |name: &str| wanted.iter().filter(|line| line.contains(name)).count();
    assert_eq!(
        count("uncovered work on a protected branch"),
        of("\"subject\":\"data: load faster\",\"components\":[{\"id\":\"data_loading\",\"outcome\":\"uncovered\"")
    );
    assert_eq!(
        count("refusals in force"),
        of("\"class\":\"veto\"") + of("\"class\":\"stop\"")
    );
    assert_eq!(count("overdue"), of("\"by\":\"2025-12-01\",\"overdue\":true"));
    for question in [
        "uncovered work on a protected branch",
        "refusals in force",
        "overdue",
        "not watched",
        "policies that differ",
    ] {
        assert!(count(question) > 2, "{question}: {answers}");
    }
    for how in ["another serial", "none", "cannot be read"] {
        assert!(
            answers
                .lines()
                .any(|line| line.starts_with("policies that differ") && line.ends_with(how)),
            "{how}: {answers}"
        );
    }
    let rows = "import duckdb; print(duckdb.sql(\"SELECT count(*) FROM 'records.parquet'\").fetchall()[0][0])";
    assert_eq!(
        done(command(&scene, python()).args(["-c", rows])).trim(),
        COUNT.to_string()
    );
}
