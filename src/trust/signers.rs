//! The list of allowed signers (ssh-keygen(1), ALLOWED SIGNERS), read strictly: where OpenSSH skips a line that it does not understand,
//! the full list is refused.

use super::key::{CERTIFIED, KeyError, PublicKey, unbase64};
use super::problem::SignersError;
use super::validity::{self, Window};
use super::{MAX_SIGNERS, pattern};

/// Who may sign with which key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signers {
    pub(super) lines: Vec<Line>,
}

/// One line: a key, and whom it speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// A list of patterns.
    pub(super) principals: String,
    /// The key is that of an authority, whose certificates name principals.
    pub(super) authority: bool,
    /// A list of patterns of namespaces; without it, any.
    pub(super) namespaces: Option<String>,
    pub(super) window: Window,
    pub(super) key: PublicKey,
}

impl Signers {
    /// Reads the file.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignersError> {
        let mut lines = Vec::new();
        for (number, text) in text_lines(bytes)? {
            lines.push(line(text).map_err(|why| SignersError::at(number, why))?);
        }
        Ok(Self { lines })
    }

    /// True where the list has no lines.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether any line, whatever its options, is for a principal.
    pub fn knows(&self, principal: &str) -> bool {
        self.lines
            .iter()
            .any(|line| pattern::list_fits(principal, &line.principals))
    }

    /// The principals that the list names, in its order, as written: some may be patterns, and some may be more than once.
    pub fn principals(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().flat_map(|line| positive(&line.principals))
    }
}

/// The items of a list that do not exclude.
pub(super) fn positive(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(|item| !item.starts_with('!'))
}

/// The lines that say something, with their numbers, without white space at their ends.
pub(super) fn text_lines(bytes: &[u8]) -> Result<Vec<(usize, &str)>, SignersError> {
    if bytes.len() as u64 > MAX_SIGNERS {
        return Err(SignersError::whole(format!("it is larger than {MAX_SIGNERS} bytes")));
    }
    let mut found = Vec::new();
    for (index, raw) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let number = index + 1;
        let text = std::str::from_utf8(raw).map_err(|_| SignersError::at(number, "the line is not UTF-8"))?;
        let text = text.strip_suffix('\r').unwrap_or(text).trim_matches([' ', '\t']);
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if text.contains(|c: char| (c.is_control() && c != '\t') || c == '\u{feff}') {
            return Err(SignersError::at(number, "the line holds a control character"));
        }
        found.push((number, text));
    }
    Ok(found)
}

const BLANK: [char; 2] = [' ', '\t'];

fn line(text: &str) -> Result<Line, String> {
    let (principals, rest) = principals(text)?;
    let rest = rest.trim_start_matches(BLANK);
    let (options, key) = match read_key(rest)? {
        Some(key) => (Options::default(), key),
        None => {
            let (options, rest) = options(rest)?;
            let key = read_key(rest.trim_start_matches(BLANK))?;
            (options, key.ok_or("the options are not followed by a key")?)
        }
    };
    if let Some(weakness) = key.weakness() {
        return Err(format!(
            "the key could never sign anything that counts: {weakness}; remove the line"
        ));
    }
    Ok(Line {
        principals: principals.to_owned(),
        authority: options.authority,
        namespaces: options.namespaces,
        window: options.window,
        key,
    })
}

/// The list of principals, and what follows it.
fn principals(text: &str) -> Result<(&str, &str), String> {
    let (list, rest) = match text.strip_prefix('"') {
        Some(quoted) => {
            let (list, rest) = quoted.split_once('"').ok_or("a quote is not closed")?;
            if !rest.starts_with(BLANK) {
                return Err("the closing quote must be followed by a blank".to_owned());
            }
            (list, rest)
        }
        None => text
            .split_once(BLANK)
            .ok_or("the principals are not followed by a key")?,
    };
    if list.contains('"') {
        return Err("a quote is within the principals".to_owned());
    }
    for item in list.split(',') {
        let name = item.strip_prefix('!').unwrap_or(item);
        if name.is_empty() {
            return Err("a principal is empty".to_owned());
        }
        if name.len() > pattern::LONGEST {
            return Err(format!("a principal is longer than {} bytes", pattern::LONGEST));
        }
    }
    Ok((list, rest))
}

/// Reads `type base64 [comment]`; `None` where the first word is no type of a key.
pub(super) fn read_key(text: &str) -> Result<Option<PublicKey>, String> {
    let (kind, rest) = text.split_once(BLANK).unwrap_or((text, ""));
    if kind.ends_with(CERTIFIED) {
        return Err(
            "a certificate is given where a key is expected: list the key itself, or the authority's with cert-authority"
                .to_owned(),
        );
    }
    if !is_type(kind) {
        return Ok(None);
    }
    let blob = rest.trim_start_matches(BLANK).split(BLANK).next().unwrap_or_default();
    let blob = unbase64(blob).filter(|blob| !blob.is_empty());
    let key = PublicKey::parse(&blob.ok_or("the key is not base64")?).map_err(|error: KeyError| error.to_string())?;
    match key.kind() == kind {
        true => Ok(Some(key)),
        false => Err(format!("a key of type `{}` comes after `{kind}`", key.kind())),
    }
}

/// Whether a word looks like the type of a key, so that one which is not known is reported as such.
fn is_type(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-", "rsa-"]
        .iter()
        .any(|start| word.starts_with(start))
}

#[derive(Default)]
struct Options {
    authority: bool,
    namespaces: Option<String>,
    window: Window,
}

/// Reads the options and returns what follows them.
fn options(text: &str) -> Result<(Options, &str), String> {
    let mut options = Options::default();
    let mut rest = text;
    loop {
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let (name, after) = rest.split_at(length.unwrap_or(rest.len()));
        let lower = name.to_ascii_lowercase();
        rest = match lower.as_str() {
            "cert-authority" => {
                options.authority = true;
                after
            }
            "namespaces" => {
                let (value, after) = value(&lower, after)?;
                if value.is_empty() || value.split(',').any(|item| item.len() > pattern::LONGEST) {
                    return Err("the namespaces are empty or too long".to_owned());
                }
                once(&lower, &mut options.namespaces, value)?;
                after
            }
            "valid-after" | "valid-before" => {
                let (value, after) = value(&lower, after)?;
                let seconds =
                    validity::parse(&value).ok_or_else(|| format!("`{value}` is not a date: YYYYMMDD[HHMM[SS]]Z"))?;
                let end = match lower.as_str() {
                    "valid-after" => &mut options.window.after,
                    _ => &mut options.window.before,
                };
                once(&lower, end, seconds)?;
                after
            }
            "" => return Err("neither a key nor an option follows the principals".to_owned()),
            _ => {
                return Err(format!(
                    "`{name}` is not an option: cert-authority, namespaces, valid-after, valid-before"
                ));
            }
        };
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None if rest.starts_with(BLANK) => break,
            None if rest.is_empty() => return Err("the options are not followed by a key".to_owned()),
            None => return Err(format!("something follows the option `{name}`")),
        }
    }
    match (options.window.after, options.window.before) {
        (Some(after), Some(before)) if before <= after => Err("valid-before is not after valid-after".to_owned()),
        _ => Ok((options, rest)),
    }
}

fn once<T>(name: &str, place: &mut Option<T>, value: T) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("`{name}` is given twice")),
    }
}

/// Reads `="value"`, in which `\"` is a quote, and returns what follows it.
fn value<'t>(name: &str, text: &'t str) -> Result<(String, &'t str), String> {
    let quoted = text
        .strip_prefix("=\"")
        .ok_or_else(|| format!("`{name}` needs a value in quotes"))?;
    let mut value = String::new();
    let mut letters = quoted.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some((_, '"'))) => {
                value.push('"');
                letters.next();
            }
            ('"', _) => return Ok((value, quoted.get(at + 1..).unwrap_or_default())),
            _ => value.push(letter),
        }
    }
    Err("a quote is not closed".to_owned())
}
