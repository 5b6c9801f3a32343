//! Evidence that is bound to certificates: the whole way, what an approval must prove, and what is told.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::measured::{BUDGET, GATED, Scene, policy};
use crate::reports::keeps_to;
use crate::scene::run;

const SCHEMA: &str = include_str!("../../docs/schema/verdict-v1.json");

#[test]
fn an_approval_that_proves_its_budget_counts() {
    let scene = Scene::open();
    let blocks = scene.session(1.0);
    let scene = scene.certified(&blocks);
    scene.check().ends(0);
    let ran = run(&scene.repo, &["check", "--base", "main", "--format", "json"]);
    let json = ran.json();
    keeps_to(SCHEMA, &json);
    let shown = &json["components"][0]["evidence"][0];
    assert_eq!(
        (&shown["benchmark"], &shown["verdict"]),
        (&"lex big.txt".into(), &"pass".into()),
        "{json:#}"
    );
    assert_eq!(shown["runs"], serde_json::json!([10, 10]));
    assert_eq!(shown["files"].as_array().unwrap().len(), 20);
    assert!(shown["problems"].as_array().unwrap().is_empty());
    // Nothing of it is gated, though a component of the policy claims the folder.
    assert_eq!(json["components"].as_array().unwrap().len(), 1);
    let certificate = scene.certificate();
    run(&scene.repo, &["lint", "--strict", &certificate]).ends(0);
}

#[test]
fn a_slow_down_does_not_count_and_says_where_it_stands() {
    let scene = Scene::open();
    let blocks = scene.session(1.12);
    let ran = scene.certify(&blocks).ends(0);
    assert_eq!(ran.warnings(), ["CG614"]);
    scene.repo.commit("Certify");
    let ran = scene.check().ends(1);
    assert_eq!(ran.errors(), ["CG201", "CG614"], "{}", ran.said());
    let ran = ran
        .says("lex big.txt time")
        .says("times the baseline")
        .says("measured in certificates/evidence/");
    let line = scene.read(&scene.certificate());
    let at = line.lines().position(|line| line.starts_with("regressed ")).unwrap() + 1;
    assert!(
        ran.err.contains(&format!("{}:{at}", scene.certificate())),
        "{}",
        ran.err
    );
}

#[test]
fn what_is_not_proven_does_not_count_unless_the_policy_says_so() {
    let few = |scene: &Scene| scene.session_of(&[("lex big.txt", 1.0)], ("main", "HEAD"), 4, 0);
    let scene = Scene::open();
    let blocks = few(&scene);
    let scene = scene.certified(&blocks);
    let ran = scene.check().ends(1);
    assert_eq!(ran.errors(), ["CG201", "CG615"]);
    let scene = Scene::with(&policy(&BUDGET.replace("design:", "on_inconclusive: warn, design:")));
    let blocks = few(&scene);
    let scene = scene.certified(&blocks);
    let ran = scene.check().ends(0);
    assert_eq!(ran.warnings(), ["CG615"]);
    // A slow-down is no doubt.
    let scene = Scene::with(&policy(&BUDGET.replace("design:", "on_inconclusive: warn, design:")));
    let blocks = scene.session(1.2);
    assert_eq!(scene.certified(&blocks).check().ends(1).errors(), ["CG201", "CG614"]);
}

#[test]
fn an_approval_without_measurements_does_not_count() {
    let scene = Scene::open();
    scene.certify(&[]).ends(0);
    scene.repo.commit("Certify");
    let ran = scene.check().ends(1);
    assert_eq!(ran.errors(), ["CG201", "CG610"]);
}

#[test]
fn an_absolute_limit_is_decided_by_the_candidate_alone() {
    for (limit, codes) in [
        ("350 ms", vec![]),
        ("0.2", vec!["CG201", "CG614"]),
        ("300 ms", vec!["CG201", "CG615"]),
    ] {
        let scene = Scene::with(&policy(&format!("{{ metric: time, limit: {limit} }}")));
        let mut blocks = scene.session(1.0);
        blocks.retain(|block| block.side == "candidate");
        for block in &mut blocks {
            // What was not measured in turn is of no session.
            block.json["certgate"].as_object_mut().unwrap().remove("side");
        }
        let ran = scene.certified(&blocks).check();
        assert_eq!(ran.errors(), codes, "{limit}: {}", ran.said());
    }
}

#[test]
fn only_what_covers_the_change_is_read_and_evidence_of_another_change_is_none() {
    let scene = Scene::open();
    let blocks = scene.session(1.0);
    let scene = scene.certified(&blocks);
    scene.check().ends(0);
    scene.change("3");
    let ran = scene.check().ends(1);
    assert_eq!(ran.errors(), ["CG202"], "{}", ran.said());
    // A change of something else asks for nothing.
    scene.land();
    scene.repo.write("README.md", "more\n");
    scene.repo.commit("Say more");
    assert!(
        std::fs::read_to_string(scene.repo.path().join(GATED))
            .unwrap()
            .contains('3')
    );
    scene.check().ends(0);
}

#[test]
fn whoever_measures_signs_what_was_measured() {
    let budget = format!("    budgets: [{BUDGET}]\n    require: {{ measured_by: [tom@example.org] }}\n");
    let world = |more: &str| {
        let signed = crate::signed::Signed::with(&crate::signed::policy("optional", &budget));
        let scene = Scene { repo: signed.repo };
        scene
            .repo
            .write("src/train/loop.py", format!("def step():\n    return 2{more}\n"));
        scene.repo.commit("Change the step");
        scene
    };
    let certify = |scene: &Scene, measured: Option<&str>| {
        let mut all = vec![
            "certify",
            "gpu_memory",
            "--base",
            "main",
            "--agent",
            "performance-engineer",
            "--status",
            "APPROVED",
            "--rationale",
            "measured",
        ];
        all.extend(measured.iter().flat_map(|path| ["--measured", path]));
        all.extend(["--baseline"]);
        let folder = scene.repo.path().join("certgate-measure");
        let of = |side: &str| -> Vec<String> {
            let mut names: Vec<String> = std::fs::read_dir(folder.join(side))
                .unwrap()
                .map(|entry| entry.unwrap().path().display().to_string())
                .collect();
            names.sort();
            names
        };
        let (baseline, candidate) = (of("baseline"), of("candidate"));
        all.extend(baseline.iter().map(String::as_str));
        all.push("--candidate");
        all.extend(candidate.iter().map(String::as_str));
        let ran = run(&scene.repo, &all);
        std::fs::remove_dir_all(&folder).unwrap();
        scene.repo.commit("Certify");
        ran
    };
    let measure = |scene: &Scene, key: Option<&str>| {
        // Its time is of no interest here, so it writes one by itself.
        let bench = "n=$(($(cat n 2>/dev/null || echo 0)+1)); echo $n >n; mkdir -p out; echo \"{\\\"results\\\": [{\\\"command\\\": \\\"lex\\\", \\\"times\\\": [1.0$(($$ % 10))$n], \\\"exit_codes\\\": [0]}]}\" >out/b.json";
        let mut all = vec![
            "measure",
            "--base",
            "main",
            "--runs",
            "6",
            "--warmup",
            "0",
            "--threshold",
            "50%",
            "--run",
            bench,
            "--results",
            "out/*.json",
        ];
        let path = key.map(|key| scene.repo.home().join(key).display().to_string());
        all.extend(path.iter().flat_map(|path| ["--sign", path.as_str()]));
        run(&scene.repo, &all).ends(0);
    };
    // Tom measures, Pia certifies.
    for (by, codes) in [
        (Some("tom"), vec![]),
        (Some("pia"), vec!["CG201", "CG622"]),
        (None, vec!["CG201", "CG622"]),
    ] {
        let scene = world("");
        scene.repo.git(&["switch", "--quiet", "main"]);
        let policy = scene
            .read(".certgate/policy.yaml")
            .replace("max_regression: 5%", "max_regression: 50%");
        scene.repo.write(".certgate/policy.yaml", policy);
        scene.repo.commit("Allow more");
        scene.repo.git(&["switch", "--quiet", "work"]);
        scene.repo.git(&["rebase", "--quiet", "main"]);
        measure(&scene, by);
        let signature = by.map(|_| "certgate-measure/measured.sig");
        certify(&scene, signature).ends(0);
        let ran = scene.check();
        assert_eq!(ran.errors(), codes, "{by:?}: {}", ran.said());
    }
}

/// An approval on this condition lands; then the gated file changes again, approved by somebody else, with `more` done before.
fn after_condition(condition: &str, more: impl Fn(&Scene)) -> crate::scene::Ran {
    let scene = Scene::with(&policy(BUDGET));
    let blocks = scene.session(1.0);
    scene
        .certify_as("perf", "CONDITIONALLY_APPROVED", &blocks, &["--condition", condition])
        .ends(0);
    scene.repo.commit("Certify");
    scene.check().ends(0);
    scene.land();
    more(&scene);
    scene.change("3");
    let blocks = scene.session_of(&[("lex big.txt", 1.0)], ("main", "HEAD"), 10, 40);
    scene.certify_as("other", "APPROVED", &blocks, &[]).ends(0);
    scene.repo.commit("Certify");
    scene.check()
}

/// A certificate on the component, by hand, with this id.
fn follow_up(scene: &Scene, id: &str, agent: &str, supersedes: &str) {
    let text = crate::scene::of_status("APPROVED", id)
        .replace("gpu_memory", "lexer")
        .replace("performance-engineer", agent)
        .replace(
            "## REVIEW SCOPE",
            &format!("**Supersedes**: {supersedes}\n\n## REVIEW SCOPE"),
        );
    scene.repo.write("certificates/review_lexer_20250101_000000.md", text);
    scene.repo.commit("Follow up");
}

#[test]
fn conditions_that_can_be_checked_are_checked_and_nobody_ticks_them() {
    let nothing = |_: &Scene| {};
    let condition_of = |scene: &Scene| {
        let log = run(&scene.repo, &["log", "--format", "json"]).json();
        log["certificates"][0]["id"].as_str().unwrap().to_owned()
    };
    // Due long ago, and never met: the next change is blocked.
    let ran = after_condition("by 2026-01-01 certificate follow-1", nothing).ends(1);
    assert_eq!(ran.errors(), ["CG624"], "{}", ran.said());
    // Met by the certificate, or let go by who may.
    after_condition("by 2026-01-01 certificate follow-1", |scene| {
        follow_up(scene, "follow-1", "perf", "none")
    })
    .ends(0);
    after_condition("by 2026-01-01: remove the fallback", |scene| {
        let id = condition_of(scene);
        follow_up(scene, "let-go", "perf", &id);
    })
    .ends(0);
    let ran = after_condition("by 2026-01-01: remove the fallback", |scene| {
        let id = condition_of(scene);
        follow_up(scene, "let-go", "other", &id);
    });
    assert_eq!(ran.ends(1).errors(), ["CG624"]);
    // Of a metric: what the evidence shows, newest first.
    after_condition("metric time of lex big.txt ≤ 400 ms by 2026-01-01", nothing).ends(0);
    let ran = after_condition("metric time ≤ 100 ms by 2026-01-01", nothing);
    assert_eq!(ran.ends(1).errors(), ["CG624"]);
    // Not due yet.
    after_condition("metric time ≤ 100 ms by 2099-01-01", nothing).ends(0);
}

#[test]
fn status_lists_what_is_due() {
    let scene = Scene::open();
    let blocks = scene.session(1.0);
    let conditions = [
        "--condition",
        "metric time ≤ 100 ms by 2026-01-01",
        "--condition",
        "metric time ≤ 400 ms by 2026-01-01",
        "--condition",
        "certificate follow-1",
    ];
    scene
        .certify_as("perf", "CONDITIONALLY_APPROVED", &blocks, &conditions)
        .ends(0);
    scene.repo.commit("Certify");
    let ran = run(&scene.repo, &["status"]).ends(0);
    let ran = ran
        .writes("OVERDUE 2026-01-01: metric time ≤ 100 ms")
        .writes("DUE some day: certificate follow-1");
    assert!(!ran.out.contains("400 ms"), "{}", ran.out);
    let json = run(&scene.repo, &["status", "--format", "json"]).ends(0).json();
    keeps_to(include_str!("../../docs/schema/ledger-v1.json"), &json);
    let due = json["due"].as_array().unwrap();
    let of = |at: usize, key: &str| due[at][key].clone();
    assert_eq!(due.len(), 2, "{json:#}");
    assert_eq!((of(0, "by"), of(0, "overdue")), ("2026-01-01".into(), true.into()));
    assert_eq!((of(1, "by"), of(1, "overdue")), (serde_json::Value::Null, false.into()));
    assert_eq!(of(1, "condition"), "certificate follow-1");
}

/// A certificate of long ago with one file of evidence, of no interest but that it is there.
fn bystander(scene: &Scene, at: usize, commits: [&str; 2]) {
    use sha2::{Digest as _, Sha256};
    let name = format!("review_lexer_20250101_{at:06}");
    let file = format!("certificates/evidence/{name}/candidate/01.json");
    let document =
        format!(r#"{{"results": [{{"command": "lex", "times": [0.3{at}7, 0.3{at}9], "exit_codes": [0, 0]}}]}}"#);
    let digest: String = Sha256::digest(document.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let block = format!(
        "## BENCHMARKS\n\n```certgate-benchmarks\ncertgate/benchmarks/v1\nbaseline {}\ncandidate {}\ncandidate hyperfine sha256:{digest} {file}\n```\n\n## EVIDENCE",
        commits[0], commits[1]
    );
    let text = crate::scene::of_status("APPROVED", &format!("bystander-{at}"))
        .replace("gpu_memory", "lexer")
        .replace("performance-engineer", "perf")
        .replace("## EVIDENCE", &block);
    assert!(text.contains(&digest), "{text}");
    scene.repo.write(&file, document);
    scene.repo.write(format!("certificates/{name}.md"), text);
}

#[test]
fn evidence_that_was_used_long_ago_is_found() {
    for (minutes, codes) in [(0, vec!["CG202", "CG617"]), (40, vec![])] {
        let scene = Scene::open();
        let blocks = scene.session(1.0);
        let scene = scene.certified(&blocks);
        scene.land();
        let commits = ["main~2", "main~1"].map(|rev| scene.commit_of(rev));
        // More than are looked at one by one, all newer.
        scene.repo.git(&["switch", "--quiet", "main"]);
        (0..40).for_each(|at| bystander(&scene, at, [&commits[0], &commits[1]]));
        scene.repo.commit("Certificates of other changes");
        scene.repo.git(&["switch", "--quiet", "work"]);
        scene.repo.git(&["merge", "--quiet", "--ff-only", "main"]);
        scene.change("3");
        // The values of the first session, in files that note this change; the honest ones are of another time.
        let blocks = scene.session_of(&[("lex big.txt", 1.0)], ("main", "HEAD"), 10, minutes);
        let scene = scene.certified(&blocks);
        for _warm in 0..2 {
            let ran = scene.check();
            assert_eq!(ran.errors(), codes, "{}", ran.said());
        }
    }
}

/// Several changes, each a little slower, all accepted.
fn crept(ratios: &[f64]) -> Scene {
    let scene = Scene::open();
    for (at, ratio) in ratios.iter().enumerate() {
        if at > 0 {
            scene.land();
            scene.change(&format!("{}", at + 10));
        }
        let blocks = scene.session_of(&[("lex big.txt", *ratio)], ("main", "HEAD"), 10, 40 * at as u32);
        scene.certify(&blocks).ends(0);
        scene.repo.commit("Certify");
    }
    scene
}

#[test]
fn small_losses_that_add_up_are_told_with_their_certificates() {
    let scene = crept(&[1.02, 1.02]);
    assert!(scene.check().ends(0).warnings().is_empty());
    let scene = crept(&[1.02, 1.025, 1.02]);
    let ran = scene.check().ends(0);
    assert_eq!(ran.warnings(), ["CG625"]);
    assert_eq!(ran.err.matches(" %").count(), 3, "{}", ran.err);
    // What was won back counts.
    assert!(crept(&[1.02, 0.9, 1.02]).check().ends(0).warnings().is_empty());
}

#[test]
fn the_trend_is_read_from_the_ledger() {
    const TREND: &str = include_str!("../../docs/schema/trend-ledger-v1.json");
    let scene = crept(&[1.0, 1.02, 1.01]);
    let json = run(&scene.repo, &["trend", "lexer", "--format", "json"]).ends(0).json();
    keeps_to(TREND, &json);
    let series = &json["series"][0];
    assert_eq!(
        (&series["benchmark"], &series["unit"]),
        (&"lex big.txt".into(), &"s".into())
    );
    let points = series["points"].as_array().unwrap();
    assert_eq!(points.len(), 3);
    assert!((points[1]["ratio"].as_f64().unwrap() - 1.02).abs() < 0.01, "{json:#}");
    let ran = run(&scene.repo, &["trend"]).ends(0).writes("lexer lex big.txt time");
    assert!(ran.out.contains('▁') || ran.out.contains('█'), "{}", ran.out);
    let picture = run(&scene.repo, &["trend", "lexer", "--format", "svg"]).ends(0);
    assert!(picture.out.starts_with("<svg"), "{}", picture.out);
    run(&scene.repo, &["trend", "lexxer"]).undecided("CG114");
}
