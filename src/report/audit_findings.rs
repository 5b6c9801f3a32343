//! What an audit found of a repository as diagnostics, for the formats that attach each to a file: as grave as a gate would take it.

use crate::audit::{AuditRecord, Completeness, LandedComponent, LandingFound, StatementFound};
use crate::diagnostic::{Code, Diagnostic, Part, Place, command, noun_for};

/// A repository and what is to be said of it.
pub(crate) struct Audited {
    pub(crate) repository: String,
    /// False where not all of it could be looked at.
    pub(crate) complete: bool,
    /// A sum, in words.
    pub(crate) said: String,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// What a record says, the gravest first.
pub(crate) fn audited(record: &AuditRecord) -> Audited {
    let mut told = Vec::new();
    for error in &record.errors {
        let code = Code::parse(error.code).unwrap_or(Code::CG774);
        let said = format!(
            "{}: {} could not be looked at: {}",
            record.repository, error.part, error.message
        );
        let mut one = Diagnostic::error(code, said).at(file(record, POLICY));
        if let Some(help) = &error.help {
            one = one.help(help.as_str());
        }
        told.push(one);
    }
    for branch in &record.branches {
        for landed in &branch.uncovered {
            told.extend(landing(record, &branch.branch, landed));
        }
        for landed in &branch.undecided {
            let code = Code::parse(landed.code).unwrap_or(Code::CG774);
            let commit = short(&landed.commit);
            let said = format!(
                "{commit} of `{}` could not be judged: {}",
                branch.branch, landed.message
            );
            told.push(Diagnostic::warning(code, said).at(file(record, POLICY)));
        }
    }
    told.extend(record.refusals.iter().map(|refusal| statement(record, refusal)));
    told.extend(record.unreadable.iter().map(|refusal| statement(record, refusal)));
    for due in &record.conditions {
        let by = due.by.as_deref().map_or_else(String::new, |by| format!(", due {by}"));
        let said = format!("condition of `{}`{by}: {}", due.certificate, due.condition);
        told.push(late(Code::CG207, due.overdue, said).at(file(record, &due.path)));
    }
    for due in &record.bypasses {
        let until = due
            .until
            .as_deref()
            .and_then(|until| until.get(..10))
            .unwrap_or("some day");
        let code = if due.overdue { Code::CG514 } else { Code::CG513 };
        let said = format!("the follow-up of bypass `{}` is due {until}", due.certificate);
        told.push(late(code, due.overdue, said).at(file(record, &due.path)));
    }
    if record.unwatched() {
        let open = record.hooks.iter().filter(|hook| !hook.watched);
        let open: Vec<String> = open.map(|hook| format!("{} ({})", hook.hook, hook.says)).collect();
        let said = format!("{}: certgate does not run at {}", record.repository, open.join(", "));
        told.push(Diagnostic::warning(Code::CG767, said).at(file(record, POLICY)));
    }
    for problem in &record.problems {
        let mut one = Diagnostic::warning(Code::CG768, &problem.message).at(file(record, POLICY));
        if let Some(help) = &problem.help {
            one = one.help(help.as_str());
        }
        told.push(one);
    }
    let read = !record
        .errors
        .iter()
        .any(|error| matches!(error.part, "policy" | "repository"));
    if record.policy.is_none() && read {
        let said = format!("{} has no policy", record.repository);
        told.push(Diagnostic::note(Code::CG011, said).at(file(record, POLICY)));
    }
    Audited {
        repository: record.repository.clone(),
        complete: record.outcome == Completeness::Complete,
        said: super::audit_line(record),
        diagnostics: told,
    }
}

/// Where what has no file is attached.
const POLICY: &str = ".certgate/policy.yaml";

/// A file of the repository, by the path that leads to it from here.
fn file(record: &AuditRecord, path: &str) -> Place {
    Place::file(format!("{}/{path}", record.repository.trim_end_matches('/')))
}

fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// Past its day, it blocks the component's next change.
fn late(code: Code, overdue: bool, said: String) -> Diagnostic {
    match overdue {
        true => Diagnostic::error(code, format!("overdue: {said}")),
        false => Diagnostic::note(code, said),
    }
}

/// A commit that the gate would have blocked: a diagnostic for each component, or for each code where it is about none.
fn landing(record: &AuditRecord, branch: &str, landed: &LandingFound) -> Vec<Diagnostic> {
    let commit = short(&landed.commit);
    let shows = |one: Diagnostic| {
        let argv = command!["git", "-C", record.repository.as_str(), "show", landed.commit.as_str()];
        one.because(format!("landed on `{branch}` as {commit}: {}", landed.subject))
            .help(argv)
    };
    let of_component = |component: &LandedComponent| {
        let files = component.files.iter().map(|landed| {
            let still = if landed.still {
                ", and is there still"
            } else {
                ", and has changed since"
            };
            let said = format!(
                "`{}` landed without what `{}` asks for{still}",
                landed.path, component.id
            );
            Part::new(file(record, &landed.path), said)
        });
        let more = match component.more {
            0 => String::new(),
            more => format!(", and {more} more {}", noun_for(more, "file")),
        };
        let said = format!("`{}` is {} by {commit}{more}", component.id, component.outcome);
        let code = match component.outcome {
            "held" => Code::CG301,
            "vetoed" => Code::CG302,
            "stopped" => Code::CG303,
            "invalid" => Code::CG304,
            _ => Code::CG201,
        };
        let one = Diagnostic::error(code, said)
            .about(Some(&component.id))
            .at(file(record, POLICY));
        shows(one.in_parts(files.collect()))
    };
    match landed.components.as_slice() {
        [] => {
            let codes = landed.codes.iter().filter_map(|code| Code::parse(code));
            let told = codes.map(|code| {
                let said = format!(
                    "{commit} landed on `{branch}`, which the gate would have blocked: {}",
                    code.title()
                );
                shows(Diagnostic::error(code, said).at(file(record, POLICY)))
            });
            told.collect()
        }
        components => components.iter().map(of_component).collect(),
    }
}

/// A certificate that refuses, or that nobody can read.
fn statement(record: &AuditRecord, found: &StatementFound) -> Diagnostic {
    let code = match found.class {
        "hold" => Code::CG301,
        "veto" => Code::CG302,
        "stop" => Code::CG303,
        _ => Code::CG304,
    };
    let agent = found.agent.as_deref().unwrap_or("no agent");
    let said = match found.status {
        Some(status) => format!("{status} by {agent} is in force on {}", found.components.join(", ")),
        None => format!(
            "the newest certificate on {} cannot be read",
            found.components.join(", ")
        ),
    };
    Diagnostic::error(code, said)
        .about(found.components.first().map(String::as_str))
        .at(file(record, &found.path))
}
