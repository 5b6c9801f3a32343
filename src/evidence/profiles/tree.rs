//! From stacks to functions: what each costs itself, and what it costs with all that it called.

use std::collections::{HashMap, HashSet};

use super::Function;

/// A function while it is summed up. What tells two apart is the name and the file.
#[derive(Default)]
pub(super) struct Functions {
    index: HashMap<(String, Option<String>), usize>,
    list: Vec<Function>,
    /// For each function the last stack that counted it, so that recursion counts once.
    counted: Vec<u64>,
    stacks: u64,
    calls: HashSet<(usize, usize)>,
}

/// The functions that cost anything, and which of them was seen to call which.
pub(super) struct Summed {
    pub(super) functions: Vec<Function>,
    pub(super) calls: Vec<(usize, usize)>,
}

impl Functions {
    /// The number of a function, which is added where it is new.
    pub(super) fn number(&mut self, name: &str, file: Option<&str>, line: Option<u64>) -> usize {
        let key = (name.to_owned(), file.map(str::to_owned));
        if let Some(number) = self.index.get(&key) {
            return *number;
        }
        self.list.push(Function {
            name: key.0.clone(),
            file: key.1.clone(),
            line,
            own: 0.0,
            inclusive: 0.0,
        });
        self.counted.push(0);
        self.index.insert(key, self.list.len() - 1);
        self.list.len() - 1
    }

    /// Counts a stack: all of its functions inclusively, the innermost (the last) for itself.
    pub(super) fn stack(&mut self, stack: &[usize], value: f64) {
        self.stacks += 1;
        for number in stack {
            let (Some(function), Some(counted)) = (self.list.get_mut(*number), self.counted.get_mut(*number)) else {
                continue;
            };
            if *counted != self.stacks {
                *counted = self.stacks;
                function.inclusive += value;
            }
        }
        for pair in stack.windows(2) {
            if let [caller, callee] = pair {
                self.call(*caller, *callee);
            }
        }
        if let Some(function) = stack.last().and_then(|number| self.list.get_mut(*number)) {
            function.own += value;
        }
    }

    /// Adds to what a function costs itself.
    pub(super) fn own(&mut self, number: usize, value: f64) {
        if let Some(function) = self.list.get_mut(number) {
            function.own += value;
        }
    }

    /// Adds to what a function costs with all that it called.
    pub(super) fn inclusive(&mut self, number: usize, value: f64) {
        if let Some(function) = self.list.get_mut(number) {
            function.inclusive += value;
        }
    }

    /// Takes note of a call.
    pub(super) fn call(&mut self, caller: usize, callee: usize) {
        if caller != callee {
            self.calls.insert((caller, callee));
        }
    }

    /// The functions that cost anything.
    pub(super) fn finish(self) -> Summed {
        let mut places: Vec<Option<usize>> = Vec::with_capacity(self.list.len());
        let mut functions = Vec::new();
        for function in self.list {
            let costs = function.own > 0.0 || function.inclusive > 0.0;
            places.push(costs.then_some(functions.len()));
            if costs {
                functions.push(function);
            }
        }
        let place = |at: usize| places.get(at).copied().flatten();
        let calls = self.calls.into_iter();
        let calls = calls.filter_map(|(caller, callee)| Some((place(caller)?, place(callee)?)));
        Summed {
            calls: calls.collect(),
            functions,
        }
    }
}

/// Name, file and line of a frame as Python's tools write it: `file.py(12): name`, `file.py(12):_name`, `name (file.py:12)`.
pub(super) fn frame(text: &str) -> (&str, Option<&str>, Option<u64>) {
    python(text).or_else(|| placed(text)).unwrap_or((text, None, None))
}

type Frame<'a> = (&'a str, Option<&'a str>, Option<u64>);

fn python(text: &str) -> Option<Frame<'_>> {
    let (place, name) = text.split_once("):")?;
    let (file, line) = place.rsplit_once('(')?;
    let line = line.parse().ok().filter(|_| !file.is_empty())?;
    Some((name.strip_prefix([' ', '_']).unwrap_or(name), Some(file), Some(line)))
}

fn placed(text: &str) -> Option<Frame<'_>> {
    let (name, place) = text.strip_suffix(')')?.rsplit_once(" (")?;
    let (file, line) = place.rsplit_once(':')?;
    let line = line.parse().ok().filter(|_| !file.is_empty())?;
    Some((name, Some(file), Some(line)))
}
