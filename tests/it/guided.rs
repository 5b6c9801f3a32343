//! The guided review, driven in a pseudo-terminal of 80 × 24, and its recording in `docs/guided-review.md`.
//!
//! `CERTGATE_SCREENS=write cargo test --test it guided` writes the recording.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::scene::{run, state};
use crate::support::TestRepo;

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// A program at a terminal.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<vt100::Parser>>,
    /// All that was shown.
    shown: Arc<Mutex<String>>,
    seen: usize,
}

impl Terminal {
    fn start(repo: &TestRepo, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = File::options().read(true).write(true).open(name).unwrap();
        let size = Winsize {
            ws_row: ROWS,
            ws_col: COLUMNS,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&slave, size).unwrap();
        let mut command = repo.command(assert_cmd::cargo::cargo_bin!("certgate"));
        command
            .args(arguments)
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .env("COLUMNS", COLUMNS.to_string())
            .env("GIT_PAGER", "cat")
            .envs(variables.iter().copied())
            .stdin(Stdio::from(slave.try_clone().unwrap()))
            .stdout(Stdio::from(slave.try_clone().unwrap()))
            .stderr(Stdio::from(slave));
        let child = command.spawn().unwrap();
        // The ends that the program holds go with it.
        drop(command);
        let keyboard = File::from(master);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(
            ROWS.try_into().unwrap(),
            COLUMNS.try_into().unwrap(),
            0,
        )));
        let shown = Arc::new(Mutex::new(String::new()));
        let (mut from, to, all) = (keyboard.try_clone().unwrap(), Arc::clone(&screen), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                to.lock().unwrap().process(&bytes[..count]);
                all.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self {
            child,
            keyboard,
            screen,
            shown,
            seen: 0,
        }
    }

    /// Waits until a text is shown that was not there before.
    #[track_caller]
    fn wait(&mut self, text: &str) {
        let begun = Instant::now();
        loop {
            let shown = self.shown.lock().unwrap().clone();
            let new = &shown[self.seen..];
            let unfolded = new.replace("\r\n", " ").replace("     ", " ");
            let end = new.find(text).map(|at| at + text.len());
            if let Some(end) = end.or_else(|| unfolded.contains(text).then_some(new.len())) {
                self.seen += end;
                break self.settle();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "no {text:?} in: {shown}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until nothing more is shown: a question is all there.
    fn settle(&self) {
        let mut before = usize::MAX;
        while before != self.shown.lock().unwrap().len() {
            before = self.shown.lock().unwrap().len();
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Waits for a question and answers it.
    #[track_caller]
    fn answer(&mut self, question: &str, text: &str) {
        self.wait(question);
        writeln!(self.keyboard, "{text}").unwrap();
    }

    /// What is on the screen, without what differs from run to run.
    fn screen(&self) -> String {
        let text = self.screen.lock().unwrap().screen().contents();
        let stamp = regex::Regex::new(r"\d{8}_\d{6}").unwrap();
        let text = stamp.replace_all(&text, "20261122_140300").into_owned();
        text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    fn ends(&mut self, code: i32) {
        assert_eq!(
            self.child.wait().unwrap().code(),
            Some(code),
            "{}",
            self.shown.lock().unwrap()
        );
        // What was written last comes through.
        std::thread::sleep(Duration::from_millis(100));
        self.settle();
    }
}

const POLICY: &str = "version: 1
components:
  - id: lexer
    title: Lexer
    match: { paths: [\"src/lex/**\"] }
    require: { agents: [perf], evidence: [file-references] }
  - id: loops
    title: Training loops
    match: { content: [{ pattern: '\\bwhile\\b', paths: [\"src/**/*.py\"] }] }
  - id: storage
    match: { paths: [\"db/**\"] }
    require: { agents: [dba] }
";

fn scene() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("src/lex/tokens.rs", "pub fn next(s: &str) -> usize {\n    s.len()\n}\n");
    repo.write("src/train.py", "def step(n):\n    return n\n");
    repo.write("db/a.sql", "select 1;\n");
    repo.write(".certgate/policy.yaml", POLICY);
    repo.commit("begin");
    repo.git(&["switch", "--quiet", "--create", "faster"]);
    repo.write(
        "src/lex/tokens.rs",
        "pub fn next(s: &str) -> usize {\n    s.bytes().count()\n}\n",
    );
    repo.write(
        "src/train.py",
        "def step(n):\n    while n > 9:\n        n //= 2\n    return n\n",
    );
    repo.write("db/a.sql", "select 2;\n");
    repo.commit("faster");
    repo
}

#[test]
fn a_review_is_left_and_taken_up_and_writes_at_its_end() {
    let repo = scene();
    let before = state(&repo);
    let mut screens = Vec::new();
    let mut first = Terminal::start(&repo, &["certify", "--base", "main"], &[]);
    first.answer("Who decides?", "perf");
    first.answer("[1/2] lexer: Lexer", "");
    first.wait("Decision (");
    screens.push(first.screen());
    first.answer("", "Approved");
    first.answer("APPROVED is nearest", "APPROVED");
    first.answer("Rationale: why?", "one pass, as before; the compiler vectorizes it");
    first.answer("Finding", "no allocation");
    first.answer("Finding", "");
    first.answer("Evidence", "`src/lex/tokens.rs:2`, read with what calls it");
    first.answer("Evidence", "");
    first.wait("[2/2] loops: Training loops");
    first.answer("Show the hunks?", ":q");
    first.ends(1);
    screens.push(first.screen());
    assert_eq!(state(&repo), before, "nothing is written before the end");

    let mut second = Terminal::start(&repo, &["certify", "--base", "main"], &[]);
    second.answer("Who decides? [perf]", "");
    second.answer("Keep that?", "y");
    second.answer("Show the hunks?", "y");
    second.answer("Decision (", "NO_GO");
    // What stands for a reason is none.
    second.answer("Rationale: why?", "it never ends for a negative n");
    second.answer("Finding", "");
    second.answer("Evidence", "");
    second.wait("Write 2 certificates?");
    screens.push(second.screen());
    second.answer("", "y");
    second.wait("next: git add");
    second.ends(0);
    screens.push(second.screen());
    let written = repo.ask(&["ls-files", "--others"]);
    assert_eq!(written.lines().count(), 2, "{written}");
    let text = |component: &str| {
        let path = written.lines().find(|path| path.contains(component)).unwrap();
        std::fs::read_to_string(repo.path().join(path)).unwrap()
    };
    assert!(
        text("lexer").contains("**Status**: APPROVED") && text("lexer").contains("- no allocation"),
        "{}",
        text("lexer")
    );
    assert!(text("loops").contains("**Status**: NO_GO"), "{}", text("loops"));
    assert!(!repo.path().join(".git/certgate/review.json").exists());
    repo.commit("reviewed");
    let ran = run(&repo, &["check", "--base", "main"]).ends(1);
    assert_eq!(ran.errors(), ["CG302", "CG201"], "{}", ran.err);
    recorded(&screens);
}

/// Holds the screens to those of the documentation, or writes them there.
fn recorded(screens: &[String]) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guided-review.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut parts: Vec<String> = page.split("```text\n").map(str::to_owned).collect();
    assert_eq!(parts.len(), screens.len() + 1, "a block of text for each screen");
    for (part, screen) in parts.iter_mut().skip(1).zip(screens) {
        let (_, rest) = part.split_once("```\n").unwrap();
        *part = format!("{}\n```\n{rest}", screen.trim_end());
    }
    let made = parts.join("```text\n");
    if std::env::var("CERTGATE_SCREENS").as_deref() == Ok("write") {
        std::fs::write(path, made).unwrap();
        return;
    }
    assert_eq!(page, made, "CERTGATE_SCREENS=write cargo test --test it guided");
}

#[test]
fn a_decision_on_other_content_is_asked_again() {
    let repo = scene();
    let base = ["certify", "--base", "main", "--agent", "perf"];
    let mut first = Terminal::start(&repo, &base, &[]);
    first.answer("Show the hunks?", "n");
    first.answer("Decision (", "GO");
    first.answer("Rationale: why?", "WHY");
    first.answer("Finding", "");
    first.answer("Evidence", "read");
    first.answer("Evidence", "");
    first.answer("the policy asks for lines", "`src/lex/tokens.rs:1-3`");
    first.answer("Evidence", "");
    // A placeholder is not taken.
    first.answer("the approval would be a stamp", "same cost, measured");
    first.answer("Finding", "");
    first.answer("Evidence", "`src/lex/tokens.rs:1-3`");
    first.answer("Evidence", "");
    first.answer("Show the hunks?", ":q");
    first.ends(1);
    repo.write(
        "src/lex/tokens.rs",
        "pub fn next(s: &str) -> usize {\n    s.chars().count()\n}\n",
    );
    repo.commit("other");
    let mut second = Terminal::start(&repo, &base, &[]);
    second.wait("[1/2] lexer");
    second.wait("Show the hunks?");
    assert!(!second.shown.lock().unwrap().contains("decided before"));
    second.answer("", "n");
    second.answer("Decision (", "-");
    second.answer("Show the hunks?", "n");
    second.answer("Decision (", "-");
    second.wait("Nothing is decided");
    second.ends(0);
    assert_eq!(repo.ask(&["status", "--porcelain"]), "");
}

#[test]
fn hunks_go_through_the_pager() {
    let repo = scene();
    let base = ["certify", "--base", "main", "--agent", "perf"];
    let mut paged = Terminal::start(&repo, &base, &[("GIT_PAGER", "sed 's/^/paged: /'")]);
    paged.answer("Show the hunks?", "");
    paged.answer("paged: +    s.bytes().count()", ":q");
    paged.ends(1);
    let mut gone = Terminal::start(&repo, &base, &[("GIT_PAGER", "certgate-test-no-such-pager")]);
    gone.answer("Show the hunks?", "");
    gone.answer("+    s.bytes().count()", ":q");
    gone.ends(1);
}

#[test]
fn a_new_policy_asks_whether_to_gate_what_was_tuned_before() {
    for (answer, gated) in [("y", true), ("n", false), ("", false)] {
        let repo = crate::sensitivity::tuned();
        let mut terminal = Terminal::start(&repo, &["init", "--no-hooks"], &[]);
        terminal.wait("hot_src_lex");
        terminal.answer("gate these? [y/N]", answer);
        terminal.ends(0);
        let shown = run(&repo, &["policy", "show"]).ends(0).out;
        assert_eq!(shown.contains("hot_src_lex"), gated, "{answer:?}\n{shown}");
        let policy = std::fs::read_to_string(repo.path().join(".certgate/policy.yaml")).unwrap();
        assert_eq!(policy.contains("#   - id: hot_src_lex"), !gated, "{policy}");
    }
}
