//! From bytes to text: compression, byte order marks, UTF-16 and line ends.

use std::borrow::Cow;
use std::io::Read as _;

use super::Defect;

/// The text of a file, without a byte order mark and with `\n` as line end. gzip is undone, UTF-16 with a mark is read.
pub(super) fn decode(bytes: &[u8], limit: u64) -> Result<String, Defect> {
    if bytes.len() as u64 > limit {
        return Err(Defect::TooLarge { limit });
    }
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        Cow::Owned(unzip(bytes, limit)?)
    } else {
        Cow::Borrowed(bytes)
    };
    let text = match bytes.as_ref() {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest)?,
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        rest => utf8(rest)?,
    };
    Ok(if text.contains('\r') {
        text.replace("\r\n", "\n")
    } else {
        text
    })
}

fn unzip(bytes: &[u8], limit: u64) -> Result<Vec<u8>, Defect> {
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .take(limit + 1)
        .read_to_end(&mut plain)
        .map_err(|_| Defect::Damaged("not gzip to the end".to_owned()))?;
    if plain.len() as u64 > limit {
        return Err(Defect::TooLarge { limit });
    }
    Ok(plain)
}

fn utf8(bytes: &[u8]) -> Result<String, Defect> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Defect::NotText)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Defect> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err(Defect::Damaged("not UTF-16 to the end".to_owned())),
    }
}

/// A number as text formats write it, with grouping commas allowed: `3,296`, `1.5e-3`. Never NaN or infinite.
pub(super) fn number(text: &str) -> Option<f64> {
    let plain = if text.contains(',') {
        ungrouped(text)?
    } else {
        text.to_owned()
    };
    let starts = plain
        .trim_start_matches(['+', '-'])
        .starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let value: f64 = plain.parse().ok()?;
    (starts && value.is_finite()).then_some(value)
}

/// Takes commas out of the whole part, where they group three digits.
fn ungrouped(text: &str) -> Option<String> {
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut groups = whole.split(',');
    let first = groups.next()?.trim_start_matches('-');
    let grouped = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    let plain = whole.replace(',', "");
    grouped.then(|| fraction.map_or_else(|| plain.clone(), |fraction| format!("{plain}.{fraction}")))
}

/// Parameters as they are behind a name: ` {a=1, b=2}`, sorted; empty where there are none.
pub(super) fn braces(mut parameters: Vec<(String, String)>) -> String {
    if parameters.is_empty() {
        return String::new();
    }
    parameters.sort();
    let shown: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!(" {{{}}}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn read(bytes: &[u8]) -> Result<String, Defect> {
        decode(bytes, 1000)
    }

    #[test]
    fn marks_and_line_ends_do_not_matter() {
        let wide = |unit: fn(u16) -> [u8; 2]| "\u{feff}a µ\r\n".encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        for bytes in [
            "a µ\r\n".into(),
            "\u{feff}a µ\n".into(),
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
        ] {
            assert_eq!(read(&bytes).unwrap(), "a µ\n");
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [
            &b"\xff\xfea"[..],
            &b"a\xff"[..],
            &b"\xff\xfe\x00\xd8"[..],
            &b"\x1f\x8b\x08"[..],
        ] {
            assert!(
                matches!(read(bytes), Err(Defect::Damaged(_) | Defect::NotText)),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn sizes_are_bounded_before_and_after_gzip() {
        assert_eq!(read(&[b'a'; 1001]), Err(Defect::TooLarge { limit: 1000 }));
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        zipped.write_all(&[b'a'; 1001]).unwrap();
        assert_eq!(read(&zipped.finish().unwrap()), Err(Defect::TooLarge { limit: 1000 }));
    }

    #[test]
    fn numbers_may_be_grouped_and_nothing_else() {
        assert_eq!(number("3,296"), Some(3296.0));
        assert_eq!(number("1,234,567.25"), Some(1_234_567.25));
        for text in ["", "NaN", "inf", "1,23", "1 2", "0x10", "1,2345", ",123"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
