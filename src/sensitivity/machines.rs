//! What git, forges and bots write into commit messages. They name branches and quote titles: nobody claims anything by it.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

/// Lines that are wholly a machine's. Names are single words, in quotes or not: a person's sentence has blanks where these have none.
const SENTENCES: [&str; 11] = [
    // git-fmt-merge-msg(1), git-subtree(1); GitLab puts the target in quotes, too.
    r"Merge (?:remote-tracking )?(?:branch(?:es)?|tags?|commits?) '\S+'(?:(?:,|;| and| of| into| as)+ (?:remote-tracking )?(?:(?:branch(?:es)?|tags?|commits?) )?\S+)*",
    // GitHub, GitLab, Bitbucket (cloud and server), Gerrit, bors.
    r"Merge pull request #\d+ from \S+",
    r"See merge request \S+",
    r"Merged in \S+ \(pull request #\d+\)",
    r"Merge in \S+ from \S+ to \S+",
    r#"Merge (?:changes? )?".*"(?: into \S+)?"#,
    r#"Merge changes? from topics? ["']?\S+["']?(?: into \S+)?"#,
    r"(?:Auto|Rollup) merge of #\d+ (?:-|from) \S+(?: [ra]=\S+)*",
    // git-revert(1), and what forges add to it.
    r#"(?:Revert|Reapply) ".*"(?: \(#\d+\))?"#,
    r"(?:This reverts (?:commit|merge)|Reverts|This reapplies commit) \S+(?:, reversing| changes| made| to| \S+)*",
    // Edits on a forge's web site.
    r"(?:Update|Create|Delete|Rename) \S*[./]\S*(?: to \S+)?",
];

/// The subject of a change of dependencies by Dependabot, Renovate and their like, who quote release notes below it.
const BUMP: &str = r"(?:\[[^\]]*\] ?)*(?:\w+(?:\([^)]*\))?!?: )?(?:\[[^\]]*\] ?)*(?:bump|update|upgrade|pin|roll|security upgrade)s?\b.*(?:\bfrom \S+ to \S+|\bto (?:version )?v?\d\S*|\bgroup\b.*\bupdates?\b|\bdependenc(?:y|ies)\b|\bdigest\b).*";

/// True for a line that a machine wrote.
pub(super) fn writes(line: &[u8]) -> bool {
    static COMPILED: OnceLock<Option<Regex>> = OnceLock::new();
    let expression = || format!("^(?:{})$", SENTENCES.join("|"));
    matches(&COMPILED, line, expression)
}

/// True for a subject under which release notes are quoted.
pub(super) fn bumps(subject: &[u8]) -> bool {
    static COMPILED: OnceLock<Option<Regex>> = OnceLock::new();
    matches(&COMPILED, subject, || format!("(?i)^{BUMP}$"))
}

fn matches(compiled: &OnceLock<Option<Regex>>, line: &[u8], expression: impl Fn() -> String) -> bool {
    let regex = compiled.get_or_init(|| RegexBuilder::new(&expression()).unicode(false).build().ok());
    regex.as_ref().is_some_and(|regex| regex.is_match(line))
}
