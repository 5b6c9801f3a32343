//! Git's configuration (git-config(1)): read from its files where they are plain, asked of git where they are not.
//!
//! A file that includes others, settings from the environment or the command line, a git that keeps its system file elsewhere: these are
//! git's to resolve, by one `git config --list`. Otherwise no process is started.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::locate::Location;
use super::run::{Runner, program};
use super::{GitError, Repository};

/// Every setting, the last of a key, by its key: section and variable in lower case.
pub(super) type Settings = HashMap<String, String>;

impl Repository {
    /// The value of a configuration key, such as `core.commentChar`, after all files, includes and the environment. A key without a
    /// value (true, in git's reading) is `true`.
    pub fn config(&self, key: &str) -> Result<Option<String>, GitError> {
        if self.config.get().is_none() {
            let settings = match from_files(&self.location, &self.runner) {
                Some(settings) => settings,
                None => parse(&self.runner.read(&["config", "--null", "--list"])?),
            };
            // Another value can only be there already if it was read from the same list.
            let _ = self.config.set(settings);
        }
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
        Ok(self.config.get().and_then(|settings| settings.get(&key).cloned()))
    }
}

fn parse(listed: &[u8]) -> Settings {
    let mut settings = HashMap::new();
    for setting in listed.split(|&b| b == 0).filter(|setting| !setting.is_empty()) {
        let text = String::from_utf8_lossy(setting);
        let (key, value) = text.split_once('\n').unwrap_or((&text, "true"));
        settings.insert(key.to_owned(), value.to_owned());
    }
    settings
}

/// The settings of plain files; `None` where git has to be asked.
fn from_files(location: &Location, runner: &Runner) -> Option<Settings> {
    let given = ["GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG"];
    if given.iter().any(|name| runner.variable(name).is_some()) {
        return None;
    }
    let mut settings = HashMap::new();
    for file in outside()? {
        add(&file, &mut settings)?;
    }
    add(&location.common_dir.join("config"), &mut settings)?;
    let per_worktree = |settings: &Settings| settings.get("extensions.worktreeconfig").cloned();
    match per_worktree(&settings)
        .as_deref()
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        None | Some("false") => {}
        Some("true") => add(&location.git_dir.join("config.worktree"), &mut settings)?,
        Some(_) => return None,
    }
    Some(settings)
}

/// The files of the system and the user, in the order in which git reads them.
fn outside() -> Option<Vec<PathBuf>> {
    let variable = |name: &str| std::env::var_os(name);
    let system = match (variable("GIT_CONFIG_NOSYSTEM"), variable("GIT_CONFIG_SYSTEM")) {
        (Some(value), _) if value == "1" || value == "true" => None,
        (Some(_), _) => return None,
        (None, Some(file)) => Some(PathBuf::from(file)),
        // Where the system's file is was decided when git was built; distributions put it there.
        (None, None) => match program().ok()?.parent()?.to_str()? {
            "/usr/bin" | "/bin" => Some(PathBuf::from("/etc/gitconfig")),
            _ => return None,
        },
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
    let files: Vec<PathBuf> = system.into_iter().chain(user).collect();
    let named = |file: &PathBuf| file.as_os_str().is_empty() || file.is_absolute();
    files.iter().all(named).then_some(files)
}

/// Adds what a file says. One that is not there says nothing; one that includes others is git's to read.
fn add(file: &Path, settings: &mut Settings) -> Option<()> {
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
        settings.insert(key, value);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with this configuration: what its files say here, and what git says.
    fn both(config: &str) -> (Option<Settings>, Settings) {
        let directory = tempfile::tempdir().unwrap();
        let runner = Runner::at(directory.path().to_owned());
        runner.read(&["init", "--quiet"]).unwrap();
        let location = Location::ask(&runner).unwrap();
        let file = directory.path().join(".git/config");
        let own = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, own + config).unwrap();
        let listed = runner.read(&["config", "--null", "--list"]);
        (
            from_files(&location, &runner),
            listed.map(|listed| parse(&listed)).unwrap_or_default(),
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
