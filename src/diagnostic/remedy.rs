//! Remedies as data: a command as the words of its argument vector, with placeholders for what only the reader can say.
//!
//! How it is written for a shell is [`super::shell`]'s alone; nothing else quotes, joins or breaks a command.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::OnceLock;

use super::sanitize;
use crate::change::{ObjectId, RepoPath};

/// What the reader has to fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Placeholder {
    /// The name of whoever decides, as the policy has it.
    Agent,
    /// The name of an agent that is not the one whose certificate it is about.
    Reviewer,
    /// Why, in the words of whoever decides.
    Rationale,
    /// One of the eleven words of decision.
    Decision,
    /// A file with line numbers that was examined.
    Lines,
    /// A component of the policy.
    Component,
    /// A file of the repository or of this machine.
    Path,
    /// A directory that does not exist yet.
    Directory,
    /// A private key, or the public half of one that an agent holds.
    Key,
    /// A branch.
    Branch,
    /// A branch, tag or commit.
    Revision,
    /// A moment, such as `2026-11-22 14:03:00 UTC`.
    Date,
    /// The id of a certificate.
    Id,
    /// The address of a repository.
    Url,
    /// A message of a commit.
    Message,
    /// Who signs: an entry of the allowed signers.
    Principal,
    /// A command of the reader's own, as one word for a shell.
    Command,
    /// The name of a remote.
    Remote,
    /// What was found, in the words of whoever reviewed.
    Finding,
    /// What must hold or be done, for an approval on conditions.
    Condition,
}

impl Placeholder {
    /// How it is in a command for people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Agent => "NAME",
            Self::Reviewer => "REVIEWER",
            Self::Rationale => "WHY",
            Self::Decision => "DECISION",
            Self::Lines => "PATH:LINES",
            Self::Component => "COMPONENT",
            Self::Path => "FILE",
            Self::Directory => "DIRECTORY",
            Self::Key => "KEY",
            Self::Branch => "BRANCH",
            Self::Revision => "REV",
            Self::Date => "DATE",
            Self::Id => "ID",
            Self::Url => "URL",
            Self::Message => "MESSAGE",
            Self::Principal => "YOU@EXAMPLE.ORG",
            Self::Command => "COMMAND",
            Self::Remote => "REMOTE",
            Self::Finding => "FINDING",
            Self::Condition => "CONDITION",
        }
    }

    /// Its type, for programs.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Reviewer => "reviewer",
            Self::Rationale => "rationale",
            Self::Decision => "decision",
            Self::Lines => "evidence",
            Self::Component => "component",
            Self::Path => "path",
            Self::Directory => "directory",
            Self::Key => "key",
            Self::Branch => "branch",
            Self::Revision => "revision",
            Self::Date => "date",
            Self::Id => "id",
            Self::Url => "url",
            Self::Message => "message",
            Self::Principal => "principal",
            Self::Command => "command",
            Self::Remote => "remote",
            Self::Finding => "finding",
            Self::Condition => "condition",
        }
    }

    /// True for what is more than one word, so that it is in quotes that can be typed into.
    pub(super) const fn is_prose(self) -> bool {
        matches!(
            self,
            Self::Rationale | Self::Message | Self::Command | Self::Finding | Self::Condition
        )
    }

    /// What to write there.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Agent => "the name of whoever decides, one that the policy asks for",
            Self::Reviewer => "an agent of the component, another than the one that it is about",
            Self::Rationale => "why, in words about this change",
            Self::Decision => "one of the eleven words of decision",
            Self::Lines => "a file that was examined, with line numbers: PATH:FROM-TO",
            Self::Component => "a component of the policy",
            Self::Path => "a file",
            Self::Directory => "a directory that does not exist yet",
            Self::Key => "a private SSH key, or the public half of one that ssh-agent holds",
            Self::Branch => "the name of a branch",
            Self::Revision => "a branch, a full ref or a commit id",
            Self::Date => "a moment: YYYY-MM-DD HH:MM:SS UTC",
            Self::Id => "the id of a certificate",
            Self::Url => "the address of a repository",
            Self::Message => "a message for the commit",
            Self::Principal => "who signs, by the name that the allowed signers have",
            Self::Command => "a command of your own, as one word",
            Self::Remote => "the name of a remote",
            Self::Finding => "what was found, in words about this change",
            Self::Condition => "what has to be done, in words",
        }
    }
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Bytes(Vec<u8>),
    /// A path of the repository, which is shown as seen from the current directory of the reader.
    Path(RepoPath),
    /// The same for git, which would take some characters for a pattern.
    Pathspec(RepoPath),
    Blank(Placeholder),
}

/// One word of an argument vector: any bytes but NUL, and placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(Vec<Part>);

impl Word {
    /// A path of the repository for a git command that takes pathspecs: literally this file.
    pub fn pathspec(path: &RepoPath) -> Self {
        Self(vec![Part::Pathspec(path.clone())])
    }

    /// Puts more behind it, into the same word.
    #[must_use]
    pub fn and(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }

    /// Puts bytes behind it, into the same word.
    #[must_use]
    pub fn and_bytes(mut self, bytes: &[u8]) -> Self {
        self.0.push(Part::Bytes(bytes.to_vec()));
        self
    }

    /// The bytes, with each placeholder as `fill` has it.
    pub fn bytes(&self, fill: impl Fn(Placeholder) -> Vec<u8>) -> Vec<u8> {
        let part = |part: &Part| match part {
            Part::Bytes(bytes) => bytes.clone(),
            Part::Path(path) => seen(path),
            Part::Pathspec(path) => pathspec(path),
            Part::Blank(placeholder) => fill(*placeholder),
        };
        self.0.iter().flat_map(part).collect()
    }

    /// The bytes, with each placeholder as its text.
    pub fn shown(&self) -> Vec<u8> {
        self.bytes(|placeholder| placeholder.text().into())
    }

    /// The placeholders in it.
    pub fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.0.iter().filter_map(|part| match part {
            Part::Blank(placeholder) => Some(*placeholder),
            _ => None,
        })
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(vec![Part::Bytes(text.into())])
    }
}

impl From<String> for Word {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&String> for Word {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&OsStr> for Word {
    fn from(text: &OsStr) -> Self {
        Self(vec![Part::Bytes(text.as_bytes().to_vec())])
    }
}

impl From<&Path> for Word {
    /// A path of this machine. One that begins with a dash gets `./` before it.
    fn from(path: &Path) -> Self {
        Self(vec![Part::Bytes(undashed(path.as_os_str().as_bytes().to_vec()))])
    }
}

impl From<&std::path::PathBuf> for Word {
    fn from(path: &std::path::PathBuf) -> Self {
        Self::from(path.as_path())
    }
}

impl From<&std::ffi::OsString> for Word {
    fn from(text: &std::ffi::OsString) -> Self {
        Self::from(text.as_os_str())
    }
}

impl From<&RepoPath> for Word {
    fn from(path: &RepoPath) -> Self {
        Self(vec![Part::Path(path.clone())])
    }
}

impl From<&ObjectId> for Word {
    fn from(id: &ObjectId) -> Self {
        Self::from(id.to_string())
    }
}

impl From<Placeholder> for Word {
    fn from(placeholder: Placeholder) -> Self {
        Self(vec![Part::Blank(placeholder)])
    }
}

impl From<&Self> for Word {
    fn from(word: &Self) -> Self {
        word.clone()
    }
}

/// A command that does something about a diagnostic, and why one would run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    first: Vec<Vec<Word>>,
    argv: Vec<Word>,
    why: Option<String>,
}

impl Remedy {
    /// A command; the macro `command!` makes the words.
    pub fn new(argv: impl IntoIterator<Item = Word>) -> Self {
        Self {
            first: Vec::new(),
            argv: argv.into_iter().collect(),
            why: None,
        }
    }

    /// Adds a word.
    #[must_use]
    pub fn arg(mut self, word: impl Into<Word>) -> Self {
        self.argv.push(word.into());
        self
    }

    /// Adds words.
    #[must_use]
    pub fn args<W: Into<Word>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.argv.extend(words.into_iter().map(Into::into));
        self
    }

    /// Another command that runs before it, and that has to succeed.
    #[must_use]
    pub fn after(mut self, earlier: Self) -> Self {
        let Self { mut first, argv, .. } = earlier;
        first.push(argv);
        first.append(&mut self.first);
        Self { first, ..self }
    }

    /// The same, run in a directory.
    #[must_use]
    pub fn inside(self, directory: &Path) -> Self {
        const SCRIPT: &str = "cd \"$1\" && shift && exec \"$@\"";
        let mut argv: Vec<Word> = vec!["sh".into(), "-c".into(), SCRIPT.into(), "sh".into(), directory.into()];
        argv.extend(self.argv);
        Self { argv, ..self }
    }

    /// A command that puts lines at the end of a file of the work tree, whose path needs no quoting.
    pub fn append(file: &str, lines: impl IntoIterator<Item = Word>) -> Self {
        let script = format!("printf \"%s\\n\" \"$@\" >>\"$(git rev-parse --show-toplevel)/{file}\"");
        command!["sh", "-c", script, "sh"].args(lines)
    }

    /// What it is good for, in a few words.
    #[must_use]
    pub fn why(mut self, why: impl std::fmt::Display) -> Self {
        self.why = Some(sanitize(&why.to_string()));
        self
    }

    /// The commands that run before it, in order.
    pub fn earlier(&self) -> &[Vec<Word>] {
        &self.first
    }

    /// The command.
    pub fn argv(&self) -> &[Word] {
        &self.argv
    }

    /// What it is good for.
    pub fn reason(&self) -> Option<&str> {
        self.why.as_deref()
    }
}

/// Makes a [`Remedy`] of words: text, paths, placeholders.
macro_rules! command {
    ($($word:expr),+ $(,)?) => {
        $crate::diagnostic::Remedy::new([$($crate::diagnostic::Word::from($word)),+])
    };
}
pub(crate) use command;

/// What can be done about a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Help {
    /// By a command.
    Run(Remedy),
    /// In words, harmless to print.
    Say(String),
}

impl From<Remedy> for Help {
    fn from(remedy: Remedy) -> Self {
        Self::Run(remedy)
    }
}

impl From<&str> for Help {
    fn from(text: &str) -> Self {
        Self::Say(sanitize(text))
    }
}

impl From<String> for Help {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl std::fmt::Display for Help {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Run(remedy) => remedy.fmt(f),
            Self::Say(text) => f.write_str(text),
        }
    }
}

/// The directory that is current for the reader, below the root of the work tree; empty for the root.
static STANDS: OnceLock<Vec<u8>> = OnceLock::new();

/// Says which directory is current for the reader, so that the paths of remedies work there: a directory below the root of the work tree, without a slash
/// at its end. Said once for a process; until then it is the root.
pub fn read_from(directory: &[u8]) {
    let _already = STANDS.set(directory.to_vec());
}

fn seen(path: &RepoPath) -> Vec<u8> {
    let stands = STANDS.get().map(Vec::as_slice).unwrap_or_default();
    undashed(relative(path.as_bytes(), stands))
}

/// A path as seen from a directory, both below the same root.
fn relative(path: &[u8], from: &[u8]) -> Vec<u8> {
    let folders: Vec<&[u8]> = from.split(|&b| b == b'/').filter(|name| !name.is_empty()).collect();
    let names: Vec<&[u8]> = path.split(|&b| b == b'/').collect();
    let above = names.len().saturating_sub(1);
    let shared = folders
        .iter()
        .zip(names.iter().take(above))
        .take_while(|(a, b)| a == b)
        .count();
    let up = std::iter::repeat_n(&b".."[..], folders.len() - shared);
    up.chain(names.into_iter().skip(shared)).collect::<Vec<_>>().join(&b'/')
}

/// No option, whatever it begins with.
fn undashed(path: Vec<u8>) -> Vec<u8> {
    match path.first() {
        Some(b'-') => [b"./", path.as_slice()].concat(),
        _ => path,
    }
}

/// As gitglossary(7) has it under "pathspec".
fn pathspec(path: &RepoPath) -> Vec<u8> {
    let bytes = path.as_bytes();
    match bytes.first() == Some(&b':') || bytes.iter().any(|b| b"*?[\\".contains(b)) {
        true => [b":(top,literal)", bytes].concat(),
        false => seen(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_where_the_reader_stands() {
        let seen = |path: &str, from: &str| String::from_utf8(relative(path.as_bytes(), from.as_bytes())).unwrap();
        assert_eq!(seen("src/a.rs", ""), "src/a.rs");
        assert_eq!(seen("src/a.rs", "src"), "a.rs");
        assert_eq!(seen("src/a.rs", "docs/more"), "../../src/a.rs");
        assert_eq!(seen("src", "src"), "../src");
        assert_eq!(seen("src/train/a", "src/data"), "../train/a");
    }

    #[test]
    fn paths_are_no_options_and_no_patterns() {
        let shown = |word: Word| String::from_utf8(word.shown()).unwrap();
        assert_eq!(shown(Word::from(&RepoPath::from("-rf"))), "./-rf");
        assert_eq!(shown(Word::from(Path::new("-rf"))), "./-rf");
        assert_eq!(shown(Word::pathspec(&RepoPath::from("a*b"))), ":(top,literal)a*b");
        assert_eq!(shown(Word::pathspec(&RepoPath::from(":b"))), ":(top,literal):b");
        assert_eq!(shown(Word::pathspec(&RepoPath::from("a b"))), "a b");
        assert_eq!(shown(Word::from("origin/").and(Placeholder::Branch)), "origin/BRANCH");
    }

    #[test]
    fn what_comes_first_runs_first() {
        let remedy = command!["c"].after(command!["b"].after(command!["a"]));
        assert_eq!(remedy.to_string(), "a && b && c");
        let remedy = command!["exit", "3"].inside(Path::new("/a b"));
        assert_eq!(
            remedy.to_string(),
            "sh -c 'cd \"$1\" && shift && exec \"$@\"' sh '/a b' exit 3"
        );
        let remedy = command!["c"].after(command!["b"]).after(command!["a"]).why("three");
        assert_eq!(remedy.to_string(), "a && b && c   # three");
    }
}
