//! Regular expressions of a policy: over bytes, in linear time, of bounded size, compiled on first use.

use std::fmt;
use std::sync::{Arc, OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Compiled size, in bytes, above which a pattern is refused.
const SIZE_LIMIT: usize = 1 << 20;
/// Lazy DFA cache, in bytes.
const DFA_SIZE_LIMIT: usize = 2 << 20;
/// Depth of nesting above which a pattern is refused.
const NEST_LIMIT: u32 = 50;
/// Estimated states below which a pattern surely compiles within [`SIZE_LIMIT`].
const SURELY_SMALL: usize = 1500;
/// Literals fewer bytes long than this tell nothing.
const MIN_LITERAL: usize = 2;
/// More alternative literals than this are not worth looking for.
const MAX_LITERALS: usize = 32;

/// What a pattern is matched against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Haystack {
    /// One line at a time.
    Line,
    /// A full text, where `^` and `$` match at line breaks.
    Text,
}

/// A regular expression.
#[derive(Clone)]
pub struct Pattern(Arc<Inner>);

struct Inner {
    source: String,
    scope: Haystack,
    cost: usize,
    literals: OnceLock<Vec<Vec<u8>>>,
    regex: OnceLock<Option<Regex>>,
}

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// What is wrong.
    pub message: String,
    /// The bytes of the pattern that it is about, where known.
    pub span: Option<(usize, usize)>,
}

impl Pattern {
    /// Reads a pattern and proves that it compiles.
    ///
    /// # Errors
    ///
    /// Bad syntax, nesting deeper than 50, or a compiled size above 1 MiB.
    pub fn new(source: &str, scope: Haystack) -> Result<Self, PatternError> {
        let hir = parse(source)?;
        let cost = estimate(&hir);
        let pattern = Self::with_cost(source, scope, cost);
        if cost > SURELY_SMALL {
            let regex = compile(source, scope).map_err(|error| PatternError {
                message: match error {
                    regex::Error::CompiledTooBig(_) => "the pattern is too large once compiled (limit 1 MiB)".into(),
                    other => other.to_string(),
                },
                span: None,
            })?;
            let _ = pattern.0.regex.set(Some(regex));
        }
        let _ = pattern.0.literals.set(required_literals(&hir));
        Ok(pattern)
    }

    /// Takes a pattern that tests have shown to compile.
    pub(super) fn trusted(source: &str, scope: Haystack) -> Self {
        Self::with_cost(source, scope, 0)
    }

    fn with_cost(source: &str, scope: Haystack, cost: usize) -> Self {
        Self(Arc::new(Inner {
            source: source.to_owned(),
            scope,
            cost,
            literals: OnceLock::new(),
            regex: OnceLock::new(),
        }))
    }

    /// How large the compiled form is about to be, in states; 0 where it was not looked at.
    pub(super) fn cost(&self) -> usize {
        self.0.cost
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0.source
    }

    /// The first match. A pattern that cannot be compiled after all matches at the start of anything: a gate fails closed.
    pub fn find(&self, text: &[u8]) -> Option<(usize, usize)> {
        match self.0.regex.get_or_init(|| compile(&self.0.source, self.0.scope).ok()) {
            Some(regex) => regex.find(text).map(|found| (found.start(), found.end())),
            None => Some((0, 0)),
        }
    }

    /// All matches, one behind the other; `None` where the pattern cannot be compiled after all.
    pub fn find_each(&self, text: &[u8]) -> Option<Vec<(usize, usize)>> {
        let compiled = self.0.regex.get_or_init(|| compile(&self.0.source, self.0.scope).ok());
        let regex = compiled.as_ref()?;
        Some(
            regex
                .find_iter(text)
                .map(|found| (found.start(), found.end()))
                .collect(),
        )
    }

    /// Strings of which a matching text holds at least one, in any ASCII case; empty where nothing is known.
    pub fn literals(&self) -> &[Vec<u8>] {
        self.0
            .literals
            .get_or_init(|| parse(&self.0.source).map_or_else(|_| Vec::new(), |hir| required_literals(&hir)))
    }

    /// True where both are the same object, not only the same text.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.source, f)
    }
}

fn parse(source: &str) -> Result<Hir, PatternError> {
    ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .nest_limit(NEST_LIMIT)
        .build()
        .parse(source)
        .map_err(|error| syntax_error(&error))
}

fn compile(source: &str, scope: Haystack) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source)
        .unicode(false)
        .multi_line(scope == Haystack::Text)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(DFA_SIZE_LIMIT)
        .nest_limit(NEST_LIMIT)
        .build()
}

fn syntax_error(error: &regex_syntax::Error) -> PatternError {
    let (message, span) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), Some(error.span())),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), Some(error.span())),
        other => (other.to_string(), None),
    };
    PatternError {
        message,
        span: span.map(|span| (span.start.offset, span.end.offset)),
    }
}

/// States of the compiled form, estimated from above for all but the largest.
fn estimate(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().len().saturating_mul(8),
        HirKind::Capture(capture) => estimate(&capture.sub).saturating_add(2),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            estimate(&repetition.sub)
                .saturating_add(1)
                .saturating_mul(times as usize)
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts
            .iter()
            .map(estimate)
            .fold(1, |sum, size| sum.saturating_add(size).saturating_add(1)),
    }
}

/// The best set of strings (lower case) of which every match must hold one.
fn required_literals(hir: &Hir) -> Vec<Vec<u8>> {
    let found = required(hir).unwrap_or_default();
    if found.iter().any(|literal| literal.len() < MIN_LITERAL) || found.len() > MAX_LITERALS {
        return Vec::new();
    }
    found
}

fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(vec![literal.0.to_ascii_lowercase()]),
        HirKind::Class(_) => folded_byte(hir).map(|byte| vec![vec![byte]]),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(required(part)?);
            }
            all.sort();
            all.dedup();
            Some(all)
        }
        HirKind::Concat(parts) => {
            let mut best: Option<Vec<Vec<u8>>> = None;
            let mut run: Vec<u8> = Vec::new();
            for part in parts {
                match (part.kind(), folded_byte(part)) {
                    (HirKind::Literal(literal), _) => run.extend(literal.0.to_ascii_lowercase()),
                    (_, Some(byte)) => run.push(byte),
                    (HirKind::Look(_), _) => {}
                    _ => {
                        best = better(best, Some(vec![std::mem::take(&mut run)]));
                        best = better(best, required(part));
                    }
                }
            }
            better(best, Some(vec![run]))
        }
        _ => None,
    }
}

/// The set whose shortest string is longer; on a tie the smaller set.
fn better(one: Option<Vec<Vec<u8>>>, other: Option<Vec<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    let worth = |set: &Option<Vec<Vec<u8>>>| {
        set.as_ref()
            .and_then(|set| Some((set.iter().map(Vec::len).min()?, std::cmp::Reverse(set.len()))))
            .filter(|(shortest, _)| *shortest > 0)
    };
    if worth(&other) > worth(&one) { other } else { one }
}

/// The byte, in lower case, of a class that is one ASCII letter in both cases.
fn folded_byte(hir: &Hir) -> Option<u8> {
    let HirKind::Class(Class::Bytes(class)) = hir.kind() else {
        return None;
    };
    let mut bytes = class.ranges().iter().filter(|range| range.start() == range.end());
    match (class.ranges().len(), bytes.next(), bytes.next()) {
        (2, Some(upper), Some(lower)) if upper.start().to_ascii_lowercase() == lower.start() => Some(lower.start()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn literals(source: &str) -> Vec<String> {
        let pattern = Pattern::new(source, Haystack::Line).unwrap();
        pattern
            .literals()
            .iter()
            .map(|l| String::from_utf8(l.clone()).unwrap())
            .collect()
    }

    #[test]
    fn required_literals_are_found() {
        assert_eq!(literals(r"torch\.cuda\.(empty_cache|synchronize)"), ["torch.cuda."]);
        assert_eq!(literals(r"(?i)\bEmpty_Cache\b"), ["empty_cache"]);
        assert_eq!(
            literals(r"\.(cpu|item)\(\)"),
            [".cpu", ".item"].map(|s| s[1..].to_owned())
        );
        assert_eq!(literals(r"a|bcd"), [""; 0]);
        assert_eq!(literals(r"(abc)?x*"), [""; 0]);
        assert_eq!(literals(r"\w+_cache\s*="), ["_cache"]);
    }

    #[test]
    fn bounds_hold() {
        assert!(Pattern::new("[a-z]{1000}{1000}", Haystack::Line).is_err());
        assert!(Pattern::new(&"(".repeat(200), Haystack::Line).is_err());
        let nested = format!("{}a{}", "(".repeat(100), ")".repeat(100));
        assert!(Pattern::new(&nested, Haystack::Line).is_err());
        let error = Pattern::new("ab[", Haystack::Line).unwrap_err();
        assert_eq!(error.span.map(|span| span.0), Some(2));
    }

    #[test]
    fn ascii_unless_told() {
        let find = |source: &str, text: &str| {
            Pattern::new(source, Haystack::Line)
                .unwrap()
                .find(text.as_bytes())
                .is_some()
        };
        assert!(!find(r"^\w+$", "naïve"));
        assert!(find(r"(?u)^\w+$", "naïve"));
        assert!(Pattern::new("^b", Haystack::Text).unwrap().find(b"a\nb").is_some());
        assert!(Pattern::new("^b", Haystack::Line).unwrap().find(b"a\nb").is_none());
    }

    proptest! {
        #[test]
        fn every_match_holds_a_literal(source in r"(\(?[ab]{1,3}\)?[*+?]?|\(aba\|bab\)|\(\?i:ab\)|\\b|[.]){1,5}", text in "[abAB]{0,12}") {
            if let Ok(pattern) = Pattern::new(&source, Haystack::Line) {
                let lower = text.to_ascii_lowercase();
                if pattern.find(text.as_bytes()).is_some() && !pattern.literals().is_empty() {
                    prop_assert!(pattern.literals().iter().any(|l| lower.as_bytes().windows(l.len()).any(|w| w == l.as_slice())), "{} on {}: {:?}", source, text, pattern.literals());
                }
            }
        }

        #[test]
        fn any_source_is_judged(source in ".{0,40}") {
            let _ = Pattern::new(&source, Haystack::Text).map(|pattern| pattern.find(b"some text\nwith lines"));
        }
    }
}
