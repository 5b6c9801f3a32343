//! Callgrind's text: lines of costs under `fn=`, and calls with what they cost inclusively.
//!
//! Source: "Callgrind Format Specification" of Valgrind. Each event is an axis. What a function costs inclusively is its own cost and that
//! of its calls; calls of itself are not counted again, and no function costs more than all.

use std::collections::HashMap;
use std::io::BufRead;

use super::tree::{Functions, Summed};
use super::{Axis, ProfileError, lines};

#[derive(Default)]
struct State {
    events: Vec<String>,
    positions: usize,
    sums: Vec<Functions>,
    totals: Vec<f64>,
    /// Names by their numbers: objects, files and functions each have their own.
    names: HashMap<(char, String), String>,
    file: Option<String>,
    function: Option<usize>,
    callee_file: Option<String>,
    callee: Option<usize>,
    /// The next line is the cost of a call.
    call: bool,
}

pub(super) fn read(file: impl BufRead) -> Result<Vec<Axis>, ProfileError> {
    let mut state = State {
        positions: 1,
        ..State::default()
    };
    lines(file, |index, line| {
        let read = state.line(line.trim_end());
        read.map_err(|reason| ProfileError::at(reason, index))
    })?;
    if state.events.is_empty() || state.call {
        return Err(ProfileError::damaged("callgrind: it ends before its costs"));
    }
    let axes = state.events.into_iter().zip(state.sums).zip(state.totals);
    Ok(axes
        .map(|((name, sums), total)| {
            let Summed { mut functions, calls } = sums.finish();
            for function in &mut functions {
                function.inclusive = function.inclusive.min(total);
            }
            Axis {
                name,
                unit: String::new(),
                total,
                functions,
                calls,
            }
        })
        .collect())
}

impl State {
    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if line.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '*')) {
            return self.costs(line);
        }
        if let Some((key, value)) = line.split_once('=').filter(|(key, _)| KEYS.contains(key)) {
            return self.position(key, value);
        }
        let Some((key, value)) = line.split_once(':') else {
            return Err("callgrind: malformed line");
        };
        match key {
            "events" if !self.events.is_empty() => {
                let same = value.split_whitespace().eq(self.events.iter().map(String::as_str));
                return if same {
                    Ok(())
                } else {
                    Err("callgrind: other events than before")
                };
            }
            "events" => {
                self.events = value.split_whitespace().map(str::to_owned).collect();
                if self.events.len() > 64 {
                    return Err("callgrind: more events than there are");
                }
                self.sums = self.events.iter().map(|_| Functions::default()).collect();
                self.totals = vec![0.0; self.events.len()];
            }
            "positions" => self.positions = value.split_whitespace().count().max(1),
            _ => {}
        }
        Ok(())
    }

    fn position(&mut self, key: &str, value: &str) -> Result<(), &'static str> {
        if key == "calls" {
            if self.callee.is_none() || self.function.is_none() {
                return Err("callgrind: a call of nothing");
            }
            self.call = true;
            return Ok(());
        }
        let space = match key {
            "fn" | "cfn" => 'f',
            "ob" | "cob" => 'o',
            _ => 'l',
        };
        let name = self.name(space, value)?;
        match key {
            // fi and fe are files of inlined lines: the function stays where it is.
            "fl" => self.file = Some(name),
            "cfi" | "cfl" => self.callee_file = Some(name),
            "fn" => self.function = Some(self.number(&name, self.file.clone())?),
            "cfn" => {
                let file = self.callee_file.take().or_else(|| self.file.clone());
                self.callee = Some(self.number(&name, file)?);
            }
            _ => {}
        }
        Ok(())
    }

    /// `(3) name` gives a number a name, `(3)` uses it.
    fn name(&mut self, space: char, value: &str) -> Result<String, &'static str> {
        let Some((number, name)) = value.strip_prefix('(').and_then(|value| value.split_once(')')) else {
            return Ok(value.to_owned());
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) || number.is_empty() {
            return Ok(value.to_owned());
        }
        let key = (space, number.to_owned());
        match name.trim() {
            "" => self
                .names
                .get(&key)
                .cloned()
                .ok_or("callgrind: a number without a name"),
            name => {
                self.names.insert(key, name.to_owned());
                Ok(name.to_owned())
            }
        }
    }

    fn number(&mut self, name: &str, file: Option<String>) -> Result<usize, &'static str> {
        if self.events.is_empty() {
            return Err("callgrind: a function before the events");
        }
        let file = file.filter(|file| !file.is_empty() && file != "???");
        let mut number = 0;
        for sums in &mut self.sums {
            number = sums.number(name, file.as_deref(), None);
        }
        Ok(number)
    }

    fn costs(&mut self, line: &str) -> Result<(), &'static str> {
        let Some(function) = self.function else {
            return Err("callgrind: costs of no function");
        };
        let call = std::mem::take(&mut self.call);
        let costs = line.split_whitespace().skip(self.positions);
        for (at, cost) in costs.enumerate() {
            let cost: u64 = cost.parse().map_err(|_| "callgrind: a cost that is no number")?;
            let (Some(sums), Some(total)) = (self.sums.get_mut(at), self.totals.get_mut(at)) else {
                return Err("callgrind: more costs than events");
            };
            if call {
                if let Some(callee) = self.callee.filter(|callee| *callee != function) {
                    sums.inclusive(function, cost as f64);
                    sums.call(function, callee);
                }
            } else {
                sums.own(function, cost as f64);
                sums.inclusive(function, cost as f64);
                *total += cost as f64;
            }
        }
        Ok(())
    }
}

const KEYS: [&str; 12] = [
    "fn", "cfn", "fl", "fi", "fe", "cfi", "cfl", "ob", "cob", "calls", "jump", "jcnd",
];
