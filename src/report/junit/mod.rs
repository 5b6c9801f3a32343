//! `--format junit`: JUnit's XML, in the dialect that Jenkins' schema (`junit-10.xsd`) and GitLab both take.
//!
//! A test is a gated file of a component, or one thing of a certificate; its name stays while lines and content change, since GitLab
//! compares runs by `classname` and `name`. There is always one test, `verdict`: Jenkins takes a report without tests for a failure.

mod audited;
mod history;
mod xml;

use std::collections::{BTreeMap, BTreeSet};

use super::item::{Item, items};
use super::lint::Linted;
use super::sensitivity;
use super::verify::VerifyReport;
use crate::diagnostic::{Diagnostic, Level};
use crate::gate::Judgement;
use crate::sensitivity::GatedMessage;
use crate::verdict::{ComponentDecision, Verdict};
use xml::{Ended, Fault, Suite, Test, xml};

pub(crate) use audited::audit_junit;
pub(crate) use history::simulation_junit;

impl Fault {
    fn of(item: &Item<'_>) -> Self {
        Self {
            kind: item.code().as_str().to_owned(),
            message: item.message.to_owned(),
            text: item.text(),
        }
    }
}

/// A judged change: a suite for each component, and one for the change.
pub fn junit(report: &Judgement) -> String {
    let items = items(&report.diagnostics);
    let mut used = BTreeSet::new();
    let mut suites: Vec<Suite> = Vec::new();
    for component in &report.decision.components {
        suites.push(of_component(component, &items, &mut used));
    }
    let mut verdict = Test::passed("verdict");
    if report.verdict() == Verdict::Block {
        let codes: BTreeSet<&str> = items
            .iter()
            .filter(|item| item.level() == Level::Error)
            .map(|item| item.code().as_str())
            .collect();
        verdict.ended = Ended::Failed(Fault {
            kind: "verdict".to_owned(),
            message: "the change is blocked".to_owned(),
            text: format!("blocked: {}", codes.into_iter().collect::<Vec<_>>().join(", ")),
        });
    }
    let rest: Vec<&Item<'_>> = items.iter().filter(|item| !used.contains(&item.fingerprint)).collect();
    let mut change = of_items(&rest, &mut verdict);
    verdict.out.insert_str(
        0,
        &format!("{} at {}\n", report.verdict().as_str(), report.stage.as_str()),
    );
    change.insert(0, verdict);
    suites.insert(
        0,
        Suite {
            properties: report
                .sensitivity
                .as_ref()
                .map(sensitivity::properties)
                .unwrap_or_default(),
            name: "certgate".to_owned(),
            tests: change,
        },
    );
    xml(suites)
}

/// The files and messages of a component.
fn of_component(component: &ComponentDecision, items: &[Item<'_>], used: &mut BTreeSet<String>) -> Suite {
    let of_it: Vec<&Item<'_>> = items
        .iter()
        .filter(|item| item.diagnostic.component() == Some(&component.id))
        .collect();
    let mut by_path: BTreeMap<&[u8], Vec<&Item<'_>>> = BTreeMap::new();
    for item in &of_it {
        by_path.entry(item.path.as_bytes()).or_default().push(item);
    }
    let mut tests = Vec::new();
    for file in &component.files {
        let mut test = Test::passed(file.path.to_string());
        let found = by_path.get(file.path.as_bytes()).map(Vec::as_slice).unwrap_or_default();
        used.extend(found.iter().map(|item| item.fingerprint.clone()));
        if !file.covered {
            test.ended = ended(found, "not covered; the policy does not ask for that here");
        }
        let by: Vec<String> = file
            .by
            .iter()
            .map(|(certificate, bound)| {
                format!(
                    "covered by {}, {}",
                    crate::diagnostic::sanitize(certificate),
                    bound.as_str()
                )
            })
            .collect();
        test.out = by.join("\n");
        tests.push(test);
    }
    if !component.messages.is_empty() {
        let announced: Vec<&Item<'_>> = of_it
            .iter()
            .filter(|item| item.code().as_str() == "CG205")
            .copied()
            .collect();
        used.extend(announced.iter().map(|item| item.fingerprint.clone()));
        let mut test = Test::passed("commit messages");
        if !announced.is_empty() {
            test.ended = ended(&announced, "");
        }
        let named = |message: &GatedMessage| message.commit.as_ref().map(|commit| commit.short());
        let commits: Vec<String> = component.messages.iter().filter_map(named).collect();
        test.out = commits.join("\n");
        tests.push(test);
    }
    Suite {
        properties: Vec::new(),
        name: format!("certgate.{}", component.id),
        tests,
    }
}

/// How a test ended of which these things are reported.
fn ended(items: &[&Item<'_>], otherwise: &str) -> Ended {
    let gravest = items.iter().max_by_key(|item| item.level());
    let Some(gravest) = gravest else {
        return Ended::Skipped(Fault {
            kind: "off".to_owned(),
            message: otherwise.to_owned(),
            text: String::new(),
        });
    };
    let mut fault = Fault::of(gravest);
    fault.text = items.iter().map(|item| item.text()).collect::<Vec<_>>().join("\n\n");
    match gravest.level() {
        Level::Error => Ended::Failed(fault),
        Level::Warning | Level::Note => Ended::Skipped(fault),
    }
}

/// A test for each fault, named by its code and path; what is no fault goes into the output of `beside`.
fn of_items(items: &[&Item<'_>], beside: &mut Test) -> Vec<Test> {
    let mut tests: BTreeMap<String, Vec<&Item<'_>>> = BTreeMap::new();
    for item in items {
        match item.level() {
            Level::Error => {
                let component = item
                    .diagnostic
                    .component()
                    .map(|id| format!(" {id}"))
                    .unwrap_or_default();
                let name = format!("{}{component} {}", item.code(), item.path);
                tests.entry(name).or_default().push(item);
            }
            Level::Warning | Level::Note => {
                let word = if item.level() == Level::Note { "note" } else { "warning" };
                beside
                    .out
                    .push_str(&format!("{word} {}: {}\n", item.code(), item.text()));
            }
        }
    }
    tests
        .into_iter()
        .map(|(name, items)| Test {
            name,
            ended: ended(&items, ""),
            out: String::new(),
        })
        .collect()
}

/// A run that could not decide.
pub fn junit_failure(command: &str, diagnostics: &[Diagnostic]) -> String {
    let items = items(diagnostics);
    let mut test = Test::passed("verdict");
    let text: Vec<String> = items.iter().map(|item| item.text()).collect();
    let first = items.iter().find(|item| item.level() == Level::Error).or(items.first());
    test.ended = Ended::Error(Fault {
        kind: first.map_or("", |item| item.code().as_str()).to_owned(),
        message: first.map_or("could not decide", |item| item.message).to_owned(),
        text: text.join("\n\n"),
    });
    xml(vec![Suite {
        properties: Vec::new(),
        name: suite_of(command),
        tests: vec![test],
    }])
}

/// The suite of a command; `check` is the one that everybody means.
fn suite_of(command: &str) -> String {
    match command {
        "check" => "certgate".to_owned(),
        _ => format!("certgate.{command}"),
    }
}

/// Linted certificates, a test for each.
pub fn junit_lint(documents: &[Linted]) -> String {
    let read = documents
        .iter()
        .map(|document| (document.certificate.path.to_string(), document.diagnostics.as_slice()));
    of_documents("lint", read)
}

/// Verified certificates, a test for each.
pub fn junit_verify(documents: &[VerifyReport]) -> String {
    let read = documents
        .iter()
        .map(|document| (document.path.clone(), document.diagnostics.as_slice()));
    of_documents("verify", read)
}

fn of_documents<'a>(command: &str, documents: impl Iterator<Item = (String, &'a [Diagnostic])>) -> String {
    let mut tests = Vec::new();
    for (path, diagnostics) in documents {
        let items = items(diagnostics);
        let mut test = Test::passed(path);
        let faults: Vec<&Item<'_>> = items.iter().filter(|item| item.level() == Level::Error).collect();
        let others = items.iter().filter(|item| item.level() != Level::Error);
        test.out = others
            .map(|item| format!("{}: {}\n", item.code(), item.text()))
            .collect();
        if !faults.is_empty() {
            test.ended = ended(&faults, "");
        }
        tests.push(test);
    }
    let name = suite_of(command);
    if tests.is_empty() {
        tests.push(Test::passed("no certificates"));
    }
    let properties = Vec::new();
    xml(vec![Suite {
        name,
        properties,
        tests,
    }])
}

#[cfg(test)]
mod tests {
    use quick_xml::events::Event;

    use super::*;
    use crate::diagnostic::{Code, Place};

    #[test]
    fn nothing_in_a_name_is_markup() {
        let hostile = "</failure>&\"'<![CDATA[]]>\u{fffe}\u{1b}";
        let told = [Diagnostic::error(Code::CG700, hostile)
            .at(Place::file(hostile))
            .because(hostile)];
        let text = junit_failure("check", &told);
        assert_eq!(text.matches("<error").count(), 1);
        assert_eq!(text.matches("</error>").count(), 1);
        assert!(!text.contains("CDATA[") || text.contains("&lt;![CDATA["), "{text}");
        assert!(!text.contains('\u{fffe}'));
        let mut reader = quick_xml::Reader::from_str(&text);
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => break,
                Event::CData(_) | Event::Comment(_) | Event::PI(_) => panic!("{text}"),
                _ => {}
            }
        }
    }

    #[test]
    fn a_report_is_never_empty() {
        let text = junit_lint(&[]);
        assert!(text.contains("tests=\"1\" failures=\"0\" errors=\"0\""), "{text}");
    }
}
