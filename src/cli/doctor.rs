//! `certgate doctor`: every way in which this repository's gate could silently not run, and the command that fixes it.

use super::args::{DoctorArgs, ListFormat};
use super::ending::Ending;
use super::terminal;
use crate::doctor::{Health, examine};
use crate::gate::Undecided;
use crate::git::Repository;
use crate::report::{doctor_json, doctor_lines};

/// Carries it out; problems end it as findings do.
pub(super) fn run(args: &DoctorArgs) -> Result<Ending, Undecided> {
    let found = examine(&Repository::open()?)?;
    terminal::out(&match args.format {
        ListFormat::Human => doctor_lines(&found, terminal::style().width),
        ListFormat::Json => doctor_json(&found),
    })?;
    Ok(match found.iter().any(|finding| finding.level == Health::Wrong) {
        true => Ending::Blocked,
        false => Ending::Done,
    })
}
