//! The table of `torch.profiler` (`key_averages().table()`), as people paste it: an axis for the CPU, and one for the GPU.

use std::io::BufRead;

use super::{Axis, Function, ProfileError, lines};

/// Whether a line is the head of the table.
pub(super) fn is_header(line: &str) -> bool {
    let columns = columns(line);
    columns.first() == Some(&"Name") && columns.contains(&"Self CPU") && columns.contains(&"CPU total")
}

/// Cells are two blanks or more apart.
fn columns(line: &str) -> Vec<&str> {
    line.split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .collect()
}

/// The devices that have their own columns.
const DEVICES: [&str; 5] = ["CPU", "CUDA", "XPU", "HIP", "MPS"];

/// A device whose columns are there, and the rows.
struct Device {
    name: &'static str,
    own: usize,
    inclusive: usize,
    functions: Vec<Function>,
    total: Option<f64>,
}

pub(super) fn read(file: impl BufRead) -> Result<Vec<Axis>, ProfileError> {
    let mut devices: Vec<Device> = Vec::new();
    let mut width = 0;
    lines(file, |index, line| {
        if is_header(line) {
            if width > 0 {
                return Err(ProfileError::at("a second table", index));
            }
            let heads = columns(line);
            width = heads.len();
            let at = |head: String| heads.iter().position(|column| **column == head);
            devices = DEVICES
                .into_iter()
                .filter_map(|name| {
                    Some(Device {
                        name,
                        own: at(format!("Self {name}"))?,
                        inclusive: at(format!("{name} total"))?,
                        functions: Vec::new(),
                        total: None,
                    })
                })
                .collect();
            return Ok(());
        }
        if let Some((device, value)) = total(line) {
            let found = devices.iter_mut().find(|found| found.name == device);
            let value = microseconds(value).ok_or_else(|| ProfileError::at("the total is not a time", index))?;
            found.into_iter().for_each(|found| found.total = Some(value));
            return Ok(());
        }
        let cells = columns(line);
        if width == 0 || cells.is_empty() || line.trim().bytes().all(|byte| matches!(byte, b'-' | b' ')) {
            return Ok(());
        }
        if cells.len() != width {
            return Err(ProfileError::at("not one cell for each column", index));
        }
        for device in &mut devices {
            let cell = |at: usize| cells.get(at).copied().and_then(microseconds);
            let (Some(name), Some(own), Some(inclusive)) = (cells.first(), cell(device.own), cell(device.inclusive))
            else {
                return Err(ProfileError::at("a cell that is not a time", index));
            };
            if own > 0.0 || inclusive > 0.0 {
                device.functions.push(Function {
                    name: (*name).to_owned(),
                    file: None,
                    line: None,
                    own,
                    inclusive,
                });
            }
        }
        Ok(())
    })?;
    Ok(devices
        .into_iter()
        .map(|device| Axis {
            name: device.name.to_lowercase(),
            unit: "us".to_owned(),
            total: device
                .total
                .unwrap_or_else(|| device.functions.iter().map(|function| function.own).sum()),
            functions: device.functions,
            calls: Vec::new(),
        })
        .collect())
}

/// `Self CPU time total: 146.864ms`.
fn total(line: &str) -> Option<(&str, &str)> {
    let (device, value) = line.trim().strip_prefix("Self ")?.split_once(" time total: ")?;
    Some((device, value.trim()))
}

fn microseconds(cell: &str) -> Option<f64> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6)];
    let (value, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((cell.strip_suffix(unit)?, factor)))?;
    let value: f64 = value.parse().ok()?;
    (value.is_finite() && value >= 0.0).then_some(value * factor)
}
