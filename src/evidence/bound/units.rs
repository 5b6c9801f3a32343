//! Units of time and of bytes, as far as a limit is converted to that of a file.

/// A value in another unit; `None` where the two are of no common kind.
pub(super) fn convert(value: f64, from: &str, to: &str) -> Option<f64> {
    if from == to || from.is_empty() {
        return Some(value);
    }
    let ((kind, from), (other, to)) = (unit(from)?, unit(to)?);
    (kind == other).then_some(value * from / to)
}

#[derive(PartialEq)]
enum Kind {
    Time,
    Bytes,
}

fn unit(name: &str) -> Option<(Kind, f64)> {
    // What is measured for each operation is a time, too.
    let name = name.strip_suffix("/op").unwrap_or(name);
    let time = |size| Some((Kind::Time, size));
    let bytes = |size| Some((Kind::Bytes, size));
    match name {
        "ns" | "nanoseconds" => time(1e-9),
        "us" | "µs" | "μs" | "microseconds" => time(1e-6),
        "ms" | "milliseconds" => time(1e-3),
        "s" | "sec" | "second" | "seconds" => time(1.0),
        "B" | "byte" | "bytes" => bytes(1.0),
        "kB" | "KB" => bytes(1e3),
        "MB" => bytes(1e6),
        "GB" => bytes(1e9),
        "KiB" => bytes(1024.0),
        "MiB" | "mib" => bytes(1_048_576.0),
        "GiB" => bytes(1_073_741_824.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::convert;

    #[test]
    fn units_of_one_kind_are_converted_and_no_others() {
        assert_eq!(convert(250.0, "ms", "s"), Some(0.25));
        assert_eq!(convert(1.0, "MiB", "B"), Some(1_048_576.0));
        assert_eq!(convert(3.0, "", "anything"), Some(3.0));
        assert_eq!(convert(3.0, "requests", "requests"), Some(3.0));
        assert_eq!(convert(3.0, "MiB", "ms"), None);
        assert_eq!(convert(3.0, "ms", "widgets"), None);
    }
}
