//! JSON as benchmark files need it: strict where readers differ, and with the bare words that tools write for numbers that are not finite.
//!
//! A key twice in one object is refused at any depth, since one reader takes the first and another the last. Trailing data, deep nesting
//! and more values than a benchmark file has are refused too. `NaN` and `Infinity`, which Python and Google Benchmark write although no
//! standard knows them, become numbers that are not finite; whoever asks for a measurement refuses those.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// More values than any benchmark file of the allowed size has in earnest; bounds the memory.
const MAX_VALUES: usize = 4_000_000;

/// A JSON document. Numbers may be NaN or infinite.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Why a text is no JSON document that may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong.
    pub(super) reason: String,
    /// The 1-based line.
    pub(super) line: u32,
    /// A whole document was read and something follows it.
    pub(super) trailing: bool,
}

impl Json {
    /// The value of a key of an object.
    pub(super) fn get(&self, key: &str) -> Option<&Json> {
        self.object()?
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The value at the end of a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Json> {
        path.iter().try_fold(self, |json, key| json.get(key))
    }

    /// Whether an object has a key whose value is not null.
    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| *value != Json::Null)
    }

    pub(super) fn object(&self) -> Option<&[(String, Json)]> {
        match self {
            Json::Object(entries) => Some(entries),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Json]> {
        match self {
            Json::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn bool(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A number, which might not be finite.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Json::Number(value) => Some(*value),
            _ => None,
        }
    }

    /// A count.
    pub(super) fn count(&self) -> Option<u64> {
        let value = self.number()?;
        ((0.0..=9_007_199_254_740_992.0).contains(&value) && value.fract() == 0.0).then_some(value as u64)
    }

    /// A list of numbers, if it is nothing else.
    pub(super) fn numbers(&self) -> Option<Vec<f64>> {
        self.list()?.iter().map(Json::number).collect()
    }

    /// The text of a key.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// The number of a key.
    pub(super) fn number_of(&self, key: &str) -> Option<f64> {
        self.get(key)?.number()
    }

    /// A value as it is shown in a name: texts without quotes, whole numbers without a fraction.
    pub(super) fn shown(&self) -> String {
        match self {
            Json::Null => "null".to_owned(),
            Json::Bool(value) => value.to_string(),
            Json::Number(value) => value.to_string(),
            Json::Text(text) => text.clone(),
            Json::List(items) => {
                let items: Vec<String> = items.iter().map(Json::shown).collect();
                format!("[{}]", items.join(", "))
            }
            Json::Object(entries) => {
                let entries: Vec<String> = entries.iter().map(|(k, v)| format!("{k}={}", v.shown())).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }
}

/// Reads one document and nothing after it.
pub(super) fn parse(text: &str) -> Result<Json, Fault> {
    let text = quote_bare_words(text);
    let reading = Reading::default();
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let document = Value(&reading).deserialize(&mut deserializer);
    let document = document.map_err(|error| reading.fault(&error))?;
    deserializer.end().map_err(|error| Fault {
        reason: "not JSON to the end".to_owned(),
        line: line_of(&error),
        trailing: true,
    })?;
    Ok(document)
}

fn line_of(error: &serde_json::Error) -> u32 {
    u32::try_from(error.line()).unwrap_or(u32::MAX).max(1)
}

/// What is known while one document is read.
#[derive(Default)]
struct Reading {
    values: Cell<usize>,
    reason: RefCell<Option<String>>,
}

impl Reading {
    fn refuse<E: serde::de::Error>(&self, reason: String) -> E {
        let error = E::custom(&reason);
        *self.reason.borrow_mut() = Some(reason);
        error
    }

    fn count<E: serde::de::Error>(&self) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MAX_VALUES {
            return Err(self.refuse(format!("more than {MAX_VALUES} values")));
        }
        Ok(())
    }

    fn fault(&self, error: &serde_json::Error) -> Fault {
        let said = error.to_string();
        let reason = match self.reason.borrow_mut().take() {
            Some(reason) => reason,
            None if said.starts_with("recursion limit") => "nested too deeply".to_owned(),
            None if said.starts_with("number out of range") => "a number out of range".to_owned(),
            None => "not JSON to the end".to_owned(),
        };
        let line = line_of(error);
        Fault {
            reason,
            line,
            trailing: false,
        }
    }
}

/// Reads one value.
struct Value<'a>(&'a Reading);

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        self.0.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(match value {
            NAN => Json::Number(f64::NAN),
            INFINITY => Json::Number(f64::INFINITY),
            NEGATIVE_INFINITY => Json::Number(f64::NEG_INFINITY),
            text => Json::Text(text.to_owned()),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Value(self.0))? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut object: Vec<(String, Json)> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(self.0.refuse(format!("duplicate key '{key}'")));
            }
            let value = entries.next_value_seed(Value(self.0))?;
            object.push((key, value));
        }
        Ok(Json::Object(object))
    }
}

const NAN: &str = "\0NaN";
const INFINITY: &str = "\0Infinity";
const NEGATIVE_INFINITY: &str = "\0-Infinity";

/// The bare words that tools write, longest first where one begins another, and how each is put to the parser.
const BARE_WORDS: [(&str, &str); 8] = [
    ("-Infinity", r#""\u0000-Infinity""#),
    ("Infinity", r#""\u0000Infinity""#),
    ("-NaN", r#""\u0000NaN""#),
    ("NaN", r#""\u0000NaN""#),
    ("-nan", r#""\u0000NaN""#),
    ("nan", r#""\u0000NaN""#),
    ("-inf", r#""\u0000-Infinity""#),
    ("inf", r#""\u0000Infinity""#),
];

/// Replaces the bare words outside of strings by strings that no file means.
fn quote_bare_words(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut made = String::new();
    let mut copied = 0;
    let mut at = 0;
    let mut in_string = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'N' | b'n' | b'I' | b'i' | b'-' if !in_string => {
                let rest = text.get(at..).unwrap_or_default();
                let found = BARE_WORDS.iter().find(|(word, _)| {
                    let after = rest.as_bytes().get(word.len());
                    rest.starts_with(word) && !after.is_some_and(u8::is_ascii_alphanumeric)
                });
                if let Some((word, quoted)) = found {
                    made.push_str(text.get(copied..at).unwrap_or_default());
                    made.push_str(quoted);
                    at += word.len();
                    copied = at;
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    made.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> String {
        parse(text).unwrap_err().reason
    }

    #[test]
    fn a_key_twice_is_refused_at_any_depth() {
        assert_eq!(reason(r#"{"a": [{"b": 1, "b": 1}]}"#), "duplicate key 'b'");
        assert_eq!(reason(r#"{"a": 1, "\u0061": 2}"#), "duplicate key 'a'");
        assert!(parse(r#"{"a": {"a": 1}}"#).is_ok());
    }

    #[test]
    fn what_does_not_end_or_goes_on_is_refused() {
        for text in ["", "[1, 2", r#"{"a": "#, r#""x"#, "[1,]", "{'a': 1}"] {
            let fault = parse(text).unwrap_err();
            assert_eq!((fault.reason.as_str(), fault.trailing), ("not JSON to the end", false));
        }
        let fault = parse("{}\n{}").unwrap_err();
        assert_eq!((fault.line, fault.trailing), (2, true));
        assert_eq!(reason(&"[".repeat(200)), "nested too deeply");
        assert_eq!(reason("[1e999]"), "a number out of range");
    }

    #[test]
    fn bare_words_are_numbers_that_are_not_finite() {
        let json = parse(r#"{"a": NaN, "b": [-Infinity, Infinity, -nan], "c": "NaN \" NaN"}"#).unwrap();
        assert!(json.number_of("a").unwrap().is_nan());
        let list = json.get("b").unwrap().numbers().unwrap();
        assert_eq!(list[..2], [f64::NEG_INFINITY, f64::INFINITY]);
        assert!(list[2].is_nan());
        assert_eq!(json.text_of("c"), Some("NaN \" NaN"));
        assert_eq!(reason("[NaNs]"), "not JSON to the end");
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        let json = parse("[3, 3.0, 3.5, -1, 1e300]").unwrap();
        let counts: Vec<_> = json.list().unwrap().iter().map(Json::count).collect();
        assert_eq!(counts, [Some(3), Some(3), None, None, None]);
    }
}
