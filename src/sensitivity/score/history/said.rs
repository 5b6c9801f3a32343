//! What the message of an earlier commit says of performance: by its type, in the words of its subject, or in what it explains.
//!
//! The words were chosen by how much more often commits of the type `perf` have them than others do, in the training histories.

use std::sync::OnceLock;

use regex::bytes::Regex;

/// The message says by its type that the commit is about performance.
pub(super) const PERF: u8 = 1;
/// The message says so in words.
pub(super) const CLAIM: u8 = 2;
/// The message takes something back, or names a regression, because of performance.
pub(super) const REGRESSION: u8 = 4;

/// How much of a message is read, in bytes: more is a list of what others did.
const READ: usize = 4000;

/// Words of a subject that are about performance.
const SUBJECT: &str = r"(?i)(?:^|[^\p{L}\p{N}])(?:
    perf | faster | fast[\s-]?path | speed | optimi | slow | latenc | throughput | alloc | pre-?alloc | hot\s?path | overhead | simd | vectori[sz] | memoi | contention
    | expensive | costly | quadratic | bottleneck | prefetch | precomput | redundan | memory\s(?:usage|footprint|consumption)
    | avoid | reduc\w*\s(?:the\s)?(?:number|amount|size|time|cost|memory|copies|copying|calls|work) | (?:un|need)less\w*\s(?:cop|clon|call|loop|work|lock) )";

/// What an explanation says where performance was the reason.
const EXPLAINED: &str = r"(?i)(?:^|[^\p{L}\p{N}])(?:
    performan(?:ce|t) | perf\b | faster | speed(?:s|ed|ing)?[\s-]?up | slow(?:er|s|ed|down|-down|ness)?\b | throughput | overhead | expensive | costly | bottleneck | hot\s?path
    | quadratic | prefetch | contention | vectori[sz] | memory\s(?:usage|footprint|consumption) | \d+\s?(?:ms|ns|us)\b | \d+(?:\.\d+)?\s?%\s?(?:faster|slower|less|fewer|more|improve|reduc|speed)
    | \d+(?:\.\d+)?x\s(?:faster|slower|speed|improve) )";

/// Lines of a message that explain nothing: trailers, headings, lists to tick off, tables, and what a form holds.
const ASIDE: &str = r"^\s*(?:[A-Z][A-Za-z-]+-by:|[A-Z]\w+:\s|\#|<!--|[-*]\s\[|\||>)";

fn pattern(text: &str) -> Option<Regex> {
    let spread = text.contains('\n');
    regex::bytes::RegexBuilder::new(text)
        .ignore_whitespace(spread)
        .build()
        .ok()
}

/// The three patterns, made once; none of them fails to be made, which a test holds.
fn patterns() -> &'static [Option<Regex>; 3] {
    static PATTERNS: OnceLock<[Option<Regex>; 3]> = OnceLock::new();
    PATTERNS.get_or_init(|| [SUBJECT, EXPLAINED, ASIDE].map(pattern))
}

/// What a message says of performance.
pub(super) fn kind(message: &[u8]) -> u8 {
    let message = message.get(..READ).unwrap_or(message);
    let mut lines = message.split(|&byte| byte == b'\n');
    let subject = lines.next().unwrap_or_default();
    let lower = String::from_utf8_lossy(subject).to_lowercase();
    let typed = typed(&lower);
    let [claims, explains, aside] = patterns();
    let found = |pattern: &Option<Regex>, line: &[u8]| pattern.as_ref().is_some_and(|pattern| pattern.is_match(line));
    let said = typed || found(claims, subject);
    let explained = said || lines.any(|line| !found(aside, line) && found(explains, line));
    let back = explained && (lower.contains("revert") || lower.contains("regress"));
    [(typed, PERF), (explained, CLAIM), (back, REGRESSION)]
        .iter()
        .filter(|(yes, _)| *yes)
        .fold(0, |all, (_, one)| all | one)
}

/// Whether a subject, in small letters, begins with the type `perf`.
fn typed(subject: &str) -> bool {
    let start = subject.trim_start_matches(|character: char| !character.is_alphanumeric());
    let Some(rest) = start.strip_prefix("perf") else {
        return false;
    };
    let rest = rest.strip_prefix("ormance").unwrap_or(rest);
    let rest = match rest.strip_prefix('(') {
        Some(scope) => scope.split_once(')').map_or(rest, |(_, rest)| rest),
        None => rest,
    };
    rest.trim_start().starts_with([':', '!', ']'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_are_patterns() {
        assert!(patterns().iter().all(Option::is_some));
    }

    #[test]
    fn messages_say_what_they_are_about() {
        for (message, expected) in [
            ("perf: x", PERF | CLAIM),
            ("perf(parser)!: x", PERF | CLAIM),
            ("[Performance] x", PERF | CLAIM),
            ("⚡️ perf(a b): x", PERF | CLAIM),
            ("performs x", CLAIM),
            ("fix: performance regression in x", CLAIM | REGRESSION),
            ("Revert \"perf: x\"", CLAIM | REGRESSION),
            ("fix: malloc", 0),
            ("x: avoid a second walk", CLAIM),
            ("x: add cache_key", 0),
            ("x: reduce the number of calls", CLAIM),
            ("x: y\n\nThis makes it twice as fast, 3x faster.", CLAIM),
            ("x: y\n\nIt took 300 ms before.", CLAIM),
            ("Revert \"x: y\"\n\nIt is slower than before.", CLAIM | REGRESSION),
            (
                "x: y\n\n- [ ] performance was measured\n# Performance\nReviewed-by: Slow Joe",
                0,
            ),
            ("x: y\n\nIt is slowly moved.", 0),
        ] {
            assert_eq!(kind(message.as_bytes()), expected, "{message}");
        }
    }
}
