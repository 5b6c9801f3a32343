//! The hooks of a clone and of its linked worktrees.

use std::path::Path;

use super::words::describe;
use super::{Findings, Health};
use crate::diagnostic::{Help, Remedy, Word, command, sanitize, shown};
use crate::gate::Undecided;
use crate::git::{Repository, Setting};
use crate::hooks::{self, HookName, Relay, State};
use crate::intake::by_git;

/// The hooks of one worktree; `of` names it where it is not the one that was asked about.
pub(crate) fn hooks(repository: &Repository, of: Option<&Path>, found: &mut Findings) -> Result<(), Undecided> {
    let directory = repository.hooks_dir()?;
    let place = of.map(|root| format!("worktree {}: ", shown(root))).unwrap_or_default();
    let shared = repository.shared_hooks()?;
    let command = match &shared {
        Some(_) => command!["certgate", "install", "--shared-hooks-path"],
        None => command!["certgate", "install"],
    };
    let install = match of {
        Some(root) => command.inside(root),
        None => command,
    };
    let by_git = by_git(repository)?;
    let states = hooks::state(&directory)?;
    if !elsewhere(repository, &directory, &states, of, found)? {
        for (name, state) in &states {
            if !by_configuration(repository, *name, &by_git, of, found)? {
                one(repository, &directory, *name, state, (&place, &install), found)?;
            }
        }
    }
    if let Some(mount) = hooks::noexec_mount(&directory) {
        found.bad(
            "noexec",
            format!(
                "{place}hooks are in {}, on a file system mounted noexec: git passes them by",
                shown(&directory)
            ),
            command!["mount", "-o", "remount,exec", &mount],
        );
    }
    let ours = states.iter().any(|(_, state)| matches!(state, State::Ours { .. }));
    if let (Some(why), true, None) = (&shared, ours, of) {
        found.note(
            "hooks-shared",
            format!(
                "{}: certgate runs in every repository that uses the directory, and judges those that have a policy",
                sanitize(why)
            ),
        );
    }
    if repository.work_tree().and_then(hooks::jujutsu).is_some() {
        found.note(
            "jj",
            format!("{place}jj works here and runs no hook of git: what it commits or pushes is judged in CI or on the server only"),
        );
    }
    if of.is_none() {
        strict(&states, found);
        for manager in hooks::managers(&directory)? {
            found.note(
                "manager",
                format!(
                    "{} also writes hooks here; docs/hook-managers.md says how both work",
                    manager.as_str()
                ),
            );
        }
    }
    Ok(())
}

/// Where `core.hooksPath` leads. True where it leads past certgate's hooks, so that what is missing there is one fault and not four.
fn elsewhere(
    repository: &Repository,
    directory: &Path,
    states: &[(HookName, State)],
    of: Option<&Path>,
    found: &mut Findings,
) -> Result<bool, Undecided> {
    let Some(setting) = repository.settings(|key| key == "core.hookspath")?.pop() else {
        return Ok(false);
    };
    let said = format!("core.hooksPath is {} ({})", setting.value, setting.scope);
    let here = states
        .iter()
        .any(|(name, state)| !name.is_optional() && !matches!(state, State::Missing));
    if here {
        if of.is_none() {
            found.note("hooks-path", format!("{said}: hooks are in {}", shown(directory)));
        }
        return Ok(false);
    }
    let own = repository.common_dir().join("hooks");
    let ours = hooks::state(&own)?
        .iter()
        .any(|(_, state)| matches!(state, State::Ours { .. }));
    let relative = !setting.value.starts_with(['/', '~']);
    if let (Some(root), true) = (of, relative) {
        let main = Repository::open()?.hooks_dir()?;
        found.bad(
            "hooks-path-relative",
            format!(
                "{said}, which is another place in every worktree, and none of certgate's hooks is in {}",
                shown(root)
            ),
            command!["git", "config", "--local", "core.hooksPath", &main],
        );
        return Ok(true);
    }
    if !ours && matches!(setting.scope.as_str(), "local" | "worktree") && !is_no_directory(directory) {
        return Ok(false);
    }
    found.push(
        "hooks-path",
        Health::Wrong,
        format!("{said}: git looks there for hooks, and certgate's are not there"),
        back(&setting, &own, ours, of),
    );
    Ok(true)
}

/// What returns git to the repository's own hooks.
fn back(setting: &Setting, own: &Path, ours: bool, of: Option<&Path>) -> Vec<Help> {
    let git = || match of {
        Some(root) => command!["git", "-C", root],
        None => command!["git"],
    };
    let unset = |scope: &str| git().args(["config", scope, "--unset-all", "core.hooksPath"]);
    let install = command!["certgate", "install"];
    let back = match setting.scope.as_str() {
        "local" => unset("--local"),
        "worktree" => unset("--worktree"),
        // Only the shell that has them can let go of its variables.
        "command" => {
            let mut helps = vec![Help::from("unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS")];
            helps.extend((!ours).then(|| install.into()));
            return helps;
        }
        _ => command!["git", "config", "--local", "core.hooksPath", own],
    };
    vec![match ours {
        true => back.into(),
        false => install.after(back).into(),
    }]
}

/// True where something that is no directory has the name, such as `/dev/null`.
fn is_no_directory(path: &Path) -> bool {
    path.exists() && !path.is_dir()
}

/// What git's own configuration says about a hook. True where it runs certgate there.
fn by_configuration(
    repository: &Repository,
    name: HookName,
    by_git: &[(HookName, String)],
    of: Option<&Path>,
    found: &mut Findings,
) -> Result<bool, Undecided> {
    if of.is_some() {
        return Ok(by_git.iter().any(|(event, _)| *event == name));
    }
    let off = repository.config(&format!("hook.{name}.enabled"))?;
    if off.is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0")) {
        found.bad(
            "hook-configured",
            format!("hook.{name}.enabled is false: git may run no {name}"),
            command!["git", "config", "--unset-all", format!("hook.{name}.enabled")],
        );
    }
    let named = |hook: &crate::git::ConfiguredHook| hook.runs_certgate(name.as_str());
    if !Repository::runs_configured_hooks()? && repository.configured_hooks()?.iter().any(named) {
        found.bad(
            "hook-configured",
            format!("hook {name} is in git's configuration, which this git does not run before 2.54"),
            command!["certgate", "install"].why("or upgrade git"),
        );
    }
    Ok(match by_git.iter().find(|(event, _)| *event == name) {
        Some((_, own)) => {
            found.good(
                "hook-configured",
                format!("hook {name}: git runs certgate by hook.{}", sanitize(own)),
            );
            true
        }
        None => false,
    })
}

/// A hook in the directory.
fn one(
    repository: &Repository,
    directory: &Path,
    name: HookName,
    state: &State,
    (place, install): (&str, &Remedy),
    found: &mut Findings,
) -> Result<(), Undecided> {
    let relay = hooks::relay(name, directory, repository.work_tree())?;
    let words = format!("{place}hook {name}: {}", describe(state, relay.as_ref()));
    let install = install.clone();
    match (state, &relay) {
        (State::Foreign { .. }, Some(Relay::Kept { .. } | Relay::Named { .. })) => found.good("hook", words),
        (State::Foreign { .. }, Some(Relay::Deaf { help, .. })) => found.bad("hook-deaf", words, help.clone()),
        (State::Missing | State::Foreign { .. } | State::Directory, _) if name.is_optional() => {}
        (State::Missing, _) => found.bad("hook-missing", words, install),
        (State::Foreign { .. }, _) => found.bad("hook-foreign", words, install),
        (State::Directory, _) => {
            let path = directory.join(name.as_str());
            let aside = command!["mv", &path, Word::from(&path).and(".old")];
            found.bad("hook-foreign", words, install.after(aside));
        }
        (State::Ours { binary, .. }, _) if !hooks::is_program(binary) => found.bad(
            "hook-program",
            format!("{words}, which is not there or cannot be run"),
            install,
        ),
        (State::Ours { executable: false, .. }, _) => found.bad("hook-not-executable", words, install),
        (State::Ours { current: false, .. }, _) => found.bad("hook-outdated", words, install),
        (State::Ours { .. }, _) => found.good("hook", words),
    }
    Ok(())
}

fn strict(states: &[(HookName, State)], found: &mut Findings) {
    let there = states
        .iter()
        .any(|(name, state)| *name == HookName::ReferenceTransaction && matches!(state, State::Ours { .. }));
    if !there {
        found.note_with(
            "strict",
            "fast-forwards, pulls and rebases of a protected branch run no other hook: they are judged at the push and in CI",
            command!["certgate", "install", "--strict"],
        );
    }
}

/// The other worktrees, where they look for hooks in another place.
pub(crate) fn other_worktrees(repository: &Repository, found: &mut Findings) -> Result<(), Undecided> {
    let here = repository.hooks_dir()?;
    let root = repository.work_tree().and_then(|root| root.canonicalize().ok());
    for other in repository.worktrees()? {
        if other.canonicalize().ok() == root {
            continue;
        }
        let opened = Repository::open_at(&other)?;
        if repository.is_bare() || opened.hooks_dir()? != here {
            hooks(&opened, Some(&other), found)?;
        }
    }
    Ok(())
}

/// Aliases that skip the hooks.
pub(crate) fn aliases(repository: &Repository, found: &mut Findings) -> Result<(), Undecided> {
    for alias in repository.settings(|key| key.starts_with("alias."))? {
        if alias.value.contains("--no-verify") || alias.value.to_ascii_lowercase().contains("core.hookspath") {
            let scope = match alias.scope.as_str() {
                "command" => continue,
                scope => format!("--{scope}"),
            };
            found.bad(
                "alias",
                format!("{} ({}) skips the hooks: {}", alias.key, alias.scope, alias.value),
                command!["git", "config", scope, "--unset-all", &alias.key],
            );
        }
    }
    Ok(())
}
