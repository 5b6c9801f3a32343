//! The names that profilers give to functions, taken apart: the function's own name, what it is in, and the file where it says one.
//!
//! Each tool writes its own way: demangled C++ with arguments, Rust with hashes and closures, `file.py:function:12`, `function (file.py:12)`,
//! `function@file.js:12:3`, Go's `pkg.(*Type).Method`, Java's `com/acme/Type.method`. What is not understood is kept as one name.

/// A name of a profile, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The function's own name; empty for one without a name, which its line may tell.
    pub name: String,
    /// What the name says that it is in, the outermost first.
    pub within: Vec<String>,
    /// The file, where there is one.
    pub file: Option<String>,
    /// The line, from 1, where there is one.
    pub line: Option<u32>,
}

/// Names for what has none.
const NAMELESS: &[&str] = &[
    "<lambda>",
    "<listcomp>",
    "<setcomp>",
    "<dictcomp>",
    "<genexpr>",
    "lambda",
    "{lambda}",
    "(anonymous)",
    "<anonymous>",
    "anonymous",
    "(anonymous function)",
    "{closure}",
    "{{closure}}",
];

/// What profilers put behind a name: kernel, inlined, compiled, a cycle of callgrind.
const MARKS: &[&str] = &[
    "_[k]",
    "_[j]",
    "_[i]",
    "_[0]",
    "_[1]",
    " [inlined]",
    " (inlined)",
    "@plt",
    " [clone .cold]",
    " [clone .isra.0]",
];

/// Names of more bytes are kept as they are.
const MAX_NAME: usize = 4096;
/// How deep the types of a trait's implementation may be in one another.
const MAX_NESTED: usize = 16;

impl Frame {
    /// Takes a name apart. `file` and `line` are what the profile says beside it, and win.
    pub fn parse(text: &str, file: Option<&str>, line: Option<u64>) -> Self {
        let (text, own_file, own_line) = placed(text.trim());
        let file = file.map(str::to_owned).or_else(|| own_file.map(str::to_owned));
        let line = line.and_then(|line| u32::try_from(line).ok()).or(own_line);
        let text = bare(text);
        let mut frame = Self {
            file: file.filter(|file| !file.is_empty() && !file.starts_with('<')),
            line: line.filter(|line| *line > 0),
            ..Self::default()
        };
        if NAMELESS.contains(&text) {
            return frame;
        }
        let mut parts = match text.len() > MAX_NAME {
            true => vec![text.to_owned()],
            false => parts(text, MAX_NESTED),
        };
        let closure = parts.iter().rposition(|part| !is_closure(part)).map_or(0, |at| at + 1);
        parts.truncate(closure);
        // A constructor of Java is called as its type is.
        if parts.last().is_some_and(|last| last == "<init>") {
            parts.pop();
        }
        frame.name = parts.pop().unwrap_or_default();
        frame.within = parts;
        frame
    }

    /// Whether a function, by its name and what it is in (the innermost first), may be what the profile means. `module` is the name that its
    /// file gives to what is in it; `None` where the language takes none from there.
    pub fn may_be(&self, name: &str, within: &[String], module: Option<&str>) -> bool {
        if self.name.is_empty() || self.name != name {
            return false;
        }
        match (self.within.as_slice(), within.first(), module) {
            ([], ..) => true,
            (said, Some(innermost), _) => said.contains(innermost),
            // The root of a crate: the profile says the crate, and nothing else.
            ([_], None, Some("lib" | "main")) => true,
            (said, None, Some(module)) => said.last().is_some_and(|last| last == module),
            // What a macro puts around it is not seen.
            (said, None, None) => said.first().is_none_or(|first| first != "std"),
        }
    }
}

fn is_closure(part: &str) -> bool {
    let numbered = part.strip_prefix("func").is_some_and(digits);
    NAMELESS.contains(&part) || part.starts_with("{closure") || part.starts_with("{lambda") || numbered || digits(part)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a name says of its place: `file.py:function:12`, `function (file.py:12)`, `function@file.js:12:3`, `function file.js:12:3`.
fn placed(text: &str) -> (&str, Option<&str>, Option<u32>) {
    if let Some((name, place)) = text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")) {
        let (file, line) = place_of(place);
        if line.is_some() || is_file(file) {
            return (name, Some(file), line);
        }
    }
    for mark in ['@', ' '] {
        if let Some((name, place)) = text.rsplit_once(mark) {
            let (file, line) = place_of(place);
            if line.is_some() && is_file(file) && !name.is_empty() {
                return (name, Some(file), line);
            }
        }
    }
    let mut fields = text.split(':');
    if let (Some(file), Some(second), third) = (fields.next(), fields.next(), fields.next())
        && is_file(file)
        && !second.is_empty()
        && fields.next().is_none()
    {
        return match (second.parse().ok(), third) {
            (Some(line), Some(name)) => (name, Some(file), Some(line)),
            (Some(line), None) => ("", Some(file), Some(line)),
            (None, third) => (second, Some(file), third.and_then(|line| line.parse().ok())),
        };
    }
    (text, None, None)
}

/// A file, and the line behind it; of a line and a column the line.
fn place_of(place: &str) -> (&str, Option<u32>) {
    let place = place.strip_prefix("file://").unwrap_or(place);
    let number = |text: &str| text.parse::<u32>().ok();
    let Some((before, last)) = place.rsplit_once(':') else {
        return (place, None);
    };
    let Some(last) = number(last) else { return (place, None) };
    match before
        .rsplit_once(':')
        .and_then(|(file, line)| Some((file, number(line)?)))
    {
        Some((file, line)) => (file, Some(line)),
        None => (before, Some(last)),
    }
}

/// Whether a text looks like the path of a source file: an extension of a few letters, and nothing that no path has.
fn is_file(text: &str) -> bool {
    let extension = text.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| {
        (1..=5).contains(&extension.len())
            && extension
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
    }) && !text.contains([' ', '(', ')', '<', '>', ';'])
        && !text.contains("::")
}

/// A name without what tools put around it.
fn bare(text: &str) -> &str {
    let mut text = text;
    loop {
        let before = text;
        for mark in MARKS {
            text = text.strip_suffix(mark).unwrap_or(text);
        }
        // V8: optimised, interpreted.
        text = text.strip_prefix(['*', '~', '^']).unwrap_or(text);
        for prefix in ["LazyCompile:", "Function:", "JS:", "py::"] {
            text = text.strip_prefix(prefix).unwrap_or(text);
        }
        // A cycle of callgrind: `walk'2`.
        if let Some((name, number)) = text.rsplit_once('\'')
            && digits(number)
        {
            text = name;
        }
        text = text.trim();
        if text == before {
            return text;
        }
    }
}

/// The parts of a qualified name, the outermost first, without arguments, type arguments, hashes, and what a function returns.
fn parts(text: &str, nested: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut part = String::new();
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let length = character.len_utf8();
        let tail = rest.get(length..).unwrap_or_default();
        if depth == 0 && part.is_empty() {
            // An operator has signs in its name.
            if let Some(signs) = rest.strip_prefix("operator").filter(|signs| !signs.starts_with(word)) {
                let signs = signs.trim_start();
                let end = match signs.starts_with("()") {
                    true => 2,
                    false => signs.find(['(', ';']).filter(|end| *end > 0).unwrap_or(signs.len()),
                };
                let sign = signs.get(..end).unwrap_or_default().trim();
                found.push(format!("operator{sign}"));
                break;
            }
            // `<Type as Trait>::method`: both are what it is in.
            if character == '<'
                && let (Some((inner, after)), Some(nested)) = (bracketed(rest), nested.checked_sub(1))
            {
                if after.is_empty() {
                    // `<init>`, or a type alone.
                    found.push(rest.to_owned());
                    break;
                }
                let inner = inner.strip_prefix("impl ").unwrap_or(inner);
                let (own, of) = inner.rsplit_once(" as ").unwrap_or((inner, ""));
                found.extend(parts(of, nested).into_iter().chain(parts(own, nested)));
                rest = after;
                continue;
            }
            if let Some(after) = rest.strip_prefix("(anonymous namespace)") {
                rest = after;
                continue;
            }
            // Go: `pkg.(*Type).Method`.
            if let Some(inner) = rest.strip_prefix("(*")
                && let Some((name, after)) = inner.split_once(')')
            {
                push(&mut found, &mut name.rsplit('.').next().unwrap_or_default().to_owned());
                rest = after;
                continue;
            }
        }
        match character {
            '(' if depth == 0 && !part.is_empty() => {
                // Arguments end a name, unless the name continues behind them: a function in a function.
                match bracketed(rest).map(|(_, after)| after) {
                    Some(after) if after.contains("::") && !after.starts_with(" const") => {
                        rest = after;
                        continue;
                    }
                    _ => break,
                }
            }
            // What Rust calls a closure or an implementation.
            '{' if depth == 0 => {
                let end = rest.find('}').map_or(rest.len(), |end| end + 1);
                let end = end
                    + rest
                        .get(end..)
                        .unwrap_or_default()
                        .chars()
                        .take_while(|c| *c == '}')
                        .count();
                part.push_str(rest.get(..end).unwrap_or_default());
                rest = rest.get(end..).unwrap_or_default();
                continue;
            }
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            ':' | '.' | '/' | '#' | '\\' => push(&mut found, &mut part),
            // What is before a blank is what the function returns.
            ' ' => {
                if tail.trim_start().starts_with("const") || tail.trim_start().starts_with('[') {
                    break;
                }
                part.clear();
                found.clear();
            }
            '*' | '&' => part.clear(),
            other => part.push(other),
        }
        rest = tail;
    }
    push(&mut found, &mut part);
    if found.len() > 1 && found.last().is_some_and(|last| is_hash(last)) {
        found.pop();
    }
    found
}

fn push(found: &mut Vec<String>, part: &mut String) {
    let name = part.trim();
    let implementation = name.starts_with("{impl") || name.starts_with("{{impl");
    if !name.is_empty() && !implementation {
        found.push(name.to_owned());
    }
    part.clear();
}

fn word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// What is in the brackets that a text begins with, and what follows them.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '<' | '(' => depth += 1,
            '>' | ')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some((text.get(1..at)?, text.get(at + 1..)?));
                }
            }
            _ => {}
        }
    }
    None
}

/// The hash that Rust puts behind a name: `h` and 16 hexadecimal digits.
fn is_hash(part: &str) -> bool {
    part.strip_prefix('h')
        .is_some_and(|hex| hex.len() == 16 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> (String, String, Option<String>, Option<u32>) {
        let frame = Frame::parse(text, None, None);
        (frame.name, frame.within.join("/"), frame.file, frame.line)
    }

    #[test]
    fn names_of_many_tools_are_taken_apart() {
        for (text, name, within) in [
            ("step", "step", ""),
            (
                "certgate::ledger::read::Reader::next",
                "next",
                "certgate/ledger/read/Reader",
            ),
            ("certgate::ledger::read::h0123456789abcdef", "read", "certgate/ledger"),
            ("certgate::read::{{closure}}::h0123456789abcdef", "read", "certgate"),
            ("certgate::read::{closure#0}", "read", "certgate"),
            ("certgate::read::{{closure}}::{{closure}}", "read", "certgate"),
            (
                "<certgate::Path as core::fmt::Display>::fmt",
                "fmt",
                "core/fmt/Display/certgate/Path",
            ),
            (
                "<alloc::vec::Vec<T> as core::ops::Drop>::drop",
                "drop",
                "core/ops/Drop/alloc/vec/Vec",
            ),
            ("core::slice::<impl [T]>::sort_by", "sort_by", "core/slice"),
            ("crate_a::{{impl}}::run", "run", "crate_a"),
            (
                "ns::Worker<int>::run(std::vector<int> const&, int) const",
                "run",
                "ns/Worker",
            ),
            ("void ns::sort<int*>(int*, int*)", "sort", "ns"),
            ("std::unique_ptr<A, B> ns::make<A>(int)", "make", "ns"),
            ("(anonymous namespace)::helper(int)", "helper", ""),
            ("ns::(anonymous namespace)::helper(int)", "helper", "ns"),
            ("ns::A::operator()(int) const", "operator()", "ns/A"),
            ("ns::A::operator<(ns::A const&) const", "operator<", "ns/A"),
            ("ns::A::~A()", "~A", "ns/A"),
            ("ns::A::A(int)", "A", "ns/A"),
            ("outer(int)::inner(int)", "inner", "outer"),
            ("main.(*Server).Handle", "Handle", "main/Server"),
            ("github.com/acme/app/pkg.Run.func1", "Run", "github/com/acme/app/pkg"),
            (
                "github.com/acme/app/pkg.(*T).Run.func2.1",
                "Run",
                "github/com/acme/app/pkg/T",
            ),
            ("com/acme/Worker.run", "run", "com/acme/Worker"),
            ("com.acme.Worker.<init>", "Worker", "com/acme"),
            ("Trainer.step", "step", "Trainer"),
            ("walk'2", "walk", ""),
            ("memcpy@plt", "memcpy", ""),
            ("do_idle_[k]", "do_idle", ""),
            ("LazyCompile:*render", "render", ""),
            ("~render", "render", ""),
            ("operatorial", "operatorial", ""),
        ] {
            let found = of(text);
            assert_eq!((found.0.as_str(), found.1.as_str()), (name, within), "{text}");
        }
    }

    #[test]
    fn places_are_found_in_names() {
        for (text, name, file, line) in [
            ("step (train/loop.py:12)", "step", "train/loop.py", Some(12)),
            ("step (train/loop.py)", "step", "train/loop.py", None),
            ("train/loop.py:step:12", "step", "train/loop.py", Some(12)),
            ("train/loop.py:step", "step", "train/loop.py", None),
            ("train/loop.py:12:step", "step", "train/loop.py", Some(12)),
            ("step@file:///srv/a.js:12:3", "step", "/srv/a.js", Some(12)),
            ("LazyCompile:*step /srv/a.js:12:3", "step", "/srv/a.js", Some(12)),
            ("(anonymous) (/srv/a.js:12:3)", "", "/srv/a.js", Some(12)),
            ("<lambda> (a.py:3)", "", "a.py", Some(3)),
        ] {
            let found = of(text);
            assert_eq!(
                (found.0.as_str(), found.2.as_deref(), found.3),
                (name, Some(file), line),
                "{text}"
            );
        }
        // What the profile says beside the name wins.
        let frame = Frame::parse("step (a.py:3)", Some("b.py"), Some(7));
        assert_eq!((frame.file.as_deref(), frame.line), (Some("b.py"), Some(7)));
        assert_eq!(Frame::parse("run", Some("<frozen importlib>"), Some(0)).file, None);
    }

    #[test]
    fn functions_are_told_apart_by_what_they_are_in() {
        let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        let may = |frame: &str, name: &str, within: &[&str], module: Option<&str>| {
            Frame::parse(frame, None, None).may_be(name, &owned(within), module)
        };
        assert!(may("a::Reader::next", "next", &["Reader"], Some("read")));
        assert!(!may("alloc::vec::Vec<T>::push", "push", &["Stack"], Some("stack")));
        assert!(may("app::stack::push", "push", &[], Some("stack")));
        assert!(!may("alloc::vec::Vec<T>::push", "push", &[], Some("stack")));
        assert!(
            !may("app::vec::Vec::push", "push", &[], Some("vec")),
            "of a type, and this is of none"
        );
        assert!(may("app::run", "run", &[], Some("main")));
        assert!(
            may("step", "step", &["Trainer"], Some("loop")),
            "a bare name is whatever has it"
        );
        assert!(!may("step", "steps", &[], None));
        assert!(may("ns::sort(int*)", "sort", &[], None));
        assert!(!may("std::sort(int*)", "sort", &[], None));
        assert!(may(
            "<app::Path as core::fmt::Display>::fmt",
            "fmt",
            &["Path"],
            Some("path")
        ));
    }

    #[test]
    fn a_hostile_name_costs_nothing() {
        for text in [
            format!("{}a{}", "<".repeat(1000), ">::b".repeat(1000)),
            format!("{}a", "<x as ".repeat(600)),
            "a()::".repeat(800),
            "(".repeat(4000),
            "<".repeat(1 << 20),
            "{".repeat(4000),
        ] {
            let started = std::time::Instant::now();
            let frame = Frame::parse(&text, None, None);
            assert!(frame.name.len() <= text.len());
            assert!(started.elapsed().as_secs() < 2, "bounded work, not a benchmark");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_a_name_is_made_of_the_text(text in r"[ -~]{0,60}|[a-z<>(){}:. ]{0,40}|\PC{0,30}") {
            let frame = Frame::parse(&text, None, None);
            let mut rest = text.chars();
            prop_assert!(frame.name.chars().all(|one| rest.any(|other| other == one)), "{:?} {:?}", text, frame);
        }

        #[test]
        fn a_plain_name_is_itself(name in "[a-z_][a-z0-9_]{0,12}", within in proptest::collection::vec("[a-z_][a-z_0-9]{1,8}", 0..4)) {
            prop_assume!(!is_closure(&name) && !name.starts_with("operator") && !NAMELESS.contains(&name.as_str()));
            prop_assume!(within.iter().all(|part| !part.starts_with("operator") && part != "py"));
            let text = within.iter().chain([&name]).cloned().collect::<Vec<_>>().join("::");
            prop_assume!(!is_hash(&name));
            let frame = Frame::parse(&text, None, None);
            prop_assert_eq!((frame.name, frame.within), (name, within));
        }
    }
}
