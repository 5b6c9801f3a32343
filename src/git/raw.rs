//! What git lists as changed, as `--raw -z` writes it.

use std::io::BufRead;

use super::GitError;
use super::run::unread;
use super::tree::{Node, node};
use crate::change::{ObjectId, RepoPath};

/// A line of `--raw` output (git-diff-index(1), "Raw output format").
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) old: Option<(Node, ObjectId)>,
    pub(super) new: Option<(Node, ObjectId)>,
    pub(super) path: RepoPath,
}

/// Reads a `--raw -z` list as git writes it.
pub(super) fn parse(raw: &mut dyn BufRead) -> Result<Vec<Raw>, GitError> {
    let mut lines = Vec::new();
    let (mut meta, mut path) = (Vec::new(), Vec::new());
    while field(raw, &mut meta)? {
        let odd = || GitError::Answer {
            command: "git diff --raw -z".to_owned(),
            what: String::from_utf8_lossy(&meta).into_owned(),
        };
        if !field(raw, &mut path)? {
            return Err(odd());
        }
        let path = RepoPath::new(path.as_slice());
        let text = std::str::from_utf8(&meta)
            .ok()
            .and_then(|text| text.strip_prefix(':'))
            .ok_or_else(odd)?;
        let mut words = text.split(' ');
        let [
            Some(old_mode),
            Some(new_mode),
            Some(old_id),
            Some(new_id),
            Some(status),
            None,
        ] = std::array::from_fn(|_| words.next())
        else {
            return Err(odd());
        };
        match status {
            "U" => return Err(GitError::Conflict { path }),
            "A" | "D" | "M" | "T" => {}
            _ => return Err(odd()),
        }
        let side = |mode: &str, id: &str| {
            let raw = u32::from_str_radix(mode, 8).ok()?;
            let id = ObjectId::from_hex(id)?;
            if raw == 0 {
                return Some(None);
            }
            // An index entry that has no id yet cannot be judged.
            (!id.is_zero()).then_some(Some((node(raw)?, id)))
        };
        lines.push(Raw {
            old: side(old_mode, old_id).ok_or_else(odd)?,
            new: side(new_mode, new_id).ok_or_else(odd)?,
            path,
        });
    }
    Ok(lines)
}

/// Reads the next field that is not empty, up to its zero byte; false at the end.
fn field(raw: &mut dyn BufRead, field: &mut Vec<u8>) -> Result<bool, GitError> {
    loop {
        field.clear();
        if raw.read_until(0, field).map_err(unread)? == 0 {
            return Ok(false);
        }
        if field.last() == Some(&0) {
            field.pop();
        }
        if !field.is_empty() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_git_s_raw_format() {
        let (a, b, zero) = ("1".repeat(40), "2".repeat(40), "0".repeat(40));
        let text = format!(":100644 100755 {a} {b} M\0a b\0:000000 120000 {zero} {b} A\0l\n\0");
        let lines = parse(&mut text.as_bytes()).unwrap();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].old.is_none() && lines[1].path.as_bytes() == b"l\n");
        let conflict = format!(":000000 000000 {zero} {zero} U\0x\0");
        assert!(matches!(
            parse(&mut conflict.as_bytes()),
            Err(GitError::Conflict { .. })
        ));
        for broken in [
            format!(":100644 100644 {a} {zero} M\0x\0"),
            format!(":100644 100644 {a} {b} R100\0x\0y\0"),
            "x\0y\0".into(),
        ] {
            assert!(parse(&mut broken.as_bytes()).is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&mut raw.as_slice());
        }
    }
}
