//! What is staged, read from the index itself (gitformat-index(5)): versions 2 to 4, SHA-1 and SHA-256.
//!
//! Directories that the cache tree says are those of HEAD are stepped over, so the work grows with what is staged; the file is read in
//! pieces, so memory does not grow with it. Whatever is not known here is left to git: split and sparse indexes, conflicts, entries that
//! are only meant to be added, an extension without which the index cannot be understood, a file that is not as it should be.

mod cached;
mod compare;
mod entries;
mod file;
mod unknown;

use std::path::Path;

use compare::Comparison;
use file::Index;

use super::raw::Raw;
use super::store::Store;

/// What differs between a tree and the index at a path, in no order; `None` where git has to be asked.
pub(super) fn compare(store: &Store, path: &Path, tree: git2::Oid) -> Option<Vec<Raw>> {
    let index = Index::read(path, store.hex_length() / 2).ok()?;
    Comparison::new(store, &index).run(tree).ok()
}

#[cfg(test)]
mod tests;
