//! What is wrong with evidence, as data; the codes are given where verdicts are.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::change::RepoPath;
use crate::evidence::compare::Refused;

/// The kinds of flaws. Each has its own diagnostic code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FlawKind {
    /// There is no evidence that could be read.
    Absent,
    /// A file that cannot be used.
    File,
    /// A file with other content than was certified.
    Changed,
    /// A file that is not where evidence belongs.
    Astray,
    /// A row of the table that does not follow from the files.
    Table,
    /// Beyond a budget, proven.
    Exceeded,
    /// Neither proven to be within a budget nor beyond it.
    Unproven,
    /// Measured was something else.
    Other,
    /// The file is evidence of other content already.
    Reused,
    /// A benchmark that must be shown is not.
    NotShown,
    /// Some runs of a session were chosen.
    Picked,
    /// Nobody who measures has signed.
    NotSigned,
    /// Uncommitted work was measured.
    Dirty,
    /// One file, or one set of values, stands for two measurements.
    Twice,
    /// The candidate lacks what the baseline has.
    Lacking,
    /// The sides were measured under different conditions, or in different units.
    Conditions,
    /// A debug build.
    Debug,
    /// The reader refuses the measurement, or nothing could be computed.
    Refused,
}

/// What is wrong, where, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaw {
    /// Its kind.
    pub kind: FlawKind,
    /// What it is about: a file, or a benchmark and its metric. Empty: all of it.
    pub about: String,
    /// In words.
    pub text: String,
    /// The line of the certificate, where it is about one.
    pub line: Option<u32>,
    /// The file that it is about, and its line, where known.
    pub file: Option<(RepoPath, Option<u32>)>,
    /// The files that hold what it is about.
    pub files: Vec<RepoPath>,
}

impl Flaw {
    /// Of a kind, about all of it.
    pub fn new(kind: FlawKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            about: String::new(),
            text: text.into(),
            line: None,
            file: None,
            files: Vec::new(),
        }
    }

    /// What forbids to compare files.
    pub(super) fn of(refused: &Refused) -> Self {
        let kind = match refused {
            Refused::SameFile(..) | Refused::SameValues(..) => FlawKind::Twice,
            Refused::Missing => FlawKind::Lacking,
            Refused::Differs { .. } | Refused::Units(..) => FlawKind::Conditions,
            Refused::Debug(_) => FlawKind::Debug,
            Refused::Measurement(..) => FlawKind::Refused,
        };
        Self::new(kind, refused.to_string())
    }

    /// About a file.
    #[must_use]
    pub fn of_file(mut self, name: &str) -> Self {
        self.about = name.to_owned();
        let line = self.file.and_then(|(_, line)| line);
        self.file = RepoPath::unquote(name).map(|path| (path, line));
        self
    }

    /// On a line of the file that will be named.
    #[must_use]
    pub(super) fn on(mut self, line: Option<u32>) -> Self {
        self.file = line.map(|line| (RepoPath::from(""), Some(line)));
        self
    }

    /// About a metric of a benchmark.
    #[must_use]
    pub(super) fn about(mut self, benchmark: &str, metric: &str) -> Self {
        self.about = format!("{benchmark} {metric}");
        self
    }

    /// On a line of the certificate.
    #[must_use]
    pub fn at(mut self, line: u32) -> Self {
        self.line = Some(line).filter(|line| *line > 0);
        self
    }

    /// Held by these files.
    #[must_use]
    pub(super) fn measured_in(mut self, files: &[RepoPath]) -> Self {
        self.files = files.to_vec();
        self
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.about.is_empty() {
            true => f.write_str(&self.text),
            false => write!(f, "`{}`: {}", self.about, self.text),
        }
    }
}
