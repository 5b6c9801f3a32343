//! Git's configuration (git-config(1)): read from its files where they are plain, asked of git where they are not.
//!
//! A file that includes others, settings of the environment by number, a key in a system file of which only git knows whether it is its own: these
//! are git's to resolve, by one `git config --list`. Otherwise no process is started.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::locate::Location;
use super::run::{Runner, program};
use super::setting::{Setting, given, parsed, read};
use super::{GitError, Repository};

/// What has been read of the configuration.
#[derive(Default)]
pub(super) struct Config {
    /// By its files; `None` where git has to be asked.
    plain: OnceCell<Option<Plain>>,
    /// As git lists it.
    listed: OnceCell<Vec<Setting>>,
}

/// What plain files and `git -c` say, in git's order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plain {
    settings: Vec<Setting>,
    /// Keys of a file of which only git knows whether it reads it.
    doubtful: Vec<String>,
}

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
        let all = self.settings_with(|other| other == key)?;
        let found = all.iter().rfind(|setting| setting.key == key);
        Ok(found.map(|setting| setting.value.clone()))
    }

    /// All settings in the order in which git reads them, read once; of keys that are not wanted some may be missing.
    pub(super) fn settings_with(&self, wanted: impl Fn(&str) -> bool) -> Result<&[Setting], GitError> {
        let plain = self.config.plain.get_or_init(|| plain(&self.location, &self.runner));
        if let Some(Plain { settings, doubtful }) = plain
            && !doubtful.iter().any(|key| wanted(key))
        {
            return Ok(settings);
        }
        if let Some(settings) = self.config.listed.get() {
            return Ok(settings);
        }
        let listed = self.runner.read(&["config", "--null", "--show-scope", "--list"])?;
        Ok(self.config.listed.get_or_init(|| read(&listed)))
    }
}

/// What plain files and `git -c` say; `None` where git has to be asked.
fn plain(location: &Location, runner: &Runner) -> Option<Plain> {
    let elsewhere = ["GIT_CONFIG_COUNT", "GIT_CONFIG"];
    if elsewhere.iter().any(|name| runner.variable(name).is_some()) {
        return None;
    }
    let on_the_command_line = match runner.variable("GIT_CONFIG_PARAMETERS") {
        Some(words) => given(words.to_str()?)?,
        None => Vec::new(),
    };
    let mut settings = Vec::new();
    let Outside { files, doubtful } = outside()?;
    for (scope, file) in files {
        add(scope, &file, &mut settings)?;
    }
    let local = location.common_dir.join("config");
    match &location.local {
        // It has been read, and is as it was.
        Some(known) if std::fs::read(&local).is_ok_and(|text| text == known.text) => {
            settings.extend(known.settings.iter().cloned());
        }
        _ => add("local", &local, &mut settings)?,
    }
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
    let mut uncertain = Vec::new();
    for file in doubtful {
        add("system", &file, &mut uncertain)?;
    }
    Some(Plain {
        settings,
        doubtful: uncertain.into_iter().map(|setting| setting.key).collect(),
    })
}

/// The files of the system and the user.
struct Outside {
    /// With their scopes, in the order in which git reads them.
    files: Vec<(&'static str, PathBuf)>,
    /// Those of which git reads one or none.
    doubtful: Vec<PathBuf>,
}

fn outside() -> Option<Outside> {
    let variable = |name: &str| std::env::var_os(name);
    let mut doubtful = Vec::new();
    let system = match (variable("GIT_CONFIG_NOSYSTEM"), variable("GIT_CONFIG_SYSTEM")) {
        (Some(value), _) if value == "1" || value == "true" => None,
        (Some(_), _) => return None,
        (None, Some(file)) => Some(PathBuf::from(file)),
        (None, None) => match system_file(program().ok()?)? {
            System::At(file) => Some(file),
            System::OneOf(files) => {
                doubtful.extend(files);
                None
            }
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
    let system = system.map(|file| ("system", file));
    let files: Vec<_> = system
        .into_iter()
        .chain(user.into_iter().map(|file| ("global", file)))
        .collect();
    let named = |(_, file): &(_, PathBuf)| file.as_os_str().is_empty() || file.is_absolute();
    files.iter().all(named).then_some(Outside { files, doubtful })
}

/// Where the system's file is.
enum System {
    At(PathBuf),
    /// In one of these places, or there is none.
    OneOf([PathBuf; 2]),
}

/// The system's file. Where it is was decided when git was built: by habit in `/etc` for a git in `/usr`, and below its own prefix for others, which
/// may have it in either place.
fn system_file(git: &Path) -> Option<System> {
    let directory = git.parent()?;
    let prefix = ["libexec/git-core", "lib/git-core", "bin"].iter().find_map(|end| {
        directory.ends_with(end).then(|| {
            let parts = end.split('/').count();
            directory.ancestors().nth(parts)
        })
    })??;
    let usual = PathBuf::from("/etc/gitconfig");
    if prefix == Path::new("/usr") || prefix == Path::new("/") {
        return Some(System::At(usual));
    }
    Some(System::OneOf([usual, prefix.join("etc/gitconfig")]))
}

/// Adds what a file says. One that is not there says nothing; one that includes others is git's to read.
fn add(scope: &str, file: &Path, settings: &mut Vec<Setting>) -> Option<()> {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(()),
        Err(_) => return None,
    };
    settings.extend(parsed(scope, file, &text)?);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with this configuration: what its files say here, and what git says.
    fn both(config: &str) -> (Option<Plain>, Vec<Setting>) {
        let directory = tempfile::tempdir().unwrap();
        let runner = Runner::at(directory.path().to_owned());
        runner.read(&["init", "--quiet"]).unwrap();
        let location = Location::ask(&runner).unwrap();
        let file = directory.path().join(".git/config");
        let own = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, own + config).unwrap();
        let listed = runner.read(&["config", "--null", "--show-scope", "--list"]);
        // What certgate gives git itself is not in a file, and the system's file may be one that only git knows.
        let files = |settings: Vec<Setting>| -> Vec<Setting> {
            let of_files = |setting: &Setting| !matches!(setting.scope.as_str(), "command" | "system");
            settings.into_iter().filter(of_files).collect()
        };
        (
            plain(&location, &runner).map(|plain| Plain {
                settings: files(plain.settings),
                ..plain
            }),
            listed.map(|listed| files(read(&listed))).unwrap_or_default(),
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
            "[i18n]\n\tcommitEncoding = la\\\ntin1\n[alias]\n\ty = a  \\\n\t b\n[alias]\n\tx = \"!f() { echo; }; f\"\n",
            "[remote \"o\"]\n\turl = a\n\turl = b\n\tfetch = +refs/heads/*:refs/remotes/o/*\n[url \"x\"]\n\tinsteadOf = a\n",
            "[a.B]\n\tkey = 1\n[a \"B\"]\n\tkey = 2\n",
            "[core]\n\tautocrlf = input\r\n\tpager = less  -R  \r\n",
        ] {
            let (ours, git) = both(config);
            match ours {
                Some(ours) => assert_eq!(ours.settings, git, "{config:?}"),
                // Who runs the tests may have settings that are not plain.
                None => assert_eq!(both("").0, None, "{config:?}"),
            }
        }
    }

    #[test]
    fn what_was_read_of_the_repository_counts_while_it_is_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let runner = Runner::at(directory.path().to_owned());
        runner.read(&["init", "--quiet"]).unwrap();
        let location = Location::ask(&runner).unwrap();
        assert!(location.local.is_some());
        let said = || {
            let own = plain(&location, &runner).map(|plain| plain.settings);
            own.map(|own| own.iter().any(|setting| setting.key == "certgate.x"))
        };
        let before = said();
        runner.read(&["config", "certgate.x", "1"]).unwrap();
        // Neither where who runs the tests has settings that are not plain.
        assert!(matches!((before, said()), (Some(false), Some(true)) | (None, None)));
    }

    #[test]
    fn only_git_knows_which_system_file_is_its_own() {
        let of = |git: &str| match system_file(Path::new(git)) {
            Some(System::At(file)) => vec![file],
            Some(System::OneOf(files)) => files.to_vec(),
            None => Vec::new(),
        };
        assert_eq!(of("/usr/bin/git"), [Path::new("/etc/gitconfig")]);
        let either = [Path::new("/etc/gitconfig"), Path::new("/opt/x/etc/gitconfig")];
        assert_eq!(of("/opt/x/bin/git"), either);
        assert_eq!(of("/opt/x/libexec/git-core/git"), either);
        assert!(of("/opt/x/git").is_empty());
    }

    #[test]
    fn what_is_not_plain_is_left_to_git() {
        for config in [
            "[include]\n\tpath = other\n",
            "[includeIf \"gitdir:/\"]\n\tpath = other\n",
            "[extensions]\n\tworktreeConfig = maybe\n",
            "[core\n",
            "[i18n]\n\tcommitEncoding = \\\n  latin1\n",
            "[i18n]\n\tcommitEncoding =\\\r\n  latin1\n",
        ] {
            assert_eq!(both(config).0, None, "{config:?}");
        }
    }
}
