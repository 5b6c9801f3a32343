//! Where a symbol is in a text, and from where to where it is defined.

/// Words that are right before the name that they define.
const KEYWORDS: [&str; 22] = [
    "def",
    "class",
    "fn",
    "func",
    "function",
    "struct",
    "enum",
    "trait",
    "impl",
    "interface",
    "type",
    "module",
    "mod",
    "sub",
    "proc",
    "namespace",
    "union",
    "record",
    "object",
    "macro_rules!",
    "cdef",
    "cpdef",
];

/// Whether a character may be part of a name.
fn names(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The places of a symbol in a line, as byte offsets.
fn places<'l>(line: &'l str, symbol: &'l str) -> impl Iterator<Item = usize> + 'l {
    line.match_indices(symbol).map(|(at, _)| at).filter(move |at| {
        let before = line.get(..*at).and_then(|text| text.chars().next_back());
        let after = line.get(at + symbol.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(names) && !after.is_some_and(names)
    })
}

/// The lines, from 1, on which a symbol occurs as a word.
pub(super) fn occurrences(text: &str, symbol: &str) -> Vec<u32> {
    if symbol.is_empty() {
        return Vec::new();
    }
    let lines = text.lines().zip(1..);
    lines
        .filter(|(line, _)| places(line, symbol).next().is_some())
        .map(|(_, number)| number)
        .collect()
}

/// First and last line of each definition of a name, decorators and attributes included.
pub(super) fn definitions(text: &str, name: &str) -> Vec<(u32, u32)> {
    if name.is_empty() {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let number = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| defines(line, name))
        .map(|(at, _)| (number(first(&lines, at)), number(last(&lines, at))))
        .collect()
}

/// Whether a line begins the definition of a name.
fn defines(line: &str, name: &str) -> bool {
    places(line, name).any(|at| {
        let before = line.get(..at).unwrap_or_default().trim_end();
        let after = line.get(at + name.len()..).unwrap_or_default().trim_start();
        let keyword = before.rsplit(|c: char| c.is_whitespace()).next().unwrap_or_default();
        // `impl<T> Name`, `func (r *T) Name(`, `impl Trait for Name`.
        let first = before.trim_start();
        let method = first.starts_with("func (") || first.starts_with("impl");
        let assigned = after.starts_with(['=', ':'])
            && ["function", "=>", "lambda", "class"]
                .iter()
                .any(|word| after.contains(word));
        let called = after.starts_with('(')
            && line.trim_end().ends_with('{')
            && !control(first)
            && !before.ends_with(['.', '=', ',']);
        KEYWORDS.contains(&keyword) || method || assigned || called
    })
}

/// Whether a line begins with a word that calls what follows.
fn control(start: &str) -> bool {
    let word = start.split(|c: char| !names(c)).next().unwrap_or_default();
    matches!(
        word,
        "if" | "for" | "while" | "switch" | "return" | "else" | "match" | "catch" | "await" | "new"
    )
}

fn first(lines: &[&str], at: usize) -> usize {
    let marks = |line: &&str| line.trim_start().starts_with(['@']) || line.trim_start().starts_with("#[");
    at - lines
        .get(..at)
        .unwrap_or_default()
        .iter()
        .rev()
        .take_while(|line| marks(line))
        .count()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The last line of a definition: where its braces close, or before the next line that is no deeper.
fn last(lines: &[&str], at: usize) -> usize {
    let body = lines.get(at..).unwrap_or_default();
    let (mut round, mut signature) = (0i64, 0);
    for (index, line) in body.iter().enumerate() {
        let line = line.split(" #").next().unwrap_or_default();
        for c in line.chars() {
            round += match c {
                '(' | '[' => 1,
                ')' | ']' => -1,
                '{' if round <= 0 => return at + closing(body),
                _ => 0,
            };
        }
        signature = index;
        let ended = line.trim_end().ends_with([':', ';']) || index > 40;
        if round <= 0 && (ended || line.trim_end().ends_with(')')) && !opens_next(body, index) {
            break;
        }
    }
    let Some(own) = lines.get(at).map(|line| indent(line)) else {
        return at;
    };
    let mut last = signature;
    for (index, line) in body.iter().enumerate().skip(signature + 1) {
        if line.trim().is_empty() {
            continue;
        }
        if indent(line) <= own {
            // `end` of Ruby and such closes what it is level with.
            if line.trim() == "end" {
                last = index;
            }
            break;
        }
        last = index;
    }
    at + last
}

/// Whether the line after opens the body with a brace.
fn opens_next(body: &[&str], index: usize) -> bool {
    body.get(index + 1)
        .is_some_and(|line| line.trim_start().starts_with('{'))
}

/// The line on which the first brace closes.
fn closing(body: &[&str]) -> usize {
    let mut depth = 0i64;
    let mut opened = false;
    for (index, line) in body.iter().enumerate() {
        for c in line.chars() {
            match c {
                '{' => {
                    depth += 1;
                    opened = true;
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
        if opened && depth <= 0 {
            return index;
        }
    }
    body.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_stands_where_it_is_a_word() {
        let text = "import asyncio\nasyncio.run(x)\nasyncio.runner()\nmy_asyncio.run\n  y = asyncio.run\n";
        assert_eq!(occurrences(text, "asyncio.run"), [2, 5]);
        assert_eq!(occurrences(text, ""), Vec::<u32>::new());
    }

    #[test]
    fn a_definition_ends_with_its_indentation() {
        let text = "class A:\n    @cached\n    def f(\n        self,\n    ) -> int:\n        a = 1\n\n        return a\n\n    def g(self):\n        pass\n";
        assert_eq!(definitions(text, "f"), [(2, 8)]);
        assert_eq!(definitions(text, "g"), [(10, 11)]);
        assert_eq!(definitions(text, "A"), [(1, 11)]);
    }

    #[test]
    fn a_definition_ends_with_its_braces() {
        let text = "#[inline]\nfn f(x: &[u8]) -> u8 {\n    if x { 1 } else { 2 }\n}\n\nimpl<T> B {\n    fn g() {}\n}\nfunction h()\n{\n}\nconst k = (a) => {\n  b;\n};\n";
        assert_eq!(definitions(text, "f"), [(1, 4)]);
        assert_eq!(definitions(text, "B"), [(6, 8)]);
        assert_eq!(definitions(text, "g"), [(7, 7)]);
        assert_eq!(definitions(text, "h"), [(9, 11)]);
        assert_eq!(definitions(text, "k"), [(12, 14)]);
    }
}
