//! The shapes that values of a policy may be written in: one or several, a mapping in its order, a string for short.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, IntoDeserializer as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// One string or a list of strings.
#[derive(Clone, Debug, Default)]
pub(super) struct List(pub(super) Vec<String>);

/// One mapping, or what is short for one, or a list of them.
#[derive(Clone, Debug)]
pub(super) struct Several<T>(pub(super) Vec<T>);

/// A mapping in the order written.
#[derive(Clone, Debug)]
pub(super) struct Pairs<T>(pub(super) Vec<(String, T)>);

/// A string, or a mapping of which the string is the short form.
pub(super) trait FromText {
    fn from_text(text: String) -> Self;

    /// The short form, where the value was written so and must be again.
    fn as_text(&self) -> Option<&str> {
        None
    }
}

/// A value that may be written as a string.
#[derive(Clone, Debug)]
pub(super) struct Short<T>(pub(super) T);

impl List {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Several<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Several<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pairs<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for List {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: Serialize> Serialize for Several<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Several<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping or a list of mappings")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Several<T>, E> {
                T::deserialize(text.into_deserializer()).map(|one| Several(vec![one]))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Several<T>, E> {
                Ok(Several::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Several<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(entries)).map(|one| Several(vec![one]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Several<T>, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Several(list))
            }
        }
        deserializer.deserialize_any(Entries(PhantomData))
    }
}

impl<T: Serialize> Serialize for Pairs<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<T: FromText + Serialize> Serialize for Short<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_text() {
            Some(text) => serializer.serialize_str(text),
            None => self.0.serialize(serializer),
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
                let mut pairs: Vec<(String, T)> = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    pairs.push(entry);
                }
                let mut keys: Vec<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
                keys.sort_unstable();
                match keys.windows(2).find(|two| two.first() == two.last()) {
                    // The limits say it better, with its place.
                    Some(_) => Err(de::Error::custom("a key is given twice")),
                    None => Ok(Pairs(pairs)),
                }
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
