//! Folded stacks, as `stackcollapse-*.pl`, `perf script`, py-spy, async-profiler and inferno write them: `main;work;sort 12`.

use std::io::BufRead;

use super::tree::{Functions, frame};
use super::{Axis, ProfileError, lines};

/// Whether all lines are stacks and one of them has more than one frame.
pub(super) fn is(text: &str) -> bool {
    let mut several = false;
    let mut any = false;
    for line in text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
    {
        let Some((stack, _)) = stack(line) else { return false };
        several |= stack.contains(';');
        any = true;
    }
    any && several
}

/// The frames and the number behind the last blank.
fn stack(line: &str) -> Option<(&str, f64)> {
    let (stack, value) = line.trim_end().rsplit_once([' ', '\t'])?;
    let digits = value.starts_with(|c: char| c.is_ascii_digit());
    let value: f64 = value.parse().ok()?;
    let stack = stack.trim_end();
    (digits && value.is_finite() && !stack.is_empty()).then_some((stack, value))
}

pub(super) fn read(file: impl BufRead) -> Result<Vec<Axis>, ProfileError> {
    let mut functions = Functions::default();
    let mut total = 0.0;
    lines(file, |index, line| {
        if line.trim().is_empty() || line.starts_with('#') {
            return Ok(());
        }
        let (stack, value) =
            stack(line).ok_or_else(|| ProfileError::at("not a stack with a number behind it", index))?;
        let frames: Vec<usize> = stack
            .split(';')
            .map(|text| {
                let (name, file, line) = frame(text);
                functions.number(name, file, line)
            })
            .collect();
        functions.stack(&frames, value);
        total += value;
        Ok(())
    })?;
    let summed = functions.finish();
    Ok(vec![Axis {
        name: "samples".to_owned(),
        unit: String::new(),
        total,
        functions: summed.functions,
        calls: summed.calls,
    }])
}
