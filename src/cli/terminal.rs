//! What is written where: diagnostics to standard error, what was asked for to standard output.

use std::cell::RefCell;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use super::fault::Doing as _;
use super::ticker;
use crate::diagnostic::{Diagnostic, Style, command, fold, sanitize_bytes};
use crate::gate::Undecided;
use crate::progress;
use crate::report;

thread_local! {
    /// What would be printed, where a server answers with it.
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// What was printed.
#[derive(Default)]
pub(super) struct Kept {
    /// To standard output.
    pub(super) out: String,
    /// To standard error.
    pub(super) err: String,
}

/// Keeps what is printed meanwhile by this thread, in place of printing it.
#[cfg(feature = "mcp")]
pub(super) fn keeping<T>(work: impl FnOnce() -> T) -> (T, Kept) {
    KEPT.set(Some(Kept::default()));
    let done = work();
    (done, KEPT.take().unwrap_or_default())
}

/// True where what is printed is kept: the process lives on after the command.
pub(super) fn is_kept() -> bool {
    KEPT.with_borrow(Option::is_some)
}

/// Keeps a text, where texts are kept.
fn kept(add: impl FnOnce(&mut Kept)) -> bool {
    KEPT.with_borrow_mut(|kept| kept.as_mut().map(add).is_some())
}

/// Writes to standard output. Whoever reads a list may stop when it has seen enough, as `head` does.
pub(super) fn out(text: &str) -> anyhow::Result<()> {
    read_to_its_end(text).map(drop)
}

/// The same for a judgement, where a broken pipe is an error: a gate whose answer nobody got has not answered.
pub(super) fn judged(text: &str) -> anyhow::Result<()> {
    match read_to_its_end(text)? {
        true => Ok(()),
        false => {
            let gone: std::io::Result<()> = Err(std::io::ErrorKind::BrokenPipe.into());
            gone.doing("write to", "standard output")
        }
    }
}

/// Writes to standard output; false where the reader has gone.
fn read_to_its_end(text: &str) -> anyhow::Result<bool> {
    if kept(|kept| kept.out.push_str(text)) {
        return Ok(true);
    }
    if is_nowhere() {
        err("note: standard output is closed, so the answer is not shown; the exit code holds it\n");
    }
    let _no_line = ticker::quiet();
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(gone) if gone.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        written => written.doing("write to", "standard output").map(|()| true),
    }
}

/// True where standard output was closed: Rust's runtime then puts `/dev/null` there, open for reading, too, which a shell's `>/dev/null` is not.
fn is_nowhere() -> bool {
    let stdout = std::io::stdout();
    let null = std::fs::metadata("/dev/null").ok().map(|null| null.rdev());
    let copy = std::os::fd::AsFd::as_fd(&stdout).try_clone_to_owned();
    let device = copy
        .and_then(|copy| std::fs::File::from(copy).metadata())
        .ok()
        .map(|found| found.rdev());
    device.is_some()
        && device == null
        && rustix::fs::fcntl_getfl(&stdout).is_ok_and(|flags| flags.contains(rustix::fs::OFlags::RDWR))
}

/// Writes to standard error, as far as that is possible.
pub(super) fn err(text: &str) {
    if kept(|kept| kept.err.push_str(text)) {
        return;
    }
    let _no_line = ticker::quiet();
    let _best_effort = anstream::stderr().lock().write_all(text.as_bytes());
}

/// What git puts before each line that it passes on to whoever pushes: `remote: `.
const PREFIX: usize = 8;

static VERBOSE: AtomicBool = AtomicBool::new(false);

/// Says that everything is to be shown, however long it is.
pub(super) fn show_all() {
    VERBOSE.store(true, Ordering::Relaxed);
}

static REMOTE: AtomicBool = AtomicBool::new(false);

/// Says that whoever reads this reads it through git, on a screen of 80 columns that nobody can ask.
pub(super) fn read_remotely() {
    REMOTE.store(true, Ordering::Relaxed);
}

/// How standard error wants its diagnostics.
pub(super) fn style() -> Style {
    if REMOTE.load(Ordering::Relaxed) || is_kept() {
        return Style {
            colour: false,
            width: 80 - PREFIX,
        };
    }
    let colour = !matches!(
        anstream::AutoStream::choice(&std::io::stderr()),
        anstream::ColorChoice::Never
    );
    Style {
        colour,
        width: columns().unwrap_or(80).clamp(60, 160),
    }
}

/// How wide the terminal is: as the shell says, or else as the terminal does.
fn columns() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.or_else(|| {
        let size = rustix::termios::tcgetwinsize(std::io::stderr()).ok()?;
        (size.ws_col > 0).then_some(usize::from(size.ws_col))
    })
}

/// What the lines begin with that a line of prose goes over to.
const INDENT: &str = "    ";

/// Writes lines of prose to standard error; where they are read remotely, folded at blanks so that they fit.
pub(super) fn prose(text: &str) {
    let columns = match REMOTE.load(Ordering::Relaxed) {
        true => style().width,
        false => usize::MAX,
    };
    for line in text.lines() {
        err(&format!("{}\n", fold(line, columns, INDENT)));
    }
}

/// A line of prose, folded at blanks to the width of the terminal; a blank at its end stays.
pub(super) fn folded(line: &str) -> String {
    fold(line, style().width, INDENT)
}

/// Writes to standard error what the run cost, where somebody asked.
pub(super) fn costs() {
    if let Some(timings) = progress::timings() {
        err(&report::timings_table(&timings));
    }
}

/// Writes diagnostics to standard error.
pub(super) fn diagnose(diagnostics: &[Diagnostic]) {
    err(&report::diagnostics(
        diagnostics,
        style(),
        VERBOSE.load(Ordering::Relaxed),
    ));
}

/// True where a person sits at both ends.
pub(super) fn is_interactive() -> bool {
    !is_kept() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Reports a run that could not decide.
pub(super) fn fail(failure: &Undecided) -> ExitCode {
    diagnose(&failure.diagnostics);
    ExitCode::from(2)
}

/// Reports what clap has to say: help and version are answers, everything else is wrong usage.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // The arguments, which clap repeats, may come from a repository: a script passes on the name of a branch.
    let hostile =
        |argument: std::ffi::OsString| sanitize_bytes(argument.as_encoded_bytes()) != argument.to_string_lossy();
    if error.exit_code() == 2 && std::env::args_os().any(hostile) {
        let message = format!("{} (an argument that cannot be shown)", error.kind());
        return fail(&Undecided::usage(message, command!["certgate", "--help"]));
    }
    match error.print() {
        // Whoever reads help in part has what was asked for.
        Err(unwritten) if unwritten.kind() == std::io::ErrorKind::BrokenPipe && error.exit_code() == 0 => {}
        Err(unwritten) => {
            let told = Err::<(), _>(unwritten).doing("write to", "standard output");
            return told.map_or_else(|told| fail(&told.into()), |()| ExitCode::SUCCESS);
        }
        Ok(()) => {}
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// Writes every diagnostic, however many: for commands whose answer they are.
pub(super) fn diagnose_all(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        err(&format!("{}\n\n", crate::diagnostic::render(diagnostic, style())));
    }
}
