//! What a manifest or a lock file says of a package in one place.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

/// A package in one place of a file.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Its version or requirement, and what else decides about its code, as written.
    pub(super) says: String,
    /// The same taken apart, without what makes no difference.
    pub(super) spec: Spec,
    pub(super) role: Role,
    /// Of what inherits its version, and of what is declared for that: the catalog; a workspace's table is the one without a name.
    pub(super) catalog: Option<String>,
}

/// What a package is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It runs, and the repository's own code asks for it.
    Used,
    /// It runs, and only other packages ask for it.
    Reached,
    /// Its version is said for those who inherit it.
    Declared,
    /// Development, an extra that is not installed by itself, or somebody else's choice.
    Apart,
    /// A package of the repository itself.
    Own,
    /// The language's own version.
    Language,
}

/// A version or requirement, and everything else that decides about the code.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spec {
    pub(super) version: String,
    /// Features, source, markers.
    pub(super) rest: String,
}

impl Spec {
    /// A version that is all there is to say.
    pub(super) fn plain(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            rest: String::new(),
        }
    }

    /// A requirement of Cargo or Poetry: a version, or a table. The version of a package that lies in the repository says nothing.
    pub(super) fn of_value(value: &Value) -> Self {
        let Value::Object(map) = value else {
            return Self::plain(&words(value));
        };
        let mut map = map.clone();
        if let Some(Value::Array(features)) = map.get_mut("features") {
            features.sort_by_key(ToString::to_string);
        }
        let version = map.remove("version").map(|version| words(&version)).unwrap_or_default();
        let own = map.contains_key("path");
        Self {
            version: if own { String::new() } else { version },
            rest: match map.is_empty() {
                true => String::new(),
                false => Value::Object(map).to_string(),
            },
        }
    }

    /// What a member of a workspace says, over what the workspace says.
    pub(super) fn over(&self, declared: &Self) -> Self {
        let table = |text: &str| match serde_json::from_str(text) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let (mut found, mut own) = (table(&declared.rest), table(&self.rest));
        own.remove("workspace");
        let features: BTreeSet<String> = [&found, &own]
            .into_iter()
            .filter_map(|map| map.get("features")?.as_array())
            .flatten()
            .map(words)
            .collect();
        found.extend(own);
        if !features.is_empty() {
            found.insert("features".to_owned(), features.into_iter().collect());
        }
        if !declared.version.is_empty() {
            found.insert("version".to_owned(), declared.version.clone().into());
        }
        Self::of_value(&Value::Object(found))
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.version.as_str(), self.rest.as_str()) {
            (version, "") => f.write_str(version),
            ("", rest) => f.write_str(rest),
            (version, rest) => write!(f, "{version} {rest}"),
        }
    }
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Entry {
    pub(super) fn new(name: &str, says: impl Into<String>, spec: Spec, role: Role) -> Self {
        Self {
            name: name.to_owned(),
            says: says.into(),
            spec,
            role,
            catalog: None,
        }
    }

    /// A package whose version is all that is said.
    pub(super) fn version(name: &str, version: &str, role: Role) -> Self {
        Self::new(name, version, Spec::plain(version), role)
    }

    /// The same, of a catalog.
    pub(super) fn of(mut self, catalog: Option<String>) -> Self {
        self.catalog = catalog;
        self
    }
}

/// Reads TOML.
pub(super) fn toml(text: &str) -> Option<Value> {
    toml::from_str(text).ok()
}

pub(super) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

pub(super) fn table<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Map<String, Value>> {
    keys.iter().try_fold(value, |value, key| value.get(*key))?.as_object()
}

pub(super) fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// A requirement: the version alone where that is all that it says.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) if map.len() == 1 => text(value, "version").map_or_else(|| value.to_string(), str::to_owned),
        _ => value.to_string(),
    }
}

/// Whether a group of requirements, an extra or a file of them is by its name for those who work on the project, not for who uses it.
pub(super) fn is_for_developers(name: &str) -> bool {
    const WORDS: [&str; 18] = [
        "dev",
        "develop",
        "development",
        "test",
        "tests",
        "testing",
        "doc",
        "docs",
        "documentation",
        "lint",
        "linting",
        "typing",
        "ci",
        "bench",
        "benchmark",
        "benchmarks",
        "example",
        "examples",
    ];
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| WORDS.iter().any(|word| part.eq_ignore_ascii_case(word)))
}
