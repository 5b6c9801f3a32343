//! Posts a verdict to a forge, over its documented REST interface: a comment on the pull or merge request, which is updated in place, and the
//! status of the commit. The only module that talks to a network by itself, and only when asked to.
//!
//! Sources: GitHub's REST API (issue comments, commit statuses, pulls, users), GitLab's (notes, commit statuses, merge requests, users),
//! and the Swagger document of Gitea, which Forgejo shares. Why so: `docs/decisions/0099-posting-a-verdict.md`.

mod comment;
mod http;
mod interface;
pub mod replay;
mod status;

use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::gate::Undecided;
use crate::intake::ci::{Forge, Place, Variables};

use http::Client;
use interface::Interface;

/// How the commit is to be marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It may be merged.
    Success,
    /// It must not be merged.
    Failure,
    /// Nothing was judged.
    Error,
}

/// What is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Post {
    /// The comment with its mark; empty where nothing is asked of the change.
    pub(crate) comment: String,
    /// The branch that would move, where it is known.
    pub(crate) target: Option<String>,
    /// How the commit is to be marked.
    pub(crate) state: State,
    /// In one line.
    pub(crate) description: String,
}

/// What became of the comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commented {
    /// There is no request.
    NoRequest,
    /// There is nothing to say, and nothing was there.
    Nothing,
    /// A new one.
    Created,
    /// The one that was there.
    Updated,
    /// It was there already.
    Same,
    /// It was taken away.
    Removed,
    /// The request has another head or target by now: its own job answers for that.
    MovedOn,
}

/// What was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Posted {
    /// The name of the status.
    pub(crate) status: String,
    /// What became of the comment.
    pub(crate) commented: Commented,
}

/// Posts to a place, with the token and the settings of the environment.
///
/// # Errors
///
/// Everything that could not be posted. The comment is tried where the status failed, and the other way round.
pub(crate) fn post(place: &Place, variables: &Variables, post: &Post) -> Result<Posted, Undecided> {
    let client = Client::new(place, token(place.forge, variables)?, variables)?;
    let interface = Interface {
        place,
        client: &client,
        account: variables.get("CERTGATE_BOT").map(String::as_str),
    };
    both(&interface, post)
}

/// Sets the status and keeps the comment.
fn both(interface: &Interface<'_>, post: &Post) -> Result<Posted, Undecided> {
    let status = status::set(interface, post);
    let commented = comment::keep(interface, post);
    match (status, commented) {
        (Ok(status), Ok(commented)) => Ok(Posted { status, commented }),
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
        (Err(mut failure), Err(other)) => {
            // Where nobody answers, both say the same.
            let new = other
                .diagnostics
                .into_iter()
                .filter(|told| !failure.diagnostics.contains(told));
            let new: Vec<Diagnostic> = new.collect();
            failure.diagnostics.extend(new);
            Err(failure)
        }
    }
}

/// The token of a forge.
fn token(forge: Forge, variables: &Variables) -> Result<&str, Undecided> {
    let name = match forge {
        Forge::Github => "GITHUB_TOKEN",
        Forge::Gitlab => "GITLAB_TOKEN",
        Forge::Gitea => "GITEA_TOKEN",
    };
    let lacking = |why: &str| Diagnostic::error(Code::CG756, format!("{name} {why}"));
    match variables.get(name).map(|token| token.trim()) {
        None | Some("") => {
            let told = lacking("is not set, so nothing can be posted");
            let told = match forge {
                Forge::Github => told.help("hand it to the step: env: { GITHUB_TOKEN: ${{ github.token }} }"),
                Forge::Gitlab => told
                    .because("CI_JOB_TOKEN is not enough: GitLab lets job tokens write neither notes nor commit statuses")
                    .help("make a project access token with the scope `api`, and keep it as the masked variable GITLAB_TOKEN"),
                Forge::Gitea => told.help("hand it to the step: env: { GITEA_TOKEN: ${{ github.token }} }"),
            };
            Err(told.into())
        }
        Some(token) if !token.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Err(lacking("holds characters that no token has")
                .help("set it again, without quotes and line breaks")
                .into())
        }
        Some(token) => Ok(token),
    }
}

/// What a forge said, as it can be shown.
fn said(text: &str) -> String {
    const LONGEST: usize = 300;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    sanitize(&shown)
}
