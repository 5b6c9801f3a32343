//! The text format `certgate/benchmarks/v1`, both ways. Reading is strict, as that of a SUBJECT: a block that cannot be read proves nothing.

use super::{Benchmarks, BoundFile, DecidedRow, EvidenceSide, Figure, RowTerms};
use crate::certificate::listed;
use crate::change::ObjectId;

/// The first line of the block.
const SCHEME: &str = "certgate/benchmarks/v1";
/// Most files of one certificate.
const MOST_FILES: usize = 512;
/// The words for what was decided.
const VERDICTS: [&str; 4] = ["pass", "regressed", "inconclusive", "invalid"];

/// A name as one word of the block: as it is where it is one, else as a JSON string.
fn word(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '"' && c != '\\';
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}

/// Splits a word that [`word`] wrote off.
fn unword(text: &str) -> Option<(String, &str)> {
    if !text.starts_with('"') {
        let (one, rest) = text.split_once(' ').unwrap_or((text, ""));
        return (!one.is_empty()).then(|| (one.to_owned(), rest));
    }
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let read = stream.next()?.ok()?;
    let rest = text.get(stream.byte_offset()..)?;
    Some((read, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// Prints the lines of the block, each with a line feed.
pub fn render_benchmarks(benchmarks: &Benchmarks) -> String {
    let mut text = format!(
        "{SCHEME}\nbaseline {}\ncandidate {}\n",
        benchmarks.baseline, benchmarks.candidate
    );
    for file in &benchmarks.files {
        text.push_str(&format!(
            "{} {} sha256:{} {}\n",
            file.side.word(),
            file.format,
            file.digest,
            file.path
        ));
    }
    let mut terms = None;
    for row in &benchmarks.rows {
        if terms != Some(&row.terms) {
            text.push_str(&render_terms(&row.terms));
            terms = Some(&row.terms);
        }
        let figure = |figure: &Option<Figure>| figure.as_ref().map_or("-", |figure| figure.0.as_str()).to_owned();
        text.push_str(&format!(
            "{} {} {} {} {} {}\n",
            row.verdict,
            figure(&row.ratio),
            figure(&row.lower),
            figure(&row.upper),
            word(&row.benchmark),
            word(&row.metric)
        ));
    }
    text
}

fn render_terms(terms: &RowTerms) -> String {
    let design = if terms.interleaved { "interleaved" } else { "sequential" };
    let mut text = format!(
        "terms threshold {} alpha {} min-runs {} design {design}",
        terms.threshold.0, terms.alpha.0, terms.min_runs
    );
    if let Some(noise) = &terms.run_noise {
        text.push_str(&format!(" run-noise {}", noise.0));
    }
    if let Some(higher) = terms.higher {
        text.push_str(&format!(" direction {}", if higher { "higher" } else { "lower" }));
    }
    if terms.exact {
        text.push_str(" exact");
    }
    text.push('\n');
    text
}

/// Why a block does not read: the 0-based line and the reason.
type Fault = (usize, &'static str);

/// Reads what [`render_benchmarks`] prints. `first` is the line of the document on which the block's first line is.
///
/// # Errors
///
/// Anything else, with the 0-based line of the block.
pub fn parse_benchmarks(text: &str, first: u32) -> Result<Benchmarks, (usize, &'static str)> {
    let mut lines = text.lines().enumerate();
    match lines.next() {
        Some((_, SCHEME)) => {}
        Some((_, other)) if other.starts_with("certgate/benchmarks/") => {
            return Err((
                0,
                "this version of the scheme is not known; a newer certgate may read it",
            ));
        }
        _ => return Err((0, "the block does not begin with `certgate/benchmarks/v1`")),
    }
    let mut commit = |name: &str, reason: &'static str| -> Result<String, Fault> {
        let (line, text) = lines.next().ok_or((0, reason))?;
        let id = text.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
        let known = id.and_then(|id| ObjectId::from_hex(id).filter(|known| known.to_string() == id));
        known.map(|id| id.to_string()).ok_or((line, reason))
    };
    let mut benchmarks = Benchmarks {
        baseline: commit("baseline", "the second line reads `baseline` and a complete commit id")?,
        candidate: commit("candidate", "the third line reads `candidate` and a complete commit id")?,
        files: Vec::new(),
        rows: Vec::new(),
        signature: None,
    };
    let mut terms: Option<RowTerms> = None;
    for (line, text) in lines {
        let number = first.saturating_add(u32::try_from(line).unwrap_or(u32::MAX));
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        if kind == "terms" {
            terms = Some(parse_terms(rest).ok_or((
                line,
                "a line of terms reads `terms threshold N alpha N min-runs N design WORD`",
            ))?);
        } else if VERDICTS.contains(&kind) {
            let terms = terms
                .clone()
                .ok_or((line, "a line `terms …` comes before the results"))?;
            let row = parse_row(kind, rest, terms, number).ok_or((
                line,
                "a result reads `VERDICT RATIO LOWER UPPER BENCHMARK METRIC`, with - for what was not computed",
            ))?;
            let same = |other: &DecidedRow| other.benchmark == row.benchmark && other.metric == row.metric;
            if benchmarks.rows.iter().any(same) {
                return Err((line, "the result of this metric is listed twice"));
            }
            benchmarks.rows.push(row);
        } else if let Some(side) = EvidenceSide::ALL.into_iter().find(|side| side.word() == kind) {
            if terms.is_some() {
                return Err((line, "files come before the results"));
            }
            let file = parse_file(side, rest, number).map_err(|reason| (line, reason))?;
            if benchmarks.files.iter().any(|other| other.path == file.path) {
                return Err((line, "the file is listed twice"));
            }
            if benchmarks.files.len() >= MOST_FILES {
                return Err((line, "more than 512 files"));
            }
            benchmarks.files.push(file);
        } else {
            return Err((line, "neither a file, nor terms, nor a result"));
        }
    }
    if benchmarks.files.is_empty() {
        return Err((2, "the block names no file"));
    }
    Ok(benchmarks)
}

fn parse_file(side: EvidenceSide, rest: &str, line: u32) -> Result<BoundFile, &'static str> {
    const SHAPE: &str = "a file reads `SIDE FORMAT sha256:HEX PATH`";
    let (format, rest) = rest.split_once(' ').ok_or(SHAPE)?;
    let (digest, path) = rest.split_once(' ').ok_or(SHAPE)?;
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_');
    if format.is_empty() || !format.bytes().all(known) {
        return Err("the format is not a word in small letters");
    }
    let digest = listed::digest(digest)?;
    let path = listed::path(path)?;
    Ok(BoundFile {
        side,
        format: format.to_owned(),
        digest,
        path,
        line,
    })
}

fn parse_terms(rest: &str) -> Option<RowTerms> {
    let mut words = rest.split(' ').peekable();
    let keyed = |name: &str, words: &mut std::iter::Peekable<std::str::Split<'_, char>>| {
        (words.next() == Some(name))
            .then(|| words.next().map(str::to_owned))
            .flatten()
    };
    let threshold = Figure::parse(&keyed("threshold", &mut words)?)?;
    let alpha = Figure::parse(&keyed("alpha", &mut words)?)?;
    let min_runs: u32 = keyed("min-runs", &mut words)?.parse().ok()?;
    let interleaved = match keyed("design", &mut words)?.as_str() {
        "interleaved" => true,
        "sequential" => false,
        _ => return None,
    };
    let run_noise = match words.peek() {
        Some(&"run-noise") => Some(Figure::parse(&keyed("run-noise", &mut words)?)?),
        _ => None,
    };
    let higher = match words.peek() {
        Some(&"direction") => match keyed("direction", &mut words)?.as_str() {
            "higher" => Some(true),
            "lower" => Some(false),
            _ => return None,
        },
        _ => None,
    };
    let exact = words.next_if_eq(&"exact").is_some();
    let sound = threshold.value() >= 0.0 && alpha.value() > 0.0 && alpha.value() < 0.5 && min_runs > 0;
    (sound && words.next().is_none()).then_some(RowTerms {
        threshold,
        alpha,
        min_runs,
        interleaved,
        run_noise,
        higher,
        exact,
    })
}

fn parse_row(verdict: &str, rest: &str, terms: RowTerms, line: u32) -> Option<DecidedRow> {
    let mut rest = rest;
    let mut figure = || -> Option<Option<Figure>> {
        let (one, after) = rest.split_once(' ')?;
        rest = after;
        match one {
            "-" => Some(None),
            number => Figure::parse(number).map(Some),
        }
    };
    let (ratio, lower, upper) = (figure()?, figure()?, figure()?);
    let (benchmark, rest) = unword(rest)?;
    let (metric, rest) = unword(rest)?;
    rest.is_empty().then(|| DecidedRow {
        verdict: verdict.to_owned(),
        ratio,
        lower,
        upper,
        benchmark,
        metric,
        terms,
        line,
    })
}
