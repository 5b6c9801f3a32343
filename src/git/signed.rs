//! Commits and the signatures in them, taken apart as git does (gitformat-signature(5)). Nothing is verified here.

use git2::ObjectType;

use super::store::own;
use super::{GitError, Repository};
use crate::change::ObjectId;

/// A commit, and the signature that it carries.
#[derive(Clone, Debug)]
pub struct SignedCommit {
    /// Its id.
    pub id: ObjectId,
    /// Committer date, seconds since 1970.
    pub time: i64,
    /// What the signature is over: the commit without it.
    pub payload: Vec<u8>,
    /// The signature; `None` where there is none, or more than one.
    pub signature: Option<Vec<u8>>,
}

impl Repository {
    /// The commits that are reachable from one of `heads` and from none of `excluded`, with their signatures.
    pub fn signed_commits(&self, excluded: &[ObjectId], heads: &[ObjectId]) -> Result<Vec<SignedCommit>, GitError> {
        let header: &[u8] = match self.store.hex_length() {
            40 => b"gpgsig ",
            _ => b"gpgsig-sha256 ",
        };
        let mut found = Vec::new();
        for ranged in self.between(excluded, heads)? {
            let object = self.store.need(ranged.id, ObjectType::Commit, "commit")?;
            let (payload, signature) = split(object.data(), header);
            found.push(SignedCommit {
                id: own(ranged.id),
                time: ranged.commit.time,
                payload,
                signature,
            });
        }
        Ok(found)
    }
}

/// A commit without its signature, and the signature, where there is one and nothing else that begins like one.
fn split(commit: &[u8], header: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut payload = Vec::with_capacity(commit.len());
    let mut signature: Option<Vec<u8>> = None;
    let mut inside = false;
    let mut rest = commit;
    while !rest.is_empty() {
        let end = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(rest.len(), |at| at + 1);
        let (line, tail) = rest.split_at(end);
        if line == b"\n" {
            // The message follows.
            payload.extend_from_slice(rest);
            break;
        }
        rest = tail;
        if let Some(more) = line.strip_prefix(b" ").filter(|_| inside) {
            signature.get_or_insert_default().extend_from_slice(more);
            continue;
        }
        inside = false;
        if let Some(first) = line.strip_prefix(header).filter(|_| signature.is_none()) {
            inside = true;
            signature = Some(first.to_vec());
        } else if line.starts_with(b"gpgsig") {
            return (commit.to_vec(), None);
        } else {
            payload.extend_from_slice(line);
        }
    }
    (payload, signature)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_signature_is_taken_out_of_the_headers_alone() {
        let commit =
            b"tree 1\nauthor A\ngpgsig -----BEGIN\n AB\n \n -----END\nencoding x\n continued\n\ngpgsig not this\n";
        let (payload, signature) = split(commit, b"gpgsig ");
        assert_eq!(
            payload,
            b"tree 1\nauthor A\nencoding x\n continued\n\ngpgsig not this\n"
        );
        assert_eq!(signature.unwrap(), b"-----BEGIN\nAB\n\n-----END\n");
        assert_eq!(split(b"tree 1\n\nx", b"gpgsig "), (b"tree 1\n\nx".to_vec(), None));
        for two in [
            &b"tree 1\ngpgsig a\ngpgsig b\n\nx"[..],
            b"tree 1\ngpgsig a\ngpgsig-sha256 b\n\nx",
            b"gpgsig-sha256 b\ntree 1\n\nx",
        ] {
            assert_eq!(split(two, b"gpgsig ").1, None);
        }
    }
}
