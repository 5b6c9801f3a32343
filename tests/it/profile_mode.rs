//! Profile mode, measured: of thirty seeded slowdowns in hot functions at least 27 are gated, of thirty edits elsewhere at most 4. Once on a
//! trainer whose source and stacks are in the corpus, if it is there, and on certgate itself by a profile of its own, with files and without.
//!
//! Which functions are hot is written down here, by hand from `certgate evidence`, so that nothing that is tried decides what is right.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, clippy::panic)]

use std::path::Path;

use crate::corpus;
use crate::scene::run;
use crate::support::TestRepo;

const EDITS: usize = 30;
/// How many of the hot edits must be gated, and how many of the cold ones may be.
const HOT: usize = 27;
const COLD: usize = 4;

/// Functions of `profile_mode/certgate.callgrind` that take 5 % or more with all that they call; none takes 1 % by itself and is not here.
const HOT_OF_CERTGATE: &[(&str, &str)] = &[
    ("src/cli/check.rs", "judged"),
    ("src/cli/check.rs", "run"),
    ("src/cli/mod.rs", "run"),
    ("src/cli/mod.rs", "work"),
    ("src/gate/content.rs", "content"),
    ("src/gate/content.rs", "gate_by"),
    ("src/gate/facts.rs", "read"),
    ("src/gate/judge.rs", "judge"),
    ("src/gate/judge.rs", "judge_with"),
    ("src/git/diff.rs", "changed_lines"),
    ("src/git/diff.rs", "count"),
    ("src/git/stream.rs", "next"),
    ("src/sensitivity/aside.rs", "both"),
    ("src/sensitivity/aside.rs", "each"),
    ("src/sensitivity/aside.rs", "hand_over"),
    ("src/sensitivity/languages/compare.rs", "aligned"),
    ("src/sensitivity/languages/compare.rs", "difference"),
    ("src/sensitivity/languages/compare.rs", "new"),
    ("src/sensitivity/languages/parse.rs", "parse"),
    ("src/sensitivity/languages/parse.rs", "parse_as"),
    ("src/sensitivity/languages/parse.rs", "prose_of"),
    ("src/sensitivity/languages/parse.rs", "tree"),
    ("src/sensitivity/languages/parse.rs", "walk"),
    ("src/sensitivity/languages/prose.rs", "is_prose"),
    ("src/sensitivity/languages/prose.rs", "line_comment"),
    ("src/sensitivity/languages/prose.rs", "text"),
    ("src/sensitivity/mod.rs", "by_content"),
    ("src/sensitivity/mod.rs", "by_lines"),
    ("src/sensitivity/mod.rs", "delimits"),
    ("src/sensitivity/mod.rs", "files_by_each"),
    ("src/sensitivity/mod.rs", "gate_by_each"),
    ("src/sensitivity/mod.rs", "judge"),
    ("src/sensitivity/reading.rs", "side"),
    ("src/sensitivity/reading.rs", "view"),
    ("src/sensitivity/reading.rs", "without"),
    ("src/sensitivity/spelling.rs", "of"),
    ("src/sensitivity/spelling.rs", "spelled"),
];

/// Functions of the trainer that both of its profiles show to take 5 % or more.
const HOT_OF_TRAINER: &[&str] = &["forward", "collect_episodes", "policy_update", "one", "loop", "child"];

/// Numbers that look like chance and are the same each time (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % most
    }
}

/// A place to edit: the file, the index of a line, and the function that it is in.
#[derive(Clone, Debug)]
struct Spot {
    path: String,
    line: usize,
    function: String,
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The lines before which a statement of Rust may be put, each with the function that it is in.
fn spots_of_rust(path: &str, text: &str) -> Vec<Spot> {
    let lines: Vec<&str> = text.lines().collect();
    let mut spots = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((before, rest)) = line.split_once("fn ") else {
            continue;
        };
        let head = before.split_whitespace();
        let is_head = head
            .clone()
            .all(|word| word.starts_with("pub") || word.ends_with(')') || word == "const");
        if line.trim_start().starts_with("#[cfg(test)]") || !is_head {
            continue;
        }
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let (mut body, mut end) = (None, at);
        for (below, inner) in lines.iter().enumerate().skip(at) {
            if body.is_none() && inner.ends_with('{') {
                body = Some(below + 1);
            }
            if indent(inner) == indent(line) && inner.trim() == "}" {
                end = below;
                break;
            }
            if body.is_none() && inner.ends_with(';') {
                break;
            }
        }
        let Some(body) = body else { continue };
        for below in body..end {
            let previous = lines[below - 1].trim_end();
            let plain = indent(lines[below]) > indent(line) && !lines[below].trim().is_empty();
            if plain && (below == body || previous.ends_with(';')) {
                spots.push(Spot {
                    path: path.to_owned(),
                    line: below,
                    function: name.clone(),
                });
            }
        }
    }
    spots
}

/// The same of Python, where a body may be on the line of its head; outside of functions the name is empty.
fn spots_of_python(path: &str, text: &str) -> Vec<Spot> {
    let mut stack: Vec<(usize, String)> = Vec::new();
    let (mut spots, mut open, mut quoted) = (Vec::new(), 0_i32, false);
    for (at, line) in text.lines().enumerate() {
        let count = |mark: char| i32::try_from(line.matches(mark).count()).unwrap();
        let quotes = line.matches("\"\"\"").count() % 2 == 1;
        let begins = open == 0 && !quoted && !line.trim().is_empty();
        open += count('(') + count('[') + count('{') - count(')') - count(']') - count('}');
        quoted ^= quotes;
        if !begins || quotes || line.trim_start().starts_with(['@', '#']) {
            continue;
        }
        while stack.last().is_some_and(|(depth, _)| *depth >= indent(line)) {
            stack.pop();
        }
        if let Some(rest) = line.trim_start().strip_prefix("def ") {
            let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            // A body on the same line is edited there.
            if line.trim_end().ends_with(':') {
                stack.push((indent(line), name));
                continue;
            }
            spots.push(Spot {
                path: path.to_owned(),
                line: at,
                function: name,
            });
            continue;
        }
        if ["class ", "else", "elif", "except", "finally"]
            .iter()
            .any(|word| line.trim_start().starts_with(word))
        {
            continue;
        }
        spots.push(Spot {
            path: path.to_owned(),
            line: at,
            function: stack.last().map(|(_, name)| name.clone()).unwrap_or_default(),
        });
    }
    spots
}

/// Puts a statement before a line; on a line that is a head and its body, into the body.
fn with(text: &str, spot: &Spot, statement: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line = &mut lines[spot.line];
    match line.trim_start().starts_with("def ") {
        true => {
            let body = line.rfind("): ").unwrap() + "): ".len();
            line.insert_str(body, &format!("{statement}; "));
        }
        false => {
            let blanks = " ".repeat(indent(line));
            lines.insert(spot.line, format!("{blanks}{statement}"));
        }
    }
    lines.join("\n") + "\n"
}

/// A project with a profile, and where it may be edited.
struct Project {
    repo: TestRepo,
    hot: Vec<Spot>,
    cold: Vec<Spot>,
    slow: &'static [&'static str],
    idle: &'static [&'static str],
}

fn profiled(repo: &TestRepo, profiles: &[(&str, Vec<u8>)]) {
    let measured = repo.commit("measured");
    let mut policy = "version: 1\nprofiles:\n".to_owned();
    for (name, content) in profiles {
        repo.write(name, content);
        policy += &format!("  - {{ file: {name}, commit: {measured} }}\n");
    }
    policy += "components: [{ id: hot, match: {} }]\n";
    repo.write(".certgate/policy.yaml", policy);
    repo.commit("adopt");
}

/// How many of so many edits are gated, each staged by itself.
fn gated(project: &Project, spots: &[Spot], statements: &[&str], chance: &mut Chance, name: &str) -> usize {
    let mut gated = 0;
    for number in 0..EDITS {
        let spot = &spots[chance.below(spots.len())];
        let statement = statements[chance.below(statements.len())];
        let file = project.repo.path().join(&spot.path);
        let text = std::fs::read_to_string(&file).unwrap();
        project.repo.write(&spot.path, with(&text, spot, statement));
        project.repo.git(&["add", "--", &spot.path]);
        let ran = run(
            &project.repo,
            &["check", "--staged", "--target", "main", "--format", "json"],
        );
        let json = ran.json();
        let reasons = &json["components"][0]["files"][0]["reasons"];
        let rule = reasons[0]["rule"].as_str().unwrap_or("-");
        assert!(rule == "-" || rule == "profile", "{json}");
        gated += usize::from(rule == "profile");
        println!(
            "{name} {:>2} {:<7} {}:{} {} {}",
            number + 1,
            if rule == "-" { "-" } else { "gated" },
            spot.path,
            spot.line + 1,
            spot.function,
            reasons[0]["detail"].as_str().unwrap_or_default()
        );
        project.repo.write(&spot.path, text);
        project.repo.git(&["add", "--", &spot.path]);
    }
    gated
}

fn measured(name: &str, project: &Project) {
    assert!(
        project.hot.len() > EDITS && project.cold.len() > EDITS,
        "{} {}",
        project.hot.len(),
        project.cold.len()
    );
    let mut chance = Chance(0x5eed_ca11_ab1e);
    let hot = gated(project, &project.hot, project.slow, &mut chance, &format!("{name} hot"));
    let cold = gated(
        project,
        &project.cold,
        project.idle,
        &mut chance,
        &format!("{name} cold"),
    );
    println!("| {name} | {hot} of {EDITS} | {cold} of {EDITS} |");
    assert!(
        hot >= HOT && cold <= COLD,
        "{name}: {hot} hot and {cold} cold edits are gated"
    );
}

#[test]
fn slowdowns_of_the_trainer_are_gated_and_other_edits_are_not() {
    let corpus = corpus::root().join("rl-training-gpu");
    let read = |name: &str| std::fs::read(corpus.join(name));
    let (Ok(cpu), Ok(cuda)) = (read("base.cpu.folded"), read("base.cuda.folded")) else {
        println!("skipped: no corpus at {}", corpus.display());
        return;
    };
    let repo = TestRepo::new();
    let (mut hot, mut cold) = (Vec::new(), Vec::new());
    for name in ["rl_bench.py", "test_rl.py"] {
        let text = String::from_utf8(read(name).unwrap()).unwrap();
        for spot in spots_of_python(name, &text) {
            let list = match name == "rl_bench.py" && HOT_OF_TRAINER.contains(&spot.function.as_str()) {
                true => &mut hot,
                false => &mut cold,
            };
            list.push(spot);
        }
        repo.write(name, text);
    }
    profiled(
        &repo,
        &[
            (".certgate/profiles/cpu.folded", cpu),
            (".certgate/profiles/cuda.folded", cuda),
        ],
    );
    let project = Project {
        repo,
        hot,
        cold,
        slow: &[
            "torch.cuda.synchronize()",
            "time.sleep(0.01)",
            "[float(n) for n in range(100000)]",
        ],
        idle: &["pass", "unused = 1", "print('here')"],
    };
    measured("trainer", &project);
}

/// Every file of Rust below a directory.
fn sources(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|extension| extension == "rs") => found.push(path),
            false => {}
        }
    }
}

/// certgate's own source as it is now, and a profile of it.
fn certgate(profile: &str) -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repo = TestRepo::new();
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    files.sort();
    let (mut hot, mut cold) = (Vec::new(), Vec::new());
    for file in files {
        let path = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        repo.write(&path, &text);
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        if path.ends_with("tests.rs") || path.contains("/tests/") {
            continue;
        }
        for spot in spots_of_rust(&path, code) {
            let is_hot = HOT_OF_CERTGATE.contains(&(spot.path.as_str(), spot.function.as_str()));
            match is_hot {
                true => hot.push(spot),
                false => cold.push(spot),
            }
        }
    }
    profiled(
        &repo,
        &[(".certgate/profiles/check.callgrind", profile.as_bytes().to_vec())],
    );
    Project {
        repo,
        hot,
        cold,
        slow: &[
            "std::thread::sleep(std::time::Duration::from_micros(50));",
            "let _copies: Vec<String> = (0..1000).map(|n| n.to_string()).collect();",
            "let _all = std::fs::read(\"/proc/self/maps\");",
        ],
        idle: &["let _unused = 0;", "debug_assert!(true);"],
    }
}

const PROFILE: &str = include_str!("profile_mode/certgate.callgrind");

#[test]
fn slowdowns_of_certgate_are_gated_and_other_edits_are_not() {
    measured("certgate", &certgate(PROFILE));
}

#[test]
fn a_profile_without_files_does_nearly_as_well() {
    let nameless: Vec<&str> = PROFILE
        .lines()
        .map(|line| match line.split_once('=') {
            Some(("fl", _)) => "fl=???",
            Some(("cfi", _)) => "cfi=???",
            _ => line,
        })
        .collect();
    measured("certgate, names alone", &certgate(&nameless.join("\n")));
}
