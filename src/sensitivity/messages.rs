//! Message rules: patterns over the whole message, and word families where a statement of the message names the component.

use super::{GatedMessage, Reason, RuleKind, machines};
use crate::change::CommitMessage;
use crate::diagnostic::{sanitize, sanitize_bytes};
use crate::policy::{Component, Policy};

/// A message, prepared once for all components.
struct Prepared<'m> {
    message: &'m CommitMessage,
    /// The subject first, then each paragraph and each item of a list.
    statements: Vec<Prose>,
    /// The subject says what the rest is about: not where git, a forge or a bot wrote it.
    has_topic: bool,
}

/// What somebody says in one piece, without trailers, comments, quotes and what machines write.
#[derive(Default)]
struct Prose {
    /// The line that it begins on, from 1.
    line: usize,
    text: Vec<u8>,
    words: Vec<Word>,
}

/// A word in lower case, and whether only blanks, hyphens or underscores are before it.
struct Word {
    text: Vec<u8>,
    joined: bool,
}

/// A policy's rules on messages, prepared once for all of them.
pub(super) struct Listener<'p> {
    policy: &'p Policy,
    /// By component: what it is called.
    names: Vec<Vec<Vec<Word>>>,
}

impl<'p> Listener<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        let names = policy.components.iter().map(|component| {
            let names = component.names().chain(component.title.as_deref());
            names.map(words_of).collect()
        });
        Self {
            policy,
            names: names.collect(),
        }
    }

    /// What the rules say of a message, with the number of the component.
    pub(super) fn hear(&self, message: &CommitMessage) -> Vec<(usize, GatedMessage)> {
        let prepared = prepare(message);
        let components = self.policy.components.iter().zip(&self.names).enumerate();
        components
            .filter_map(|(at, (component, names))| Some((at, judge(component, names, &prepared)?)))
            .collect()
    }
}

/// For each component in order, the messages that gate it, in the order of the change. One message is taken apart at a time: of tens of
/// thousands the words would fill the memory.
pub(super) fn gate(policy: &Policy, messages: &[CommitMessage]) -> Vec<Vec<GatedMessage>> {
    let listener = Listener::new(policy);
    let mut gated = vec![Vec::new(); policy.components.len()];
    for message in messages {
        place(&mut gated, listener.hear(message));
    }
    gated
}

/// Adds what was said of one message.
pub(super) fn place(gated: &mut [Vec<GatedMessage>], said: impl IntoIterator<Item = (usize, GatedMessage)>) {
    for (at, found) in said {
        if let Some(of_component) = gated.get_mut(at) {
            of_component.push(found);
        }
    }
}

fn judge(component: &Component, names: &[Vec<Word>], prepared: &Prepared<'_>) -> Option<GatedMessage> {
    let reason = unread(component, prepared)
        .or_else(|| pattern(component, prepared))
        .or_else(|| family(component, names, prepared))?;
    Some(GatedMessage {
        commit: prepared.message.id.clone(),
        reason,
    })
}

/// What nobody can read counts as a match of any rule about messages.
fn unread(component: &Component, prepared: &Prepared<'_>) -> Option<Reason> {
    let encoding = prepared.message.unread.as_ref()?;
    let asked = !component.rules.messages.is_empty() || !component.rules.families.is_empty();
    asked.then(|| Reason {
        rule: RuleKind::Message,
        line: None,
        side: None,
        detail: format!(
            "in the encoding `{}`, which is unknown, counted as a match",
            sanitize(encoding)
        ),
        name: None,
        needs: None,
    })
}

fn pattern(component: &Component, prepared: &Prepared<'_>) -> Option<Reason> {
    let text = &prepared.message.text;
    let (pattern, (start, end)) = component
        .rules
        .messages
        .iter()
        .find_map(|pattern| Some((pattern, pattern.find(text)?)))?;
    let found = excerpt(text.get(start..end).unwrap_or_default());
    Some(reason(
        text,
        start,
        format!("`{found}` matches `{}`", sanitize(pattern.as_str())),
    ))
}

/// A claim is about a component where one statement has both, or where either is in the subject, which the whole message is about.
fn family(component: &Component, names: &[Vec<Word>], prepared: &Prepared<'_>) -> Option<Reason> {
    if component.rules.families.is_empty() {
        return None;
    }
    let named: Vec<bool> = prepared
        .statements
        .iter()
        .map(|statement| names.iter().any(|name| names_it(&statement.words, name)))
        .collect();
    let somewhere = named.contains(&true);
    let in_subject = prepared.has_topic && named.first() == Some(&true);
    for (at, (statement, named)) in prepared.statements.iter().zip(&named).enumerate() {
        let about = *named || in_subject || (prepared.has_topic && at == 0 && somewhere);
        if !about {
            continue;
        }
        let found = component
            .rules
            .families
            .iter()
            .find_map(|family| Some((family, family.find(&statement.text)?)));
        if let Some((family, (start, end))) = found {
            let claim = excerpt(statement.text.get(start..end).unwrap_or_default());
            let detail = format!("`{claim}` ({}) and the component's name", family.as_str());
            let mut reason = reason(&statement.text, start, detail);
            reason.line = reason
                .line
                .map(|line| line + u32::try_from(statement.line.saturating_sub(1)).unwrap_or(0));
            return Some(reason);
        }
    }
    None
}

fn reason(text: &[u8], start: usize, detail: String) -> Reason {
    let before = text.get(..start).unwrap_or_default();
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    Reason {
        rule: RuleKind::Message,
        line: u32::try_from(line).ok(),
        side: None,
        detail,
        name: None,
        needs: None,
    }
}

fn excerpt(found: &[u8]) -> String {
    sanitize_bytes(found.get(..found.len().min(80)).unwrap_or_default())
}

fn prepare(message: &CommitMessage) -> Prepared<'_> {
    let mut statements: Vec<Prose> = Vec::new();
    let mut current = Prose::default();
    let mut subject: Option<&[u8]> = None;
    let (mut bumped, mut conflicts) = (false, false);
    let mut folded = machines::Folded::default();
    for (at, line) in message.text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let text = line.trim_ascii();
        let item = item(text);
        let first = subject.is_none() && !text.is_empty();
        if first {
            subject = Some(text);
            bumped = machines::bumps(text);
        }
        conflicts = (conflicts && line.starts_with(b"\t")) || text == b"Conflicts:";
        let written = item.unwrap_or(text);
        let quotes = bumped && folded.holds(text);
        let said = !(line.starts_with(b"#")
            || is_trailer(line)
            || conflicts
            || machines::writes(written)
            || text.starts_with(b">")
            || quotes
            || (bumped && !first && (item.is_some() || text.starts_with(b"<") || text.starts_with(b"|"))));
        let ends = text.is_empty() || item.is_some() || first || !said;
        if ends && !current.text.is_empty() {
            statements.push(std::mem::take(&mut current));
        }
        if said && !text.is_empty() {
            if current.text.is_empty() {
                current.line = at + 1;
            }
            current.text.extend_from_slice(line);
        }
        if first {
            // The subject is its own statement, and the first, whether or not anything is left of it.
            statements.push(std::mem::take(&mut current));
        }
    }
    if !current.text.is_empty() {
        statements.push(current);
    }
    for statement in &mut statements {
        // What an address is called names nothing.
        statement.words = tokens(&machines::without_addresses(&statement.text));
    }
    Prepared {
        message,
        has_topic: !bumped && statements.first().is_some_and(|subject| !subject.text.is_empty()),
        statements,
    }
}

/// What is behind the bullet of an item of a list.
fn item(line: &[u8]) -> Option<&[u8]> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = match line.get(digits..)? {
        [b'.' | b')', rest @ ..] if digits > 0 => rest,
        [b'-' | b'*' | b'+', rest @ ..] if digits == 0 => rest,
        _ => return None,
    };
    rest.first()?.is_ascii_whitespace().then(|| rest.trim_ascii())
}

/// True for lines such as `Reviewed-by: …` (git-interpret-trailers(1)): a known ending, not any word with a colon.
fn is_trailer(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|&byte| byte == b':') else {
        return false;
    };
    let key = line.get(..colon).unwrap_or_default().to_ascii_lowercase();
    let plain = !key.is_empty() && key.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plain
        && (key.ends_with(b"-by")
            || key.ends_with(b"-to")
            || key.ends_with(b"-id")
            || key.ends_with(b"-on")
            || matches!(
                &key[..],
                b"cc" | b"fixes" | b"closes" | b"refs" | b"link" | b"bug" | b"see-also"
            ))
}

fn words_of(name: &str) -> Vec<Word> {
    tokens(name.as_bytes())
}

/// Words of letters and digits; bytes above ASCII count as letters.
fn tokens(text: &[u8]) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut current, mut joined) = (Vec::new(), true);
    for &byte in text {
        if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
            current.push(byte.to_ascii_lowercase());
            continue;
        }
        if !current.is_empty() {
            words.push(Word {
                text: std::mem::take(&mut current),
                joined,
            });
            joined = true;
        }
        joined &= byte.is_ascii_whitespace() || byte == b'-' || byte == b'_';
    }
    if !current.is_empty() {
        words.push(Word { text: current, joined });
    }
    words
}

fn names_it(words: &[Word], name: &[Word]) -> bool {
    !name.is_empty()
        && words.windows(name.len()).any(|window| {
            window
                .iter()
                .zip(name)
                .enumerate()
                .all(|(at, (word, wanted))| word.text == wanted.text && (at == 0 || word.joined))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicySource;

    #[test]
    fn names_are_phrases() {
        let named = |text: &str, name: &str| names_it(&tokens(text.as_bytes()), &words_of(name));
        assert!(named("make GPU memory faster", "gpu_memory"));
        assert!(named("gpu-memory: faster", "gpu_memory"));
        assert!(named("less\ngpu\nmemory", "gpu memory"));
        assert!(!named("a gpu, memory", "gpu_memory"));
        assert!(!named("gpumemory", "gpu_memory"));
        assert!(!named("", ""));
    }

    #[test]
    fn trailers_do_not_count() {
        let message = CommitMessage {
            id: None,
            text: b"telemetry: rename\n\nReviewed-by: a\n# tested telemetry\nfaster\n".to_vec(),
            unread: None,
        };
        let prepared = prepare(&message);
        let said: Vec<(usize, &[u8])> = prepared.statements.iter().map(|s| (s.line, &s.text[..])).collect();
        assert_eq!(said, [(1, &b"telemetry: rename\n"[..]), (5, b"faster\n")]);
        assert!(!is_trailer(b"telemetry: faster"));
    }

    /// The component `parser`, with the family `claim`.
    fn gates(text: &str) -> Option<u32> {
        let policy = "version: 1\ncomponents: [{ id: parser, match: { paths: [x] } }]\n";
        let source = PolicySource {
            name: "p.yaml".into(),
            bytes: policy.as_bytes(),
        };
        let (policy, _) = Policy::parse(&source).unwrap();
        let message = CommitMessage {
            id: None,
            text: text.as_bytes().to_vec(),
            unread: None,
        };
        let gated = gate(&policy, &[message]);
        gated[0].first().map(|found| found.reason.line.unwrap())
    }

    #[test]
    fn a_claim_is_about_what_its_statement_or_the_subject_names() {
        assert_eq!(gates("Speed up the parser"), Some(1));
        assert_eq!(gates("parser: rework\n\nIt is 2x faster now.\n"), Some(3));
        assert_eq!(gates("Much faster\n\nThis touches the parser."), Some(1));
        assert_eq!(gates("Rework\n\nThe parser\nis 2x faster."), Some(4));
        assert_eq!(gates("Rework\n\n- docs\n- optimize the parser\n"), Some(4));
        assert_eq!(gates("Rework\n\nThe lexer is faster.\n\nThe parser has tests."), None);
        assert_eq!(
            gates("Release notes\n\n- Reduce allocations\n- parser: new option\n"),
            None
        );
        assert_eq!(gates("Rework\n\n1. faster start\n2. parser option\n"), None);
        assert_eq!(gates("Rework\n\n> the parser is faster\n"), None);
    }

    #[test]
    fn what_git_forges_and_bots_write_is_no_claim() {
        for plain in [
            "Merge branch 'main' into optimize-parser",
            "Merge branch 'optimize-parser'",
            "Merge branch 'optimize-parser' of https://example.org/x into main",
            "Merge branches 'optimize-parser', 'b' and 'c' into main",
            "Merge remote-tracking branch 'origin/optimize-parser' into main",
            "Merge tag 'v1-optimize-parser' into main",
            "Merge commit 'abc' as 'optimize/parser'",
            "Merge branch 'optimize-parser' into 'main'\n\nSee merge request group/optimize-parser!3",
            "Merge pull request #7 from dev/optimize-parser\n\nRename a variable",
            "Merged in optimize-parser (pull request #7)",
            "Merge in PROJ/repo from optimize-parser to main",
            "Auto merge of #7 - dev:optimize-parser, r=lead",
            "Merge \"Optimize the parser\" into main",
            "Revert \"Optimize the parser\"\n\nThis reverts commit 0123.",
            "Reapply \"Optimize the parser\"",
            "Merge branch 'x'\n\nConflicts:\n\tsrc/optimize/parser.c",
            "Merge branch 'x'\n\n# Conflicts:\n#\toptimize-parser.c",
            "docs (#3)\n\n* Merge branch 'main' into optimize-parser\n* typo",
            "Update optimize-parser.md",
            "Bump parser from 1.2 to 1.3\n\n- Reduce allocations\n",
            "chore(deps): bump parser from 1.2 to 1.3\n\n<li>faster</li>\n",
            "Update dependency parser to v2\n\n* faster parser\n",
            "Bump alloc from 1.2 to 1.3\n\n<details>\n<h2>10x speedup</h2>\nbig refactoring, the\nparser is faster</li>\n</details>\n",
            "chore(deps): update rust crates (#7)\n\n### Notes\n\n<details>\n\nThe parser is faster.\n",
            "Rework\n\nSee [the faster cache](https://example.org/parser/actions).\n",
        ] {
            assert_eq!(gates(plain), None, "{plain}");
        }
        for claim in [
            "Merge branch handling is faster in the parser",
            "Merge pull request #7 from dev/x\n\nOptimize the parser",
            "Merge branch 'x'\n\nThis makes the parser faster.",
            "Merge branch 'the parser is faster'",
            "Revert the slow path: the parser is faster",
            "Bump alloc from 1.2 to 1.3\n\nThe parser is 2x faster with it.",
            "fixup! optimize the parser",
            "Bump alloc from 1.2 to 1.3\n\n<details>\nnotes\n</details>\n\nThe parser is 2x faster with it.",
            "Rework\n\n<details>\nThe parser is faster.\n</details>\n",
            "chore(deps): update crates\n\nThe parser is 2x faster with them.",
            "https://example.org/x: the parser is faster",
        ] {
            assert!(gates(claim).is_some(), "{claim}");
        }
    }
}
