//! The policy as written: the YAML schema, before anything is checked but shape.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// One string or a list of strings.
#[derive(Clone, Debug, Default)]
pub(super) struct List(pub(super) Vec<String>);

/// A mapping in the order written.
#[derive(Clone, Debug)]
pub(super) struct Pairs<T>(pub(super) Vec<(String, T)>);

/// A string, or a mapping of which the string is the short form.
pub(super) trait FromText {
    fn from_text(text: String) -> Self;
}

/// A value that may be written as a string.
#[derive(Clone, Debug)]
pub(super) struct Short<T>(pub(super) T);

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of policy keys")]
pub(super) struct Policy {
    pub(super) version: Option<String>,
    pub(super) serial: Option<u64>,
    pub(super) repository: Option<String>,
    #[serde(default)]
    pub(super) extends: List,
    #[serde(default)]
    pub(super) without: List,
    pub(super) certificates: Option<List>,
    pub(super) ledger: Option<Ledger>,
    pub(super) enforce: Option<Vec<Enforce>>,
    pub(super) defaults: Option<Defaults>,
    #[serde(default)]
    pub(super) agents: Pairs<Agent>,
    #[serde(default)]
    pub(super) statuses: Pairs<String>,
    pub(super) emergency_stop: Option<String>,
    pub(super) policy: Option<Own>,
    #[serde(default)]
    pub(super) components: Vec<Component>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the key `since`")]
pub(super) struct Ledger {
    pub(super) since: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the key `branches` and stages")]
pub(super) struct Enforce {
    pub(super) branches: Option<List>,
    #[serde(rename = "pre-commit")]
    pub(super) pre_commit: Option<String>,
    #[serde(rename = "pre-push")]
    pub(super) pre_push: Option<String>,
    pub(super) merge: Option<String>,
    pub(super) delete: Option<String>,
    pub(super) force: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of defaults")]
pub(super) struct Defaults {
    pub(super) binding: Option<String>,
    pub(super) max_age: Option<String>,
    pub(super) conditional: Option<String>,
    pub(super) signatures: Option<String>,
    pub(super) independence: Option<bool>,
    pub(super) families: Option<List>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with the keys `principals` and `may_lift`"
)]
pub(super) struct Agent {
    #[serde(default)]
    pub(super) principals: List,
    #[serde(default)]
    pub(super) may_lift: bool,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the key `owners`")]
pub(super) struct Own {
    #[serde(default)]
    pub(super) owners: List,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a component: a mapping with an `id`")]
pub(super) struct Component {
    pub(super) id: Option<String>,
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) aliases: List,
    pub(super) risk: Option<String>,
    #[serde(default)]
    pub(super) authorizers: List,
    #[serde(rename = "match", default)]
    pub(super) rules: Rules,
    #[serde(default)]
    pub(super) require: Require,
    #[serde(default)]
    pub(super) handoff: Pairs<String>,
    pub(super) binding: Option<String>,
    pub(super) max_age: Option<String>,
    pub(super) conditional: Option<String>,
    #[serde(default)]
    pub(super) examples: Examples,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of rules")]
pub(super) struct Rules {
    #[serde(default)]
    pub(super) paths: List,
    #[serde(default)]
    pub(super) content: Vec<Short<Content>>,
    #[serde(default)]
    pub(super) functions: Vec<Short<Function>>,
    #[serde(default)]
    pub(super) messages: List,
    pub(super) families: Option<List>,
    #[serde(default)]
    pub(super) exclude: List,
    #[serde(default)]
    pub(super) ignore: List,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a pattern, or a mapping with a `pattern`")]
pub(super) struct Content {
    pub(super) pattern: Option<String>,
    pub(super) except: Option<String>,
    pub(super) lines: Option<String>,
    pub(super) paths: Option<List>,
    pub(super) comments: Option<bool>,
    #[serde(default)]
    pub(super) examples: Examples,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a glob, or a mapping with a `name`")]
pub(super) struct Function {
    pub(super) name: Option<String>,
    pub(super) paths: Option<List>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with the keys `agents`, `approvals` and `evidence`"
)]
pub(super) struct Require {
    #[serde(default)]
    pub(super) agents: List,
    pub(super) approvals: Option<u32>,
    #[serde(default)]
    pub(super) evidence: List,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the keys `match` and `ignore`")]
pub(super) struct Examples {
    #[serde(rename = "match", default)]
    pub(super) matching: Vec<Short<Example>>,
    #[serde(rename = "ignore", default)]
    pub(super) ignored: Vec<Short<Example>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "text, or a mapping with `path`, `line`, `function` or `message`"
)]
pub(super) struct Example {
    /// The short form: a path, or in a content rule a line.
    #[serde(skip)]
    pub(super) text: Option<String>,
    pub(super) path: Option<String>,
    pub(super) line: Option<String>,
    pub(super) function: Option<String>,
    pub(super) message: Option<String>,
}

impl FromText for Content {
    fn from_text(text: String) -> Self {
        Self {
            pattern: Some(text),
            except: None,
            lines: None,
            paths: None,
            comments: None,
            examples: Examples::default(),
        }
    }
}

impl FromText for Function {
    fn from_text(text: String) -> Self {
        Self {
            name: Some(text),
            paths: None,
        }
    }
}

impl FromText for Example {
    fn from_text(text: String) -> Self {
        Self {
            text: Some(text),
            path: None,
            line: None,
            function: None,
            message: None,
        }
    }
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lists;
        impl<'de> Visitor<'de> for Lists {
            type Value = List;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<List, E> {
                Ok(List(vec![text.to_owned()]))
            }

            fn visit_unit<E: de::Error>(self) -> Result<List, E> {
                Ok(List::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element::<String>()? {
                    list.push(item);
                }
                Ok(List(list))
            }
        }
        deserializer.deserialize_any(Lists)
    }
}

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Pairs<T>, E> {
                Ok(Pairs::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Pairs<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    pairs.push(entry);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_any(Entries(PhantomData))
    }
}

impl<'de, T: FromText + Deserialize<'de>> Deserialize<'de> for Short<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: FromText + Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = Short<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a mapping")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Short<T>, E> {
                Ok(Short(T::from_text(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Short<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(entries)).map(Short)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}
