//! Which lines begin a function, type or module, and what it is called: the sense of git's `xfuncname` (gitattributes(5)), by the
//! extension of the file. Attributes of the repository play no part, since the change could bring its own.

use std::sync::OnceLock;

use regex::bytes::Regex;

use crate::change::RepoPath;

/// How function lines look and where the name stands in them.
struct Rules {
    extensions: &'static [&'static str],
    /// Lines that look like functions and are not.
    not: Option<&'static str>,
    /// Lines that begin one.
    line: &'static str,
    /// Words that stand right before a name.
    keywords: &'static [&'static str],
    /// True where a keyword decides before a parenthesis does.
    keyword_first: bool,
}

static RULES: &[Rules] = &[
    Rules {
        extensions: &["py", "pyi", "pyx", "pxd"],
        not: None,
        line: r"^[ \t]*(?:class|(?:async[ \t]+)?def|cp?def)[ \t]",
        keywords: &["def", "class", "cdef", "cpdef"],
        keyword_first: true,
    },
    Rules {
        extensions: &["rs"],
        not: Some(";"),
        line: concat!(
            r#"^[ \t]*(?:pub(?:\([^)]*\))?[ \t]+)?(?:(?:default|async|const|unsafe|auto|extern(?:[ \t]+"[^"]*")?)[ \t]+)*"#,
            r"(?:fn|struct|enum|union|trait|impl|mod|macro_rules!)(?:[ \t<]|$)"
        ),
        keywords: &["fn", "struct", "enum", "union", "trait", "impl", "mod", "macro_rules"],
        keyword_first: true,
    },
    Rules {
        extensions: &["go"],
        not: None,
        line: r"^[ \t]*(?:func\b|type[ \t].*\b(?:struct|interface)\b)",
        keywords: &["func", "type"],
        keyword_first: true,
    },
    Rules {
        extensions: &[
            "c", "h", "cc", "hh", "cpp", "hpp", "cxx", "hxx", "c++", "h++", "inl", "ipp", "cu", "cuh", "hip", "cl",
            "metal",
        ],
        not: Some(r"^[ \t]*[A-Za-z_][A-Za-z0-9_]*:[ \t]*(?:$|/[/*])"),
        line: r"^(?:::[ \t]*)?[A-Za-z_]",
        keywords: &["class", "struct", "enum", "union", "namespace", "concept"],
        keyword_first: false,
    },
    Rules {
        extensions: &["java"],
        not: Some(r"^[ \t]*(?:catch|do|for|if|else|instanceof|new|return|switch|throw|while|try|assert|yield)\b"),
        line: concat!(
            r"^[ \t]*(?:(?:[a-z-]+[ \t]+)*(?:class|enum|interface|record)[ \t]",
            r"|(?:[A-Za-z_<>&@\[\]?.,0-9$]+[ \t]+)+[A-Za-z_$][A-Za-z0-9_$]*[ \t]*\([^;]*$)"
        ),
        keywords: &["class", "enum", "interface", "record"],
        keyword_first: false,
    },
    Rules {
        extensions: &["kt", "kts"],
        not: None,
        line: r"^[ \t]*(?:[a-z]+[ \t]+)*(?:fun|class|interface|object)\b",
        keywords: &["fun", "class", "interface", "object"],
        keyword_first: true,
    },
    Rules {
        extensions: &["cs"],
        not: Some(
            r"^[ \t]*(?:do|while|for|foreach|if|else|new|default|return|switch|case|throw|catch|using|lock|fixed|await|yield|var)\b",
        ),
        line: concat!(
            r"^[ \t]*(?:(?:[a-z]+[ \t]+)*(?:class|enum|interface|struct|record|namespace)[ \t]",
            r"|[\w@.\[\]<>,?]+(?:[ \t]+[\w@.\[\]<>,?]+)+[ \t]*(?:\([^;]*|[^;=:,()]*)$)"
        ),
        keywords: &["class", "enum", "interface", "struct", "record", "namespace"],
        keyword_first: false,
    },
    Rules {
        extensions: &["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"],
        not: Some(r"^[ \t]*(?:if|for|while|switch|catch|with|return|else|do|throw|await|new)\b"),
        line: concat!(
            r"^[ \t]*(?:(?:export|default|declare|abstract|async)[ \t]+)*(?:function\b|(?:class|interface|enum|namespace|module)[ \t])",
            r"|^[ \t]*(?:export[ \t]+)?(?:const|let|var)[ \t]+[\w$]+[^=]*=[ \t]*(?:async[ \t]*)?(?:function\b|[\w$]+[ \t]*=>|\([^;]*=>)",
            r"|^[ \t]*(?:(?:static|async|get|set|public|private|protected|readonly|override|abstract)[ \t]+)*\*?[ \t]*",
            r"[#\w$]+[ \t]*(?:<[^>]*>)?\([^;]*\{[ \t]*$"
        ),
        keywords: &[
            "function",
            "class",
            "interface",
            "enum",
            "namespace",
            "module",
            "const",
            "let",
            "var",
        ],
        keyword_first: true,
    },
    Rules {
        extensions: &["php"],
        not: None,
        line: r"^[ \t]*(?:(?:public|protected|private|static|abstract|final|readonly)[ \t]+)*(?:function|class|enum|interface|trait)\b",
        keywords: &["function", "class", "enum", "interface", "trait"],
        keyword_first: true,
    },
    Rules {
        extensions: &["rb", "rake"],
        not: None,
        line: r"^[ \t]*(?:class|module|def)[ \t]",
        keywords: &["class", "module", "def"],
        keyword_first: true,
    },
];

/// Git's rule for files it has no driver for: a line that begins with a letter, `_` or `$`.
static DEFAULT: Rules = Rules {
    extensions: &[],
    not: None,
    line: r"^[A-Za-z_$]",
    keywords: &[
        "def",
        "fn",
        "func",
        "function",
        "class",
        "struct",
        "impl",
        "trait",
        "mod",
        "module",
        "interface",
        "enum",
        "type",
        "sub",
        "proc",
    ],
    keyword_first: false,
};

struct Compiled {
    not: Option<Regex>,
    line: Option<Regex>,
    rules: &'static Rules,
}

fn compile(rules: &'static Rules) -> Compiled {
    let compiled = |pattern: &str| Regex::new(pattern).ok();
    Compiled {
        not: rules.not.and_then(compiled),
        line: compiled(rules.line),
        rules,
    }
}

static COMPILED: [OnceLock<Compiled>; RULES.len()] = [const { OnceLock::new() }; RULES.len()];
static COMPILED_DEFAULT: OnceLock<Compiled> = OnceLock::new();

/// The language of a file.
#[derive(Clone, Copy)]
pub(super) struct Language(&'static Compiled);

impl Language {
    /// By the extension of the path.
    pub(super) fn of(path: &RepoPath) -> Self {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        let known = |rules: &Rules| rules.extensions.iter().any(|known| known.as_bytes() == extension);
        let (rules, slot) = RULES
            .iter()
            .zip(&COMPILED)
            .find(|(rules, _)| known(rules))
            .unwrap_or((&DEFAULT, &COMPILED_DEFAULT));
        Self(slot.get_or_init(|| compile(rules)))
    }

    /// The names that a line gives to what it begins: the innermost first, such as `run` and `Worker` for `void Worker::run()`.
    /// `None` where it begins nothing; empty where what it begins has no name.
    pub(super) fn function(self, line: &[u8]) -> Option<Vec<String>> {
        let Compiled {
            not,
            line: pattern,
            rules,
        } = self.0;
        if !pattern.as_ref()?.is_match(line) || not.as_ref().is_some_and(|not| not.is_match(line)) {
            return None;
        }
        let words = words(line);
        let by_keyword = || after_keyword(line, &words, rules.keywords);
        let by_parenthesis = || before_parenthesis(line, &words);
        let named = match rules.keyword_first {
            true => by_keyword().or_else(by_parenthesis),
            false => by_parenthesis().or_else(by_keyword),
        };
        Some(named.unwrap_or_default())
    }
}

/// An identifier and where it stands.
#[derive(Clone, Copy)]
struct Word<'l> {
    text: &'l [u8],
    start: usize,
    end: usize,
}

impl Word<'_> {
    fn name(&self) -> String {
        String::from_utf8_lossy(self.text).into_owned()
    }
}

/// All identifiers of a line.
fn words(line: &[u8]) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start = None;
    for at in 0..=line.len() {
        let inside = line
            .get(at)
            .is_some_and(|&b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80);
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push(Word {
                    text: line.get(from..at).unwrap_or_default(),
                    start: from,
                    end: at,
                });
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// The byte after white space that follows `at`.
fn next(line: &[u8], at: usize) -> Option<u8> {
    line.get(at..)?.iter().copied().find(|b| !b.is_ascii_whitespace())
}

/// The position behind a bracketed group that begins at or after `at` with only white space before it; else `at`.
fn skip_group(line: &[u8], at: usize, open: u8, close: u8) -> usize {
    let mut depth = 0_usize;
    for (offset, &byte) in line.iter().enumerate().skip(at) {
        if byte == open {
            depth += 1;
        } else if byte == close && depth > 0 {
            depth -= 1;
            if depth == 0 {
                return offset + 1;
            }
        } else if depth == 0 && !byte.is_ascii_whitespace() {
            return at;
        }
    }
    at
}

fn after_keyword(line: &[u8], words: &[Word<'_>], keywords: &[&str]) -> Option<Vec<String>> {
    let is_keyword = |word: &Word<'_>| keywords.iter().any(|keyword| keyword.as_bytes() == word.text);
    let at = words.iter().position(is_keyword)?;
    let keyword = words.get(at)?;
    // `enum class Name`, `default class Name`: the last keyword of a row is the one before the name.
    let row = words.get(at..)?.iter().take_while(|word| is_keyword(word)).count();
    let last = words.get(at + row - 1)?;
    let mut from = skip_group(line, last.end, b'<', b'>');
    let mut outer = Vec::new();
    if keyword.text == b"func" {
        // The receiver of a Go method names its type: `func (w *Worker) Run()`.
        let behind = skip_group(line, from, b'(', b')');
        let receiver: Vec<&Word<'_>> = words
            .iter()
            .filter(|word| word.start >= from && word.end <= behind)
            .collect();
        outer.extend(receiver.get(1).or(receiver.first()).map(|word| word.name()));
        from = behind;
    }
    let mut rest = words.iter().filter(|word| word.start >= from);
    let first = rest.next()?;
    if keyword.text == b"impl" {
        // `impl Trait for Type`: the type is what the functions belong to.
        let target = words
            .iter()
            .position(|word| word.text == b"for")
            .and_then(|at| words.get(at + 1));
        return Some(vec![qualified(line, words, target.unwrap_or(first)).last()?.name()]);
    }
    let between = line.get(last.end..first.start).unwrap_or_default();
    if outer.is_empty() && between.iter().any(|b| b"(){};=:".contains(b)) {
        return None;
    }
    let mut names: Vec<String> = qualified(line, words, first).iter().rev().map(Word::name).collect();
    names.retain(|name| name != "self");
    // Ruby's names may end in a mark.
    if let (b"def", Some(end), Some(name)) = (
        keyword.text,
        qualified(line, words, first).last().map(|w| w.end),
        names.first_mut(),
    ) && let Some(mark @ (b'?' | b'!')) = line.get(end)
    {
        name.push(char::from(*mark));
    }
    names.extend(outer);
    Some(names)
}

/// The words joined to `first` by `::` or `.`, in order.
fn qualified<'l>(line: &[u8], words: &[Word<'l>], first: &Word<'l>) -> Vec<Word<'l>> {
    let mut chain = vec![*first];
    for word in words.iter().filter(|word| word.start > first.start) {
        let from = chain
            .last()
            .map_or(first.end, |last| skip_group(line, last.end, b'<', b'>'));
        if !matches!(line.get(from..word.start), Some(b"::" | b"." | b"::~")) {
            if word.start < from {
                continue;
            }
            break;
        }
        chain.push(*word);
    }
    chain
}

/// The identifier before the first parenthesis that is not an attribute's, with what qualifies it.
fn before_parenthesis(line: &[u8], words: &[Word<'_>]) -> Option<Vec<String>> {
    const ATTRIBUTES: &[&[u8]] = &[
        b"__attribute__",
        b"__launch_bounds__",
        b"__declspec",
        b"alignas",
        b"decltype",
        b"noexcept",
    ];
    let mut from = 0;
    loop {
        let mut candidates = words.iter().enumerate().filter(|(_, word)| word.start >= from);
        let (at, word) = candidates.find(|(_, word)| next(line, word.end) == Some(b'('))?;
        if ATTRIBUTES.contains(&word.text) {
            from = skip_group(line, word.end, b'(', b')').max(word.end);
            continue;
        }
        // Go back over `Outer::` and `Outer<T>::`.
        let joined = |&start: &usize| {
            let chain = words
                .get(start)
                .map(|first| qualified(line, words, first))
                .unwrap_or_default();
            chain.last().is_some_and(|last| last.start == word.start)
        };
        let start = (0..=at).find(joined).unwrap_or(at);
        let chain = words
            .get(start)
            .map(|first| qualified(line, words, first))
            .unwrap_or_default();
        return Some(chain.iter().rev().map(Word::name).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, line: &str) -> Option<String> {
        Language::of(&RepoPath::from(path))
            .function(line.as_bytes())
            .map(|names| names.join(" < "))
    }

    #[test]
    fn every_pattern_compiles() {
        for rules in RULES.iter().chain([&DEFAULT]) {
            let compiled = compile(rules);
            assert!(compiled.line.is_some());
            assert_eq!(compiled.not.is_some(), compiled.rules.not.is_some());
        }
    }

    #[test]
    fn names_what_a_line_begins() {
        for (path, line, expected) in [
            ("a.py", "    async def collect_stats(self):", Some("collect_stats")),
            ("a.py", "class Loop(Base):", Some("Loop")),
            ("a.py", "    x = f(y)", None),
            ("a.rs", "    pub(crate) const unsafe fn go<T>(x: T) {", Some("go")),
            ("a.rs", "impl<T: Into<u8>> From<T> for crate::Wide<T> {", Some("Wide")),
            ("a.rs", "impl Wide {", Some("Wide")),
            ("a.rs", "macro_rules! codes {", Some("codes")),
            ("a.rs", "    fn declared(&self);", None),
            (
                "a.go",
                "func (w *Worker[T]) Run(ctx context.Context) error {",
                Some("Run < Worker"),
            ),
            ("a.go", "func main() {", Some("main")),
            ("a.go", "type Pool struct {", Some("Pool")),
            ("a.cpp", "void ns::Worker<T>::run(int x) {", Some("run < Worker < ns")),
            ("a.cpp", "struct node *find(int key)", Some("find")),
            ("a.cpp", "enum class Colour {", Some("Colour")),
            ("a.cpp", "  return f(x);", None),
            ("a.c", "error:", None),
            (
                "a.cu",
                "__global__ void __launch_bounds__(256) kernel(float* x) {",
                Some("kernel"),
            ),
            (
                "A.java",
                "    public static <T> List<T> copyOf(List<T> in) {",
                Some("copyOf"),
            ),
            ("A.java", "public final class A extends B {", Some("A")),
            ("A.java", "        return compute(x) {", None),
            ("a.kt", "    private suspend fun load(id: Int): User {", Some("load")),
            ("A.cs", "    public async Task<int> Run(string x)", Some("Run")),
            ("A.cs", "    foreach (var x in y)", None),
            ("a.js", "export default async function main() {", Some("main")),
            (
                "a.ts",
                "  private async load(id: number): Promise<User> {",
                Some("load"),
            ),
            ("a.ts", "export const handler = async (event) => {", Some("handler")),
            ("a.ts", "  if (ready) {", None),
            ("a.php", "    public static function make(array $x)", Some("make")),
            ("a.rb", "  def self.ready?(x)", Some("ready?")),
            ("a.sh", "run_all() {", Some("run_all")),
            ("a.txt", "  indented", None),
        ] {
            assert_eq!(names(path, line).as_deref(), expected, "{path}: {line}");
        }
    }
}
