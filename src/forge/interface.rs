//! The three interfaces side by side: which paths, which fields, and what their refusals mean.

use serde::Deserialize;
use serde_json::{Value, json};
use ureq::http::Method;

use super::http::{Again, Answer, Client, RUN_AGAIN};
use super::said;
use crate::diagnostic::{Code, Diagnostic};
use crate::gate::Undecided;
use crate::intake::ci::{Forge, Place};

/// How many comments are asked for at once.
const PAGE: usize = 50;
/// How many pages are read.
const PAGES: usize = 200;

/// A comment of somebody.
#[derive(Deserialize)]
pub(super) struct Comment {
    pub(super) id: u64,
    #[serde(default)]
    pub(super) body: Option<String>,
    #[serde(default, alias = "author")]
    user: Option<Account>,
}

impl Comment {
    /// Who wrote it.
    pub(super) fn author(&self) -> Option<&str> {
        self.user.as_ref()?.name()
    }
}

/// An account: GitHub calls its name `login`, GitLab `username`, and Gitea says both.
#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    login: Option<String>,
    #[serde(default)]
    username: Option<String>,
}

impl Account {
    fn name(&self) -> Option<&str> {
        self.login.as_deref().or(self.username.as_deref())
    }
}

/// Where a request is now.
pub(super) struct Now {
    pub(super) head: String,
    pub(super) target: String,
}

/// What GitHub, and Gitea after it, say of a pull request.
#[derive(Deserialize)]
struct Pull {
    head: Side,
    base: Side,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    name: String,
    sha: String,
}

/// What GitLab says of a merge request.
#[derive(Deserialize)]
struct MergeRequest {
    sha: String,
    target_branch: String,
}

/// A place, and how to speak to it.
pub(super) struct Interface<'a> {
    pub(super) place: &'a Place,
    pub(super) client: &'a Client,
    /// Who the token belongs to, where the environment says so.
    pub(super) account: Option<&'a str>,
}

impl Interface<'_> {
    fn is_gitlab(&self) -> bool {
        self.place.forge == Forge::Gitlab
    }

    /// Who the token belongs to; `None` where it is not allowed to ask, as the tokens of jobs on GitHub.
    pub(super) fn account(&self) -> Result<Option<String>, Undecided> {
        if let Some(account) = self.account {
            return Ok(Some(account.to_owned()));
        }
        let answer = self.client.send(&Method::GET, "/user", None, Again::Harmless)?;
        match answer.status.as_u16() {
            403 | 404 => Ok(None),
            _ => {
                let account: Account = self.read(answer, "who the token belongs to")?;
                Ok(account.name().map(str::to_owned))
            }
        }
    }

    /// Where the request is now.
    pub(super) fn now(&self, request: u64) -> Result<Now, Undecided> {
        let project = &self.place.project;
        let path = match self.is_gitlab() {
            true => format!("/projects/{project}/merge_requests/{request}"),
            false => format!("/repos/{project}/pulls/{request}"),
        };
        let answer = self.client.send(&Method::GET, &path, None, Again::Harmless)?;
        Ok(match self.is_gitlab() {
            true => {
                let now: MergeRequest = self.read(answer, "the merge request")?;
                Now {
                    head: now.sha,
                    target: now.target_branch,
                }
            }
            false => {
                let now: Pull = self.read(answer, "the pull request")?;
                Now {
                    head: now.head.sha,
                    target: now.base.name,
                }
            }
        })
    }

    fn comments_path(&self, request: u64) -> String {
        let project = &self.place.project;
        match self.is_gitlab() {
            true => format!("/projects/{project}/merge_requests/{request}/notes"),
            false => format!("/repos/{project}/issues/{request}/comments"),
        }
    }

    fn comment_path(&self, request: u64, id: u64) -> String {
        let project = &self.place.project;
        match self.is_gitlab() {
            true => format!("/projects/{project}/merge_requests/{request}/notes/{id}"),
            false => format!("/repos/{project}/issues/comments/{id}"),
        }
    }

    /// Every comment that `wanted` wants, oldest first.
    pub(super) fn comments(&self, request: u64, wanted: impl Fn(&Comment) -> bool) -> Result<Vec<Comment>, Undecided> {
        let mut found: Vec<Comment> = Vec::new();
        let mut first_of_page = None;
        for page in 1..=PAGES {
            let query = match self.place.forge {
                Forge::Github => format!("?per_page={PAGE}&page={page}"),
                Forge::Gitlab => format!("?per_page={PAGE}&page={page}&sort=asc&order_by=created_at"),
                Forge::Gitea => format!("?limit={PAGE}&page={page}"),
            };
            let path = self.comments_path(request) + &query;
            let answer = self.client.send(&Method::GET, &path, None, Again::Harmless)?;
            let next = answer.has_next();
            let comments: Vec<Comment> = self.read(answer, "the comments")?;
            let full = comments.len() == PAGE;
            // Gitea gives all comments on every page.
            let first = comments.first().map(|first| first.id);
            let again = first == first_of_page;
            first_of_page = first;
            if !again {
                found.extend(comments.into_iter().filter(|comment| wanted(comment)));
            }
            if again || !(next || full) {
                found.sort_by_key(|comment| comment.id);
                return Ok(found);
            }
        }
        Err(Diagnostic::error(
            Code::CG754,
            format!(
                "the request has more than {} comments, so an earlier one of certgate cannot be found",
                PAGE * PAGES
            ),
        )
        .help("delete comments, or run certgate check without --post")
        .into())
    }

    /// Writes a new comment. It is not sent twice: the one before may have been written although no answer came.
    pub(super) fn create(&self, request: u64, text: &str) -> Result<Answer, Undecided> {
        self.client.send(
            &Method::POST,
            &self.comments_path(request),
            Some(&json!({ "body": text })),
            Again::Doubles,
        )
    }

    /// Replaces a comment; false where it is there no more.
    pub(super) fn update(&self, request: u64, id: u64, text: &str) -> Result<bool, Undecided> {
        let method = match self.is_gitlab() {
            true => Method::PUT,
            false => Method::PATCH,
        };
        let body = json!({ "body": text });
        let answer = self
            .client
            .send(&method, &self.comment_path(request, id), Some(&body), Again::Harmless)?;
        self.unless_gone(answer, "update its comment")
    }

    /// Takes a comment away.
    pub(super) fn delete(&self, request: u64, id: u64) -> Result<(), Undecided> {
        let answer = self
            .client
            .send(&Method::DELETE, &self.comment_path(request, id), None, Again::Harmless)?;
        self.unless_gone(answer, "delete its comment").map(drop)
    }

    fn unless_gone(&self, answer: Answer, what: &str) -> Result<bool, Undecided> {
        match answer.status.as_u16() {
            404 | 410 => Ok(false),
            _ => self.done(answer, what).map(|_| true),
        }
    }

    /// Marks the commit.
    pub(super) fn mark(&self, body: &Value) -> Result<Answer, Undecided> {
        let Place {
            commit_project, commit, ..
        } = self.place;
        let path = match self.is_gitlab() {
            true => format!("/projects/{commit_project}/statuses/{commit}"),
            false => format!("/repos/{commit_project}/statuses/{commit}"),
        };
        self.client.send(&Method::POST, &path, Some(body), Again::Harmless)
    }

    /// The answer, if the forge did it.
    pub(super) fn done(&self, answer: Answer, what: &str) -> Result<Answer, Undecided> {
        match answer.is_done() {
            true => Ok(answer),
            false => Err(self.refused(&answer, what).into()),
        }
    }

    /// The body of an answer, as it is documented.
    pub(super) fn read<T: serde::de::DeserializeOwned>(&self, answer: Answer, what: &str) -> Result<T, Undecided> {
        let answer = self.done(answer, &format!("read {what}"))?;
        answer.read().map_err(|error| {
            Diagnostic::error(
                Code::CG754,
                format!("{}'s answer about {what} is not as documented", self.place.forge.name()),
            )
            .because(self.client.shown(&error.to_string()))
            .help("see that the address of the API in the variables of the CI system is right")
            .help(RUN_AGAIN)
            .into()
        })
    }

    fn refused(&self, answer: &Answer, what: &str) -> Diagnostic {
        let Place {
            forge,
            project,
            request,
            ..
        } = self.place;
        let status = answer.status.as_u16();
        let code = match status {
            401 | 403 | 404 => Code::CG755,
            _ => Code::CG754,
        };
        let mut told = Diagnostic::error(code, format!("{} did not let certgate {what} ({status})", forge.name()));
        let message = answer.message();
        if !message.is_empty() {
            told = told.because(format!("{} says: {}", forge.name(), self.client.shown(&message)));
        }
        match status {
            401 => told
                .because("the token is not known there, or has run out")
                .help("make a new token, and hand that to the job"),
            // What a token must not see is not there.
            403 | 404 => {
                let told = match request {
                    Some(_) => told.because("a request from a fork runs with a token that may only read"),
                    None => told,
                };
                told.help(match forge {
                    Forge::Github => {
                        "let the job write: permissions: { contents: read, pull-requests: write, statuses: write }"
                    }
                    Forge::Gitlab => "give the token the scope `api`, and its user the role Developer in the project",
                    Forge::Gitea => "give the token the scopes write:issue, write:repository and read:user",
                })
                .help("for requests from forks, run certgate check without --post: the exit code holds the verdict")
            }
            _ => told
                .because(format!("asked about the repository {}", said(project)))
                .help(RUN_AGAIN),
        }
    }
}
