//! Limits that hold before a policy is read into memory: depth, size after aliases are followed, keys given twice.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Visitor};

use super::source::Source;
use crate::change::MAX_DOCUMENT;
use crate::diagnostic::{Code, Diagnostic};

/// Deepest nesting of lists and mappings.
const MAX_DEPTH: usize = 64;
/// Most values, after aliases are followed.
const MAX_VALUES: usize = 200_000;
/// Most bytes of text, after aliases are followed.
const MAX_TEXT: usize = 4 * MAX_DOCUMENT as usize;
/// Most brackets open at once; the YAML reader's time grows with their square.
const MAX_BRACKETS: usize = 1000;

impl Source {
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
            // Anything else is reported better by the reader of the schema.
            _ => Ok(()),
        }
    }
}

impl Source {
    /// True where a text that can be read as a policy is surely within all limits, so that a census would find nothing.
    ///
    /// Without anchors there are no aliases, and so fewer values than bytes. The schema bounds the depth, and knows every key: of what is read by
    /// it nothing is passed over, and a key that is given twice is an error ([`super::shapes::Pairs`], and serde's structures). Tags begin with an
    /// exclamation mark, which follows a quote only inside of one.
    pub(super) fn is_within_limits_if_read(&self) -> bool {
        let mut before = b' ';
        let plain = self.text.bytes().all(|byte| {
            let before = std::mem::replace(&mut before, byte);
            byte != b'&' && (byte != b'!' || matches!(before, b'"' | b'\''))
        });
        plain && self.text.len() < MAX_VALUES && too_many_brackets(&self.text).is_none()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source {
            name: "p.yaml".into(),
            text: text.into(),
        }
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

    /// Whatever is read without a census would have passed it; and the usual policy is.
    #[test]
    fn what_is_not_counted_would_pass() {
        use super::super::text::checked;
        let nested = format!("version: 1\nexclude: {}x{}\n", "[".repeat(70), "]".repeat(70));
        for (text, alone) in [
            (
                "version: 1\ncomponents:\n  - id: a\n    match: { paths: [\"!x/**\", '!y'] }\n",
                true,
            ),
            ("version: 1\nagents: { a: {}, b: {} }\n", true),
            ("version: 1\nagents: { a: {}, a: {} }\n", true),
            ("version: 1\nversion: 1\n", true),
            ("version: 1\ncomponents:\n  - id: a\n    id: a\n", true),
            (
                "version: 1\nadjust:\n  a: { title: x }\n  b: { title: x }\n  a: { title: y }\n",
                true,
            ),
            ("version: 1\nhidden: {a: 1, a: 2}\n", true),
            (&nested, true),
            ("version: 1\nexclude: &x [a]\n", false),
            ("version: !t 1\n", false),
            ("version: 1\nexclude: [!!str a]\n", false),
            ("version: 1\nexclude:\n- ! a\n", false),
        ] {
            let source = source(text);
            assert_eq!(source.is_within_limits_if_read(), alone, "{text}");
            let counted = source.census().map_err(|refused| *refused);
            let read = checked(&source);
            match counted {
                Ok(()) => assert!(
                    read.is_ok() || super::super::text::deserialize(&source).is_err(),
                    "{text}"
                ),
                Err(refused) => {
                    let said = read.unwrap_err().into_diagnostics();
                    assert_eq!(said, [refused], "{text}");
                }
            }
        }
        let long = format!("version: 1\nexclude: [{}]\n", "a,".repeat(MAX_VALUES / 2));
        assert!(!source(&long).is_within_limits_if_read());
    }

    #[test]
    fn keys_stand_once() {
        let refused = source("a: 1\nb:\n  c: 1\n  c: 2\n").census().unwrap_err();
        assert_eq!(refused.place().unwrap().line, Some(4));
    }
}
