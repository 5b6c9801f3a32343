//! A forge on this machine that answers as the documentation of three says: it keeps comments and statuses, pages lists, and can be told to
//! answer something else first.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

/// Which interface is spoken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ci) enum Kind {
    Github,
    Gitlab,
    Gitea,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What is answered instead of what is documented.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// A status, headers, a body.
    Plain(u16, Vec<(&'static str, String)>, String),
    /// The request is carried out, and then this is answered.
    Done(u16),
    /// Bytes without end, said to be JSON.
    Endless,
    /// The connection is kept and nothing comes.
    Silence,
    /// The connection is closed.
    Gone,
}

pub(super) fn status(status: u16) -> Reply {
    Reply::Plain(status, vec![], format!("{{\"message\":\"answer {status}\"}}"))
}

#[derive(Clone, Debug)]
pub(in crate::ci) struct Comment {
    pub(super) id: u64,
    pub(super) login: String,
    pub(super) body: String,
}

/// What to answer to the next requests of a method whose path holds a text.
struct Instead {
    method: &'static str,
    path: &'static str,
    replies: VecDeque<Reply>,
}

struct State {
    kind: Kind,
    /// Who the token belongs to; `None` where it may not ask.
    login: Option<String>,
    /// In whose name it writes.
    writes_as: String,
    head: String,
    target: String,
    comments: Vec<Comment>,
    statuses: Vec<Value>,
    asked: Vec<Asked>,
    instead: Vec<Instead>,
    next: u64,
    links: bool,
}

/// The forge. Its thread ends with the test's process.
#[derive(Clone)]
pub(in crate::ci) struct Forge {
    pub(super) address: String,
    state: Arc<Mutex<State>>,
}

impl Forge {
    pub(in crate::ci) fn new(kind: Kind, head: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            kind,
            login: Some("gate".to_owned()),
            writes_as: "gate".to_owned(),
            head: head.to_owned(),
            target: "main".to_owned(),
            comments: Vec::new(),
            statuses: Vec::new(),
            asked: Vec::new(),
            instead: Vec::new(),
            next: 1000,
            links: true,
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || serve(connection, &state));
            }
        });
        Self { address, state }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The root of its API.
    pub(in crate::ci) fn api(&self) -> String {
        let root = self.with(|state| match state.kind {
            Kind::Github => "",
            Kind::Gitlab => "/api/v4",
            Kind::Gitea => "/api/v1",
        });
        format!("{}{root}", self.address)
    }

    /// The token may not ask who it belongs to, and writes in this name.
    pub(super) fn of_a_job(&self, name: &str) {
        self.with(|state| {
            state.login = None;
            state.writes_as = name.to_owned();
        });
    }

    pub(super) fn without_links(&self) {
        self.with(|state| state.links = false);
    }

    pub(super) fn moves_to(&self, head: &str, target: &str) {
        self.with(|state| {
            state.head = head.to_owned();
            state.target = target.to_owned();
        });
    }

    pub(super) fn instead(&self, method: &'static str, path: &'static str, replies: Vec<Reply>) {
        self.with(|state| {
            state.instead.push(Instead {
                method,
                path,
                replies: replies.into(),
            });
        });
    }

    /// Somebody comments.
    pub(super) fn comment(&self, login: &str, body: &str) -> u64 {
        self.with(|state| state.add(login.to_owned(), body.to_owned()))
    }

    pub(in crate::ci) fn comments(&self) -> Vec<Comment> {
        self.with(|state| state.comments.clone())
    }

    /// The bodies of one author's comments.
    pub(super) fn by(&self, login: &str) -> Vec<String> {
        let comments = self.comments().into_iter();
        comments
            .filter(|comment| comment.login == login)
            .map(|comment| comment.body)
            .collect()
    }

    pub(in crate::ci) fn statuses(&self) -> Vec<Value> {
        self.with(|state| state.statuses.clone())
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.with(|state| state.asked.clone())
    }

    /// What was asked, in short; and forgets it.
    pub(in crate::ci) fn log(&self) -> Vec<String> {
        self.with(|state| std::mem::take(&mut state.asked))
            .iter()
            .map(|asked| format!("{} {}", asked.method, asked.path))
            .collect()
    }
}

impl State {
    fn add(&mut self, login: String, body: String) -> u64 {
        self.next += 1;
        self.comments.push(Comment {
            id: self.next,
            login,
            body,
        });
        self.next
    }

    fn shown(&self, comment: &Comment) -> Value {
        let Comment { id, login, body } = comment;
        match self.kind {
            Kind::Github => json!({
                "id": id, "node_id": "MDEyOklzc3VlQ29tbWVudDE=", "url": "https://api.example.org/x", "body": body,
                "user": { "login": login, "id": 1, "type": "User", "site_admin": false },
                "created_at": "2026-11-27T03:00:00Z", "author_association": "NONE", "performed_via_github_app": null,
            }),
            Kind::Gitlab => json!({
                "id": id, "type": null, "body": body, "attachment": null,
                "author": { "id": 1, "username": login, "name": "Somebody", "state": "active", "web_url": "https://gitlab.example.org/x" },
                "created_at": "2026-11-27T03:00:00.000Z", "system": false, "noteable_iid": 7, "resolvable": false, "confidential": false,
            }),
            Kind::Gitea => json!({
                "id": id, "html_url": "https://gitea.example.org/x", "body": body, "original_author": "", "assets": [],
                "user": { "id": 1, "login": login, "username": login, "full_name": "" }, "created_at": "2026-11-27T03:00:00Z",
            }),
        }
    }

    fn documented(&mut self, asked: &Asked, address: &str) -> (u16, Vec<(&'static str, String)>, Value) {
        let plain = |status: u16, body: Value| (status, vec![], body);
        let parts: Vec<&str> = asked.path.trim_start_matches('/').split('/').collect();
        let parts = match self.kind {
            Kind::Github => parts.as_slice(),
            Kind::Gitlab | Kind::Gitea => &parts[2..],
        };
        let method = asked.method.as_str();
        let body = asked
            .body
            .get("body")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let id = |text: &str| text.parse::<u64>().unwrap();
        match (method, parts) {
            ("GET", ["user"]) => match &self.login {
                Some(login) if self.kind == Kind::Gitlab => plain(
                    200,
                    json!({ "id": 1, "username": login, "name": "Gate", "state": "active" }),
                ),
                Some(login) => plain(200, json!({ "login": login, "id": 1 })),
                None => plain(403, json!({ "message": "Resource not accessible by integration" })),
            },
            ("GET", ["repos", "ada", "engine", "pulls", "7"]) => plain(
                200,
                json!({ "number": 7, "state": "open", "head": { "ref": "topic", "sha": self.head }, "base": { "ref": self.target, "sha": "0" } }),
            ),
            ("GET", ["projects", "3", "merge_requests", "7"]) => plain(
                200,
                json!({ "iid": 7, "state": "opened", "sha": self.head, "target_branch": self.target, "source_branch": "topic" }),
            ),
            ("GET", ["repos", "ada", "engine", "issues", "7", "comments"])
            | ("GET", ["projects", "3", "merge_requests", "7", "notes"]) => {
                let all: Vec<Value> = self.comments.iter().map(|comment| self.shown(comment)).collect();
                if self.kind == Kind::Gitea {
                    return plain(200, Value::from(all));
                }
                let value = |name: &str| -> usize {
                    let pairs = asked.query.split('&').filter_map(|pair| pair.split_once('='));
                    pairs
                        .filter(|(known, _)| *known == name)
                        .map(|(_, value)| value.parse().unwrap())
                        .next()
                        .unwrap()
                };
                let (size, page) = (value("per_page"), value("page"));
                assert!((1..=100).contains(&size));
                let shown: Vec<Value> = all.iter().skip(size * (page - 1)).take(size).cloned().collect();
                let next = format!(
                    "<{address}{}?per_page={size}&page={}>; rel=\"next\"",
                    asked.path,
                    page + 1
                );
                let links = self.links && all.len() > size * page;
                (
                    200,
                    if links { vec![("link", next)] } else { vec![] },
                    Value::from(shown),
                )
            }
            ("POST", ["repos", "ada", "engine", "issues", "7", "comments"])
            | ("POST", ["projects", "3", "merge_requests", "7", "notes"]) => {
                let id = self.add(self.writes_as.clone(), body);
                let comment = self.comments.iter().find(|comment| comment.id == id).unwrap();
                plain(201, self.shown(comment))
            }
            ("PATCH" | "PUT" | "DELETE", ["repos", "ada", "engine", "issues", "comments", number])
            | ("PATCH" | "PUT" | "DELETE", ["projects", "3", "merge_requests", "7", "notes", number]) => {
                assert_eq!(method == "PUT", self.kind == Kind::Gitlab && method != "DELETE");
                let Some(at) = self.comments.iter().position(|comment| comment.id == id(number)) else {
                    return plain(404, json!({ "message": "Not Found" }));
                };
                if method == "DELETE" {
                    self.comments.remove(at);
                    return plain(204, Value::Null);
                }
                self.comments[at].body = body;
                plain(200, self.shown(&self.comments[at]))
            }
            ("POST", ["repos", "ada", "engine", "statuses", sha]) => {
                let mut status = asked.body.clone();
                assert!(["error", "failure", "pending", "success"].contains(&status["state"].as_str().unwrap()));
                assert!(status["description"].as_str().unwrap().chars().count() <= 140);
                assert!(status["context"].is_string());
                status["sha"] = Value::from(*sha);
                self.statuses.push(status.clone());
                plain(201, status)
            }
            ("POST", ["projects", "5", "statuses", sha]) => {
                let mut status = asked.body.clone();
                assert!(
                    ["pending", "running", "success", "failed", "canceled", "skipped"]
                        .contains(&status["state"].as_str().unwrap())
                );
                if self
                    .statuses
                    .iter()
                    .any(|known| known["name"] == status["name"] && known["status"] == status["state"])
                {
                    return plain(
                        400,
                        json!({ "message": "Cannot transition status via :succeed from :success (Reason(s): Status cannot transition via \"succeed\")" }),
                    );
                }
                status["sha"] = Value::from(*sha);
                status["status"] = status["state"].clone();
                status["id"] = Value::from(self.statuses.len() + 1);
                self.statuses.push(status.clone());
                plain(201, status)
            }
            ("GET", ["projects", "5", "repository", "commits", _, "statuses"]) => {
                plain(200, Value::from(self.statuses.clone()))
            }
            _ => plain(
                404,
                json!({ "message": "Not Found", "documentation_url": "https://docs.example.org" }),
            ),
        }
    }
}

fn read(connection: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, address) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = address.split_once('?').unwrap_or((&address, ""));
    Some(Asked {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}

fn serve(mut connection: TcpStream, state: &Mutex<State>) {
    let Some(asked) = read(&connection) else { return };
    let address = format!("http://{}", connection.local_addr().unwrap());
    let (reply, documented) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.asked.push(asked.clone());
        let instead = state
            .instead
            .iter_mut()
            .find(|one| one.method == asked.method && asked.path.contains(one.path) && !one.replies.is_empty());
        let reply = instead.and_then(|one| one.replies.pop_front());
        let documented = match reply {
            None | Some(Reply::Done(_)) => Some(state.documented(&asked, &address)),
            _ => None,
        };
        (reply, documented)
    };
    let (status, headers, body) = match (reply, documented) {
        (None, Some((status, headers, body))) => (
            status,
            headers,
            if body.is_null() {
                String::new()
            } else {
                body.to_string()
            },
        ),
        (Some(Reply::Plain(status, headers, body)), _) => (status, headers, body),
        (Some(Reply::Done(status)), _) => (status, vec![], String::new()),
        (Some(Reply::Silence), _) => {
            std::thread::sleep(std::time::Duration::from_secs(60));
            return;
        }
        (Some(Reply::Endless), _) => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n[";
            let mut sent = connection.write_all(head.as_bytes());
            let blanks = [b' '; 1 << 16];
            while sent.is_ok() {
                sent = connection.write_all(&blanks);
            }
            return;
        }
        (Some(Reply::Gone), _) | (None, None) => return,
    };
    let mut text = format!("HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if status != 204 {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(&body);
    let _gone = connection.write_all(text.as_bytes());
}
