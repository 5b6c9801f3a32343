//! Shows a long text in the user's pager, as git chooses it (git-var(1), GIT_PAGER): none of it comes from the repository's content.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::super::terminal;
use crate::gate::Undecided;
use crate::git::{Repository, find_program};

/// What is used where nothing else is set.
const DEFAULT: &str = "less -R";
/// The exit code of a shell that has not found a program.
const NOT_FOUND: i32 = 127;

/// Shows it; without a pager it is just printed.
pub(super) fn page(repository: &Repository, text: &str) -> Result<(), Undecided> {
    let Some(pager) = pager(repository)? else {
        return Ok(terminal::out(text)?);
    };
    let _no_line = super::super::ticker::quiet();
    let mut command = Command::new("sh");
    command.args(["-c", pager.as_str()]).stdin(Stdio::piped());
    // As git does: a text that fits the screen needs no key to leave.
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    let shown = command.spawn().and_then(|mut child| {
        if let Some(mut pipe) = child.stdin.take() {
            // Whoever leaves the pager before the end has seen enough.
            let _seen = pipe.write_all(text.as_bytes());
        }
        child.wait()
    });
    match shown {
        Ok(status) if status.code() != Some(NOT_FOUND) => Ok(()),
        _ => {
            drop(_no_line);
            Ok(terminal::out(text)?)
        }
    }
}

fn pager(repository: &Repository) -> Result<Option<String>, Undecided> {
    let variable = |name: &str| std::env::var(name).ok();
    let configured = match variable("GIT_PAGER") {
        Some(pager) => Some(pager),
        None => repository.config("core.pager")?.or_else(|| variable("PAGER")),
    };
    Ok(match configured {
        Some(pager) if pager.is_empty() || pager == "cat" => None,
        Some(pager) => Some(pager),
        None => find_program("less").map(|_| DEFAULT.to_owned()),
    })
}
