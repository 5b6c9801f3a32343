//! What a line is, by how it begins: a comment, a definition, a loop, a message.

/// White space at the beginning; a tab counts four.
pub(super) fn indentation(line: &[u8]) -> u32 {
    let mut depth = 0;
    for byte in line {
        match byte {
            b' ' => depth += 1,
            b'\t' => depth += 4,
            _ => break,
        }
    }
    depth
}

pub(super) fn is_comment(trimmed: &[u8]) -> bool {
    let hash = matches!(trimmed, [b'#', rest @ ..] if matches!(rest, [] | [b' ', ..] | [b'#', ..])
        && !["# include", "# define", "# if", "# endif"].iter().any(|word| trimmed.starts_with(word.as_bytes())));
    hash || [
        &b"//"[..],
        b"/*",
        b"* ",
        b"*/",
        b"<!--",
        b"-- ",
        b"\"\"\"",
        b"'''",
        b"% ",
    ]
    .iter()
    .any(|mark| trimmed.starts_with(mark))
        || trimmed == b"*"
}

/// The first four words of a line, as far as they are letters.
pub(super) fn first_words(trimmed: &[u8]) -> Vec<&[u8]> {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut words = Vec::with_capacity(4);
    let mut rest = trimmed;
    while words.len() < 4 {
        let Some(start) = rest.iter().position(word) else { break };
        let tail = rest.get(start..).unwrap_or_default();
        let end = tail.iter().position(|byte| !word(byte)).unwrap_or(tail.len());
        let (one, after) = tail.split_at(end);
        words.push(one);
        rest = after;
    }
    words
}

fn has(words: &[&[u8]], any: &[&str]) -> bool {
    words
        .iter()
        .any(|word| any.iter().any(|known| known.as_bytes() == *word))
}

pub(super) fn is_definition(first: &[&[u8]], trimmed: &[u8]) -> bool {
    let keyword = has(
        first,
        &[
            "fn",
            "def",
            "func",
            "function",
            "class",
            "struct",
            "impl",
            "trait",
            "enum",
            "interface",
            "macro_rules",
            "template",
        ],
    );
    // `void f(int a) {`, `get(key) {`, `const f = (a) => {`: something in parentheses, and then a block.
    let opens = trimmed.ends_with(b"{") && trimmed.contains(&b'(');
    let block = opens
        && !is_branch(first)
        && !is_loop(first, trimmed)
        && !has(first, &["else", "match", "try", "return", "let"]);
    let signature = trimmed.first().is_some_and(|byte| byte.is_ascii_alphabetic()) && block;
    keyword || signature
}

pub(super) fn is_loop(first: &[&[u8]], trimmed: &[u8]) -> bool {
    let calls = [
        &b".for_each("[..],
        b".forEach(",
        b".iter()",
        b".map(",
        b".into_iter()",
        b"par_iter",
        b"range(",
    ];
    first.first().is_some_and(|word| {
        has(&[word], &["for", "while", "loop", "do", "foreach", "async"])
            && has(first, &["for", "while", "loop", "do", "foreach"])
    }) || first.first().is_some_and(|word| is_each(word))
        || calls.iter().any(|call| contains(trimmed, call))
}

/// Whether a word is that of a macro that loops: `list_for_each_entry`, `RTE_ETH_FOREACH_DEV`.
fn is_each(word: &[u8]) -> bool {
    let word = word.to_ascii_lowercase();
    contains(&word, b"for_each") || contains(&word, b"foreach")
}

/// Whether a line only says something, or is a text that some call above takes.
pub(super) fn is_message(first: &[&[u8]], trimmed: &[u8]) -> bool {
    const SAYS: &[&str] = &[
        "print",
        "println",
        "eprintln",
        "eprint",
        "printf",
        "fprintf",
        "snprintf",
        "puts",
        "perror",
        "log",
        "logf",
        "logger",
        "logging",
        "slog",
        "klog",
        "zap",
        "console",
        "warn",
        "warning",
        "warnings",
        "warn_once",
        "debug",
        "info",
        "error",
        "errorf",
        "fatal",
        "fatalf",
        "trace",
        "die",
        "err",
        "panic",
        "bail",
        "ensure",
        "raise",
        "throw",
        "assert",
        "abort",
        "unreachable",
        "usage",
        "stderr",
        "std_err",
        "static_assert",
        "debug_assert",
        "assert_eq",
        "LOG",
        "LOG_INFO",
        "LOG_WARN",
        "LOG_ERROR",
        "LOG_DEBUG",
        "VLOG",
        "CHECK",
        "DCHECK",
        "PMD_DRV_LOG",
        "DRV_LOG",
        "MP_ERR",
        "MP_WARN",
        "MP_VERBOSE",
        "BUG",
        "VLOG_WARN",
        "VELOX_CHECK",
        "VELOX_FAIL",
    ];
    let text = matches!(
        trimmed,
        [b'"' | b'\'' | b'`', ..] | [b'f' | b'r' | b'b', b'"' | b'\'', ..]
    );
    text || first.first().is_some_and(|word| has(&[word], SAYS))
        || matches!(first, [b"fmt", word, ..] | [b"self", word, ..] if has(&[word], &["Print", "Printf", "Println", "Errorf", "Fprintf", "logger", "log"]))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

pub(super) fn is_branch(first: &[&[u8]]) -> bool {
    first.first().is_some_and(|word| {
        has(
            &[word],
            &["if", "elif", "else", "match", "switch", "case", "when", "guard"],
        )
    })
}

pub(super) fn is_import(first: &[&[u8]]) -> bool {
    first.first().is_some_and(|word| {
        has(
            &[word],
            &["use", "import", "from", "include", "require", "using", "extern"],
        )
    }) || matches!(first, [b"pub", b"use", ..] | [b"export", b"from", ..])
}
