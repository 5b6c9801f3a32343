//! What a grammar of C++ does not take, written so that it does, at the same places: launches and qualifiers of CUDA, and annotations of locks.

/// Bytes that the configuration of a launch may have.
const LONG: usize = 1000;

/// Words in the place of `static` in C++.
const QUALIFIERS: &[&str] = &[
    "__global__",
    "__device__",
    "__host__",
    "__shared__",
    "__constant__",
    "__managed__",
    "__forceinline__",
    "__noinline__",
];

/// What tells a checker which lock is held, and no compiler anything: macros of several libraries, with or without `ABSL_` and the like before them.
const CHECKED: &[&str] = &[
    "GUARDED_BY",
    "PT_GUARDED_BY",
    "ACQUIRED_AFTER",
    "ACQUIRED_BEFORE",
    "EXCLUSIVE_LOCKS_REQUIRED",
    "SHARED_LOCKS_REQUIRED",
    "LOCKS_EXCLUDED",
    "LOCK_RETURNED",
    "EXCLUSIVE_LOCK_FUNCTION",
    "SHARED_LOCK_FUNCTION",
    "EXCLUSIVE_TRYLOCK_FUNCTION",
    "SHARED_TRYLOCK_FUNCTION",
    "UNLOCK_FUNCTION",
    "NO_THREAD_SAFETY_ANALYSIS",
    "LOCKABLE",
    "SCOPED_LOCKABLE",
];

/// What says how large a launch may be.
const BOUNDS: &[u8] = b"__launch_bounds__";

/// The content as C++: `kernel<<<grid, block>>>(x)` is a call of what a call gives, and qualifiers are `static`; `None` where there is nothing of the kind.
/// Every byte that stays is where it was, and no comment or text begins or ends elsewhere.
pub(super) fn as_cpp(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = text.to_vec();
    let mut changed = false;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(b"<<<")
            && let Some(length) = configuration(rest)
        {
            write(&mut out, at, b"  (");
            write(&mut out, at + length - 3, b")  ");
            changed = true;
            at += length;
            continue;
        }
        let begins = at
            .checked_sub(1)
            .and_then(|before| text.get(before))
            .is_none_or(|byte| !is_word(*byte));
        let word = QUALIFIERS
            .iter()
            .find(|word| begins && rest.starts_with(word.as_bytes()));
        if begins
            && rest.starts_with(BOUNDS)
            && let Some(length) = arguments(rest)
        {
            let mut spaced = vec![b' '; length];
            write(&mut spaced, 0, b"static");
            // Lines stay lines.
            for (place, byte) in spaced.iter_mut().zip(rest).filter(|(_, byte)| **byte == b'\n') {
                *place = *byte;
            }
            write(&mut out, at, &spaced);
            changed = true;
            at += length;
            continue;
        }
        if let Some(word) = word.filter(|word| rest.get(word.len()).is_none_or(|byte| !is_word(*byte))) {
            let mut spaced = vec![b' '; word.len()];
            write(&mut spaced, 0, b"static");
            write(&mut out, at, &spaced);
            changed = true;
            at += word.len();
            continue;
        }
        at += 1;
    }
    changed.then_some(out)
}

/// The content with blanks in the place of what only a checker reads, and of the macros before a class that export it; `None` where there is nothing of
/// the kind. What is compared is the content as it is.
pub(super) fn without_checks(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = text.to_vec();
    let mut changed = false;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let end = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        let length = match std::str::from_utf8(word) {
            Ok(word) if is_checked(word) => {
                let spaces = rest.get(end..).unwrap_or_default();
                let opens = spaces.trim_ascii_start().starts_with(b"(");
                if opens { arguments(rest) } else { Some(end) }
            }
            Ok(word) if word.ends_with("_EXPORT") => Some(end),
            _ => None,
        };
        if let Some(length) = length.filter(|_| !on_directive(text, at)) {
            for place in out.iter_mut().skip(at).take(length).filter(|byte| **byte != b'\n') {
                *place = b' ';
            }
            changed = true;
            at += length;
            continue;
        }
        at += end.max(1);
    }
    changed.then_some(out)
}

fn is_checked(word: &str) -> bool {
    let bare = CHECKED.iter().find(|known| word.ends_with(**known));
    bare.is_some_and(|known| word.len() == known.len() || word.ends_with(&format!("_{known}")))
}

/// Whether a line of the preprocessor says what a word is.
fn on_directive(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    line.trim_ascii_start().starts_with(b"#")
}

/// How long a launch's configuration is, with its marks.
fn configuration(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, &byte) in text.iter().enumerate().take(LONG).skip(3) {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            b';' | b'{' | b'}' => return None,
            b'>' if depth == 0 && text.get(at..at + 3) == Some(b">>>") => return Some(at + 3),
            _ => {}
        }
    }
    None
}

/// How long a word is with its arguments.
fn arguments(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, &byte) in text.iter().enumerate().take(LONG) {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            // A comment or a text in between ends where it ends.
            b';' | b'{' | b'}' | b'/' | b'"' | b'\'' => return None,
            _ => {}
        }
    }
    None
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn write(out: &mut [u8], at: usize, text: &[u8]) {
    if let Some(place) = out.get_mut(at..at + text.len()) {
        place.copy_from_slice(text);
    }
}
