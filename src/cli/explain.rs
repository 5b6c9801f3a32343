//! `certgate explain WORD`: a code, a path, or a word of the policy or the ledger.

use std::ffi::OsStr;
use std::path::{Component as Part, Path, PathBuf};

use super::args::{ExplainArgs, ListFormat, SuggestArgs};
use super::ending::Ending;
use super::{ledger, policy, suggest, terminal};
use crate::certificate::{Class, Status, nearest};
use crate::change::RepoPath;
use crate::diagnostic::{Code, Placeholder, command, sanitize};
use crate::gate::{Answer, Undecided, WhatIf, describe, governing, what_if};
use crate::git::Repository;
use crate::policy::{Component, POLICY_COMPONENT, POLICY_DIRECTORY, Policy, fold};
use crate::report::{self, Explained};

/// Carries it out.
pub(super) fn run(args: &ExplainArgs) -> Result<Ending, Undecided> {
    if let Some(agent) = &args.why_not {
        return suggest::why_not(&asked(args), agent);
    }
    if args.score {
        let path = match &args.what {
            Some(text) => Some(relative(&Repository::open()?, text)?),
            None => None,
        };
        return suggest::score(&asked(args), path.as_ref());
    }
    let Some(asked) = &args.what else {
        return Err(Undecided::usage(
            "nothing was asked",
            command!["certgate", "explain", "CG201"],
        ));
    };
    let text = asked.to_str().unwrap_or_default();
    let what = asked.to_string_lossy().into_owned();
    let (found, explained);
    match Code::parse(text) {
        Some(code) => {
            explained = Explained {
                text: format!("{code}: {}\n\n{}\n", code.title(), code.explanation()),
                code: Some(code),
                what,
                ..Explained::default()
            };
        }
        None if looks_like_code(text) => {
            return Err(Undecided::usage(
                format!("there is no diagnostic `{}`", sanitize(text)),
                command!["certgate", "explain", "CG201"],
            ));
        }
        None => {
            found = word(asked)?;
            explained = as_data(what, &found);
        }
    }
    terminal::out(&match args.format {
        ListFormat::Human => explained.text,
        ListFormat::Json => report::explain_json(&explained),
    })?;
    Ok(Ending::Done)
}

/// The change that is asked about.
fn asked(args: &ExplainArgs) -> SuggestArgs {
    SuggestArgs {
        change: args.change.clone(),
        target: args.target.clone(),
        handoff: None,
        format: ListFormat::Human,
    }
}

fn looks_like_code(text: &str) -> bool {
    text.len() == 5 && text.to_ascii_uppercase().starts_with("CG") && text.bytes().skip(2).all(|b| b.is_ascii_digit())
}

/// What a word means, for people, and the path that it is, where it is one.
struct Meaning {
    text: String,
    path: Option<(RepoPath, WhatIf)>,
}

fn as_data(what: String, found: &Meaning) -> Explained<'_> {
    let mut explained = Explained {
        what,
        text: found.text.clone(),
        ..Explained::default()
    };
    let Some((path, found)) = &found.path else {
        return explained;
    };
    explained.path = Some(path.to_string());
    explained.exists = true;
    match &found.answer {
        Answer::Certificate => explained.is_certificate = true,
        Answer::File { gated, staged, exists } => {
            explained.exists = *exists;
            explained.gated.push(gated);
            explained.gated.extend(staged);
        }
        Answer::Directory { gated, .. } => {
            explained.below = gated
                .iter()
                .map(|(path, components)| (path.to_string(), components.clone()))
                .collect();
        }
    }
    explained
}

/// Explains a path that is there, and whatever else has that name; a word that nothing has is a path that is not there yet.
fn word(text: &OsStr) -> Result<Meaning, Undecided> {
    let only = |text: String| Meaning { text, path: None };
    let repository = Repository::open()?;
    let named = match text.to_str() {
        Some(word) => named(&repository, word)?,
        None => String::new(),
    };
    let found = relative(&repository, text).and_then(|path| {
        let found = what_if(&repository, &path)?;
        Ok((path, found))
    });
    let (path, found) = match found {
        Ok(found) => found,
        Err(_) if !named.is_empty() => return Ok(only(named)),
        Err(error) => return Err(error),
    };
    if !matches!(found.answer, Answer::File { exists: false, .. }) {
        return Ok(Meaning {
            text: told(&path, &found) + &named,
            path: Some((path, found)),
        });
    }
    if !named.is_empty() {
        return Ok(only(named));
    }
    match text.to_str().filter(|id| !id.contains('/')) {
        Some(id) if repository.head()?.commit().is_some() && governing::policy_here(&repository)?.is_some() => {
            let certificates = ledger::of_id(id)?;
            if !certificates.is_empty() {
                return Ok(only(format!(
                    "{} is the id of a certificate:\n{certificates}",
                    sanitize(id)
                )));
            }
        }
        _ => {}
    }
    let meant = text.to_str().and_then(|word| meant(&repository, word).transpose());
    Ok(Meaning {
        text: told(&path, &found) + &meant.transpose()?.unwrap_or_default(),
        path: Some((path, found)),
    })
}

/// A status or a component that is called nearly so.
fn meant(repository: &Repository, word: &str) -> Result<Option<String>, Undecided> {
    let policy = match governing::policy_here(repository)? {
        Some(policy) => policy,
        None => governing::default_policy()?,
    };
    let components = policy.components.iter().map(|component| component.id.as_str());
    let known = Status::ALL.iter().map(|status| status.as_str()).chain(components);
    Ok(nearest(word, known).map(|meant| format!("  did you mean `certgate explain {meant}`?\n")))
}

/// What the policy knows under a name: a component, a status, a rule.
fn named(repository: &Repository, word: &str) -> Result<String, Undecided> {
    let (policy, origin) = match governing::policy_here(repository)? {
        Some(policy) => (policy, ".certgate/policy.yaml"),
        None => (governing::default_policy()?, "builtin:default"),
    };
    let mut text = String::new();
    if let Some(component) = policy.component_named(word) {
        text.push_str(&format!("{} is a component (by {origin}):\n", sanitize(word)));
        text.push_str(&policy::describe(component));
    } else if fold(word) == fold(POLICY_COMPONENT) {
        text.push_str(&format!(
            "{POLICY_COMPONENT} is the component of the policy itself: every change below {POLICY_DIRECTORY}/ is gated by it\n"
        ));
    }
    if let Some(status) = Status::from_word(word) {
        text.push_str(&described(status, &policy));
    }
    for component in &policy.components {
        for line in component.rules.describe() {
            if line
                .split_once(": ")
                .is_some_and(|(name, _)| is_rule(component, name, word))
            {
                text.push_str(&format!(
                    "rule of {} (by {origin}):\n  {}\n",
                    component.id,
                    sanitize(&line)
                ));
            }
        }
    }
    Ok(text)
}

/// Whether a word names a rule: as reports do, or as `disable:` does, with the component before it.
fn is_rule(component: &Component, name: &str, word: &str) -> bool {
    match word.rsplit_once('/') {
        Some((id, rule)) => id == component.id && rule == name,
        // Kinds that every component may have are no names.
        None => word == name && !["paths", "families"].contains(&word),
    }
}

/// A status, and what it does.
fn described(status: Status, policy: &Policy) -> String {
    let class = policy.class(status);
    let lifted = "until the same agent, or one that `may_lift`, approves what it covers";
    let does = match class {
        Class::Approve => "it counts as an approval".to_owned(),
        Class::Conditional => "it counts as an approval; its open conditions are shown".to_owned(),
        Class::Neutral => "it neither approves nor refuses".to_owned(),
        Class::Hold => format!("it refuses, and cancels the agent's earlier approvals, {lifted}"),
        Class::Veto => format!("it refuses, whoever else approves, {lifted}"),
        Class::Stop => "nothing but certificates may be merged into a protected branch, until it is lifted".to_owned(),
    };
    let moved = match class == status.class() {
        true => String::new(),
        false => format!(" (the policy makes it so; the format says {})", status.class().as_str()),
    };
    format!("{status} is a status of the class {}{moved}: {does}\n", class.as_str())
}

/// Most files of a directory that are listed one by one.
const MOST_FILES: usize = 20;

/// Which rules would gate a path if it changed.
fn told(path: &RepoPath, WhatIf { origin, answer }: &WhatIf) -> String {
    match answer {
        Answer::Certificate => {
            format!("{path} is a certificate: it belongs to the ledger and is not gated (by {origin})\n")
        }
        Answer::File { gated, staged, exists } => {
            let mut lines: Vec<String> = Vec::new();
            for component in gated
                .components
                .iter()
                .chain(staged.iter().flat_map(|staged| &staged.components))
            {
                for reason in component.files.iter().flat_map(|file| &file.reasons) {
                    let line = format!("  {:<24} {}\n", component.id, describe(reason));
                    if !lines.contains(&line) {
                        lines.push(line);
                    }
                }
            }
            let mut text = match lines.len() {
                0 => format!("{path} is not gated (by {origin})\n"),
                _ => format!("{path} is gated (by {origin}):\n"),
            };
            text.push_str(&lines.concat());
            if !exists {
                text.push_str("  (the path is in neither HEAD nor the index: only rules about paths were asked)\n");
            }
            text
        }
        Answer::Directory { total, gated } => {
            let name = match path.as_bytes() {
                b"" => "the repository".to_owned(),
                _ => path.to_string(),
            };
            let mut text = format!(
                "{name}: {} of {total} files below it are gated (by {origin})\n",
                gated.len()
            );
            for (path, components) in gated.iter().take(MOST_FILES) {
                text.push_str(&format!("  {path}: {}\n", components.join(", ")));
            }
            if gated.len() > MOST_FILES {
                text.push_str(&format!("  … and {} more\n", gated.len() - MOST_FILES));
            }
            text
        }
    }
}

/// The path in the repository that a path on the command line means: relative to the current directory, or, in quotes, as reports
/// show it. As git does, `..` takes the name before it away.
fn relative(repository: &Repository, text: &OsStr) -> Result<RepoPath, Undecided> {
    use std::os::unix::ffi::OsStrExt as _;
    if let Some(path) = text
        .to_str()
        .filter(|text| text.starts_with('"'))
        .and_then(RepoPath::unquote)
    {
        return Ok(path);
    }
    let place = repository.work_tree().and_then(|root| root.canonicalize().ok());
    let here = std::env::current_dir().ok().and_then(|here| here.canonicalize().ok());
    let (Some(root), Some(here)) = (place, here) else {
        return Ok(RepoPath::new(text.as_bytes()));
    };
    if !here.starts_with(&root) && !Path::new(text).is_absolute() {
        // Where the environment names the work tree, its root is where paths begin.
        return Ok(RepoPath::new(text.as_bytes()));
    }
    let mut full = PathBuf::new();
    for part in here.join(text).components() {
        match part {
            Part::ParentDir => drop(full.pop()),
            Part::CurDir => {}
            part => full.push(part),
        }
    }
    // An absolute path may lead through links to the work tree.
    let followed = || Some(full.parent()?.canonicalize().ok()?.join(full.file_name()?));
    let inside = full.strip_prefix(&root).ok().map(PathBuf::from);
    let inside = inside.or_else(|| Some(followed()?.strip_prefix(&root).ok()?.to_owned()));
    match inside {
        Some(inside) => Ok(RepoPath::new(inside.as_os_str().as_bytes())),
        None => Err(Undecided::usage(
            format!("`{}` lies outside the repository", sanitize(&text.to_string_lossy())),
            command!["certgate", "explain", Placeholder::Path].why("of a file of this repository"),
        )),
    }
}
