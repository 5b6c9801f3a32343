//! What happened to some paths, commit by commit, from the first commit on.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::raw::parse;
use super::{GitError, Repository};
use crate::change::{FileChange, ObjectId};

/// What a commit did to the paths, compared with one of its parents (or, for a root, with nothing).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The commit.
    pub commit: ObjectId,
    /// What differs, sorted by path; nothing is detected as renamed.
    pub files: Vec<FileChange>,
}

/// What a header of a commit begins with, which nothing else in the place of a header can.
const HEADER: u8 = 2;

impl Repository {
    /// Everything that the commits reachable from `tip` did below (or at) the prefixes, parents before children. A merge is compared with
    /// each of its parents, and no commit is left out, however its parents agree: what a merge drops is reported.
    ///
    /// # Errors
    ///
    /// A shallow clone cannot tell what came before.
    pub fn touches(&self, tip: &ObjectId, prefixes: &[Vec<u8>]) -> Result<Vec<Touch>, GitError> {
        if self.is_shallow() {
            return Err(GitError::Shallow { commit: tip.clone() });
        }
        let mut arguments: Vec<OsString> = [
            "--literal-pathspecs",
            "log",
            "--topo-order",
            "--reverse",
            "--full-history",
            "--sparse",
            "-m",
            "--root",
            "--raw",
            "-z",
            "--no-renames",
            "--no-abbrev",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--no-show-signature",
            "--no-notes",
            "--no-decorate",
            "--ignore-submodules=none",
            "--format=tformat:%x02%H",
        ]
        .map(OsString::from)
        .to_vec();
        arguments.push(OsString::from(tip.to_string()));
        arguments.push(OsString::from("--"));
        if !prefixes.iter().any(Vec::is_empty) {
            arguments.extend(prefixes.iter().map(|prefix| OsStr::from_bytes(prefix).to_owned()));
        }
        let output = self.runner.read(&arguments)?;
        self.read_touches(&output)
    }

    fn read_touches(&self, output: &[u8]) -> Result<Vec<Touch>, GitError> {
        let odd = |field: &[u8]| GitError::Answer {
            command: "git log --raw -z".to_owned(),
            what: String::from_utf8_lossy(field.get(..80).unwrap_or(field)).into_owned(),
        };
        let mut touches = Vec::new();
        let mut open: Option<(ObjectId, Vec<u8>)> = None;
        let mut fields = output.split(|&byte| byte == 0);
        while let Some(field) = fields.next() {
            let field = field.strip_prefix(b"\n").unwrap_or(field);
            match field.split_first() {
                None => {}
                Some((&HEADER, hex)) => {
                    let id = std::str::from_utf8(hex).ok().and_then(ObjectId::from_hex);
                    let id = id.ok_or_else(|| odd(field))?;
                    self.close(open.replace((id, Vec::new())), &mut touches)?;
                }
                Some(_) => {
                    let (_, raw) = open.as_mut().ok_or_else(|| odd(field))?;
                    let path = fields.next().ok_or_else(|| odd(field))?;
                    for part in [field, path] {
                        raw.extend_from_slice(part);
                        raw.push(0);
                    }
                }
            }
        }
        self.close(open, &mut touches)?;
        Ok(touches)
    }

    fn close(&self, open: Option<(ObjectId, Vec<u8>)>, touches: &mut Vec<Touch>) -> Result<(), GitError> {
        if let Some((commit, raw)) = open.filter(|(_, raw)| !raw.is_empty()) {
            let files = self.listed(parse(&mut raw.as_slice())?)?;
            touches.push(Touch { commit, files });
        }
        Ok(())
    }
}
