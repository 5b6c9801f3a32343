//! `certgate certify --delta`: a certificate on what has changed since another of the same agent, which it builds upon.
//!
//! Its SUBJECT lists the content of today, as that of any certificate does; so nothing is covered that it does not list. It counts only
//! together with what it builds upon (`verdict::grounds`).

use super::super::args::CertifyArgs;
use super::super::ending::Ending;
use super::super::terminal;
use super::said::said;
use super::{document, name, written};
use crate::author::publish::How;
use crate::author::{draft, evidence, sign, stamps};
use crate::certificate::Examined;
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::gate::delta::{Delta, delta};
use crate::gate::{self, Judgement, Question, Undecided, governing};
use crate::git::Repository;
use crate::sensitivity::GatedFile;
use crate::verdict::{Finding, Problem};

/// Most hunks of one file that are listed.
const MOST_HUNKS: usize = 8;

/// Files of a component that have changed since a certificate.
struct Stale {
    unit: String,
    entry: usize,
    files: Vec<RepoPath>,
}

/// Carries it out.
pub(super) fn run(args: &CertifyArgs, repository: &Repository, question: &Question) -> Result<Ending, Undecided> {
    let in_force = governing::policy_for(repository, question)?;
    let gated = gate::gate(repository, &question.change, &in_force)?;
    let judgement = gate::judge(repository, question)?;
    let asked = draft::components(&in_force.policy, &args.components)?;
    let mut stale = stale(&judgement);
    stale.retain(|one| asked.is_empty() || asked.contains(&one.unit));
    if stale.is_empty() {
        return Err(none(
            "nothing that this change was certified for has changed since".to_owned(),
        ));
    }
    let mut units: Vec<String> = Vec::new();
    for one in &stale {
        if !units.contains(&one.unit) {
            units.push(one.unit.clone());
        }
    }
    let on_these = CertifyArgs {
        components: units,
        ..args.clone()
    };
    let mut said = said(&on_these, repository, &in_force, &gated, None)?;
    let (own, others): (Vec<Stale>, Vec<Stale>) = stale.into_iter().partition(|one| {
        let entry = judgement.ledger.get(one.entry);
        entry.and_then(|entry| entry.certificate.agent.as_deref()) == Some(said.agent.as_str())
    });
    if own.is_empty() {
        let theirs = others.first().and_then(|one| judgement.ledger.get(one.entry));
        let theirs = theirs
            .and_then(|entry| entry.certificate.agent.as_deref())
            .unwrap_or("another agent");
        return Err(none(format!(
            "what was certified was certified by `{}`; who looks at the difference alone must have looked at the rest, too",
            sanitize(theirs)
        )));
    }
    for one in &others {
        terminal::err(&format!("left out: {}: another agent certified it\n", one.unit));
    }
    said.components = own.iter().map(|one| one.unit.clone()).collect();
    said.components.dedup();
    let mut deltas: Vec<Delta> = Vec::new();
    let mut grounds: Vec<(String, RepoPath)> = Vec::new();
    for one in &own {
        let ground = ground(&judgement, one)?;
        let entry = judgement
            .ledger
            .get(one.entry)
            .ok_or_else(|| none("the certificate is gone".to_owned()))?;
        for path in &one.files {
            let found = delta(repository, question, entry, path)?;
            let found = found.ok_or_else(|| none(format!("the certified content of {path} is not in this clone")))?;
            if !deltas.iter().any(|known| known.file.path == found.file.path) {
                deltas.push(found);
            }
        }
        if !grounds.contains(&ground) {
            grounds.push(ground);
        }
    }
    let files: Vec<&GatedFile> = draft::files_of(&gated, &said.components)
        .into_iter()
        .filter(|gated| deltas.iter().any(|delta| delta.file.path == gated.file.path))
        .collect();
    let mut draft = document(args, repository, question, &said, &files, draft::date())?;
    draft.examined = deltas.iter().flat_map(examined).collect();
    let since: Vec<String> = grounds.iter().map(|(id, path)| format!("{id} (`{path}`)")).collect();
    draft.scope.insert(
        0,
        format!(
            "what has changed since {}; for the rest it builds upon that",
            since.join(", ")
        ),
    );
    draft.builds_upon = grounds.into_iter().map(|(id, _)| id).collect();
    let bound = draft::bound(repository, question, &in_force.policy, &args.targets, false)?;
    draft.subject = Some(draft::subject(repository, question, &said.components, &files, bound)?);
    stamps::refuse(repository, question, &in_force, &draft)?;
    let given = evidence::Given {
        baseline: &args.baseline,
        candidate: &args.candidate,
        profiles: &args.profiles,
        measured: args.measured.as_deref(),
    };
    let gathered = evidence::gather(repository, question, &in_force, &said.components, &given)?;
    let key = sign::key(repository, args.sign.as_ref())?;
    let how = How {
        name: &name(&said.components),
        output: args.output.as_deref(),
        key: key.as_ref(),
        evidence: gathered.as_ref(),
        interactive: terminal::is_interactive(),
    };
    written(repository, &in_force, &mut draft, &how, args.format)
}

fn stale(judgement: &Judgement) -> Vec<Stale> {
    let findings = judgement.decision.findings.iter();
    findings
        .filter_map(|finding| match finding {
            Finding::Changed {
                unit, entry, changed, ..
            } => Some(Stale {
                unit: unit.clone(),
                entry: *entry,
                files: changed.clone(),
            }),
            _ => None,
        })
        .collect()
}

/// The id and the path of the certificate, if it counts but for the content that has changed.
fn ground(judgement: &Judgement, one: &Stale) -> Result<(String, RepoPath), Undecided> {
    let entry = judgement.ledger.get(one.entry);
    let certificate = entry.map(|entry| &entry.certificate);
    let Some((certificate, id)) = certificate.and_then(|found| Some((found, found.id.clone()?))) else {
        return Err(none("the certificate has no id that a new one could name".to_owned()));
    };
    let components = &judgement.decision.components;
    let told = components
        .iter()
        .filter(|component| component.id == one.unit)
        .flat_map(|component| &component.certificates)
        .filter(|told| told.entry == one.entry);
    let besides = |problem: &&Problem| !matches!(problem, Problem::Changed | Problem::NotListed);
    if let Some(problem) = told.flat_map(|told| &told.problems).find(besides) {
        return Err(none(format!("`{}` does not count anyway: {problem}", sanitize(&id))));
    }
    Ok((id, certificate.path.clone()))
}

fn examined(delta: &Delta) -> Vec<Examined> {
    let of = |lines| Examined {
        path: delta.file.path.clone(),
        lines,
    };
    match delta.hunks.as_slice() {
        [] => vec![of(None)],
        hunks => hunks
            .iter()
            .take(MOST_HUNKS)
            .map(|hunk| of(Some(hunk.changed())))
            .collect(),
    }
}

fn none(why: String) -> Undecided {
    Diagnostic::error(Code::CG664, "there is no difference that could be certified by itself")
        .because(why)
        .help("certify the full content, without `--delta`")
        .into()
}
