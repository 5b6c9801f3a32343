//! The command line: arguments are parsed purely, one file a command carries it out, and this is the only place that composes the
//! other modules.
//!
//! Exit codes: 0 pass or warn; 1 block (`lint`: findings); 2 could not decide; 3 inconclusive (`compare`); 130 interrupted.

mod agent_hook;
mod args;
mod attest;
mod audit;
mod audit_resume;
mod certify;
mod check;
mod compare;
mod completions;
mod demo;
mod doctor;
mod ending;
mod evaluate;
mod evidence;
mod explain;
mod fault;
mod features;
mod forecast;
mod formats;
mod hook;
mod imports;
mod init;
mod install;
mod ledger;
mod lint;
#[cfg(feature = "mcp")]
mod mcp;
#[cfg(not(feature = "mcp"))]
mod mcp_absent;
mod measure;
mod moment;
mod policy;
mod post;
mod proof;
mod propose;
mod propose_past;
mod records;
mod seal;
mod simulate;
mod suggest;
mod terminal;
mod ticker;
mod trend;
mod trend_ledger;
mod values;
mod verify;

use std::os::unix::ffi::OsStrExt as _;
use std::process::ExitCode;

use clap::Parser as _;

#[cfg(not(feature = "mcp"))]
use mcp_absent as mcp;

use args::{
    Cli, Command, CompareFormat, EvaluateFormat, EvidenceFormat, HookArgs, ListFormat, PolicyCommand, ShowFormat,
    TrendFormat,
};
use ending::Ending;

use crate::gate::Undecided;
use crate::signals;

/// How much stack the work has, whatever the shell allows the process (`ulimit -s`).
const STACK: usize = 8 << 20;

/// Parses the arguments, carries out the command and tells the exit code. A panic is an internal error: exit 2, nothing judged.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    signals::listen();
    // Another thread would cost a hook more than its judgement of a small change.
    let worker = match has_stack() {
        true => None,
        false => std::thread::Builder::new().stack_size(STACK).spawn(work).ok(),
    };
    let outcome = match worker {
        Some(worker) => worker.join(),
        // Where there can be no thread, the first one has to do.
        None => std::panic::catch_unwind(work),
    };
    outcome.unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        terminal::fail(&Undecided::internal(text.unwrap_or("panic")))
    })
}

/// Whether the first thread has that much: the system lets it grow up to the limit that the process was started with.
fn has_stack() -> bool {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Stack).current;
    limit.is_none_or(|limit| limit >= STACK as u64)
}

/// The arguments as the shims write them. To build the entire command line for them would take longer than a hook that has nothing to
/// judge; everything else, and every call for help, is clap's.
fn called_by_shim() -> Option<HookArgs> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != "hook" {
        return None;
    }
    let name = arguments.next()?.into_string().ok()?;
    crate::hooks::HookName::parse(&name)?;
    let args: Vec<std::ffi::OsString> = arguments.collect();
    let help = args.iter().any(|argument| argument == "--help" || argument == "-h");
    (!help).then_some(HookArgs { name, args })
}

/// The directory below the root of the work tree that is current for whoever reads this: git says so to its hooks (`GIT_PREFIX`), and elsewhere it is
/// the current one.
fn below_the_root() -> Option<Vec<u8>> {
    let told = std::env::var_os("GIT_PREFIX").filter(|prefix| !prefix.is_empty());
    if let Some(prefix) = told {
        return Some(
            prefix
                .as_bytes()
                .strip_suffix(b"/")
                .unwrap_or(prefix.as_bytes())
                .to_vec(),
        );
    }
    let here = std::env::current_dir().ok()?;
    let root = here.ancestors().find(|folder| folder.join(".git").exists())?;
    let below = here.strip_prefix(root).ok()?;
    Some(below.as_os_str().as_bytes().to_vec())
}

/// Whether what could not be done is reported in JSON, too. `check`, `lint` and `verify`, which know more formats, do so themselves.
fn answers_in_json(command: &Command) -> bool {
    let list = |format: ListFormat| format == ListFormat::Json;
    match command {
        Command::Init(args) => list(args.format),
        Command::Hooks(args) => list(args.format),
        Command::Certify(args) => list(args.format),
        Command::Seal(args) => list(args.format),
        Command::Status(args) => list(args.format),
        Command::Log(args) => list(args.ledger.format),
        Command::Show(args) => list(args.ledger.format),
        Command::Explain(args) => list(args.format),
        Command::Policy(args) => match &args.command {
            PolicyCommand::Check { format, .. } => list(*format),
            PolicyCommand::Show { format, .. } => *format == ShowFormat::Json,
            PolicyCommand::Fetch { format } | PolicyCommand::Outdated { format } => list(*format),
            PolicyCommand::Packs => false,
        },
        Command::Doctor(args) => list(args.format),
        Command::Compare(args) => args.format == CompareFormat::Json,
        Command::Evaluate(args) => args.format == EvaluateFormat::Json,
        Command::Evidence(args) => args.format == EvidenceFormat::Json,
        Command::Trend(args) => args.format == TrendFormat::Json,
        _ => false,
    }
}

fn work() -> ExitCode {
    if completions::answered() {
        return ExitCode::SUCCESS;
    }
    let command = match called_by_shim() {
        Some(args) => Command::Hook(args),
        None => match Cli::try_parse() {
            Ok(cli) => cli.command,
            Err(error) => return terminal::usage(&error),
        },
    };
    ticker::start();
    if let Some(directory) = below_the_root() {
        crate::diagnostic::read_from(&directory);
    }
    let json = answers_in_json(&command);
    match run(command) {
        Ok(ending) => ending.into(),
        Err(failure) => {
            if json {
                let _best_effort = terminal::out(&crate::report::failure(&failure.diagnostics));
            }
            terminal::fail(&failure)
        }
    }
}

/// Carries out a command for a server: what it prints to standard output, or the report of a failure, and whether it was one.
#[cfg(feature = "mcp")]
fn answer(words: Vec<std::ffi::OsString>) -> (String, bool) {
    let whole = std::iter::once("certgate".into()).chain(words);
    let command = match Cli::try_parse_from(whole) {
        Ok(cli) => cli.command,
        Err(error) => {
            let message = crate::diagnostic::sanitize(error.to_string().trim());
            let help = crate::diagnostic::command!["certgate", "--help"];
            return (
                crate::report::failure(&Undecided::usage(message, help).diagnostics),
                true,
            );
        }
    };
    match terminal::keeping(|| run(command)) {
        (Ok(_), kept) => (kept.out, false),
        (Err(failure), kept) if kept.out.is_empty() => (crate::report::failure(&failure.diagnostics), true),
        (Err(_), kept) => (kept.out, true),
    }
}

fn run(command: Command) -> Result<Ending, Undecided> {
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Install(args) => install::install(&args),
        Command::Uninstall(args) => install::uninstall(&args),
        Command::Hooks(args) => install::hooks(args.format),
        Command::Check(args) => check::run(&args),
        Command::Certify(args) => certify::run(&args),
        Command::Seal(args) => seal::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Status(args) => ledger::status(&args),
        Command::Log(args) => ledger::log(&args),
        Command::Show(args) => ledger::show(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Features(args) => features::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Records(args) => records::run(&args),
        Command::Attest(args) => attest::run(&args),
        Command::Suggest(args) => suggest::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Hook(args) => hook::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Measure(args) => measure::run(&args),
        Command::Evidence(args) => evidence::run(&args),
        Command::Trend(args) => trend::run(&args),
        Command::Mcp(args) => mcp::run(&args),
        Command::Completions(args) => completions::shell(&args),
        Command::Man(args) => completions::man(&args),
    }
}
