//! Whether a change of a manifest or a lock file is nothing but a few versions that grew a little.
//!
//! Both sides are read as what they are and compared value by value: names, sources, registries, features, and the check sum of a version that
//! stays are as they were. What cannot be read so is no bump. Whether a check sum is right is not known here: package managers look at that.

mod cargo;
mod go;
mod npm;
mod python;
mod tree;
mod version;

use std::fmt;

use crate::change::RepoPath;
use crate::policy::BumpSize;

/// A version that grew.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bump {
    /// Of what.
    pub name: String,
    /// What it was.
    pub from: String,
    /// What it is.
    pub to: String,
}

impl fmt::Display for Bump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.name, self.from, self.to)
    }
}

/// The versions that grew, as far as the file is compared; and how far they may.
struct Bumps {
    max: BumpSize,
    found: Vec<Bump>,
}

/// What else differs than versions that may grow: so it is no bump.
struct Other;

impl Bumps {
    /// Takes note of a version. True where it differs.
    fn version(&mut self, name: &str, from: &str, to: &str) -> Result<bool, Other> {
        if from == to {
            return Ok(false);
        }
        let size = version::growth(from, to).ok_or(Other)?;
        if size > self.max {
            return Err(Other);
        }
        self.note(name, from, to);
        Ok(true)
    }

    /// The same of a text in which versions are among operators, such as `>=1.2, <2`.
    fn requirement(&mut self, name: &str, from: &str, to: &str) -> Result<(), Other> {
        if from == to {
            return Ok(());
        }
        let size = version::requirement_growth(from, to).ok_or(Other)?;
        if size > self.max {
            return Err(Other);
        }
        self.note(name, from, to);
        Ok(())
    }

    fn note(&mut self, name: &str, from: &str, to: &str) {
        let bump = Bump {
            name: name.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        if !self.found.contains(&bump) {
            self.found.push(bump);
        }
    }
}

/// Holds if two things are the same.
fn same<T: PartialEq + ?Sized>(a: &T, b: &T) -> Result<(), Other> {
    match a == b {
        true => Ok(()),
        false => Err(Other),
    }
}

/// Whether two versions or requirements differ, and by no more than that much growth.
pub(super) fn grew_at_most(from: &str, to: &str, size: BumpSize) -> bool {
    version::requirement_growth(from, to).is_some_and(|growth| growth <= size)
}

/// The numbers of a version that has nothing else.
pub(super) fn plain_numbers(version: &str) -> Option<Vec<u64>> {
    version::numbers(version)
}

/// True for files that [`bumps`] can read.
pub fn is_manifest(path: &RepoPath) -> bool {
    reader(path).is_some()
}

type Reader = fn(&str, &str, &mut Bumps) -> Result<(), Other>;

fn reader(path: &RepoPath) -> Option<Reader> {
    let name = path.file_name();
    Some(match name {
        b"Cargo.toml" => cargo::manifest,
        b"Cargo.lock" => cargo::lock,
        b"package.json" => npm::manifest,
        b"package-lock.json" | b"npm-shrinkwrap.json" => npm::lock,
        b"go.mod" => go::module,
        b"go.sum" => go::sums,
        b"pyproject.toml" => python::project,
        _ if name.starts_with(b"requirements") && name.ends_with(b".txt") => python::requirements,
        _ => return None,
    })
}

/// The versions that grew between two contents of a file, each by at most `max`; `None` where anything else differs, where none did, or where
/// the file is of no kind that can be read.
pub fn bumps(path: &RepoPath, before: &[u8], after: &[u8], max: BumpSize) -> Option<Vec<Bump>> {
    let reader = reader(path)?;
    let (before, after) = (std::str::from_utf8(before).ok()?, std::str::from_utf8(after).ok()?);
    let mut bumps = Bumps { max, found: Vec::new() };
    reader(before, after, &mut bumps).ok()?;
    Some(bumps.found).filter(|found| !found.is_empty())
}

#[cfg(test)]
mod tests;
