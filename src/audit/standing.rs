//! What the ledger of a repository says now: refusals in force, what is due, what evidence shows, and who signed.

use jiff::Timestamp;

use super::record::{
    AuditRecord, BypassDue, ConditionDue, ImportFound, PolicyFound, SignersFound, StatementFound, TrendFound,
};
use crate::certificate::Bypass;
use crate::change::{ObjectId, Snapshot};
use crate::diagnostic::sanitize;
use crate::evidence::trend::trend;
use crate::gate::governing::keys_at;
use crate::gate::{self, Undecided};
use crate::git::Repository;
use crate::ledger::Entry;
use crate::policy::{Enforcement, Policy};
use crate::trust::SignatureCheck;
use crate::verdict::ConditionState;

/// Adds what the ledger at a commit says. What comes before a failure is kept.
pub(super) fn add(
    repository: &Repository,
    policy: &Policy,
    tip: &ObjectId,
    now: Timestamp,
    record: &mut AuditRecord,
) -> Result<(), Undecided> {
    let (keyring, entries) = gate::ledger_at(repository, tip, policy)?;
    let at = Snapshot::Commit(tip.clone());
    record.certificates = Some(entries.len());
    record.signers = Some(signers(repository, &at, &entries)?);
    let standing = gate::standing(repository, policy, &keyring, &entries)?;
    record.refusals = standing.refusals.iter().map(|entry| statement(entry, policy)).collect();
    record.unreadable = standing
        .unreadable
        .iter()
        .map(|entry| statement(entry, policy))
        .collect();
    record.bypasses = standing.bypasses.iter().map(|entry| bypass(entry, now)).collect();
    let due = gate::due(repository, (policy, &keyring), &at, &entries)?;
    for condition in &due {
        let Some(entry) = entries.get(condition.entry) else {
            continue;
        };
        record.conditions.push(ConditionDue {
            certificate: sanitize(&entry.label()),
            path: entry.certificate.path.to_string(),
            condition: sanitize(&condition.text),
            by: condition.by.map(|by| by.strftime("%Y-%m-%d").to_string()),
            overdue: condition.state == ConditionState::Overdue,
        });
    }
    // Those that nothing checks.
    for (entry, open) in &standing.conditions {
        for text in open {
            let (path, condition) = (entry.certificate.path.to_string(), sanitize(text));
            let known = |due: &ConditionDue| due.path == path && due.condition == condition;
            if !record.conditions.iter().any(known) {
                record.conditions.push(ConditionDue {
                    certificate: sanitize(&entry.label()),
                    path,
                    condition,
                    by: None,
                    overdue: false,
                });
            }
        }
    }
    let series = gate::metric_series(repository, policy, &at, &entries, &|_| true, &|_, _| true)?;
    record.evidence = series.iter().filter_map(of_series).collect();
    Ok(())
}

/// What identifies a policy among others.
pub(super) fn policy_found(policy: &Policy, reference: &str, commit: &ObjectId, file: String) -> PolicyFound {
    let blocking = policy.enforce.iter().filter(|entry| entry.merge == Enforcement::Block);
    let globs = blocking.flat_map(|entry| entry.branches.iter());
    PolicyFound {
        reference: sanitize(reference),
        commit: commit.to_string(),
        serial: policy.serial,
        digest: format!("sha256:{}", policy.digest),
        file,
        signatures: policy.signatures.as_str(),
        components: policy.components.len(),
        protects: globs.map(sanitize).collect(),
        imports: policy
            .imports
            .iter()
            .map(|pin| ImportFound {
                git: sanitize(&pin.url),
                rev: pin.rev.to_string(),
                path: pin.path.to_string(),
                sha256: pin.sha256.to_string(),
            })
            .collect(),
    }
}

fn statement(entry: &Entry, policy: &Policy) -> StatementFound {
    let certificate = &entry.certificate;
    let class = certificate.status.map(|status| policy.class(status));
    StatementFound {
        certificate: sanitize(&entry.label()),
        path: certificate.path.to_string(),
        components: certificate.components.iter().map(|name| sanitize(name)).collect(),
        agent: certificate.agent.as_deref().map(sanitize),
        status: certificate.status.map(|status| status.as_str()),
        class: class.map_or("invalid", |class| class.as_str()),
        date: entry.moment().map(|moment| moment.to_string()),
    }
}

fn bypass(entry: &Entry, now: Timestamp) -> BypassDue {
    let until = match entry.certificate.bypass {
        Some(Bypass::Until(seconds)) => Timestamp::from_second(seconds).ok(),
        _ => None,
    };
    BypassDue {
        certificate: sanitize(&entry.label()),
        path: entry.certificate.path.to_string(),
        agent: entry.certificate.agent.as_deref().map(sanitize),
        until: until.map(|until| until.to_string()),
        // What it promised is not known of one that cannot be read, so it is due at once.
        overdue: until.is_none_or(|until| until < now),
    }
}

fn signers(repository: &Repository, at: &Snapshot, entries: &[Entry]) -> Result<SignersFound, Undecided> {
    let keys = keys_at(repository, at)?;
    let names: std::collections::BTreeSet<&str> = keys.signers.principals().collect();
    let count = |wanted: fn(&SignatureCheck) -> bool| entries.iter().filter(|entry| wanted(&entry.signature)).count();
    Ok(SignersFound {
        principals: names.into_iter().map(sanitize).collect(),
        signed: count(|check| matches!(check, SignatureCheck::Valid(_))),
        unsigned: count(|check| matches!(check, SignatureCheck::Absent)),
        invalid: count(|check| matches!(check, SignatureCheck::Invalid(_))),
    })
}

fn of_series(series: &gate::MetricSeries) -> Option<TrendFound> {
    let found = trend(&series.values()).ok();
    let changes = found.as_ref().map_or(&[][..], |found| &found.change_points);
    Some(TrendFound {
        component: sanitize(&series.component),
        benchmark: sanitize(&series.benchmark),
        metric: sanitize(&series.metric),
        unit: sanitize(&series.unit),
        points: series.points.len(),
        first: series.points.first()?.value,
        last: series.points.last()?.value,
        changes: changes.len(),
        step: changes.last().map(|change| change.step),
    })
}
