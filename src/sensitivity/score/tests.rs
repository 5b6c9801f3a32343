//! What a score can never do, as properties.

use proptest::prelude::*;

use super::features::{Feature, read};
use super::history::{Past, PastEntry, View};
use super::model::Model;
use super::{of_change, of_file, of_words, of_words_either_way, quick, reverse, strongest};
use crate::change::{
    ChangeKind, ChangedLine, Content, FileChange, FileDiff, Mode, ObjectId, RepoPath, Side, TreeEntry,
};

fn entry(number: u8) -> TreeEntry {
    TreeEntry {
        mode: Mode::Regular,
        id: ObjectId::Sha1([number; 20]),
    }
}

/// A modified file that is `old` and becomes `new`; every line differs.
fn file(path: &str, old: &str, new: &str) -> (FileChange, Content) {
    let lines = |side, text: &str| -> Vec<ChangedLine> {
        let numbered = (1u32..).zip(text.lines());
        numbered
            .map(|(number, text)| ChangedLine {
                side,
                number,
                text: text.as_bytes().to_vec(),
            })
            .collect()
    };
    let diff = FileDiff {
        lines: [lines(Side::Removed, old), lines(Side::Added, new)].concat(),
        old: old.as_bytes().to_vec(),
        new: new.as_bytes().to_vec(),
        ..FileDiff::default()
    };
    let kind = ChangeKind::Modified {
        old: entry(1),
        new: entry(2),
    };
    let path = RepoPath::new(path);
    (FileChange { path, kind }, Content::Lines(diff))
}

/// A past in which `src/hot.rs` was touched for performance.
fn past() -> Past {
    let mut past = Past::default();
    for number in 1..40u8 {
        let (message, path) = match number % 5 {
            0 => (&b"perf: x"[..], RepoPath::new("src/hot.rs")),
            _ => (&b"feat: x"[..], RepoPath::new("src/cold.rs")),
        };
        past.add(PastEntry {
            commit: ObjectId::Sha1([number; 20]),
            parents: (number > 1)
                .then(|| ObjectId::Sha1([number - 1; 20]))
                .into_iter()
                .collect(),
            time: i64::from(number),
            message,
            files: vec![(&path, None)],
        });
    }
    past
}

fn view(past: &Past) -> View<'_> {
    past.view(Some(&ObjectId::Sha1([39; 20]))).unwrap()
}

#[test]
fn the_embedded_model_is_one() {
    let model = Model::embedded();
    assert!(model.len() > 100 && model.len() <= 1500, "{} weights", model.len());
    assert_eq!(model.digest.len(), 64);
}

#[test]
fn a_model_that_is_none_is_refused() {
    let ranks = (1..100).map(|rank: u32| rank.to_string()).collect::<Vec<_>>().join(" ");
    let good = format!("certgate-score-model 1\nversion x\nbias 5\nranks {ranks}\n7 area:source\n");
    let model = Model::parse(&good).unwrap();
    let feature = Feature {
        name: "area:source".to_owned(),
        line: 0,
    };
    assert_eq!((model.sum(&[feature]), model.rank(50), model.rank(0)), (12, 49, 0));
    for bad in [
        good.replace("model 1", "model 2"),
        good.replace("7 area", "x area"),
        good.replace(" 99\n", "\n"),
        good.replace("bias 5\n", ""),
        good.clone() + &"1 a\n".repeat(20_000),
    ] {
        assert!(Model::parse(&bad).is_none());
    }
}

#[test]
fn what_was_hot_before_scores_higher() {
    let past = past();
    let view = view(&past);
    let score = |path| {
        let (file, content) = file(path, "let a = 1;\n", "let b = Vec::with_capacity(8);\n");
        quick(Model::embedded(), &file, &content, &view)
    };
    assert!(score("src/hot.rs") > score("src/cold.rs"));
}

#[test]
fn names_of_features_are_sound() {
    let past = past();
    let (file, content) = file(
        "src/hot.rs",
        "// a\nlet a = 1;\n",
        "for x in y {\n    cacheLine(x);\n}\n",
    );
    let names: Vec<String> = read(&file, &content, &view(&past))
        .whole()
        .into_iter()
        .map(|f| f.name)
        .collect();
    for wanted in [
        "language:rust",
        "area:source",
        "added:2",
        "word added:cache",
        "name added:cacheline",
        "loops added:1",
        "file count:5",
    ] {
        assert!(names.iter().any(|name| name == wanted), "{wanted} in {names:?}");
    }
    let mut once = names.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), names.len(), "each feature once");
}

/// The names of the features that a change of `src/hot.rs` has.
fn names(old: &str, new: &str) -> Vec<String> {
    let past = past();
    let (file, content) = file("src/hot.rs", old, new);
    let features = read(&file, &content, &view(&past)).whole();
    features.into_iter().map(|feature| feature.name).collect()
}

#[test]
fn what_alone_differs_is_known() {
    for (old, new, expected) in [
        ("let a = b.get(c);\n", "let row = b.get(key);\n", &["only:names"][..]),
        (
            "let a = b;\nlet c = d;\n",
            "let c = d;\nlet a = b;\n",
            &["only:names", "only:moves"],
        ),
        ("let a = a + b;\n", "let a = b + b;\n", &[]),
        ("log(a);\n", "log(a, b);\n", &["lines of messages:8"]),
        ("run(a);\n", "run(a, b);\nwarn(a);\n", &["lines of messages:2"]),
        ("x\n", "#[inline]\n", &[]),
        ("", "#[inline]\n#[must_use]\n", &["only:attributes"]),
    ] {
        let names = names(old, new);
        let wanted = |name: &&String| {
            ["only:names", "only:moves", "only:attributes"].contains(&name.as_str())
                || name.starts_with("lines of messages:")
        };
        let found: Vec<&String> = names.iter().filter(wanted).collect();
        let steps = |name: &&str| found.iter().any(|found| found == name);
        assert!(expected.iter().all(steps), "{old} {new} {found:?}");
        let only = found.iter().filter(|name| name.starts_with("only:")).count();
        assert_eq!(
            only,
            expected.iter().filter(|name| name.starts_with("only:")).count(),
            "{old} {new} {found:?}"
        );
    }
}

#[test]
fn what_takes_an_optimisation_back_has_its_points() {
    let past = past();
    let (plain, fast) = (
        "    let mut out = Vec::new();\n",
        "    let mut out = Vec::with_capacity(n);\n",
    );
    let points = |old: &str, new: &str| {
        let (file, content) = file("src/hot.rs", old, new);
        let (model, view) = (Model::embedded(), view(&past));
        (
            of_words(model, &file, &content, &view),
            of_words_either_way(model, &file, &content, &view),
        )
    };
    let (there, back) = (points(plain, fast), points(fast, plain));
    assert!(there.0 > back.0, "{there:?} {back:?}");
    assert_eq!((there.0, there.1), (there.1, back.1));
}

#[test]
fn loops_are_known_by_macros_too() {
    for line in [
        "list_for_each_entry(a, b, c) {\n",
        "RTE_ETH_FOREACH_DEV(port) {\n",
        "for (;;) {\n",
    ] {
        assert!(names("", line).iter().any(|name| name == "loops added:1"), "{line}");
    }
    assert!(!names("", "formatted(a);\n").iter().any(|name| name == "loops added:1"));
}

const LINE: &str = "(    )?(let|for|fn|//|return|self\\.cache|clone\\(\\)|test|assert) [a-z_]{0,8}[({;]?";

proptest! {
    #[test]
    fn reasons_sum_up_to_the_score(old in prop::collection::vec(LINE, 0..12), new in prop::collection::vec(LINE, 0..12), hot in any::<bool>()) {
        let past = past();
        let path = if hot { "src/hot.rs" } else { "docs/a.md" };
        let (file, content) = file(path, &old.join("\n"), &new.join("\n"));
        let score = of_file(Model::embedded(), &file, &content, &view(&past));
        let sum: i32 = score.because.iter().map(|reason| reason.weight).sum();
        prop_assert_eq!(i64::from(sum), i64::from(score.score));
        prop_assert!((1..=5).contains(&score.because.len()));
        prop_assert!(score.score <= 1000);
        prop_assert_eq!(score.score, quick(Model::embedded(), &file, &content, &view(&past)));
        prop_assert_eq!(&score, &of_file(Model::embedded(), &file, &content, &view(&past)));
    }

    #[test]
    fn a_diff_that_leads_back_leads_there_again(old in prop::collection::vec(LINE, 0..12), new in prop::collection::vec(LINE, 0..12)) {
        let (file, content) = file("src/hot.rs", &old.join("\n"), &new.join("\n"));
        let Content::Lines(diff) = &content else { unreachable!() };
        prop_assert_eq!(&reverse(&reverse(diff)), diff);
        let past = past();
        let view = view(&past);
        let points = |content: &Content| of_words_either_way(Model::embedded(), &file, content, &view);
        prop_assert_eq!(points(&content), points(&Content::Lines(reverse(diff))));
    }

    #[test]
    fn no_companion_lowers_a_score(
        one in prop::collection::vec(LINE, 0..8),
        others in prop::collection::vec((prop::collection::vec(LINE, 0..30), "(tests|docs|src|bench)/[a-z]{1,5}\\.(rs|md|py|lock)"), 0..4),
    ) {
        let past = past();
        let alone = vec![file("src/hot.rs", "", &one.join("\n"))];
        let mut company = alone.clone();
        company.extend(others.iter().map(|(lines, path)| file(path, "", &lines.join("\n"))));
        let score = |files: &[(FileChange, Content)]| of_change(Model::embedded(), files.iter().map(|(file, content)| (file, content)), &view(&past)).0;
        prop_assert!(score(&company) >= score(&alone));
    }
    #[test]
    fn nothing_beside_a_match_lowers_what_a_rule_is_held_against(
        old in "[a-z]{1,8}\\(x\\);",
        new in "(for x in y \\{|Vec::with_capacity\\(n\\);|let cache = [a-z]{1,6};|unsafe \\{|pool\\.reserve\\(9\\);)",
        words in "(fn padding\\(\\) \\{\\}|// a note|let test = doc;|[a-z ]{0,20})",
        padded in 0usize..120,
        close in any::<bool>(),
    ) {
        let past = past();
        let view = view(&past);
        // The edit is the last line; what is beside it lies before, far from it or right above.
        let apart = if close { 1 } else { 9 };
        let change = |padded: usize| {
            let mut diff = FileDiff::default();
            let mut texts = (String::new(), String::new());
            for number in 1..=(padded * apart + 40) {
                let beside = number % apart == 0 && number <= padded * apart;
                let edit = number == padded * apart + 40 - if close { 39 } else { 0 };
                let (before, after) = match (edit, beside) {
                    (true, _) => (old.as_str(), new.as_str()),
                    (false, true) => ("was", words.as_str()),
                    (false, false) => ("same", "same"),
                };
                for (side, text) in [(Side::Removed, before), (Side::Added, after)] {
                    if before != after {
                        let text = text.as_bytes().to_vec();
                        diff.lines.push(ChangedLine { side, number: number as u32, text });
                    }
                }
                texts.0 += &format!("{before}\n");
                texts.1 += &format!("{after}\n");
            }
            let line = diff.lines.last().unwrap().number;
            (diff.old, diff.new) = (texts.0.into_bytes(), texts.1.into_bytes());
            let (file, _) = file("src/hot.rs", "", "");
            strongest(Model::embedded(), &file, &Content::Lines(diff), &view, &[(Side::Added, line)]).unwrap()
        };
        let alone = change(0);
        prop_assert!(change(padded) >= alone, "{} < {alone}", change(padded));
    }
}
