//! The truth table of `docs/policy.md`: each row is run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::certificate::{Certificate, Subject, SubjectField, SubjectFile};
use crate::change::{Digest, Mode, ObjectId};
use crate::ledger::Origin;
use crate::trust::{HashCheck, SignatureCheck};

const FILE: &str = "src/a.rs";

fn now() -> Timestamp {
    Timestamp::from_second(1_780_000_000).unwrap()
}

fn state() -> FileState {
    FileState::Present {
        mode: Mode::Regular,
        digest: Digest([1; 32]),
    }
}

fn approval(agent: &str) -> Entry {
    let subject = Subject {
        components: vec!["gpu".into()],
        repository: None,
        targets: Vec::new(),
        base: None,
        head: None,
        files: vec![SubjectFile {
            path: FILE.into(),
            state: state(),
        }],
    };
    Entry {
        certificate: Certificate {
            status: Some(Status::Approved),
            components: vec!["gpu".into()],
            agent: Some(agent.into()),
            date: Some(now()),
            id: Some(agent.into()),
            subject: SubjectField::Present(subject),
            ..Certificate::unread(format!("certificates/{agent}.md").as_str().into())
        },
        place: crate::ledger::Position::added(0),
        lifts: Vec::new(),
        effects: Vec::new(),
        origin: Origin::Added,
        blob: ObjectId::from_bytes(&[7; 20]).unwrap(),
        hash: HashCheck::Absent,
        signature: SignatureCheck::Absent,
        trusted: true,
        carried: BTreeSet::new(),
        findings: Vec::new(),
    }
}

fn names(cell: &str) -> Vec<String> {
    match cell {
        "any" | "–" | "nobody" => Vec::new(),
        cell => cell.split(", ").map(str::to_owned).collect(),
    }
}

#[test]
fn the_truth_table_of_the_documentation_holds() {
    let document = include_str!("../../docs/policy.md");
    let (_, table) = document.split_once("<!-- truth table -->\n").unwrap();
    let (table, _) = table.split_once("<!-- end of truth table -->").unwrap();
    let rows: Vec<&str> = table.lines().skip(2).collect();
    assert!(rows.len() >= 20);
    for row in rows {
        let cells: Vec<&str> = row.trim_matches(['|', ' ']).split('|').map(str::trim).collect();
        let [agents, approvals, handoff, authorizers, by, goes_in] = cells.as_slice() else {
            panic!("{row}");
        };
        let unit = ComponentCase {
            id: "gpu".into(),
            names: BTreeSet::from(["gpu".to_owned()]),
            agents: names(agents),
            approvals: approvals.parse().unwrap(),
            evidence: Vec::new(),
            budgets: Vec::new(),
            measured_by: Vec::new(),
            binding: Binding::Digest,
            max_age: Duration::from_secs(86_400),
            conditional: Conditional::Allow,
            clean_merge: false,
            authorizers: names(authorizers),
            authors: BTreeSet::new(),
            files: vec![GatedPath {
                bump: None,
                path: FILE.into(),
                state: Some(state()),
                merged_from: None,
                reasons: Vec::new(),
                owners: Vec::new(),
                handoff: names(handoff),
            }],
            messages: Vec::new(),
        };
        let case = Case {
            stage: Stage::Merge,
            enforcement: Enforcement::Block,
            terms: Terms {
                names: BTreeMap::from([("gpu".to_owned(), "gpu".to_owned())]),
                ..Terms::default()
            },
            gated: vec![unit],
            wrong_claims: std::collections::BTreeMap::new(),
            unsupported: std::collections::BTreeMap::new(),
            measurements: Measurements::default(),
            evidence_faults: Vec::new(),
            ledger: names(by).iter().map(|agent| approval(agent)).collect(),
            violations: Vec::new(),
            policy_faults: Vec::new(),
            only_certificates: false,
            adoption: false,
            now: now(),
        };
        let expected = match *goes_in {
            "yes" => Verdict::Pass,
            "no" => Verdict::Block,
            other => panic!("{other}"),
        };
        assert_eq!(decide(&case).verdict, expected, "{row}");
    }
}
