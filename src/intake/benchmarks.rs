//! Benchmark files from disk, as they are named on the command line.

use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::change::hex;
use crate::diagnostic::{Code, Diagnostic, Place, command};
use crate::evidence::compare::File;
use crate::evidence::formats::{self, CriterionFiles, Defect, MAX_BYTES, Reading, Refusal};
use crate::gate::Undecided;

/// Why a file gave nothing.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is not evidence, and this is why.
    Refused(Box<Diagnostic>),
    /// The system did not let it be read.
    Io(Undecided),
}

/// The files of a criterion directory, in the order in which [`CriterionFiles`] has them.
const CRITERION: [&str; 4] = ["benchmark.json", "sample.json", "raw.csv", "estimates.json"];

/// Reads a benchmark file, or the directory of one benchmark of criterion.
pub(crate) fn read(path: &Path) -> Result<File, Unread> {
    let failed = |error: std::io::Error| Unread::Io(Undecided::io("read", path, &error));
    let place = std::fs::canonicalize(path).map_err(failed)?;
    let metadata = std::fs::metadata(&place).map_err(failed)?;
    let name = path.display().to_string();
    let mut digest = Sha256::new();
    let reading = if metadata.is_dir() {
        directory(&place, &mut digest).map_err(failed)?
    } else if metadata.is_file() {
        let bytes = bounded(&place).map_err(failed)?;
        digest.update(&bytes);
        formats::read(&bytes)
    } else {
        return Err(failed(std::io::Error::other("it is not a file")));
    };
    let reading = reading.map_err(|refusal| Unread::Refused(Box::new(refused(&name, &refusal))))?;
    let digest = hex(&digest.finalize());
    Ok(File {
        name,
        place: place.display().to_string(),
        digest,
        reading,
    })
}

fn directory(place: &Path, digest: &mut Sha256) -> std::io::Result<Result<Reading, Refusal>> {
    let mut found: [Option<Vec<u8>>; 4] = Default::default();
    for (name, bytes) in CRITERION.iter().zip(&mut found) {
        let file = place.join(name);
        if !file.is_file() {
            continue;
        }
        let content = bounded(&file)?;
        digest.update(name.as_bytes());
        digest.update(&content);
        *bytes = Some(content);
    }
    let [benchmark, sample, raw_csv, estimates] = &found;
    Ok(formats::read_criterion(&CriterionFiles {
        benchmark: benchmark.as_deref(),
        sample: sample.as_deref(),
        raw_csv: raw_csv.as_deref(),
        estimates: estimates.as_deref(),
    }))
}

/// The content, one byte more than what is read at most, so that the reader tells that it is too large.
fn bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What to say of a file that is refused.
fn refused(name: &str, refusal: &Refusal) -> Diagnostic {
    let place = match refusal.line {
        Some(line) => Place::line(name, line),
        None => Place::file(name),
    };
    let look = command!["head", "-c", "400", Path::new(name)];
    let help = match &refusal.problem {
        Defect::TooLarge { .. } => command!["ls", "-l", Path::new(name)].why("split it, or let the tool export less"),
        Defect::Damaged(_) | Defect::NotText => look.why("have the tool write the complete file again"),
        Defect::Unknown | Defect::Ambiguous(_) => look.why("docs/evidence.md lists the formats"),
        Defect::Empty(_) => look.why("run the benchmarks, not only their set-up"),
    };
    Diagnostic::error(Code::CG635, format!("benchmark file is refused: {refusal}"))
        .at(place)
        .help(help)
}
