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
    matches(&COMPILED, subject, || format!("(?i)^{BUMP}$"))
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
        assert!(bumps(b"[x] chore(deps): BUMP a from 1 to 2") && !bumps(b"Speed up the loop"));
        assert!(writes(b"Merge branch 'a' into b") && !writes(b"Merging is hard"));
    }
}
