//! Where a setting comes from (git-config(1), `--show-scope`), which worktrees there are, and whose the hooks directory is.

use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use super::{GitError, Repository};

/// A value of git's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `system`, `global`, `local`, `worktree` or `command`.
    pub scope: String,
    /// The key, section and variable in lower case.
    pub key: String,
    /// The value.
    pub value: String,
}

impl Repository {
    /// The settings whose keys are wanted, in the order in which git reads them: of one key the last counts.
    pub fn settings(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<Setting>, GitError> {
        let all = self.settings_with(&wanted)?.iter();
        Ok(all.filter(|setting| wanted(&setting.key)).cloned().collect())
    }

    /// Why the hooks directory may be that of other repositories, too; `None` where it is this one's alone.
    ///
    /// It is this one's where it lies in the git directory or in a worktree, followed through links, unless the user's or the machine's
    /// configuration names it by a path that is the same in every repository.
    pub fn shared_hooks(&self) -> Result<Option<String>, GitError> {
        let setting = self.settings(|key| key == "core.hookspath")?.pop();
        if let Some(Setting { scope, value, .. }) = &setting
            && matches!(scope.as_str(), "global" | "system")
            && value.starts_with(['/', '~', '%'])
        {
            return Ok(Some(format!(
                "core.hooksPath is {value} in the {scope} configuration of git"
            )));
        }
        let directory = resolved(&self.hooks_dir()?);
        let own = [Some(self.common_dir()), Some(self.git_dir()), self.work_tree()];
        let inside = |root: &Path| directory.starts_with(resolved(root));
        if own.into_iter().flatten().any(inside) || self.worktrees()?.iter().any(|root| inside(root)) {
            return Ok(None);
        }
        Ok(Some(match setting {
            Some(setting) => format!("core.hooksPath is {}, outside the repository", setting.value),
            None => "the hooks directory is a link that leads out of the repository".to_owned(),
        }))
    }

    /// The roots of the worktrees that are there, the main one first (git-worktree(1)); none for a bare repository itself.
    pub fn worktrees(&self) -> Result<Vec<PathBuf>, GitError> {
        let listed = self.runner.read(&["worktree", "list", "--porcelain"])?;
        let mut found = Vec::new();
        for entry in listed.split(|&b| b == b'\n') {
            match entry.strip_prefix(b"worktree ") {
                Some(path) => found.push(PathBuf::from(std::ffi::OsString::from_vec(path.to_vec()))),
                None if entry == b"bare" => {
                    found.pop();
                }
                None => {}
            }
        }
        found.retain(|path| path.is_dir());
        Ok(found)
    }
}

/// A path with its links followed, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut at = path;
    loop {
        if let Ok(found) = at.canonicalize() {
            return rest.iter().rev().fold(found, |path, name| path.join(name));
        }
        match (at.parent(), at.file_name()) {
            (Some(parent), Some(name)) => {
                rest.push(name);
                at = parent;
            }
            _ => return path.to_owned(),
        }
    }
}

/// Reads what a file says; `None` where git has to be asked, since it includes others, is no text or is read otherwise by git, or where it
/// cannot be read.
pub(super) fn parsed(scope: &str, file: &Path, text: &[u8]) -> Option<Vec<Setting>> {
    let includes = text
        .windows(b"include".len())
        .any(|word| word.eq_ignore_ascii_case(b"include"));
    // What a value that begins on the next line begins with, git and libgit2 do not agree on.
    let begins_later = |line: &[u8]| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.strip_suffix(b"\\")
            .is_some_and(|before| before.trim_ascii_end().ends_with(b"="))
    };
    if includes || std::str::from_utf8(text).is_err() || text.split(|&b| b == b'\n').any(begins_later) {
        return None;
    }
    let mut found = Vec::new();
    if text.is_empty() {
        return Some(found);
    }
    let read = git2::Config::open(file).ok()?;
    let mut entries = read.entries(None).ok()?;
    while let Some(entry) = entries.next() {
        let entry = entry.ok()?;
        let key = entry.name().ok()?.to_owned();
        let value = match entry.has_value() {
            true => entry.value().ok()?.to_owned(),
            false => "true".to_owned(),
        };
        found.push(Setting {
            scope: scope.to_owned(),
            key,
            value,
        });
    }
    Some(found)
}

/// Reads scope, NUL, key, line break, value, NUL; a key without a value is true.
pub(super) fn read(listed: &[u8]) -> Vec<Setting> {
    let mut parts = listed.split(|&b| b == 0);
    let mut found = Vec::new();
    while let (Some(scope), Some(setting)) = (parts.next(), parts.next()) {
        let text = String::from_utf8_lossy(setting);
        let (key, value) = text.split_once('\n').unwrap_or((&text, "true"));
        found.push(Setting {
            scope: String::from_utf8_lossy(scope).into_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
        });
    }
    found
}

/// Reads what git tells its children of `git -c` (`GIT_CONFIG_PARAMETERS`): `'KEY'='VALUE'` for each, without a value where the key is
/// true (`parse_config_env_list` in git's config.c). `None` where it is in another form, or includes a file: then it is git's to read.
pub(super) fn given(words: &str) -> Option<Vec<Setting>> {
    let mut found = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        let (key, after) = quoted(rest)?;
        let (value, after) = match after.strip_prefix('=')? {
            after if after.is_empty() || after.starts_with(' ') => ("true".to_owned(), after),
            after => quoted(after)?,
        };
        found.push(Setting {
            scope: "command".to_owned(),
            key: canonical(&key)?,
            value,
        });
        rest = match after.strip_prefix(' ') {
            Some(next) => next,
            None if after.is_empty() => after,
            None => return None,
        };
    }
    Some(found)
}

/// What is in single quotes at the start of a text, as git quotes for a shell, and what comes after it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut plain = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let (inside, after) = rest.split_once('\'')?;
        plain.push_str(inside);
        // A quote, and the mark of csh's history, are outside.
        let special = after.strip_prefix('\\').and_then(|after| {
            let mark = after.chars().next().filter(|mark| matches!(mark, '\'' | '!'))?;
            Some((mark, after.strip_prefix(mark)?.strip_prefix('\'')?))
        });
        match special {
            Some((mark, after)) => {
                plain.push(mark);
                rest = after;
            }
            None => return Some((plain, after)),
        }
    }
}

/// A key as git lists it: section and variable in small letters; `None` for what git would refuse, and for an include.
fn canonical(key: &str) -> Option<String> {
    let (section, _) = key.split_once('.')?;
    let (middle, variable) = key.rsplit_once('.')?;
    let middle = middle.strip_prefix(section)?;
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let section = section.to_ascii_lowercase();
    let sound = word(&section)
        && word(variable)
        && variable.starts_with(|c: char| c.is_ascii_alphabetic())
        && !middle.contains('\n')
        && !section.starts_with("include");
    sound.then(|| format!("{section}{middle}.{}", variable.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::run::Runner;

    #[test]
    fn what_the_command_line_gave_is_read_as_git_reads_it() {
        let directory = tempfile::tempdir().unwrap();
        let runner = Runner::at(directory.path().to_owned());
        runner.read(&["init", "--quiet"]).unwrap();
        for words in [
            "'core.hooksPath'='.git/usual'",
            "'Core.EditOR'=':' 'alias.X'='!f() { echo \"a b\"; }; f' 'a.b'=",
            "'branch.a.B c.remote'='it'\\''s' 'user.name'='o'\\!'",
            "'a.b'=''",
            "'a.b'='two\nlines' 'a.b'='='",
            "'remote.o=x.url'='a.b=c'",
            // As git wrote it before 2.31, and what it refuses or follows.
            "'a.b=c'",
            "'a.b'='c",
            "'a'='c'",
            "'a.1'='c'",
            "'a.b'='c'x",
            "'a.b'  'c'",
            "'include.path'='nowhere'",
        ] {
            let mut command = runner.command(&["config", "--null", "--show-scope", "--list"]).unwrap();
            let answer = command.env("GIT_CONFIG_PARAMETERS", words).output().unwrap();
            // What certgate itself adds comes last.
            let git: Vec<Setting> = read(&answer.stdout);
            let own = ["core.fsmonitor", "core.bigfilethreshold", "advice.graftfiledeprecated"];
            let git: Vec<Setting> = git
                .into_iter()
                .filter(|setting| setting.scope == "command" && !own.contains(&setting.key.as_str()))
                .collect();
            match given(words) {
                Some(ours) => assert_eq!((ours, true), (git, answer.status.success()), "{words}"),
                None => assert!(
                    !answer.status.success() || words == "'a.b=c'" || words.contains("include"),
                    "{words}"
                ),
            }
        }
        assert_eq!(given("'core.hooksPath'='.git/usual'").map(|found| found.len()), Some(1));
    }

    #[test]
    fn reads_settings_with_their_scope() {
        let found = read(b"global\0alias.ci\ncommit\n--no-verify\0local\0core.bare\0");
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].scope.as_str(), found[0].value.as_str()),
            ("global", "commit\n--no-verify")
        );
        assert_eq!((found[1].key.as_str(), found[1].value.as_str()), ("core.bare", "true"));
    }
}
