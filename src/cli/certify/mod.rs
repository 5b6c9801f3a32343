//! `certgate certify`: writes a certificate for a change, prefilled from it. On a terminal it asks for what is missing; elsewhere it
//! fails with the list.

mod all;
mod delta;
mod guided;
mod pager;
mod said;

use std::path::{Path, PathBuf};

use super::args::{CertifyArgs, ListFormat};
use super::ending::Ending;
use super::terminal;
use crate::author::evidence;
use crate::author::needs;
use crate::author::publish::{How, Published, publish};
use crate::author::{draft, sign, stamps};
use crate::certificate::stamp::NO_FINDINGS;
use crate::certificate::{Condition, Draft, Examined, render};
use crate::change::RepoPath;
use crate::diagnostic::{Code, Diagnostic, command, plural, sanitize};
use crate::gate::Undecided;
use crate::gate::{self, InForce, Question, governing};
use crate::git::Repository;
use crate::intake::ci::Ci;
use crate::intake::{self, Chosen};
use crate::policy::fold;
use crate::report::{self, Done};
use crate::sensitivity::{Gated, GatedFile};
use said::{Said, bypass_until, said};

/// Most files whose line ranges are in the text; the SUBJECT lists all.
const MOST_NAMED: usize = 40;
/// Most components that the name of a file names.
const MOST_IN_NAME: usize = 3;

/// Carries it out.
pub(super) fn run(args: &CertifyArgs) -> Result<Ending, Undecided> {
    let repository = Repository::open()?;
    let chosen = Chosen {
        range: args.range.as_deref(),
        ..args.change.chosen()
    };
    let question = intake::resolve(&repository, &chosen, &Ci::Absent)?;
    if args.delta {
        return delta::run(args, &repository, &question);
    }
    if guided::is_wanted(args) {
        return guided::run(args, &repository, &question);
    }
    let in_force = governing::policy_for(&repository, &question)?;
    let gated = gate::gate(&repository, &question.change, &in_force)?;
    let open = match args.all {
        true => Some(needs::lacking(&gated, &gate::judge(&repository, &question)?)),
        false => None,
    };
    if open.as_ref().is_some_and(Vec::is_empty) && !question.change.files.is_empty() {
        terminal::out("nothing lacks a certificate\n")?;
        return Ok(Ending::Done);
    }
    if open.as_ref().is_some_and(Vec::is_empty) {
        return Err(nothing_to_approve());
    }
    let mut said = said(args, &repository, &in_force, &gated, open.as_deref())?;
    let files = match &open {
        Some(open) => {
            let picked = all::pick(&in_force.policy, open, &said.agent)?;
            picked.tell();
            said.components = picked.components;
            picked.files
        }
        None => draft::files_of(&gated, &said.components),
    };
    let files = named(args, files)?;
    without_files(args, &question, &in_force, &gated, &said, &files)?;
    let key = sign::key(&repository, args.sign.as_ref())?;
    let date = draft::date();
    let bypass = args
        .bypass_until
        .as_deref()
        .map(|text| bypass_until(text, date))
        .transpose()?;
    let bound = draft::bound(
        &repository,
        &question,
        &in_force.policy,
        &args.targets,
        bypass.is_some(),
    )?;
    let name = name(&said.components);
    let to_stdout = args.output.as_deref().is_some_and(|path| path.as_os_str() == "-");
    let subject = match files.is_empty() {
        true => None,
        false => Some(draft::subject(&repository, &question, &said.components, &files, bound)?),
    };
    let mut draft = document(args, &repository, &question, &said, &files, date)?;
    draft.subject = subject;
    draft.bypass = bypass;
    stamps::refuse(&repository, &question, &in_force, &draft)?;
    if let Some(open) = &open {
        all::needs_lines(&in_force.policy, open, &draft)?;
    }
    let given = evidence::Given {
        baseline: &args.baseline,
        candidate: &args.candidate,
        profiles: &args.profiles,
        measured: args.measured.as_deref(),
    };
    let gathered = evidence::gather(&repository, &question, &in_force, &said.components, &given)?;
    if to_stdout && gathered.is_some() {
        return Err(Undecided::usage(
            "evidence is kept beside its certificate, and standard output has no place for it",
            "for example: certgate certify … --baseline FILE… --candidate FILE… (without --output -)",
        ));
    }
    if to_stdout {
        if key.is_some() {
            return Err(Undecided::usage(
                "a signature is kept beside its document, and standard output has no place for it",
                "for example: certgate certify … --sign KEY --output FILE",
            ));
        }
        let document = render(&draft);
        draft::check_size("the certificate", &document, &name)?;
        terminal::out(&String::from_utf8_lossy(&document))?;
        return Ok(Ending::Done);
    }
    let how = How {
        name: &name,
        output: args.output.as_deref(),
        key: key.as_ref(),
        evidence: gathered.as_ref(),
        interactive: terminal::is_interactive(),
    };
    written(&repository, &in_force, &mut draft, &how, args.format)
}

/// Writes the certificate and says what comes next.
fn written(
    repository: &Repository,
    in_force: &InForce,
    draft: &mut Draft,
    how: &How<'_>,
    format: ListFormat,
) -> Result<Ending, Undecided> {
    let published = publish(repository, &in_force.policy, draft, how)?;
    let on = match draft.components.as_slice() {
        [] | [_] => None,
        several => Some(format!("on {} components: {}", several.len(), several.join(", "))),
    };
    tell_written(repository, &[published], on, format)?;
    Ok(Ending::Done)
}

/// Says what was written, what is to be said of it, and the command that stages all of it.
fn tell_written(
    repository: &Repository,
    all: &[Published],
    more: Option<String>,
    format: ListFormat,
) -> Result<(), Undecided> {
    let mut done = Done::default();
    let mut paths: Vec<(PathBuf, bool)> = Vec::new();
    let here = std::env::current_dir().ok();
    let below = |path: &Path| {
        let below = here.as_ref().and_then(|here| path.strip_prefix(here).ok());
        below.unwrap_or(path).to_path_buf()
    };
    for published in all {
        published.notes.iter().for_each(|note| terminal::err(note));
        done.warnings.extend(published.warnings.iter().cloned());
        let path = below(&published.path);
        let signature = if published.signed { " and its signature" } else { "" };
        done.said.push(format!("wrote {}{signature}", path.display()));
        done.files.push(path.display().to_string());
        done.files
            .extend(published.signed.then(|| sign::path_of(&path).display().to_string()));
        paths.push((path, published.signed));
        paths.extend(published.evidence.as_ref().map(|folder| (below(folder), false)));
    }
    done.said.extend(more);
    let (notes, command) = sign::step(repository, &paths)?;
    done.notes = notes;
    done.next.push(command);
    if format == ListFormat::Human {
        terminal::diagnose(&done.warnings);
    }
    Ok(terminal::out(&match format {
        ListFormat::Json => report::written_json(&done),
        ListFormat::Human => report::written_lines(&done),
    })?)
}

fn nothing_to_approve() -> Undecided {
    Diagnostic::error(Code::CG708, "there is no change to approve")
        .because("`git commit -a` and `git commit PATH` stage for themselves only")
        .help(command!["git", "add", "-u"].why("or the files that are meant"))
        .help("for example: certgate certify … --base REV --head REV")
        .into()
}

/// A certificate that lists no file is on the component itself, which is said; an approval of nothing at all is refused.
fn without_files(
    args: &CertifyArgs,
    question: &Question,
    in_force: &InForce,
    gated: &Gated,
    said: &Said,
    files: &[&GatedFile],
) -> Result<(), Undecided> {
    if !files.is_empty() {
        return Ok(());
    }
    let approves = in_force.policy.class(said.status).approves();
    let announced = gated
        .components
        .iter()
        .any(|component| said.components.contains(&component.id));
    let nothing = question.change.files.is_empty() && !announced && args.supersedes.is_empty();
    if approves && nothing {
        return Err(nothing_to_approve());
    }
    terminal::err(&format!(
        "note: no file of this change is gated by {}; the certificate is on the component itself and has no SUBJECT\n",
        said.components.join(", ")
    ));
    Ok(())
}

/// What is in the name of the file for the components.
fn name(components: &[String]) -> String {
    match components {
        [first, ..] if components.len() > MOST_IN_NAME => format!("{first}_and_{}_more", components.len() - 1),
        few => few.join("_"),
    }
}

/// The files that the arguments choose: by name, or all below a directory.
fn named<'g>(args: &CertifyArgs, files: Vec<&'g GatedFile>) -> Result<Vec<&'g GatedFile>, Undecided> {
    let mut wanted: Vec<RepoPath> = Vec::new();
    for text in &args.files {
        let given = text.strip_suffix('/').unwrap_or(text);
        let path =
            RepoPath::unquote(given).filter(|path| files.iter().any(|file| file.file.path.is_within(path.as_bytes())));
        wanted.push(path.ok_or_else(|| {
            let gated: Vec<String> = files.iter().take(6).map(|file| file.file.path.to_string()).collect();
            Undecided::usage(
                format!(
                    "`{}` is not among the files that the component gates in this change",
                    sanitize(text)
                ),
                format!("paths are relative to the root of the repository: {}", gated.join(", ")),
            )
        })?);
    }
    Ok(files
        .into_iter()
        .filter(|file| wanted.is_empty() || wanted.iter().any(|path| file.file.path.is_within(path.as_bytes())))
        .collect())
}

fn document(
    args: &CertifyArgs,
    repository: &Repository,
    question: &Question,
    said: &Said,
    files: &[&GatedFile],
    date: jiff::Timestamp,
) -> Result<Draft, Undecided> {
    let mut examined: Vec<Examined> = Vec::new();
    let mut why: Vec<String> = Vec::new();
    for gated in files.iter().take(MOST_NAMED) {
        examined.extend(draft::examined(repository, &gated.file)?);
        let reasons: Vec<String> = gated.reasons.iter().take(2).map(gate::describe).collect();
        why.push(format!("{} is gated by {}", gated.file.path, reasons.join("; ")));
    }
    let mut scope = vec![format!(
        "{} of the change, {} in all",
        plural(files.len(), "gated file"),
        question.change.files.len()
    )];
    if files.len() > MOST_NAMED {
        scope.push(format!(
            "{}, listed in the SUBJECT",
            plural(files.len() - MOST_NAMED, "further file")
        ));
    }
    scope.extend(why);
    let (findings, by_component) = findings(&args.findings, &said.components);
    Ok(Draft {
        descriptor: args.descriptor.clone(),
        components: said.components.clone(),
        agent: said.agent.clone(),
        date,
        id: ulid::Ulid::generate().to_string(),
        supersedes: args.supersedes.clone(),
        builds_upon: Vec::new(),
        bypass: None,
        scope,
        examined,
        tests: Vec::new(),
        subject: None,
        findings,
        by_component,
        status: said.status,
        rationale: said.rationale.clone(),
        conditions: said
            .conditions
            .iter()
            .map(|text| Condition {
                text: text.clone(),
                met: false,
            })
            .collect(),
        evidence: args.evidence.clone(),
        benchmarks: None,
    })
}

/// The findings on all of it, and those of each component where there are several: what begins with a component's name is about that.
fn findings(given: &[String], components: &[String]) -> (Vec<String>, Vec<(String, Vec<String>)>) {
    let none = || vec![NO_FINDINGS.to_owned()];
    let [_, _, ..] = components else {
        let all = if given.is_empty() { none() } else { given.to_vec() };
        return (all, Vec::new());
    };
    let mut sections: Vec<(String, Vec<String>)> = components.iter().map(|id| (id.clone(), Vec::new())).collect();
    let mut on_all = Vec::new();
    for finding in given {
        let (word, text) = finding.split_once(':').unwrap_or_default();
        match sections.iter_mut().find(|(id, _)| fold(id) == fold(word)) {
            Some((_, own)) if !word.is_empty() => own.push(text.trim().to_owned()),
            _ => on_all.push(finding.clone()),
        }
    }
    for (_, own) in sections.iter_mut().filter(|(_, own)| own.is_empty()) {
        *own = none();
    }
    (on_all, sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_go_to_the_component_that_they_name() {
        let several = ["lexer".to_owned(), "gpu_memory".to_owned()];
        let given = ["linear: fine".to_owned(), "GPU-memory: one copy less".to_owned()];
        let (all, sections) = findings(&given, &several);
        assert_eq!(all, ["linear: fine"]);
        assert_eq!(
            sections,
            [
                ("lexer".to_owned(), vec![NO_FINDINGS.to_owned()]),
                ("gpu_memory".to_owned(), vec!["one copy less".to_owned()])
            ]
        );
        let (all, sections) = findings(&given, &several[..1]);
        assert_eq!((all.len(), sections.len()), (2, 0));
        assert_eq!(findings(&[], &several[..1]).0, [NO_FINDINGS]);
    }

    #[test]
    fn a_name_of_many_components_is_short() {
        let ids: Vec<String> = (0..12).map(|at| format!("c{at}")).collect();
        assert_eq!(name(&ids), "c0_and_11_more");
        assert_eq!(name(&ids[..3]), "c0_c1_c2");
    }
}
