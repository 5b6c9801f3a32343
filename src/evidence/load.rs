//! From a path to what it holds: a benchmark file, the directory of a criterion benchmark, or a profile.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::formats::{self, CriterionFiles, Defect, Reading, Refusal};
use super::profiles::{self, Profile, ProfileError};

/// What a path holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// Measurements.
    Benchmarks(Reading),
    /// A profile.
    Profile(Profile),
}

/// Why a path holds nothing that may be used.
#[derive(Debug, Error)]
pub enum LoadError {
    /// It could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Neither a file nor a directory: a pipe, a device, a socket.
    #[error("neither a file nor a directory")]
    NotAFile,
    /// A directory without the files that criterion writes.
    #[error("a directory without sample.json, raw.csv or estimates.json")]
    NotCriterion {
        /// Directories below it that have them.
        below: Vec<PathBuf>,
    },
    /// A benchmark file that is refused, or a file of no format that is known.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A profile that is refused.
    #[error(transparent)]
    Profile(ProfileError),
}

/// Reads a file, or the directory of a criterion benchmark. Links are followed.
pub fn load(path: &Path) -> Result<Evidence, LoadError> {
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return criterion(path).map(Evidence::Benchmarks);
    }
    if !metadata.is_file() {
        return Err(LoadError::NotAFile);
    }
    let refusal = match formats::read(&head(path)?) {
        Ok(reading) => return Ok(Evidence::Benchmarks(reading)),
        Err(refusal) => refusal,
    };
    // Profiles are larger, not always text, and of formats that the readers of benchmarks do not know.
    if !matches!(
        refusal.problem,
        Defect::Unknown | Defect::TooLarge { .. } | Defect::NotText
    ) {
        return Err(refusal.into());
    }
    match profiles::read(File::open(path)?) {
        Ok(profile) => Ok(Evidence::Profile(profile)),
        Err(ProfileError::Unknown) => Err(refusal.into()),
        Err(error) => Err(LoadError::Profile(error)),
    }
}

/// As much of a file as a reader of benchmarks takes, and one byte more where there is more.
fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(formats::MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The files of a criterion directory; `sample.json` or `raw.csv` or at least `estimates.json` must be there.
fn criterion(path: &Path) -> Result<Reading, LoadError> {
    let file = |name: &str| match head(&path.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let [benchmark, sample, raw_csv, estimates] = [
        file("benchmark.json")?,
        file("sample.json")?,
        file("raw.csv")?,
        file("estimates.json")?,
    ];
    if sample.is_none() && raw_csv.is_none() && estimates.is_none() {
        return Err(LoadError::NotCriterion { below: below(path)? });
    }
    let files = CriterionFiles {
        benchmark: benchmark.as_deref(),
        sample: sample.as_deref(),
        raw_csv: raw_csv.as_deref(),
        estimates: estimates.as_deref(),
    };
    Ok(formats::read_criterion(&files)?)
}

/// The directories right below that hold samples: `base` and `new`, as a rule.
fn below(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?.path();
        if entry.join("sample.json").is_file() || entry.join("raw.csv").is_file() {
            found.push(entry);
        }
    }
    found.sort();
    Ok(found)
}
