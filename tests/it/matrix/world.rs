//! The world of a cell: a clone that adopted certgate, with all hooks, its remote, and branches to bring in; and what was seen in it.
//!
//! It is made once and copied from memory, since processes are what these tests spend their time on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::scene::Ran;
use crate::support::TestRepo;

/// Blocks on `main` and `release/**`, warns elsewhere.
pub(crate) const POLICY: &str = "version: 1
components:
  - id: hot
    match:
      paths: [\"src/hot/**\"]
      messages: ['^perf(\\(.+\\))?!?:']
";

/// The gated file that every world begins with.
pub(crate) const HOT: &str = "src/hot/loop.rs";

/// What was seen while a cell ran.
#[derive(Default)]
pub(crate) struct Seen {
    /// The hooks that refused.
    refused_by: RefCell<BTreeSet<String>>,
    passed: Cell<u32>,
    skipped: RefCell<Option<String>>,
}

impl Seen {
    /// The hooks that refused, by name.
    pub(crate) fn refused_by(&self) -> Vec<String> {
        self.refused_by.borrow().iter().cloned().collect()
    }

    /// How many commands went through.
    pub(crate) fn passed(&self) -> u32 {
        self.passed.get()
    }

    /// Why the cell cannot be run here.
    pub(crate) fn skipped(&self) -> Option<String> {
        self.skipped.borrow().clone()
    }

    /// Says that the cell cannot be run here, for a reason that was checked.
    pub(crate) fn skip(&self, reason: impl Into<String>) {
        *self.skipped.borrow_mut() = Some(reason.into());
    }

    /// Whether the installed git is at least of this version. If not, the cell is skipped.
    pub(crate) fn has_git(&self, version: (u32, u32), feature: &str) -> bool {
        let here = git_version();
        let number = |at: usize| {
            let part = here.split(['.', ' ']).nth(at);
            part.and_then(|part| part.parse::<u32>().ok()).unwrap()
        };
        let has = (number(0), number(1)) >= version;
        if !has {
            self.skip(format!("{feature} came with git {}.{}", version.0, version.1));
        }
        has
    }

    /// Whether a program is installed. If not, the cell is skipped, or fails where all tools are required.
    pub(crate) fn has_tool(&self, program: &str, arguments: &[&str]) -> bool {
        let has = Command::new(program)
            .args(arguments)
            .output()
            .is_ok_and(|output| output.status.success());
        assert!(
            has || std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
            "{program} is needed"
        );
        if !has {
            self.skip(format!("`{program}` is not installed"));
        }
        has
    }
}

/// The version of the installed git, such as `2.47.3`.
pub(crate) fn git_version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let said = Command::new("git").arg("version").output().unwrap().stdout;
        let said = String::from_utf8(said).unwrap();
        said.trim().strip_prefix("git version ").unwrap().to_owned()
    })
}

/// Runs a command that reads this.
pub(crate) fn fed(mut command: Command, input: &str) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// A directory tree in memory.
struct Copy(Vec<(PathBuf, u32, Option<Vec<u8>>)>);

impl Copy {
    fn of(root: &Path) -> Self {
        let mut all = Vec::new();
        let mut open = vec![root.to_owned()];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(&directory).unwrap() {
                let path = entry.unwrap().path();
                let mode = fs::metadata(&path).unwrap().permissions().mode();
                let below = path.strip_prefix(root).unwrap().to_owned();
                let content = path.is_file().then(|| fs::read(&path).unwrap());
                if content.is_none() {
                    open.push(path);
                }
                all.push((below, mode, content));
            }
        }
        // Directories before what is in them.
        all.sort();
        Self(all)
    }

    fn put(&self, root: &Path) {
        for (below, mode, content) in &self.0 {
            let path = root.join(below);
            match content {
                None => fs::create_dir_all(&path).unwrap(),
                Some(bytes) => {
                    fs::write(&path, bytes).unwrap();
                    fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
                }
            }
        }
    }
}

/// A world, and what is seen in it.
pub(crate) struct World<'s> {
    pub(crate) repo: TestRepo,
    seen: &'s Seen,
    edits: Cell<u32>,
}

impl std::ops::Deref for World<'_> {
    type Target = TestRepo;

    fn deref(&self) -> &TestRepo {
        &self.repo
    }
}

impl<'s> World<'s> {
    /// On `main`, with the client's hooks; `origin` is `../remote.git`, which has the same `main`. There are three more branches, each
    /// one commit ahead of `main`: `docs` touches nothing sensitive, `plain` changes [`HOT`] without a certificate, and `proven` changes it
    /// with one.
    pub(crate) fn new(seen: &'s Seen) -> Self {
        static PREPARED: OnceLock<Copy> = OnceLock::new();
        let prepared = PREPARED.get_or_init(|| {
            let world = World::made(seen, &[]);
            Copy::of(&world.home())
        });
        let world = Self::around(TestRepo::empty(), seen);
        // Past the contents that the branches have.
        world.edits.set(10);
        prepared.put(&world.home());
        world
    }

    /// The same with the hook that watches every move of a protected branch.
    pub(crate) fn strict(seen: &'s Seen) -> Self {
        let world = Self::new(seen);
        world.certgate_here("repo", &["install", "--strict"]);
        world
    }

    /// Runs `certgate`, which must succeed, in a directory of this world.
    pub(crate) fn certgate_here(&self, directory: &str, arguments: &[&str]) {
        let mut command = self.program();
        command.current_dir(self.home().join(directory)).args(arguments);
        let ran = Ran::from(command.output().unwrap());
        assert_eq!(ran.code, Some(0), "{}", ran.said());
    }

    /// The same, made from scratch with these arguments for `git init`.
    pub(crate) fn made(seen: &'s Seen, arguments: &[&str]) -> Self {
        let mut all = vec!["--template="];
        all.extend(arguments);
        let world = Self::around(TestRepo::init(&all), seen);
        world.git(&["config", "core.autocrlf", "false"]);
        world.write(HOT, "fn step() -> u32 {\n    1\n}\n");
        world.write("README.md", "hello\n");
        world.write(".certgate/policy.yaml", POLICY);
        world.commit("begin");
        let mut remote = vec!["init", "--quiet", "--bare", "--initial-branch=main"];
        remote.extend(all);
        remote.push("../remote.git");
        world.git(&remote);
        world.git(&["remote", "add", "origin", "../remote.git"]);
        world.git(&["push", "--quiet", "--set-upstream", "origin", "main"]);
        world.branch("docs", |world| world.write("README.md", "hello, world\n"));
        world.branch("plain", |world| drop(world.edit()));
        world.branch("proven", |world| {
            world.edit();
            world.certify();
        });
        world.certgate_here("repo", &["install"]);
        world.certgate_here("remote.git", &["install", "--server"]);
        world
    }

    /// A world around a repository that a test made by itself.
    pub(crate) fn around(repo: TestRepo, seen: &'s Seen) -> Self {
        let edits = Cell::new(0);
        Self { repo, seen, edits }
    }

    /// Makes a branch of `main` with one commit and comes back.
    pub(crate) fn branch(&self, name: &str, change: impl FnOnce(&Self)) {
        self.git(&["switch", "--quiet", "--create", name, "main"]);
        change(self);
        self.commit(name);
        self.git(&["switch", "--quiet", "main"]);
    }

    /// Changes [`HOT`] in the work tree, each time to something new, and returns its content.
    pub(crate) fn edit(&self) -> String {
        let count = self.edits.get() + 1;
        self.edits.set(count);
        let content = format!("fn step() -> u32 {{\n    {count}00{}\n}}\n", std::process::id() % 10);
        self.write(HOT, &content);
        content
    }

    /// The same, staged.
    pub(crate) fn stage(&self) -> String {
        let content = self.edit();
        self.git(&["add", "--all"]);
        content
    }

    /// Stages everything, approves it, and stages the certificate.
    pub(crate) fn certify(&self) {
        self.git(&["add", "--all"]);
        self.certify_staged();
    }

    /// Approves what is staged, and stages the certificate.
    pub(crate) fn certify_staged(&self) {
        self.approve(&["--staged"]);
    }

    /// Approves what HEAD changes over `base`, and commits the certificate.
    pub(crate) fn certify_head(&self, base: &str) {
        self.approve(&["--base", base, "--head", "HEAD"]);
        self.git(&["commit", "--quiet", "--no-verify", "--message", "certify"]);
    }

    fn approve(&self, change: &[&str]) {
        const CERTIFY: &[&str] = &["certify", "hot", "--status", "APPROVED", "--agent", "ann"];
        // Two certificates of one second on two branches would have one name.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let descriptor = format!("review{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let why = format!("measured in {descriptor}");
        let own = ["--descriptor", &descriptor, "--rationale", &why];
        let ran = Ran::from(self.certgate(&[CERTIFY, &own, change].concat()));
        assert_eq!(ran.code, Some(0), "{}", ran.said());
        self.git(&["add", "certificates"]);
    }

    /// A git command with a log of what its hooks ended with.
    pub(crate) fn traced(&self, arguments: &[&str]) -> (Command, PathBuf) {
        let log = self.home().join("trace");
        let _ = fs::remove_file(&log);
        let mut command = self.command("git");
        command.args(arguments).env("GIT_TRACE2_EVENT", &log);
        (command, log)
    }

    /// Runs git, which a hook must stop before a protected branch moves, here or at the remote.
    #[track_caller]
    pub(crate) fn refused(&self, arguments: &[&str]) -> Ran {
        self.refused_as(arguments, |_| ())
    }

    /// The same with changes to the command.
    #[track_caller]
    pub(crate) fn refused_as(&self, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Ran {
        let ran = self.refused_unheard(arguments, change);
        assert!(ran.err.contains("error[CG"), "no diagnostic: {}", ran.said());
        ran
    }

    /// The same where git keeps to itself what the hook says.
    #[track_caller]
    pub(crate) fn refused_unheard(&self, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Ran {
        let before = self.protected();
        let (mut command, log) = self.traced(arguments);
        change(&mut command);
        let ran = Ran::from(command.output().unwrap());
        self.is_refusal(&ran, &log);
        assert_eq!(
            self.protected(),
            before,
            "{arguments:?} moved a protected branch: {}",
            ran.said()
        );
        ran
    }

    /// The same for a command that reads its standard input.
    #[track_caller]
    pub(crate) fn refused_with(&self, arguments: &[&str], input: &str) -> Ran {
        let before = self.protected();
        let (command, log) = self.traced(arguments);
        let ran = Ran::from(fed(command, input));
        self.is_refusal(&ran, &log);
        assert_eq!(self.protected(), before, "{arguments:?}: {}", ran.said());
        ran
    }

    /// Asserts that certgate refused, and notes in which hook.
    #[track_caller]
    pub(crate) fn is_refusal(&self, ran: &Ran, log: &Path) {
        let by = refusing(log);
        assert!(ran.code != Some(0) && !by.is_empty(), "not refused: {}", ran.said());
        assert!(!ran.err.contains("CG711"), "{}", ran.said());
        self.seen.refused_by.borrow_mut().extend(by);
    }

    /// Runs git, which must go through without a word from a hook but warnings.
    #[track_caller]
    pub(crate) fn passes(&self, arguments: &[&str]) -> Ran {
        self.passes_as(arguments, |_| ())
    }

    /// The same with changes to the command.
    #[track_caller]
    pub(crate) fn passes_as(&self, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Ran {
        let mut command = self.command("git");
        command.args(arguments);
        change(&mut command);
        self.is_passage(command.output().unwrap())
    }

    /// Asserts that a command went through without a word from a hook but warnings.
    #[track_caller]
    pub(crate) fn is_passage(&self, output: Output) -> Ran {
        let ran = Ran::from(output);
        assert!(ran.code == Some(0) && !ran.err.contains("error["), "{}", ran.said());
        self.seen.passed.set(self.seen.passed.get() + 1);
        ran
    }

    /// The protected branches here and at the remote.
    fn protected(&self) -> String {
        let own = self.path().join(".git");
        let here = match own.join("HEAD").is_file() {
            true => branches(&own),
            // A git directory that is elsewhere: git knows where.
            false => self.ask(&["for-each-ref", "refs/heads/main", "refs/heads/release/"]),
        };
        here + "\n" + &branches(&self.remote())
    }

    /// The bare repository beside this one.
    pub(crate) fn remote(&self) -> PathBuf {
        self.home().join("remote.git")
    }

    /// Asserts what a revision holds at [`HOT`].
    #[track_caller]
    pub(crate) fn holds(&self, rev: &str, content: &str) {
        let found = self.git(&["cat-file", "blob", &format!("{rev}:{HOT}")]).stdout;
        assert_eq!(String::from_utf8(found).unwrap(), content);
    }
}

/// What a git directory says of its protected branches, without asking git.
fn branches(git_dir: &Path) -> String {
    let tables = git_dir.join("reftable/tables.list");
    if tables.exists() {
        return fs::read_to_string(tables).unwrap();
    }
    let mut found = Vec::new();
    let mut open = vec![git_dir.join("refs/heads/main"), git_dir.join("refs/heads/release")];
    while let Some(path) = open.pop() {
        match fs::read_dir(&path) {
            Ok(entries) => open.extend(entries.map(|entry| entry.unwrap().path())),
            Err(_) => found.extend(fs::read_to_string(&path).map(|id| format!("{}: {id}", path.display()))),
        }
    }
    found.extend(fs::read_to_string(git_dir.join("packed-refs")));
    found.sort();
    found.concat()
}

/// The hooks that ended with a failure, by git's own log (`GIT_TRACE2_EVENT`, see the documentation of trace2).
fn refusing(log: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(log).unwrap();
    let events: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let failed = |start: &serde_json::Value| {
        events.iter().any(|event| {
            event["event"] == "child_exit"
                && event["sid"] == start["sid"]
                && event["child_id"] == start["child_id"]
                && event["code"] != 0
        })
    };
    let hooks = events
        .iter()
        .filter(|event| event["event"] == "child_start" && failed(event));
    hooks
        .filter_map(|event| event["hook_name"].as_str().map(str::to_owned))
        .collect()
}
