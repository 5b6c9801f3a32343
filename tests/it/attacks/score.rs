//! Family: the score. A rule that needs one, or a policy that has it block, is to be talked down: by what is changed beside, by a move, by padding, by
//! a past that is not there.

use super::attacks;
use crate::scene::{Ran, run};
use crate::support::TestRepo;

const HOT: &str = "fn parse(items: &[u8]) -> Vec<u8> {\n    let mut out = Vec::new();\n    for item in items {\n        out.push(*item);\n    }\n    out\n}\n";

fn cold(value: &str) -> String {
    format!("fn name() -> u8 {{\n    {value}\n}}\n")
}

const NEEDS: &str = "version: 1
components:
  - id: allocation
    match: { content: [{ pattern: 'Vec::with_capacity', needs_score: 800, paths: [\"**/*.rs\"] }] }
  - id: packages
    match: { dependencies: [tokio] }
";

/// A rule that counts where the words of the change have points of the score, too.
const WORDS: &str = "version: 1
sensitivity: { min_rank: 100, needs_change: 30 }
components:
  - id: allocation
    match: { content: [{ pattern: 'Vec::(with_capacity|from)', needs_score: 600, paths: [\"**/*.rs\"] }] }
";

const PLACES: &str = "version: 1
sensitivity: { min_rank: 100, needs_change: 300 }
components:
  - id: allocation
    match: { needs_score: 1, paths: [\"src/hot.rs\"] }
";

const BLOCKS: &str = "version: 1
sensitivity: { min_rank: 98, enforce: block, component: nearest }
components:
  - id: source
    match: { paths: [\"other/**\"] }
";

/// `main` on which one file was worked on for performance and another was not, and a branch on which something happens.
fn history(policy: &str, act: impl FnOnce(&TestRepo)) -> TestRepo {
    let repo = TestRepo::new();
    repo.write("src/hot.rs", HOT);
    repo.write("src/cold.rs", cold("1"));
    repo.write(
        "Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"1.0.0\"\n[dependencies]\ntokio = \"1.2\"\nclap = \"4.0\"\n",
    );
    for number in 0..40 {
        repo.write(format!("junk/{number}.rs"), format!("fn f{number}() {{}}\n"));
    }
    repo.commit("feat: begin");
    for round in 0..8 {
        repo.write("src/hot.rs", format!("{HOT}// {round}\n"));
        repo.commit(&format!("perf: make parse faster ({round})"));
        repo.write("src/cold.rs", cold(&round.to_string()));
        repo.commit(&format!("feat: name {round}"));
    }
    repo.write(".certgate/policy.yaml", policy);
    repo.commit("ci: adopt certgate");
    repo.git(&["switch", "--quiet", "--create", "work"]);
    act(&repo);
    repo
}

fn judged(policy: &str, act: impl FnOnce(&TestRepo)) -> Ran {
    let repo = history(policy, |repo| {
        act(repo);
        repo.commit("chore: tidy");
    });
    run(&repo, &["check", "--base", "main"])
}

/// The edit that matters, in the file that matters.
fn edited() -> String {
    HOT.replace("Vec::new()", "Vec::with_capacity(items.len())")
}

fn edit(repo: &TestRepo) {
    repo.write("src/hot.rs", edited());
}

/// The same line where nobody ever tuned anything.
fn honest(repo: &TestRepo) {
    repo.write("src/cold.rs", cold("Vec::with_capacity(7)"));
}

/// A line that the rule matches, in the file that matters, with no word of interest.
fn plainly(text: &str) -> String {
    text.replace("Vec::with_capacity(items.len())", "Vec::from([0])")
}

/// With words that have points, under the policy that asks for some; and the same with none.
fn wordy(file: &'static str, text: impl Fn() -> String, beside: fn(&TestRepo)) -> (Ran, Ran) {
    let one = |text: String| {
        judged(WORDS, |repo| {
            beside(repo);
            repo.write(file, text);
        })
    };
    (one(text()), one(plainly(&text())))
}

fn nothing(_: &TestRepo) {}

fn company(repo: &TestRepo) {
    repo.write("tests/more.rs", "#[test]\nfn a() {}\n".repeat(400));
    repo.write("docs/more.md", "words\n".repeat(2000));
    repo.write("Cargo.lock", "version = 4\n");
}

fn padding() -> String {
    (0..1500)
        .map(|number| format!("fn padding_{number}() {{}}\n"))
        .collect()
}

/// With an edit, and what is done beside it; and the same beside an honest one.
fn with(policy: &'static str, beside: fn(&TestRepo)) -> (Ran, Ran) {
    let one = |act: fn(&TestRepo)| {
        judged(policy, |repo| {
            act(repo);
            beside(repo);
        })
    };
    (one(edit), one(honest))
}

fn moved(repo: &TestRepo) {
    repo.git(&["mv", "src/hot.rs", "src/plain.rs"]);
    repo.write("src/plain.rs", edited());
}

fn moved_twin(repo: &TestRepo) {
    repo.git(&["mv", "src/cold.rs", "src/plain.rs"]);
    repo.write("src/plain.rs", cold("Vec::with_capacity(7)"));
}

/// Judged in a clone that lacks the past.
fn shallow(policy: &'static str, depth: &str) -> Ran {
    let repo = history(policy, |repo| {
        honest(repo);
        repo.commit("chore: tidy");
    });
    let clone = repo.home().join("shallow");
    let url = format!("file://{}", repo.path().display());
    repo.git(&[
        "clone",
        "--quiet",
        depth,
        "--no-single-branch",
        &url,
        &clone.display().to_string(),
    ]);
    let mut program = repo.program();
    let asked = program
        .current_dir(&clone)
        .args(["check", "--base", "origin/main", "--target", "main"]);
    asked.output().expect("it runs").into()
}

fn manifest(from: &str, to: &str) -> Ran {
    judged(NEEDS, |repo| {
        let text = std::fs::read_to_string(repo.path().join("Cargo.toml")).expect("there");
        assert!(text.contains(from));
        repo.write("Cargo.toml", text.replace(from, to));
    })
}

attacks! {
    an_edit_among_companions: "tests, documents and a lock file are changed beside a line for which a rule needs a score", ["CG201"],
        || with(NEEDS, company).0, || with(NEEDS, company).1;
    an_edit_under_padding: "1,500 lines are added to the file behind the line", ["CG201"],
        || judged(NEEDS, |repo| repo.write("src/hot.rs", edited() + &padding())),
        || judged(NEEDS, |repo| repo.write("src/cold.rs", cold("Vec::with_capacity(7)") + &padding()));
    an_edit_amid_padding: "1,500 lines are added right above and below the line", ["CG201"],
        || judged(NEEDS, |repo| repo.write("src/hot.rs", edited().replace("    let mut out", &format!("{}    let mut out", padding())))),
        || judged(NEEDS, |repo| repo.write("src/cold.rs", cold(&format!("{}Vec::with_capacity(7)", padding()))));
    an_edit_of_a_moved_file: "the file is moved and edited at once, so that it has no past", ["CG201"],
        || judged(NEEDS, moved), || judged(NEEDS, moved_twin);
    an_edit_of_a_moved_file_among_many: "so many files are deleted beside that nobody could tell which of them was moved", ["CG201"],
        || judged(NEEDS, |repo| {
            moved(repo);
            repo.git(&["rm", "-r", "--quiet", "junk"]);
        }),
        || judged(NEEDS, |repo| {
            honest(repo);
            repo.git(&["rm", "-r", "--quiet", "junk"]);
        });
    an_edit_in_two_commits: "the line and what is beside it are committed one after the other", ["CG201"],
        || judged(NEEDS, |repo| {
            edit(repo);
            repo.commit("chore: one");
            repo.write("src/hot.rs", edited() + &padding());
        }),
        || judged(NEEDS, |repo| {
            honest(repo);
            repo.commit("chore: one");
            repo.write("src/cold.rs", cold("Vec::with_capacity(7)") + &padding());
        });
    a_past_that_was_cut_off: "the clone lacks the past that makes the score", ["CG201"],
        || shallow(NEEDS, "--depth=3"), || shallow(NEEDS, "--no-local");
    a_need_that_is_raised: "the policy asks for a higher score along with the edit", ["CG201"],
        || judged(NEEDS, |repo| {
            edit(repo);
            repo.write(".certgate/policy.yaml", NEEDS.replace("800", "1000"));
        }),
        || judged(NEEDS, honest);
    words_among_companions: "a rule needs words in the change, and other files are changed beside", ["CG201"],
        || wordy("src/hot.rs", edited, company).0, || wordy("src/hot.rs", edited, company).1;
    words_under_padding: "1,500 lines without such a word are added to the file", ["CG201"],
        || wordy("src/hot.rs", || edited() + &padding(), nothing).0,
        || wordy("src/hot.rs", || edited() + &padding(), nothing).1;
    words_amid_padding: "the lines are added right above and below the line", ["CG201"],
        || wordy("src/hot.rs", || edited().replace("    let mut out", &format!("{}    let mut out", padding())), nothing).0,
        || wordy("src/hot.rs", || edited().replace("    let mut out", &format!("{}    let mut out", padding())), nothing).1;
    words_in_a_moved_file: "the file is moved along with the edit", ["CG201"],
        || wordy("src/plain.rs", edited, |repo| { repo.git(&["mv", "src/hot.rs", "src/plain.rs"]); }).0,
        || wordy("src/plain.rs", edited, |repo| { repo.git(&["mv", "src/hot.rs", "src/plain.rs"]); }).1;
    words_in_a_file_that_takes_the_place_of_many: "so many files are deleted beside that nobody could tell which of them was moved", ["CG201"],
        || wordy("src/plain.rs", edited, |repo| {
            repo.git(&["mv", "src/hot.rs", "src/plain.rs"]);
            repo.git(&["rm", "-r", "--quiet", "junk"]);
        }).0,
        || wordy("src/hot.rs", edited, |repo| { repo.git(&["rm", "-r", "--quiet", "junk"]); }).1;
    words_that_are_taken_out: "the words are in the line that goes, and not in the one that comes", ["CG201"],
        || judged(WORDS, |repo| {
            repo.git(&["switch", "--quiet", "main"]);
            edit(repo);
            repo.commit("feat: more");
            repo.git(&["switch", "--quiet", "--create", "later"]);
            repo.write("src/hot.rs", HOT);
        }),
        || judged(WORDS, |repo| repo.write("src/hot.rs", plainly(&edited())));
    words_where_the_past_is_cut_off: "the clone lacks the past, so that there are no points", ["CG201"],
        || shallow(WORDS, "--depth=3"), || shallow(WORDS, "--no-local");
    words_that_the_policy_asks_more_of: "the policy asks for more points along with the edit", ["CG201"],
        || judged(WORDS, |repo| {
            edit(repo);
            repo.write(".certgate/policy.yaml", WORDS.replace("needs_change: 30", "needs_change: 1000"));
        }),
        || judged(WORDS, |repo| repo.write("src/hot.rs", plainly(&edited())));
    words_of_a_file_that_nobody_can_read: "the file becomes too large to be read, so that it has no words", ["CG201"],
        || judged(WORDS, |repo| repo.write("src/hot.rs", edited() + &"// 0123456789\n".repeat(100_000))),
        || judged(WORDS, |repo| repo.write("src/hot.rs", plainly(&edited()) + &"// 0123456789\n".repeat(100)));
    words_of_what_has_no_lines: "nothing but the mode of a file changes, which has no words", ["CG201"],
        || judged(PLACES, |repo| {
            use std::os::unix::fs::PermissionsExt as _;
            let file = repo.path().join("src/hot.rs");
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).expect("set");
        }),
        || judged(PLACES, |repo| repo.write("src/hot.rs", format!("{HOT}// 8\n")));
    a_flag_among_companions: "a file that the score would block is changed among many", ["CG201"],
        || with(BLOCKS, company).0, || with(BLOCKS, company).1;
    a_flag_of_a_moved_file: "a file that the score would block is moved along with the edit", ["CG201"],
        || judged(BLOCKS, moved), || judged(BLOCKS, moved_twin);
    a_flag_where_the_past_is_cut_off: "the clone lacks the past by which files are flagged", ["CG201"],
        || shallow(BLOCKS, "--depth=3"), || shallow(BLOCKS, "--no-local");
    a_flag_that_is_taken_back: "the policy stops flagging along with the edit", ["CG201"],
        || judged(BLOCKS, |repo| {
            edit(repo);
            repo.write(".certgate/policy.yaml", BLOCKS.replace("min_rank: 98", "min_rank: 100"));
        }),
        || judged(BLOCKS, honest);
    a_package_under_another_name: "a package that a rule names is renamed in the manifest", ["CG201"],
        || manifest("tokio = \"1.2\"", "runtime = { package = \"tokio\", version = \"1.2\" }\ntokio = \"1.2\""),
        || manifest("clap = \"4.0\"", "cli = { package = \"clap\", version = \"4.0\" }\nclap = \"4.0\"");
    a_package_replaced: "another source takes the place of a package that a rule names", ["CG201"],
        || manifest("[dependencies]", "[patch.crates-io]\ntokio = { path = \"mine\" }\n[dependencies]"),
        || manifest("[dependencies]", "[patch.crates-io]\nclap = { path = \"mine\" }\n[dependencies]");
    a_manifest_that_does_not_parse: "the manifest is no TOML, so that nobody can tell which packages it names", ["CG201"],
        || manifest("[dependencies]", "[dependencies"), || manifest("clap = \"4.0\"", "clap = \"5.0\"");
}
