//! The text of a policy: places in it, and the limits that hold before anything is read into memory.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};

use crate::diagnostic::{Code, Diagnostic, Place};

/// The largest policy, in bytes.
pub(super) const MAX_BYTES: usize = 1024 * 1024;
/// Deepest nesting of lists and mappings.
const MAX_DEPTH: usize = 64;
/// Most values, after aliases are followed.
const MAX_VALUES: usize = 200_000;
/// Most bytes of text, after aliases are followed.
const MAX_TEXT: usize = 4 * MAX_BYTES;
/// Most brackets open at once; the YAML reader's time grows with their square.
const MAX_BRACKETS: usize = 1000;

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The value of a key.
    Key(String),
    /// The key itself.
    Name(String),
    /// An item of a list.
    Item(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Item(index)
    }
}

/// A policy's text and the name that it is shown under.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(super) name: String,
    pub(super) text: String,
}

impl Source {
    /// A line (from 1) as the YAML reader counts them.
    fn line_text(&self, line: usize) -> &str {
        let mut rest = self.text.as_str();
        for _ in 1..line {
            let Some(at) = rest.find(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) else {
                return "";
            };
            let tail = rest.get(at..).unwrap_or_default();
            let width = if tail.starts_with("\r\n") {
                2
            } else {
                tail.chars().next().map_or(0, char::len_utf8)
            };
            rest = tail.get(width..).unwrap_or_default();
        }
        rest.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
            .next()
            .unwrap_or_default()
    }

    /// The place of the value that begins at a line and column (both from 1), marking `within` of a one-line scalar, or all of it.
    fn place_at(&self, line: usize, column: usize, within: Option<(usize, usize)>) -> Place {
        let mut line = line;
        let mut column = column;
        // A reader that stops at the end of the file points behind the last line.
        if self.line_text(line).is_empty() && line > 1 && self.line_text(line - 1).len() + 1 > column {
            line -= 1;
            column = self.line_text(line).chars().count().max(1);
        }
        let text = self.line_text(line);
        let start = text
            .char_indices()
            .nth(column.saturating_sub(1))
            .map_or(text.len(), |(at, _)| at);
        let rest = text.get(start..).unwrap_or_default();
        let (open, length) = scalar_extent(rest);
        let (from, to) = match within {
            Some((from, to)) if open + to <= length => (start + open + from, start + open + to),
            _ => (start, start + length),
        };
        let number = u32::try_from(line).unwrap_or(u32::MAX);
        Place::line(&self.name, number).with_source(text, from, to.max(from + 1))
    }

    /// The place of a value.
    pub(super) fn locate(&self, steps: &[Step], within: Option<(usize, usize)>) -> Place {
        let mut steps = steps;
        loop {
            let deserializer = serde_yaml::Deserializer::from_str(&self.text);
            if let Err(error) = (Walk { steps }).deserialize(deserializer)
                && let Some(location) = error.location()
                && error.to_string().contains(FOUND)
            {
                return self.place_at(location.line(), location.column(), within);
            }
            match steps.split_last() {
                Some((_, shorter)) => steps = shorter,
                None => return Place::file(&self.name),
            }
        }
    }

    /// The place of an error of the YAML reader.
    pub(super) fn place_of(&self, error: &serde_yaml::Error) -> Place {
        match error.location() {
            Some(location) => self.place_at(location.line(), location.column(), None),
            None => Place::file(&self.name),
        }
    }

    /// Counts what the text expands to, and refuses what is too deep, too much, or given twice.
    pub(super) fn census(&self) -> Result<(), Box<Diagnostic>> {
        if let Some(line) = too_many_brackets(&self.text) {
            return Err(Box::new(
                Diagnostic::error(
                    Code::CG008,
                    format!("more than {MAX_BRACKETS} brackets are open at once"),
                )
                .at(self.place_at(line, 1, None)),
            ));
        }
        let count = Count::default();
        let result = Census {
            count: &count,
            depth: 0,
        }
        .deserialize(serde_yaml::Deserializer::from_str(&self.text));
        match (result, count.refused.take()) {
            (Err(error), Some(Refusal { code, message })) => {
                Err(Box::new(Diagnostic::error(code, message).at(self.place_of(&error))))
            }
            (Err(error), None) if error.to_string().contains("limit exceeded") => Err(Box::new(
                Diagnostic::error(Code::CG008, "the policy nests or repeats too much").at(self.place_of(&error)),
            )),
            // Anything else is told better by the reader of the schema.
            _ => Ok(()),
        }
    }
}

/// The offset of a scalar's text in its source, and the length of the source up to the end of that text.
fn scalar_extent(rest: &str) -> (usize, usize) {
    match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let end = rest.get(1..).and_then(|tail| tail.find(quote));
            (1, end.map_or(rest.len(), |at| at + 1))
        }
        Some('[' | '{') => (0, 1),
        _ => {
            let end = [": ", " #", ", ", "]", "}"]
                .iter()
                .filter_map(|stop| rest.find(stop))
                .min()
                .unwrap_or(rest.len());
            let plain = rest.get(..end).unwrap_or(rest).trim_end();
            (0, plain.strip_suffix(':').unwrap_or(plain).len())
        }
    }
}

/// The line at which more brackets are open than the YAML reader should be given; text in quotes counts too, which errs safely.
fn too_many_brackets(text: &str) -> Option<usize> {
    let (mut open, mut line) = (0usize, 1);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            b'\n' => line += 1,
            _ => {}
        }
        if open > MAX_BRACKETS {
            return Some(line);
        }
    }
    None
}

struct Refusal {
    code: Code,
    message: String,
}

#[derive(Default)]
struct Count {
    values: Cell<usize>,
    text: Cell<usize>,
    refused: RefCell<Option<Refusal>>,
}

impl Count {
    fn refuse<E: de::Error>(&self, code: Code, message: impl Into<String>) -> E {
        let message = message.into();
        let error = E::custom(&message);
        self.refused.replace(Some(Refusal { code, message }));
        error
    }

    fn spend<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        self.text.set(self.text.get() + bytes);
        if self.values.get() > MAX_VALUES || self.text.get() > MAX_TEXT {
            return Err(self.refuse(Code::CG008, "the policy is too large once its aliases are followed"));
        }
        Ok(())
    }
}

struct Census<'c> {
    count: &'c Count,
    depth: usize,
}

impl Census<'_> {
    fn deeper<E: de::Error>(&self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            let message = format!("the policy nests deeper than {MAX_DEPTH}");
            return Err(self.count.refuse(Code::CG008, message));
        }
        self.count.spend(0)?;
        Ok(Self {
            count: self.count,
            depth: self.depth + 1,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Census<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Census<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        self.count.spend(1)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
        self.count.spend(1)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
        self.count.spend(1)
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<(), E> {
        self.count.spend(1)
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<(), E> {
        self.count.spend(1)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
        self.count.spend(1)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.count.spend(text.len())
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.count.spend(1)
    }

    fn visit_none<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let below = self.deeper()?;
        let seed = || Census { ..below };
        while items.next_element_seed(seed())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let below = self.deeper()?;
        let seen = RefCell::new(HashSet::new());
        let key = || Key {
            count: below.count,
            seen: &seen,
        };
        while entries.next_key_seed(key())?.is_some() {
            entries.next_value_seed(Census { ..below })?;
        }
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(self
            .count
            .refuse(Code::CG002, "tags (`!name`) have no meaning in a policy"))
    }
}

struct Key<'c> {
    count: &'c Count,
    seen: &'c RefCell<HashSet<String>>,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<(), E> {
        self.count.spend(key.len())?;
        if self.seen.borrow_mut().insert(key.to_owned()) {
            return Ok(());
        }
        Err(self
            .count
            .refuse(Code::CG002, format!("the key `{key}` is given twice")))
    }
}

/// What the error says that marks the value looked for.
const FOUND: &str = "\u{1}found\u{1}";

/// Walks to a value and fails there, since only errors know their place.
struct Walk<'s> {
    steps: &'s [Step],
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FOUND)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((Step::Item(index), rest)) = self.steps.split_first() else {
            return Err(de::Error::custom(FOUND));
        };
        for _ in 0..*index {
            if items.next_element::<de::IgnoredAny>()?.is_none() {
                return Ok(());
            }
        }
        items.next_element_seed(Walk { steps: rest })?;
        while items.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let (wanted, at_key, rest) = match self.steps.split_first() {
            Some((Step::Key(key), rest)) => (key, false, rest),
            Some((Step::Name(key), rest)) => (key, true, rest),
            _ => return Err(de::Error::custom(FOUND)),
        };
        while let Some(found) = entries.next_key_seed(Named { wanted, at_key })? {
            if found {
                entries.next_value_seed(Walk { steps: rest })?;
            } else {
                entries.next_value::<de::IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A key, compared.
struct Named<'s> {
    wanted: &'s str,
    at_key: bool,
}

impl<'de> DeserializeSeed<'de> for Named<'_> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Named<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<bool, E> {
        if key == self.wanted && self.at_key {
            return Err(E::custom(FOUND));
        }
        Ok(key == self.wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source {
            name: "p.yaml".into(),
            text: text.into(),
        }
    }

    fn marked(place: &Place) -> (u32, String) {
        let source = place.source.as_ref().unwrap();
        (place.line.unwrap(), source.text[source.start..source.end].to_owned())
    }

    #[test]
    fn values_are_located() {
        let source = source("a: 1\nb:\n  - c: 'x y' # z\n    d: [é, uv, \"w\"]\n");
        let at = |steps: &[Step]| marked(&source.locate(steps, None));
        assert_eq!(at(&["a".into()]), (1, "1".into()));
        assert_eq!(at(&["b".into(), 0.into(), "c".into()]), (3, "'x y".into()));
        assert_eq!(at(&["b".into(), 0.into(), "d".into(), 1.into()]), (4, "uv".into()));
        assert_eq!(at(&["b".into(), 0.into(), Step::Name("d".into())]), (4, "d".into()));
        // What is not there is shown by what it would stand in.
        assert_eq!(at(&["b".into(), 0.into(), "nope".into()]).0, 3);
        let inside = source.locate(&["b".into(), 0.into(), "c".into()], Some((2, 3)));
        assert_eq!(marked(&inside), (3, "y".into()));
    }

    #[test]
    fn a_bomb_costs_nothing() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let inner = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb += &format!("a{level}: &a{level} [{inner}]\n");
        }
        let started = std::time::Instant::now();
        let refused = source(&bomb).census().unwrap_err();
        assert_eq!(refused.code(), Code::CG008);
        assert!(started.elapsed().as_secs() < 5, "bounded work, not a benchmark");
    }

    #[test]
    fn depth_is_bounded() {
        for text in [
            "[".repeat(60_000),
            "- ".repeat(3000),
            format!("{}x{}", "[".repeat(80), "]".repeat(80)),
        ] {
            assert_eq!(source(&text).census().unwrap_err().code(), Code::CG008);
        }
    }

    #[test]
    fn keys_stand_once() {
        let refused = source("a: 1\nb:\n  c: 1\n  c: 2\n").census().unwrap_err();
        assert_eq!(refused.place().unwrap().line, Some(4));
    }
}
