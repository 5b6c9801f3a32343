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

/// What each of them begins with: a regular expression is not built for a message that has none of it.
const BEGINNINGS: [&[u8]; 14] = [
    b"Merge ",
    b"See merge request ",
    b"Merged in ",
    b"Auto merge of ",
    b"Rollup merge of ",
    b"Revert ",
    b"Reapply ",
    b"This reverts ",
    b"Reverts ",
    b"This reapplies ",
    b"Update ",
    b"Create ",
    b"Delete ",
    b"Rename ",
];

/// The subject of a change of dependencies by Dependabot, Renovate and their like, who quote release notes below it.
const BUMP: &str = r"(?:\[[^\]]*\] ?)*(?:\w+(?:\([^)]*\))?!?: )?(?:\[[^\]]*\] ?)*(?:bump|update|upgrade|pin|roll|security upgrade)s?\b.*(?:\bfrom \S+ to \S+|\bto (?:version )?v?\d\S*|\bgroup\b.*\bupdates?\b|\bdependenc(?:y|ies)\b|\bdigest\b).*";

/// The same where a conventional scope says it, and the rest is in the words of whoever set the bot up.
const SCOPED: &str = r"\w+\([\w ,-]*deps[\w ,-]*\)!?: (?:bump|update|upgrade|pin|roll)s?\b.*";

/// One of these is in it, in any case.
const VERBS: [&[u8]; 5] = [b"bump", b"update", b"upgrade", b"pin", b"roll"];

/// True for a line that a machine wrote.
pub(super) fn writes(line: &[u8]) -> bool {
    if !BEGINNINGS.iter().any(|beginning| line.starts_with(beginning)) {
        return false;
    }
    static COMPILED: OnceLock<Option<Regex>> = OnceLock::new();
    let expression = || format!("^(?:{})$", SENTENCES.join("|"));
    matches(&COMPILED, line, expression)
}

/// True for a subject under which release notes are quoted.
pub(super) fn bumps(subject: &[u8]) -> bool {
    let holds = |verb: &&[u8]| subject.windows(verb.len()).any(|part| part.eq_ignore_ascii_case(verb));
    if !VERBS.iter().any(holds) {
        return false;
    }
    static COMPILED: OnceLock<Option<Regex>> = OnceLock::new();
    matches(&COMPILED, subject, || format!("(?i)^(?:{BUMP}|{SCOPED})$"))
}

/// Follows the lines below such a subject, of which those between `<details>` and `</details>` are quoted, however long a paragraph is.
#[derive(Default)]
pub(super) struct Folded {
    depth: usize,
}

impl Folded {
    /// Whether a line is quoted, the lines being given in order.
    pub(super) fn holds(&mut self, line: &[u8]) -> bool {
        let line = line.to_ascii_lowercase();
        let count = |mark: &[u8]| line.windows(mark.len()).filter(|part| *part == mark).count();
        let before = self.depth;
        self.depth = (before + count(b"<details")).saturating_sub(count(b"</details"));
        before > 0 || self.depth > 0
    }
}

/// A text without its addresses; a full stop is there instead, so that no name goes across.
pub(super) fn without_addresses(text: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b"://";
    let mut kept: Vec<u8> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(MARK.len()).position(|part| part == MARK) {
        let (before, after) = rest.split_at(at);
        let scheme = before
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        kept.extend_from_slice(before.get(..at - scheme).unwrap_or_default());
        kept.push(b'.');
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b"()<>[]\"'`".contains(byte);
        let end = after.iter().position(ends).unwrap_or(after.len());
        rest = after.get(end..).unwrap_or_default();
    }
    kept.extend_from_slice(rest);
    kept
}

fn matches(compiled: &OnceLock<Option<Regex>>, line: &[u8], expression: impl Fn() -> String) -> bool {
    let regex = compiled.get_or_init(|| RegexBuilder::new(&expression()).unicode(false).build().ok());
    regex.as_ref().is_some_and(|regex| regex.is_match(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_syntax::ParserBuilder;
    use regex_syntax::hir::literal::Extractor;
    use regex_syntax::hir::{Hir, HirKind};

    fn parse(expression: &str) -> Hir {
        let mut parser = ParserBuilder::new().unicode(false).utf8(false).build();
        parser.parse(expression).unwrap()
    }

    #[test]
    fn each_sentence_begins_as_it_is_said_to() {
        for sentence in SENTENCES {
            let prefixes = Extractor::new().extract(&parse(sentence));
            for prefix in prefixes.literals().unwrap() {
                let begins = |beginning: &&[u8]| prefix.as_bytes().starts_with(beginning);
                assert!(BEGINNINGS.iter().any(begins), "{sentence}: {prefix:?}");
            }
        }
    }

    #[test]
    fn each_subject_of_a_bump_has_a_verb() {
        // What the verbs are written as, in the one group that is nothing but words.
        let verbs = BUMP.split_once("(?:bump|").unwrap().1.split_once(')').unwrap().0;
        for verb in std::iter::once("bump").chain(verbs.split('|')) {
            let holds = |known: &&[u8]| verb.as_bytes().windows(known.len()).any(|part| part == *known);
            assert!(VERBS.iter().any(holds), "{verb}");
        }
        let HirKind::Concat(parts) = parse(BUMP).into_kind() else {
            panic!("{BUMP} is not one thing after another");
        };
        let needed = |hir: &Hir| {
            matches!(
                hir.kind(),
                HirKind::Alternation(_) | HirKind::Concat(_) | HirKind::Literal(_)
            )
        };
        assert!(parts.iter().any(needed), "the verbs may be missing");
        let scoped = SCOPED.split_once("(?:bump|").unwrap().1.split_once(')').unwrap().0;
        assert!(
            scoped.split('|').all(|verb| VERBS.contains(&verb.as_bytes())),
            "{scoped}"
        );
        assert!(bumps(b"fix(deps): update crates") && !bumps(b"fix(parser): update tables"));
        assert!(bumps(b"[x] chore(deps): BUMP a from 1 to 2") && !bumps(b"Speed up the loop"));
        assert!(writes(b"Merge branch 'a' into b") && !writes(b"Merging is hard"));
    }
}
