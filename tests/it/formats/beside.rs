//! The same formats of `simulate` and `audit`, which judge what has happened already: held against the same readers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::read::{is_code_quality, is_junit, is_sarif};
use super::{NAMES, tools};
use crate::scene::{CERTIFICATE, Ran, of_status, run, with_policy};
use crate::simulate::history;
use crate::support::{TestRepo, scratch};

/// A repository, what is asked about it, and the exit code.
pub(crate) struct Asked {
    pub(crate) name: &'static str,
    repo: TestRepo,
    arguments: &'static str,
    code: i32,
}

impl Asked {
    #[track_caller]
    pub(crate) fn in_format(&self, format: &str) -> Ran {
        let mut arguments: Vec<&str> = self.arguments.split(' ').collect();
        arguments.extend(["--format", format]);
        run(&self.repo, &arguments).ends(self.code)
    }

    fn written(&self, folder: &Path, format: &str, ending: &str) -> PathBuf {
        let file = folder.join(format!("{}.{ending}", self.name));
        std::fs::write(&file, self.in_format(format).out).unwrap();
        file
    }
}

/// Stretches of history and audits: ordinary, hostile, empty, and such as cannot be had.
pub(crate) fn asked() -> Vec<Asked> {
    let ask = |name, repo, arguments, code| Asked {
        name,
        repo,
        arguments,
        code,
    };
    let hostile = with_policy();
    for name in NAMES {
        hostile.write(name, "x = 1\n");
    }
    hostile.commit("<b>|`@everyone` ](javascript:x) #1 &amp; ]]>");
    let refused = with_policy();
    refused.write("src/train/loop.py", "x = 1\n");
    refused.commit("work that nobody looked at");
    refused.write(CERTIFICATE, of_status("NO_GO", "C-1"));
    refused.commit("refuse");
    vec![
        ask("history", history(), "simulate", 0),
        ask("history-hostile", hostile.copy(), "simulate --commits", 0),
        ask(
            "history-quiet",
            hostile.copy(),
            "simulate --last 1 --policy builtin:rust",
            0,
        ),
        ask("history-nowhere", hostile.copy(), "simulate --range nowhere..HEAD", 2),
        ask("audit", refused.copy(), "audit --no-time .", 0),
        ask("audit-hostile", hostile, "audit --no-time .", 0),
        ask("audit-in-part", refused.copy(), "audit --no-time . ./nowhere", 2),
        ask("audit-of-nothing", refused, "audit --no-time -", 2),
    ]
}

#[test]
fn others_read_what_is_said_of_the_past() {
    let Some(tools) = tools() else { return };
    let asked = asked();
    let folder = scratch();
    let sarif: Vec<PathBuf> = asked
        .iter()
        .map(|one| one.written(folder.path(), "sarif", "sarif"))
        .collect();
    is_sarif(&tools, &sarif);
    for (one, file) in asked.iter().zip(&sarif) {
        let log: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let run = &log["runs"][0];
        assert_eq!(
            run["invocations"][0]["executionSuccessful"],
            one.code < 2,
            "{}",
            one.name
        );
        let results = run["results"].as_array().unwrap();
        let prints = results
            .iter()
            .map(|result| result["partialFingerprints"]["certgate/v1"].as_str().unwrap());
        assert_eq!(prints.collect::<BTreeSet<_>>().len(), results.len(), "{}", one.name);
    }
    let gitlab = |one: &Asked| serde_json::from_str(&one.in_format("gitlab").out).unwrap();
    let both: Vec<(PathBuf, Value)> = asked
        .iter()
        .zip(&sarif)
        .map(|(one, file)| (file.clone(), gitlab(one)))
        .collect();
    is_code_quality(&tools, &both);
    let junit: Vec<PathBuf> = asked
        .iter()
        .map(|one| one.written(folder.path(), "junit", "xml"))
        .collect();
    let counts = is_junit(&tools, &junit);
    for (one, counted) in asked.iter().zip(&counts) {
        assert_eq!(counted[2] > 0, one.code == 2, "{}: {counted:?}", one.name);
    }
    let of = |name: &str| counts[asked.iter().position(|one| one.name == name).unwrap()].clone();
    assert_eq!(of("history-quiet"), [1, 0, 0, 0]);
    // The audit, the landing, the refusal.
    assert_eq!(of("audit"), [3, 2, 0, 0]);
}

/// What the JSON counts, each format has: a result for each commit and rule, the rates and the dials beside them.
#[test]
fn a_gated_commit_is_a_result_with_its_component_and_rule() {
    let repo = history();
    let json = run(&repo, &["simulate", "--format", "json"]).ends(0).json();
    let mut wanted: Vec<(String, String)> = Vec::new();
    for row in json["commits"].as_array().unwrap() {
        for component in row["components"].as_array().unwrap() {
            for rule in component["rules"].as_array().unwrap() {
                let rule = format!("{}/{}", component["id"].as_str().unwrap(), rule.as_str().unwrap());
                wanted.push((row["commit"].as_str().unwrap().to_owned(), rule));
            }
        }
    }
    assert!(wanted.len() > 5, "{wanted:?}");
    let log = run(&repo, &["simulate", "--format", "sarif"]).ends(0).json();
    let sarif = &log["runs"][0];
    let found: Vec<(String, String)> = sarif["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            let commit = result["properties"]["commit"].as_str().unwrap().to_owned();
            let rule = result["ruleId"].as_str().unwrap().to_owned();
            assert!(rule.starts_with(&format!("{}/", result["properties"]["component"].as_str().unwrap())));
            let text = result["message"]["text"].as_str().unwrap();
            assert!(text.starts_with(&commit[..10]), "{text}");
            (commit, rule)
        })
        .collect();
    assert_eq!(found, wanted);
    let told = &sarif["properties"]["simulation"];
    for part in ["policy", "rates", "components", "rules", "dials"] {
        assert_eq!(told[part], json[part], "{part}");
    }
    for rule in sarif["tool"]["driver"]["rules"].as_array().unwrap() {
        let of = |one: &&Value| {
            rule["id"]
                == format!(
                    "{}/{}",
                    one["component"].as_str().unwrap(),
                    one["rule"].as_str().unwrap()
                )
        };
        let rate = json["rules"].as_array().unwrap().iter().find(of).unwrap();
        assert_eq!(rule["properties"]["commits"], rate["commits"]);
    }
    let xml = run(&repo, &["simulate", "--format", "junit"]).ends(0).out;
    let gated = json["components"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rate| rate["commits"].as_u64().unwrap());
    assert_eq!(
        xml.matches("<testcase ").count() as u64,
        gated.sum::<u64>() + 1,
        "{xml}"
    );
    for dial in json["dials"].as_array().unwrap() {
        let name = dial["change"]
            .as_str()
            .unwrap()
            .replace('&', "&amp;")
            .replace('"', "&quot;");
        assert!(xml.contains(&format!("dial {name}")), "{name}: {xml}");
    }
    let page = run(&repo, &["simulate", "--format", "html", "--output", "page.html"]).ends(0);
    assert_eq!(page.out, "");
    let page = std::fs::read_to_string(repo.path().join("page.html")).unwrap();
    let rates = &json["rates"];
    for said in [
        format!("{} of {} commits", rates["gated"], rates["commits"]),
        "What each dial would change".to_owned(),
        "The noisiest rules".to_owned(),
        "perf: twice as fast".to_owned(),
    ] {
        assert!(page.contains(&said), "{said}: {page}");
    }
}

/// A landing that the gate would have blocked is found by its file, below the repository that it is in.
#[test]
fn what_an_audit_finds_has_a_place() {
    let repo = with_policy();
    repo.write("src/train/loop.py", "x = 1\n");
    let commit = repo.commit("work");
    let log = run(&repo, &["audit", "--format", "sarif", "."]).ends(0).json();
    let results = log["runs"][0]["results"].as_array().unwrap().clone();
    let text = |result: &Value| result["message"]["text"].as_str().unwrap().to_owned();
    let found = results
        .iter()
        .find(|result| result["ruleId"] == "CG201" && text(result).contains("work"));
    let found = found.unwrap_or_else(|| panic!("{results:#?}"));
    let place = &found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, "./src/train/loop.py");
    let text = found["message"]["text"].as_str().unwrap();
    assert!(
        text.contains(&format!("git -C . show {commit}")) && text.contains("work"),
        "{text}"
    );
    assert_eq!(found["level"], "error");
    assert!(
        results
            .iter()
            .any(|result| result["ruleId"] == "CG767" && result["level"] == "warning"),
        "{results:#?}"
    );
}
