//! Other hook managers that write into the same directory, and may write over a shim later.

use std::path::Path;

use super::{HookName, HooksError, place, shim};
use crate::diagnostic::{Code, Diagnostic};

/// A hook manager, recognised by what it left in the hooks directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manager {
    /// husky, whose directory lies in the work tree and is written anew by every `npm install`.
    Husky,
    /// lefthook.
    Lefthook,
    /// pre-commit.
    PreCommit,
    /// prek.
    Prek,
    /// overcommit.
    Overcommit,
}

impl Manager {
    const MARKS: [(Self, &'static str); 4] = [
        (Self::Lefthook, "lefthook"),
        (Self::PreCommit, "pre-commit.com"),
        (Self::Prek, "github.com/j178/prek"),
        (Self::Overcommit, "overcommit"),
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Husky => "husky",
            Self::Lefthook => "lefthook",
            Self::PreCommit => "pre-commit",
            Self::Prek => "prek",
            Self::Overcommit => "overcommit",
        }
    }

    /// What its user should know: the shims work beside it, but it may write over them.
    pub fn diagnostic(self) -> Diagnostic {
        let name = self.as_str();
        let note = Diagnostic::warning(Code::CG710, format!("{name} writes hooks into the same directory"))
            .because(format!("the hook of {name} runs first, then certgate"));
        match self {
            Self::Husky => note
                .because("`npm install` writes husky's hooks anew, over certgate's")
                .help("certgate install, after each; or let .husky/NAME run `certgate hook NAME \"$@\"`"),
            Self::Lefthook => note
                .because("it writes them anew, over certgate's, whenever its configuration has changed")
                .help("add `no_auto_install: true` to lefthook.yml; or let lefthook run certgate there"),
            Self::PreCommit | Self::Prek => note
                .because(format!(
                    "`{name} install` keeps certgate's hooks and runs them; with -f it removes them"
                ))
                .help(format!("after {name} install -f: certgate install")),
            Self::Overcommit => note.help(format!("after {name} installs its hooks again: certgate install")),
        }
    }
}

/// The other managers that left something in the hooks directory, each once, in order.
pub fn managers(hooks_dir: &Path) -> Result<Vec<Manager>, HooksError> {
    let mut found = Vec::new();
    if is_husky(hooks_dir) || place::exists(&hooks_dir.join("_").join("husky.sh"))? {
        found.push(Manager::Husky);
    }
    for name in HookName::ALL {
        found.extend(
            [name.path(hooks_dir), name.chained_path(hooks_dir)]
                .iter()
                .filter_map(|path| of(path)),
        );
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The manager that wrote a hook. What cannot be read, or is no file, tells nothing.
pub(super) fn of(path: &Path) -> Option<Manager> {
    let bytes = path.is_file().then(|| place::read_head(path).ok())??;
    if shim::is_ours(&bytes) {
        return None;
    }
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    let marked = Manager::MARKS.iter().find(|(_, mark)| text.contains(mark));
    marked.map(|(manager, _)| *manager)
}

/// True where husky keeps its own hooks here; those of its user lie one directory above.
pub(super) fn is_husky(hooks_dir: &Path) -> bool {
    hooks_dir.file_name().is_some_and(|name| name == "_") && hooks_dir.join("h").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn knows_them_by_their_hooks() {
        let directory = tempfile::tempdir().unwrap();
        let hooks = directory.path().join("_");
        assert_eq!(managers(&hooks).unwrap(), []);
        fs::create_dir(&hooks).unwrap();
        fs::write(hooks.join("h"), "").unwrap();
        fs::write(hooks.join("pre-commit"), "#!/bin/sh\ncall_lefthook run pre-commit\n").unwrap();
        let chained = HookName::PrePush.chained_path(&hooks);
        fs::create_dir(chained.parent().unwrap()).unwrap();
        fs::write(chained, "#!/bin/sh\n# LEFTHOOK\n").unwrap();
        fs::create_dir(hooks.join("commit-msg")).unwrap();
        assert_eq!(managers(&hooks).unwrap(), [Manager::Husky, Manager::Lefthook]);
        for manager in managers(&hooks).unwrap() {
            assert!(manager.diagnostic().message().contains(manager.as_str()));
        }
    }
}
