//! The status of a commit, under a name that says for which branch: so what passed for one branch is not green for another.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use ureq::http::Method;

use super::http::Again;
use super::interface::Interface;
use super::{Post, State};
use crate::diagnostic::sanitize;
use crate::gate::Undecided;
use crate::intake::ci::Forge;

/// Most characters of a description: GitHub's limit, the lowest.
const LONGEST: usize = 140;
/// Most bytes of a branch's name that are shown in the name of a status, which forges keep in 255.
const LONGEST_BRANCH: usize = 180;

/// The name of the status for a branch.
pub(super) fn name(target: Option<&str>) -> String {
    let Some(target) = target else {
        return "certgate".to_owned();
    };
    let shown = sanitize(target);
    if shown == target && target.len() <= LONGEST_BRANCH {
        return named(target);
    }
    // Two branches must not have one name.
    let digest: String = Sha256::digest(target)
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut cut = shown.len().min(LONGEST_BRANCH);
    while !shown.is_char_boundary(cut) {
        cut -= 1;
    }
    named(&format!("{}… {digest}", shown.get(..cut).unwrap_or_default()))
}

fn named(branch: &str) -> String {
    ["certgate (", branch, ")"].concat()
}

/// Marks the commit; returns the name of the status.
pub(super) fn set(interface: &Interface<'_>, post: &Post) -> Result<String, Undecided> {
    let name = name(post.target.as_deref());
    let mut description: String = post.description.chars().take(LONGEST).collect();
    if description.len() < post.description.len() {
        description.pop();
        description.push('…');
    }
    let forge = interface.place.forge;
    let state = match (forge, post.state) {
        (_, State::Success) => "success",
        (Forge::Gitlab, State::Failure | State::Error) => "failed",
        (_, State::Failure) => "failure",
        (_, State::Error) => "error",
    };
    let mut body = match forge {
        Forge::Gitlab => json!({ "state": state, "name": name, "description": description }),
        Forge::Github | Forge::Gitea => json!({ "state": state, "context": name, "description": description }),
    };
    if let Some(fields) = body.as_object_mut() {
        if let Some(link) = &interface.place.link {
            fields.insert("target_url".to_owned(), Value::from(link.as_str()));
        }
        if let Some(pipeline) = interface.place.pipeline {
            fields.insert("pipeline_id".to_owned(), Value::from(pipeline));
        }
    }
    let answer = interface.mark(&body)?;
    // GitLab does not set a state that is set already.
    if forge == Forge::Gitlab
        && answer.status.as_u16() == 400
        && answer.message().contains("Cannot transition")
        && has(interface, &name, state)?
    {
        return Ok(name);
    }
    interface.done(answer, "set the status of the commit")?;
    Ok(name)
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    id: u64,
    name: String,
    status: String,
}

/// True where the newest status of this name is this one.
fn has(interface: &Interface<'_>, name: &str, state: &str) -> Result<bool, Undecided> {
    let place = interface.place;
    let path = format!(
        "/projects/{}/repository/commits/{}/statuses?name={}",
        place.commit_project,
        place.commit,
        encoded(name)
    );
    let answer = interface.client.send(&Method::GET, &path, None, Again::Harmless)?;
    let statuses: Vec<Status> = interface.read(answer, "the statuses of the commit")?;
    let newest = statuses
        .iter()
        .filter(|status| status.name == name)
        .max_by_key(|status| status.id);
    Ok(newest.is_some_and(|newest| newest.status == state))
}

/// A value of a query.
fn encoded(text: &str) -> String {
    let mut safe = String::new();
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => safe.push(char::from(byte)),
            false => safe.push_str(&format!("%{byte:02X}")),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_branch_has_its_own_name() {
        assert_eq!(name(Some("main")), "certgate (main)");
        assert_eq!(name(None), "certgate");
        let long = "x".repeat(250);
        let (one, other) = (name(Some(&format!("{long}a"))), name(Some(&format!("{long}b"))));
        assert_ne!(one, other);
        assert!(one.len() < 255 && one.starts_with("certgate (xxx"), "{one}");
        assert_eq!(encoded("certgate (a/b)"), "certgate%20%28a%2Fb%29");
    }
}
