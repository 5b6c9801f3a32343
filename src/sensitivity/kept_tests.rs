//! What an edit keeps, and what it does not, case by case and as laws over small programs.

use imara_diff::{Algorithm, Diff, InternedInput};
use proptest::prelude::*;

use super::tests::{policy, run};
use super::*;
use crate::change::{ChangedLine, FileDiff};

/// The content that an edit makes, with the lines that git would list.
fn edit(old: &str, new: &str) -> Content {
    let input = InternedInput::new(old, new);
    let mut lines = Vec::new();
    let texts = |text: &str| text.lines().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>();
    let (before, after) = (texts(old), texts(new));
    for hunk in Diff::compute(Algorithm::Myers, &input).hunks() {
        let line = |side, at: u32, texts: &[Vec<u8>]| ChangedLine {
            side,
            number: at + 1,
            text: texts[at as usize].clone(),
        };
        lines.extend(hunk.before.map(|at| line(Side::Removed, at, &before)));
        lines.extend(hunk.after.map(|at| line(Side::Added, at, &after)));
    }
    Content::Lines(FileDiff {
        lines,
        old: old.into(),
        new: new.into(),
        decoded: false,
        sample: None,
    })
}

fn gates_with(ignore: &str, path: &str, pattern: &str, old: &str, new: &str) -> bool {
    let text = format!("components: [{{ id: a, match: {{ content: ['{pattern}'], ignore: [{ignore}] }} }}]");
    !run(&policy(&text), &[(path, edit(old, new))]).0.components.is_empty()
}

/// Whether a rule that leaves out what is kept gates an edit; one that does not always would.
fn gates(path: &str, pattern: &str, old: &str, new: &str) -> bool {
    assert!(gates_with("", path, pattern, old, new), "no line matches\n{old}\n{new}");
    gates_with("kept", path, pattern, old, new)
}

#[test]
fn what_stands_on_both_sides_is_kept() {
    for (path, pattern, old, new) in [
        // Another name for what is beside it.
        (
            "a.rs",
            r"\bMutex\b",
            "fn f() {\n    let a = Mutex::new(0);\n    g(a);\n}\n",
            "fn f() {\n    let total = Mutex::new(0);\n    g(total);\n}\n",
        ),
        // A type said out loud.
        (
            "a.py",
            r"np\.einsum",
            "def f(a):\n    x = np.einsum('ij', a)\n    return x\n",
            "def f(a: A) -> B:\n    x: B = np.einsum('ij', a)\n    return x\n",
        ),
        (
            "a.ts",
            "useMemo",
            "function f() {\n  const x = useMemo(() => g(1), []);\n}\n",
            "function f(): void {\n  const x: X = useMemo(() => g(1), []);\n}\n",
        ),
        // Constness, visibility.
        (
            "a.rs",
            r"\bunsafe\b",
            "unsafe fn f() {\n    g();\n}\n",
            "pub(crate) unsafe fn f() {\n    g();\n}\n",
        ),
        (
            "a.cc",
            r"\bmalloc\(",
            "void f(int n) {\n  char* p = malloc(n);\n  g(p);\n}\n",
            "void f(int n) {\n  char* const p = malloc(n);\n  g(p);\n}\n",
        ),
        (
            "a.cc",
            r"std::mutex",
            "class A {\n  std::mutex m;\n  int n;\n};\n",
            "class A {\n  mutable std::mutex mutex_;\n  int n;\n};\n",
        ),
        // A comment behind it, and another layout.
        (
            "a.go",
            r"sync\.Pool",
            "var p = sync.Pool{New: f}\n",
            "var p = sync.Pool{New: f} // all of them\n",
        ),
        (
            "a.cc",
            r"pthread_\w+\(",
            "void f() {\n  pthread_create(&t, NULL, run, NULL);\n}\n",
            "void f() {\n    pthread_create(&t,\n                   nullptr, run, nullptr);\n}\n",
        ),
        // A function that is elsewhere in the file.
        (
            "a.rs",
            r"with_capacity\(",
            "fn f() {\n    let v = Vec::with_capacity(9);\n}\n\nfn g() {\n    one();\n    two();\n    three();\n}\n",
            "fn g() {\n    one();\n    two();\n    three();\n}\n\nfn f() {\n    let v = Vec::with_capacity(9);\n}\n",
        ),
        // Something else is done before it.
        (
            "a.py",
            r"ThreadPoolExecutor",
            "def f():\n    with ThreadPoolExecutor(4) as p: p.map(g, x)\n",
            "def f():\n    log('x')\n    with ThreadPoolExecutor(4) as pool: pool.map(g, x)\n",
        ),
    ] {
        let kept = path != "a.py" || !new.contains("pool.map");
        assert_eq!(gates(path, pattern, old, new), !kept, "{path}\n{old}\n{new}");
    }
}

#[test]
fn what_does_something_else_is_not() {
    let lock = r"\.lock\(\)";
    for (path, pattern, old, new) in [
        // Into a loop, a branch, a closure, another function.
        (
            "a.rs",
            lock,
            "fn f() {\n    m.lock();\n    for x in y {\n        g(x);\n    }\n}\n",
            "fn f() {\n    for x in y {\n        m.lock();\n        g(x);\n    }\n}\n",
        ),
        (
            "a.rs",
            lock,
            "fn f() {\n    m.lock();\n}\n",
            "fn f() {\n    if x {\n        m.lock();\n    }\n}\n",
        ),
        (
            "a.rs",
            lock,
            "fn f() {\n    m.lock();\n}\n",
            "fn f() {\n    later(|| m.lock());\n}\n",
        ),
        (
            "a.rs",
            lock,
            "fn start() {\n    m.lock();\n    a();\n}\n\nfn each() {\n    b();\n}\n",
            "fn start() {\n    a();\n}\n\nfn each() {\n    m.lock();\n    b();\n}\n",
        ),
        (
            "a.py",
            r"np\.einsum",
            "def f(a):\n    x = np.einsum('ij', a)\n    for b in a:\n        g(x)\n",
            "def f(a):\n    for b in a:\n        x = np.einsum('ij', a)\n        g(x)\n",
        ),
        (
            "a.go",
            r"sync\.Mutex",
            "type A struct {\n\tm sync.Mutex\n\tn int\n}\n",
            "type A struct {\n\tn int\n}\n\ntype B struct {\n\tm sync.Mutex\n}\n",
        ),
        // The loop around it runs more often.
        (
            "a.cc",
            r"\bmalloc\(",
            "void f() {\n  for (int i = 0; i < 4; i++) {\n    malloc(8);\n  }\n}\n",
            "void f() {\n  for (int i = 0; i < 400; i++) {\n      malloc(8);\n  }\n}\n",
        ),
        (
            "a.cc",
            r"\bmalloc\(",
            "void f() {\n  do {\n    malloc(8);\n  } while (i < 4);\n}\n",
            "void f() {\n  do {\n      malloc(8);\n  } while (i < 400);\n}\n",
        ),
        // Another argument, operator, receiver, size, value.
        (
            "a.rs",
            r"with_capacity\(",
            "fn f() {\n    let v = Vec::with_capacity(9);\n}\n",
            "fn f() {\n    let v = Vec::with_capacity(9000);\n}\n",
        ),
        (
            "a.rs",
            r"with_capacity\(",
            "fn f() {\n    let v = Vec::with_capacity(a + b);\n}\n",
            "fn f() {\n    let v = Vec::with_capacity(a * b);\n}\n",
        ),
        (
            "a.c",
            r"\bmalloc\(",
            "void f() {\n  n = x + malloc(8);\n}\n",
            "void f() {\n  n = x * malloc(8);\n}\n",
        ),
        (
            "a.rs",
            lock,
            "fn f() {\n    a.lock();\n}\n",
            "fn f() {\n    b.lock();\n}\n",
        ),
        (
            "a.rs",
            lock,
            "fn f() {\n    a.lock();\n}\n",
            "fn f() {\n    a.lock().unwrap();\n}\n",
        ),
        (
            "a.py",
            r"pool_size\s*=",
            "pool_size = 4\nx = 1\n",
            "pool_size = 400\nx = 1\n",
        ),
        (
            "a.py",
            r"max_workers",
            "def f():\n    p = P(max_workers=4)\n",
            "def f():\n    p = P(max_workers=400)\n",
        ),
        (
            "a.c",
            r"std::atomic|_Atomic",
            "struct a {\n  _Atomic int n[4];\n  int x;\n};\n",
            "struct a {\n  _Atomic int n[4096];\n  int x;\n};\n",
        ),
        ("a.yml", "pool_size", "db:\n  pool_size: 4\n", "db:\n  pool_size: 400\n"),
        (
            "a.rs",
            r"\bunsafe\b",
            "fn f() {\n    unsafe { a() };\n}\n",
            "fn f() {\n    unsafe { a(); b() };\n}\n",
        ),
        (
            "a.py",
            "lru_cache",
            "@lru_cache(maxsize=8)\ndef f():\n    return 1\n",
            "@lru_cache(maxsize=None)\ndef f():\n    return 1\n",
        ),
        // What was cached is another function; what was inlined, too.
        (
            "a.py",
            "lru_cache",
            "@lru_cache\ndef f():\n    return 1\n\n\ndef g():\n    return 2\n",
            "def f():\n    return 1\n\n\n@lru_cache\ndef g():\n    return 2\n",
        ),
        (
            "a.rs",
            "inline",
            "#[inline]\nfn f() {}\n\nfn g() {}\n",
            "fn f() {}\n\n#[inline]\nfn g() {}\n",
        ),
        // Another order: under the lock, and no longer.
        (
            "a.rs",
            lock,
            "fn f() {\n    m.lock();\n    work();\n}\n",
            "fn f() {\n    work();\n    m.lock();\n}\n",
        ),
        (
            "a.rs",
            lock,
            "fn f() {\n    a.lock();\n    b.lock();\n}\n",
            "fn f() {\n    b.lock();\n    a.lock();\n}\n",
        ),
        (
            "a.c",
            "_Atomic",
            "struct a {\n  _Atomic int n;\n  int x;\n};\n",
            "struct a {\n  int x;\n  _Atomic int n;\n};\n",
        ),
        // One more, and one of two.
        (
            "a.rs",
            lock,
            "fn f() {\n    a.lock();\n}\n",
            "fn f() {\n    a.lock(); a.lock();\n}\n",
        ),
        (
            "a.rs",
            lock,
            "fn f() {\n    let x = (a.lock(), b.lock());\n}\n",
            "fn f() {\n    let x = (a.lock(), c.lock());\n}\n",
        ),
        // Under another condition of the preprocessor; out of a comment.
        (
            "a.c",
            r"\bmalloc\(",
            "void f() {\n#ifdef A\n  malloc(8);\n#endif\n}\n",
            "void f() {\n#ifdef B\n   malloc(8);\n#endif\n}\n",
        ),
        (
            "a.rs",
            lock,
            "fn f() {\n    // a.lock();\n    b();\n}\n",
            "fn f() {\n    a.lock();\n    b();\n}\n",
        ),
        // Two of one name: nobody can tell which.
        (
            "a.cc",
            r"\bmalloc\(",
            "void f(int n) {\n  malloc(8);\n}\n\nvoid f(long n) {\n  g();\n}\n",
            "void f(int n) {\n}\n\nvoid f(long n) {\n  malloc(8);\n  g();\n}\n",
        ),
        // What cannot be read.
        (
            "a.rs",
            lock,
            "fn f( {\n    let a = m.lock();\n}\n",
            "fn f( {\n    let b = m.lock();\n}\n",
        ),
        ("Makefile", "-O2", "a:\n\tcc -O2 a.c\n", "a:\n\tgcc -O2 a.c\n"),
    ] {
        assert!(gates(path, pattern, old, new), "{path} {pattern}\n{old}\n{new}");
    }
}

#[test]
fn rules_of_ones_own_keep_their_meaning() {
    let (old, new) = (
        "fn f() {\n    let a = m.lock();\n}\n",
        "fn f() {\n    let b = m.lock();\n}\n",
    );
    let gated = |text: &str| !run(&policy(text), &[("a.rs", edit(old, new))]).0.components.is_empty();
    assert!(gated(r"components: [{ id: a, match: { content: ['\.lock'] } }]"));
    assert!(!gated(
        r"components: [{ id: a, match: { content: ['\.lock'], ignore: [kept] } }]"
    ));
    assert!(gated(
        r"components: [{ id: a, match: { content: [{ pattern: '\.lock', kept: true }], ignore: [kept] } }]"
    ));
    assert!(!gated(
        r"components: [{ id: a, match: { content: [{ pattern: '\.lock', kept: false }] } }]"
    ));
    // A policy that adds to a pack says what it says.
    let adjusted = |more: &str| {
        gated(&format!(
            r"extends: builtin:rust
adjust: {{ rust_hot_paths: {{ match: {{ content: ['\.lock']{more} }} }} }}"
        ))
    };
    assert!(adjusted("") && !adjusted(", ignore: [kept]"));
}

/// A statement of a small program.
#[derive(Clone, Debug, PartialEq)]
enum Statement {
    Call(u8, u8),
    Lock(u8),
    Loop(u8, Vec<Statement>),
}

fn statement() -> impl Strategy<Value = Statement> {
    let leaf = prop_oneof![
        (0..4u8, 0..3u8).prop_map(|(name, argument)| Statement::Call(name, argument)),
        (0..3u8).prop_map(Statement::Lock),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        (2..5u8, prop::collection::vec(inner, 1..3)).prop_map(|(times, body)| Statement::Loop(times, body))
    })
}

fn written(body: &[Statement], depth: usize, out: &mut String) {
    let indent = "    ".repeat(depth);
    for one in body {
        match one {
            Statement::Call(name, argument) => *out += &format!("{indent}call{name}({argument});\n"),
            Statement::Lock(which) => *out += &format!("{indent}m{which}.lock();\n"),
            Statement::Loop(times, body) => {
                *out += &format!("{indent}for _ in 0..{times} {{\n");
                written(body, depth + 1, out);
                *out += &format!("{indent}}}\n");
            }
        }
    }
}

fn program(functions: &[(&str, Vec<Statement>)]) -> String {
    let mut out = String::new();
    for (name, body) in functions {
        out += &format!("fn {name}() {{\n");
        written(body, 1, &mut out);
        out += "}\n\n";
    }
    out
}

/// What is run, in order.
fn trace(body: &[Statement], out: &mut Vec<String>) {
    for one in body {
        match one {
            Statement::Loop(times, body) => (0..*times).for_each(|_| trace(body, out)),
            other => out.push(format!("{other:?}")),
        }
    }
}

fn ran(body: &[Statement]) -> Vec<String> {
    let mut out = Vec::new();
    trace(body, &mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// What is left out of a rearranged program is run as often, in the same function, and in the same order with all else that both do equally often.
    #[test]
    fn nothing_that_runs_otherwise_is_kept(
        first in prop::collection::vec(statement(), 1..6),
        second in prop::collection::vec(statement(), 1..4),
        other in prop::collection::vec(statement(), 1..6),
        shuffled in any::<prop::sample::Index>(),
        rotated in any::<bool>(),
    ) {
        let old = program(&[("first", first.clone()), ("second", second.clone())]);
        let mut changed = if rotated { first.clone() } else { other };
        let by = shuffled.index(changed.len());
        changed.rotate_left(by);
        let new = program(&[("first", changed.clone()), ("second", second.clone())]);
        let pattern = r"\.lock\(";
        let (with, without) = (gates_with("kept", "a.rs", pattern, &old, &new), gates_with("", "a.rs", pattern, &old, &new));
        prop_assert!(without || !with);
        if without && !with {
            let locks = |body: &[Statement]| ran(body).into_iter().filter(|one| one.starts_with("Lock")).collect::<Vec<_>>();
            prop_assert_eq!(locks(&first), locks(&changed), "{}\n{}", old, new);
            if rotated {
                prop_assert_eq!(ran(&first), ran(&changed), "{}\n{}", old, new);
            }
        }
    }

    /// Another name of a variable, functions in another order and comments change nothing.
    #[test]
    fn the_same_program_is_kept(
        first in prop::collection::vec(statement(), 1..6),
        second in prop::collection::vec(statement(), 1..4),
        swapped in any::<bool>(),
    ) {
        let old = program(&[("first", first.clone()), ("second", second.clone())]);
        let new = match swapped {
            true => program(&[("second", second), ("first", first)]),
            false => old.replace(".lock();", ".lock(); // held"),
        };
        prop_assert!(!gates_with("kept", "a.rs", r"\.lock\(", &old, &new), "{}\n{}", old, new);
    }
}
