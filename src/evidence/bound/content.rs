//! The content of bound files: its limits, its digest, and what a reader makes of it.

use sha2::{Digest as _, Sha256};

use super::flaw::{Flaw, FlawKind};
use crate::change::{Digest, MAX_DOCUMENT};
use crate::evidence::compare;
use crate::evidence::formats::{self, CriterionFiles, Format, Reading};
use crate::evidence::profiles;

/// The largest file that is bound, in bytes.
pub const MAX_FILE: u64 = MAX_DOCUMENT;
/// The most that the files of one certificate may have together, in bytes.
pub const MAX_TOGETHER: u64 = 8 * MAX_DOCUMENT;
/// The files of a directory of criterion that are read, in the order in which they are hashed.
pub const CRITERION: [&str; 4] = ["benchmark.json", "sample.json", "raw.csv", "estimates.json"];

/// The content of a bound file, as it is in the repository.
#[derive(Clone, Debug)]
pub enum BoundContent {
    /// A file.
    File(Vec<u8>),
    /// A directory of criterion: its files, in the order of [`CRITERION`].
    Criterion(Box<[Option<Vec<u8>>; 4]>),
    /// It is not there.
    Missing,
    /// It is a link, a submodule or a directory of something else.
    NotAFile,
    /// It has so many bytes, which is too much.
    TooLarge(u64),
}

impl BoundContent {
    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        match self {
            Self::File(bytes) => bytes.len() as u64,
            Self::Criterion(files) => files.iter().flatten().map(|bytes| bytes.len() as u64).sum(),
            Self::TooLarge(size) => *size,
            Self::Missing | Self::NotAFile => 0,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The digest by which a certificate knows it: SHA-256 of the content; of a directory of criterion, of each name and content in turn.
    pub fn digest(&self) -> Option<Digest> {
        let mut hash = Sha256::new();
        match self {
            Self::File(bytes) => hash.update(bytes),
            Self::Criterion(files) => {
                for (name, bytes) in CRITERION.iter().zip(files.iter()) {
                    if let Some(bytes) = bytes {
                        hash.update(name.as_bytes());
                        hash.update(bytes);
                    }
                }
            }
            Self::Missing | Self::NotAFile | Self::TooLarge(_) => return None,
        }
        Some(Digest(hash.finalize().into()))
    }
}

/// Reads one file by the format that the certificate names; `None` for a profile.
pub fn read(format: &str, content: &BoundContent) -> Result<Option<Reading>, Flaw> {
    let (found, reading) = any(content)?;
    of_format(format, found)?;
    Ok(reading)
}

/// Reads a benchmark file of whatever format.
pub fn identify(content: &BoundContent) -> Result<Reading, Flaw> {
    let profile = || Flaw::new(FlawKind::File, "is a profile, which compares nothing");
    any(content)?.1.ok_or_else(profile)
}

fn any(content: &BoundContent) -> Result<(&'static str, Option<Reading>), Flaw> {
    let refused = |reason: String, line: Option<u32>| Flaw::new(FlawKind::File, reason).on(line);
    match content {
        BoundContent::Missing => Err(refused("is missing".to_owned(), None)),
        BoundContent::NotAFile => Err(refused("is not a plain file".to_owned(), None)),
        BoundContent::TooLarge(size) => Err(refused(format!("has {size} bytes, more than {MAX_FILE}"), None)),
        BoundContent::Criterion(files) => {
            let [benchmark, sample, raw_csv, estimates] = files.as_ref();
            let files = CriterionFiles {
                benchmark: benchmark.as_deref(),
                sample: sample.as_deref(),
                raw_csv: raw_csv.as_deref(),
                estimates: estimates.as_deref(),
            };
            let reading = formats::read_criterion(&files).map_err(|error| refused(error.to_string(), error.line))?;
            Ok((reading.format.name(), Some(reading)))
        }
        BoundContent::File(bytes) => match formats::read(bytes) {
            Ok(reading) => Ok((reading.format.name(), Some(reading))),
            Err(refusal) => match profiles::read(bytes.as_slice()) {
                Ok(profile) => Ok((profile.format.name(), None)),
                Err(_) => Err(refused(refusal.to_string(), refusal.line)),
            },
        },
    }
}

fn of_format(stated: &str, found: &str) -> Result<(), Flaw> {
    match stated == found {
        true => Ok(()),
        false => Err(Flaw::new(
            FlawKind::File,
            format!("is a {found} file, and the certificate names it {stated}"),
        )),
    }
}

/// Fingerprints of the raw values of a file, by which it is known whatever else is in it; none for what may well come again, nor for
/// what is said to be a deterministic count.
pub fn fingerprints(reading: &Reading, exact: &[String]) -> Vec<Digest> {
    let mut found = Vec::new();
    for row in reading.measurements.iter().filter(|row| !exact.contains(&row.metric)) {
        let mut values = row.values.concat();
        values.sort_by(f64::total_cmp);
        let constant = values.iter().all(|value| Some(value) == values.first());
        // A single time of few digits is no finger print, and neither is a count.
        if constant && !compare::is_unlikely(row) {
            continue;
        }
        let mut hash = Sha256::new();
        hash.update(row.metric.as_bytes());
        values.iter().for_each(|value| hash.update(value.to_le_bytes()));
        found.push(Digest(hash.finalize().into()));
    }
    found
}

/// Whether a name is that of a format.
pub fn is_criterion(format: &str) -> bool {
    format == Format::Criterion.name()
}
