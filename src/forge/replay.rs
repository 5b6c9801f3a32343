//! The conversation with a forge over answers that somebody else makes up, without a network and without waiting: what fuzzing drives.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::http::{Answer, Client, Wire};
use super::interface::Interface;
use super::{Post, State, both};
use crate::diagnostic::Diagnostic;
use crate::intake::ci::{Forge, Place};

/// Where the token may go, and nowhere else.
pub const ORIGIN: &str = "https://forge.example";

/// What a forge answers.
#[derive(Clone, Debug)]
pub struct Scripted {
    /// The status; a number that HTTP does not know counts as 500.
    pub status: u16,
    /// The headers; those that HTTP does not know are left out.
    pub headers: Vec<(String, String)>,
    /// The body, whatever it holds.
    pub body: Vec<u8>,
}

/// What was asked, in order, and what came of it.
#[derive(Debug)]
pub struct Replayed {
    /// Method and address of each request.
    pub requests: Vec<(String, String)>,
    /// Why it could not be posted; empty where it was.
    pub failed: Vec<Diagnostic>,
}

/// The answers that are left, and the requests so far.
struct Script {
    answers: RefCell<std::vec::IntoIter<Scripted>>,
    requests: Rc<RefCell<Vec<(String, String)>>>,
}

impl Wire for Script {
    fn once(&self, method: &Method, address: &str, _: Option<&Value>) -> Result<Answer, ureq::Error> {
        let asked = (method.to_string(), address.to_owned());
        self.requests.borrow_mut().push(asked);
        let scripted = self.answers.borrow_mut().next().ok_or(ureq::Error::ConnectionFailed)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &scripted.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
                headers.append(name, value);
            }
        }
        let status = StatusCode::from_u16(scripted.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Ok(Answer::new(status, headers, scripted.body))
    }

    fn wait(&self, _: Duration) {}
}

/// Posts a verdict to a forge that answers so, and then no more. `forge` is 0 for GitHub, 1 for GitLab, and anything else for Gitea.
pub fn replay(forge: u8, token: &str, answers: Vec<Scripted>) -> Replayed {
    let commit = "1".repeat(40);
    let place = Place {
        forge: match forge {
            0 => Forge::Github,
            1 => Forge::Gitlab,
            _ => Forge::Gitea,
        },
        api: format!("{ORIGIN}/api"),
        project: "o/r".to_owned(),
        commit_project: "o/r".to_owned(),
        commit: commit.clone(),
        judged: vec![commit.clone()],
        head: commit,
        request: Some(7),
        target: Some("main".to_owned()),
        pipeline: None,
        link: None,
    };
    let requests = Rc::default();
    let script = Script {
        answers: RefCell::new(answers.into_iter()),
        requests: Rc::clone(&requests),
    };
    let post = Post {
        comment: "<!-- certgate:main -->\n### certgate: block\n".to_owned(),
        target: Some("main".to_owned()),
        state: State::Failure,
        description: "blocked".to_owned(),
    };
    let failed = Client::over(&place, token, Box::new(script)).and_then(|client| {
        let interface = Interface {
            place: &place,
            client: &client,
            account: None,
        };
        both(&interface, &post)
    });
    Replayed {
        failed: failed.err().map(|failure| failure.diagnostics).unwrap_or_default(),
        requests: requests.take(),
    }
}
