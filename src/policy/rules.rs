//! The rules of a component: plain, validated data. How they apply to a change is for `sensitivity` to say.

use super::source::Step;
use super::{Family, GlobList, PackageRules, Pattern};

/// When a change touches a component: any rule that matches is enough.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// `paths:` any change of such a file.
    pub paths: GlobList,
    /// `needs_score:` the score that a file needs for `paths` to count.
    pub paths_need: Option<u32>,
    /// `content:` changed lines.
    pub content: Vec<ContentRule>,
    /// `functions:` changed lines by the function they are in.
    pub functions: Vec<FunctionRule>,
    /// `dependencies:` packages, in manifests and lock files.
    pub dependencies: PackageRules,
    /// `messages:` patterns over commit messages.
    pub messages: Vec<Pattern>,
    /// `families:` word families, the defaults applied.
    pub families: Vec<Family>,
    /// `exclude:` files that no path, content or function rule of the component sees.
    pub exclude: GlobList,
    /// `ignore:`: what a change may consist of without counting.
    pub ignore: Ignore,
}

impl Rules {
    /// Whether some rule needs a score to count.
    pub fn needs_score(&self) -> bool {
        let content = self.content.iter().map(|rule| rule.needs_score);
        let functions = self.functions.iter().map(|rule| rule.needs_score);
        content
            .chain(functions)
            .chain([self.paths_need])
            .any(|needed| needed.is_some())
    }
}

/// What does not count of a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    /// Comments and blank lines.
    pub comments: bool,
    /// White space between tokens, where it means nothing in the language.
    pub format: bool,
    /// What a content rule matches on both sides, where it is the same in the same place.
    pub kept: bool,
}

impl Ignore {
    /// True where every changed line counts.
    pub fn nothing(self) -> bool {
        !(self.comments || self.format)
    }
}

/// Which changed lines a content rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// Those of the head.
    Added,
    /// Those of the base.
    Removed,
    /// Both.
    AddedOrRemoved,
}

impl Lines {
    /// The words used in policies.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("added", Self::Added),
        ("removed", Self::Removed),
        ("added-or-removed", Self::AddedOrRemoved),
    ];
}

/// An entry of `content:`.
#[derive(Clone, Debug)]
pub struct ContentRule {
    /// `rule:` the name by which reports and `disable` know it.
    pub rule: Option<String>,
    /// What a line must match.
    pub pattern: Pattern,
    /// What it must not match.
    pub except: Option<Pattern>,
    /// Which lines.
    pub lines: Lines,
    /// In which files; `None`: in all.
    pub paths: Option<GlobList>,
    /// Whether lines count that `ignore` leaves out.
    pub comments: bool,
    /// Whether matches count that are on both sides, although `ignore` leaves them out.
    pub kept: bool,
    /// The score that a file needs for the rule to count.
    pub needs_score: Option<u32>,
    /// What `certgate policy check` tries on this rule alone.
    pub examples: Examples,
}

/// An entry of `functions:`.
#[derive(Clone, Debug)]
pub struct FunctionRule {
    /// `rule:` the name by which reports and `disable` know it.
    pub rule: Option<String>,
    /// A glob over the name of a function, type or module.
    pub name: GlobList,
    /// What is written before its body must match this.
    pub declared: Option<Pattern>,
    /// In which files; `None`: in all.
    pub paths: Option<GlobList>,
    /// The score that a file needs for the rule to count.
    pub needs_score: Option<u32>,
}

/// Examples, by what is expected of them.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    /// Those that must match.
    pub matching: Vec<Example>,
    /// Those that must not.
    pub ignored: Vec<Example>,
}

/// A changed file with one changed line, or a commit message.
#[derive(Clone, Debug)]
pub struct Example {
    /// The path; a change of mode alone where neither line nor function is given.
    pub path: Option<String>,
    /// The changed line.
    pub line: Option<String>,
    /// The function that the changed line is in.
    pub function: Option<String>,
    /// A commit message.
    pub message: Option<String>,
    /// Where it is in its source.
    pub(super) at: Vec<Step>,
}
