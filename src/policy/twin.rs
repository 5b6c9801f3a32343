//! Paths that a file system takes for one another: on a disk that ignores case, Unicode normal form, or code points that nobody sees,
//! `SRC/train/loop.py` is checked out over `src/train/loop.py`. Git guards `.git` against that (`core.protectHFS`, `core.protectNTFS`), and
//! here what is gated is guarded.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// A path, and what it folds to.
#[derive(Clone, Debug)]
pub struct TwinPath<'p> {
    pub(super) path: &'p [u8],
    /// The components of `path`.
    pub(super) parts: Vec<&'p [u8]>,
    pub(super) folded: Cow<'p, [u8]>,
}

impl<'p> TwinPath<'p> {
    /// Folds a path.
    pub fn new(path: &'p [u8]) -> Self {
        Self {
            path,
            parts: components(path),
            folded: folded(path),
        }
    }

    /// What the path folds to, as text.
    pub fn folded(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.folded)
    }

    /// True when the path lies below a directory (plain, no trailing slash) or equals it, after folding.
    pub fn is_within(&self, directory: &[u8]) -> bool {
        self.folded
            .strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.first() == Some(&b'/'))
    }
}

/// What is between the slashes of a path.
pub(super) fn components(path: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::with_capacity(path.iter().filter(|&&byte| byte == b'/').count() + 1);
    parts.extend(path.split(|&byte| byte == b'/'));
    parts
}

/// True for what folds to itself: ASCII without capitals.
pub(super) fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
}

/// The text in normal form C and small letters, without code points that are ignored when displayed. Bytes that are no UTF-8 stay.
///
/// Small letters are those of the capital: so `ß` meets `SS` and `ſ` meets `s`, as in file systems with full case folding.
pub(super) fn folded(text: &[u8]) -> Cow<'_, [u8]> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    let mut all = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        let part: String = chunk
            .valid()
            .nfd()
            .filter(|&character| !is_ignorable(character))
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            .nfc()
            .collect();
        all.extend_from_slice(part.as_bytes());
        all.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(all)
}

/// Unicode's `Default_Ignorable_Code_Point`, which holds all that HFS+ ignores.
pub(super) fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> String {
        String::from_utf8(folded(text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn twins_fold_to_the_same() {
        for (one, other) in [
            ("SRC/Train/loop.PY", "src/train/loop.py"),
            ("caf\u{e9}", "CAFE\u{301}"),
            ("src\u{200c}/tra\u{feff}in", "src/train"),
            ("\u{17f}rc", "src"),
            ("\u{212a}ernel", "kernel"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{fb01}t", "fit"),
            ("\u{3a3}\u{3c2}", "\u{3c3}\u{3c3}"),
        ] {
            assert_eq!(of(one), of(other), "{one} {other}");
        }
        assert_ne!(
            of("src/train"),
            of("src/tra\u{456}n"),
            "a homoglyph is another file everywhere"
        );
        assert!(matches!(folded(b"src/a_b-1.py"), Cow::Borrowed(_)));
        assert_eq!(*folded(b"A\xff\xc3B"), *b"a\xff\xc3b");
    }

    #[test]
    fn a_directory_holds_its_twins() {
        assert!(TwinPath::new(b".Certgate/policy.yaml").is_within(b".certgate"));
        assert!(TwinPath::new(".cert\u{200b}gate".as_bytes()).is_within(b".certgate"));
        assert!(!TwinPath::new(b".Certgates/x").is_within(b".certgate"));
    }

    proptest! {
        #[test]
        fn what_cannot_be_told_apart_on_some_disk_folds_to_the_same(text in r"[a-zA-Z0-9éÉüÅßςΣ가/._-]{0,24}", at in 0usize..24) {
            let nfd: String = text.nfd().collect();
            let shouted: String = text.chars().flat_map(char::to_uppercase).collect();
            let mut hidden: Vec<char> = text.chars().collect();
            hidden.insert(at.min(hidden.len()), '\u{200d}');
            let hidden: String = hidden.into_iter().collect();
            for twin in [nfd, shouted, text.to_lowercase(), hidden] {
                prop_assert_eq!(of(&text), of(&twin), "{}", twin);
            }
        }

        #[test]
        fn folding_is_done_once_and_adds_no_slash(bytes in proptest::collection::vec(any::<u8>(), 0..40), text in any::<String>()) {
            for given in [&bytes[..], text.as_bytes()] {
                let once = folded(given).into_owned();
                prop_assert_eq!(&*folded(&once), &once[..]);
                let slashes = |of: &[u8]| of.iter().filter(|&&byte| byte == b'/').count();
                prop_assert_eq!(slashes(&once), slashes(given));
            }
        }
    }
}
