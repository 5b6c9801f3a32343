//! What every ref of a repository names, as one digest: where it is the same, nothing has moved.

use sha2::{Digest as _, Sha256};

use super::{GitError, Repository};
use crate::change::Digest;

impl Repository {
    /// The SHA-256 of all refs with what they name, and of HEAD. Objects are not looked at, so broken refs have a digest, too.
    ///
    /// # Errors
    ///
    /// Whatever keeps git from listing, and a HEAD that cannot be read.
    pub fn heads_digest(&self) -> Result<Digest, GitError> {
        let listed = self
            .runner
            .read(&["for-each-ref", "--format=%(objectname) %(symref) %(refname)"])?;
        let (name, id) = self.head_id()?;
        let mut hash = Sha256::new();
        hash.update(&listed);
        hash.update(b"HEAD ");
        match (name, id) {
            (Some(name), _) => hash.update(name.as_bytes()),
            (None, Some(id)) => hash.update(id.as_bytes()),
            (None, None) => {}
        }
        Ok(Digest(hash.finalize().into()))
    }
}
