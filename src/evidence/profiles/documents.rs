//! Profiles in JSON: traces in the form of Chrome's, and speedscope's files. One pass, of which only what counts is kept.

use std::collections::HashSet;
use std::fmt;
use std::io::BufRead;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::trace::{Events, Trace};
use super::tree::Functions;
use super::{Axis, ProfileError, ProfileFormat, told};

pub(super) fn read(file: impl BufRead) -> Result<(ProfileFormat, Vec<Axis>), ProfileError> {
    let mut document = Document::default();
    let mut deserializer = serde_json::Deserializer::from_reader(file);
    let outcome = Top(&mut document)
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    if let Err(error) = outcome {
        return Err(fault(error, &document));
    }
    match (document.trace, document.frames, document.profiles) {
        (Some(_), Some(_), Some(_)) => Err(ProfileError::damaged(
            "ambiguous: it reads as chrome-trace and as speedscope",
        )),
        (Some(trace), ..) => Ok((ProfileFormat::ChromeTrace, trace.finish())),
        (None, Some(frames), Some(profiles)) => Ok((ProfileFormat::Speedscope, speedscope(&frames, &profiles)?)),
        _ => Err(ProfileError::Unknown),
    }
}

fn fault(error: serde_json::Error, document: &Document) -> ProfileError {
    let line = u32::try_from(error.line()).ok();
    if error.is_io() {
        return told(error.into());
    }
    // A value of another type under a key that other formats have too.
    if error.is_data() && document.trace.is_none() && !document.is_speedscope {
        return ProfileError::Unknown;
    }
    let reason = if error.is_data() {
        let said = error.to_string();
        said.split(" at line ").next().unwrap_or_default().to_owned()
    } else {
        "not JSON to the end".to_owned()
    };
    ProfileError::Damaged { reason, line }
}

/// What is kept of a document.
#[derive(Default)]
struct Document {
    trace: Option<Trace>,
    frames: Option<Vec<Frame>>,
    profiles: Option<Vec<Thread>>,
    is_speedscope: bool,
}

struct Top<'a>(&'a mut Document);

impl<'de> DeserializeSeed<'de> for Top<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a trace or a profile")
    }

    /// A trace may be the list of its events alone.
    fn visit_seq<A: SeqAccess<'de>>(self, events: A) -> Result<(), A::Error> {
        Events(self.0.trace.insert(Trace::default())).visit_seq(events)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut seen: HashSet<String> = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            match key.as_str() {
                "traceEvents" => {
                    let trace = self.0.trace.insert(Trace::default());
                    entries.next_value_seed(Events(trace))?;
                }
                "shared" => self.0.frames = Some(entries.next_value::<Shared>()?.frames),
                "profiles" => self.0.profiles = Some(entries.next_value()?),
                "$schema" => {
                    let schema: String = entries.next_value()?;
                    self.0.is_speedscope = schema.contains("speedscope");
                }
                _ => {
                    entries.next_value::<IgnoredAny>()?;
                }
            }
            if let Some(key) = seen.replace(key) {
                return Err(A::Error::custom(format!("duplicate key '{key}'")));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Shared {
    frames: Vec<Frame>,
}

#[derive(Deserialize)]
struct Frame {
    name: String,
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    line: Option<u64>,
}

/// One of the profiles of a file: of a thread, most often.
#[derive(Deserialize)]
struct Thread {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    samples: Vec<Vec<usize>>,
    #[serde(default)]
    weights: Vec<f64>,
    #[serde(default)]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    frame: usize,
    at: f64,
}

/// Profiles of one unit are one axis.
fn speedscope(frames: &[Frame], threads: &[Thread]) -> Result<Vec<Axis>, ProfileError> {
    let mut units: Vec<&str> = Vec::new();
    for thread in threads {
        if !units.contains(&thread.unit.as_str()) {
            units.push(&thread.unit);
        }
    }
    let mut axes = Vec::with_capacity(units.len());
    for unit in units {
        let mut functions = Functions::default();
        let numbers: Vec<usize> = frames
            .iter()
            .map(|frame| functions.number(&frame.name, frame.file.as_deref(), frame.line))
            .collect();
        let mut total = 0.0;
        for thread in threads.iter().filter(|thread| thread.unit == unit) {
            let mut count = |stack: &[usize], value: f64| -> Result<(), ProfileError> {
                let stack: Option<Vec<usize>> = stack.iter().map(|frame| numbers.get(*frame).copied()).collect();
                let stack = stack.ok_or_else(|| ProfileError::damaged("a frame that is not there"))?;
                if !value.is_finite() || value < 0.0 {
                    return Err(ProfileError::damaged(
                        "a weight below zero, or events that go back in time",
                    ));
                }
                functions.stack(&stack, value);
                total += value;
                Ok(())
            };
            match thread.kind.as_str() {
                "sampled" => sampled(thread, &mut count)?,
                "evented" => evented(thread, &mut count)?,
                _ => return Err(ProfileError::damaged("a profile that is neither sampled nor evented")),
            }
        }
        let summed = functions.finish();
        axes.push(Axis {
            name: if unit.is_empty() || unit == "none" {
                "samples"
            } else {
                unit
            }
            .to_owned(),
            unit: if unit == "none" { "" } else { unit }.to_owned(),
            total,
            functions: summed.functions,
            calls: summed.calls,
        });
    }
    Ok(axes)
}

type Count<'a> = dyn FnMut(&[usize], f64) -> Result<(), ProfileError> + 'a;

fn sampled(thread: &Thread, count: &mut Count<'_>) -> Result<(), ProfileError> {
    if thread.samples.len() != thread.weights.len() {
        return Err(ProfileError::damaged("not one weight for each sample"));
    }
    thread
        .samples
        .iter()
        .zip(&thread.weights)
        .try_for_each(|(stack, weight)| count(stack, *weight))
}

fn evented(thread: &Thread, count: &mut Count<'_>) -> Result<(), ProfileError> {
    let mut stack: Vec<usize> = Vec::new();
    let mut last = thread.events.first().map_or(0.0, |event| event.at);
    for event in &thread.events {
        if !stack.is_empty() {
            count(&stack, event.at - last)?;
        }
        last = event.at;
        match event.kind.as_str() {
            "O" => stack.push(event.frame),
            "C" if stack.last() == Some(&event.frame) => {
                stack.pop();
            }
            _ => {
                return Err(ProfileError::damaged(
                    "an event that does not close what was opened last",
                ));
            }
        }
    }
    if stack.is_empty() {
        Ok(())
    } else {
        Err(ProfileError::damaged("events that do not close"))
    }
}
