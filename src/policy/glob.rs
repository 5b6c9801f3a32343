//! Glob lists: ordered, later wins, `!` negates.
//!
//! What a valid glob is, is said by `globset` (with `*` not crossing `/`). Globs made of literals, `*`, `**` and plain `{a,b}` are
//! matched by component, without compiling anything; the rest (`?`, classes, escapes, nested braces) is compiled by `globset` on first
//! use. A property test holds the two to the same answers.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::{Arc, OnceLock};

use globset::{GlobBuilder, GlobMatcher};

use super::twin::{self, TwinPath};

/// More brace alternatives than this are left to the compiled form.
const MAX_ALTERNATIVES: usize = 64;

/// An ordered list of globs over paths or names; the last glob that matches decides.
///
/// A list of negated globs alone begins with everything; an empty list matches nothing.
#[derive(Clone, Default)]
pub struct GlobList {
    globs: Arc<Vec<Glob>>,
}

/// Why a glob is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GlobError {
    /// Which one, from 0.
    pub index: usize,
    /// What is wrong.
    pub message: String,
}

/// The glob by which a path is gated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gating<'g> {
    /// As written.
    pub glob: &'g str,
    /// How it matches.
    pub how: Likeness,
}

/// How a path is what a glob means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// It matches.
    Same,
    /// It matches after folding.
    Twin,
    /// It is, after folding, in place of a directory in which everything that matches lies: as a link does.
    Directory,
}

struct Glob {
    text: String,
    negated: bool,
    form: Form,
    /// The glob after folding, where that changes it.
    folded: Option<Form>,
}

enum Form {
    /// Alternatives, each a sequence of components.
    Components(Vec<Vec<Component>>),
    Compiled(Box<globset::Glob>, OnceLock<GlobMatcher>),
}

#[derive(Debug, PartialEq, Eq)]
enum Component {
    /// `**`: any number of components.
    AnyDepth,
    /// A name with `*` in it.
    Name(Vec<u8>),
}

impl GlobList {
    /// Reads a list of globs as written in a policy.
    ///
    /// # Errors
    ///
    /// The first glob that is empty, absolute or malformed.
    pub fn new<S: AsRef<str>>(globs: &[S]) -> Result<Self, GlobError> {
        let globs: Result<Vec<Glob>, GlobError> = globs
            .iter()
            .enumerate()
            .map(|(index, text)| Glob::new(text.as_ref()).map_err(|message| GlobError { index, message }))
            .collect();
        Ok(Self {
            globs: Arc::new(globs?),
        })
    }

    /// True where the list has no globs.
    pub fn is_empty(&self) -> bool {
        self.globs.is_empty()
    }

    /// The globs as written, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.globs.iter().map(|glob| glob.text.as_str())
    }

    /// True where a positive glob matches and no later one negates it.
    pub fn matches(&self, path: &[u8]) -> bool {
        !self.is_empty() && self.deciding(path).is_some()
    }

    /// As [`Self::matches`], of a path whose components are known already.
    pub fn matches_exactly(&self, path: &TwinPath<'_>) -> bool {
        !self.is_empty() && self.deciding_of(path.path, &path.parts).is_some()
    }

    /// The glob by which the path matches, as written (the first negation, for a list of negations alone).
    pub fn deciding(&self, path: &[u8]) -> Option<&str> {
        self.deciding_of(path, &twin::components(path))
    }

    fn deciding_of(&self, path: &[u8], parts: &[&[u8]]) -> Option<&str> {
        match self.globs.iter().rev().find(|glob| glob.matches(path, parts)) {
            Some(glob) => (!glob.negated).then_some(glob.text.as_str()),
            None if self.globs.iter().all(|glob| glob.negated) => self.globs.first().map(|glob| glob.text.as_str()),
            None => None,
        }
    }

    /// The glob by which a path is gated: as [`Self::deciding`] says, and else a positive glob that matches after both were folded. A later
    /// negation must match the path as it is: nobody is exempt by likeness.
    pub fn gating(&self, path: &TwinPath<'_>) -> Option<Gating<'_>> {
        if let Some(glob) = self.deciding_of(path.path, &path.parts) {
            return Some(Gating {
                glob,
                how: Likeness::Same,
            });
        }
        if *path.folded == *path.path && self.globs.iter().all(|glob| glob.folded.is_none()) {
            return None;
        }
        let folded = twin::components(&path.folded);
        let decides = |glob: &&Glob| match glob.negated {
            true => glob.matches(path.path, &path.parts),
            false => glob
                .folded
                .as_ref()
                .unwrap_or(&glob.form)
                .matches(&path.folded, &folded),
        };
        let glob = self.globs.iter().rev().find(decides).filter(|glob| !glob.negated)?;
        Some(Gating {
            glob: &glob.text,
            how: Likeness::Twin,
        })
    }

    /// A positive glob all of whose matches lie in the directory of that path, or below.
    pub fn inside(&self, directory: &TwinPath<'_>) -> Option<Gating<'_>> {
        let lies_inside = |glob: &&Glob| {
            let prefix = literal_prefix(&glob.text);
            let prefix = twin::folded(&prefix);
            !glob.negated && (*prefix == *directory.folded || TwinPath::new(&prefix).is_within(&directory.folded))
        };
        self.globs.iter().find(lies_inside).map(|glob| Gating {
            glob: &glob.text,
            how: Likeness::Directory,
        })
    }

    /// True where one of the globs is `**`, which matches everything.
    pub fn has_catch_all(&self) -> bool {
        self.globs.iter().any(|glob| glob.text == "**")
    }

    /// Directories (or, for a glob without wildcards, files) below which every matching path lies; none is within another. The empty
    /// path stands for the full tree.
    pub fn literal_prefixes(&self) -> Vec<Vec<u8>> {
        let mut prefixes: Vec<Vec<u8>> = self
            .globs
            .iter()
            .filter(|glob| !glob.negated)
            .map(|glob| literal_prefix(&glob.text))
            .collect();
        if prefixes.is_empty() && !self.globs.is_empty() {
            prefixes.push(Vec::new());
        }
        prefixes.sort();
        prefixes.dedup();
        let all = prefixes.clone();
        prefixes.retain(|prefix| {
            let path = crate::change::RepoPath::new(prefix.clone());
            !all.iter().any(|other| other != prefix && path.is_within(other))
        });
        prefixes
    }
}

impl fmt::Debug for GlobList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for GlobList {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for GlobList {}

fn literal_prefix(glob: &str) -> Vec<u8> {
    let special = |part: &str| part.contains(['*', '?', '[', '{', '\\']);
    let parts: Vec<&str> = glob
        .trim_end_matches('/')
        .split('/')
        .take_while(|part| !special(part))
        .collect();
    parts.join("/").into_bytes()
}

impl Glob {
    fn new(written: &str) -> Result<Self, String> {
        let (negated, text) = match written.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, written),
        };
        if text.is_empty() {
            return Err("the glob is empty".into());
        }
        if text.starts_with('/') || text.starts_with("./") || text.starts_with("../") {
            return Err("globs are relative to the root of the repository: no `/`, `./` or `../` at the start".into());
        }
        let whole = if text.ends_with('/') {
            format!("{text}**")
        } else {
            text.to_owned()
        };
        let form = Form::new(&whole)?;
        let folded = match negated || twin::is_plain(whole.as_bytes()) {
            true => None,
            false => Some(Form::folded(&whole)?),
        };
        Ok(Self {
            text: written.to_owned(),
            negated,
            form,
            folded,
        })
    }

    fn matches(&self, path: &[u8], parts: &[&[u8]]) -> bool {
        self.form.matches(path, parts)
    }
}

impl Form {
    fn new(glob: &str) -> Result<Self, String> {
        Ok(match components(glob) {
            Some(alternatives) => Self::Components(alternatives),
            None => Self::Compiled(Box::new(build(glob, false)?), OnceLock::new()),
        })
    }

    fn folded(glob: &str) -> Result<Self, String> {
        let folded = String::from_utf8_lossy(&twin::folded(glob.as_bytes())).into_owned();
        // A class such as `[Z-a]` has no small letters.
        Self::new(&folded).or_else(|_| Ok(Self::Compiled(Box::new(build(glob, true)?), OnceLock::new())))
    }

    fn matches(&self, path: &[u8], parts: &[&[u8]]) -> bool {
        match self {
            Form::Components(alternatives) => alternatives.iter().any(|wanted| matches_components(wanted, parts)),
            Form::Compiled(glob, matcher) => matcher
                .get_or_init(|| glob.compile_matcher())
                .is_match(OsStr::from_bytes(path)),
        }
    }
}

fn build(text: &str, any_case: bool) -> Result<globset::Glob, String> {
    GlobBuilder::new(text)
        .literal_separator(true)
        .empty_alternates(true)
        .case_insensitive(any_case)
        .build()
        .map_err(|error| error.kind().to_string())
}

/// Splits a glob of literals, stars and plain braces; `None` for anything else.
fn components(text: &str) -> Option<Vec<Vec<Component>>> {
    if text.contains(['?', '[', ']', '\\', '!']) || text.contains("//") {
        return None;
    }
    let texts = expand(text)?;
    Some(
        texts
            .iter()
            .map(|text| {
                let mut parts: Vec<Component> = text
                    .split('/')
                    .map(|part| match part {
                        "**" => Component::AnyDepth,
                        name => Component::Name(name.as_bytes().to_vec()),
                    })
                    .collect();
                if parts.last() == Some(&Component::AnyDepth) {
                    parts.push(Component::Name(b"*".to_vec()));
                }
                parts
            })
            .collect(),
    )
}

/// Expands braces that are not nested and hold neither `/`, `*` nor an empty alternative.
fn expand(text: &str) -> Option<Vec<String>> {
    if !text.contains(['{', '}']) {
        return Some(vec![text.to_owned()]);
    }
    if text.contains("**") && text.split('/').any(|part| part.contains("**") && part != "**") {
        return None;
    }
    let mut done = vec![String::new()];
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, tail) = after.split_once('}')?;
        if before.contains('}') || inside.contains(['{', '/', '*']) || inside.split(',').any(str::is_empty) {
            return None;
        }
        done = done
            .iter()
            .flat_map(|head| inside.split(',').map(move |choice| format!("{head}{before}{choice}")))
            .collect();
        if done.len() > MAX_ALTERNATIVES {
            return None;
        }
        rest = tail;
    }
    if rest.contains('}') {
        return None;
    }
    Some(done.into_iter().map(|head| head + rest).collect())
}

/// Greedy matching with a return to the last `**`: time is at most (components of the glob) × (components of the path).
fn matches_components(wanted: &[Component], parts: &[&[u8]]) -> bool {
    // The last name tells most paths apart.
    if let (Some(Component::Name(name)), Some(last)) = (wanted.last(), parts.last())
        && !matches_name(name, last)
    {
        return false;
    }
    let (mut want, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match (wanted.get(want), parts.get(at)) {
            (None, None) => return true,
            (Some(Component::AnyDepth), _) => {
                retry = Some((want + 1, at));
                want += 1;
                continue;
            }
            (Some(Component::Name(name)), Some(part)) => matches_name(name, part),
            _ => false,
        };
        if step {
            want += 1;
            at += 1;
            continue;
        }
        match retry {
            Some((after, from)) if from < parts.len() => {
                retry = Some((after, from + 1));
                want = after;
                at = from + 1;
            }
            _ => return false,
        }
    }
}

/// Matches a name against literals and `*`, greedily with a return to the last star.
fn matches_name(pattern: &[u8], name: &[u8]) -> bool {
    if pattern
        .last()
        .is_some_and(|&last| last != b'*' && name.last() != Some(&last))
    {
        return false;
    }
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(p), name.get(n)) {
            (Some(b'*'), _) => {
                p += 1;
                retry = Some((p, n));
            }
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => {
                p += 1;
                n += 1;
            }
            _ => match retry {
                Some((after, from)) if from < name.len() => {
                    retry = Some((after, from + 1));
                    p = after;
                    n = from + 1;
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
#[path = "glob_tests.rs"]
mod tests;
