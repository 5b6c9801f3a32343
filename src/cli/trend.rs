//! `certgate trend`: where the level of a series of measurements changed.

use std::io::Read as _;
use std::path::Path;

use super::args::{TrendArgs, TrendFormat};
use super::{Ending, Undecided, terminal, trend_ledger};
use crate::author::whole;
use crate::change::MAX_DOCUMENT;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::evidence::trend::{TrendError, trend};
use crate::report;

/// How a file of values looks.
const SHAPE: &str = "echo '[10.1, 10.2, null, 11.4]' >values.json   # a JSON array of numbers above zero and nulls";

/// Carries it out.
pub(super) fn run(args: &TrendArgs) -> Result<Ending, Undecided> {
    let Some(values) = &args.values else {
        return trend_ledger::run(args);
    };
    let series = read(values)?;
    let found = trend(&series).map_err(|error| refused(values, &error))?;
    let title = values.display().to_string();
    if let Some(file) = &args.svg {
        let picture = report::trend_svg(&title, &series, &found);
        whole::report(file, &picture)?;
    }
    terminal::out(&match args.format {
        TrendFormat::Human => report::trend_lines(&series, &found),
        TrendFormat::Json => report::trend_json(&found),
        TrendFormat::Svg => report::trend_svg(&title, &series, &found),
    })?;
    Ok(Ending::Done)
}

fn read(path: &Path) -> Result<Vec<Option<f64>>, Undecided> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_DOCUMENT + 1).read_to_end(&mut bytes))
        .map_err(|error| Undecided::io("read", path, &error))?;
    let unreadable = |message: String, line: Option<u32>| -> Undecided {
        let place = match line {
            Some(line) => Place::line(path.display(), line),
            None => Place::file(path.display()),
        };
        Diagnostic::error(Code::CG640, message).at(place).help(SHAPE).into()
    };
    if bytes.len() as u64 > MAX_DOCUMENT {
        return Err(unreadable(format!("more than {MAX_DOCUMENT} bytes"), None));
    }
    serde_json::from_slice(&bytes).map_err(|error| {
        let line = u32::try_from(error.line()).ok().filter(|line| *line > 0);
        unreadable(format!("not an array of numbers and nulls: {error}"), line)
    })
}

fn refused(path: &Path, error: &TrendError) -> Undecided {
    Diagnostic::error(Code::CG640, error)
        .at(Place::file(path.display()))
        .because("a logarithm is taken of each value; a run that failed is `null`")
        .help(SHAPE)
        .into()
}
