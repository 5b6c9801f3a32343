//! The plan against brute force: of all sets of approvals that could be added, none that is smaller passes the decision.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::laws::{AGENTS, case, now, signed};
use super::*;
use crate::certificate::{Certificate, Subject, SubjectField, SubjectFile};
use crate::change::ObjectId;
use crate::ledger::{Entry, Origin, Position};
use crate::trust::{SignatureCheck, Signatures};

/// An approval of everything that is gated, after everything else, that names all that it may lift.
fn approval(case: &Case, agent: &str, number: u8) -> Entry {
    let named: BTreeSet<String> = case
        .ledger
        .iter()
        .filter(|entry| {
            entry
                .certificate
                .status
                .is_none_or(|status| case.terms.class(status).refuses())
        })
        .filter_map(|entry| entry.certificate.id.clone())
        .collect();
    let mut files: Vec<SubjectFile> = Vec::new();
    for file in case.gated.iter().flat_map(|unit| &unit.files) {
        let listed = SubjectFile {
            path: file.path.clone(),
            state: file.state.clone().unwrap(),
        };
        if !files.iter().any(|other| other.path == listed.path) {
            files.push(listed);
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let components = vec!["gpu".to_owned(), "loop".to_owned()];
    let mut entry = Entry {
        certificate: Certificate {
            path: format!("certificates/new-{number}.md").as_str().into(),
            status: Some(Status::Approved),
            components: components.clone(),
            agent: Some(agent.to_owned()),
            date: Some(now()),
            id: Some(format!("new-{number}")),
            supersedes: named.into_iter().collect(),
            subject: SubjectField::Present(Subject {
                components,
                repository: None,
                targets: Vec::new(),
                base: None,
                head: None,
                files,
            }),
            rationale: true,
            ..Certificate::unread("".into())
        },
        origin: Origin::Added,
        place: Position::added(1000),
        effects: Vec::new(),
        lifts: Vec::new(),
        blob: ObjectId::from_bytes(&[200 + number; 20]).unwrap(),
        hash: crate::trust::HashCheck::Absent,
        signature: match case.terms.demands.signatures {
            Signatures::Off => SignatureCheck::Absent,
            // Nobody is named for the others, so that they may go without where signatures are optional.
            _ if !AGENTS.contains(&agent) => SignatureCheck::Absent,
            _ => signed(agent),
        },
        trusted: true,
        carried: BTreeSet::new(),
        findings: Vec::new(),
    };
    entry.trusted = case.terms.demands.doubt(&entry.certificate, &entry.signature).is_none();
    entry
}

/// Whether nothing that approvals answer is left.
fn is_green(case: &Case) -> bool {
    let answered = |finding: &Finding| super::plan::is_for_reviews(finding);
    !decide(case)
        .findings
        .iter()
        .any(|finding| finding.blocks() && answered(finding))
}

/// The size of the smallest set of approvals that helps, tried one by one: each set of the agents, with each number of strangers.
fn brute_force(case: &Case, strangers: u32) -> Option<usize> {
    let mut best: Option<usize> = None;
    for set in 0u32..1 << AGENTS.len() {
        for more in 0..=strangers {
            let size = (set.count_ones() + more) as usize;
            if best.is_some_and(|best| best <= size) {
                continue;
            }
            let agents = AGENTS.iter().enumerate().filter(|(at, _)| set & (1 << at) != 0);
            let named = agents.map(|(_, agent)| (*agent).to_owned());
            let mut tried = case.clone();
            for (at, agent) in named.chain((0..more).map(|at| format!("stranger {at}"))).enumerate() {
                tried.ledger.push(approval(case, &agent, u8::try_from(at).unwrap()));
            }
            if is_green(&tried) {
                best = Some(size);
            }
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_global_rejects: 200_000, ..ProptestConfig::default() })]

    #[test]
    fn no_smaller_set_of_reviews_helps(mut case in case(), more in 0u32..3, also in proptest::option::of(0usize..3)) {
        // Policies that ask for more than those of the laws: several people, and several specialists.
        for unit in &mut case.gated {
            unit.approvals += more;
            if let Some(at) = also {
                for file in unit.files.iter_mut().skip(1) {
                    file.handoff.push(AGENTS[at].to_owned());
                }
            }
        }
        // A file has one content, whoever gates it.
        let contents: Vec<GatedPath> = case.gated.iter().flat_map(|unit| unit.files.clone()).collect();
        for file in case.gated.iter_mut().flat_map(|unit| &mut unit.files) {
            let first = contents.iter().find(|other| other.path == file.path);
            file.state = first.and_then(|first| first.state.clone());
        }
        // Nobody is named for strangers. More of them than approvals are asked for never help.
        let wanted = case.gated.iter().map(|unit| unit.approvals).max().unwrap_or_default().max(1);
        let strangers = if case.terms.demands.signatures == Signatures::Required { 0 } else { wanted };
        let plan = plan(&[&case]);
        prop_assert!(plan.exact);
        let size = plan.reviews.as_ref().map(Vec::len);
        prop_assert_eq!(size, brute_force(&case, strangers), "{:?}", plan.reviews);
        // What is asked of each is enough: approvals on just that turn it green.
        if let Some(reviews) = &plan.reviews {
            let mut tried = case.clone();
            for (at, review) in reviews.iter().enumerate() {
                let agent = review.agent.clone().unwrap_or_else(|| format!("anybody {at}"));
                prop_assert!(!review.components.is_empty(), "{:?}", reviews);
                tried.ledger.push(approval(&case, &agent, u8::try_from(at).unwrap()));
            }
            prop_assert!(is_green(&tried), "{:?}", reviews);
        }
    }
}
