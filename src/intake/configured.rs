//! The hooks that git's own configuration runs.

use crate::gate::Undecided;
use crate::git::Repository;
use crate::hooks::HookName;

/// The hooks at which git's configuration runs certgate, each with its name there.
pub(crate) fn by_git(repository: &Repository) -> Result<Vec<(HookName, String)>, Undecided> {
    if !Repository::runs_configured_hooks()? {
        return Ok(Vec::new());
    }
    let configured = repository.configured_hooks()?;
    let mut found = Vec::new();
    for name in HookName::ALL {
        let mine = configured.iter().filter(|hook| hook.runs_certgate(name.as_str()));
        found.extend(mine.map(|hook| (name, hook.name.clone())));
    }
    Ok(found)
}
