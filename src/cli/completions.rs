//! `certgate completions` and `certgate man`.

use clap::CommandFactory as _;

use super::args::{Cli, CompletionsArgs};
use super::ending::Ending;
use super::fault::Doing as _;
use super::terminal;
use crate::gate::Undecided;

/// Prints the completions for a shell.
pub(super) fn shell(args: &CompletionsArgs) -> Result<Ending, Undecided> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "certgate", &mut script);
    terminal::out(&String::from_utf8_lossy(&script))?;
    Ok(Ending::Done)
}

/// Prints the manual page, in roff.
pub(super) fn man() -> Result<Ending, Undecided> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
    rendered.doing("render", "the manual page")?;
    terminal::out(&String::from_utf8_lossy(&page))?;
    Ok(Ending::Done)
}
