//! The lines that git gives to hooks about refs (githooks(5)): pre-push, pre-receive, reference-transaction.

use super::GitError;
use crate::change::ObjectId;

/// What happens to a ref. Zero ids of git's format have become variants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefUpdate {
    /// It does not exist yet. In a reference transaction it may, when git does not care about its old value.
    Create {
        /// The full name, such as `refs/heads/main`.
        name: String,
        /// The new object.
        new: ObjectId,
    },
    /// It moves, forward or not.
    Update {
        /// The full name.
        name: String,
        /// The old object; it may be unknown here.
        old: ObjectId,
        /// The new object.
        new: ObjectId,
    },
    /// It goes away.
    Delete {
        /// The full name.
        name: String,
        /// The old object.
        old: ObjectId,
    },
}

impl RefUpdate {
    /// The full name of the ref.
    pub fn name(&self) -> &str {
        match self {
            Self::Create { name, .. } | Self::Update { name, .. } | Self::Delete { name, .. } => name,
        }
    }

    /// Takes off the namespaces that the name lies in (gitnamespaces(7)), `refs/namespaces/NAME/` for each, and returns them; for most
    /// refs, nothing. `outer` is the namespace that the name was given in.
    pub fn leave_namespace(&mut self, outer: &str) -> String {
        let (Self::Create { name, .. } | Self::Update { name, .. } | Self::Delete { name, .. }) = self;
        let whole = format!("{outer}{name}");
        let mut rest = whole.as_str();
        while let Some((_, inner)) = rest.strip_prefix(NAMESPACES).and_then(|rest| rest.split_once('/')) {
            rest = inner;
        }
        let namespace = whole.strip_suffix(rest).unwrap_or_default().to_owned();
        *name = rest.to_owned();
        namespace
    }

    /// The name without `refs/heads/`, where the ref is a branch.
    pub fn branch(&self) -> Option<&str> {
        self.name().strip_prefix("refs/heads/")
    }

    /// What a push for review asks to have merged, and into which branch: `refs/for/BRANCH` (Gerrit, AGit), with what comes after `%`
    /// left out. The longest name comes first; what is cut off of it may be a topic (`refs/for/BRANCH/TOPIC`). None for other refs.
    pub fn review_of(&self) -> Vec<&str> {
        const FOR: [&str; 4] = ["refs/for/", "refs/drafts/", "refs/draft/", "refs/for-review/"];
        let Some(rest) = FOR.iter().find_map(|prefix| self.name().strip_prefix(prefix)) else {
            return Vec::new();
        };
        let rest = rest.split('%').next().unwrap_or(rest);
        let rest = rest.strip_prefix("refs/heads/").unwrap_or(rest);
        let cut = rest.rmatch_indices('/').filter_map(|(at, _)| rest.get(..at));
        std::iter::once(rest)
            .chain(cut)
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// What it pointed at.
    pub fn old(&self) -> Option<&ObjectId> {
        match self {
            Self::Create { .. } => None,
            Self::Update { old, .. } | Self::Delete { old, .. } => Some(old),
        }
    }

    /// What it will point at.
    pub fn new_id(&self) -> Option<&ObjectId> {
        match self {
            Self::Delete { .. } => None,
            Self::Create { new, .. } | Self::Update { new, .. } => Some(new),
        }
    }

    /// `None` where nothing was there and nothing will be.
    fn of(name: String, old: ObjectId, new: ObjectId) -> Option<Self> {
        match (old.is_zero(), new.is_zero()) {
            (true, true) => None,
            (true, false) => Some(Self::Create { name, new }),
            (false, true) => Some(Self::Delete { name, old }),
            (false, false) => Some(Self::Update { name, old, new }),
        }
    }
}

/// Reads the input of `pre-push`: `<local ref> <local id> <remote ref> <remote id>` per line. The names are those at the remote.
pub fn pre_push(input: &[u8]) -> Result<Vec<RefUpdate>, GitError> {
    read(input, "`<local ref> <local id> <remote ref> <remote id>`", |line| {
        // Only the local ref can hold blanks: it is what the user typed, such as `HEAD^{/fix bug}`.
        let mut words = line.rsplitn(4, |&b| b == b' ');
        let (old, name, new, _) = (words.next()?, words.next()?, words.next()?, words.next()?);
        Some((name, id(old)?, id(new)?))
    })
}

/// Reads the input of `pre-receive` (and `post-receive`): `<old id> <new id> <ref>` per line.
pub fn pre_receive(input: &[u8]) -> Result<Vec<RefUpdate>, GitError> {
    read(input, "`<old id> <new id> <ref>`", |line| {
        let mut words = line.splitn(3, |&b| b == b' ');
        let (old, new, name) = (words.next()?, words.next()?, words.next()?);
        Some((name, id(old)?, id(new)?))
    })
}

/// Reads the input of `reference-transaction`: as `pre-receive`, and lines with `ref:` for symbolic refs. What becomes a symbolic ref is
/// left out here, see [`made_symbolic`]; what was one has no old id.
pub fn reference_transaction(input: &[u8]) -> Result<Vec<RefUpdate>, GitError> {
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for line in input.split(|&b| b == b'\n') {
        let mut words = line.splitn(3, |&b| b == b' ');
        match (words.next(), words.next(), words.next()) {
            (_, Some(new), _) if new.starts_with(SYMBOLIC) => {}
            (Some(old), Some(new), Some(name)) if old.starts_with(SYMBOLIC) => {
                kept.push([&b"0".repeat(new.len()), new, name].join(&b' '));
            }
            _ => kept.push(line.to_vec()),
        }
    }
    pre_receive(&kept.join(&b'\n'))
}

/// What the name of a ref in a namespace begins with.
pub(super) const NAMESPACES: &str = "refs/namespaces/";

/// What the value of a symbolic ref begins with.
const SYMBOLIC: &[u8] = b"ref:";

/// The refs that a reference transaction makes symbolic, each with what it will name (git 2.46 and later tell).
pub fn made_symbolic(input: &[u8]) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let lines = input.split(|&b| b == b'\n');
    lines
        .filter_map(|line| {
            let mut words = line.splitn(3, |&b| b == b' ').skip(1);
            let target = words.next()?.strip_prefix(SYMBOLIC)?;
            Some((text(words.next()?), text(target)))
        })
        .collect()
}

fn read(
    input: &[u8],
    form: &str,
    parse: impl Fn(&[u8]) -> Option<(&[u8], ObjectId, ObjectId)>,
) -> Result<Vec<RefUpdate>, GitError> {
    let mut updates = Vec::new();
    let lines = input.strip_suffix(b"\n").unwrap_or(input).split(|&b| b == b'\n');
    for (at, line) in lines.enumerate().filter(|_| !input.is_empty()) {
        let broken = |why: String| GitError::Input { line: at + 1, why };
        let (name, old, new) = parse(line).ok_or_else(|| broken(format!("expected {form}, ids of 40 or 64 digits")))?;
        if old.as_bytes().len() != new.as_bytes().len() {
            return Err(broken("the two ids differ in length".to_owned()));
        }
        if name.is_empty() || name.iter().any(|&b| b.is_ascii_control() || b == b' ') {
            return Err(broken("the name of the ref is not one".to_owned()));
        }
        updates.extend(RefUpdate::of(String::from_utf8_lossy(name).into_owned(), old, new));
    }
    Ok(updates)
}

fn id(hex: &[u8]) -> Option<ObjectId> {
    ObjectId::from_hex(std::str::from_utf8(hex).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    fn oid(hex: &str) -> ObjectId {
        ObjectId::from_hex(hex).unwrap()
    }

    #[test]
    fn reads_pushes_of_every_kind() {
        let input = format!(
            "refs/heads/a {A} refs/heads/b {B}\n(delete) {ZERO} refs/heads/c {B}\nHEAD^{{/fix bug}} {A} refs/tags/v1 {ZERO}\n"
        );
        let updates = pre_push(input.as_bytes()).unwrap();
        assert_eq!(
            updates,
            [
                RefUpdate::Update {
                    name: "refs/heads/b".into(),
                    old: oid(B),
                    new: oid(A)
                },
                RefUpdate::Delete {
                    name: "refs/heads/c".into(),
                    old: oid(B)
                },
                RefUpdate::Create {
                    name: "refs/tags/v1".into(),
                    new: oid(A)
                },
            ]
        );
        assert_eq!(updates[0].branch(), Some("b"));
        assert_eq!(pre_push(b"").unwrap(), []);
    }

    #[test]
    fn reads_receives_and_transactions() {
        let input = format!("{A} {B} refs/heads/a\n{ZERO} ref:refs/heads/a HEAD\n");
        assert!(pre_receive(input.as_bytes()).is_err());
        assert_eq!(reference_transaction(input.as_bytes()).unwrap().len(), 1);
        assert_eq!(
            made_symbolic(input.as_bytes()),
            [("HEAD".to_owned(), "refs/heads/a".to_owned())]
        );
        let was_symbolic = format!("ref:refs/heads/b {A} refs/heads/a\n");
        assert_eq!(
            reference_transaction(was_symbolic.as_bytes()).unwrap(),
            [RefUpdate::Create {
                name: "refs/heads/a".into(),
                new: oid(A)
            }]
        );
        let wide = format!("{} {} refs/heads/a", "3".repeat(64), "0".repeat(64));
        assert!(matches!(
            pre_receive(wide.as_bytes()).unwrap()[..],
            [RefUpdate::Delete { .. }]
        ));
        assert_eq!(
            pre_receive(format!("{ZERO} {ZERO} refs/heads/gone\n").as_bytes()).unwrap(),
            []
        );
    }

    #[test]
    fn names_leave_their_namespaces() {
        for (outer, name, namespace, rest) in [
            ("", "refs/heads/main", "", "refs/heads/main"),
            (
                "refs/namespaces/a/",
                "refs/heads/main",
                "refs/namespaces/a/",
                "refs/heads/main",
            ),
            (
                "refs/namespaces/a/",
                "refs/namespaces/b/refs/tags/v1",
                "refs/namespaces/a/refs/namespaces/b/",
                "refs/tags/v1",
            ),
            ("", "refs/namespaces/a", "", "refs/namespaces/a"),
            (
                "",
                "refs/heads/refs/namespaces/a/b",
                "",
                "refs/heads/refs/namespaces/a/b",
            ),
        ] {
            let name = name.to_owned();
            let mut update = RefUpdate::Create {
                name,
                new: oid(&"1".repeat(40)),
            };
            assert_eq!(update.leave_namespace(outer), namespace);
            assert_eq!(update.name(), rest);
        }
    }

    #[test]
    fn a_push_for_review_names_its_branch() {
        let of = |name: &str| {
            let name = name.to_owned();
            let new = oid(A);
            RefUpdate::Create { name, new }.review_of().join(" ")
        };
        assert_eq!(of("refs/for/main"), "main");
        assert_eq!(of("refs/for/refs/heads/main%topic=x,r=a@b"), "main");
        assert_eq!(of("refs/drafts/release/1/topic"), "release/1/topic release/1 release");
        assert_eq!(of("refs/heads/for/main"), "");
        assert_eq!(of("refs/for/"), "");
    }

    #[test]
    fn refuses_what_git_does_not_write() {
        for broken in [
            format!("{A} {B}\n"),
            format!("{A} {} refs/heads/a\n", "2".repeat(64)),
            format!("{A} 12 refs/heads/a\n"),
            format!("{A} {B} \n"),
            format!("{A} {B} refs/heads/a\n\n"),
            format!("{A} {B} refs/heads/\u{1b}a\n"),
            "\n".to_owned(),
        ] {
            assert!(
                matches!(pre_receive(broken.as_bytes()), Err(GitError::Input { .. })),
                "{broken:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics(input in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (pre_push(&input), pre_receive(&input), reference_transaction(&input), made_symbolic(&input));
        }

        #[test]
        fn never_panics_on_what_looks_right(input in "([0-2]{39,41} |[0-9a-f]{64} |refs/heads/[a ]{0,2}|\n| ){0,12}") {
            let _ = (pre_push(input.as_bytes()), pre_receive(input.as_bytes()), reference_transaction(input.as_bytes()));
        }
    }
}
