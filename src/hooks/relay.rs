//! What becomes of git's words on their way through another hook manager: whether it runs certgate at all, and whether what git says
//! about a push arrives.
//!
//! git calls pre-push with no lines where nothing is to be pushed, so no lines are no fault by themselves. They are one where something
//! is between git and certgate that reads them and does not hand them on. pre-commit and prek do so and report the push in the
//! environment, of one ref only; lefthook does unless `use_stdin` is set; so does any program that a script runs before.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::manager::{self, Manager};
use super::{HookName, HooksError, place};
use crate::diagnostic::{Code, Diagnostic, Help, Placeholder, Word, command, sanitize_bytes};

/// The names by which managers keep a hook that was there before theirs.
const KEPT: [&str; 2] = [".legacy", ".old"];

/// What of a push is known where pre-push got no lines.
#[derive(Debug)]
pub enum Told {
    /// git itself had nothing to say: nothing is pushed.
    Nothing,
    /// A manager known from the environment.
    Push(Pushed),
    /// Somebody has kept the lines, so nobody knows what is pushed.
    Lost(Box<Diagnostic>),
}

/// A push as pre-commit and prek tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// What is pushed: an id or another revision.
    pub local: String,
    /// The full name of the ref at the remote.
    pub name: String,
    /// The remote's name, or its address.
    pub remote: String,
    /// Where the push begins, by the manager's own reckoning.
    pub from: Option<String>,
}

/// How certgate is run by a hook that is not its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relay {
    /// The manager runs certgate's shim, which it found in place and keeps under another name.
    Kept {
        /// The shim.
        shim: PathBuf,
    },
    /// The manager's configuration names certgate.
    Named {
        /// The file.
        file: PathBuf,
    },
    /// It names certgate, but certgate does not learn all of what is pushed.
    Deaf {
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
        /// What fixes it.
        help: Help,
    },
}

/// Tells what is pushed where standard input said nothing. `variable` reads the environment, `hooks_dir` and `root` are the repository's;
/// `by_git` is true where git's configuration runs certgate, with nobody between.
pub fn told(
    variable: impl Fn(&str) -> Option<OsString>,
    hooks_dir: &Path,
    root: Option<&Path>,
    by_git: bool,
) -> Result<Told, HooksError> {
    let text = |name: &str| {
        variable(name)
            .and_then(|value| value.into_string().ok())
            .filter(|value| !value.is_empty())
    };
    let local = text("PRE_COMMIT_TO_REF").or_else(|| text("PRE_COMMIT_LOCAL_BRANCH"));
    if let (Some(local), Some(name), Some(remote)) =
        (local, text("PRE_COMMIT_REMOTE_BRANCH"), text("PRE_COMMIT_REMOTE_NAME"))
    {
        let name = match name.starts_with("refs/") {
            true => name,
            false => format!("refs/heads/{name}"),
        };
        let from = text("PRE_COMMIT_FROM_REF");
        return Ok(Told::Push(Pushed {
            local,
            name,
            remote,
            from,
        }));
    }
    if text("PRE_COMMIT").is_some() {
        let stage = text("PREK_HOOK_STAGE").map_or("pre-commit", |_| "prek");
        return Ok(lost(
            stage,
            "it did not report a push, as it does when git calls it",
            command![
                "certgate",
                "check",
                "--base",
                Word::from("origin/").and(Placeholder::Branch)
            ],
        ));
    }
    // Run as the hook that was there before, where both hand on every word.
    let legacy = text("PRE_COMMIT_RUNNING_LEGACY").or_else(|| text("PREK_RUNNING_LEGACY"));
    if by_git || legacy.is_some() {
        return Ok(Told::Nothing);
    }
    Ok(match relay(HookName::PrePush, hooks_dir, root)? {
        Some(Relay::Deaf { why, help, .. }) => lost(&keeper(hooks_dir), &why, help),
        None if manager::of(&HookName::PrePush.path(hooks_dir)) == Some(Manager::Lefthook) => {
            let why = "no configuration of it that can be read here says `use_stdin: true` beside certgate";
            lost("lefthook", why, command!["certgate", "install"])
        }
        _ => Told::Nothing,
    })
}

fn keeper(hooks_dir: &Path) -> String {
    match manager::of(&HookName::PrePush.path(hooks_dir)) {
        Some(manager) => manager.as_str().to_owned(),
        None => "the hook pre-push".to_owned(),
    }
}

fn lost(who: &str, why: &str, help: impl Into<Help>) -> Told {
    let problem = Diagnostic::error(
        Code::CG723,
        format!("{who} does not hand on what git says about the push"),
    )
    .because(why.to_owned())
    .because("so it is not known what is pushed, and nothing was judged")
    .help(help);
    Told::Lost(Box::new(problem))
}

/// How certgate is run where another's hook is in place; `None` where nothing says that it is, or where the hook is certgate's own.
pub fn relay(name: HookName, hooks_dir: &Path, root: Option<&Path>) -> Result<Option<Relay>, HooksError> {
    let path = name.path(hooks_dir);
    if !matches!(place::inspect(&path)?, place::Found::Foreign { executable: true }) {
        return Ok(None);
    }
    if let Some(shim) = kept(name, hooks_dir)? {
        return Ok(Some(Relay::Kept { shim }));
    }
    if manager::is_husky(hooks_dir) {
        let file = hooks_dir.parent().unwrap_or(hooks_dir).join(name.as_str());
        return Ok(script(name, file));
    }
    Ok(match manager::of(&path) {
        Some(Manager::PreCommit | Manager::Prek) => {
            let files = [".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.toml"];
            let Some(file) = naming(root, &files, &[format!("hook {name}"), format!("certgate-{name}")]) else {
                return Ok(None);
            };
            Some(match name {
                HookName::PrePush => Relay::Deaf {
                    file,
                    why: "of a push of several refs it tells certgate the first one".to_owned(),
                    help: command!["certgate", "install"].into(),
                },
                _ => Relay::Named { file },
            })
        }
        Some(Manager::Lefthook) => lefthook(name, root),
        Some(Manager::Overcommit | Manager::Husky | Manager::Gitea | Manager::Forgejo) => None,
        Some(Manager::SimpleGitHooks) | None => script(name, path),
    })
}

/// The shim of ours that pre-commit or prek found and still run.
pub(super) fn kept(name: HookName, hooks_dir: &Path) -> Result<Option<PathBuf>, HooksError> {
    let runs_it = matches!(
        manager::of(&name.path(hooks_dir)),
        Some(Manager::PreCommit | Manager::Prek)
    );
    let path = hooks_dir.join(format!("{name}.legacy"));
    Ok(match place::inspect(&path)? {
        place::Found::Ours { executable: true, .. } if runs_it => Some(path),
        _ => None,
    })
}

/// Shims of ours under the names that managers give to what they found.
pub(super) fn set_aside(name: HookName, hooks_dir: &Path) -> Result<Vec<PathBuf>, HooksError> {
    let mut found = Vec::new();
    for suffix in KEPT {
        let path = hooks_dir.join(format!("{name}{suffix}"));
        if matches!(place::inspect(&path)?, place::Found::Ours { .. }) {
            found.push(path);
        }
    }
    Ok(found)
}

/// The first of the files that holds one of the words.
fn naming(root: Option<&Path>, files: &[&str], words: &[String]) -> Option<PathBuf> {
    let files = files.iter().map(|file| root.map(|root| root.join(file)));
    files.flatten().find(|file| {
        let text = read(file).unwrap_or_default();
        text.contains("certgate") && words.iter().any(|word| text.contains(word.as_str()))
    })
}

/// A file's beginning as text; `None` where there is none that can be read.
fn read(file: &Path) -> Option<String> {
    let bytes = file.is_file().then(|| place::read_head(file).ok())??;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// A script, such as husky's for the user or one written by hand, that runs `certgate hook NAME`. What runs before it may read what git
/// says.
fn script(name: HookName, file: PathBuf) -> Option<Relay> {
    let text = read(&file)?;
    let call = format!("hook {name}");
    let mut before = text.lines().map(str::trim).take_while(|line| !calls(line, &call));
    let eater = before.find(|line| runs_something(line)).map(str::to_owned);
    let line = text.lines().map(str::trim).find(|line| calls(line, &call))?;
    let first = line.split("certgate").next().unwrap_or_default();
    let first = first.strip_prefix("exec ").unwrap_or(first).trim_matches(['"', '\'']);
    let alone = first.is_empty() || (first.ends_with('/') && !first.contains(char::is_whitespace));
    if name != HookName::PrePush || (eater.is_none() && alone) {
        return Some(Relay::Named { file });
    }
    let shown = sanitize_bytes(eater.as_deref().unwrap_or(line).as_bytes());
    Some(Relay::Deaf {
        why: format!("`{shown}` runs before certgate there and may read it"),
        help: format!(
            "make `certgate hook pre-push \"$@\"` the first command of {}",
            sanitize_bytes(std::os::unix::ffi::OsStrExt::as_bytes(file.as_os_str()))
        )
        .into(),
        file,
    })
}

fn calls(line: &str, call: &str) -> bool {
    !line.starts_with('#') && line.contains("certgate") && line.contains(call)
}

/// True for a line that may read standard input: any but those that surely do not.
fn runs_something(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    let harmless = word.is_empty()
        || word.starts_with('#')
        || matches!(
            word,
            "set" | "export" | "echo" | "printf" | "cd" | "unset" | ":" | "umask"
        )
        || (word == "." && line.ends_with("husky.sh\""));
    !harmless || line.contains(['`', ';', '|', '&']) || line.contains("$(") && word != "."
}

/// lefthook's configuration, where it is plain: files of the root, in the order in which lefthook looks for them.
fn lefthook(name: HookName, root: Option<&Path>) -> Option<Relay> {
    let root = root?;
    let mut found = None;
    for stem in ["lefthook", ".lefthook", ".config/lefthook"] {
        for local in ["", "-local"] {
            for extension in ["yml", "yaml", "json", "toml"] {
                let file = root.join(format!("{stem}{local}.{extension}"));
                let Some(text) = read(&file) else { continue };
                if let Some(hears) = hears(&text, name) {
                    // One entry that does not hear is enough to be reported.
                    if found.is_none() || !hears {
                        found = Some((file, hears));
                    }
                }
            }
        }
    }
    let (file, hears) = found?;
    if hears || name != HookName::PrePush {
        return Some(Relay::Named { file });
    }
    Some(Relay::Deaf {
        why: "`use_stdin: true` is missing beside the line that runs certgate".to_owned(),
        help: format!(
            "add `use_stdin: true` beside `run: certgate hook pre-push {{0}}` in {}",
            sanitize_bytes(std::os::unix::ffi::OsStrExt::as_bytes(file.as_os_str()))
        )
        .into(),
        file,
    })
}

/// Whether what runs `certgate hook NAME` gets standard input; `None` where nothing runs it.
fn hears(text: &str, name: HookName) -> Option<bool> {
    let call = format!("hook {name}");
    match serde_yaml::from_str::<serde_yaml::Value>(text) {
        Ok(value) => entries(value.get(name.as_str())?, &call),
        // TOML, or what lefthook itself cannot read: by its words.
        Err(_) => (text.contains("certgate") && text.contains(&call)).then(|| text.contains("use_stdin = true")),
    }
}

fn entries(value: &serde_yaml::Value, call: &str) -> Option<bool> {
    let here = value
        .get("run")
        .and_then(serde_yaml::Value::as_str)
        .filter(|run| run.contains("certgate") && run.contains(call))
        .map(|_| value.get("use_stdin").and_then(serde_yaml::Value::as_bool) == Some(true));
    let below = match value {
        serde_yaml::Value::Mapping(map) => map
            .values()
            .filter_map(|value| entries(value, call))
            .reduce(|a, b| a && b),
        serde_yaml::Value::Sequence(all) => all
            .iter()
            .filter_map(|value| entries(value, call))
            .reduce(|a, b| a && b),
        _ => None,
    };
    match (here, below) {
        (Some(a), Some(b)) => Some(a && b),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn lefthook_hears_where_every_entry_is_told_to() {
        let hears = |text: &str| hears(text, HookName::PrePush);
        let entry = "run: certgate hook pre-push {0}";
        assert_eq!(
            hears(&format!("pre-push: {{commands: {{a: {{{entry}}}}}}}").replace("{0}", "x")),
            Some(false)
        );
        assert_eq!(
            hears("pre-push:\n  jobs:\n  - {run: certgate hook pre-push x, use_stdin: true}\n"),
            Some(true)
        );
        let group =
            "pre-push:\n  jobs:\n  - group:\n      jobs:\n      - {run: certgate hook pre-push x, use_stdin: true}\n";
        assert_eq!(hears(group), Some(true));
        assert_eq!(
            hears(&format!("{group}  - {{run: certgate hook pre-push x}}\n")),
            Some(false)
        );
        assert_eq!(
            hears("pre-push:\n  jobs:\n  - {run: make test, use_stdin: true}\n"),
            None
        );
        assert_eq!(
            hears("pre-commit:\n  jobs:\n  - {run: certgate hook pre-push x, use_stdin: true}\n"),
            None
        );
        assert_eq!(
            hears("[pre-push.commands.a]\nrun = \"certgate hook pre-push {0}\"\n"),
            Some(false)
        );
        assert_eq!(
            hears("[pre-push.commands.a]\nrun = \"certgate hook pre-push {0}\"\nuse_stdin = true\n"),
            Some(true)
        );
    }

    #[test]
    fn a_script_is_deaf_where_something_runs_before() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pre-push");
        let deaf = |text: &str| {
            fs::write(&file, text).unwrap();
            match script(HookName::PrePush, file.clone()) {
                None => None,
                Some(Relay::Deaf { why, .. }) => Some(why),
                Some(_) => Some(String::new()),
            }
        };
        for hears in [
            "certgate hook pre-push \"$@\"\nnpm test\n",
            "#!/bin/sh\n# a word\n\nset -e\n. \"$(dirname -- \"$0\")/_/husky.sh\"\nexec /usr/bin/certgate hook pre-push \"$@\"\n",
            "\"/opt/a/certgate\" hook pre-push \"$@\"\n",
        ] {
            assert_eq!(deaf(hears).as_deref(), Some(""), "{hears}");
        }
        for before in ["npm test", "git lfs pre-push \"$@\"", "export A=$(cat)", "echo a | cat"] {
            let why = deaf(&format!("{before}\ncertgate hook pre-push \"$@\"\n")).unwrap();
            assert!(why.contains("runs before certgate there"), "{before}: {why}");
        }
        assert!(
            deaf("make && certgate hook pre-push \"$@\"\n")
                .unwrap()
                .contains("make && certgate")
        );
        assert_eq!(deaf("# certgate hook pre-push\nmake\n"), None);
    }
}
