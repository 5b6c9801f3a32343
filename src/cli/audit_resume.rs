//! The records of an earlier audit, as far as they say which repositories need no other one.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::fault::Doing as _;
use crate::audit::{AUDIT_SCHEMA, AuditPlan, AuditRecord, Completeness};
use crate::diagnostic::{Code, Diagnostic, shown};
use crate::gate::Undecided;
use crate::report;

/// The longest record that is read.
const LONGEST: u64 = 256 << 20;

/// What is kept of each record: the name of the repository, and what it must be to be the same again.
pub(super) struct Earlier(HashMap<[u8; 16], Kept>);

enum Kept {
    /// All heads were these.
    Heads([u8; 16]),
    /// Nothing could be looked at, for these reasons.
    Failed([u8; 16]),
}

#[derive(Deserialize)]
struct Line {
    schema: String,
    repository: String,
    certgate: String,
    asked: serde_json::Value,
    heads: Option<String>,
    errors: serde_json::Value,
}

impl Earlier {
    /// Reads a file of records. Only the last line may be half a one; where there is no file, there are no records.
    pub(super) fn read(path: &Path, plan: &AuditPlan) -> Result<Self, Undecided> {
        let mut found = HashMap::new();
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self(found)),
            opened => opened.doing("read", path)?,
        };
        let asked = serde_json::to_value(plan.asked()).unwrap_or_default();
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            let read = (&mut reader)
                .take(LONGEST)
                .read_until(b'\n', &mut line)
                .doing("read", path)?;
            if line.last() != Some(&b'\n') && read < usize::try_from(LONGEST).unwrap_or(usize::MAX) {
                break;
            }
            let parsed = serde_json::from_slice::<Line>(&line)
                .ok()
                .filter(|line| line.schema == AUDIT_SCHEMA);
            let Some(record) = parsed else {
                return Err(Diagnostic::error(
                    Code::CG771,
                    format!("line {number} of {} is no record of an audit", shown(path)),
                )
                .help("name the file that `certgate audit --jsonl` wrote, or leave --resume out")
                .into());
            };
            if record.certgate != env!("CARGO_PKG_VERSION") || record.asked != asked {
                continue;
            }
            let kept = match record.heads {
                Some(heads) => Kept::Heads(key(Path::new(&heads))),
                None => Kept::Failed(of_errors(&record.errors)),
            };
            found.insert(key(Path::new(&record.repository)), kept);
        }
        Ok(Self(found))
    }

    /// True where the repository has a record at these heads.
    pub(super) fn has(&self, path: &Path, heads: &str) -> bool {
        let kept = self.0.get(&key(Path::new(&crate::audit::name_of(path))));
        matches!(kept, Some(Kept::Heads(known)) if *known == key(Path::new(heads)))
    }

    /// True where the repository failed for the same reasons before.
    pub(super) fn failed_so(&self, record: &AuditRecord) -> bool {
        let errors: serde_json::Value = serde_json::from_str(&report::to_row(&record.errors)).unwrap_or_default();
        let kept = self.0.get(&key(Path::new(&record.repository)));
        let same = matches!(kept, Some(Kept::Failed(known)) if *known == of_errors(&errors));
        same && record.outcome == Completeness::Failed
    }
}

/// A path, as short as a million of them need it.
pub(super) fn key(path: &Path) -> [u8; 16] {
    let mut short = [0; 16];
    let whole = Sha256::digest(path.as_os_str().as_bytes());
    short.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    short
}

fn of_errors(errors: &serde_json::Value) -> [u8; 16] {
    key(Path::new(&errors.to_string()))
}

/// Cuts off what comes after the last line break of a file, so that what is appended begins a line.
pub(super) fn cut_half_a_line(path: &Path) -> Result<(), Undecided> {
    let mut file = match File::options().read(true).write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        opened => opened.doing("write to", path)?,
    };
    let mut end = file.seek(SeekFrom::End(0)).doing("read", path)?;
    let mut block = vec![0; 64 << 10];
    while end > 0 {
        let from = end.saturating_sub(block.len() as u64);
        let length = usize::try_from(end - from).unwrap_or(block.len());
        let Some(part) = block.get_mut(..length) else { break };
        file.seek(SeekFrom::Start(from)).doing("read", path)?;
        file.read_exact(part).doing("read", path)?;
        if let Some(at) = part.iter().rposition(|&byte| byte == b'\n') {
            end = from + at as u64 + 1;
            break;
        }
        end = from;
    }
    file.set_len(end).doing("write to", path)?;
    Ok(())
}
