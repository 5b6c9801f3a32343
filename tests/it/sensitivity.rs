//! The sensitivity score of a change, as `check` and `features` show it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use serde_json::Value;

use crate::reports::keeps_to;
use crate::scene::run;
use crate::support::TestRepo;

const VERDICT: &str = include_str!("../../docs/schema/verdict-v1.json");

const WRITTEN: &str = include_str!("../../docs/schema/written-v1.json");

const EVALUATE: &str = include_str!("../../docs/schema/evaluate-v1.json");

const HOT: &str = "fn parse(items: &[u8]) -> Vec<u8> {\n    let mut out = Vec::new();\n    for item in items {\n        out.push(*item);\n    }\n    out\n}\n";

/// A history in which one file was touched for performance, and then moved; no policy.
fn history() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("src/hot.rs", HOT);
    repo.write("src/cold.rs", "fn name() -> u8 {\n    1\n}\n");
    repo.commit("feat: begin");
    for round in 0..8 {
        repo.write("src/hot.rs", format!("{HOT}// {round}\n"));
        repo.commit(&format!("perf: make parse faster ({round})"));
        repo.write("src/cold.rs", format!("fn name() -> u8 {{\n    {round}\n}}\n"));
        repo.commit(&format!("feat: name {round}"));
        repo.write("docs/a.md", format!("{round}\n"));
        repo.commit("docs: number");
    }
    repo
}

/// What `check` says of the newest commit.
fn sensitivity(repo: &TestRepo) -> Value {
    let said = run(repo, &["check", "--range", "HEAD^..HEAD", "--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    keeps_to(VERDICT, &report);
    report["sensitivity"].clone()
}

#[test]
fn every_change_has_a_score_whether_gated_or_not() {
    let repo = history();
    repo.write("docs/a.md", "nothing at all\n");
    repo.commit("perf: a message that is not looked at");
    let docs = sensitivity(&repo);
    repo.write(
        "src/hot.rs",
        HOT.replace("Vec::new()", "Vec::with_capacity(items.len())"),
    );
    repo.commit("docs: a message that is not looked at");
    let hot = sensitivity(&repo);
    let score = |of: &Value| of["score"].as_i64().unwrap();
    assert!(score(&hot) > score(&docs), "{hot} {docs}");
    let file = &hot["files"][0];
    assert_eq!(
        (&file["path"], &file["score"]),
        (&Value::from("src/hot.rs"), &hot["score"])
    );
    let because = file["because"].as_array().unwrap();
    let sum: i64 = because.iter().map(|reason| reason["weight"].as_i64().unwrap()).sum();
    assert_eq!(sum, score(&hot));
    // The same from what is kept as from git, and nothing else of it is in the repository.
    assert_eq!(sensitivity(&repo), hot);
    std::fs::remove_dir_all(repo.path().join(".git/certgate/past")).unwrap();
    assert_eq!(sensitivity(&repo), hot);
}

#[test]
fn a_companion_lowers_nothing_and_a_move_loses_nothing() {
    let repo = history();
    repo.git(&["switch", "--quiet", "--create", "alone"]);
    repo.write("src/hot.rs", HOT.replace("push", "extend"));
    repo.commit("one");
    let alone = sensitivity(&repo);
    repo.git(&["switch", "--quiet", "--create", "company", "main"]);
    repo.write("src/hot.rs", HOT.replace("push", "extend"));
    repo.write("tests/hot.rs", "#[test]\nfn a() {}\n".repeat(400));
    repo.write("docs/more.md", "words\n".repeat(2000));
    repo.write("Cargo.lock", "a\n");
    repo.commit("two");
    let company = sensitivity(&repo);
    assert!(
        company["score"].as_i64() >= alone["score"].as_i64(),
        "{company} {alone}"
    );
    repo.git(&["switch", "--quiet", "--create", "moved", "main"]);
    repo.git(&["mv", "src/hot.rs", "src/warm.rs"]);
    repo.commit("refactor: move");
    repo.write("src/warm.rs", HOT.replace("push", "extend"));
    repo.commit("one");
    let features = run(&repo, &["features", "--jsonl"]).out;
    let row: Value = serde_json::from_str(features.lines().next().unwrap()).unwrap();
    let names = row["files"][0]["features"].as_array().unwrap();
    assert!(names.contains(&Value::from("file count:8")), "{names:?}");
}

/// A change of the file that was hot, on a branch.
fn changed() -> TestRepo {
    let repo = history();
    repo.git(&["switch", "--quiet", "--create", "work"]);
    repo.write(
        "src/hot.rs",
        HOT.replace(
            "        out.push(*item);",
            "        let copy = Vec::with_capacity(items.len());\n        out.extend(copy);",
        ),
    );
    repo.write("docs/a.md", "nothing\n");
    repo.commit("Copy");
    repo
}

#[test]
fn a_score_is_explained_in_words_that_sum_up_to_it() {
    let repo = changed();
    let plain = run(&repo, &["check", "--base", "main"]);
    assert!(!plain.out.contains("sensitivity:"), "{}", plain.out);
    let said = run(&repo, &["check", "--base", "main", "--verbose"]);
    let at = said.out.find("sensitivity: ").unwrap();
    let lines: Vec<&str> = said.out[at..].lines().collect();
    assert!(lines.len() <= 12, "{}", said.out);
    let words = lines.join(" ");
    for wanted in [
        " of 1000, above ",
        " % of ",
        "highest: src/hot.rs",
        "`Vec::with_capacity`",
        "in `parse`",
        "8 of this file's 9 commits were performance changes",
        "other: ",
    ] {
        assert!(words.contains(wanted), "{wanted}: {words}");
    }
    let explained = run(&repo, &["explain", "--score", "--base", "main"]).out;
    assert_eq!(explained.lines().collect::<Vec<_>>(), lines);
    let one = run(&repo, &["explain", "--score", "src/hot.rs", "--base", "main"]).out;
    let mut rows = one.lines();
    let total = rows.next().unwrap().strip_prefix("src/hot.rs: ").unwrap();
    let total: i64 = total.strip_suffix(" of 1000").unwrap().parse().unwrap();
    let weights = rows.filter_map(|row| {
        row.split_whitespace()
            .next()
            .filter(|word| word.starts_with(['+', '-']))?
            .parse::<i64>()
            .ok()
    });
    assert_eq!(weights.sum::<i64>(), total, "{one}");
    let docs = run(&repo, &["explain", "--score", "docs/a.md", "--base", "main"]).out;
    assert!(docs.contains("docs/a.md: ") && !docs.contains("hot.rs"), "{docs}");
    let none = run(&repo, &["explain", "--score", "src/cold.rs", "--base", "main"]);
    none.undecided("CG738");
    run(&repo, &["explain", "--score"]).ends(0);
}

#[test]
fn every_report_has_the_score() {
    let repo = changed();
    repo.write(".certgate/policy.yaml", "version: 1\ncertificates: [\"certificates/**/*.md\"]\ncomponents:\n  - id: hot\n    match: { paths: [\"src/**\"] }\n");
    repo.commit("Adopt");
    let report = |format: &str| run(&repo, &["check", "--base", "main", "--format", format]).out;
    let json: Value = serde_json::from_str(&report("json")).unwrap();
    let score = json["sensitivity"]["score"].as_i64().unwrap();
    let sarif: Value = serde_json::from_str(&report("sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["properties"]["sensitivity"], json["sensitivity"]);
    let junit = report("junit");
    let property = format!("<property name=\"sensitivity.score\" value=\"{score}\"/>");
    assert!(
        junit.contains(&property) && junit.contains("sensitivity.because"),
        "{junit}"
    );
    let markdown = report("markdown");
    assert!(
        markdown.contains(&format!("<summary>Sensitivity {score} of 1000")),
        "{markdown}"
    );
    let gitlab: Value = serde_json::from_str(&report("gitlab")).unwrap();
    let hot = gitlab
        .as_array()
        .unwrap()
        .iter()
        .find(|issue| issue["location"]["path"] == "src/hot.rs")
        .unwrap();
    assert!(
        hot["content"]["body"].as_str().unwrap().contains("src/hot.rs: "),
        "{hot}"
    );
}

/// A history in which one directory was tuned, one was not, and a third was tuned and is gone.
pub(crate) fn tuned() -> TestRepo {
    let repo = TestRepo::new();
    repo.write("Cargo.toml", "[package]\nname = \"a\"\n");
    repo.write("src/lex/scan.rs", HOT);
    repo.write("src/app/name.rs", "fn name() -> u8 {\n    1\n}\n");
    repo.write("src/gone/old.rs", HOT);
    repo.commit("feat: begin");
    for round in 0..14 {
        repo.write("src/app/name.rs", format!("fn name() -> u8 {{\n    {round}\n}}\n"));
        repo.commit(&format!("feat: name {round}"));
    }
    for round in 0..4 {
        repo.write(
            "src/lex/scan.rs",
            HOT.replace("push(*item)", &format!("push(*item + {round})")),
        );
        repo.commit(&format!("perf(lex): scan faster {round}"));
        repo.write("src/gone/old.rs", format!("{HOT}// {round}\n"));
        repo.commit(&format!("perf: old {round}"));
    }
    repo.write("src/lex/scan.rs", HOT);
    repo.commit("Revert \"perf(lex): scan faster 3\"");
    repo.git(&["rm", "--quiet", "-r", "src/gone"]);
    repo.commit("refactor: remove what is old");
    repo
}

#[test]
fn a_new_policy_proposes_what_the_past_was_about() {
    let because = "4 of 6 commits there were performance changes, 1 took something back; most often in `parse` (5)";
    let commented = tuned();
    let said = run(&commented, &["init", "--no-hooks"]).ends(0);
    assert!(
        said.out
            .contains(&format!("hot_src_lex    proposed in a comment: {because}")),
        "{}",
        said.out
    );
    let policy = std::fs::read_to_string(commented.path().join(".certgate/policy.yaml")).unwrap();
    assert!(
        policy.contains(&format!(
            "# components:\n#   # {because}\n#   - id: hot_src_lex\n#     match: {{ paths: [\"src/lex/**\"] }}\n"
        )),
        "{policy}"
    );
    assert!(!policy.contains("src/app") && !policy.contains("src/gone"), "{policy}");
    run(&commented, &["policy", "check"]).ends(0);
    let shown = run(&commented, &["policy", "show"]).out;
    assert!(!shown.contains("hot_src_lex"), "{shown}");

    let taken = tuned();
    let said = run(&taken, &["init", "--no-hooks", "--from-history"]).ends(0);
    assert!(
        said.out.contains(&format!("hot_src_lex    gated: {because}")),
        "{}",
        said.out
    );
    run(&taken, &["policy", "check"]).ends(0);
    let shown = run(&taken, &["policy", "show"]).out;
    assert!(shown.contains("hot_src_lex"), "{shown}");

    let data = tuned();
    let said = run(&data, &["init", "--no-hooks", "--format", "json"]).ends(0);
    let done: Value = serde_json::from_str(&said.out).unwrap();
    keeps_to(WRITTEN, &done);
    let wanted = serde_json::json!([{
        "id": "hot_src_lex", "path": "src/lex/**", "commits": 6, "performance": 4, "taken_back": 1, "functions": [["parse", 5]],
    }]);
    assert_eq!(done["proposed"], wanted);
}

#[test]
fn features_are_shown_for_training_and_for_people() {
    let repo = history();
    let lines = run(&repo, &["features", "--jsonl", "--last", "3", "--hunks"]).out;
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 3);
    let head = repo.ask(&["rev-parse", "HEAD"]);
    assert_eq!(rows[0]["commit"], head.trim());
    assert_eq!(rows[0]["files"][0]["path"], "docs/a.md");
    let human = run(&repo, &["features", "--range", "HEAD~2..HEAD"]).out;
    assert!(
        human.contains("  src/cold.rs: ")
            && human.contains(" of 1000\n")
            && human.contains("what every change starts with"),
        "{human}"
    );
    let nothing = run(&repo, &["features", "--range", "HEAD..HEAD"]);
    nothing.ends(2);
}

#[test]
fn a_repository_sees_its_own_numbers() {
    let repo = history();
    repo.write(
        ".certgate/policy.yaml",
        "version: 1\ncomponents:\n  - id: hot\n    match: { paths: [\"src/hot.rs\"] }\n",
    );
    repo.commit("adopt");
    let said = run(&repo, &["evaluate", "--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    keeps_to(EVALUATE, &report);
    assert_eq!(
        (report["commits"].as_u64(), report["positive"].as_u64()),
        (Some(26), Some(8))
    );
    // The first commit adds the file, eight change it, and one adds the policy.
    assert_eq!(report["gated"]["flagged"], 10);
    assert_eq!(
        (&report["gated"]["right"], &report["gated"]["recall"]),
        (&Value::from(8), &Value::from(1.0))
    );
    assert_eq!(report["components"][0]["id"], "hot");
    assert!(report["score"]["auc"].as_f64().unwrap() > 0.5);
    assert_eq!(report["scores"].as_array().unwrap().len(), 26);
    let docs = run(&repo, &["evaluate", "--label", "^docs", "--last", "10"]).out;
    assert!(docs.contains("10 commits, 3 of them labelled by"), "{docs}");
    let picture = run(&repo, &["evaluate", "--format", "svg"]).out;
    assert!(picture.starts_with("<svg") && picture.contains("AUC"));
    let list = repo.path().join("list");
    std::fs::write(&list, format!("{}\n", repo.ask(&["rev-parse", "HEAD"]).trim())).unwrap();
    let listed = run(&repo, &["evaluate", "--labels", "list"]).out;
    assert!(listed.contains("26 commits, 1 of them"), "{listed}");
    std::fs::write(&list, "no id\n").unwrap();
    run(&repo, &["evaluate", "--labels", "list"]).ends(2);
    run(&repo, &["evaluate", "--label", "("]).ends(2);
    run(&repo, &["evaluate", "--range", "HEAD..HEAD"]).ends(2);
}

#[test]
fn a_first_commit_and_a_staged_change_have_a_score() {
    let repo = TestRepo::new();
    repo.write("src/a.rs", HOT);
    repo.git(&["add", "--all"]);
    let said = run(&repo, &["check", "--staged", "--format", "json"]);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    keeps_to(VERDICT, &report);
    assert_eq!(report["sensitivity"]["files"][0]["path"], "src/a.rs");
    assert_eq!(report["sensitivity"]["among"], Value::Null);
}
