//! `certgate policy check | show | packs`; `fetch` and `outdated` are in `imports.rs`.

use std::path::PathBuf;

use super::args::{ListFormat, PolicyArgs, PolicyCommand, ShowFormat};
use super::ending::Ending;
use super::fault::Doing as _;
use super::{imports, terminal};
use crate::change::{MAX_DOCUMENT, Snapshot};
use crate::diagnostic::{Diagnostic, Level, command, plural, sanitize};
use crate::gate::governing::{self, policy_path};
use crate::gate::{self, Undecided};
use crate::git::Repository;
use crate::policy::{Component, GlobList, Pin, Policy, PolicySource, Unvendored, packs};
use crate::report;
use crate::sensitivity::check_examples;
use crate::sensitivity::profiled::percent;

/// Carries it out.
pub(super) fn run(args: &PolicyArgs) -> Result<Ending, Undecided> {
    match &args.command {
        PolicyCommand::Check { policy, format } => check(policy.as_deref(), *format),
        PolicyCommand::Show {
            policy,
            format: ShowFormat::Human,
        } => show(policy.as_deref()),
        PolicyCommand::Show {
            policy,
            format: ShowFormat::Yaml,
        } => yaml(policy.as_deref()),
        PolicyCommand::Show {
            policy,
            format: ShowFormat::Json,
        } => json(policy.as_deref()),
        PolicyCommand::Packs => list(),
        PolicyCommand::Fetch { format } => imports::fetch(*format),
        PolicyCommand::Outdated { format } => imports::outdated(*format),
    }
}

/// Where a policy is: in a pack, or as bytes under a name.
enum Text {
    Pack(String),
    Bytes { name: String, bytes: Vec<u8>, from: From },
}

/// Where a policy was read from, and so where the copies of its imports are.
enum From {
    File(PathBuf),
    Commit(Box<Repository>, Snapshot),
}

impl From {
    fn copy(&self, pin: &Pin) -> Result<Vec<u8>, Unvendored> {
        match self {
            Self::File(path) => governing::copy_beside(path, pin),
            Self::Commit(repository, at) => governing::copy_at(repository, at, pin),
        }
    }
}

impl Text {
    /// The policy asked for: by default the one of the work tree, committed or not.
    fn find(name: Option<&str>) -> Result<Self, Undecided> {
        if let Some(name) = name {
            if name.starts_with("builtin:") || packs().iter().any(|pack| pack.name == name) {
                return Ok(Self::Pack(name.to_owned()));
            }
            return from_file(std::path::Path::new(name), name);
        }
        let repository = Repository::open()?;
        let name = policy_path().to_string();
        let Some(root) = repository.work_tree() else {
            let at = Snapshot::Commit(repository.commit("HEAD")?);
            let bytes = governing::policy_bytes(&repository, &at)?.ok_or_else(none)?;
            let from = From::Commit(Box::new(repository), at);
            return Ok(Self::Bytes { name, bytes, from });
        };
        let path = root.join(policy_path().as_path());
        if std::fs::symlink_metadata(&path).is_err() {
            return Err(none());
        }
        from_file(&path, &name)
    }

    fn name(&self) -> &str {
        match self {
            Self::Pack(name) | Self::Bytes { name, .. } => name,
        }
    }

    /// The policy, and its warnings.
    fn parse(&self) -> Result<(Policy, Vec<Diagnostic>), Undecided> {
        Ok(match self {
            Self::Pack(name) => (Policy::builtin(name)?, Vec::new()),
            Self::Bytes { name, bytes, from } => {
                let name = name.clone();
                Policy::parse_with(&PolicySource { name, bytes }, &|pin| from.copy(pin))?
            }
        })
    }
}

fn none() -> Undecided {
    let problem = Diagnostic::error(crate::diagnostic::Code::CG011, "the repository has no policy");
    problem
        .help(command!["certgate", "init"])
        .help(command!["certgate", "policy", "show", "builtin:default"].why("what judges meanwhile"))
        .into()
}

fn from_file(path: &std::path::Path, name: &str) -> Result<Text, Undecided> {
    let unreadable = |why: String| governing::policy_unreadable(name, &why);
    let metadata = std::fs::symlink_metadata(path).doing("read", path)?;
    if metadata.is_symlink() {
        return Err(unreadable("is a symbolic link; links are not followed".to_owned()));
    }
    if !metadata.is_file() {
        return Err(unreadable("is not a file".to_owned()));
    }
    if metadata.len() > MAX_DOCUMENT {
        return Err(unreadable(format!("has {} bytes", metadata.len())));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    Ok(Text::Bytes {
        name: name.to_owned(),
        bytes,
        from: From::File(path.to_owned()),
    })
}

fn check(name: Option<&str>, format: ListFormat) -> Result<Ending, Undecided> {
    let text = Text::find(name)?;
    let (policy, mut diagnostics) = text.parse()?;
    diagnostics.extend(check_examples(&policy));
    if name.is_none() {
        // A policy from elsewhere may be meant for another repository.
        let repository = Repository::open()?;
        let files = match repository.is_bare() {
            true => Snapshot::Commit(repository.commit("HEAD")?),
            false => Snapshot::Index,
        };
        diagnostics.extend(gate::idle_rules(&repository, &policy, &files)?);
    }
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.level() == Level::Error);
    let examples = policy.example_count();
    if format == ListFormat::Json {
        let counts = (policy.components.len(), examples);
        terminal::out(&report::policy_check_json(text.name(), counts, &diagnostics, !failed))?;
        return Ok(if failed { Ending::Blocked } else { Ending::Done });
    }
    terminal::diagnose_all(&diagnostics);
    let word = if failed { "does not hold" } else { "is valid" };
    terminal::out(&format!(
        "{}: {word}: {} components, {examples} examples run\n",
        sanitize(text.name()),
        policy.components.len()
    ))?;
    Ok(if failed { Ending::Blocked } else { Ending::Done })
}

/// A policy that is complete by itself. What came from a repository is made harmless by YAML's own escapes.
fn yaml(name: Option<&str>) -> Result<Ending, Undecided> {
    terminal::out(&resolved(Text::find(name)?)?)?;
    Ok(Ending::Done)
}

fn resolved(text: Text) -> Result<String, Undecided> {
    Ok(match text {
        Text::Pack(name) => Policy::resolved_builtin(&name)?,
        Text::Bytes { name, bytes, from } => {
            Policy::resolved(&PolicySource { name, bytes: &bytes }, &|pin| from.copy(pin))?
        }
    })
}

/// The same for programs.
fn json(name: Option<&str>) -> Result<Ending, Undecided> {
    let text = Text::find(name)?;
    let name = text.name().to_owned();
    let value = serde_yaml::from_str(&resolved(text)?)
        .map_err(|error| Undecided::internal(&format!("the resolved policy is no YAML: {error}")))?;
    terminal::out(&report::policy_json(&name, &value))?;
    Ok(Ending::Done)
}

fn show(name: Option<&str>) -> Result<Ending, Undecided> {
    let source = Text::find(name)?;
    let (policy, _) = source.parse()?;
    let mut text = format!("policy: {}\n", sanitize(source.name()));
    text.push_str(&format!("certificates: {}\n", join(&policy.certificates)));
    if let Some(since) = policy.since {
        text.push_str(&format!("ledger since: {since}\n"));
    }
    text.push_str("enforce:\n");
    for entry in &policy.enforce {
        text.push_str(&format!(
            "  {:<40} pre-commit {:<6} pre-push {:<6} merge {:<6} delete {:<6} force {}\n",
            join(&entry.branches),
            entry.pre_commit.as_str(),
            entry.pre_push.as_str(),
            entry.merge.as_str(),
            entry.delete.as_str(),
            entry.force.as_str()
        ));
    }
    if !policy.exclude.is_empty() {
        text.push_str(&format!("exclude: {}\n", join(&policy.exclude)));
    }
    if !policy.trusted_bumps.is_empty() {
        text.push_str("trusted_bumps:\n");
    }
    for entry in &policy.trusted_bumps {
        let of = |what: &str, names: &[String]| match names {
            [] => String::new(),
            names => format!("; {what} {}", sanitize(&names.join(", "))),
        };
        let signed = entry.signed_by.as_deref().unwrap_or_default();
        text.push_str(&format!(
            "  {}: at most a {} each{}{}\n",
            join(&entry.paths),
            entry.max.as_str(),
            of("signed by", signed),
            of("for", &entry.components)
        ));
    }
    if !policy.profiles.is_empty() {
        text.push_str("profiles:\n");
    }
    for entry in &policy.profiles {
        let commit = match &entry.commit {
            Some(commit) => commit.short(),
            None => "the commit that added it".to_owned(),
        };
        text.push_str(&format!(
            "  {} at {commit}: from {} inclusive or {} self on; for {}{}\n",
            sanitize(&entry.file),
            percent(entry.min_inclusive),
            percent(entry.min_self),
            entry.component.as_deref().unwrap_or("the nearest component"),
            if entry.callers { "; with callers" } else { "" }
        ));
    }
    if !policy.imports.is_empty() {
        text.push_str("imports:\n");
    }
    for pin in &policy.imports {
        text.push_str(&format!(
            "  {} of {} at {}: {}\n",
            sanitize(&pin.path.to_string()),
            sanitize(&pin.url),
            pin.rev.short(),
            pin.copy()
        ));
    }
    text.push_str("components:\n");
    for component in &policy.components {
        text.push_str(&describe(component));
    }
    terminal::out(&text)?;
    Ok(Ending::Done)
}

fn join(globs: &GlobList) -> String {
    globs.iter().map(sanitize).collect::<Vec<_>>().join(", ")
}

/// A component: its rules, and what it requires.
pub(super) fn describe(component: &Component) -> String {
    let mut text = String::new();
    let title = component
        .title
        .as_deref()
        .map(|title| format!("  {}", sanitize(title)))
        .unwrap_or_default();
    text.push_str(&format!(
        "  {} [{}, {}]{title}\n",
        component.id,
        component.risk.as_str(),
        component.origin
    ));
    for line in component.rules.describe() {
        text.push_str(&format!("      {}\n", sanitize(&line)));
    }
    let agents = if component.require.agents.is_empty() {
        "any agent".to_owned()
    } else {
        component.require.agents.join(", ")
    };
    text.push_str(&format!(
        "      requires {} of {}; binding {}\n",
        plural(component.require.approvals as usize, "approval"),
        sanitize(&agents),
        component.binding.as_str()
    ));
    let own = [
        ("pre-commit", component.enforce.pre_commit),
        ("pre-push", component.enforce.pre_push),
        ("merge", component.enforce.merge),
    ];
    for (stage, word) in own {
        if let Some(word) = word {
            text.push_str(&format!("      enforced at {stage}: {}\n", word.as_str()));
        }
    }
    if component.require.owners {
        text.push_str("      requires an owner of the file, by CODEOWNERS\n");
    }
    for (globs, agent) in &component.handoff {
        text.push_str(&format!("      hands {} off to {}\n", join(globs), sanitize(agent)));
    }
    text
}

fn list() -> Result<Ending, Undecided> {
    let lines: Vec<String> = packs()
        .iter()
        .map(|pack| format!("{:<14} {}\n", pack.name, pack.title))
        .collect();
    terminal::out(&lines.concat())?;
    Ok(Ending::Done)
}
