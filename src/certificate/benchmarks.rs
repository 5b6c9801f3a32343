//! The section BENCHMARKS: which files a certificate rests on, what was measured, and what was decided. Owns the text format
//! `certgate/benchmarks/v1`, both ways. Whether the files say so is for `evidence` to compute.
//!
//! Reading is strict, as that of a SUBJECT: a block that cannot be read proves nothing. A section without the block is prose.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::outline::{Fence, Heading, Outline};
use crate::change::{Digest, ObjectId, RepoPath};
use crate::diagnostic::{Code, Diagnostic};

/// The section's name.
pub(super) const HEADING: &str = "BENCHMARKS";
/// The info string of its block.
pub(super) const INFO: &str = "certgate-benchmarks";
/// The info string of the block with the signature of whoever measured.
pub(super) const SIGNED: &str = "certgate-benchmarks-signature";
/// The first line of the block.
const SCHEME: &str = "certgate/benchmarks/v1";
/// The first line of what whoever measured signs.
const MEASURED: &str = "certgate/measured/v1";
/// Most files of one certificate.
const MOST_FILES: usize = 512;
/// The name of the folders that hold evidence, beside the certificates.
const FOLDER: &[u8] = b"evidence";

/// The section BENCHMARKS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BenchmarksField {
    /// There is none, or it is prose.
    Absent,
    /// There is one that cannot be read; it proves nothing.
    Unreadable,
    /// It reads.
    Present(Box<Benchmarks>),
}

impl BenchmarksField {
    /// What it says, where it reads.
    pub fn present(&self) -> Option<&Benchmarks> {
        match self {
            Self::Present(benchmarks) => Some(benchmarks),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

/// What a certificate rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Benchmarks {
    /// The commit that is the baseline, in hex.
    pub baseline: String,
    /// The commit that was certified, in hex.
    pub candidate: String,
    /// The files, in order.
    pub files: Vec<BoundFile>,
    /// What was decided, in order.
    pub rows: Vec<DecidedRow>,
    /// The armoured signature of whoever measured, over [`Benchmarks::measured`].
    pub signature: Option<String>,
}

/// What a file is evidence of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EvidenceSide {
    /// Measurements of the baseline.
    Baseline,
    /// Measurements of the candidate.
    Candidate,
    /// A profile of the candidate.
    Profile,
}

impl EvidenceSide {
    const ALL: [Self; 3] = [Self::Baseline, Self::Candidate, Self::Profile];

    /// The word in the block.
    pub fn word(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
            Self::Profile => "profile",
        }
    }
}

/// A file that is bound to the certificate by its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundFile {
    /// What it is evidence of.
    pub side: EvidenceSide,
    /// The name of its format.
    pub format: String,
    /// The digest of its content; of a criterion directory, of names and contents (see `evidence::bound`).
    pub digest: Digest,
    /// Where it stands in the repository.
    pub path: RepoPath,
    /// The line of the document, from 1; 0 where it stands in none.
    pub line: u32,
}

/// The rule by which rows were decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowTerms {
    /// The slow-down that is accepted, as a share.
    pub threshold: Figure,
    /// The error of each bound.
    pub alpha: Figure,
    /// The least number of runs a side.
    pub min_runs: u32,
    /// Whether each file is one block of runs.
    pub interleaved: bool,
    /// By how much runs of the same code are said to differ.
    pub run_noise: Option<Figure>,
    /// Where the files do not say: whether more is better.
    pub higher: Option<bool>,
    /// Whether the values are said to be deterministic counts.
    pub exact: bool,
}

impl Default for RowTerms {
    fn default() -> Self {
        Self {
            threshold: Figure::new(0.05),
            alpha: Figure::new(0.05),
            min_runs: 5,
            interleaved: false,
            run_noise: None,
            higher: None,
            exact: false,
        }
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedRow {
    /// `pass`, `regressed`, `inconclusive` or `invalid`.
    pub verdict: String,
    /// Candidate over baseline, above 1 for worse.
    pub ratio: Option<Figure>,
    /// Its lower bound.
    pub lower: Option<Figure>,
    /// Its upper bound.
    pub upper: Option<Figure>,
    /// Which benchmark.
    pub benchmark: String,
    /// Which metric.
    pub metric: String,
    /// By which rule.
    pub terms: RowTerms,
    /// The line of the document, from 1; 0 where it stands in none.
    pub line: u32,
}

/// A finite number, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure(String);

impl Figure {
    /// Writes a number so that it reads back the same.
    pub fn new(value: f64) -> Self {
        Self(value.to_string())
    }

    fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
        let value: f64 = text.bytes().all(plain).then(|| text.parse().ok()).flatten()?;
        value.is_finite().then(|| Self(text.to_owned()))
    }

    /// The number.
    pub fn value(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

const VERDICTS: [&str; 4] = ["pass", "regressed", "inconclusive", "invalid"];

impl Benchmarks {
    /// What whoever measured signs: the commits, and the digest of each file with its side and format, sorted. Where the files stand, and
    /// what was decided of them, is not theirs to say.
    pub fn measured(&self) -> String {
        let files = self.files.iter();
        let mut lines: Vec<String> = files
            .map(|file| format!("{} {} sha256:{}\n", file.side.word(), file.format, file.digest))
            .collect();
        lines.sort();
        format!(
            "{MEASURED}\nbaseline {}\ncandidate {}\n{}",
            self.baseline,
            self.candidate,
            lines.concat()
        )
    }

    /// The commit that a side is of.
    pub fn commit(&self, side: EvidenceSide) -> &str {
        match side {
            EvidenceSide::Baseline => &self.baseline,
            EvidenceSide::Candidate | EvidenceSide::Profile => &self.candidate,
        }
    }
}

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

/// Reads what [`render_benchmarks`] prints. `first` is the line of the document on which the block's first line stands.
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
        baseline: commit("baseline", "the second line reads `baseline` and a whole commit id")?,
        candidate: commit("candidate", "the third line reads `candidate` and a whole commit id")?,
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
                .ok_or((line, "a line `terms …` stands before the results"))?;
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
                return Err((line, "files stand before the results"));
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
    let digest = digest
        .strip_prefix("sha256:")
        .and_then(Digest::from_hex)
        .ok_or("the content is not `sha256:` and 64 hexadecimal digits in small letters")?;
    let path = RepoPath::unquote(path)
        .filter(|read| read.to_string() == path)
        .ok_or("the path is not quoted as git quotes it")?;
    let sound = path
        .as_bytes()
        .split(|byte| *byte == b'/')
        .all(|part| !matches!(part, b"" | b"." | b"..") && !part.contains(&0));
    if !sound {
        return Err("the path is not one of a repository: it is absolute or has an empty, `.` or `..` part");
    }
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

/// Where the evidence of a certificate stands: `evidence/STEM/` beside it.
pub fn evidence_folder(certificate: &RepoPath) -> RepoPath {
    let name = certificate.file_name();
    let folder = certificate.as_bytes().strip_suffix(name).unwrap_or_default();
    let stem = name.strip_suffix(b".md").unwrap_or(name);
    RepoPath::new([folder, FOLDER, b"/", stem].concat())
}

/// The certificates whose evidence a path would be, by its name alone: for each folder `evidence` on the way, the one beside it.
pub fn evidence_of(path: &RepoPath) -> Vec<RepoPath> {
    let parts = || path.as_bytes().split(|byte| *byte == b'/');
    let mut found = Vec::new();
    if !parts().any(|part| part == FOLDER) {
        return found;
    }
    let parts: Vec<&[u8]> = parts().collect();
    for (at, part) in parts.iter().enumerate() {
        let (Some(stem), true) = (parts.get(at + 1), *part == FOLDER) else {
            continue;
        };
        // The file itself comes below the folder of its certificate.
        if parts.len() > at + 2 {
            let mut certificate = parts.get(..at).unwrap_or_default().join(&b'/');
            if at > 0 {
                certificate.push(b'/');
            }
            certificate.extend_from_slice(stem);
            certificate.extend_from_slice(b".md");
            found.push(RepoPath::new(certificate));
        }
    }
    found
}

/// Reads the section of a document.
pub(super) fn read(path: &RepoPath, outline: &Outline<'_>) -> (BenchmarksField, Vec<Diagnostic>) {
    let unreadable = |at: Range<usize>, reason: &str| {
        let finding = Diagnostic::error(Code::CG121, "the BENCHMARKS cannot be read, so they prove nothing")
            .at(outline.place(path, at))
            .because(reason)
            .help("for example: certgate certify … --baseline FILE… --candidate FILE… (writes the section)");
        (BenchmarksField::Unreadable, vec![finding])
    };
    let of = |info: &'static str| move |fence: &&Fence| fence.info.as_deref() == Some(info);
    let blocks: Vec<&Fence> = outline.fences.iter().filter(of(INFO)).collect();
    let signatures: Vec<&Fence> = outline.fences.iter().filter(of(SIGNED)).collect();
    let block = match blocks.as_slice() {
        [] => {
            return match signatures.first() {
                Some(signature) => unreadable(signature.range.clone(), "a signature stands without the block"),
                None => (BenchmarksField::Absent, Vec::new()),
            };
        }
        [block] => *block,
        [_, second, ..] => return unreadable(second.range.clone(), "there are two blocks `certgate-benchmarks`"),
    };
    let sections: Vec<&Heading> = outline.sections(HEADING).collect();
    let heading = match sections.as_slice() {
        [] => {
            return unreadable(
                block.range.clone(),
                "the block stands outside of a section `## BENCHMARKS`",
            );
        }
        [heading] => *heading,
        [_, second, ..] => return unreadable(second.range.clone(), "there are two sections BENCHMARKS"),
    };
    let body = outline.body(heading);
    if let Some(stray) = [block]
        .iter()
        .chain(&signatures)
        .find(|fence| !body.contains(&fence.range.start))
    {
        return unreadable(
            stray.range.clone(),
            "the block stands outside of the section `## BENCHMARKS`",
        );
    }
    if let Some(second) = signatures.get(1) {
        return unreadable(second.range.clone(), "there are two signatures");
    }
    let first = outline.line_number(block.range.start).saturating_add(1);
    match parse_benchmarks(&block.content, first) {
        Ok(mut benchmarks) => {
            benchmarks.signature = signatures.first().map(|fence| fence.content.clone());
            (BenchmarksField::Present(Box::new(benchmarks)), Vec::new())
        }
        Err((line, reason)) => {
            let mut at = block.range.start;
            for _ in 0..=line {
                at = outline.next_line(at);
            }
            let at = at.min(block.range.end.saturating_sub(1)).max(block.range.start);
            unreadable(at..outline.line_end(at), reason)
        }
    }
}

/// The section BENCHMARKS, with a blank line after it.
pub(super) fn section(benchmarks: &Benchmarks) -> String {
    let mut text = format!("## {HEADING}\n\n```{INFO}\n{}```\n\n", render_benchmarks(benchmarks));
    if let Some(signature) = &benchmarks.signature {
        text.push_str(&format!("```{SIGNED}\n{}\n```\n\n", signature.trim_end()));
    }
    text
}

#[cfg(test)]
#[path = "benchmarks_tests.rs"]
mod tests;
