//! Certificates on a difference: what each ground is worth, and as laws, what building upon something can never do.

use proptest::prelude::*;
use proptest::sample::select;

use super::laws::{AGENTS, blocks, case, file, file_states, plain_entry};
use super::*;
use crate::certificate::{Subject, SubjectField, SubjectFile};
use crate::ledger::{Origin, Position};

/// An approval by `perf` that the change adds in its first commit, on these files in these versions.
fn approval(id: &str, files: &[(usize, u8)], upon: &[&str]) -> Entry {
    let mut entry = plain_entry("perf");
    let certificate = &mut entry.certificate;
    certificate.id = Some(id.to_owned());
    certificate.path = format!("certificates/{id}.md").as_str().into();
    certificate.builds_upon = upon.iter().map(|name| (*name).to_owned()).collect();
    certificate.subject = SubjectField::Present(Subject {
        components: vec!["gpu".into()],
        repository: None,
        targets: Vec::new(),
        base: None,
        head: None,
        files: files
            .iter()
            .map(|(at, version)| SubjectFile {
                path: file(*at),
                state: file_states(*version),
            })
            .collect(),
    });
    entry.origin = Origin::Added;
    entry.place = Position::added(0);
    entry
}

fn later(mut entry: Entry, step: u32) -> Entry {
    entry.place = Position::added(step);
    entry
}

fn with(mut entry: Entry, change: impl FnOnce(&mut Entry)) -> Entry {
    change(&mut entry);
    entry
}

/// What is said of a ledger where file 0 is merged in version 2: whether it is covered, and who counts for nothing for want of a ground.
fn judged(ledger: Vec<Entry>) -> (bool, Vec<String>) {
    let mut case = super::laws::plain_case();
    case.ledger = ledger;
    let groundless = |decision: &Decision| {
        let certificates = decision.components.iter().flat_map(|component| &component.certificates);
        let without = certificates.filter(|one| {
            one.problems
                .iter()
                .any(|problem| matches!(problem, Problem::Groundless(_)))
        });
        let mut names: Vec<String> = without.map(|one| case.ledger[one.entry].label()).collect();
        names.sort();
        names
    };
    let decision = decide(&case);
    let mut turned = case.clone();
    turned.ledger.reverse();
    assert_eq!(decide(&turned).verdict, decision.verdict, "order never matters");
    (decision.verdict == Verdict::Pass, groundless(&decision))
}

#[track_caller]
fn counts(ledger: Vec<Entry>) {
    assert_eq!(judged(ledger), (true, Vec::new()));
}

#[track_caller]
fn falls(ledger: Vec<Entry>, groundless: &[&str]) {
    let expected = groundless.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(judged(ledger), (false, expected));
}

fn ground() -> Entry {
    approval("ground", &[(0, 1)], &[])
}

fn delta() -> Entry {
    later(approval("delta", &[(0, 2)], &["ground"]), 1)
}

#[test]
fn it_counts_with_its_ground_alone() {
    counts(vec![ground(), delta()]);
    counts(vec![ground(), later(delta(), 0)]);
    counts(vec![
        with(ground(), |entry| {
            (entry.origin, entry.place) = (Origin::Base, Position::landed(3, 0))
        }),
        delta(),
    ]);
    falls(vec![delta()], &["delta"]);
    // Without the field the same content is covered by itself.
    counts(vec![with(delta(), |entry| entry.certificate.builds_upon.clear())]);
}

#[test]
fn the_ground_is_by_the_same_agent_on_the_same_component_and_came_no_later() {
    falls(
        vec![
            with(ground(), |entry| entry.certificate.agent = Some("torch".into())),
            delta(),
        ],
        &["delta"],
    );
    falls(
        vec![with(ground(), |entry| entry.certificate.agent = None), delta()],
        &["delta"],
    );
    falls(
        vec![
            with(ground(), |entry| entry.certificate.components = vec!["loop".into()]),
            delta(),
        ],
        &["delta"],
    );
    falls(vec![later(ground(), 2), delta()], &["delta"]);
    falls(
        vec![
            with(ground(), |entry| entry.certificate.id = Some("other".into())),
            delta(),
        ],
        &["delta"],
    );
}

#[test]
fn the_ground_is_in_force_and_approves() {
    for status in [Status::AdvisoryOnly, Status::NoGo, Status::RequiresRemediation] {
        let ground = with(ground(), |entry| entry.certificate.status = Some(status));
        let (passes, groundless) = judged(vec![ground, delta()]);
        assert!(!passes, "{status}");
        assert_eq!(groundless, ["delta"], "{status}");
    }
    falls(
        vec![with(ground(), |entry| entry.certificate.placeholders = true), delta()],
        &["delta"],
    );
    let superseding = with(later(approval("over", &[(1, 1)], &[]), 2), |entry| {
        entry.certificate.status = Some(Status::AdvisoryOnly);
        entry.certificate.supersedes = vec!["ground".into()];
    });
    falls(vec![ground(), delta(), superseding], &["delta"]);
}

#[test]
fn the_ground_lists_every_file_of_the_difference() {
    falls(vec![approval("ground", &[(1, 1)], &[]), delta()], &["delta"]);
    falls(
        vec![
            with(ground(), |entry| entry.certificate.subject = SubjectField::Absent),
            delta(),
        ],
        &["delta"],
    );
    falls(
        vec![
            with(ground(), |entry| entry.certificate.subject = SubjectField::Unreadable),
            delta(),
        ],
        &["delta"],
    );
    let two = later(approval("delta", &[(0, 2), (1, 2)], &["ground", "second"]), 1);
    falls(vec![ground(), two.clone()], &["delta"]);
    counts(vec![ground(), approval("second", &[(1, 1)], &[]), two]);
    // What lists nothing itself is about the whole component, of which nobody has read all.
    falls(
        vec![
            ground(),
            with(delta(), |entry| entry.certificate.subject = SubjectField::Absent),
        ],
        &["delta"],
    );
}

#[test]
fn a_chain_falls_with_its_first_link_and_a_circle_is_none() {
    let middle = || later(approval("middle", &[(0, 3)], &["ground"]), 1);
    let last = || later(approval("delta", &[(0, 2)], &["middle"]), 2);
    counts(vec![ground(), middle(), last()]);
    falls(vec![middle(), last()], &["delta", "middle"]);
    falls(vec![ground(), last()], &["delta"]);
    falls(vec![approval("delta", &[(0, 2)], &["delta"])], &["delta"]);
    let one = approval("one", &[(0, 1)], &["delta"]);
    falls(vec![one, approval("delta", &[(0, 2)], &["one"])], &["delta", "one"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, max_global_rejects: 200_000, ..ProptestConfig::default() })]

    #[test]
    fn building_upon_something_never_unblocks(case in case(), at in any::<prop::sample::Index>(), upon in 0u32..14) {
        prop_assume!(!case.ledger.is_empty() && blocks(&case));
        let mut more = case.clone();
        let at = at.index(more.ledger.len());
        let certificate = &mut more.ledger[at].certificate;
        prop_assume!(certificate.status.is_some_and(|s| s.class().approves()) && certificate.supersedes.is_empty());
        certificate.builds_upon = vec![upon.to_string()];
        prop_assert!(blocks(&more));
    }

    #[test]
    fn removing_a_ground_never_unblocks(case in case(), upon in proptest::collection::vec(proptest::option::of(0u32..12), 7), at in any::<prop::sample::Index>()) {
        let mut built = case;
        for (entry, upon) in built.ledger.iter_mut().zip(upon) {
            entry.certificate.builds_upon = upon.iter().map(u32::to_string).collect();
        }
        prop_assume!(!built.ledger.is_empty() && blocks(&built));
        let at = at.index(built.ledger.len());
        let removed = built.ledger.remove(at).certificate;
        prop_assume!(removed.status.is_some_and(|s| s.class().approves()) && removed.supersedes.is_empty());
        prop_assert!(blocks(&built));
    }

    /// Another agent's approval is no ground, whatever it is on: nobody vouches for what somebody else has read.
    #[test]
    fn a_ground_is_nobody_elses(case in case(), agent in select(AGENTS.to_vec()), upon in 0u32..12) {
        let mut built = case;
        let named = upon.to_string();
        built.ledger.retain(|entry| entry.certificate.id.as_deref() != Some(&named) || entry.certificate.agent.as_deref() != Some(agent));
        for entry in built.ledger.iter_mut().filter(|entry| entry.certificate.agent.as_deref() == Some(agent)) {
            entry.certificate.builds_upon = vec![named.clone()];
        }
        let mut without = built.clone();
        without.ledger.retain(|entry| entry.certificate.agent.as_deref() != Some(agent) || !entry.certificate.status.is_some_and(|s| s.class().approves()) || !entry.certificate.supersedes.is_empty());
        prop_assert!(!blocks(&without) || blocks(&built));
    }
}
