//! Requests to one host with one token: where they may go, how long they take, how often they are tried.

use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::{HeaderMap, Method, Request, StatusCode, Uri};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use super::said;
use crate::diagnostic::{Code, Diagnostic, sanitize};
use crate::gate::Undecided;
use crate::intake::ci::{Forge, Place, Variables};

/// Most bytes of an answer. A page of comments is the largest: fifty, of which GitHub lets each have 65,536 characters.
const MOST: u64 = 32 << 20;
/// How often a request is tried.
const TRIES: u32 = 3;
/// How many redirects are followed, all on the same host.
const HOPS: u32 = 3;
/// The longest that a forge may ask to wait.
const MOST_WAIT: Duration = Duration::from_secs(60);
/// Before the second try, where the forge does not say; doubled for each after it.
const WAIT: Duration = Duration::from_millis(500);
/// How long a request may take, where nothing else is said.
const TIMEOUT: u64 = 30;
/// How long all of them may take together.
const ALL: Duration = Duration::from_secs(300);

/// Whether a request that may have been carried out is sent again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// To send it twice is to send it once.
    Harmless,
    /// Twice would be two.
    Doubles,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { status, headers, body }
    }

    /// Whether the forge did it.
    pub(super) fn is_done(&self) -> bool {
        self.status.is_success()
    }

    /// True where the header `Link` names a next page.
    pub(super) fn has_next(&self) -> bool {
        let links = self.headers.get_all("link");
        links
            .iter()
            .any(|link| link.to_str().is_ok_and(|link| link.contains("rel=\"next\"")))
    }

    /// The body as it is documented.
    pub(super) fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What the forge says of it: `message` or `error`, which are text, or on GitLab lists of texts by field.
    pub(super) fn message(&self) -> String {
        let Ok(value) = self.read::<Value>() else {
            return String::new();
        };
        match value.get("message").or_else(|| value.get("error")) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    /// How long to wait, where the answer is that there were too many requests. GitHub says so with 403, too.
    fn limited(&self) -> Option<Duration> {
        let asked = self
            .header("retry-after")
            .and_then(|wait| wait.trim().parse().ok())
            .map(Duration::from_secs);
        let used_up = self
            .header("x-ratelimit-remaining")
            .is_some_and(|left| left.trim() == "0");
        match self.status.as_u16() {
            429 => Some(asked.or_else(|| self.reset()).unwrap_or(WAIT)),
            403 if asked.is_some() => asked,
            403 if used_up => Some(self.reset().unwrap_or(WAIT)),
            _ => None,
        }
    }

    /// How long until the limit begins again.
    fn reset(&self) -> Option<Duration> {
        let at: i64 = self
            .header("x-ratelimit-reset")
            .or_else(|| self.header("ratelimit-reset"))?
            .trim()
            .parse()
            .ok()?;
        let left = at.saturating_sub(jiff::Timestamp::now().as_second());
        Some(Duration::from_secs(u64::try_from(left).unwrap_or(0)))
    }
}

/// How a request gets to the forge.
pub(super) trait Wire {
    /// Sends one request, with the token.
    fn once(&self, method: &Method, address: &str, body: Option<&Value>) -> Result<Answer, ureq::Error>;

    /// Waits before the next try.
    fn wait(&self, patience: Duration);
}

/// The network.
struct Network {
    agent: ureq::Agent,
    forge: Forge,
    token: String,
}

/// One host, one token.
pub(super) struct Client {
    wire: Box<dyn Wire>,
    forge: Forge,
    base: String,
    origin: (String, String),
    token: String,
    until: Instant,
    timeout: u64,
}

impl Client {
    /// Refuses an address that would have the token sent in the clear.
    pub(super) fn new(place: &Place, token: &str, variables: &Variables) -> Result<Self, Undecided> {
        let (uri, origin) = address(place)?;
        let open = variables.get("CERTGATE_POST_HTTP").is_some_and(|set| set == "1");
        if origin.0 != "https" && !is_this_machine(uri.host().unwrap_or_default()) && !open {
            return Err(Diagnostic::error(
                Code::CG757,
                format!(
                    "{} is not encrypted, so the token is not sent there",
                    sanitize(&place.api)
                ),
            )
            .help("use the forge's address with https")
            .help("in a closed network, set CERTGATE_POST_HTTP=1 for the job")
            .into());
        }
        let timeout = variables
            .get("CERTGATE_POST_TIMEOUT")
            .and_then(|seconds| seconds.parse().ok())
            .filter(|seconds| (1..=300).contains(seconds))
            .unwrap_or(TIMEOUT);
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // Followed here, where the host is looked at first.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(Duration::from_secs(timeout)))
            .user_agent(concat!("certgate/", env!("CARGO_PKG_VERSION")));
        if origin.0 == "https" {
            config = config.tls_config(encryption());
        }
        let network = Network {
            agent: ureq::Agent::new_with_config(config.build()),
            forge: place.forge,
            token: token.to_owned(),
        };
        Ok(Self {
            timeout,
            ..Self::over(place, token, Box::new(network))?
        })
    }

    /// The same over another wire.
    pub(super) fn over(place: &Place, token: &str, wire: Box<dyn Wire>) -> Result<Self, Undecided> {
        let (_, origin) = address(place)?;
        Ok(Self {
            wire,
            forge: place.forge,
            base: place.api.clone(),
            origin,
            token: token.to_owned(),
            until: Instant::now() + ALL,
            timeout: TIMEOUT,
        })
    }

    /// Sends a request to a path of the API. Answers that ask for patience are waited for; what comes back is any other answer.
    pub(super) fn send(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        again: Again,
    ) -> Result<Answer, Undecided> {
        let mut wait = WAIT;
        let mut tried = 0;
        loop {
            tried += 1;
            let last = tried == TRIES;
            let patience = match self.follow(method, path, body)? {
                Ok(answer) => match answer.limited() {
                    Some(asked) if !last && self.can_wait(asked) => asked,
                    Some(asked) => return Err(self.too_many(&answer, asked).into()),
                    None if answer.status.is_server_error() && again == Again::Harmless && !last => answer
                        .header("retry-after")
                        .and_then(|asked| asked.trim().parse().ok())
                        .map_or(wait, Duration::from_secs)
                        .min(MOST_WAIT),
                    None => return Ok(answer),
                },
                Err(_) if again == Again::Harmless && !last && self.can_wait(wait) => wait,
                Err(error) => return Err(self.unreached(&error).into()),
            };
            self.wire.wait(patience);
            wait *= 2;
        }
    }

    fn can_wait(&self, asked: Duration) -> bool {
        asked <= MOST_WAIT && Instant::now() + asked < self.until
    }

    /// Sends it where redirects lead to, as long as that is the same host.
    fn follow(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Result<Answer, ureq::Error>, Undecided> {
        let mut address = format!("{}{path}", self.base);
        for _ in 0..=HOPS {
            let answer = match self.wire.once(method, &address, body) {
                Ok(answer) => answer,
                Err(error) => return Ok(Err(error)),
            };
            if !matches!(answer.status.as_u16(), 301 | 302 | 307 | 308) {
                return Ok(Ok(answer));
            }
            address = self.beside(answer.header("location").unwrap_or_default())?;
        }
        Err(
            Diagnostic::error(Code::CG754, format!("{} redirects in a circle", self.forge.name()))
                .help(RUN_AGAIN)
                .into(),
        )
    }

    /// The address that a redirect names, if it is on the same host.
    fn beside(&self, location: &str) -> Result<String, Undecided> {
        let (scheme, host) = &self.origin;
        let address = match location.starts_with('/') && !location.starts_with("//") {
            true => format!("{scheme}://{host}{location}"),
            false => location.to_owned(),
        };
        let named = address.parse::<Uri>().ok().and_then(|uri| origin(&uri));
        match named.as_ref() == Some(&self.origin) {
            true => Ok(address),
            false => Err(Diagnostic::error(
                Code::CG757,
                format!(
                    "{} redirects to another host, and the token is not sent there",
                    self.forge.name()
                ),
            )
            .because(format!("{scheme}://{host} redirects to {}", self.shown(location)))
            .help("correct the address in the variable of the CI system")
            .into()),
        }
    }

    fn too_many(&self, answer: &Answer, asked: Duration) -> Diagnostic {
        Diagnostic::error(
            Code::CG754,
            format!(
                "{} answers {}: too many requests, wait {} s",
                self.forge.name(),
                answer.status.as_u16(),
                asked.as_secs()
            ),
        )
        .because(format!(
            "a job waits for at most {} s, {TRIES} times",
            MOST_WAIT.as_secs()
        ))
        .help(RUN_AGAIN)
    }

    fn unreached(&self, error: &ureq::Error) -> Diagnostic {
        let (scheme, host) = &self.origin;
        let why = match error {
            ureq::Error::Timeout(_) => format!("no answer within {} s", self.timeout),
            ureq::Error::BodyExceedsLimit(_) => format!("the answer has more than {MOST} bytes"),
            other => self.shown(&other.to_string()),
        };
        let told = Diagnostic::error(
            Code::CG754,
            format!(
                "{} at {scheme}://{} cannot be asked: {why}",
                self.forge.name(),
                sanitize(host)
            ),
        );
        match error {
            ureq::Error::Timeout(_) => told
                .help(RUN_AGAIN)
                .help("give it longer: CERTGATE_POST_TIMEOUT=120 (seconds, at most 300)"),
            // However deep the fault is wrapped, its text is in this one.
            _ if why.contains("certificate") => told
                .help("let the machine trust the forge's certificate, or name a file of trusted ones in SSL_CERT_FILE"),
            _ => told.help(RUN_AGAIN),
        }
    }

    /// What somebody else said, without the token, which it might repeat.
    pub(super) fn shown(&self, text: &str) -> String {
        said(&text.replace(&self.token, "…"))
    }
}

impl Wire for Network {
    fn once(&self, method: &Method, address: &str, body: Option<&Value>) -> Result<Answer, ureq::Error> {
        let (name, value) = match self.forge {
            Forge::Github => ("authorization", format!("Bearer {}", self.token)),
            Forge::Gitea => ("authorization", format!("token {}", self.token)),
            Forge::Gitlab => ("private-token", self.token.clone()),
        };
        let request = Request::builder().method(method).uri(address).header(name, value);
        let request = match self.forge {
            Forge::Github => request
                .header("accept", "application/vnd.github+json")
                .header("x-github-api-version", "2022-11-28"),
            Forge::Gitlab | Forge::Gitea => request.header("accept", "application/json"),
        };
        let response = match body {
            Some(body) => self.agent.run(
                request
                    .header("content-type", "application/json")
                    .body(body.to_string())?,
            )?,
            None => self.agent.run(request.body(())?)?,
        };
        let (parts, body) = response.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.into_with_config().limit(MOST).read_to_vec()?,
        })
    }

    fn wait(&self, patience: Duration) {
        std::thread::sleep(patience);
    }
}

/// The address of the API, and its origin.
fn address(place: &Place) -> Result<(Uri, (String, String)), Undecided> {
    let unread = || -> Undecided {
        Diagnostic::error(
            Code::CG756,
            format!("`{}` is not the address of an API", sanitize(&place.api)),
        )
        .help("correct the variable that the CI system hands over; docs/ci.md lists them")
        .into()
    };
    let uri: Uri = place.api.parse().map_err(|_| unread())?;
    let origin = origin(&uri).ok_or_else(unread)?;
    Ok((uri, origin))
}

pub(super) const RUN_AGAIN: &str = "run the job again";

/// Scheme and authority, with the port that is meant where none is named.
fn origin(uri: &Uri) -> Option<(String, String)> {
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let authority = uri.authority()?;
    // What is before an `@` is a name and a password, and not part of the host.
    let after = authority
        .as_str()
        .strip_prefix(authority.host())
        .filter(|_| !authority.host().is_empty())?;
    let port = match (after.strip_prefix(':'), scheme.as_str()) {
        (Some(port), _) => port.parse::<u16>().ok()?,
        (None, "https") if after.is_empty() => 443,
        (None, "http") if after.is_empty() => 80,
        (None, _) => return None,
    };
    Some((scheme, format!("{}:{port}", authority.host().to_ascii_lowercase())))
}

/// True where what is sent does not leave the machine.
fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Rustls, with the certificates that the machine trusts: a forge inside a company has one that no list of the public ones knows.
fn encryption() -> TlsConfig {
    let trusted = rustls_native_certs::load_native_certs().certs;
    let trusted: Vec<Certificate<'static>> = trusted
        .iter()
        .map(|der| Certificate::from_der(der).to_owned())
        .collect();
    TlsConfig::builder()
        .unversioned_rustls_crypto_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::new_with_certs(&trusted))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_scheme_name_and_port() {
        let of = |text: &str| text.parse::<Uri>().ok().and_then(|uri| origin(&uri));
        assert_eq!(of("https://Example.org/a"), of("https://example.org:443/b"));
        assert_ne!(of("https://example.org"), of("http://example.org"));
        assert_ne!(of("https://example.org"), of("https://example.org.evil.example"));
        assert_ne!(of("https://example.org:8443"), of("https://example.org"));
        assert_eq!(of("https://example.org@evil.example/"), None);
        assert_eq!(of("http://example.org:99999/"), None);
        assert_eq!(of("/a"), None);
    }

    #[test]
    fn this_machine_is_named_in_few_ways() {
        for host in ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["example.org", "localhost.example.org", "10.0.0.1", "0.0.0.0", ""] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
