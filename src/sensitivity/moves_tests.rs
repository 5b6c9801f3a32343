//! What moves from file to file, and what only seems to, case by case and as laws over small programs.

use imara_diff::{Algorithm, Diff, InternedInput};
use proptest::prelude::*;

use super::moves::Moves;
use crate::change::{
    ChangeKind, ChangedLine, Content, FileChange, FileDiff, Mode, ObjectId, RepoPath, Side, TreeEntry,
};

/// A file before and after; an empty side is none.
type Edit<'a> = (&'a str, &'a str, &'a str);

fn edited((path, old, new): &Edit<'_>) -> (FileChange, Content) {
    let entry = |byte| TreeEntry {
        mode: Mode::Regular,
        id: ObjectId::from_bytes(&[byte; 20]).unwrap(),
    };
    let kind = match (old.is_empty(), new.is_empty()) {
        (true, _) => ChangeKind::Added(entry(1)),
        (_, true) => ChangeKind::Deleted(entry(1)),
        _ => ChangeKind::Modified {
            old: entry(1),
            new: entry(2),
        },
    };
    let input = InternedInput::new(*old, *new);
    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut lines = Vec::new();
    for hunk in Diff::compute(Algorithm::Myers, &input).hunks() {
        let line = |side, at: u32, texts: &[&str]| ChangedLine {
            side,
            number: at + 1,
            text: texts[at as usize].into(),
        };
        lines.extend(hunk.before.map(|at| line(Side::Removed, at, &before)));
        lines.extend(hunk.after.map(|at| line(Side::Added, at, &after)));
    }
    let file = FileChange {
        path: RepoPath::from(*path),
        kind,
    };
    let diff = FileDiff {
        lines,
        old: (*old).into(),
        new: (*new).into(),
        decoded: false,
        sample: None,
    };
    (file, Content::Lines(diff))
}

/// The changed lines that count, as `path: text`.
fn counts(edits: &[Edit<'_>]) -> Vec<String> {
    let edited: Vec<(FileChange, Content)> = edits.iter().map(edited).collect();
    let files: Vec<(&FileChange, &Content)> = edited.iter().map(|(file, content)| (file, content)).collect();
    let moves = Moves::between(&files);
    let mut found = Vec::new();
    for (file, content) in &edited {
        let Content::Lines(diff) = content else { continue };
        let left = moves.left((&file.path, &file.path), diff, |_| true);
        for line in &left.as_ref().unwrap_or(diff).lines {
            if !line.text.trim_ascii().is_empty() {
                found.push(format!("{}: {}", file.path, String::from_utf8_lossy(&line.text)));
            }
        }
    }
    found
}

/// Whether the change counts anything but imports and declarations of modules.
fn is_code(line: &str) -> bool {
    let (_, text) = line.split_once(": ").unwrap();
    !["use ", "mod ", "from ", "import ", "package "]
        .iter()
        .any(|word| text.starts_with(word))
}

fn code(edits: &[Edit<'_>]) -> Vec<String> {
    counts(edits).into_iter().filter(|line| is_code(line)).collect()
}

const SCAN: &str = "/// Scans.\n#[inline]\nfn scan(rows: &[u8]) -> Vec<u8> {\n    let mut out = Vec::with_capacity(rows.len());\n    for row in rows {\n        out.push(*row);\n    }\n    out\n}\n";

#[test]
fn what_goes_and_comes_as_it_is_was_moved() {
    let public = SCAN
        .replace("fn scan", "pub(crate) fn scan")
        .replace("/// Scans.\n", "// As before.\n");
    let wide = SCAN.replace("    ", "        ");
    let cases: &[&[Edit<'_>]] = &[
        // To a file that is new, and one that was there.
        &[
            (
                "src/a.rs",
                &format!("fn one() {{}}\n{SCAN}"),
                "mod b;\nuse b::scan;\nfn one() {}\n",
            ),
            ("src/b.rs", "", &public),
        ],
        &[
            ("src/a.rs", &format!("fn one() {{}}\n{SCAN}"), "fn one() {}\n"),
            ("src/b.rs", "fn two() {}\n", &format!("fn two() {{}}\n\n{wide}")),
        ],
        // Within a file.
        &[(
            "src/a.rs",
            &format!("fn one() {{\n    1;\n}}\n{SCAN}fn two() {{\n    2;\n}}\n"),
            &format!("fn two() {{\n    2;\n}}\nfn one() {{\n    1;\n}}\n{SCAN}"),
        )],
        // A method to another file with the same `impl`.
        &[
            (
                "src/a.rs",
                "use crate::t::T;\nimpl T {\n    fn a(&self) {\n        g(1);\n    }\n    fn b(&self) {\n        g(2);\n    }\n}\n",
                "use crate::t::T;\nimpl T {\n    fn a(&self) {\n        g(1);\n    }\n}\n",
            ),
            (
                "src/b.rs",
                "use crate::t::T;\nimpl T {\n    fn c(&self) {}\n}\n",
                "use crate::t::T;\nimpl T {\n    fn c(&self) {}\n    pub fn b(&self) {\n        g(2);\n    }\n}\n",
            ),
        ],
        // What it needs comes along, or is imported from where it stayed.
        &[
            (
                "src/a.rs",
                &format!("const MOST: u8 = 3;\nfn one(x: u8) -> u8 {{\n    x + MOST\n}}\n{SCAN}"),
                SCAN,
            ),
            (
                "src/b.rs",
                "",
                "const MOST: u8 = 3;\nfn one(x: u8) -> u8 {\n    x + MOST\n}\n",
            ),
        ],
        &[
            (
                "src/a.rs",
                "pub const MOST: u8 = 3;\nfn one(x: u8) -> u8 {\n    x + MOST\n}\n",
                "mod b;\npub const MOST: u8 = 3;\n",
            ),
            (
                "src/b.rs",
                "",
                "use super::a::MOST;\nfn one(x: u8) -> u8 {\n    x + MOST\n}\n",
            ),
        ],
        &[
            (
                "src/a.rs",
                "use crate::map::Map;\nfn one() -> Map {\n    Map::new()\n}\n",
                "mod b;\n",
            ),
            (
                "src/a/b.rs",
                "",
                "use super::super::map::Map;\nfn one() -> Map {\n    Map::new()\n}\n",
            ),
        ],
        &[
            (
                "p/a.py",
                "import numpy as np\n\n\ndef one(x):\n    \"\"\"Sums.\"\"\"\n    return np.sum(x)\n\n\ndef two():\n    return 2\n",
                "import numpy as np\n\n\ndef two():\n    return 2\n",
            ),
            (
                "p/b.py",
                "import numpy as np\n",
                "import numpy as np\n\n\ndef one(x):\n    return np.sum(x)\n",
            ),
        ],
        &[
            (
                "p/a.go",
                "package p\n\nimport \"sort\"\n\nfunc one(x []int) {\n\tsort.Ints(x)\n\ttwo()\n}\n\nfunc two() {}\n",
                "package p\n\nfunc two() {}\n",
            ),
            (
                "p/b.go",
                "",
                "package p\n\nimport \"sort\"\n\nfunc one(x []int) {\n\tsort.Ints(x)\n\ttwo()\n}\n",
            ),
        ],
        &[
            (
                "src/a.ts",
                "import { go } from './lib/go'\n\nfunction one(x: number) {\n  return go(x)\n}\n\nexport function two() {\n  return 2\n}\n",
                "export function two() {\n  return 2\n}\n",
            ),
            (
                "src/lib/b.ts",
                "",
                "import { go } from './go'\n\nexport function one(x: number) {\n  return go(x)\n}\n",
            ),
        ],
    ];
    for case in cases {
        assert_eq!(code(case), Vec::<String>::new(), "{case:#?}");
    }
}

#[test]
fn what_is_another_thing_was_not_moved() {
    let from = format!("fn one() {{}}\n{SCAN}");
    let left = "fn one() {}\n";
    let to = |old: &str, scan: &str| (old.to_owned(), format!("{old}{scan}"));
    let other_number = SCAN.replace("rows.len()", "rows.len() * 2");
    let bare = SCAN.replace("#[inline]\n", "");
    let conditional = format!("#[cfg(test)]\n{}", SCAN.replace("/// Scans.\n", ""));
    let deeper = format!("mod inner {{\n{SCAN}}}\n");
    let cases: Vec<Vec<(&str, String, String)>> = vec![
        // Another number, an attribute less or more, another module around it.
        vec![
            ("src/a.rs", from.clone(), left.into()),
            ("src/b.rs", "fn x() {}\n".into(), to("fn x() {}\n", &other_number).1),
        ],
        vec![
            ("src/a.rs", from.clone(), left.into()),
            ("src/b.rs", "fn x() {}\n".into(), to("fn x() {}\n", &bare).1),
        ],
        vec![
            ("src/a.rs", from.clone(), left.into()),
            ("src/b.rs", "fn x() {}\n".into(), to("fn x() {}\n", &conditional).1),
        ],
        vec![
            ("src/a.rs", from.clone(), left.into()),
            ("src/b.rs", "fn x() {}\n".into(), to("fn x() {}\n", &deeper).1),
        ],
        // A copy, two copies of one, and what only goes.
        vec![
            ("src/a.rs", from.clone(), from.replace("fn one", "fn two")),
            ("src/b.rs", String::new(), SCAN.into()),
        ],
        vec![
            ("src/a.rs", from.clone(), left.into()),
            ("src/b.rs", String::new(), SCAN.into()),
            ("src/c.rs", String::new(), SCAN.into()),
        ],
        vec![("src/a.rs", from.clone(), left.into())],
        // It takes the place of another, and leaves its own.
        vec![
            ("src/a.rs", SCAN.into(), other_number.clone()),
            ("src/b.rs", other_number.clone(), SCAN.into()),
        ],
        vec![
            ("src/a.rs", from.clone(), left.into()),
            ("src/b.rs", other_number.clone(), SCAN.into()),
        ],
        vec![
            ("src/a.rs", from.clone(), other_number.clone()),
            ("src/b.rs", String::new(), SCAN.into()),
        ],
        // Another crate, another package, other inner attributes.
        vec![
            ("one/src/a.rs", from.clone(), left.into()),
            ("two/src/b.rs", String::new(), SCAN.into()),
        ],
        vec![
            ("src/a.rs", from.clone(), left.into()),
            ("src/b.rs", String::new(), format!("#![allow(x)]\n{SCAN}")),
        ],
        vec![
            (
                "p/a.go",
                "package p\n\nfunc one() {}\n\nfunc two() {}\n".into(),
                "package p\n\nfunc two() {}\n".into(),
            ),
            ("q/b.go", String::new(), "package q\n\nfunc one() {}\n".into()),
        ],
        vec![
            (
                "p/a.go",
                "package p\n\nfunc one() {}\n\nfunc two() {}\n".into(),
                "package p\n\nfunc two() {}\n".into(),
            ),
            ("p/b_linux.go", String::new(), "package p\n\nfunc one() {}\n".into()),
        ],
        // A name is imported from elsewhere, by another name, from all of a module, or no longer.
        vec![
            (
                "src/a.rs",
                "use fast::Map;\nfn one() -> Map {\n    Map::new()\n}\n".into(),
                "mod b;\n".into(),
            ),
            (
                "src/b.rs",
                String::new(),
                "use slow::Map;\nfn one() -> Map {\n    Map::new()\n}\n".into(),
            ),
        ],
        vec![
            (
                "src/a.rs",
                "use fast::Map;\nfn one() -> Map {\n    Map::new()\n}\n".into(),
                "mod b;\n".into(),
            ),
            (
                "src/b.rs",
                String::new(),
                "use slow::Slow as Map;\nfn one() -> Map {\n    Map::new()\n}\n".into(),
            ),
        ],
        vec![
            ("src/a.rs", "fn one(x: u8) {\n    go(x);\n}\n".into(), "mod b;\n".into()),
            (
                "src/b.rs",
                String::new(),
                "use slow::*;\nfn one(x: u8) {\n    go(x);\n}\n".into(),
            ),
        ],
        vec![
            (
                "src/a.rs",
                "fn one(x: u8) {\n    x.go();\n}\n".into(),
                "mod b;\n".into(),
            ),
            (
                "src/b.rs",
                String::new(),
                "use slow::Go;\nfn one(x: u8) {\n    x.go();\n}\n".into(),
            ),
        ],
        vec![
            (
                "p/a.py",
                "import numpy as np\n\n\ndef one(x):\n    return np.sum(x)\n".into(),
                "import os\n".into(),
            ),
            (
                "p/b.py",
                "import os\n".into(),
                "import os\nimport mynp as np\n\n\ndef one(x):\n    return np.sum(x)\n".into(),
            ),
        ],
        vec![
            (
                "p/a.py",
                "from .fast import go\n\n\ndef one(x):\n    return go(x)\n".into(),
                "import os\n".into(),
            ),
            (
                "q/b.py",
                "import os\n".into(),
                "import os\nfrom .fast import go\n\n\ndef one(x):\n    return go(x)\n".into(),
            ),
        ],
        vec![
            ("p/a.py", "def one(x):\n    return go(x)\n".into(), "import os\n".into()),
            (
                "p/b.py",
                "def go(x):\n    return slow(x)\n".into(),
                "def go(x):\n    return slow(x)\n\n\ndef one(x):\n    return go(x)\n".into(),
            ),
        ],
        vec![
            (
                "p/a.py",
                "def go(x):\n    return fast(x)\n\n\ndef one(x):\n    return go(x)\n".into(),
                "def go(x):\n    return fast(x)\n".into(),
            ),
            (
                "p/b.py",
                "def go(x):\n    return slow(x)\n".into(),
                "def go(x):\n    return slow(x)\n\n\ndef one(x):\n    return go(x)\n".into(),
            ),
        ],
        vec![
            (
                "src/a.ts",
                "import { go } from './go'\n\nfunction one(x: number) {\n  return go(x)\n}\n".into(),
                "export {}\n".into(),
            ),
            (
                "src/lib/b.ts",
                String::new(),
                "import { go } from './go'\n\nexport function one(x: number) {\n  return go(x)\n}\n".into(),
            ),
        ],
        // Something around it works on it: a decorator, a statement of the type, one of the module.
        vec![
            (
                "p/a.py",
                "@jit\ndef one(x):\n    return x\n".into(),
                "import os\n".into(),
            ),
            (
                "p/b.py",
                "import os\n".into(),
                "import os\n\n\ndef one(x):\n    return x\n".into(),
            ),
        ],
        vec![
            (
                "p/a.py",
                "class A:\n    def one(x):\n        return x\n\n    one = jit(one)\n".into(),
                "import os\n".into(),
            ),
            (
                "p/b.py",
                "class A:\n    pass\n".into(),
                "class A:\n    pass\n\n    def one(x):\n        return x\n".into(),
            ),
        ],
        vec![
            (
                "p/a.py",
                "def one(x):\n    return x\n\n\none = jit(one)\n".into(),
                "import os\n".into(),
            ),
            (
                "p/b.py",
                "import os\n".into(),
                "import os\n\n\ndef one(x):\n    return x\n".into(),
            ),
        ],
        vec![
            (
                "p/a.py",
                "def one(x):\n    return x\n\n\njit_module()\n".into(),
                "jit_module()\n".into(),
            ),
            (
                "p/b.py",
                "import os\n".into(),
                "import os\n\n\ndef one(x):\n    return x\n".into(),
            ),
        ],
        vec![(
            "p/a.py",
            "def one(x):\n    return x\n\n\njit_module()\n".into(),
            "jit_module()\n\n\ndef one(x):\n    return x\n".into(),
        )],
        // Indentation is structure.
        vec![
            (
                "p/a.py",
                "def one(x):\n    if x:\n        a()\n    b()\n".into(),
                "import os\n".into(),
            ),
            (
                "p/b.py",
                "import os\n".into(),
                "import os\n\n\ndef one(x):\n    if x:\n        a()\n        b()\n".into(),
            ),
        ],
        // What says something about where it is.
        vec![
            (
                "src/a.rs",
                "fn one() {\n    super::go();\n}\n".into(),
                "mod b;\n".into(),
            ),
            ("src/a/b.rs", String::new(), "fn one() {\n    super::go();\n}\n".into()),
        ],
        // A file that is not parsed.
        vec![
            ("src/a.rs", from.clone(), left.into()),
            ("src/b.rs", "fn x( {}\n".into(), to("fn x( {}\n", SCAN).1),
        ],
        vec![
            ("src/a.zig", from.clone(), left.into()),
            ("src/b.zig", String::new(), SCAN.into()),
        ],
    ];
    for case in &cases {
        let edits: Vec<Edit<'_>> = case
            .iter()
            .map(|(path, old, new)| (*path, old.as_str(), new.as_str()))
            .collect();
        assert_ne!(code(&edits), Vec::<String>::new(), "{edits:#?}");
    }
}

/// A function of a small program.
fn function(nth: usize, body: &[u8]) -> String {
    let statement = |byte: &u8| match byte % 4 {
        0 => "    go(1);\n".to_owned(),
        1 => format!("    let x = Vec::with_capacity({byte});\n"),
        2 => format!("    for i in 0..{byte} {{\n        step(i);\n    }}\n"),
        _ => format!("    f{}(x);\n", byte % 5),
    };
    let body: String = body.iter().map(statement).collect();
    format!("fn f{nth}(x: u8) {{\n{body}}}\n\n")
}

proptest! {
    /// However functions are dealt to two files before and after, with nothing else changed, no code counts.
    #[test]
    fn dealing_functions_to_files_is_no_change(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..5), 1..5),
        before in any::<u8>(), after in any::<u8>(),
    ) {
        let file = |mask: u8, wanted: bool| -> String {
            let mine = bodies.iter().enumerate().filter(|(nth, _)| (mask >> nth & 1 == 1) == wanted);
            let text: String = mine.map(|(nth, body)| function(nth, body)).collect();
            // What is called and in the other file is imported.
            let others = (0..bodies.len()).filter(|nth| (mask >> nth & 1 == 1) != wanted);
            let called = others.filter(|nth| text.contains(&format!("    f{nth}(x)")));
            let module = if wanted { "b" } else { "a" };
            let imports: String = called.map(|nth| format!("use crate::{module}::f{nth};\n")).collect();
            format!("const ID: u8 = {};\n{imports}{text}", u8::from(wanted))
        };
        let (a, b) = ((file(before, true), file(after, true)), (file(before, false), file(after, false)));
        let found = code(&[("src/a.rs", &a.0, &a.1), ("src/b.rs", &b.0, &b.1)]);
        prop_assert_eq!(found, Vec::<String>::new());
    }

    /// Whatever else is changed in what was moved, its first line counts on both sides.
    #[test]
    fn a_changed_function_counts(
        body in proptest::collection::vec(any::<u8>(), 1..6), other in proptest::collection::vec(any::<u8>(), 1..6),
    ) {
        let (old, new) = (function(9, &body), function(9, &other));
        prop_assume!(old != new);
        let found = code(&[("src/a.rs", &format!("fn z() {{}}\n{old}"), "fn z() {}\n"), ("src/b.rs", "", &new)]);
        let both = ["src/a.rs", "src/b.rs"].map(|path| format!("{path}: fn f9(x: u8) {{"));
        prop_assert!(both.iter().all(|line| found.contains(line)));
    }

    /// What is changed beside a move counts as it does without it, also where it is like what was moved.
    #[test]
    fn a_move_hides_nothing_beside_it(body in proptest::collection::vec(any::<u8>(), 1..5), slow in 1u8..200) {
        let moved = function(9, &body);
        let (z, w) = ("fn z() {\n    go(0);\n}\n", format!("fn z() {{\n    go({slow});\n}}\n"));
        let alone = code(&[("src/a.rs", z, &w)]);
        let beside = code(&[("src/a.rs", &format!("{z}{moved}"), &w), ("src/b.rs", "", &moved)]);
        prop_assert_eq!(alone, beside);
    }
}
