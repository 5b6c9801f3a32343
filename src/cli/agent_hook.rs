//! `certgate hook agent [EVENT] [--agent NAME]`: what the harnesses of coding agents call. The payload comes on standard input; the answer
//! goes to standard output as the harness reads it.

use std::ffi::OsString;
use std::io::Read as _;

use super::ending::Ending;
use super::fault::Doing as _;
use super::terminal;
use crate::diagnostic::{Code, Diagnostic, Style, command, sanitize};
use crate::gate::Undecided;
use crate::git::{GitError, Repository};
use crate::harness::{self, Decision, MAX_PAYLOAD, Payload};
use crate::report;

/// How wide the text for an agent is.
const PLAIN: Style = Style {
    colour: false,
    width: 100,
};

/// Answers. What cannot be read ends with exit code 2 and the reason on standard error, which every harness takes for a refusal.
pub(super) fn run(arguments: &[OsString]) -> Result<Ending, Undecided> {
    let (event, agent) = read_arguments(arguments)?;
    let mut bytes = Vec::new();
    let limit = MAX_PAYLOAD as u64 + 1;
    let read = std::io::stdin().lock().take(limit).read_to_end(&mut bytes);
    read.doing("read", "standard input")?;
    let payload = Payload::read(&bytes, event.as_deref()).map_err(|error| unreadable(&error.to_string()))?;
    let opened = match &payload.directory {
        Some(directory) => Repository::open_at(directory),
        None => Repository::open_to_judge(),
    };
    let decision = match opened {
        Ok(repository) => harness::decide(&repository, &payload, agent.as_deref())?,
        // Outside of a repository there is nothing to guard.
        Err(GitError::NotARepository { .. }) => Decision::Pass,
        Err(_) if payload.was_held() => Decision::Pass,
        Err(error) => return Err(error.into()),
    };
    let text = match &decision {
        Decision::Pass => String::new(),
        Decision::Refuse(found) => report::diagnostics(std::slice::from_ref(found), PLAIN, false),
        Decision::Hold(found) => report::diagnostics(found, PLAIN, false),
    };
    let answer = harness::answer(&payload, &decision, text.trim_end());
    terminal::out(&format!("{answer}\n"))?;
    Ok(Ending::Done)
}

fn read_arguments(arguments: &[OsString]) -> Result<(Option<String>, Option<String>), Undecided> {
    let (mut event, mut agent) = (None, None);
    let mut words = arguments.iter().map(|word| word.to_string_lossy().into_owned());
    while let Some(word) = words.next() {
        if word == "--agent" {
            agent = words.next();
        } else if let Some(name) = word.strip_prefix("--agent=") {
            agent = Some(name.to_owned());
        } else if word.starts_with('-') || event.is_some() {
            return Err(Undecided::usage(
                format!("`{}` is not an argument of `certgate hook agent`", sanitize(&word)),
                "certgate hook agent [EVENT] [--agent NAME], with the payload on standard input",
            ));
        } else {
            event = Some(word);
        }
    }
    Ok((event, agent))
}

fn unreadable(why: &str) -> Undecided {
    Diagnostic::error(
        Code::CG750,
        "what the harness sent cannot be read, so nothing is allowed",
    )
    .because(sanitize(why))
    .help(command!["certgate", "init", "--agents"].why("writes the hooks as this version reads them"))
    .into()
}
