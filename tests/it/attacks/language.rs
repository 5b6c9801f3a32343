//! Family: language. What looks like a comment, or like layout, and is read by a compiler or another program; what a pattern cannot see.

use super::attacks;
use super::world::check;
use crate::scene::{self, Ran};

const POLICY: &str = "version: 1
components:
  - id: engine
    match: { paths: [\"src/**\"], ignore: [comments, format] }
  - id: cache
    match: { content: [{ pattern: 'empty_cache', paths: [\"lib/**\"] }], ignore: [comments] }
  - id: loop
    match: { functions: [{ name: \"collect_*\", paths: [\"lib/**\"] }], ignore: [comments] }
";

/// What CI says of a change of one file.
fn edited(path: &str, old: impl AsRef<[u8]>, new: impl AsRef<[u8]>) -> Ran {
    let repo = scene::with_policy();
    repo.write(".certgate/policy.yaml", POLICY);
    repo.write(path, old);
    repo.commit("Begin");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write(path, new);
    repo.commit("Edit");
    check(&repo)
}

/// What CI says of a new file.
fn added(path: &str, text: &str) -> Ran {
    let repo = scene::with_policy();
    repo.write(".certgate/policy.yaml", POLICY);
    repo.commit("Begin");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write(path, text);
    repo.commit("Add");
    check(&repo)
}

fn utf16(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

attacks! {
    a_heredoc_of_ruby: "a line of a here-document of Ruby, behind `#`", ["CG201"],
        || edited("src/a.rb", "a = <<~X\n  # one\nX\n", "a = <<~X\n  # two\nX\n"),
        || edited("src/a.rb", "a = 1\n# one\n", "a = 1\n# two\n");
    a_raw_string_of_rust: "a line of a raw string of Rust, behind `//`", ["CG201"],
        || edited("src/a.rs", "const A: &str = r#\"\n// one\n\"#;\n", "const A: &str = r#\"\n// two\n\"#;\n"),
        || edited("src/a.rs", "const A: u8 = 1;\n// one\n", "const A: u8 = 1;\n// two\n");
    a_block_of_yaml: "a line of a block of YAML, behind `#`", ["CG201"],
        || edited("src/a.yaml", "run: |\n  # one\n  x\n", "run: |\n  # two\n  x\n"),
        || edited("src/a.yaml", "run: x\n# one\n", "run: x\n# two\n");
    a_string_of_toml: "a line of a long string of TOML, behind `#`", ["CG201"],
        || edited("src/a.toml", "a = \"\"\"\n# one\n\"\"\"\n", "a = \"\"\"\n# two\n\"\"\"\n"),
        || edited("src/a.toml", "a = 1\n# one\n", "a = 1\n# two\n");
    a_text_of_markup: "a text of JSX, behind `//`", ["CG201"],
        || edited("src/a.tsx", "const a = <p>\n// one\n</p>;\n", "const a = <p>\n// two\n</p>;\n"),
        || edited("src/a.tsx", "const a = <p>x</p>;\n// one\n", "const a = <p>x</p>;\n// two\n");
    a_text_of_sql: "a line of a text of SQL, behind `--`", ["CG201"],
        || edited("src/a.sql", "SELECT '\n-- one\n';\n", "SELECT '\n-- two\n';\n"),
        || edited("src/a.sql", "SELECT 1;\n-- one\n", "SELECT 1;\n-- two\n");
    a_verbatim_string_of_c_sharp: "a line of a verbatim string of C#, behind `//`", ["CG201"],
        || edited("src/A.cs", "class A { string a = @\"\n// one\n\"; }\n", "class A { string a = @\"\n// two\n\"; }\n"),
        || edited("src/A.cs", "class A { }\n// one\n", "class A { }\n// two\n");
    a_pragma_of_c_sharp: "`#pragma` and `#if` of C#", ["CG201"],
        || edited("src/A.cs", "class A {\n#if FAST\n int a;\n#endif\n}\n", "class A {\n#if SLOW\n int a;\n#endif\n}\n"),
        || edited("src/A.cs", "class A { }\n// one\n", "class A { }\n// two\n");
    a_heredoc_that_looks_like_comments: "a setting in a here-document, behind a `#`", ["CG201"],
        || edited("src/a.sh", "cat <<X\nkeep\n# one thread\nX\n", "cat <<X\nkeep\n# more threads\nX\n"),
        || edited("src/a.sh", "cat <<X\nkeep\nX\n", "cat <<X\nkeep\nX\n# Says more.\n");
    a_template_that_looks_like_comments: "a line of a template string, behind `//`", ["CG201"],
        || edited("src/a.js", "const a = `\n// one\n`;\n", "const a = `\n// two\n`;\n"),
        || edited("src/a.js", "const a = `\n// one\n`;\n", "const a = `\n// one\n`;\n// Says more.\n");
    a_string_that_looks_like_comments: "a line of a Python string that is no docstring, behind `#`", ["CG201"],
        || edited("src/a.py", "a = \"\"\"\n# one\n\"\"\"\n", "a = \"\"\"\n# two\n\"\"\"\n"),
        || edited("src/a.py", "def f():\n    \"\"\"Old.\n\n    One.\n    \"\"\"\n    return 1\n", "def f():\n    \"\"\"Old.\n\n    Two.\n    \"\"\"\n    return 1\n");
    a_docstring_that_is_read: "a docstring in a module that reads `__doc__`", ["CG201"],
        || edited("src/a.py", "def f():\n    \"\"\"1\"\"\"\nx = int(f.__doc__)\n", "def f():\n    \"\"\"9\"\"\"\nx = int(f.__doc__)\n"),
        || edited("src/a.py", "def f():\n    \"\"\"Old.\"\"\"\nx = 1\n", "def f():\n    \"\"\"New.\"\"\"\nx = 1\n");
    a_macro_that_goes_on: "a comment in a macro that a backslash lets go on over the next line", ["CG201"],
        || edited("src/a.c", "#define F(x) \\\n  g(x) \\\n  // tail\nint y;\n", "#define F(x) \\\n  g(x) \\\n  // tail \\\n\nint y;\n"),
        || edited("src/a.c", "#define F(x) g(x)\nint y;\n", "#define F(x) g(x)\n// Says more.\nint y;\n");
    a_lone_carriage_return: "code behind a carriage return in a comment", ["CG201"],
        || edited("src/a.py", "a = 1\n", "a = 1\n# Says\rimport os\n"),
        || edited("src/a.py", "a = 1\n", "a = 1\n# Says more.\n");
    a_line_separator: "code behind U+2028 in a comment", ["CG201"],
        || edited("src/a.js", "a();\n", "a();\n// Says\u{2028}b();\n"),
        || edited("src/a.js", "a();\n", "a();\n// Says more.\n");
    an_escape_that_ends_a_comment: "`\\u000a` in a comment of Java", ["CG201"],
        || edited("src/A.java", "class A { }\n", "class A { // Says \\u000a static int b = f();\n }\n"),
        || edited("src/A.java", "class A { }\n", "class A { // Says more.\n }\n");
    a_recipe_of_make: "a function call in a comment of a makefile's recipe", ["CG201"],
        || edited("src/Makefile", "all:\n\tcc a.c\n", "all:\n\t# $(eval CFLAGS := -O0)\n\tcc a.c\n"),
        || edited("src/a.sh", "cc a.c\n", "# Says more.\ncc a.c\n");
    a_directive_to_the_compiler: "`//go:noinline` above a function", ["CG201"],
        || edited("src/a.go", "package a\n\nfunc f() {}\n", "package a\n\n//go:noinline\nfunc f() {}\n"),
        || edited("src/a.go", "package a\n\nfunc f() {}\n", "package a\n\n// f says more.\nfunc f() {}\n");
    a_directive_to_the_bundler: "a comment that webpack reads", ["CG201"],
        || edited("src/a.js", "import('./a');\n", "import(/* webpackIgnore: true */ './a');\n"),
        || edited("src/a.js", "import('./a');\n", "import(/* of the page */ './a');\n");
    a_directive_to_a_tool_that_nobody_knows: "a comment in the form of a directive, to a tool that no list has", ["CG201"],
        || edited("src/a.py", "a = 1\n", "# speedup-tool: unroll=0\na = 1\n"),
        || edited("src/a.py", "a = 1\n", "# Speedups are tools.\na = 1\n");
    a_hint_to_the_database: "a hint in a comment of SQL", ["CG201"],
        || edited("src/a.sql", "SELECT a FROM t;\n", "SELECT /*+ FULL(t) */ a FROM t;\n"),
        || edited("src/a.sql", "SELECT a FROM t;\n", "SELECT /* of the page */ a FROM t;\n");
    a_preamble_in_c: "code of C in a comment above `import \"C\"`", ["CG201"],
        || edited("src/a.go", "package a\n\n/*\nint one(void);\n*/\nimport \"C\"\n", "package a\n\n/*\nint two(void);\n*/\nimport \"C\"\n"),
        || edited("src/a.go", "package a\n\n/*\none\n*/\nfunc f() {}\n", "package a\n\n/*\ntwo\n*/\nfunc f() {}\n");
    another_encoding_declared: "a first line that declares UTF-7", ["CG201"],
        || edited("src/a.py", "# first\na = 1\n", "# coding: utf-7\na = 1\n"),
        || edited("src/a.py", "# first\na = 1\n", "# second\na = 1\n");
    a_first_line_moved: "a comment above `#!`", ["CG201"],
        || edited("src/a.sh", "#!/bin/sh\na\n", "# Says more.\n#!/bin/sh\na\n"),
        || edited("src/a.sh", "#!/bin/sh\na\n", "#!/bin/sh\n# Says more.\na\n");
    code_taken_into_a_comment: "delimiters around code, which changes no line of it", ["CG201"],
        || edited("src/a.rs", "fn f() {\n    a();\n}\n", "fn f() {\n    /*\n    a();\n    */\n}\n"),
        || edited("src/a.rs", "fn f() {\n    a();\n}\n", "fn f() {\n    /*\n    Says more.\n    */\n    a();\n}\n");
    a_file_of_comments: "a module of comments only, whose name hides another", ["CG201"],
        || added("src/torch.py", "# Says more.\n"),
        || edited("src/torch.py", "# Says less.\n", "# Says more.\n");
    indentation_that_means_something: "a statement of Python moved out of its block", ["CG201"],
        || edited("src/a.py", "if a:\n    b()\n    c()\n", "if a:\n    b()\nc()\n"),
        || edited("src/a.rs", "fn f() { if a { b(); c(); } }\n", "fn f() {\n    if a {\n        b();\n        c();\n    }\n}\n");
    a_line_break_that_ends_a_statement: "a line break behind `return` in JavaScript", ["CG201"],
        || edited("src/a.js", "function f() { return a(); }\n", "function f() { return\n a(); }\n"),
        || edited("src/a.js", "function f() { return a( 1 ); }\n", "function f() { return a(1); }\n");
    a_blank_that_makes_another_macro: "`#define F (x)` for `#define F(x)`", ["CG201"],
        || edited("src/a.c", "#define F(x) x\n", "#define F (x) x\n"),
        || edited("src/a.c", "int f(int x) { return x; }\n", "int f(int x)\n{\n  return x;\n}\n");
    a_comment_that_templates_read: "a template in a comment of YAML", ["CG201"],
        || edited("src/a.yaml", "a: 1\n", "# {{ include \"b\" . }}\na: 1\n"),
        || edited("src/a.yaml", "a: 1\n", "# Says more.\na: 1\n");
    content_in_utf16: "a call in a file in UTF-16", ["CG201"],
        || edited("lib/a.py", utf16("a()\n"), utf16("empty_cache()\n")),
        || edited("lib/a.py", utf16("a()\n"), utf16("b()\n"));
    content_in_an_unknown_encoding: "a call in a file whose bytes are no text that is known", ["CG201"],
        || edited("lib/a.py", "a()\n", b"\xc5\x94\x97\xa3\xa8\n"),
        || edited("lib/a.py", "a()\n", "b()\n");
    a_name_in_escapes: "a call whose name is written in escapes", ["CG201"],
        || edited("lib/A.java", "class A { }\n", "class A { int a = \\u0065mpty_cache(); }\n"),
        || edited("lib/A.java", "class A { }\n", "class A { int a = \\u0065mpty(); }\n");
    a_name_in_other_letters: "a call in letters of full width, which Python takes for the same", ["CG201"],
        || edited("lib/a.py", "a()\n", "\u{ff45}mpty_cache()\n"),
        || edited("lib/a.py", "a()\n", "\u{ff45}mpty()\n");
    a_name_on_two_lines: "a call whose name continues in the next line", ["CG201"],
        || edited("lib/a.c", "int a;\n", "int a = empty_\\\ncache();\n"),
        || edited("lib/a.c", "int a;\n", "int a = empty_\\\nlist();\n");
    a_definition_in_a_string: "a line that begins a function, in a string inside the function that is gated", ["CG201"],
        || edited("lib/a.py", "def collect_a():\n    s = '''\ndef other():\n'''\n    return 1\n", "def collect_a():\n    s = '''\ndef other():\n'''\n    return 2\n"),
        || edited("lib/a.py", "s = '''\ndef collect_a():\n'''\nb = 1\n", "s = '''\ndef collect_a():\n'''\nb = 2\n");
    a_macro_in_the_first_column: "a macro in the first column of the function that is gated", ["CG201"],
        || edited("lib/a.c", "int collect_a(void) {\nTRACE(x);\n  return 1;\n}\n", "int collect_a(void) {\nTRACE(x);\n  return 2;\n}\n"),
        || edited("lib/a.c", "int collect_a(void) { return 1; }\nint b(void) {\n  return 1;\n}\n", "int collect_a(void) { return 1; }\nint b(void) {\n  return 2;\n}\n");
    a_function_in_a_file_that_does_not_parse: "a syntax error that hides which function a line is in", ["CG201"],
        || edited("lib/a.c", "int collect_a(void) { BEGIN(\n  a = 1;\n}\n", "int collect_a(void) { BEGIN(\n  a = 2;\n}\n"),
        || edited("lib/a.c", "int other(void) { BEGIN(\n  a = 1;\n}\n", "int other(void) { BEGIN(\n  a = 2;\n}\n");
}
