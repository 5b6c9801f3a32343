//! Runs attacks, and keeps the list of them in `docs/attacks.md` true.
//!
//! - Without more, a test compares the document's rows with the attacks.
//! - `CERTGATE_ATTACKS=write` writes the document.
//! - `CERTGATE_ATTACKS=print` runs every attack and its twin and prints, family by family, how many were tried, blocked and passed.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{
    Attack, bound, bumps, content, evidence, hooked, identity, imports, judges, kept, language, ledger, lifts, making,
    merging, moved, moves, names, order, output, owners, packages, people, pipelines, policy, profiles, reading,
    running, score, stamps, text, time,
};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/attacks.md");
const REGENERATE: &str = "CERTGATE_ATTACKS=write cargo test --locked --test it attacks::table";
const BEGIN: &str = "<!-- begin: generated, see above -->\n";
const END: &str = "<!-- end: generated -->\n";

/// The families, as the document has them.
const FAMILIES: &[(&str, &[Attack])] = &[
    ("The policy", policy::ATTACKS),
    ("Imports", imports::ATTACKS),
    ("The certificate's text", text::ATTACKS),
    ("Stamps", stamps::ATTACKS),
    ("Time", time::ATTACKS),
    ("Identity", identity::ATTACKS),
    ("The ledger", ledger::ATTACKS),
    ("Order, ids and classes", order::ATTACKS),
    ("Lifts", lifts::ATTACKS),
    ("Moves", moves::ATTACKS),
    ("People", people::ATTACKS),
    ("Owners", owners::ATTACKS),
    ("Content", content::ATTACKS),
    ("Evidence", evidence::ATTACKS),
    ("Writing", output::ATTACKS),
    ("Language", language::ATTACKS),
    ("Names, remotes, CI and merges", names::ATTACKS),
    ("What is merged", merging::ATTACKS),
    ("Pipelines", pipelines::ATTACKS),
    ("Hooks that were there", hooked::ATTACKS),
    ("Judges and remotes", judges::ATTACKS),
    ("What is bound to a branch", bound::ATTACKS),
    ("Trusted bumps", bumps::ATTACKS),
    ("Packages that are shipped", packages::ATTACKS),
    ("Profiles", profiles::ATTACKS),
    ("The score", score::ATTACKS),
    ("What an edit keeps", kept::ATTACKS),
    ("Code that moves", moved::ATTACKS),
    ("A commit in the making", making::ATTACKS),
    ("Running", running::ATTACKS),
    ("Reading", reading::ATTACKS),
];

/// As many as are promised at least.
const PROMISED: usize = 420;

impl Attack {
    /// The test's full name, as `cargo test` takes it.
    fn test(&self) -> String {
        let module = self.module.strip_prefix("it::").unwrap_or(self.module);
        format!("{module}::blocked::{}", self.name)
    }

    /// Whether the attack was blocked under one of its names.
    fn is_blocked(&self) -> Result<(), String> {
        let ran = (self.attack)();
        let told = [ran.errors(), ran.warnings()].concat();
        let stopped = matches!(ran.code, Some(1 | 2)) && !ran.err.contains("CG711");
        let named = self
            .codes
            .iter()
            .any(|code| told.contains(code) || ran.err.contains(&format!("[{code}]")));
        match stopped && named {
            true => Ok(()),
            false => Err(format!("exit {:?}, wanted {:?}: {}", ran.code, self.codes, ran.said())),
        }
    }

    /// Whether the honest twin passed.
    fn twin_passes(&self) -> Result<(), String> {
        let ran = (self.twin)();
        match ran.code == Some(0) && ran.errors().is_empty() {
            true => Ok(()),
            false => Err(format!(
                "the honest twin was blocked: exit {:?}: {}",
                ran.code,
                ran.said()
            )),
        }
    }
}

/// Runs one of the attacks, as its test.
pub(crate) fn run(attacks: &[Attack], name: &str) {
    let attack = attacks.iter().find(|attack| attack.name == name).unwrap();
    if let Err(through) = attack.is_blocked() {
        panic!("{}: {through}", attack.tries);
    }
    if let Err(blocked) = attack.twin_passes() {
        panic!("{}: {blocked}", attack.tries);
    }
}

fn render() -> String {
    let mut text = String::new();
    for (title, attacks) in FAMILIES {
        text += &format!("\n### {title}\n\n| tried | named | test |\n|---|---|---|\n");
        for attack in *attacks {
            text += &format!(
                "| {} | {} | `{}` |\n",
                attack.tries.replace('|', "\\|"),
                attack.codes.join(", "),
                attack.test()
            );
        }
    }
    text
}

#[test]
fn the_document_lists_every_attack() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    let wanted = render() + "\n";
    if std::env::var("CERTGATE_ATTACKS").as_deref() == Ok("write") {
        std::fs::write(DOCUMENT, format!("{before}{BEGIN}{wanted}{END}{after}")).unwrap();
        return;
    }
    assert!(
        found == wanted,
        "docs/attacks.md differs from the attacks; {REGENERATE}"
    );
}

#[test]
fn there_are_as_many_as_promised_and_each_has_a_name_of_its_own() {
    let mut names: Vec<String> = FAMILIES
        .iter()
        .flat_map(|(_, attacks)| *attacks)
        .map(Attack::test)
        .collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(all >= PROMISED, "{all} attacks");
}

#[test]
fn what_was_tried_is_printed() {
    if std::env::var("CERTGATE_ATTACKS").as_deref() != Ok("print") {
        return;
    }
    let all: Vec<(usize, &Attack)> = FAMILIES
        .iter()
        .enumerate()
        .flat_map(|(family, (_, attacks))| attacks.iter().map(move |attack| (family, attack)))
        .collect();
    let (next, blocked, passed) = (
        AtomicUsize::new(0),
        FAMILIES.iter().map(|_| AtomicUsize::new(0)).collect::<Vec<_>>(),
        FAMILIES.iter().map(|_| AtomicUsize::new(0)).collect::<Vec<_>>(),
    );
    let good = |outcome: std::thread::Result<Result<(), String>>| usize::from(matches!(outcome, Ok(Ok(()))));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some((family, attack)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    blocked[*family].fetch_add(good(catch_unwind(|| attack.is_blocked())), Ordering::Relaxed);
                    passed[*family].fetch_add(good(catch_unwind(|| attack.twin_passes())), Ordering::Relaxed);
                }
            });
        }
    });
    let mut sum = [0; 3];
    println!(
        "{:<36} {:>6} {:>8} {:>13}",
        "family", "tried", "blocked", "twins passed"
    );
    for (at, (title, attacks)) in FAMILIES.iter().enumerate() {
        let row = [
            attacks.len(),
            blocked[at].load(Ordering::Relaxed),
            passed[at].load(Ordering::Relaxed),
        ];
        println!("{title:<36} {:>6} {:>8} {:>13}", row[0], row[1], row[2]);
        sum.iter_mut().zip(row).for_each(|(sum, one)| *sum += one);
    }
    println!("{:<36} {:>6} {:>8} {:>13}", "all", sum[0], sum[1], sum[2]);
    assert!(sum[1] == sum[0] && sum[2] == sum[0]);
}

/// Each row of promises in `docs/threat-model.md` names a test, or a group of tests, that is there.
#[test]
fn every_promise_of_the_threat_model_names_a_test() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("docs/threat-model.md")).unwrap();
    let (_, promised) = document.split_once("## What is promised").unwrap();
    let (promised, _) = promised.split_once("## What is not promised").unwrap();
    let rows: Vec<&str> = promised.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() > 20);
    for row in rows {
        let test = row.rsplit('`').nth(1).unwrap_or_else(|| panic!("no test: {row}"));
        let (module, name) = test.rsplit_once("::").unwrap();
        let file = root.join("tests/it").join(module.replace("::", "/"));
        let sources = [file.with_extension("rs"), file.join("mod.rs")];
        let group = file.join(name).with_extension("rs").is_file();
        let there = |text: String| text.contains(&format!("fn {name}(")) || text.contains(&format!("    {name}: "));
        let found = sources
            .iter()
            .filter_map(|path| std::fs::read_to_string(path).ok())
            .any(there);
        assert!(
            group || found,
            "docs/threat-model.md names `{test}`, which is not there"
        );
    }
}
