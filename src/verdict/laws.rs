//! The laws of the verdict, as properties over small random worlds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::certificate::{Certificate, Condition, Subject, SubjectField, SubjectFile};
use crate::change::{Digest, Mode, ObjectId};
use crate::ledger::{Effect, Entry, Lift, Origin, Position};
use crate::sensitivity::RuleKind;
use crate::trust::{Demands, HashCheck, SignatureCheck, SignatureProblem, Signatures};

const FILES: [&str; 3] = ["src/a.rs", "src/b.rs", "src/c.rs"];
const REFUSALS: [Status; 6] = [
    Status::RequiresRemediation,
    Status::DoNotRecommend,
    Status::NeedsFurtherReview,
    Status::Rejected,
    Status::NoGo,
    Status::EmergencyStop,
];
pub(super) const AGENTS: [&str; 3] = ["perf", "torch", "arch"];

fn state(version: u8) -> FileState {
    FileState::Present {
        mode: Mode::Regular,
        digest: Digest([version; 32]),
    }
}

pub(super) fn now() -> Timestamp {
    Timestamp::from_second(1_780_000_000).unwrap()
}

fn reason() -> Reason {
    Reason {
        rule: RuleKind::Path,
        line: None,
        side: None,
        detail: "src/**".into(),
        name: None,
        needs: None,
    }
}

/// A good signature by the principal of an agent, as the ledger's cache would read it back.
pub(super) fn signed(agent: &str) -> SignatureCheck {
    let principal = format!("{agent}@example.org");
    let verified = serde_json::json!({
        "principals": [principal],
        "key": format!("SHA256:{agent}"),
        "algorithm": "ssh-ed25519",
        "authority": null,
        "touched": null,
        "grants": [{ "patterns": principal, "names": null }],
    });
    SignatureCheck::Valid(serde_json::from_value(verified).unwrap())
}

fn status() -> impl Strategy<Value = Option<Status>> {
    prop_oneof![5 => select(Status::ALL.to_vec()).prop_map(Some), 20 => Just(Some(Status::Approved)), 1 => Just(None)]
}

/// What the approval of that number lifted when it landed.
fn lift(by: u32) -> Lift {
    Lift {
        path: format!("certificates/c{by}.md").as_str().into(),
        blob: ObjectId::from_bytes(&[by as u8; 20]).unwrap(),
        id: Some(by.to_string()),
        agent: Some("perf".into()),
        targets: Vec::new(),
        landing: 0,
        commit: ObjectId::from_bytes(&[0; 20]).unwrap(),
        time: 0,
    }
}

/// That an approval counted when it landed, with that content.
fn effect(content: BTreeMap<usize, u8>) -> Effect {
    Effect {
        component: "gpu".into(),
        content: content
            .into_iter()
            .map(|(f, v)| SubjectFile {
                path: FILES[f].into(),
                state: state(v),
            })
            .collect(),
        commit: ObjectId::from_bytes(&[0; 20]).unwrap(),
        time: 0,
    }
}

prop_compose! {
    fn entry()(
        serial in 0u32..12,
        status in status(),
        component in select(vec!["gpu", "gpu", "gpu", "loop"]),
        agent in select(AGENTS.to_vec()),
        age in 0i64..40,
        subject in proptest::option::of(proptest::collection::btree_map(0usize..3, 0u8..2, 0..4)),
        carried in proptest::collection::btree_set(0usize..3, 0..4),
        supersedes in proptest::collection::vec(0u32..12, 0..2),
        condition in proptest::option::of(any::<bool>()),
        added in any::<bool>(),
        flawed in 0u8..40,
        signer in proptest::option::weighted(0.8, select(AGENTS.to_vec())),
        (landing, step) in (0u32..4, 0u32..4),
        lifted in proptest::option::weighted(0.2, 0u32..12),
        effective in proptest::option::weighted(0.2, proptest::collection::btree_map(0usize..3, 0u8..2, 0..3)),
    ) -> Entry {
        let subject = match subject {
            None => SubjectField::Absent,
            Some(_) if flawed == 1 => SubjectField::Unreadable,
            Some(files) => SubjectField::Present(Subject {
                components: vec![component.into()],
                repository: None,
                targets: Vec::new(),
                base: None,
                head: None,
                files: files.into_iter().map(|(f, v)| SubjectFile { path: FILES[f].into(), state: state(v) }).collect(),
            }),
        };
        Entry {
            certificate: Certificate {
                path: format!("certificates/c{serial}.md").as_str().into(),
                status,
                components: vec![component.into()],
                agent: Some(agent.into()),
                date: (flawed != 2).then(|| Timestamp::from_second(now().as_second() - age * 86_400).unwrap()),
                id: Some(serial.to_string()),
                supersedes: supersedes.iter().map(u32::to_string).collect(),
                builds_upon: Vec::new(),
                subject,
                conditions: condition.map(|met| Condition { text: "later".into(), met }).into_iter().collect(),
                placeholders: flawed == 3,
                stamp: (flawed == 5).then_some(crate::certificate::Stamp::NoRationale),
                ..Certificate::unread("".into())
            },
            origin: if added { Origin::Added } else { Origin::Base },
            place: if added { Position::added(step) } else { Position::landed(landing, step) },
            lifts: lifted.filter(|_| !added).map(lift).into_iter().collect(),
            effects: effective.filter(|_| !added).map(effect).into_iter().collect(),
            blob: ObjectId::from_bytes(&[serial as u8; 20]).unwrap(),
            hash: if flawed == 4 { HashCheck::Mismatch } else { HashCheck::Absent },
            // Mostly by whom it should be.
            signature: match signer {
                None => SignatureCheck::Absent,
                Some(_) if flawed % 4 != 0 => signed(agent),
                Some(signer) => signed(signer),
            },
            trusted: true,
            carried: carried.into_iter().filter(|_| added).map(|f| FILES[f].into()).collect(),
            findings: Vec::new(),
        }
    }
}

/// Owners of a file.
fn owned_by(agents: &BTreeSet<&'static str>, approvals: u32) -> crate::policy::Owners {
    crate::policy::Owners {
        agents: agents.iter().map(|agent| (*agent).to_owned()).collect(),
        approvals,
        names: vec!["@team".to_owned()],
        why: agents.is_empty().then(|| "nobody is known".to_owned()),
    }
}

prop_compose! {
    fn unit(id: &'static str)(
        files in proptest::collection::btree_map(0usize..3, 0u8..2, 1..3),
        agents in proptest::option::weighted(0.3, proptest::collection::btree_set(select(AGENTS.to_vec()), 1..4)),
        approvals in prop_oneof![4 => Just(1u32), 1 => Just(2)],
        binding in select(vec![Binding::Digest, Binding::History, Binding::Component]),
        conditional in select(vec![Conditional::Allow, Conditional::Allow, Conditional::WhenMet, Conditional::Block]),
        handoff in proptest::option::weighted(0.2, select(AGENTS.to_vec())),
        owners in proptest::option::weighted(0.06, (proptest::collection::btree_set(select(AGENTS.to_vec()), 0..3), 1u32..3)),
        authorizer in proptest::option::weighted(0.1, select(AGENTS.to_vec())),
    ) -> ComponentCase {
        ComponentCase {
            id: id.into(),
            names: BTreeSet::from([id.to_owned()]),
            agents: agents.into_iter().flatten().map(str::to_owned).collect(),
            approvals,
            evidence: Vec::new(),
            budgets: Vec::new(),
            measured_by: Vec::new(),
            binding,
            max_age: Duration::from_secs(30 * 86_400),
            conditional,
            clean_merge: false,
            authorizers: authorizer.map(str::to_owned).into_iter().collect(),
            authors: BTreeSet::new(),
            files: files
                .into_iter()
                .map(|(f, v)| GatedPath {
                    bump: None,
                    path: FILES[f].into(),
                    state: Some(state(v)), merged_from: None,
                    reasons: vec![reason()],
                    handoff: handoff.map(str::to_owned).into_iter().collect(),
                    owners: owners.iter().map(|(agents, approvals)| owned_by(agents, *approvals)).collect(),
                })
                .collect(),
            messages: Vec::new(),
        }
    }
}

prop_compose! {
    pub(super) fn case()(
        ledger in proptest::collection::vec(entry(), 0..7),
        gpu in unit("gpu"),
        other in proptest::option::weighted(0.2, unit("loop")),
        lifter in proptest::option::of(select(AGENTS.to_vec())),
        stop_is_per_component in any::<bool>(),
        signatures in select(vec![
            Signatures::Off,
            Signatures::Off,
            Signatures::Off,
            Signatures::Off,
            Signatures::Optional,
            Signatures::Required,
        ]),
    ) -> Case {
        let mut seen = BTreeSet::new();
        let demands = Demands {
            signatures,
            speakers: AGENTS.map(|agent| (agent.to_owned(), vec![format!("{agent}@example.org")])).into(),
            repository: None,
        };
        let ledger = ledger.into_iter().map(|entry| Entry {
            trusted: demands.doubt(&entry.certificate, &entry.signature).is_none(),
            ..entry
        });
        let ledger: Vec<Entry> = ledger.collect();
        Case {
            stage: Stage::Merge,
            enforcement: Enforcement::Block,
            terms: Terms {
                demands,
                independence: false,
                stamps_count: false,
                owners: Vec::new(),
                target: Destination::Unprotected,
                since: None,
                classes: BTreeMap::new(),
                may_lift: lifter.map(str::to_owned).into_iter().collect(),
                stop_is_per_component,
                names: ["gpu", "loop"].map(|n| (n.to_owned(), n.to_owned())).into(),
                enforce: BTreeMap::new(),
            },
            gated: std::iter::once(gpu).chain(other).collect(),
            wrong_claims: std::collections::BTreeMap::new(),
            unsupported: std::collections::BTreeMap::new(),
            measurements: Measurements::default(),
            evidence_faults: Vec::new(),
            ledger: ledger.into_iter().filter(|e| seen.insert(e.certificate.id.clone())).collect(),
            violations: Vec::new(),
            policy_faults: Vec::new(),
            only_certificates: false,
            adoption: false,
            now: now(),
        }
    }
}

pub(super) fn blocks(case: &Case) -> bool {
    decide(case).verdict == Verdict::Block
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_global_rejects: 200_000, ..ProptestConfig::default() })]

    /// An approval that supersedes nothing may be taken away without anything getting better.
    #[test]
    fn removing_an_approval_never_unblocks(case in case(), at in any::<prop::sample::Index>()) {
        prop_assume!(!case.ledger.is_empty() && blocks(&case));
        let at = at.index(case.ledger.len());
        let removed = &case.ledger[at].certificate;
        prop_assume!(removed.status.is_some_and(|s| s.class().approves()) && removed.supersedes.is_empty());
        let mut less = case.clone();
        less.ledger.remove(at);
        prop_assert!(blocks(&less));
    }

    /// What asks for measurements unblocks nothing; and where none were looked at, no approval counts.
    #[test]
    fn asking_for_measurements_never_unblocks(case in case()) {
        let mut asking = case.clone();
        asking.measurements.asked = true;
        asking.gated.iter_mut().for_each(|unit| unit.evidence.push(crate::policy::EvidenceKind::Benchmarks));
        prop_assert!(!blocks(&case) || blocks(&asking));
        let gated = asking.gated.iter().any(|unit| !unit.files.is_empty());
        prop_assert!(!gated || blocks(&asking));
    }

    /// Whatever an approval that supersedes nothing is signed with: worse, nothing gets better.
    #[test]
    fn spoiling_a_signature_never_unblocks(case in case(), at in any::<prop::sample::Index>()) {
        prop_assume!(!case.ledger.is_empty() && blocks(&case));
        let mut spoilt = case.clone();
        let at = at.index(case.ledger.len());
        let entry = &mut spoilt.ledger[at];
        prop_assume!(entry.certificate.supersedes.is_empty());
        entry.signature = SignatureCheck::Invalid(SignatureProblem::WrongDocument);
        entry.trusted = spoilt.terms.demands.doubt(&entry.certificate, &entry.signature).is_none();
        prop_assert!(blocks(&spoilt));
    }

    #[test]
    fn adding_a_refusal_never_unblocks(case in case(), mut refusal in entry(), statement in select(REFUSALS.to_vec())) {
        prop_assume!(blocks(&case));
        refusal.certificate.status = Some(statement);
        refusal.certificate.id = Some("new".into());
        let mut more = case.clone();
        more.ledger.push(refusal);
        prop_assert!(blocks(&more));
    }

    #[test]
    fn adding_an_invalid_certificate_never_unblocks(case in case(), mut invalid in entry()) {
        prop_assume!(blocks(&case));
        invalid.certificate.status = None;
        invalid.certificate.id = Some("new".into());
        let added = invalid.origin == Origin::Added;
        let mut more = case.clone();
        more.ledger.push(invalid);
        prop_assert!(blocks(&more));
        if added {
            let mut fine = case.clone();
            fine.ledger = vec![more.ledger.pop().unwrap()];
            fine.gated.clear();
            prop_assert!(blocks(&fine), "an unreadable certificate that is added blocks by itself");
        }
    }

    #[test]
    fn adding_a_file_never_unblocks(case in case(), version in 0u8..3) {
        prop_assume!(blocks(&case));
        let mut more = case.clone();
        let path = GatedPath { path: "src/z.rs".into(), state: Some(state(version)), merged_from: None, reasons: vec![reason()], handoff: Vec::new(), owners: Vec::new(), bump: None };
        more.gated[0].files.push(path);
        prop_assert!(blocks(&more));
    }

    /// A bump that needs no approval is what the policy lets in: it blocks nothing, and outweighs no refusal of that file or of any other.
    #[test]
    fn a_trusted_bump_needs_no_approval_and_outweighs_no_refusal(case in case(), at in any::<prop::sample::Index>()) {
        let mut trusted = case.clone();
        let files = &mut trusted.gated[0].files;
        let at = at.index(files.len());
        files[at].bump = Some("memchr 2.7.4 -> 2.7.5".into());
        let path = files[at].path.clone();
        prop_assert!(blocks(&case) || !blocks(&trusted));
        let refusals = |case: &Case| {
            let told = decide(case).findings;
            told.into_iter().filter(|f| matches!(f, Finding::Refused { .. } | Finding::Stopped { .. } | Finding::NewestInvalid { .. })).collect::<Vec<_>>()
        };
        prop_assert_eq!(format!("{:?}", refusals(&case)), format!("{:?}", refusals(&trusted)));
        let (before, after) = (decide(&case), decide(&trusted));
        let files = before.components.iter().zip(&after.components).flat_map(|(a, b)| a.files.iter().zip(&b.files).map(|f| (a.id.clone(), f)));
        for (component, (old, new)) in files {
            prop_assert!(old.covered == new.covered || (component == trusted.gated[0].id && old.path == path && new.covered), "only that file changes");
        }
        // Without what asks for nothing else, it passes with no certificate at all.
        let mut alone = trusted.clone();
        alone.ledger.clear();
        alone.gated.truncate(1);
        alone.gated[0].files = vec![trusted.gated[0].files[at].clone()];
        prop_assert!(!blocks(&alone));
        alone.gated[0].files[0].bump = None;
        prop_assert!(blocks(&alone));
    }

    #[test]
    fn a_stricter_requirement_never_unblocks(case in case(), which in 0u8..9) {
        prop_assume!(blocks(&case));
        let mut more = case.clone();
        match which {
            0 => more.gated[0].approvals += 1,
            1 => more.gated[0].conditional = Conditional::Block,
            3 => more.terms.demands.signatures = Signatures::Required,
            4 => more.terms.independence = true,
            7 => more.gated[0].files.iter_mut().for_each(|file| file.owners.push(owned_by(&BTreeSet::from(["arch"]), 1))),
            5 => more.gated[0].authorizers = vec!["nobody".into()],
            6 => more.policy_faults.push(PolicyFault::NobodyCanSign),
            2 => more.gated[0].files.iter_mut().for_each(|file| file.handoff.push("arch".into())),
            _ => more.gated[0].agents = vec!["nobody".into()],
        }
        prop_assert!(blocks(&more));
    }

    #[test]
    fn moving_a_status_to_a_stricter_class_never_unblocks(case in case(), statement in select(Status::ALL.to_vec())) {
        prop_assume!(blocks(&case) && !statement.class().approves());
        let mut more = case.clone();
        more.terms.classes.insert(statement, Class::Veto);
        prop_assert!(blocks(&more));
    }

    /// A Date orders nothing: whatever moments certificates claim, as long as they may be claimed at all, the verdict is the same.
    #[test]
    fn the_order_of_dates_never_matters(case in case(), ages in proptest::collection::vec(0i64..29, 7)) {
        let mut other = case.clone();
        for (entry, age) in other.ledger.iter_mut().zip(ages) {
            entry.certificate.date = entry.certificate.date.map(|_| Timestamp::from_second(now().as_second() - age * 86_400).unwrap());
        }
        let mut same = case.clone();
        // Only `max_age` looks at them; none of these is too old.
        same.gated.iter_mut().chain(&mut other.gated).for_each(|unit| unit.max_age = Duration::from_secs(99 * 86_400));
        let (a, b) = (decide(&same), decide(&other));
        prop_assert_eq!(a.verdict, b.verdict);
        prop_assert_eq!(a.components.iter().map(|c| c.outcome).collect::<Vec<_>>(), b.components.iter().map(|c| c.outcome).collect::<Vec<_>>());
    }

    /// What was lifted stays lifted, whatever becomes of the policy and of whoever lifted it.
    #[test]
    fn a_lift_stays(case in case(), stricter in 0u8..5) {
        let mut lifted = case.clone();
        let mut refusal = plain_entry("arch");
        refusal.certificate.status = Some(Status::NoGo);
        refusal.certificate.id = Some("refused".into());
        refusal.certificate.path = "certificates/refused.md".into();
        refusal.lifts = vec![lift(99)];
        let without = decide(&lifted);
        lifted.ledger.push(refusal);
        lifted.terms.may_lift.clear();
        match stricter {
            0 => lifted.terms.independence = true,
            1 => lifted.gated[0].conditional = Conditional::Block,
            2 => lifted.gated[0].evidence.push(EvidenceKind::FileReferences),
            3 => lifted.terms.demands.signatures = Signatures::Required,
            _ => {}
        }
        let stands = |decision: &Decision| decision.findings.iter().any(|f| matches!(f, Finding::Refused { entry, .. } if lifted.ledger.get(*entry).is_some_and(|e| e.certificate.id.as_deref() == Some("refused"))));
        prop_assert!(!stands(&decide(&lifted)));
        // Only a revocation undoes it.
        let mut revoked = lifted.clone();
        let mut by = plain_entry("perf");
        by.certificate.status = Some(Status::Rejected);
        by.certificate.id = Some("revokes".into());
        by.certificate.path = "certificates/revokes.md".into();
        by.certificate.supersedes = vec!["99".into()];
        revoked.ledger.push(by);
        let by_name = revoked.ledger.iter().any(|e| e.certificate.agent.as_deref() == Some("arch") && e.origin == Origin::Added);
        if !by_name && !without.components.is_empty() {
            prop_assert!(stands(&decide(&revoked)) || blocks(&revoked));
        }
    }

    /// An approval in a refusal's own commit outweighs it only by name; one before it never does.
    #[test]
    fn a_refusal_comes_after_what_came_with_it(step in 0u32..3, before in 0u32..3, named in any::<bool>(), mut case in case()) {
        let (mut refusal, mut approval) = (plain_entry("perf"), plain_entry("perf"));
        refusal.certificate.status = Some(Status::NoGo);
        refusal.certificate.id = Some("no".into());
        refusal.place = Position::added(step);
        (refusal.origin, approval.origin) = (Origin::Added, Origin::Added);
        approval.certificate.path = "certificates/yes.md".into();
        approval.certificate.id = Some("yes".into());
        approval.place = Position::added(step.saturating_sub(before));
        if named {
            approval.certificate.supersedes = vec!["no".into()];
        }
        case.ledger = vec![refusal, approval];
        case.terms.demands.signatures = Signatures::Off;
        let stands = decide(&case).findings.iter().any(|f| matches!(f, Finding::Refused { .. }));
        prop_assert_eq!(stands, !(named && (before == 0 || step == 0)));
    }

    #[test]
    fn the_order_of_input_never_matters(case in case(), seed in any::<u64>()) {
        let mut other = case.clone();
        let length = other.ledger.len().max(1);
        other.ledger.rotate_left(seed as usize % length);
        if seed % 2 == 0 {
            other.ledger.reverse();
        }
        let (a, b) = (decide(&case), decide(&other));
        prop_assert_eq!(a.verdict, b.verdict);
        let outcomes = |d: &Decision| d.components.iter().map(|c| (c.id.clone(), c.outcome)).collect::<Vec<_>>();
        prop_assert_eq!(outcomes(&a), outcomes(&b));
    }

    /// The ledger's cache reads only what bears on the question.
    #[test]
    fn what_the_cache_leaves_out_never_matters(case in case()) {
        let mut case = case;
        case.gated.truncate(1);
        case.ledger.retain(|e| e.certificate.components == ["gpu"]);
        let (base, added): (Vec<Entry>, Vec<Entry>) = case.ledger.iter().cloned().partition(|e| e.origin == Origin::Base);
        let paths = case.gated[0].files.iter().map(|file| file.path.clone()).collect();
        let superseding = added.iter().any(|e| !e.certificate.supersedes.is_empty());
        let whole = superseding || case.gated[0].binding == Binding::Component;
        let mut read = case.clone();
        read.ledger = crate::ledger::read_back(&base, &paths, whole).into_iter().chain(added).collect();
        let (a, b) = (decide(&case), decide(&read));
        prop_assert_eq!(a.verdict, b.verdict);
        prop_assert_eq!(a.components[0].outcome, b.components[0].outcome);
    }

    #[test]
    fn without_an_approval_nothing_gated_passes(case in case()) {
        let mut none = case.clone();
        none.ledger.retain(|e| !e.certificate.status.is_some_and(|s| s.class().approves()));
        prop_assert!(blocks(&none));
    }

    #[test]
    fn a_standing_veto_outweighs_every_other_agent(case in case(), agent in select(AGENTS.to_vec())) {
        let mut vetoed = case.clone();
        vetoed.terms.may_lift.clear();
        vetoed.ledger.retain(|e| e.certificate.agent.as_deref() != Some(agent));
        let mut veto = plain_entry(agent);
        veto.certificate.status = Some(Status::NoGo);
        vetoed.ledger.push(veto);
        prop_assert!(blocks(&vetoed));
    }

    #[test]
    fn enforcement_only_names_the_verdict(case in case()) {
        let mut warn = case.clone();
        warn.enforcement = Enforcement::Warn;
        let expected = if blocks(&case) { Verdict::Warn } else { Verdict::Pass };
        prop_assert_eq!(decide(&warn).verdict, expected);
    }

    #[test]
    fn a_component_is_enforced_as_it_says_and_the_strictest_counts(case in case()) {
        let own = |word| crate::policy::Stages { merge: Some(word), ..Default::default() };
        let mut mild = case.clone();
        mild.terms.enforce = case.gated.iter().map(|unit| (unit.id.clone(), own(Enforcement::Warn))).collect();
        let decision = decide(&mild);
        let whole = decision.findings.iter().any(|f| f.blocks() && f.component().is_none());
        prop_assert_eq!(decision.verdict == Verdict::Block, whole, "only what is about no component still blocks");
        prop_assert_eq!(decision.verdict == Verdict::Pass, !blocks(&case));
        let mut strict = case.clone();
        strict.enforcement = Enforcement::Warn;
        strict.terms.enforce = case.gated.iter().map(|unit| (unit.id.clone(), own(Enforcement::Block))).collect();
        let decision = decide(&strict);
        let of_one = decision.findings.iter().any(|f| f.blocks() && f.component().is_some());
        prop_assert_eq!(decision.verdict == Verdict::Block, of_one);
        strict.enforcement = Enforcement::Off;
        prop_assert_eq!(decide(&strict).verdict, Verdict::Pass);
    }

    #[test]
    fn only_certificates_are_stopped_by_no_refusal(case in case()) {
        let mut only = case.clone();
        only.only_certificates = true;
        only.ledger.retain(|e| e.certificate.status.is_some());
        prop_assert!(!blocks(&only));
    }
}

/// The worlds are not one-sided: both verdicts are frequent, or the laws above would say little.
#[test]
fn both_verdicts_are_frequent() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let passed = (0..2_000)
        .filter(|_| !blocks(&case().new_tree(&mut runner).unwrap().current()))
        .count();
    assert!((150..1_850).contains(&passed), "{passed} of 2000 pass");
}

/// One of the files of the worlds.
pub(super) fn file(at: usize) -> RepoPath {
    FILES[at].into()
}

/// A version of a file.
pub(super) fn file_states(version: u8) -> FileState {
    state(version)
}

/// One component of which file 0 is merged in version 2, certified by digest, and no certificate.
pub(super) fn plain_case() -> Case {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut case = case().new_tree(&mut runner).unwrap().current();
    let any_unit = case.gated.swap_remove(0);
    case.terms.demands.signatures = Signatures::Off;
    case.terms.may_lift.clear();
    case.ledger.clear();
    case.gated = vec![ComponentCase {
        agents: Vec::new(),
        approvals: 1,
        binding: Binding::Digest,
        conditional: Conditional::Allow,
        authorizers: Vec::new(),
        files: vec![GatedPath {
            bump: None,
            path: file(0),
            state: Some(state(2)),
            merged_from: None,
            reasons: vec![reason()],
            handoff: Vec::new(),
            owners: Vec::new(),
        }],
        ..any_unit
    }];
    case
}

/// A plain entry by the given agent, on the entire component `gpu`, of today.
pub(super) fn plain_entry(agent: &str) -> Entry {
    Entry {
        certificate: Certificate {
            path: "certificates/own.md".into(),
            status: Some(Status::Approved),
            components: vec!["gpu".into()],
            agent: Some(agent.into()),
            date: Some(now()),
            id: Some("own".into()),
            supersedes: Vec::new(),
            builds_upon: Vec::new(),
            ..Certificate::unread("".into())
        },
        origin: Origin::Base,
        place: Position::landed(9, 0),
        lifts: Vec::new(),
        effects: Vec::new(),
        blob: ObjectId::from_bytes(&[7; 20]).unwrap(),
        hash: HashCheck::Absent,
        signature: SignatureCheck::Absent,
        trusted: true,
        carried: BTreeSet::new(),
        findings: Vec::new(),
    }
}
