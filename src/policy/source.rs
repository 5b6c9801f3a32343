//! The text of a policy, and places in it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::diagnostic::Place;

/// Longest line shown, in bytes; of a longer one, the part around the mark.
const MAX_SHOWN: usize = 200;

/// A step from a value to one inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The value of a key.
    Key(Cow<'static, str>),
    /// The key itself.
    Name(String),
    /// An item of a list.
    Item(usize),
}

impl From<&'static str> for Step {
    fn from(key: &'static str) -> Self {
        Self::Key(Cow::Borrowed(key))
    }
}

impl From<String> for Step {
    fn from(key: String) -> Self {
        Self::Key(Cow::Owned(key))
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
    pub(super) fn place_at(&self, line: usize, column: usize, within: Option<(usize, usize)>) -> Place {
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
        let (text, cut) = window(text, from);
        let (from, to) = (from - cut, to.max(from + 1) - cut);
        Place::line(&self.name, number).with_source(text, from, to)
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
}

/// As much of a line as a person reads, around a byte of it, and how many bytes were cut off at its start.
pub(super) fn window(text: &str, around: usize) -> (&str, usize) {
    if text.len() <= MAX_SHOWN {
        return (text, 0);
    }
    let floor = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(around.min(text.len()).saturating_sub(MAX_SHOWN / 3));
    let end = floor((start + MAX_SHOWN).min(text.len()));
    (text.get(start..end).unwrap_or_default(), start)
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
            Some((Step::Key(key), rest)) => (key.as_ref(), false, rest),
            Some((Step::Name(key), rest)) => (key.as_str(), true, rest),
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
        // What is not there is shown by what it would be in.
        assert_eq!(at(&["b".into(), 0.into(), "nope".into()]).0, 3);
        assert_eq!(window(&"é".repeat(500), 501).0.len(), 200);
        let inside = source.locate(&["b".into(), 0.into(), "c".into()], Some((2, 3)));
        assert_eq!(marked(&inside), (3, "y".into()));
    }
}
