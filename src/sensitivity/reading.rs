//! What is known about the change of one file, found when a rule asks and once: which of its lines count, and which functions they are in.

use std::cell::OnceCell;
use std::ops::Range;

use super::languages::{Definitions, Difference, Ignored, Language, Source, Unparsed, difference};
use crate::change::{ChangeKind, ChangedLine, FileChange, FileDiff, Mode, RepoPath, Side};
use crate::policy::Ignore;

/// A file, its changed lines, and what has been asked about them.
pub(super) struct Reading<'f> {
    path: &'f RepoPath,
    diff: &'f FileDiff,
    kind: Kind,
    sides: [OnceCell<Result<Source<'f>, Unparsed>>; 2],
    definitions: [OnceCell<Around>; 2],
    views: [OnceCell<View>; 4],
}

/// What the change is, as far as it decides about comments.
enum Kind {
    /// Both sides are files of the same mode.
    Edited,
    /// There was none, or is no longer one.
    OneSided,
    /// A link, a submodule, another mode.
    Other,
    /// A line that a policy gives as an example, in this function.
    Example(Vec<String>),
}

/// The lines that rules look at, given what the component ignores.
#[derive(Default)]
pub(super) struct View {
    /// True where the change consists of nothing else than what is ignored.
    pub(super) nothing: bool,
    /// The changed lines, and those on which code came or went without their text being changed.
    pub(super) lines: Vec<ChangedLine>,
    /// For each of them, whether it counts.
    pub(super) counts: Vec<bool>,
}

/// How the functions around a line are known.
enum Around {
    Parsed(Definitions),
    /// They are not: any of these words may be one.
    Words(Vec<String>, Unparsed),
    /// A document, a picture: there are none.
    None,
}

/// The functions that a line may be in.
pub(super) enum Functions {
    /// Those that it is in, the innermost first, each with the bytes that declare it, where there are any.
    Known(Vec<(String, Option<Range<usize>>)>),
    /// All that its side of the file names, since nobody can tell, for this reason.
    Named(Unparsed),
}

/// Files in which there are no functions, whatever they say about them.
const WITHOUT_FUNCTIONS: &[&str] = &[
    "md", "markdown", "rst", "txt", "adoc", "tex", "csv", "tsv", "log", "svg", "png", "jpg", "jpeg", "gif", "webp",
    "ico", "pdf", "woff", "woff2", "ttf", "zip", "gz", "xz", "xml", "html", "lock", "po",
];

impl<'f> Reading<'f> {
    fn new(file: &'f FileChange, diff: &'f FileDiff) -> Self {
        let regular = |mode| matches!(mode, Mode::Regular | Mode::Executable);
        let sample = diff.sample.clone().map(Kind::Example);
        let kind = sample.unwrap_or_else(|| match &file.kind {
            ChangeKind::Modified { old, new } if old.mode == new.mode && regular(old.mode) => Kind::Edited,
            ChangeKind::Added(entry) | ChangeKind::Deleted(entry) if regular(entry.mode) => Kind::OneSided,
            _ => Kind::Other,
        });
        Self::of(&file.path, diff, kind)
    }

    fn of(path: &'f RepoPath, diff: &'f FileDiff, kind: Kind) -> Self {
        Self {
            path,
            diff,
            kind,
            sides: [const { OnceCell::new() }; 2],
            definitions: [const { OnceCell::new() }; 2],
            views: [const { OnceCell::new() }; 4],
        }
    }

    fn text(&self, side: Side) -> &'f [u8] {
        match side {
            Side::Removed => &self.diff.old,
            Side::Added => &self.diff.new,
        }
    }

    /// A side, parsed.
    pub(super) fn side(&self, side: Side) -> Result<&Source<'f>, Unparsed> {
        let [old, new] = &self.sides;
        let cell = match side {
            Side::Removed => old,
            Side::Added => new,
        };
        let parsed = cell.get_or_init(|| match self.diff.decoded {
            true => Err(Unparsed::Encoding),
            false => Source::parse(self.path, self.text(side)),
        });
        parsed.as_ref().map_err(|why| *why)
    }

    /// The lines that count where `ignore` holds.
    pub(super) fn view(&self, ignore: Ignore) -> &View {
        let at = usize::from(ignore.comments) + 2 * usize::from(ignore.format);
        let Some(cell) = self.views.get(at) else {
            return self.view(Ignore::default());
        };
        cell.get_or_init(|| match ignore.nothing() {
            true => self.everything(),
            false => self.without(ignore),
        })
    }

    fn everything(&self) -> View {
        View {
            nothing: false,
            lines: self.diff.lines.clone(),
            counts: vec![true; self.diff.lines.len()],
        }
    }

    fn without(&self, ignore: Ignore) -> View {
        let (old, new) = (self.side(Side::Removed), self.side(Side::Added));
        let ignored = Ignored {
            comments: ignore.comments,
            format: ignore.format,
        };
        match (&self.kind, old, new) {
            // A change without lines (a mode, an empty file) is no comment either.
            _ if self.diff.lines.is_empty() => self.everything(),
            (Kind::Edited, Ok(old), Ok(new)) => self.compared(ignored, old, new, difference(old, new, ignored)),
            // A file that comes or goes is more than its comments: others may find it by its name.
            (Kind::OneSided, _, _) if ignore.comments => self.one_sided(),
            (Kind::Example(_), _, Ok(new)) if ignore.comments => {
                let idle = new.is_comment();
                View {
                    nothing: idle,
                    counts: vec![!idle; self.diff.lines.len()],
                    lines: self.diff.lines.clone(),
                }
            }
            _ => self.everything(),
        }
    }

    fn compared(&self, ignored: Ignored, old: &Source<'_>, new: &Source<'_>, found: Difference) -> View {
        let mut lines = self.diff.lines.clone();
        if found.nothing {
            let counts = vec![false; lines.len()];
            return View {
                nothing: true,
                lines,
                counts,
            };
        }
        let code = |side| match side {
            Side::Removed => &found.old,
            Side::Added => &found.new,
        };
        let idle = match ignored.comments {
            true => [old.idle_lines(), new.idle_lines()],
            false => [Vec::new(), Vec::new()],
        };
        // Where the tokens are the same and mean something else all the same, every line counts.
        let layout =
            ignored.format && old.has_layout() && new.has_layout() && !(found.old.is_empty() && found.new.is_empty());
        let mut counts: Vec<bool> = lines
            .iter()
            .map(|line| {
                let [removed, added] = &idle;
                let idle = match line.side {
                    Side::Removed => removed,
                    Side::Added => added,
                };
                let idle = (line.number as usize).checked_sub(1).and_then(|at| idle.get(at));
                code(line.side).binary_search(&line.number).is_ok() || !layout && !idle.copied().unwrap_or(false)
            })
            .collect();
        for side in [Side::Removed, Side::Added] {
            let known: Vec<u32> = self.numbers(side);
            let missing: Vec<u32> = code(side)
                .iter()
                .copied()
                .filter(|number| known.binary_search(number).is_err())
                .collect();
            let mut texts = (1..).zip(self.text(side).split(|&byte| byte == b'\n'));
            for number in missing {
                let Some((_, text)) = texts.find(|(at, _)| *at == number) else {
                    continue;
                };
                lines.push(ChangedLine {
                    side,
                    number,
                    text: text.to_vec(),
                });
                counts.push(true);
            }
        }
        View {
            nothing: false,
            lines,
            counts,
        }
    }

    /// The numbers of the changed lines of a side, in order.
    fn numbers(&self, side: Side) -> Vec<u32> {
        let lines = self.diff.lines.iter().filter(|line| line.side == side);
        let mut numbers: Vec<u32> = lines.map(|line| line.number).collect();
        numbers.sort_unstable();
        numbers
    }

    fn one_sided(&self) -> View {
        let side = match self.diff.new.is_empty() {
            true => Side::Removed,
            false => Side::Added,
        };
        let idle = self.side(side).map(Source::idle_lines).unwrap_or_default();
        let counts = |line: &ChangedLine| {
            let idle = (line.number as usize).checked_sub(1).and_then(|at| idle.get(at));
            !idle.copied().unwrap_or(false)
        };
        View {
            nothing: false,
            counts: self.diff.lines.iter().map(counts).collect(),
            lines: self.diff.lines.clone(),
        }
    }

    /// The functions around a line.
    pub(super) fn functions(&self, side: Side, number: u32) -> Functions {
        if let Kind::Example(function) = &self.kind {
            return Functions::Known(function.iter().map(|name| (name.clone(), None)).collect());
        }
        match self.around(side) {
            Around::Parsed(definitions) => {
                let known = definitions.declared(number).into_iter();
                Functions::Known(known.map(|(name, head)| (name, Some(head))).collect())
            }
            Around::Words(_, why) => Functions::Named(*why),
            Around::None => Functions::Known(Vec::new()),
        }
    }

    /// The functions of a side; none where there can be none.
    pub(super) fn definitions(&self, side: Side) -> Result<Option<&Definitions>, Unparsed> {
        match self.around(side) {
            Around::Parsed(definitions) => Ok(Some(definitions)),
            Around::Words(_, why) => Err(*why),
            Around::None => Ok(None),
        }
    }

    /// All words of a side that nobody can parse.
    pub(super) fn words(&self, side: Side) -> &[String] {
        match self.around(side) {
            Around::Words(words, _) => words,
            _ => &[],
        }
    }

    /// Whether both sides are files of the same mode.
    pub(super) fn is_edited(&self) -> bool {
        matches!(self.kind, Kind::Edited)
    }

    /// A side, as it is.
    pub(super) fn content(&self, side: Side) -> &'f [u8] {
        self.text(side)
    }

    fn around(&self, side: Side) -> &Around {
        let [old, new] = &self.definitions;
        let cell = match side {
            Side::Removed => old,
            Side::Added => new,
        };
        cell.get_or_init(|| {
            if without_functions(self.path, self.text(side)) {
                return Around::None;
            }
            match self.side(side) {
                Ok(source) => Around::Parsed(Definitions::of(source)),
                Err(why) => Around::Words(words(self.text(side)), why),
            }
        })
    }
}

/// Whether there can be no functions in a file.
pub(super) fn without_functions(path: &RepoPath, text: &[u8]) -> bool {
    let language = Language::of(path, text);
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let document = WITHOUT_FUNCTIONS.iter().any(|known| known.as_bytes() == extension);
    match language {
        Some(language) => !language.has_functions(),
        None => document,
    }
}

/// The reading of a file of the change.
pub(super) fn read<'f>(file: &'f FileChange, diff: &'f FileDiff) -> Reading<'f> {
    Reading::new(file, diff)
}

/// Everything in a text that could be a name, each once.
pub(super) fn words(text: &[u8]) -> Vec<String> {
    let part = |byte: &u8| !(byte.is_ascii_alphanumeric() || *byte == b'_' || *byte == b'$' || !byte.is_ascii());
    let words: std::collections::BTreeSet<&[u8]> = text
        .split(part)
        .filter(|word| word.first().is_some_and(|first| !first.is_ascii_digit()))
        .collect();
    words
        .into_iter()
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}
