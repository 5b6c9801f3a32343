//! Changes by hand, in every language, and what must hold of any.

use proptest::prelude::*;

use super::*;
use crate::change::RepoPath;

const COMMENTS: Ignored = Ignored::COMMENTS;
const FORMAT: Ignored = Ignored::FORMAT;
const BOTH: Ignored = Ignored::BOTH;

/// Holds every row and then complains of all that do not hold.
fn hold(found: &mut Vec<String>, holds: bool, what: String) {
    if !holds {
        found.push(what);
    }
}

fn nothing(name: &str, old: &str, new: &str, ignored: Ignored) -> bool {
    let path = RepoPath::from(name);
    match (
        Source::parse(&path, old.as_bytes()),
        Source::parse(&path, new.as_bytes()),
    ) {
        (Ok(old), Ok(new)) => difference(&old, &new, ignored).nothing,
        _ => false,
    }
}

#[test]
fn comments_alone() {
    let mut wrong = Vec::new();
    for (name, old, new) in [
        (
            "a.rs",
            "fn f() { g() }\n",
            "/// Says more.\nfn f() { /* calls */ g() } // the end\n",
        ),
        ("a.py", "x = 1\n", "# note\n\nx = 1  # why\n"),
        (
            "a.py",
            "def f():\n    \"\"\"Old.\n\n    Text 4.\n    \"\"\"\n    return 1\n",
            "def f():\n    \"\"\"Old.\n\n    Better text 4.\n    \"\"\"\n    return 1\n",
        ),
        (
            "a.py",
            "class A:\n    x = 1\n",
            "class A:\n    \"\"\"Says more.\"\"\"\n\n    x = 1\n",
        ),
        (
            "a.go",
            "package a\n\nfunc f() int { return 1 }\n",
            "// Package a does things.\npackage a\n\n// f says more.\nfunc f() int { return 1 }\n",
        ),
        (
            "a.c",
            "/*\n * Line 1\n * Line 2, 2025\n */\nint a;\n",
            "/*\n * Line 1\n * Line 2, 2026\n */\nint a;\n",
        ),
        (
            "a.h",
            "#ifndef A_H\n#define A_H\nint f(int a);\n#endif\n",
            "#ifndef A_H\n#define A_H\n\n/* Says more. */\nint f(int a /* of b */);\n\n#endif\n",
        ),
        (
            "a.cpp",
            "int f() { return 1; }\n",
            "// Says more.\nint f() { return 1; }\n",
        ),
        (
            "A.java",
            "class A { int f() { return 1; } }\n",
            "/** Says more. */\nclass A { int f() { return 1; } }\n",
        ),
        (
            "a.cs",
            "class A { int F() => 1; }\n",
            "/// <summary>Says more.</summary>\nclass A { int F() => 1; }\n",
        ),
        ("a.js", "f(1);\n", "// Says more.\nf(1); // and why\n"),
        (
            "a.ts",
            "const a: number = 1;\n",
            "/** Says more. */\nconst a: number = 1;\n",
        ),
        ("a.tsx", "const a = <b>x</b>;\n", "// Says more.\nconst a = <b>x</b>;\n"),
        ("a.rb", "def f\n  1\nend\n", "# Says more.\ndef f\n  1 # why\nend\n"),
        ("a.sh", "x=1\necho \"$x\"\n", "# Says more.\nx=1 # why\necho \"$x\"\n"),
        (
            "a.sh",
            "cat <<X\nkeep\nX\necho\n",
            "cat <<X\nkeep\nX\n# Says more.\necho\n",
        ),
        ("a.yaml", "a: 1\nb: [2]\n", "# Says more.\na: 1 # why\nb: [2]\n"),
        ("a.toml", "a = 1\n", "# Says more.\na = 1 # why\n"),
        (
            "a.css",
            "a .b { color: red; }\n",
            "/* Says more. */\na .b { color: red; }\n",
        ),
        (
            "a.sql",
            "SELECT a FROM t;\n",
            "-- Says more.\nSELECT a FROM t; -- why\n",
        ),
        ("tsconfig.json", "{\"a\": 1}\n", "// Says more.\n{\"a\": 1}\n"),
    ] {
        hold(&mut wrong, nothing(name, old, new, COMMENTS), format!("{name}: {new}"));
        hold(
            &mut wrong,
            nothing(name, new, old, COMMENTS),
            format!("back, {name}: {new}"),
        );
        hold(&mut wrong, nothing(name, old, old, FORMAT), name.to_string());
        hold(
            &mut wrong,
            !nothing(name, old, new, FORMAT),
            format!("comments are no format, {name}"),
        );
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn code_that_looks_like_comments() {
    let mut wrong = Vec::new();
    for (name, old, new) in [
        (
            "a.sh",
            "cat <<X\nkeep\n# threads=1\nX\n",
            "cat <<X\nkeep\n# threads=64\nX\n",
        ),
        ("a.sh", "cat <<X\n# one\nX\n", "cat <<X\n# another one\nX\n"),
        (
            "m.c",
            "#define F(x) \\\n  g(x) \\\n  // tail\nint y;\n",
            "#define F(x) \\\n  g(x) \\\n  // tail \\\n\nint y;\n",
        ),
        ("p.py", "a = 1\n", "a = 1\n# x\rimport time; time.sleep(1)\n"),
        ("p.py", "a = 1\n", "a = 1\n# x\u{2028}b = 2\n"),
        ("p.py", "a = 1\n", "a = 1\n# x\u{85}b = 2\n"),
        ("t.js", "const s = `\n// n=1\n`;\n", "const s = `\n// n=64\n`;\n"),
        ("t.js", "const s = `\n// one\n`;\n", "const s = `\n// another\n`;\n"),
        (
            "Makefile",
            "all:\n\tcc a.c\n",
            "all:\n\t# $(eval CFLAGS := -O0)\n\tcc a.c\n",
        ),
        ("a.py", "if a:\n    b()\n    c()\n", "if a:\n    b()\nc()\n"),
        ("a.py", "# coding: utf-8\na = 1\n", "# coding: utf-7\na = 1\n"),
        ("a.py", "# -*- coding: utf-8 -*-\na = 1\n", "a = 1\n"),
        (
            "a.py",
            "#!/usr/bin/python\na = 1\n",
            "# note\n#!/usr/bin/python\na = 1\n",
        ),
        (
            "a.py",
            "# coding: utf-8\na = 1\n",
            "# one\n# two\n# coding: utf-8\na = 1\n",
        ),
        ("a.py", "x = \"\"\"\n# one\n\"\"\"\n", "x = \"\"\"\n# two\n\"\"\"\n"),
        (
            "a.py",
            "def f():\n    \"\"\"Old.\"\"\"\n    return f.__doc__\n",
            "def f():\n    \"\"\"New.\"\"\"\n    return f.__doc__\n",
        ),
        (
            "a.py",
            "def f():\n    f\"\"\"Old {a()}.\"\"\"\n",
            "def f():\n    f\"\"\"Old {b()}.\"\"\"\n",
        ),
        (
            "a.py",
            "def f():\n    x\n    \"\"\"Old.\"\"\"\n",
            "def f():\n    x\n    \"\"\"New.\"\"\"\n",
        ),
        ("a.py", "f(\"\"\"Old.\"\"\")\n", "f(\"\"\"New.\"\"\")\n"),
        ("a.py", "x = 1\ny = 2\n", "\"\"\"\nx = 1\n\"\"\"\ny = 2\n"),
        ("a.py", "def f(:\n", "def f(:  # note\n"),
        ("a.c", "int a; int b;\n", "int a; /* int b; */\n"),
        ("a.c", "int a;\n", "int a; // note\nint b;\n"),
        ("a.c", "int a = 4 ??/\n;\n", "int a = 4 ??/\n; // note\n"),
        ("a.c", "#define A 1\n", "#define A 1 /* x */ + 1\n"),
        ("a.c", "#pragma omp parallel\nint a;\n", "#pragma omp simd\nint a;\n"),
        (
            "a.h",
            "char a[] = R\"(\n// one\n)\";\n",
            "char a[] = R\"(\n// two\n)\";\n",
        ),
        (
            "a.cpp",
            "switch (a) { case 1: f(); /* fallthrough */ case 2: g(); }\n",
            "switch (a) { case 1: f(); case 2: g(); }\n",
        ),
        (
            "A.java",
            "class A { }\n",
            "class A { // \\u000a static int b = f();\n }\n",
        ),
        (
            "A.java",
            "class A { String a = \"\\u0022 + b() + \\u0022\"; }\n",
            "class A { String a = \"\\u0022 + b() + \\u0022\"; // note\n }\n",
        ),
        (
            "a.go",
            "package a\n\nfunc f() {}\n",
            "package a\n\n//go:noinline\nfunc f() {}\n",
        ),
        ("a.go", "// +build linux\n\npackage a\n", "// +build linux\npackage a\n"),
        (
            "a.go",
            "package a\n\n/*\nint f(void);\n*/\nimport \"C\"\n",
            "package a\n\n/*\nint g(void);\n*/\nimport \"C\"\n",
        ),
        ("a.js", "import('./a');\n", "import(/* webpackIgnore: true */ './a');\n"),
        ("a.js", "const a = f();\n", "const a = /* @__PURE__ */ f();\n"),
        (
            "a.js",
            "function f() { return a }\n",
            "function f() { return /*\n*/ a }\n",
        ),
        ("a.rb", "# frozen_string_literal: true\na = 'x'\n", "a = 'x'\n"),
        ("a.rb", "a = <<~X\n  # one\nX\n", "a = <<~X\n  # two\nX\n"),
        ("a.rb", "a = 1\n__END__\n# one\n", "a = 1\n__END__\n# two\n"),
        ("a.yaml", "a: |\n  # one\nb: 1\n", "a: |\n  # two\nb: 1\n"),
        ("a.yaml", "a: 1\n", "# {{ include \"x\" . }}\na: 1\n"),
        ("a.json", "{\"a\": 1}\n", "{\"a\": 1} // note\n"),
        ("a.css", "a { color: red; }\n", "a { color: red; // note\n }\n"),
        ("a.css", "a .b { color: red; }\n", "a.b { color: red; }\n"),
        ("a.sql", "SELECT a FROM t;\n", "SELECT /*+ INDEX(t i) */ a FROM t;\n"),
        ("a.sql", "SELECT 5-1;\n", "SELECT 5--1;\n"),
        ("a.rs", "m! { a }\n", "m! { /// note\n a }\n"),
        ("a.rs", "fn f() {}\n", "#[inline(never)]\nfn f() {}\n"),
        ("a.unknown", "a\n", "# note\na\n"),
        ("a.py", "a = 1\n", "a = 1\r\n"),
    ] {
        for ignored in [COMMENTS, FORMAT, BOTH] {
            hold(&mut wrong, !nothing(name, old, new, ignored), format!("{name}: {new}"));
            hold(
                &mut wrong,
                !nothing(name, new, old, ignored),
                format!("back, {name}: {new}"),
            );
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn layout_alone() {
    let mut wrong = Vec::new();
    for (name, old, new) in [
        (
            "a.rs",
            "fn f(a: u8, b: u8) -> u8 { a + b }\n",
            "fn f(\n    a: u8,\n    b: u8\n) -> u8 {\n    a+b\n}\n",
        ),
        (
            "a.c",
            "int f(int a) { return a; }\n",
            "int f(int a)\n{\n\treturn a;\n}\n",
        ),
        (
            "A.java",
            "class A { int f() { return 1; } }\n",
            "class A {\n  int f() {\n    return 1;\n  }\n}\n",
        ),
        (
            "a.go",
            "package a\n\nfunc f(a, b int) {\n  g( a )\n}\n",
            "package a\n\nfunc f(a, b int) {\n\tg(a)\n}\n",
        ),
        (
            "a.ts",
            "f(a,b);\nx = a.b().c();\n",
            "f(\n  a,\n  b\n);\nx = a\n  .b()\n  .c();\n",
        ),
        ("a.json", "{\"a\":1}", "{\n  \"a\": 1\n}\n"),
        ("a.py", "x = 1\n", "x  =  1\n\n\n"),
    ] {
        let expected = name != "a.py";
        hold(
            &mut wrong,
            nothing(name, old, new, FORMAT) == expected,
            format!("{name}: {new}"),
        );
        hold(
            &mut wrong,
            nothing(name, new, old, BOTH) == expected,
            format!("back, {name}: {new}"),
        );
        hold(
            &mut wrong,
            !nothing(name, old, new, COMMENTS),
            format!("no comment, {name}"),
        );
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn layout_that_means_something() {
    let mut wrong = Vec::new();
    for (name, old, new) in [
        ("a.py", "if a:\n    b()\n    c()\n", "if a:\n    b()\nc()\n"),
        ("a.yaml", "a:\n  b: 1\n  c: 2\n", "a:\n  b: 1\nc: 2\n"),
        ("a.js", "function f() { return a; }\n", "function f() { return\n a; }\n"),
        ("a.js", "a = b\n(c)\n", "a = b;\n(c)\n"),
        ("a.js", "x = a\n++b\n", "x = a ++\nb\n"),
        ("a.js", "a = `x  y`;\n", "a = `x y`;\n"),
        ("a.jsx", "const a = <b>x y</b>;\n", "const a = <b>x  y</b>;\n"),
        ("a.c", "#define F(x) x\n", "#define F (x) x\n"),
        ("a.c", "int a;\n#define F 1\nint b;\n", "int a;\n#define F 1 int b;\n"),
        ("a.c", "char *a = \"x y\";\n", "char *a = \"x  y\";\n"),
        ("a.c", "int x = a - -b;\n", "int x = a --b;\n"),
        (
            "a.go",
            "package a\n\nfunc f() int {\n\treturn 1\n}\n",
            "package a\n\nfunc f() int {\n\treturn\n1\n}\n",
        ),
        ("a.sh", "echo a b\n", "echo ab\n"),
        ("a.sh", "echo a \\\n b\n", "echo a \\ \n b\n"),
        ("a.rb", "a = b -1\n", "a = b - 1\n"),
        ("Makefile", "a:\n\tb\n", "a:\n        b\n"),
        ("a.rs", "m!(> >);\n", "m!(>>);\n"),
        ("a.css", "a .b { color: red; }\n", "a.b { color: red; }\n"),
    ] {
        for ignored in [COMMENTS, FORMAT, BOTH] {
            hold(&mut wrong, !nothing(name, old, new, ignored), format!("{name}: {new}"));
            hold(
                &mut wrong,
                !nothing(name, new, old, ignored),
                format!("back, {name}: {new}"),
            );
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn code_in_and_out_of_comments_is_seen_on_its_lines() {
    let path = RepoPath::from("a.rs");
    let (old, new) = (
        "fn f() {\n    a();\n    b();\n}\n",
        "fn f() {\n    /*\n    a();\n    */\n    b();\n}\n",
    );
    let [old, new] = [old, new].map(|text| Source::parse(&path, text.as_bytes()).unwrap());
    let found = difference(&old, &new, COMMENTS);
    assert!(!found.nothing);
    assert_eq!((found.old, found.new), (vec![2], vec![]));
    assert_eq!(new.idle_lines(), [false, true, true, true, false, false]);
}

#[test]
fn lines_are_in_their_functions() {
    let mut wrong = Vec::new();
    for (name, text, line, expected) in [
        (
            "a.py",
            "class A:\n    def f(self):\n        def g():\n            pass\n        return g\n",
            4,
            "g f A",
        ),
        ("a.py", "def f(): return 1\ndef g(): return 2\nx = 1\n", 2, "g"),
        ("a.py", "def f(): return 1\ndef g(): return 2\nx = 1\n", 3, ""),
        ("a.py", "@cache\ndef f():\n    pass\n", 1, "f"),
        ("a.py", "x = '''\ndef f():\n    a\n'''\n", 3, ""),
        ("a.py", "f = lambda: 1\n", 1, "f"),
        (
            "a.rs",
            "impl<T> Shape for Square<T> {\n    #[inline]\n    pub(crate) async fn area(&self) -> f64 {\n        0.0\n    }\n}\n",
            2,
            "area Square",
        ),
        ("a.rs", "mod m { fn a() {} fn b() {} }\n", 1, "b a m"),
        ("a.rs", "macro_rules! codes {\n    () => {};\n}\n", 2, "codes"),
        (
            "a.go",
            "package a\n\n//go:noinline\nfunc (w *Worker[T]) Run() error {\n\treturn nil\n}\n",
            3,
            "Run Worker",
        ),
        ("a.go", "package a\n\nvar f = func() {\n\tg()\n}\n", 4, "f"),
        (
            "a.cpp",
            "void ns::Worker<T>::run(int x) {\n  FOO(x);\nBAR(x);\n}\n",
            3,
            "run Worker ns",
        ),
        ("a.cpp", "struct node *find(int key) {\n  return 0;\n}\n", 2, "find"),
        (
            "a.cpp",
            "namespace a { class B { int c() { return 1; } }; }\n",
            1,
            "c B a",
        ),
        ("a.c", "#define COLLECT(x) \\\n  f(x) \\\n  g(x)\n", 2, "COLLECT"),
        ("a.c", "static int *f(void)\n{\n  return 0;\n}\nint g(void);\n", 5, ""),
        (
            "A.java",
            "class A {\n  @Override\n  public int f() { return 1; }\n}\n",
            2,
            "f A",
        ),
        ("a.cs", "namespace N;\nclass A {\n  int F() => 1;\n}\n", 3, "F A N"),
        ("a.js", "const f = async (x) => {\n  g(x);\n};\n", 2, "f"),
        (
            "a.js",
            "class A {\n  b = () => {\n    c();\n  };\n  get d() { return 1; }\n}\n",
            3,
            "b A",
        ),
        (
            "a.js",
            "exports.collect = function () {\n  a();\n};\n",
            2,
            "collect exports",
        ),
        (
            "a.ts",
            "export namespace N {\n  export function f(): void {\n    g();\n  }\n}\n",
            3,
            "f N",
        ),
        (
            "a.rb",
            "module M\n  class A\n    def self.f?\n      1\n    end\n  end\nend\n",
            4,
            "f? A M",
        ),
        ("a.sh", "f() {\n  g\n}\n", 2, "f"),
        (
            "a.sql",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1;\n",
            1,
            "f",
        ),
    ] {
        let found = match Source::parse(&RepoPath::from(name), text.as_bytes()) {
            Ok(source) => Definitions::of(&source).around(line).join(" "),
            Err(why) => why.to_string(),
        };
        hold(
            &mut wrong,
            found == expected,
            format!("{name}: {found}, not {expected}: {text}"),
        );
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn bounds_hold() {
    let deep = format!("x = {}1{}\n", "(".repeat(100_000), ")".repeat(100_000));
    let _ = nothing("a.py", &deep, &deep, COMMENTS);
    let path = RepoPath::from("a.rs");
    let large = "// a\n".repeat(MAX_BYTES / 5 + 1);
    assert_eq!(Source::parse(&path, large.as_bytes()).err(), Some(Unparsed::TooMuch));
    assert_eq!(Source::parse(&path, b"fn f( {}").err(), Some(Unparsed::Syntax));
    assert_eq!(Source::parse(&path, b"// \xff").err(), Some(Unparsed::Encoding));
    assert_eq!(Source::parse(&path, b"// \x00").err(), Some(Unparsed::Characters));
    assert_eq!(Source::parse(&RepoPath::from("a"), b"").err(), Some(Unparsed::Language));
}

/// A content in each language, all of whose lines a comment can follow.
const WHOLE: &[(&str, &str)] = &[
    (
        "a.rs",
        "struct A;\nimpl A {\nfn f(&self) -> u8 {\nlet x = 1;\nx\n}\n}\n",
    ),
    (
        "a.py",
        "import os\nclass A:\n    x = 1\n    def f(self):\n        return [1,\n            2]\n",
    ),
    (
        "a.go",
        "package a\nimport \"os\"\nfunc f() int {\nx := os.Args\nreturn len(x)\n}\n",
    ),
    ("a.c", "struct a {\nint b;\n};\nint f(int a) {\nreturn a +\n1;\n}\n"),
    (
        "a.cpp",
        "namespace a {\nclass B {\nint c();\n};\n}\nint f() {\nreturn 1;\n}\n",
    ),
    ("A.java", "class A {\nint f() {\nreturn 1;\n}\n}\n"),
    ("a.cs", "class A {\nint F() {\nreturn 1;\n}\n}\n"),
    ("a.js", "const a = [\n1,\n2\n];\nfunction f() {\nreturn a;\n}\n"),
    (
        "a.ts",
        "const a: number[] = [\n1,\n2\n];\nfunction f(): void {\na.push(3);\n}\n",
    ),
    ("a.tsx", "const a = 1;\nfunction f() {\nreturn <b>{a}</b>;\n}\n"),
    ("a.rb", "class A\n  def f\n    1\n  end\nend\n"),
    ("a.sh", "f() {\n  echo a\n}\nif f; then\n  f\nfi\n"),
    ("a.yaml", "a: 1\nb:\n  - 2\n  - 3\nc: {d: e}\n"),
    ("a.toml", "a = 1\n[b]\nc = [1,\n  2]\n"),
    ("a.css", "a .b {\n  color: red;\n  margin: 0 1px;\n}\n"),
    ("a.sql", "SELECT a\nFROM t\nWHERE b = 1;\n"),
];

/// A comment on a separate line in the language of the file.
fn comment(name: &str, text: &str, indentation: &str) -> String {
    let language = Language::of(&RepoPath::from(name), b"").unwrap();
    match (language.row().line.first(), language.row().block) {
        (Some(mark), _) => format!("{indentation}{mark} {text}\n"),
        (None, Some((open, close))) => format!("{indentation}{open} {text} {close}\n"),
        (None, None) => String::new(),
    }
}

fn with_comment(name: &str, content: &str, line: usize, text: &str) -> String {
    let mut lines: Vec<String> = content.split_inclusive('\n').map(str::to_owned).collect();
    let at = line % (lines.len() + 1);
    let next = lines.get(at).cloned().unwrap_or_default();
    let indentation: String = next.chars().take_while(|c| *c == ' ').collect();
    lines.insert(at, comment(name, text, &indentation));
    lines.concat()
}

#[test]
fn a_comment_on_any_line_of_any_language() {
    let mut wrong = Vec::new();
    for (name, content) in WHOLE {
        for line in 0..=content.lines().count() {
            let new = with_comment(name, content, line, "Says more about it.");
            hold(
                &mut wrong,
                nothing(name, content, &new, COMMENTS),
                format!("{name}, {line}: {new}"),
            );
        }
    }
    assert_eq!(wrong, [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Comments put anywhere change nothing, however many.
    #[test]
    fn inserted_comments_are_no_change(at in 0..WHOLE.len(), places in proptest::collection::vec((any::<usize>(), "(The|This|Why|We)( (loop|steps|is|fast|cache|of|a|memory|not|here|ignore|on)){3,9}[.]"), 1..5)) {
        let (name, content) = WHOLE[at];
        let mut new = content.to_owned();
        for (line, text) in &places {
            new = with_comment(name, &new, *line, text);
        }
        prop_assert!(nothing(name, content, &new, COMMENTS), "{}", new);
        prop_assert!(nothing(name, &new, content, BOTH), "{}", new);
    }

    /// A change of any byte that is neither white space nor in a comment is code, whatever is ignored.
    #[test]
    fn a_changed_token_is_code(at in 0..WHOLE.len(), place in any::<usize>(), byte in "[a-z0-9+(;\"#/]", line in any::<usize>()) {
        let (name, content) = WHOLE[at];
        let places: Vec<usize> = content.bytes().enumerate().filter(|(_, b)| !b.is_ascii_whitespace()).map(|(at, _)| at).collect();
        let place = places[place % places.len()];
        let mut new = content.to_owned();
        new.replace_range(place..=place, &byte);
        prop_assume!(new != content);
        let new = with_comment(name, &new, line, "Says more about it.");
        for ignored in [COMMENTS, FORMAT, BOTH] {
            prop_assert!(!nothing(name, content, &new, ignored), "{}", new);
        }
    }

    /// No two contents are too strange, and a content never differs from itself.
    #[test]
    fn any_bytes_are_judged(at in 0..WHOLE.len(), one in "[ -~\n]{0,60}", cut in any::<usize>()) {
        let (name, content) = WHOLE[at];
        let cut = cut % content.len();
        let text = format!("{}{one}{}", &content[..cut], &content[cut..]);
        let _ = nothing(name, content, &text, BOTH);
        let path = RepoPath::from(name);
        if let Ok(source) = Source::parse(&path, text.as_bytes()) {
            prop_assert!(difference(&source, &source, FORMAT).nothing);
            prop_assert_eq!(source.idle_lines().len(), text.lines().count());
            let _ = Definitions::of(&source).around(1);
        }
    }
}

#[test]
fn cuda_is_read_as_cpp() {
    fn cuda<'s>(path: &str, text: &'s str) -> Source<'s> {
        Source::parse(&RepoPath::from(path), text.as_bytes()).unwrap()
    }
    let code = "__global__ void __launch_bounds__(256, 2) scale(float* x) {\n    x[0] = 1; // one\n}\n\nvoid run() {\n    scale<<<grid, dim3(32, 4)>>>(x);\n    each<float><<<1,\n        2>>>(x);\n}\n";
    let source = cuda("a.cu", code);
    let known = Definitions::of(&source);
    assert_eq!(known.around(2), ["scale"]);
    assert_eq!(known.around(6), ["run"]);
    let (name, head) = known.declared(2).remove(0);
    assert_eq!(name, "scale");
    assert!(code[head].starts_with("__global__ void __launch_bounds__(256, 2) scale"));
    let nothing = |new: &str| difference(&source, &cuda("a.cu", new), BOTH).nothing;
    assert!(nothing(&code.replace("// one", "// the first one")));
    // All that a compiler sees counts: what is launched, how, and where it runs; layout, too, as it is not known what it separates.
    for (from, to) in [
        ("grid, dim3", "more, dim3"),
        ("<<<1,", "<<<2,"),
        ("2>>>", "4>>>"),
        ("256, 2", "512, 2"),
        ("__global__ void", "__device__ void"),
        ("x[0] = 1", "x[0] = 2"),
        ("    x[0]", "  x[0]"),
    ] {
        assert!(!nothing(&code.replace(from, to)), "{from} {to}");
    }
    // Marks of a launch neither begin nor end a comment or a text.
    for broken in [
        "void f() { k<<<1; }\n",
        "void f() { a<<<b(>>>c; }\n",
        "// k<<<1\nvoid f( { k(1>>>2); }\n",
    ] {
        assert!(
            Source::parse(&RepoPath::from("a.cu"), broken.as_bytes()).is_err(),
            "{broken}"
        );
    }
    let text = "// k<<<1, 2>>>(x)\nconst char* t = \"k<<<1>>>(x)\";\nvoid f() { k<<<1, 1>>>(); }\n";
    assert_eq!(cuda("a.cu", text).idle_lines(), [true, false, false]);
}

#[test]
fn what_came_begins_where_its_line_does() {
    let old = "def f(self):\n    self.p = self.p.to(self.d)\n\ndef g(self):\n    return 1\n";
    let new = "def f(self):\n    self.p = self.p.to(self.d)\n    # Warn.\n    self.m()\n\ndef m(self):\n    w(\n        'x',\n    )\n\ndef g(self):\n    return 1\n";
    let path = RepoPath::from("a.py");
    let [old, new] = [old, new].map(|text| Source::parse(&path, text.as_bytes()).unwrap());
    let found = difference(&old, &new, COMMENTS);
    assert_eq!(
        (found.old.as_slice(), found.new.as_slice()),
        (&[][..], &[4, 6, 7, 8, 9][..])
    );
    let found = difference(&new, &old, COMMENTS);
    assert_eq!(
        (found.old.as_slice(), found.new.as_slice()),
        (&[4, 6, 7, 8, 9][..], &[][..])
    );
}

#[test]
fn annotations_of_locks_are_no_syntax() {
    let code = "class LEVELDB_EXPORT C {\n  size_t usage_ GUARDED_BY(mutex_);\n  void f() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_, other_);\n};\n";
    fn parsed(text: &[u8]) -> Option<Source<'_>> {
        Source::parse(&RepoPath::from("a.h"), text).ok()
    }
    let source = parsed(code.as_bytes()).unwrap();
    assert_eq!(Definitions::of(&source).around(2), ["C"]);
    let nothing = |from: &str, to: &str| {
        let text = code.replace(from, to);
        parsed(text.as_bytes()).is_some_and(|new| difference(&source, &new, BOTH).nothing)
    };
    assert!(nothing(
        "  size_t usage_ GUARDED_BY(mutex_);",
        "    size_t usage_ GUARDED_BY(mutex_);  // bytes"
    ));
    // They are compared all the same.
    for (from, to) in [
        ("GUARDED_BY(mutex_)", "GUARDED_BY(other_)"),
        (" GUARDED_BY(mutex_)", ""),
        ("LEVELDB_EXPORT ", ""),
        ("usage_", "used_"),
    ] {
        assert!(!nothing(from, to), "{from}");
    }
    // What is no annotation is not left out, nor is what defines one.
    for broken in ["size_t usage_ MY_GUARD(mutex_);\n", "int f() GUARDED_BY(\"a\");\n"] {
        assert!(parsed(broken.as_bytes()).is_none(), "{broken}");
    }
}
