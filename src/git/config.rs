//! Git's configuration (git-config(1)): read from its files where they are plain, asked of git where they are not.
//!
//! A file that includes others, settings of the environment by number, a git that keeps its system file elsewhere: these are git's to
//! resolve, by one `git config --list`. Otherwise no process is started.

use std::path::{Path, PathBuf};

use super::locate::Location;
use super::run::{Runner, program};
use super::setting::{Setting, given, read};
use super::{GitError, Repository};

impl Repository {
    /// The value of a configuration key, such as `core.commentChar`, after all files, includes and the environment. A key without a
    /// value (true, in git's reading) is `true`.
    pub fn config(&self, key: &str) -> Result<Option<String>, GitError> {
        // Section and variable compare without case, what is between them does not.
        let key = match (key.split_once('.'), key.rsplit_once('.')) {
            (Some((section, _)), Some((middle, variable))) => {
                let middle = middle.get(section.len()..).unwrap_or_default();
                format!(
                    "{}{middle}.{}",
                    section.to_ascii_lowercase(),
                    variable.to_ascii_lowercase()
                )
            }
            _ => key.to_owned(),
        };
        let found = self.all_settings()?.iter().rfind(|setting| setting.key == key);
        Ok(found.map(|setting| setting.value.clone()))
    }

    /// All settings in the order in which git reads them, read once.
    pub(super) fn all_settings(&self) -> Result<&[Setting], GitError> {
        if let Some(settings) = self.config.get() {
            return Ok(settings);
        }
        let settings = match plain(&self.location, &self.runner) {
            Some(settings) => settings,
            None => read(&self.runner.read(&["config", "--null", "--show-scope", "--list"])?),
        };
        Ok(self.config.get_or_init(|| settings))
    }
}

/// The settings of plain files and of `git -c`, in git's order; `None` where git has to be asked.
fn plain(location: &Location, runner: &Runner) -> Option<Vec<Setting>> {
    let elsewhere = ["GIT_CONFIG_COUNT", "GIT_CONFIG"];
    if elsewhere.iter().any(|name| runner.variable(name).is_some()) {
        return None;
    }
    let on_the_command_line = match runner.variable("GIT_CONFIG_PARAMETERS") {
        Some(words) => given(words.to_str()?)?,
        None => Vec::new(),
    };
    let mut settings = Vec::new();
    for (scope, file) in outside()? {
        add(scope, &file, &mut settings)?;
    }
    add("local", &location.common_dir.join("config"), &mut settings)?;
    let per_worktree = settings
        .iter()
        .rfind(|setting| setting.key == "extensions.worktreeconfig");
    match per_worktree
        .map(|setting| setting.value.to_ascii_lowercase())
        .as_deref()
    {
        None | Some("false") => {}
        Some("true") => add("worktree", &location.git_dir.join("config.worktree"), &mut settings)?,
        Some(_) => return None,
    }
    settings.extend(on_the_command_line);
    Some(settings)
}

/// The files of the system and the user, in the order in which git reads them.
fn outside() -> Option<Vec<(&'static str, PathBuf)>> {
    let variable = |name: &str| std::env::var_os(name);
    let system = match (variable("GIT_CONFIG_NOSYSTEM"), variable("GIT_CONFIG_SYSTEM")) {
        (Some(value), _) if value == "1" || value == "true" => None,
        (Some(_), _) => return None,
        (None, Some(file)) => Some(PathBuf::from(file)),
        (None, None) => system_file(program().ok()?)?,
    };
    let user = match variable("GIT_CONFIG_GLOBAL") {
        Some(file) => vec![PathBuf::from(file)],
        None => {
            let home = variable("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
            let xdg = variable("XDG_CONFIG_HOME")
                .filter(|xdg| !xdg.is_empty())
                .map(PathBuf::from);
            let xdg = xdg.or_else(|| home.as_ref().map(|home| home.join(".config")));
            let xdg = xdg.map(|xdg| xdg.join("git/config"));
            xdg.into_iter()
                .chain(home.map(|home| home.join(".gitconfig")))
                .collect()
        }
    };
    let system = system.map(|file| ("system", file));
    let files: Vec<_> = system
        .into_iter()
        .chain(user.into_iter().map(|file| ("global", file)))
        .collect();
    let named = |(_, file): &(_, PathBuf)| file.as_os_str().is_empty() || file.is_absolute();
    files.iter().all(named).then_some(files)
}

/// The system's file. Where it is was decided when git was built: by habit in `/etc` for a git in `/usr`, and below its own prefix for others. Of those
/// only that there is none in either place is believed.
#[expect(clippy::option_option, reason = "a file, none, or nobody knows")]
fn system_file(git: &Path) -> Option<Option<PathBuf>> {
    let directory = git.parent()?;
    let prefix = ["libexec/git-core", "lib/git-core", "bin"].iter().find_map(|end| {
        directory.ends_with(end).then(|| {
            let parts = end.split('/').count();
            directory.ancestors().nth(parts)
        })
    })??;
    let usual = PathBuf::from("/etc/gitconfig");
    if prefix == Path::new("/usr") || prefix == Path::new("/") {
        return Some(Some(usual));
    }
    let absent = |file: &Path| file.symlink_metadata().is_err();
    (absent(&usual) && absent(&prefix.join("etc/gitconfig"))).then_some(None)
}

/// Adds what a file says. One that is not there says nothing; one that includes others is git's to read.
fn add(scope: &str, file: &Path, settings: &mut Vec<Setting>) -> Option<()> {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(()),
        Err(_) => return None,
    };
    let includes = text
        .windows(b"include".len())
        .any(|word| word.eq_ignore_ascii_case(b"include"));
    if includes || std::str::from_utf8(&text).is_err() {
        return None;
    }
    if text.is_empty() {
        return Some(());
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
        settings.push(Setting {
            scope: scope.to_owned(),
            key,
            value,
        });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with this configuration: what its files say here, and what git says.
    fn both(config: &str) -> (Option<Vec<Setting>>, Vec<Setting>) {
        let directory = tempfile::tempdir().unwrap();
        let runner = Runner::at(directory.path().to_owned());
        runner.read(&["init", "--quiet"]).unwrap();
        let location = Location::ask(&runner).unwrap();
        let file = directory.path().join(".git/config");
        let own = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, own + config).unwrap();
        let listed = runner.read(&["config", "--null", "--show-scope", "--list"]);
        (
            plain(&location, &runner),
            listed.map(|listed| read(&listed)).unwrap_or_default(),
        )
    }

    #[test]
    fn plain_files_are_read_as_git_reads_them() {
        for config in [
            "",
            "[core]\n\tcommentChar = ;\n",
            "[Core]\n  CommentString = \"#>\" ; why\n[commit] cleanup=scissors\n",
            "[core]\n\tcommentChar = %\n[status]\n\tshort\n[core]\n\tcommentChar = !\n",
            "[branch \"a.b C\"]\n\tremote = o\\tr\\\\x\\\"y\n[branch \"q\\\"r\"]\n\tremote = \"a b \"  # no\n",
            "[i18n]\n\tcommitEncoding = \\\n  latin1\n[alias]\n\tx = \"!f() { echo; }; f\"\n",
            "[remote \"o\"]\n\turl = a\n\turl = b\n\tfetch = +refs/heads/*:refs/remotes/o/*\n[url \"x\"]\n\tinsteadOf = a\n",
            "[a.B]\n\tkey = 1\n[a \"B\"]\n\tkey = 2\n",
            "[core]\n\tautocrlf = input\r\n\tpager = less  -R  \r\n",
        ] {
            let (ours, git) = both(config);
            match ours {
                Some(ours) => assert_eq!(ours, git, "{config:?}"),
                // Who runs the tests may have settings that are not plain.
                None => assert_eq!(both("").0, None, "{config:?}"),
            }
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_git() {
        for config in [
            "[include]\n\tpath = other\n",
            "[includeIf \"gitdir:/\"]\n\tpath = other\n",
            "[extensions]\n\tworktreeConfig = maybe\n",
            "[core\n",
        ] {
            assert_eq!(both(config).0, None, "{config:?}");
        }
    }
}
