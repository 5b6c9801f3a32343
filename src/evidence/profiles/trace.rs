//! The events of a trace in the form of Chrome's ("Trace Event Format"), as PyTorch's profiler writes them.
//!
//! Complete events (`X`) and pairs of begin and end (`B`, `E`) count; on one track (process and thread) an event that lies within another
//! was called by it. Kernels and copies of the GPU, which their category tells, are their own axis. Events are streamed: of each a few
//! numbers are kept, of names one copy.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::tree::frame;
use super::{Axis, Function};

/// More events than are kept of a trace; bounds the memory.
const MAX_EVENTS: usize = 4_000_000;

/// Categories of the GPU's own work, in small letters.
const GPU: [&str; 3] = ["kernel", "gpu_memcpy", "gpu_memset"];

/// Categories of events that cover what others measure.
const COVERING: [&str; 3] = ["Trace", "gpu_user_annotation", "overhead"];

/// What is kept of a trace.
#[derive(Default)]
pub(super) struct Trace {
    names: Names,
    tracks: HashMap<(u64, u64), u32>,
    spans: Vec<Span>,
    open: HashMap<u32, Vec<(u32, f64)>>,
}

#[derive(Clone, Copy)]
struct Span {
    start: f64,
    duration: f64,
    name: u32,
    track: u32,
    gpu: bool,
}

/// Each name once.
#[derive(Default)]
struct Names {
    index: HashMap<String, u32>,
    list: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.index.get(name) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(name.to_owned());
        self.index.insert(name.to_owned(), number);
        number
    }
}

/// Reads the list of events.
pub(super) struct Events<'a>(pub(super) &'a mut Trace);

impl<'de> DeserializeSeed<'de> for Events<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Events<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<(), A::Error> {
        while events.next_element_seed(One(self.0))?.is_some() {
            if self.0.spans.len() > MAX_EVENTS {
                return Err(A::Error::custom(format!("more than {MAX_EVENTS} events")));
            }
        }
        Ok(())
    }
}

/// Reads one event.
struct One<'a>(&'a mut Trace);

/// An event while it is read.
#[derive(Default)]
struct Raw {
    phase: Option<char>,
    name: Option<u32>,
    category: Category,
    start: Option<f64>,
    duration: Option<f64>,
    process: u64,
    thread: u64,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Category {
    #[default]
    Cpu,
    Gpu,
    Covering,
}

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut raw = Raw::default();
        let mut seen = 0_u8;
        while let Some(key) = entries.next_key_seed(KeyOf)? {
            let Some(bit) = key.bit() else {
                entries.next_value::<IgnoredAny>()?;
                continue;
            };
            if seen & bit != 0 {
                return Err(A::Error::custom(format!("duplicate key '{}'", key.word())));
            }
            seen |= bit;
            match key {
                Key::Phase => raw.phase = entries.next_value_seed(Text(|text: &str| text.chars().next()))?,
                Key::Name => raw.name = Some(entries.next_value_seed(Text(|text: &str| self.0.names.number(text)))?),
                Key::Category => raw.category = entries.next_value_seed(Text(category))?,
                Key::Start => raw.start = entries.next_value_seed(Number)?.time(),
                Key::Duration => raw.duration = entries.next_value_seed(Number)?.time(),
                Key::Process => raw.process = entries.next_value_seed(Number)?.id(),
                Key::Thread => raw.thread = entries.next_value_seed(Number)?.id(),
                Key::Other => {}
            }
        }
        self.0.add(&raw).map_err(A::Error::custom)
    }
}

fn category(text: &str) -> Category {
    if GPU.iter().any(|gpu| text.eq_ignore_ascii_case(gpu)) {
        Category::Gpu
    } else if COVERING.contains(&text) {
        Category::Covering
    } else {
        Category::Cpu
    }
}

impl Trace {
    fn add(&mut self, raw: &Raw) -> Result<(), &'static str> {
        let (Some(phase @ ('X' | 'B' | 'E')), false) = (raw.phase, raw.category == Category::Covering) else {
            return Ok(());
        };
        let start = raw.start.ok_or("an event without a time")?;
        let next = u32::try_from(self.tracks.len()).unwrap_or(u32::MAX);
        let track = *self.tracks.entry((raw.process, raw.thread)).or_insert(next);
        let (name, start, end) = match phase {
            'X' => {
                let name = raw.name.ok_or("an event without a name")?;
                let duration = raw.duration.unwrap_or(0.0);
                (name, start, start + duration)
            }
            'B' => {
                let name = raw.name.ok_or("an event without a name")?;
                self.open.entry(track).or_default().push((name, start));
                return Ok(());
            }
            _ => match self.open.get_mut(&track).and_then(Vec::pop) {
                Some((name, begun)) => (name, begun, start),
                None => return Ok(()),
            },
        };
        let duration = end - start;
        if !(duration >= 0.0 && duration.is_finite()) {
            return Err("an event that ends before it begins");
        }
        self.spans.push(Span {
            start,
            duration,
            name,
            track,
            gpu: raw.category == Category::Gpu,
        });
        Ok(())
    }

    /// The functions of both devices.
    pub(super) fn finish(mut self) -> Vec<Axis> {
        self.spans.sort_by(|a, b| {
            let order = a.track.cmp(&b.track).then(a.start.total_cmp(&b.start));
            order.then(b.duration.total_cmp(&a.duration))
        });
        [("cpu", false), ("gpu", true)]
            .into_iter()
            .map(|(name, gpu)| self.axis(name, gpu))
            .collect()
    }

    fn axis(&self, name: &str, gpu: bool) -> Axis {
        let mut sums = vec![(0.0_f64, 0.0_f64); self.names.list.len()];
        let mut active = vec![0_u32; self.names.list.len()];
        let mut stack: Vec<(f64, u32)> = Vec::new();
        let mut calls: HashSet<(u32, u32)> = HashSet::new();
        let mut track = None;
        let ended = |stack: &mut Vec<(f64, u32)>, active: &mut [u32]| {
            if let Some(count) = stack.pop().and_then(|(_, name)| active.get_mut(name as usize)) {
                *count -= 1;
            }
        };
        for span in self.spans.iter().filter(|span| span.gpu == gpu) {
            let end = span.start + span.duration;
            while stack
                .last()
                .is_some_and(|(end, _)| track != Some(span.track) || *end <= span.start)
            {
                ended(&mut stack, &mut active);
            }
            track = Some(span.track);
            let outer = stack.last().copied();
            calls.extend(outer.map(|(_, name)| (name, span.name)));
            if let Some((end, Some((own, _)))) = outer.map(|(end, name)| (end, sums.get_mut(name as usize))) {
                *own -= span.duration.min(end - span.start);
            }
            let at = span.name as usize;
            if let (Some((own, inclusive)), Some(count)) = (sums.get_mut(at), active.get_mut(at)) {
                *own += span.duration;
                if *count == 0 {
                    *inclusive += span.duration;
                }
                *count += 1;
            }
            stack.push((end, span.name));
        }
        self.functions(name, &sums, &calls)
    }

    fn functions(&self, name: &str, sums: &[(f64, f64)], calls: &HashSet<(u32, u32)>) -> Axis {
        let used = self
            .names
            .list
            .iter()
            .zip(sums)
            .filter(|(_, (_, inclusive))| *inclusive > 0.0);
        let mut places: Vec<Option<usize>> = Vec::with_capacity(sums.len());
        let mut next = 0;
        for (_, inclusive) in sums {
            places.push((*inclusive > 0.0).then_some(next));
            next += usize::from(*inclusive > 0.0);
        }
        let place = |name: u32| places.get(name as usize).copied().flatten();
        let calls = calls.iter().filter(|(caller, callee)| caller != callee);
        let calls = calls
            .filter_map(|(caller, callee)| Some((place(*caller)?, place(*callee)?)))
            .collect();
        let functions: Vec<Function> = used
            .map(|(text, (own, inclusive))| {
                let (name, file, line) = frame(text);
                Function {
                    name: name.to_owned(),
                    file: file.map(str::to_owned),
                    line,
                    own: own.max(0.0),
                    inclusive: *inclusive,
                }
            })
            .collect();
        Axis {
            name: name.to_owned(),
            unit: "us".to_owned(),
            total: functions.iter().map(|function| function.own).sum(),
            functions,
            calls,
        }
    }
}

/// The keys of an event that count.
#[derive(Clone, Copy)]
enum Key {
    Phase,
    Name,
    Category,
    Start,
    Duration,
    Process,
    Thread,
    Other,
}

const KEYS: [(&str, Key, u8); 7] = [
    ("ph", Key::Phase, 1),
    ("name", Key::Name, 2),
    ("cat", Key::Category, 4),
    ("ts", Key::Start, 8),
    ("dur", Key::Duration, 16),
    ("pid", Key::Process, 32),
    ("tid", Key::Thread, 64),
];

impl Key {
    fn entry(self) -> Option<&'static (&'static str, Key, u8)> {
        KEYS.get(self as usize)
    }

    fn bit(self) -> Option<u8> {
        self.entry().map(|(_, _, bit)| *bit)
    }

    fn word(self) -> &'static str {
        self.entry().map_or("", |(word, ..)| word)
    }
}

struct KeyOf;

impl<'de> DeserializeSeed<'de> for KeyOf {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        let known = |text: &str| {
            KEYS.iter()
                .find(|(word, ..)| *word == text)
                .map_or(Key::Other, |(_, key, _)| *key)
        };
        deserializer.deserialize_str(Text(known))
    }
}

/// Makes something of a string without keeping it.
struct Text<F>(F);

impl<'de, T, F: FnOnce(&str) -> T> DeserializeSeed<'de> for Text<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> T> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok((self.0)(text))
    }
}

/// A time, or an id of a process or thread, which may be a string.
struct Number;

enum Value {
    Number(f64),
    Text(u64),
}

impl Value {
    fn time(self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(value),
            Self::Text(_) => None,
        }
    }

    fn id(self) -> u64 {
        match self {
            Self::Number(value) => value.to_bits(),
            Self::Text(hash) => hash,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Number {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Number {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number")
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        if let Ok(value) = text.parse() {
            return Ok(Value::Number(value));
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        Ok(Value::Text(hasher.finish()))
    }
}
