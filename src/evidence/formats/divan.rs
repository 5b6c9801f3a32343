//! The table of divan: a tree of names, and for each benchmark the fastest, slowest, median and mean time.

use super::check::summary_time_fault;
use super::text::number;
use super::{Defect, Read, Refusal};
use crate::evidence::measurement::{Direction, Identity, Measurement, Provenance};

pub(super) fn is(text: &str) -> bool {
    text.lines().any(|line| root(line).is_some())
}

/// The name at the head of a table.
fn root(line: &str) -> Option<&str> {
    let (name, columns) = line.split_once("fastest")?;
    let name = name.trim_end();
    let columns: Vec<&str> = columns.split('│').map(str::trim).collect();
    let known = columns.get(1..4) == Some(&["slowest", "median", "mean"]);
    (known && !name.is_empty() && !name.starts_with(char::is_whitespace)).then_some(name)
}

pub(super) fn read(text: &str) -> Result<Read, Refusal> {
    let mut rows = Vec::new();
    let mut path: Vec<String> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if let Some(name) = root(line) {
            path = vec![name.to_owned()];
            continue;
        }
        if path.is_empty() {
            continue;
        }
        let Some((depth, label, cells)) = branch(line) else {
            continue;
        };
        if depth > path.len() {
            let refusal = Refusal {
                line: u32::try_from(index + 1).ok(),
                ..Defect::Damaged("a benchmark below none".to_owned()).into()
            };
            return Err(refusal);
        }
        path.truncate(depth);
        path.push(label.to_owned());
        rows.extend(benchmark(&path.join("/"), &cells));
    }
    Ok((rows, Provenance::default()))
}

/// Depth, name and cells of a line that begins with a branch of the tree. Lines of throughput and allocations have none.
fn branch(line: &str) -> Option<(usize, &str, Vec<&str>)> {
    let at = line.find(['├', '╰'])?;
    let (before, rest) = line.split_at_checked(at)?;
    if !before.chars().all(|c| c == '│' || c == ' ') {
        return None;
    }
    let depth = before.chars().count() / 3 + 1;
    let rest = rest.strip_prefix("├─ ").or_else(|| rest.strip_prefix("╰─ "))?;
    let mut columns = rest.split('│').map(str::trim);
    let first = columns.next()?;
    let (label, fastest) = label(first);
    let cells = std::iter::once(fastest).chain(columns).collect();
    Some((depth, label, cells))
}

/// Takes the name from the fastest time behind it, which two blanks at least set off.
fn label(first: &str) -> (&str, &str) {
    let parts = first.rsplit_once("  ");
    match parts {
        Some((label, cell)) if time(cell.trim()).is_some() || cell.trim() == "(ignored)" => {
            (label.trim_end(), cell.trim())
        }
        _ => (first, ""),
    }
}

/// None where a line groups others.
fn benchmark(name: &str, cells: &[&str]) -> Option<Measurement> {
    // A line that groups others has no cells, or empty ones; one that ends early was cut.
    let [fastest, _, median, _, samples, _] = cells else {
        let cut = cells.iter().any(|cell| !cell.is_empty());
        return cut.then(|| Measurement::invalid(name, "*", "malformed line"));
    };
    if fastest.is_empty() && median.is_empty() {
        return None;
    }
    let Some((value, unit)) = time(median) else {
        return Some(Measurement::invalid(name, "*", "the median is not a time"));
    };
    if let Some(reason) = summary_time_fault(value) {
        return Some(Measurement::invalid(name, "*", reason));
    }
    let samples = number(samples).map_or(0, |samples| samples as u64);
    let identity = Identity::new(name, "time", unit, Direction::Lower);
    Some(Measurement::bare(identity, value, samples).noting("median of the tool"))
}

fn time(cell: &str) -> Option<(f64, &str)> {
    let (value, unit) = cell.split_once(' ')?;
    let known = ["ps", "ns", "µs", "us", "ms", "s", "m", "h", "d"];
    Some((number(value)?, unit)).filter(|_| known.contains(&unit))
}
