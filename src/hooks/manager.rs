//! Other hook managers that write into the same directory, and may write over a shim later.

use std::path::Path;

use super::{HookName, HooksError, place};
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
        let note = Diagnostic::warning(
            Code::CG710,
            format!("{name} also writes hooks here, and may write over those of certgate"),
        );
        match self {
            Self::Husky => note.because("husky does so on every `npm install`").help(
                "for x in pre-commit commit-msg pre-merge-commit pre-push; do echo \"certgate hook $x \\\"\\$@\\\"\" >> .husky/$x; done",
            ),
            Self::Lefthook | Self::PreCommit | Self::Prek | Self::Overcommit => note
                .because(format!("the hook of {name} runs first, then certgate"))
                .help(format!("after {name} installs its hooks again: certgate install")),
        }
    }
}

/// The other managers that left something in the hooks directory, each once, in order.
pub fn managers(hooks_dir: &Path) -> Result<Vec<Manager>, HooksError> {
    let mut found = Vec::new();
    if hooks_dir.file_name().is_some_and(|name| name == "_") && place::exists(&hooks_dir.join("h"))?
        || place::exists(&hooks_dir.join("_").join("husky.sh"))?
    {
        found.push(Manager::Husky);
    }
    for name in HookName::ALL {
        for path in [name.path(hooks_dir), name.chained_path(hooks_dir)] {
            // What cannot be read, or is no file, tells nothing.
            if !path.is_file() {
                continue;
            }
            let bytes = place::read_head(&path).unwrap_or_default();
            if super::shim::is_ours(&bytes) {
                continue;
            }
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            found.extend(
                Manager::MARKS
                    .iter()
                    .filter(|(_, mark)| text.contains(mark))
                    .map(|(manager, _)| *manager),
            );
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
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
        fs::write(hooks.join("pre-push.certgate-chained"), "#!/bin/sh\n# LEFTHOOK\n").unwrap();
        fs::create_dir(hooks.join("commit-msg")).unwrap();
        assert_eq!(managers(&hooks).unwrap(), [Manager::Husky, Manager::Lefthook]);
        for manager in managers(&hooks).unwrap() {
            assert!(manager.diagnostic().message().contains(manager.as_str()));
        }
    }
}
