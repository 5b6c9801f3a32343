//! JSON objects of the user's, changed in one place and otherwise left as they were written.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The members of a JSON object in their order, each as it was written.
pub(super) struct Members(pub(super) Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reads;

        impl<'de> Visitor<'de> for Reads {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Reads)
    }
}

/// JSON as it is written.
pub(super) fn raw(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}

/// Gives a member its value.
pub(super) fn put(members: &mut Members, name: &str, value: Box<RawValue>) {
    match members.0.iter_mut().find(|(own, _)| own == name) {
        Some(member) => member.1 = value,
        None => members.0.push((name.to_owned(), value)),
    }
}

/// The members, one a line.
pub(super) fn written(members: &Members, indent: &str) -> Option<String> {
    let lines: Option<Vec<String>> = members
        .0
        .iter()
        .map(|(name, value)| {
            Some(format!(
                "{indent}{}: {}",
                serde_json::to_string(name).ok()?,
                value.get()
            ))
        })
        .collect();
    Some(lines?.join(",\n"))
}
