//! Hooks that git itself runs from its configuration (git 2.54 and later, git-hook(1)): `hook.NAME.event` and `hook.NAME.command`.

use super::{GitError, Repository, git_version};

/// The first git that runs hooks from its configuration.
const SINCE: (u32, u32) = (2, 54);

/// A hook of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfiguredHook {
    /// The name in the configuration, `NAME` of `hook.NAME.command`.
    pub name: String,
    /// The hooks at which it runs, such as `pre-push`.
    pub events: Vec<String>,
    /// What a shell runs.
    pub command: String,
    /// False where the configuration turns it off.
    pub disabled: bool,
}

impl ConfiguredHook {
    /// True where it runs `certgate hook EVENT` at that event.
    pub fn runs_certgate(&self, event: &str) -> bool {
        !self.disabled
            && self.events.iter().any(|own| own == event)
            && self.command.contains("certgate")
            && self.command.contains(&format!("hook {event}"))
    }
}

impl Repository {
    /// The hooks of the configuration, which an older git does not run.
    pub fn configured_hooks(&self) -> Result<Vec<ConfiguredHook>, GitError> {
        Ok(read(&self.runner.read(&["config", "--null", "--list"])?))
    }

    /// True where the installed git runs hooks of its configuration.
    pub fn runs_configured_hooks() -> Result<bool, GitError> {
        let version = git_version()?;
        Ok((version.major, version.minor) >= SINCE)
    }
}

/// Reads `git config --null --list`.
fn read(listed: &[u8]) -> Vec<ConfiguredHook> {
    let mut hooks: Vec<ConfiguredHook> = Vec::new();
    for setting in listed.split(|&b| b == 0) {
        let text = String::from_utf8_lossy(setting);
        let (key, value) = text.split_once('\n').unwrap_or((&text, "true"));
        let Some((name, variable)) = key.strip_prefix("hook.").and_then(|rest| rest.rsplit_once('.')) else {
            continue;
        };
        let at = hooks.iter().position(|hook| hook.name == name).unwrap_or_else(|| {
            hooks.push(ConfiguredHook {
                name: name.to_owned(),
                ..ConfiguredHook::default()
            });
            hooks.len() - 1
        });
        let Some(hook) = hooks.get_mut(at) else { continue };
        match variable {
            // An empty value takes back those before it.
            "event" if value.is_empty() => hook.events.clear(),
            "event" => hook.events.push(value.to_owned()),
            "command" => hook.command = value.to_owned(),
            "enabled" => {
                hook.disabled = matches!(value.to_ascii_lowercase().as_str(), "false" | "no" | "off" | "0" | "")
            }
            _ => {}
        }
    }
    // `hook.EVENT.enabled` turns off all hooks of the event.
    let off: Vec<String> = hooks
        .iter()
        .filter(|hook| hook.disabled)
        .map(|hook| hook.name.clone())
        .collect();
    for hook in &mut hooks {
        hook.events.retain(|event| !off.contains(event));
    }
    hooks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_hooks_of_a_configuration() {
        let listed = b"core.bare\nfalse\0hook.certgate.push.event\npre-push\0hook.certgate.push.command\ncertgate hook pre-push \"$@\"\0\
            hook.off.event\npre-commit\0hook.off.event\n\0hook.off.event\npre-push\0hook.off.command\ncertgate hook pre-push\0hook.off.enabled\nno\0";
        let hooks = read(listed);
        assert_eq!(hooks.len(), 2);
        assert_eq!(hooks[0].name, "certgate.push");
        assert!(hooks[0].runs_certgate("pre-push") && !hooks[0].runs_certgate("pre-commit"));
        assert_eq!(hooks[1].events, ["pre-push"]);
        assert!(!hooks[1].runs_certgate("pre-push"));
        assert_eq!(read(b""), []);
        let off = b"hook.a.event\npre-push\0hook.a.command\ncertgate hook pre-push\0hook.pre-push.enabled\nfalse\0";
        assert!(!read(off)[0].runs_certgate("pre-push"));
    }
}
