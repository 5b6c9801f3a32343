//! Family: code that moves. What goes from one file to another as it is does not count (`ignore: [kept]`); work is to come along with it, or instead of it.

use super::attacks;
use crate::scene::{Ran, run};
use crate::support::TestRepo;

const POLICY: &str = "version: 1
components:
  - id: hot
    match:
      paths: [src/hot/**]
      content: [{ pattern: 'with_capacity\\(', paths: 'src/**' }]
      functions: [step]
      ignore: [comments, format, kept]
";

const STEP: &str = "#[inline]
fn step(rows: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        out.push(*row);
    }
    out
}
";

const OTHER: &str = "fn other() {
    rest();
}
";

/// Files before and after; an empty text is none.
fn judged(files: &[(&str, &str, &str)]) -> Ran {
    let repo = TestRepo::new();
    let write = |path: &str, text: &str| match text.is_empty() {
        true => {
            let _none = std::fs::remove_file(repo.path().join(path));
        }
        false => repo.write(path, text),
    };
    for (path, before, _) in files {
        write(path, before);
    }
    repo.write(".certgate/policy.yaml", POLICY);
    repo.commit("feat: begin");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    for (path, _, after) in files {
        write(path, after);
    }
    repo.commit("refactor: move");
    run(&repo, &["check", "--base", "main"])
}

/// From one hot file to another.
fn moved(to: &str) -> Ran {
    moved_into(OTHER, to)
}

fn moved_into(old: &str, to: &str) -> Ran {
    judged(&[
        ("src/hot/a.rs", &format!("{OTHER}\n{STEP}"), OTHER),
        ("src/hot/b.rs", old, &format!("{old}\n{to}")),
    ])
}

/// Nothing but the move.
fn honest() -> Ran {
    moved(STEP)
}

/// A function that uses a name which an import gives.
const MAPS: &str = "fn step() -> Map {
    Map::with_capacity(9)
}
";

fn maps(old: &str, new: &str) -> Ran {
    let text = |import: &str, code: &str| format!("{import}\n{OTHER}\n{code}");
    judged(&[
        ("src/hot/a.rs", &text(old, MAPS), &text(old, "")),
        ("src/hot/b.rs", &text(new, ""), &text(new, MAPS)),
    ])
}

fn maps_as_before() -> Ran {
    maps("use fast::Map;", "use fast::Map;")
}

attacks! {
    another_number: "a number changes on the way", ["CG201"], || moved(&STEP.replace("rows.len()", "9")), honest;
    a_line_more: "a line comes along", ["CG201"], || moved(&STEP.replace("    out\n", "    again(&out);\n    out\n")), honest;
    an_attribute_less: "the function loses what it is declared with", ["CG201"], || moved(&STEP.replace("#[inline]\n", "")), honest;
    an_attribute_away: "an attribute is parted from the function by a comment", ["CG201"],
        || judged(&[
            ("src/hot/a.rs", &format!("{OTHER}\n{}", STEP.replace("#[inline]\n", "#[inline(never)]\n\n// As it was.\n\n")), OTHER),
            ("src/hot/b.rs", OTHER, &format!("{OTHER}\n{}", STEP.replace("#[inline]\n", ""))),
        ]),
        honest;
    under_a_condition: "the function is compiled under a condition now", ["CG201"], || moved(&format!("#[cfg(feature = \"x\")]\n{STEP}")), honest;
    into_a_loop: "the function becomes one within a loop of another", ["CG201"], || moved(&format!("fn all() {{\n    for _ in 0..9 {{\n{STEP}    }}\n}}\n")), honest;
    into_another_module: "the function comes into a module of the file", ["CG201"], || moved(&format!("mod inner {{\n{STEP}}}\n")), honest;
    exchanged: "two functions of one name change places", ["CG201"],
        || judged(&[("src/hot/a.rs", STEP, &STEP.replace("*row", "slow(row)")), ("src/hot/b.rs", &STEP.replace("*row", "slow(row)"), STEP)]),
        honest;
    in_place_of_another: "a function takes the place of one of its name", ["CG201"],
        || judged(&[("src/hot/a.rs", &format!("{OTHER}\n{STEP}"), OTHER), ("src/hot/b.rs", &STEP.replace("*row", "0"), STEP)]),
        honest;
    and_one_stays: "a function moves, and a slow one of its name stays", ["CG201"],
        || judged(&[("src/hot/a.rs", STEP, &STEP.replace("*row", "slow(row)")), ("src/hot/b.rs", OTHER, &format!("{OTHER}\n{STEP}"))]),
        honest;
    a_copy: "a function is in two files now", ["CG201"],
        || judged(&[("src/hot/a.rs", STEP, &format!("{OTHER}\n{STEP}")), ("src/hot/b.rs", OTHER, &format!("{OTHER}\n{STEP}"))]),
        honest;
    from_where_nobody_looks: "code of a folder that no rule names comes into the hot one", ["CG201"],
        || judged(&[("tools/a.rs", &format!("{OTHER}\n{STEP}"), OTHER), ("src/hot/b.rs", OTHER, &format!("{OTHER}\n{STEP}"))]),
        honest;
    another_crate: "the function goes to another crate, where nobody inlines it", ["CG201"],
        || judged(&[("src/hot/a.rs", &format!("{OTHER}\n{STEP}"), OTHER), ("x/src/b.rs", OTHER, &format!("{OTHER}\n{STEP}"))]),
        honest;
    another_map: "the file where it goes imports something else by the same name", ["CG201"], || maps("use fast::Map;", "use slow::Map;"), maps_as_before;
    another_name_for_it: "the file where it goes gives the name to something else", ["CG201"], || maps("use fast::Map;", "use fast::Slow as Map;"), maps_as_before;
    a_map_of_its_own: "the file where it goes defines the name", ["CG201"], || maps("use fast::Map;", "struct Map;"), maps_as_before;
    all_of_a_module: "the file where it goes imports whatever a module has", ["CG201"], || maps("use fast::Map;", "use fast::Map;\nuse slow::*;"), maps_as_before;
    a_method_of_a_trait: "the file where it goes imports a trait that nobody names", ["CG201"], || maps("use fast::Map;", "use fast::Map;\nuse slow::Ext;"), maps_as_before;
    beside_a_move: "a line of the function beside it changes", ["CG201"],
        || judged(&[
            ("src/hot/a.rs", &format!("{OTHER}\n{STEP}"), &OTHER.replace("rest()", "slow()")),
            ("src/hot/b.rs", OTHER, &format!("{OTHER}\n{STEP}")),
        ]),
        honest;
    a_line_like_what_moved: "a line comes that the diff takes for one of the function that moves away", ["CG201"],
        || judged(&[
            ("src/hot/a.rs", &format!("fn other() {{\n    rest();\n}}\n{STEP}"), "fn other() {\n    let mut out = Vec::with_capacity(rows.len());\n}\n"),
            ("src/hot/b.rs", OTHER, &format!("{OTHER}\n{STEP}")),
        ]),
        || judged(&[("src/hot/a.rs", &format!("fn other() {{\n    rest();\n}}\n{STEP}"), "fn other() {\n    rest();\n}\n"), ("src/hot/b.rs", OTHER, &format!("{OTHER}\n{STEP}"))]);
    a_file_that_does_not_parse: "an error of syntax hides what the function is in", ["CG201"], || moved_into("fn other( {}\n", STEP), honest;
    a_language_that_is_not_parsed: "the files are in a language of which no tree is known", ["CG201"],
        || judged(&[("src/hot/a.zig", &format!("{OTHER}\n{STEP}"), OTHER), ("src/hot/b.zig", OTHER, &format!("{OTHER}\n{STEP}"))]),
        honest;
    a_decorator_less: "a function of Python leaves its decorator behind", ["CG201"],
        || judged(&[("src/hot/a.py", "import os\n\n\n@jit\ndef step(x):\n    return x\n", "import os\n"), ("src/hot/b.py", "import os\n", "import os\n\n\ndef step(x):\n    return x\n")]),
        || judged(&[("src/hot/a.py", "import os\n\n\n@jit\ndef step(x):\n    return x\n", "import os\n"), ("src/hot/b.py", "import os\n", "import os\n\n\n@jit\ndef step(x):\n    return x\n")]);
    away_from_what_compiles_it: "a function of Python leaves a module that compiles all of its functions", ["CG201"],
        || judged(&[("src/hot/a.py", "import os\n\n\ndef step(x):\n    return x\n\n\njit_module()\n", "import os\n\njit_module()\n"), ("src/hot/b.py", "import os\n", "import os\n\n\ndef step(x):\n    return x\n")]),
        || judged(&[("src/hot/a.py", "import os\n\n\ndef step(x):\n    return x\n", "import os\n"), ("src/hot/b.py", "import os\n", "import os\n\n\ndef step(x):\n    return x\n")]);
}
