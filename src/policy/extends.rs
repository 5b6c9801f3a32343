//! `extends:` as written: packs by name, and policies of other repositories, pinned to a commit and to the digest of their bytes.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::source::Step;
use super::validate::{Check, at};
use crate::change::{Digest, ObjectId, RepoPath, deceptive};
use crate::diagnostic::{Code, Diagnostic};

/// Most policies that one may import.
const MAX_IMPORTS: usize = 8;

/// Longest address, in bytes.
const MAX_URL: usize = 500;

/// `extends:` one pack, one import, or a list of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw(pub(super) Vec<Source>);

/// An entry of it.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(untagged)]
pub(super) enum Source {
    /// `builtin:NAME`.
    Pack(String),
    /// A policy of another repository.
    Import(Import),
}

/// An import as written.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with the keys `git`, `rev`, `path` and `sha256`"
)]
pub(super) struct Import {
    #[serde(skip_serializing_if = "Option::is_none")]
    git: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rev: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
}

/// A policy of another repository, pinned: what is read is decided by the digest, the rest says where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// `git:` where git fetches it from.
    pub url: String,
    /// `rev:` the commit.
    pub rev: ObjectId,
    /// `path:` the file in that commit.
    pub path: RepoPath,
    /// `sha256:` the digest of the file's bytes.
    pub sha256: Digest,
}

impl Pin {
    /// Where the copy lies in the importing repository.
    pub fn copy(&self) -> RepoPath {
        RepoPath::from(format!("{}/{}.yaml", super::IMPORTS, self.sha256).as_str())
    }

    /// What its components say of where they are from.
    pub(super) fn origin(&self) -> String {
        format!("import:{}@{}", self.path, self.rev.short())
    }
}

/// How git may reach an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `https://`.
    Https,
    /// `ssh://`, or `user@host:path`.
    Ssh,
    /// `file://`, for a mirror on this machine.
    File,
}

impl Transport {
    /// The transport of an address; `None` where git is not asked for it: other protocols, options, helpers, plain paths, passwords.
    pub fn of(url: &str) -> Option<Self> {
        let shown = |c: char| !c.is_whitespace() && !deceptive(c);
        if url.len() > MAX_URL || url.starts_with('-') || url.contains("::") || !url.chars().all(shown) {
            return None;
        }
        let (transport, rest) = match url.split_once("://") {
            Some(("https", rest)) => (Self::Https, rest),
            Some(("ssh", rest)) => (Self::Ssh, rest),
            Some(("file", rest)) => (Self::File, rest),
            Some(_) => return None,
            // As ssh(1) and scp(1) have it; what has no user could be a path.
            None => {
                let (host, path) = url.split_once(':')?;
                let (user, name) = host.split_once('@')?;
                let sound = |word: &str| {
                    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
                    !word.is_empty() && !word.starts_with('-') && word.chars().all(known)
                };
                return (sound(user) && sound(name) && !path.is_empty()).then_some(Self::Ssh);
            }
        };
        let (authority, path) = rest.split_once('/')?;
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let sound = match transport {
            Self::File => authority.is_empty(),
            Self::Https | Self::Ssh => !host.is_empty() && !host.starts_with('-') && !user.starts_with('-'),
        };
        // A password in a policy is read by everybody.
        (sound && !path.is_empty() && !user.contains(':')).then_some(transport)
    }

    /// As `GIT_ALLOW_PROTOCOL` has it.
    pub fn protocol(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Ssh => "ssh",
            Self::File => "file",
        }
    }
}

impl Raw {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The packs, with the place of each in the list.
    pub(super) fn packs(&self) -> impl Iterator<Item = (usize, &str)> {
        self.0.iter().enumerate().filter_map(|(index, source)| match source {
            Source::Pack(name) => Some((index, name.as_str())),
            Source::Import(_) => None,
        })
    }

    /// The imports, with the place of each in the list.
    pub(super) fn imports(&self) -> impl Iterator<Item = (usize, &Import)> {
        self.0.iter().enumerate().filter_map(|(index, source)| match source {
            Source::Pack(_) => None,
            Source::Import(import) => Some((index, import)),
        })
    }
}

impl Check<'_> {
    /// Reads the pins of `extends`, each with the place of its entry; what is wrong with one is reported.
    pub(super) fn pins(&mut self, raw: &Raw) -> Vec<(usize, Pin)> {
        let mut found: Vec<(usize, Pin)> = Vec::new();
        for (index, import) in raw.imports() {
            let Some(pin) = self.pin(import, &at!["extends", index]) else {
                continue;
            };
            if found.iter().any(|(_, known)| known.sha256 == pin.sha256) {
                let place = at!["extends", index, "sha256"];
                self.error(Code::CG009, "this policy is imported already", &place);
            } else if found.len() == MAX_IMPORTS {
                let message = format!("more than {MAX_IMPORTS} policies are imported");
                self.error(Code::CG008, message, &at!["extends", index]);
                break;
            } else {
                found.push((index, pin));
            }
        }
        found
    }

    fn pin(&mut self, import: &Import, here: &[Step]) -> Option<Pin> {
        let inside = |key: &'static str| [here, &at![key]].concat();
        let mut words = Vec::new();
        for (key, value) in [
            ("git", &import.git),
            ("rev", &import.rev),
            ("path", &import.path),
            ("sha256", &import.sha256),
        ] {
            if value.is_none() {
                let finding = Diagnostic::error(Code::CG002, format!("an import needs `{key}`"))
                    .help("write `{ git: URL, rev: COMMIT, path: FILE, sha256: DIGEST }`");
                self.push(finding, Some(here));
            }
            words.extend(value.as_deref());
        }
        let [url, rev, path, sha256] = words.as_slice() else {
            return None;
        };
        if Transport::of(url).is_none() {
            let message = format!("`{url}` is not an address that policies are fetched from");
            let finding = Diagnostic::error(Code::CG009, message)
                .help("write `https://…`, `ssh://…`, `USER@HOST:PATH` or `file:///…`, without a password");
            self.push(finding, Some(&inside("git")));
            return None;
        }
        let lower = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let commit = ObjectId::from_hex(rev).filter(|_| lower(rev));
        if commit.is_none() {
            let message = format!("`{rev}` is not the full id of a commit: 40 or 64 lower-case hexadecimal digits");
            let finding = Diagnostic::error(Code::CG009, message)
                .because("branches and tags move, so they would not say which policy is meant");
            self.push(finding, Some(&inside("rev")));
        }
        let digest = Digest::from_hex(sha256);
        if digest.is_none() {
            let message = format!("`{sha256}` is not a digest: 64 lower-case hexadecimal digits");
            self.error(Code::CG009, message, &inside("sha256"));
        }
        let sound = |part: &str| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git");
        if !path.split('/').all(sound) || path.chars().any(deceptive) || path.starts_with('-') || path.contains(':') {
            let message = "`path` is a file of that repository, such as `policies/speed.yaml`";
            self.error(Code::CG009, message, &inside("path"));
            return None;
        }
        Some(Pin {
            url: (*url).to_owned(),
            rev: commit?,
            path: RepoPath::from(*path),
            sha256: digest?,
        })
    }
}

impl serde::Serialize for Raw {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Source;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a pack, or a mapping with `git`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Source, E> {
                Ok(Source::Pack(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Source, A::Error> {
                Import::deserialize(MapAccessDeserializer::new(entries)).map(Source::Import)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Sources;
        impl<'de> Visitor<'de> for Sources {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a list of packs and imports")
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Raw, E> {
                Ok(Raw::default())
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw(vec![Source::Pack(text.to_owned())]))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Raw, A::Error> {
                Import::deserialize(MapAccessDeserializer::new(entries)).map(|import| Raw(vec![Source::Import(import)]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Raw(list))
            }
        }
        deserializer.deserialize_any(Sources)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_are_asked() {
        for (url, expected) in [
            ("https://example.org/policies.git", Some(Transport::Https)),
            ("https://bot@example.org/p", Some(Transport::Https)),
            ("ssh://git@example.org:2222/p.git", Some(Transport::Ssh)),
            ("git@example.org:team/p.git", Some(Transport::Ssh)),
            ("file:///srv/mirror/p.git", Some(Transport::File)),
            ("http://example.org/p", None),
            ("git://example.org/p", None),
            ("https://bot:secret@example.org/p", None),
            ("https:///p", None),
            ("https://example.org", None),
            ("ssh://-oProxyCommand=touch/p", None),
            ("ssh://-o@host/p", None),
            ("-oProxyCommand=x@host:p", None),
            ("git@-host:p", None),
            ("host:p", None),
            ("--upload-pack=x", None),
            ("ext::sh -c touch% x", None),
            ("file://host/p", None),
            ("/srv/p.git", None),
            ("../p.git", None),
            ("https://example.org/a b", None),
            ("https://example.org/\u{202e}x", None),
            ("HTTPS://example.org/p", None),
            ("", None),
        ] {
            assert_eq!(Transport::of(url), expected, "{url}");
        }
    }
}
