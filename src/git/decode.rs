//! Text that says how it is encoded: files by their mark (The Unicode Standard, 23.8), UTF-16 and UTF-32 in either order of bytes;
//! messages of commits by their header.

/// The content in UTF-8, if it begins with the mark of another encoding of Unicode and is that from end to end. A mark before something
/// else stays, and whoever reads it finds bytes that are not UTF-8.
pub(super) fn decoded(content: &[u8]) -> Option<Vec<u8>> {
    let text = match content {
        [0xff, 0xfe, 0, 0, rest @ ..] => wide(rest, u32::from_le_bytes)?,
        [0, 0, 0xfe, 0xff, rest @ ..] => wide(rest, u32::from_be_bytes)?,
        [0xff, 0xfe, rest @ ..] => narrow(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => narrow(rest, u16::from_be_bytes)?,
        _ => return None,
    };
    Some(text.into_bytes())
}

fn narrow(rest: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, []) = rest.as_chunks::<2>() else {
        return None;
    };
    char::decode_utf16(units.iter().map(|bytes| unit(*bytes)))
        .collect::<Result<_, _>>()
        .ok()
}

fn wide(rest: &[u8], unit: fn([u8; 4]) -> u32) -> Option<String> {
    let (units, []) = rest.as_chunks::<4>() else {
        return None;
    };
    units.iter().map(|bytes| char::from_u32(unit(*bytes))).collect()
}

/// The message of a commit in UTF-8, by the encoding that its header names. With the name of one that is not known, or that the message is
/// not in, the bytes stay as they are.
pub(super) fn message(bytes: Vec<u8>, encoding: Option<&[u8]>) -> (Vec<u8>, Option<String>) {
    let Some(name) = encoding else {
        return (bytes, None);
    };
    let shown = || Some(String::from_utf8_lossy(name).into_owned());
    // The names of the Encoding Standard; `replacement` is its word for encodings that are not safe to read.
    let known = encoding_rs::Encoding::for_label(name).filter(|known| *known != encoding_rs::REPLACEMENT);
    let Some(known) = known else {
        return (bytes, shown());
    };
    match known.decode_without_bom_handling_and_without_replacement(&bytes) {
        Some(text) => (text.into_owned().into_bytes(), None),
        None => (bytes, shown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_what_is_marked_is_decoded() {
        assert_eq!(decoded(b"\xff\xfea\0\n\0"), Some(b"a\n".to_vec()));
        assert_eq!(decoded(b"\xfe\xff\0a"), Some(b"a".to_vec()));
        assert_eq!(decoded(b"\0\0\xfe\xff\0\0\0a"), Some(b"a".to_vec()));
        for other in [
            &b"a"[..],
            b"\xff\xfea",
            b"\xff\xfe\0\xd8",
            b"a\0b\0",
            b"\xef\xbb\xbfa",
            b"",
        ] {
            assert_eq!(decoded(other), None, "{other:?}");
        }
    }

    #[test]
    fn messages_are_read_by_their_header() {
        let of = |bytes: &[u8], encoding: Option<&str>| {
            let (text, unread) = message(bytes.to_vec(), encoding.map(str::as_bytes));
            (String::from_utf8_lossy(&text).into_owned(), unread)
        };
        assert_eq!(of(b"na\xefve", Some("ISO-8859-1")), ("na\u{ef}ve".into(), None));
        assert_eq!(of("na\u{ef}ve".as_bytes(), None), ("na\u{ef}ve".into(), None));
        assert_eq!(
            of(b"+AHAAZQ-", Some("UTF-7")),
            ("+AHAAZQ-".into(), Some("UTF-7".into()))
        );
        assert_eq!(of(b"perf", Some("made-up")).1, Some("made-up".into()));
        assert_eq!(of(b"\xff", Some("utf-8")).1, Some("utf-8".into()));
    }

    proptest! {
        #[test]
        fn text_comes_back(text in "[^\0]{0,20}") {
            let units = text.encode_utf16().flat_map(u16::to_le_bytes);
            let marked: Vec<u8> = [0xff, 0xfe].into_iter().chain(units).collect();
            prop_assert_eq!(decoded(&marked), Some(text.clone().into_bytes()));
            let units = text.chars().flat_map(|c| u32::from(c).to_be_bytes());
            let marked: Vec<u8> = [0, 0, 0xfe, 0xff].into_iter().chain(units).collect();
            prop_assert_eq!(decoded(&marked), Some(text.into_bytes()));
        }
    }
}
