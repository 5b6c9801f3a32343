//! Family: what an edit keeps. A rule leaves out what stands on both sides of an edit (`ignore: [kept]`); work is to pass for something that stood there.

use super::attacks;
use crate::scene::{Ran, run};
use crate::support::TestRepo;

const POLICY: &str = "version: 1
components:
  - id: locks
    match:
      content: ['\\.lock\\(', 'with_capacity\\(', '\\bunsafe\\b', '#\\[inline']
      ignore: [comments, kept]
";

const CODE: &str = "#[inline]
fn start(m: &M) {
    let guard = m.lock(1);
    prepare(2);
    guard.free();
}

fn each(m: &M, items: &[u8]) {
    for item in items {
        handle(item);
    }
    let v = Vec::with_capacity(items.len() + 8);
    unsafe { fill(v) };
}

fn other() {
    rest();
}
";

/// An edit of the file, which is parsed on both sides.
fn edited(edits: &[(&str, &str)]) -> Ran {
    judged("src/a.rs", CODE, edits)
}

fn judged(path: &str, code: &str, edits: &[(&str, &str)]) -> Ran {
    let repo = TestRepo::new();
    repo.write(path, code);
    repo.write(".certgate/policy.yaml", POLICY);
    repo.commit("feat: begin");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    let mut text = code.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    repo.write(path, text);
    repo.commit("refactor: rename");
    run(&repo, &["check", "--base", "main"])
}

/// Another name for what holds the lock, which is all that an honest edit does.
fn renamed() -> Ran {
    edited(&[
        ("let guard = m.lock(1)", "let held = m.lock(1)"),
        ("guard.free()", "held.free()"),
    ])
}

attacks! {
    a_call_into_a_loop: "a lock that was taken once moves into the loop of the same function", ["CG201"],
        || edited(&[("    let v = Vec::with_capacity(items.len() + 8);\n", ""), ("        handle(item);\n", "        let v = Vec::with_capacity(items.len() + 8);\n        handle(item);\n")]),
        renamed;
    a_call_into_another_function: "a lock moves from the function that runs at the start to the one that runs for each item", ["CG201"],
        || edited(&[("    let guard = m.lock(1);\n", ""), ("        handle(item);\n", "        let guard = m.lock(1);\n        handle(item);\n")]),
        renamed;
    a_loop_around_a_call: "a loop comes around a line that stays as it is, but for its indentation", ["CG201"],
        || edited(&[("    let guard = m.lock(1);\n", "    for _ in 0..9 {\n        let guard = m.lock(1);\n    }\n")]),
        renamed;
    another_argument: "an argument changes along with the name of the variable", ["CG201"],
        || edited(&[("let guard = m.lock(1)", "let held = m.lock(2)")]),
        renamed;
    another_operator: "an operator in the argument changes along with the name of the variable", ["CG201"],
        || edited(&[("let v = Vec::with_capacity(items.len() + 8)", "let w = Vec::with_capacity(items.len() * 8)")]),
        || edited(&[("let v = Vec::with_capacity(items.len() + 8)", "let w = Vec::with_capacity(items.len() + 8)")]);
    another_order: "two calls change places, so that one is made under the lock", ["CG201"],
        || edited(&[("    let guard = m.lock(1);\n    prepare(2);\n", "    prepare(2);\n    let guard = m.lock(1);\n")]),
        || edited(&[("    let guard = m.lock(1);\n    prepare(2);\n", "    let guard: Guard = m.lock(1); // held\n    prepare(2);\n")]);
    another_call_in_a_block: "a block that was found by its first word gets a call more", ["CG201"],
        || edited(&[("unsafe { fill(v) };", "unsafe { fill(v); fill(v) };")]),
        || edited(&[("    unsafe { fill(v) };", "    unsafe { fill(v) }; // all of it")]);
    an_attribute_of_another_function: "an attribute moves from one function to another", ["CG201"],
        || edited(&[("#[inline]\n", ""), ("fn other", "#[inline]\nfn other")]),
        || edited(&[("#[inline]\nfn start(m: &M) {\n    let guard = m.lock(1);\n    prepare(2);\n    guard.free();\n}\n\n", ""), ("fn other", "#[inline]\nfn start(m: &M) {\n    let guard = m.lock(1);\n    prepare(2);\n    guard.free();\n}\n\nfn other")]);
    one_more_on_the_line: "the line has the call twice where it had it once", ["CG201"],
        || edited(&[("let guard = m.lock(1);", "let guard = m.lock(1); m.lock(1);")]),
        renamed;
    one_gone_elsewhere: "a second lock is taken away while a line beside it is renamed", ["CG201"],
        || judged("src/a.rs", &CODE.replace("prepare(2)", "m.lock(3)"), &[("    m.lock(3);\n", ""), ("let guard", "let held")]),
        || judged("src/a.rs", &CODE.replace("prepare(2)", "m.lock(3)"), &[("    m.lock(3);\n", "    m.lock(3); // again\n"), ("let guard", "let held")]);
    a_file_that_does_not_parse: "an error of syntax hides what the line is in", ["CG201"],
        || edited(&[("fn other() {", "fn other( {"), ("let guard = m.lock(1)", "let held = m.lock(1)")]),
        renamed;
    a_language_that_is_not_parsed: "the file is in a language of which no tree is known", ["CG201"],
        || judged("src/a.zig", CODE, &[("let guard = m.lock(1)", "let held = m.lock(1)")]),
        renamed;
    a_file_under_another_name: "the file is moved, and the line edited", ["CG201"],
        || {
            let repo = TestRepo::new();
            repo.write("src/a.rs", CODE);
            repo.write(".certgate/policy.yaml", POLICY);
            repo.commit("feat: begin");
            repo.git(&["switch", "--quiet", "--create", "work"]);
            repo.git(&["mv", "src/a.rs", "src/b.rs"]);
            repo.write("src/b.rs", CODE.replace("m.lock(1)", "m.lock(9)"));
            repo.commit("refactor: move");
            run(&repo, &["check", "--base", "main"])
        },
        renamed;
}
