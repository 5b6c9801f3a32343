//! `certgate completions` and `certgate man`.
//!
//! The script that a shell reads calls this program for what may be where, so that components, agents and ids are those of the repository
//! at hand. It does so with a variable and with `--` as the first argument; no other call is taken for one of these, whatever the
//! environment holds: a judgement must never become a list of words.

use std::ffi::OsString;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::ending::Ending;
use super::fault::Doing as _;
use super::terminal;
use crate::author::whole;
use crate::diagnostic::{command, sanitize};
use crate::gate::Undecided;

/// Names the shell that asks.
const ASKS: &str = "CERTGATE_COMPLETE";

/// Prints the script for a shell.
pub(super) fn shell(args: &CompletionsArgs) -> Result<Ending, Undecided> {
    let name = args.shell.to_string();
    let shells = Shells::builtins();
    let Some(completer) = shells.completer(&name) else {
        let known: Vec<&str> = shells.names().collect();
        return Err(Undecided::usage(
            format!("no completions for `{}`", sanitize(&name)),
            command!["certgate", "completions", known.first().copied().unwrap_or("bash")],
        ));
    };
    let mut script = Vec::new();
    let written = completer.write_registration(ASKS, "certgate", "certgate", "certgate", &mut script);
    written.doing("render", "the completions")?;
    let command = Cli::command();
    let names = command.get_subcommands().filter(|below| !below.is_hide_set());
    let names: Vec<&str> = names.map(clap::Command::get_name).collect();
    let note = format!(
        "# certgate itself is asked what may follow. The commands: {}.\n",
        names.join(", ")
    );
    terminal::out(&format!("{}{note}", String::from_utf8_lossy(&script)))?;
    Ok(Ending::Done)
}

/// Answers the script, where it is that which calls; false where it is not.
pub(super) fn answered() -> bool {
    let asks = std::env::var_os(ASKS).is_some_and(|shell| !shell.is_empty());
    if !asks || std::env::args_os().nth(1) != Some(OsString::from("--")) {
        return false;
    }
    let here = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(Cli::command).var(ASKS);
    // No candidates are an answer, too: nothing may be printed into somebody's command line.
    asked.try_complete(std::env::args_os(), here.as_deref()).unwrap_or(true)
}

/// Prints a manual page, in roff; or writes all of them into a directory.
pub(super) fn man(args: &ManArgs) -> Result<Ending, Undecided> {
    let mut command = Cli::command();
    command.build();
    if let Some(directory) = &args.output {
        let mut pages = Vec::new();
        gather(&command, "certgate".to_owned(), &mut pages)?;
        for (name, page) in &pages {
            whole::report(&directory.join(format!("{name}.1")), page)?;
        }
        terminal::out(&format!("wrote {} pages to {}\n", pages.len(), shown(directory)))?;
        return Ok(Ending::Done);
    }
    let mut found = &command;
    let mut name = "certgate".to_owned();
    for word in &args.command {
        found = found.find_subcommand(word).ok_or_else(|| {
            Undecided::usage(
                format!("there is no command `{}`", sanitize(word)),
                command!["certgate", "help"],
            )
        })?;
        name = format!("{name}-{}", found.get_name());
    }
    terminal::out(&page(found, &name)?)?;
    Ok(Ending::Done)
}

fn shown(path: &Path) -> String {
    sanitize(&path.display().to_string())
}

/// The pages of a command and of all below it.
fn gather(command: &clap::Command, name: String, pages: &mut Vec<(String, String)>) -> Result<(), Undecided> {
    for below in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set() && below.get_name() != "help")
    {
        gather(below, format!("{name}-{}", below.get_name()), pages)?;
    }
    let text = page(command, &name)?;
    pages.push((name, text));
    Ok(())
}

fn page(command: &clap::Command, name: &str) -> Result<String, Undecided> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command.clone()).title(name).render(&mut page);
    rendered.doing("render", "the manual page")?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
