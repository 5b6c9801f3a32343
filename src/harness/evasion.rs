//! What of git's command line steps around the hooks, or moves a protected branch without them (git(1), git-commit(1), git-config(1)).

use super::shell::{self, Command};

/// What a repository says of names that a command line holds.
pub(super) trait Names {
    /// Whether the policy protects a branch.
    fn protects(&self, branch: &str) -> bool;
    /// What an alias of git stands for.
    fn alias(&self, name: &str) -> Option<String>;
}

/// Aliases of aliases are followed this far.
const MAX_ALIASES: usize = 5;

/// Why a command must not run; `None` for all the others.
pub(super) fn evades(command: &Command, names: &impl Names) -> Option<String> {
    if let Some(why) = variables(command) {
        return Some(why);
    }
    match command.program() {
        "git" => git(command.words.get(1..).unwrap_or_default(), names, MAX_ALIASES),
        "certgate" => uninstalls(command),
        "export" => None,
        _ => of_hooks(command),
    }
}

/// Variables that switch hooks off (git(1), ENVIRONMENT VARIABLES; husky, lefthook and pre-commit have one each).
fn variables(command: &Command) -> Option<String> {
    if command.program() != "git" {
        return None;
    }
    command.variables.iter().find_map(|(name, value)| {
        let sets_hooks = name.starts_with("GIT_CONFIG") && is_hooks_key(value);
        let off = matches!(
            (name.as_str(), value.as_str()),
            (
                "HUSKY" | "LEFTHOOK" | "SIMPLE_GIT_HOOKS" | "SKIP_SIMPLE_GIT_HOOKS",
                "0" | "1" | "false"
            )
        ) && !(name == "HUSKY" && value == "1");
        let skips = name == "SKIP" && !value.is_empty();
        let overcommit = name.starts_with("OVERCOMMIT_DISABLE");
        (sets_hooks || off || skips || overcommit).then(|| format!("`{name}` switches hooks off"))
    })
}

fn is_hooks_key(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("core.hookspath") || lower.starts_with("hook.") || lower.contains("'hook.")
}

fn uninstalls(command: &Command) -> Option<String> {
    (command.words.get(1).map(String::as_str) == Some("uninstall"))
        .then(|| "`certgate uninstall` removes the hooks".to_owned())
}

/// Programs that remove or change files, at the hooks themselves.
fn of_hooks(command: &Command) -> Option<String> {
    let changes = matches!(
        command.program(),
        "rm" | "mv"
            | "cp"
            | "chmod"
            | "unlink"
            | "truncate"
            | "tee"
            | "sed"
            | "perl"
            | "dd"
            | "shred"
            | "ln"
            | "install"
    );
    let words = command.words.iter().skip(1).filter(|_| changes);
    words
        .chain(&command.writes)
        .find(|word| is_git_own(word))
        .map(|word| format!("`{word}` is git's own"))
}

/// True for hooks and configuration in a git directory.
pub(super) fn is_git_own(path: &str) -> bool {
    let path = path.strip_prefix("of=").unwrap_or(path);
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    let git = parts.iter().position(|part| *part == ".git");
    git.is_some_and(|at| match parts.get(at + 1) {
        None => true,
        Some(part) => part.starts_with("hooks") || part.starts_with("config") || part.starts_with('*'),
    })
}

fn git(words: &[String], names: &impl Names, aliases: usize) -> Option<String> {
    let mut at = 0;
    let mut given: Vec<(String, String)> = Vec::new();
    while let Some(word) = words.get(at).map(String::as_str) {
        if !word.starts_with('-') {
            break;
        }
        at += 1;
        match word {
            "-c" | "--config-env" => {
                let setting = words.get(at).map(String::as_str).unwrap_or_default();
                at += 1;
                if let Some(why) = sets(setting) {
                    return Some(why);
                }
                given.extend(
                    setting
                        .split_once('=')
                        .map(|(key, value)| (key.to_ascii_lowercase(), value.to_owned())),
                );
            }
            "-C" | "--git-dir" | "--work-tree" | "--namespace" | "--super-prefix" | "--attr-source" => at += 1,
            _ => {
                let setting = word.strip_prefix("--config-env=").or_else(|| word.strip_prefix("-c"));
                if let Some(why) = setting.and_then(sets) {
                    return Some(why);
                }
            }
        }
    }
    let (name, rest) = (words.get(at)?.as_str(), words.get(at + 1..).unwrap_or_default());
    if let Some(why) = subcommand(name, rest, names) {
        return Some(why);
    }
    let own = given
        .into_iter()
        .find(|(key, _)| *key == format!("alias.{}", name.to_ascii_lowercase()));
    let alias = own.map(|(_, value)| value).or_else(|| names.alias(name))?;
    if aliases == 0 {
        return None;
    }
    let joined = |text: &str| format!("{text} {}", rest.join(" "));
    if let Some(script) = alias.strip_prefix('!') {
        return shell::commands(&joined(script))
            .iter()
            .find_map(|command| match command.program() {
                "git" => git(command.words.get(1..).unwrap_or_default(), names, aliases - 1),
                _ => evades(command, names),
            });
    }
    let words: Vec<String> = alias
        .split_whitespace()
        .map(str::to_owned)
        .chain(rest.iter().cloned())
        .collect();
    git(&words, names, aliases - 1)
}

/// `KEY=VALUE` of `-c`.
fn sets(setting: &str) -> Option<String> {
    is_hooks_key(setting).then(|| "`core.hooksPath` and `hook.*` decide which hooks run".to_owned())
}

fn subcommand(name: &str, rest: &[String], names: &impl Names) -> Option<String> {
    match name {
        "commit" => no_verify(name, rest, Some('n'), "mFCctW"),
        "am" => no_verify(name, rest, Some('n'), "pC"),
        "merge" => no_verify(name, rest, None, ""),
        "push" | "pull" | "rebase" => no_verify(name, rest, None, ""),
        "config" => configures(rest),
        "branch" => branch(rest, names),
        "checkout" => recreates(rest, "-B", "-B", names),
        "switch" => recreates(rest, "-C", "--force-create", names),
        "worktree" => recreates(rest, "-B", "-B", names),
        "update-ref" => {
            let refs = rest.iter().filter_map(|word| word.strip_prefix("refs/heads/"));
            refs.into_iter().find(|branch| names.protects(branch)).map(moves)
        }
        _ => None,
    }
}

fn moves(branch: &str) -> String {
    format!("it moves the protected branch `{branch}` without a merge or a push")
}

/// Options whose value is the next word.
const VALUED: [&str; 14] = [
    "--message",
    "--file",
    "--author",
    "--date",
    "--template",
    "--reuse-message",
    "--reedit-message",
    "--fixup",
    "--squash",
    "--cleanup",
    "--trailer",
    "--pathspec-from-file",
    "--strategy",
    "--strategy-option",
];

/// `--no-verify`, in the shortest form that git takes, or its letter in a cluster; `valued` are the letters that take the rest.
fn no_verify(name: &str, rest: &[String], letter: Option<char>, valued: &str) -> Option<String> {
    let mut at = 0;
    while let Some(word) = rest.get(at) {
        at += 1;
        if word == "--" {
            return None;
        }
        if word.len() >= "--no-ver".len() && "--no-verify".starts_with(word.as_str()) {
            return Some(format!("`git {name} {word}` runs no hooks"));
        }
        if word.starts_with("--") {
            at += usize::from(VALUED.contains(&word.as_str()));
            continue;
        }
        let Some(cluster) = word.strip_prefix('-') else {
            continue;
        };
        for (place, option) in cluster.char_indices() {
            if Some(option) == letter {
                return Some(format!("`git {name} {word}` runs no hooks"));
            }
            if valued.contains(option) {
                at += usize::from(place + option.len_utf8() == cluster.len());
                break;
            }
            if matches!(option, 'S' | 'u') {
                break;
            }
        }
    }
    None
}

fn configures(rest: &[String]) -> Option<String> {
    const READS: [&str; 8] = [
        "--get",
        "--get-all",
        "--get-regexp",
        "--list",
        "-l",
        "get",
        "list",
        "--get-urlmatch",
    ];
    if rest.iter().any(|word| READS.contains(&word.as_str())) {
        return None;
    }
    let about = rest
        .iter()
        .find(|word| is_hooks_key(word) || word.eq_ignore_ascii_case("core"))?;
    let positional = rest.iter().filter(|word| !word.starts_with('-')).count();
    let alone = positional == 1
        && !rest
            .iter()
            .any(|word| word.starts_with("--un") || word.starts_with("--re"));
    let section = about.eq_ignore_ascii_case("core") && !rest.iter().any(|word| word.contains("section"));
    (!alone && !section).then(|| "`core.hooksPath` and `hook.*` decide which hooks run".to_owned())
}

fn branch(rest: &[String], names: &impl Names) -> Option<String> {
    let plain: Vec<&str> = rest
        .iter()
        .map(String::as_str)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let letters: String = rest
        .iter()
        .filter(|word| word.starts_with('-') && !word.starts_with("--"))
        .flat_map(|word| word.chars())
        .collect();
    let long = |name: &str| rest.iter().any(|word| word == name);
    let force = letters.contains(['f', 'M', 'C', 'D']) || long("--force");
    let moved = letters.contains(['m', 'M', 'c', 'C']) || long("--move") || long("--copy");
    let deletes = letters.contains(['d', 'D']) || long("--delete");
    let target = match (moved, deletes) {
        (true, _) => plain.last().copied().filter(|_| force),
        (false, true) => plain
            .iter()
            .copied()
            .find(|branch| names.protects(branch))
            .filter(|_| force),
        (false, false) => plain.first().copied().filter(|_| force),
    };
    // Renaming it away leaves its name free.
    let away = (moved && plain.len() > 1).then(|| plain.first().copied()).flatten();
    [target, away]
        .into_iter()
        .flatten()
        .find(|branch| names.protects(branch))
        .map(moves)
}

/// `checkout -B`, `switch -C`: makes a branch again where it exists.
fn recreates(rest: &[String], short: &str, long: &str, names: &impl Names) -> Option<String> {
    let mut words = rest.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let name = match word {
            word if word == short || word == long => words.next(),
            word => word
                .strip_prefix(short)
                .or_else(|| word.strip_prefix(&format!("{long}=")).or(None)),
        };
        if let Some(branch) = name.filter(|branch| names.protects(branch)) {
            return Some(moves(branch));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Main;

    impl Names for Main {
        fn protects(&self, branch: &str) -> bool {
            branch == "main"
        }

        fn alias(&self, name: &str) -> Option<String> {
            match name {
                "ci" => Some("commit -n".to_owned()),
                "quick" => Some("!git add -A && git ci".to_owned()),
                "st" => Some("status".to_owned()),
                "loop" => Some("loop".to_owned()),
                _ => None,
            }
        }
    }

    fn denied(text: &str) -> bool {
        shell::commands(text)
            .iter()
            .any(|command| evades(command, &Main).is_some())
    }

    #[test]
    fn ways_around_the_hooks_are_seen() {
        for text in [
            "git commit --no-verify -m x",
            "git commit --no-verif -m x",
            "git commit -n -m x",
            "git commit -anm x",
            "git commit -m x -n",
            "git -C sub commit -n",
            "git merge --no-verify topic",
            "git push --no-verify",
            "git am -n x.patch",
            "git -c core.hooksPath=/dev/null commit -m x",
            "git -c CORE.HOOKSPATH= commit -m x",
            "git --config-env=core.hooksPath=X commit",
            "git config core.hooksPath /dev/null",
            "git config --global core.hooksPath x",
            "git config --unset core.hooksPath",
            "git config set core.hooksPath x",
            "git config --remove-section core",
            "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/ git commit -m x",
            "export GIT_CONFIG_PARAMETERS=\"'core.hookspath'='/'\"; git commit",
            "HUSKY=0 git commit -m x",
            "LEFTHOOK=0 git push",
            "SKIP=certgate git commit",
            "git ci -m x",
            "git quick",
            "git -c alias.x='commit -n' x",
            "git branch -M main",
            "git branch -f main HEAD",
            "git branch -m main old",
            "git branch -D main",
            "git checkout -B main",
            "git switch -C main topic",
            "git update-ref refs/heads/main HEAD",
            "rm -rf .git/hooks",
            "rm .git/hooks/pre-commit",
            "chmod -x ./.git/hooks/pre-commit",
            "echo x > .git/config",
            "certgate uninstall",
        ] {
            assert!(denied(text), "{text}");
        }
    }

    #[test]
    fn honest_commands_run() {
        for text in [
            "git commit -m 'drop --no-verify'",
            "git commit -m --no-verify",
            "git commit -m -n",
            "git commit -mn",
            "git commit -uno -m x",
            "git commit -- -n",
            "git push -n",
            "git push origin topic",
            "git log -n 5",
            "git config core.hooksPath",
            "git config --get core.hooksPath",
            "git config user.name x",
            "git -c user.name=x commit -m x",
            "git branch -M topic",
            "git branch -d topic",
            "git checkout -B topic main",
            "git switch -c topic",
            "git update-ref refs/heads/topic HEAD",
            "git st -n",
            "git loop",
            "cat .git/hooks/pre-commit",
            "ls .git/hooks",
            "rm -rf build",
            "HUSKY=1 git commit -m x",
            "certgate check",
            "grep -rn no-verify .",
        ] {
            assert!(!denied(text), "{text}");
        }
    }
}
