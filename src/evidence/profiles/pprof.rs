//! pprof's protocol buffers: one axis for each type of sample.
//!
//! Source: `proto/profile.proto` of google/pprof. Only the fields that functions are made of are declared; the rest is skipped.

use std::collections::HashMap;
use std::io::{BufRead, Read as _};

use prost::Message;

use super::tree::Functions;
use super::{Axis, ProfileError, told};

/// What is read of a profile at most, since it is decoded as a whole.
const MAX_BYTES: u64 = 128 * 1024 * 1024;

#[derive(Clone, PartialEq, Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    sample: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    function: Vec<FunctionEntry>,
    #[prost(string, repeated, tag = "6")]
    string_table: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(uint64, repeated, tag = "1")]
    location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    value: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(uint64, tag = "3")]
    address: u64,
    #[prost(message, repeated, tag = "4")]
    line: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
struct FunctionEntry {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
    #[prost(int64, tag = "5")]
    start_line: i64,
}

pub(super) fn read(file: impl BufRead) -> Result<Vec<Axis>, ProfileError> {
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ProfileError::TooLarge);
    }
    let profile =
        Profile::decode(bytes.as_slice()).map_err(|_| ProfileError::damaged("not a pprof profile to the end"))?;
    drop(bytes);
    // A profile's first string is empty, so that 0 means none; bytes that decode by chance have no such table.
    if profile.string_table.first().is_none_or(|first| !first.is_empty()) || profile.sample_type.is_empty() {
        return Err(ProfileError::damaged(
            "not a pprof profile: no table of strings, or no type of sample",
        ));
    }
    axes(&profile)
}

fn axes(profile: &Profile) -> Result<Vec<Axis>, ProfileError> {
    let string = |number: i64| -> Result<&str, ProfileError> {
        let text = usize::try_from(number)
            .ok()
            .and_then(|number| profile.string_table.get(number));
        text.map(String::as_str)
            .ok_or_else(|| ProfileError::damaged("a string that is not in the table"))
    };
    let functions: HashMap<u64, &FunctionEntry> = profile.function.iter().map(|found| (found.id, found)).collect();
    let locations: HashMap<u64, &Location> = profile.location.iter().map(|found| (found.id, found)).collect();
    if functions.len() != profile.function.len() || locations.len() != profile.location.len() {
        return Err(ProfileError::damaged("the same id twice"));
    }
    let mut made = Vec::with_capacity(profile.sample_type.len());
    for (which, kind) in profile.sample_type.iter().enumerate() {
        let mut sums = Functions::default();
        let mut known: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut total = 0.0;
        for sample in &profile.sample {
            if sample.value.len() != profile.sample_type.len() {
                return Err(ProfileError::damaged("a sample without one value for each type"));
            }
            let value = sample.value.get(which).copied().unwrap_or_default() as f64;
            let mut stack = Vec::with_capacity(sample.location_id.len());
            // Innermost first; inlined functions of a location too.
            for id in sample.location_id.iter().rev() {
                if !known.contains_key(id) {
                    let location = locations
                        .get(id)
                        .ok_or_else(|| ProfileError::damaged("a location that is not there"))?;
                    known.insert(*id, frames(location, &functions, &string, &mut sums)?);
                }
                stack.extend(known.get(id).into_iter().flatten());
            }
            // What was freed or subtracted (pprof -base) is no cost.
            if value > 0.0 {
                sums.stack(&stack, value);
                total += value;
            }
        }
        let summed = sums.finish();
        made.push(Axis {
            name: string(kind.kind)?.to_owned(),
            unit: string(kind.unit)?.to_owned(),
            total,
            functions: summed.functions,
            calls: summed.calls,
        });
    }
    Ok(made)
}

/// The functions of a location, outermost first.
fn frames<'a>(
    location: &Location,
    functions: &HashMap<u64, &FunctionEntry>,
    string: &impl Fn(i64) -> Result<&'a str, ProfileError>,
    sums: &mut Functions,
) -> Result<Vec<usize>, ProfileError> {
    if location.line.is_empty() {
        return Ok(vec![sums.number(&format!("0x{:x}", location.address), None, None)]);
    }
    let mut frames = Vec::with_capacity(location.line.len());
    for line in location.line.iter().rev() {
        let function = functions
            .get(&line.function_id)
            .ok_or_else(|| ProfileError::damaged("a function that is not there"))?;
        let file = Some(string(function.filename)?).filter(|file| !file.is_empty());
        let start = u64::try_from(function.start_line).ok().filter(|line| *line > 0);
        frames.push(sums.number(string(function.name)?, file, start));
    }
    Ok(frames)
}
