//! SARIF, JUnit and code quality, each read by others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{NAMES, Scene, scenes, tools};
use crate::reports::keeps_to;
use crate::scene::{POLICY, run, stage_gated, with_policy};
use crate::support::TestRepo;

/// The scenes in a format, as files.
fn written<'a>(scenes: &'a [Scene], format: &str, ending: &str) -> (tempfile::TempDir, Vec<(&'a Scene, PathBuf)>) {
    let folder = crate::support::scratch();
    let files = scenes
        .iter()
        .map(|scene| {
            let file = folder.path().join(format!("{}.{ending}", scene.name));
            std::fs::write(&file, scene.in_format(format).out).unwrap();
            (scene, file)
        })
        .collect();
    (folder, files)
}

fn read(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[track_caller]
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

/// `sarif codeclimate`, for many files in one process.
const CODE_QUALITY: &str = "
import sys
from sarif.cmdline import main
files = iter(sys.argv[1:])
for file in files:
    sys.argv = ['sarif', 'codeclimate', file, '--output', next(files)]
    main.main()
";

/// Holds files to the schema from the validator's own package, and to the validator itself with GitHub's rules (it exits with 0 whatever it
/// finds).
#[track_caller]
pub(super) fn is_sarif(tools: &Path, files: &[PathBuf]) {
    let package = tools.join("node_modules/@microsoft/sarif-multitool-linux");
    let schema = jsonschema::validator_for(&read(&package.join("sarif-2.1.0.json"))).unwrap();
    for file in files {
        let errors: Vec<String> = schema.iter_errors(&read(file)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
    }
    let mut validate = Command::new(package.join("Sarif.Multitool"));
    validate
        .current_dir(files[0].parent().unwrap())
        .args(["validate", "--rule-kind", "Sarif;Ghas"]);
    let said = output(validate.args(files));
    assert!(said.contains(&format!("{} files scanned", files.len())), "{said}");
    assert!(!said.contains(" error "), "{said}");
}

/// Holds the code quality reports of `sarif-tools` for SARIF to our own: they name the same.
#[track_caller]
pub(super) fn is_code_quality(tools: &Path, files: &[(PathBuf, Value)]) {
    let mut python = Command::new(tools.join("bin/python"));
    python.args(["-c", CODE_QUALITY]);
    for (file, _) in files {
        python.arg(file).arg(file.with_extension("json"));
    }
    output(&mut python);
    for (file, ours) in files {
        // What of both has a plain path, and so is written alike.
        let named = |issues: &Value| {
            let issues = issues.as_array().unwrap().iter();
            let one = |issue: &Value| {
                let field = |name: &str| issue[name].as_str().unwrap().to_owned();
                let path = issue["location"]["path"].as_str().unwrap().to_owned();
                (field("check_name"), path, issue["location"]["lines"]["begin"].as_u64())
            };
            let plain = |(_, path, _): &(String, String, Option<u64>)| {
                path.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte))
            };
            let mut all: Vec<_> = issues.map(one).filter(plain).collect();
            all.sort();
            all
        };
        let theirs = read(&file.with_extension("json"));
        assert_eq!(
            ours.as_array().unwrap().len(),
            theirs.as_array().unwrap().len(),
            "{}",
            file.display()
        );
        assert_eq!(named(ours), named(&theirs), "{}", file.display());
    }
}

#[test]
fn others_read_the_sarif() {
    let Some(tools) = tools() else { return };
    let scenes = scenes();
    let (_folder, files) = written(&scenes, "sarif", "sarif");
    for (scene, file) in &files {
        let log = read(file);
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        for code in scene.told {
            assert!(
                results.iter().any(|result| result["ruleId"] == *code),
                "{}: {code}",
                scene.name
            );
        }
        assert_eq!(
            run["invocations"][0]["executionSuccessful"],
            scene.code < 2,
            "{}",
            scene.name
        );
        let prints: BTreeSet<&str> = results
            .iter()
            .map(|result| result["partialFingerprints"]["certgate/v1"].as_str().unwrap())
            .collect();
        assert_eq!(prints.len(), results.len(), "{}", scene.name);
    }
    is_sarif(&tools, &files.iter().map(|(_, file)| file.clone()).collect::<Vec<_>>());
    let ours = |scene: &Scene| serde_json::from_str(&scene.in_format("gitlab").out).unwrap();
    let both = files.iter().map(|(scene, file)| (file.clone(), ours(scene)));
    is_code_quality(&tools, &both.collect::<Vec<_>>());
}

/// Decodes a reference as RFC 3986 has it.
fn decoded(uri: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    bytes
}

#[test]
fn every_name_is_a_reference_that_reads_back() {
    let scenes = scenes();
    let hostile = scenes.iter().find(|scene| scene.name == "hostile").unwrap();
    let log: Value = serde_json::from_str(&hostile.in_format("sarif").out).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let found: BTreeSet<Vec<u8>> = results
        .iter()
        .map(|result| &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        .map(|uri| decoded(uri.as_str().unwrap()))
        .collect();
    assert_eq!(found, NAMES.iter().map(|name| name.to_vec()).collect());
}

/// An alert that is there before and after is one alert.
#[test]
fn a_fingerprint_outlives_edits() {
    let prints = |repo: &TestRepo| -> BTreeMap<String, (String, u64)> {
        let ran = run(repo, &["check", "--staged", "--format", "sarif"]);
        let log: Value = serde_json::from_str(&ran.out).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().iter();
        let one = |result: &Value| {
            let place = &result["locations"][0]["physicalLocation"];
            let print = result["partialFingerprints"]["certgate/v1"]
                .as_str()
                .unwrap()
                .to_owned();
            let path = place["artifactLocation"]["uri"].as_str().unwrap().to_owned();
            (print, (path, place["region"]["startLine"].as_u64().unwrap()))
        };
        results.map(one).collect()
    };
    let repo = with_policy();
    repo.write(
        ".certgate/policy.yaml",
        format!("{POLICY}  - id: sync\n    match: {{ content: ['synchronize'] }}\n"),
    );
    repo.commit("rule on content");
    repo.write("src/a.py", "x = 1\ntorch.synchronize()\n");
    stage_gated(&repo);
    let before = prints(&repo);
    assert_eq!(before.len(), 2);
    assert!(before.values().any(|(path, line)| path == "src/a.py" && *line == 2));
    // The line moves, the content changes, and another file joins.
    repo.write("src/a.py", "x = 1\ny = 1\ntorch.synchronize()\n");
    repo.write("src/train/more.py", "x = 1\n");
    repo.git(&["add", "--all"]);
    let after = prints(&repo);
    assert_eq!(after.len(), 3);
    for (print, (path, _)) in &before {
        assert_eq!(&after[print].0, path);
    }
    assert!(after.values().any(|(path, line)| path == "src/a.py" && *line == 3));
    // Covered, the first is gone, and the others stay.
    let certify = "certify gpu_memory --staged --status GO --agent performance-engineer --rationale measured \
                   --file src/train/loop.py";
    run(&repo, &certify.split_whitespace().collect::<Vec<_>>()).ends(0);
    repo.git(&["add", "--all"]);
    let rest = prints(&repo);
    assert_eq!(rest.len(), 2, "{rest:?}");
    assert!(rest.keys().all(|print| after.contains_key(print)));
}

/// Reads each report as Jenkins' schema has it and as `junitparser` does, and prints what they hold: tests, failures, errors, skipped.
const JUNIT: &str = "
import sys, xmlschema, junitparser
schema = xmlschema.XMLSchema(sys.argv[1])
for name in sys.argv[2:]:
    schema.validate(name)
    cases, counts = set(), [0, 0, 0, 0]
    for suite in junitparser.JUnitXml.fromfile(name):
        for case in suite:
            assert case.name and case.classname and case.classname == suite.name, (name, case)
            assert (case.classname, case.name) not in cases, (name, case.name)
            cases.add((case.classname, case.name))
            kinds = [type(result).__name__ for result in case.result]
            counts[0] += 1
            for at, kind in enumerate(['Failure', 'Error', 'Skipped']):
                counts[at + 1] += kind in kinds
            assert len(kinds) <= 1, (name, kinds)
    print(*counts)
";

/// Holds files to Jenkins' schema, and counts tests, failures, errors and skipped of each.
#[track_caller]
pub(super) fn is_junit(tools: &Path, files: &[PathBuf]) -> Vec<Vec<usize>> {
    let mut python = Command::new(tools.join("bin/python"));
    python.args(["-c", JUNIT]).arg(tools.join("junit-10.xsd"));
    let said = output(python.args(files));
    let line = |line: &str| line.split(' ').map(|n| n.parse().unwrap()).collect();
    said.lines().map(line).collect()
}

#[test]
fn others_read_the_junit() {
    let Some(tools) = tools() else { return };
    let scenes = scenes();
    let (_folder, files) = written(&scenes, "junit", "xml");
    let counted = is_junit(&tools, &files.iter().map(|(_, file)| file.clone()).collect::<Vec<_>>());
    let counts: BTreeMap<&str, Vec<usize>> = files.iter().map(|(scene, _)| scene.name).zip(counted).collect();
    for (scene, _) in &files {
        let [tests, failures, errors, _] = counts[scene.name][..] else {
            panic!()
        };
        assert!(tests > 0, "{}", scene.name);
        assert_eq!(failures > 0, scene.code == 1, "{}: {counts:?}", scene.name);
        assert_eq!(errors > 0, scene.code == 2, "{}: {counts:?}", scene.name);
    }
    assert_eq!(counts["nothing-gated"], [1, 0, 0, 0]);
    assert_eq!(counts["hostile"], [NAMES.len() + 1, NAMES.len() + 1, 0, 0]);
    // The policy only warns there.
    assert_eq!(counts["hostile-target"], [NAMES.len() + 1, 0, 0, NAMES.len()]);
    assert_eq!(counts["approved"], [2, 0, 0, 0]);
}

#[test]
fn code_quality_has_what_gitlab_asks_for() {
    for scene in scenes().iter() {
        let issues: Value = serde_json::from_str(&scene.in_format("gitlab").out).unwrap();
        let issues = issues.as_array().unwrap();
        let mut prints = BTreeSet::new();
        for issue in issues {
            for field in ["description", "check_name", "fingerprint", "severity"] {
                assert!(issue[field].as_str().is_some_and(|text| !text.is_empty()), "{issue}");
            }
            assert!(issue["location"]["path"].as_str().is_some_and(|path| !path.is_empty()));
            assert!(
                issue["location"]["lines"]["begin"]
                    .as_u64()
                    .is_some_and(|line| line > 0)
            );
            let severity = issue["severity"].as_str().unwrap();
            assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity));
            assert!(
                prints.insert(issue["fingerprint"].as_str().unwrap()),
                "{}: {issue}",
                scene.name
            );
        }
        let blocker = issues.iter().any(|issue| issue["severity"] == "blocker");
        assert_eq!(blocker, scene.code > 0, "{}", scene.name);
        for code in scene.told {
            assert!(
                issues.iter().any(|issue| issue["check_name"] == *code),
                "{}",
                scene.name
            );
        }
    }
}

/// One run, one verdict, all the reports; and the log of the job is for people.
#[test]
fn one_run_writes_many_reports() {
    let repo = with_policy();
    stage_gated(&repo);
    let check = "check --staged --format markdown --output c.md --report sarif=c.sarif --report junit=c.xml \
                 --report gitlab=c.json --report json=v.json --report human=c.txt";
    let ran = run(&repo, &check.split_whitespace().collect::<Vec<_>>()).ends(1);
    assert_eq!(ran.out, "");
    let ran = ran.says("error[CG201]").says("certgate: blocked");
    let text = |name: &str| std::fs::read_to_string(repo.path().join(name)).unwrap();
    assert!(text("c.md").starts_with("<!-- certgate:main -->\n"), "{}", text("c.md"));
    assert!(text("c.sarif").contains("\"ruleId\": \"CG201\""));
    assert!(text("c.xml").contains("<testcase classname=\"certgate.gpu_memory\" name=\"src/train/loop.py\""));
    assert!(text("c.json").contains("\"check_name\": \"CG201\""));
    assert!(text("v.json").contains("certgate/verdict/v1"));
    assert!(ran.err.ends_with(&text("c.txt")), "{}", ran.err);
    for wrong in ["sarif", "sarif=", "saif=x", "=x"] {
        run(&repo, &["check", "--staged", "--report", wrong]).ends(2);
    }
    // A run that could not decide leaves none of an earlier run.
    let ran = run(&repo, &["check", "--base", "nowhere", "--report", "sarif=c.sarif"]).undecided("CG702");
    assert_eq!(ran.out, "");
    assert!(text("c.sarif").contains("\"executionSuccessful\": false"));
}

#[test]
fn verify_and_failures_keep_to_their_schemas() {
    let schema = include_str!("../../../docs/schema/verify-v1.json");
    let error = include_str!("../../../docs/schema/error-v1.json");
    for scene in scenes().iter() {
        let json = scene.in_format("json").json();
        match (scene.code, scene.arguments[0].as_str()) {
            (2, _) => keeps_to(error, &json),
            (_, "verify") => {
                keeps_to(schema, &json);
                let holds: Vec<&Value> = json["certificates"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|c| &c["holds"])
                    .collect();
                assert_eq!(holds, [true, false]);
                let said = json["certificates"][1]["facts"].to_string();
                assert!(said.contains("the file has 2 lines"), "{said}");
            }
            _ => {}
        }
    }
}
