//! Message rules: patterns over the whole message, and word families where the message names the component.

use super::{GatedMessage, Reason, RuleKind};
use crate::change::CommitMessage;
use crate::diagnostic::{sanitize, sanitize_bytes};
use crate::policy::{Component, Policy};

/// A message, prepared once for all components.
struct Prepared<'m> {
    message: &'m CommitMessage,
    /// Without trailers and comments, line breaks kept.
    prose: Vec<u8>,
    words: Vec<Word>,
}

/// A word in lower case, and whether only blanks, hyphens or underscores stand before it.
struct Word {
    text: Vec<u8>,
    joined: bool,
}

/// For each component in order, the messages that gate it, in the order of the change. One message is taken apart at a time: of tens of
/// thousands the words would fill the memory.
pub(super) fn gate(policy: &Policy, messages: &[CommitMessage]) -> Vec<Vec<GatedMessage>> {
    let names: Vec<Vec<Vec<Word>>> = policy
        .components
        .iter()
        .map(|component| {
            let names = component.names().chain(component.title.as_deref());
            names.map(words_of).collect()
        })
        .collect();
    let mut gated = vec![Vec::new(); policy.components.len()];
    for message in messages {
        let prepared = prepare(message);
        for ((component, names), gated) in policy.components.iter().zip(&names).zip(&mut gated) {
            gated.extend(judge(component, names, &prepared));
        }
    }
    gated
}

fn judge(component: &Component, names: &[Vec<Word>], prepared: &Prepared<'_>) -> Option<GatedMessage> {
    let reason = pattern(component, prepared).or_else(|| family(component, names, prepared))?;
    Some(GatedMessage {
        commit: prepared.message.id.clone(),
        reason,
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

fn family(component: &Component, names: &[Vec<Word>], prepared: &Prepared<'_>) -> Option<Reason> {
    if component.rules.families.is_empty() || !names.iter().any(|name| names_it(&prepared.words, name)) {
        return None;
    }
    let prose = &prepared.prose;
    let (family, (start, end)) = component
        .rules
        .families
        .iter()
        .find_map(|family| Some((family, family.find(prose)?)))?;
    let found = excerpt(prose.get(start..end).unwrap_or_default());
    let detail = format!("`{found}` ({}) and the component's name", family.as_str());
    Some(reason(prose, start, detail))
}

fn reason(text: &[u8], start: usize, detail: String) -> Reason {
    let before = text.get(..start).unwrap_or_default();
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    Reason {
        rule: RuleKind::Message,
        line: u32::try_from(line).ok(),
        side: None,
        detail,
    }
}

fn excerpt(found: &[u8]) -> String {
    sanitize_bytes(found.get(..found.len().min(80)).unwrap_or_default())
}

fn prepare(message: &CommitMessage) -> Prepared<'_> {
    let mut prose = Vec::with_capacity(message.text.len());
    for line in message.text.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b"#") || is_trailer(line) {
            // The line break stays, so that lines keep their numbers.
            prose.extend(line.iter().filter(|&&byte| byte == b'\n'));
        } else {
            prose.extend_from_slice(line);
        }
    }
    let words = tokens(&prose);
    Prepared { message, prose, words }
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
        };
        let prepared = prepare(&message);
        assert_eq!(prepared.prose, b"telemetry: rename\n\n\n\nfaster\n");
        assert!(!is_trailer(b"telemetry: faster"));
    }
}
