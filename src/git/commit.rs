//! Reads commit objects: parents, tree, people, message.

use git2::{ObjectType, Oid};

use super::GitError;
use super::store::{Store, own};

/// An author or committer, as recorded in a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The name, as bytes.
    pub name: Vec<u8>,
    /// The address between `<` and `>`, as bytes.
    pub email: Vec<u8>,
}

/// The parts of a commit that certgate looks at.
#[derive(Clone, Debug)]
pub(super) struct Commit {
    pub(super) tree: Oid,
    pub(super) parents: Vec<Oid>,
    pub(super) author: Person,
    pub(super) committer: Person,
    /// Committer date, seconds since 1970.
    pub(super) time: i64,
    pub(super) message: Vec<u8>,
    /// The header `encoding`, if there is one: that of the message (git-commit(1), "Discussion").
    pub(super) encoding: Option<Vec<u8>>,
}

impl Commit {
    /// Reads the commit with this id, which must be there.
    pub(super) fn read(store: &Store, id: Oid) -> Result<Self, GitError> {
        let object = store.need(id, ObjectType::Commit, "commit")?;
        Self::of(id, object.data())
    }

    /// Reads it if libgit2 has it. Commits that a shallow clone lacks are not asked for.
    pub(super) fn local(store: &Store, id: Oid) -> Result<Option<Self>, GitError> {
        match store.local(id) {
            Some(object) if object.kind() == ObjectType::Commit => Self::of(id, object.data()).map(Some),
            Some(object) => Err(malformed(id, &format!("it is a {}", object.kind()))),
            None => Ok(None),
        }
    }

    fn of(id: Oid, data: &[u8]) -> Result<Self, GitError> {
        Self::parse(data).ok_or_else(|| malformed(id, "a header is missing or broken"))
    }

    fn parse(data: &[u8]) -> Option<Self> {
        let mut tree = None;
        let mut parents = Vec::new();
        let (mut author, mut committer, mut encoding) = (None, None, None);
        let mut rest = data;
        while let Some(end) = rest.iter().position(|&b| b == b'\n').filter(|&end| end > 0) {
            let (line, tail) = rest.split_at(end);
            rest = tail.get(1..).unwrap_or_default();
            // Only the first of each counts, and what follows a blank at the start of a line continues a header.
            if let Some(hex) = line.strip_prefix(b"tree ").filter(|_| tree.is_none()) {
                tree = Some(oid(hex)?);
            } else if let Some(hex) = line.strip_prefix(b"parent ").filter(|_| author.is_none()) {
                parents.push(oid(hex)?);
            } else if let Some(text) = line.strip_prefix(b"author ").filter(|_| author.is_none()) {
                author = Some(person(text));
            } else if let Some(text) = line.strip_prefix(b"committer ").filter(|_| committer.is_none()) {
                committer = Some(person(text));
            } else if let Some(name) = line.strip_prefix(b"encoding ").filter(|_| encoding.is_none()) {
                encoding = Some(name.to_vec());
            }
        }
        let (committer, time) = committer?;
        Some(Self {
            tree: tree?,
            parents,
            author: author?.0,
            committer,
            time,
            message: rest.get(1..).unwrap_or_default().to_vec(),
            encoding,
        })
    }
}

/// The parents of a commit, and its time: [`Commit`] without what walks do not look at.
pub(super) fn header(data: &[u8]) -> Option<(Vec<Oid>, i64)> {
    let commit = Commit::parse(data.get(..end_of_header(data))?)?;
    Some((commit.parents, commit.time))
}

/// Where the message begins.
fn end_of_header(data: &[u8]) -> usize {
    let end = data.windows(2).position(|pair| pair == b"\n\n");
    end.map_or(data.len(), |end| end + 1)
}

fn malformed(id: Oid, why: &str) -> GitError {
    GitError::Malformed {
        id: own(id),
        role: "commit",
        why: why.to_owned(),
    }
}

/// Reads 40 or 64 hexadecimal digits.
pub(super) fn oid(hex: &[u8]) -> Option<Oid> {
    let id = crate::change::ObjectId::from_hex(std::str::from_utf8(hex).ok()?)?;
    Oid::from_bytes(id.as_bytes()).ok()
}

/// Splits `Name <address> seconds zone` as git does (split_ident_line in its source): the address ends at the first `>`, the date begins
/// after the last. A broken date counts as 1970.
pub(super) fn person(text: &[u8]) -> (Person, i64) {
    let open = text.iter().position(|&b| b == b'<').unwrap_or(text.len());
    let (name, rest) = text.split_at(open);
    let rest = rest.get(1..).unwrap_or_default();
    let close = rest.iter().position(|&b| b == b'>').unwrap_or(rest.len());
    let email = rest.get(..close).unwrap_or_default();
    let last = rest.iter().rposition(|&b| b == b'>').unwrap_or(rest.len());
    let time = std::str::from_utf8(rest.get(last + 1..).unwrap_or_default()).unwrap_or_default();
    let time = time
        .split_ascii_whitespace()
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or(0);
    let person = Person {
        name: name.trim_ascii().to_vec(),
        email: email.trim_ascii().to_vec(),
    };
    (person, time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_headers_and_keeps_the_message() {
        let hex = "0123456789abcdef0123456789abcdef01234567";
        let text = format!(
            "tree {hex}\nparent {hex}\nauthor A B <a@b> 12 +0100\ncommitter C <c> 34 +0000\ngpgsig x\n tree y\n\n\nfix\n\nmore\n"
        );
        let commit = Commit::parse(text.as_bytes()).unwrap();
        assert_eq!((commit.parents.len(), commit.time), (1, 34));
        assert_eq!(
            (commit.author.name.as_slice(), commit.committer.email.as_slice()),
            (&b"A B"[..], &b"c"[..])
        );
        assert_eq!(commit.message, b"\nfix\n\nmore\n");
        assert!(Commit::parse(b"author A <a> 1 +0000\n\nx").is_none());
    }

    #[test]
    fn an_address_ends_where_git_has_it_end() {
        let (who, time) = person(b"A <a@b> <c@d> 12 +0000");
        assert_eq!((who.email.as_slice(), time), (&b"a@b"[..], 12));
        let (who, time) = person(b"A <a@b>> 12 +0000");
        assert_eq!((who.email.as_slice(), time), (&b"a@b"[..], 12));
    }

    proptest! {
        #[test]
        fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Commit::parse(&data);
            let _ = Commit::parse(&[b"tree 0123456789abcdef0123456789abcdef01234567\ncommitter ", data.as_slice()].concat());
        }
    }
}
