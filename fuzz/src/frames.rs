//! The names that profilers give to functions, whatever they are.

use certgate::sensitivity::profiled::Frame;

/// Takes the text apart, alone and with a place beside it.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for text in text.lines() {
        let frame = Frame::parse(text, None, None);
        let mut rest = text.chars();
        assert!(
            frame.name.chars().all(|one| rest.any(|other| other == one)),
            "the name is made of the text, in its order"
        );
        assert!(
            frame
                .within
                .iter()
                .all(|part| !part.is_empty() && part.len() <= text.len())
        );
        assert!(frame.line != Some(0) && frame.file.as_deref() != Some(""));
        // What it says of itself, it may be.
        let within: Vec<String> = frame.within.iter().rev().cloned().collect();
        assert!(frame.name.is_empty() || frame.may_be(&frame.name, &within, None) || within.is_empty());
        let placed = Frame::parse(text, Some("src/a.rs"), Some(7));
        assert_eq!((placed.file.as_deref(), placed.line), (Some("src/a.rs"), Some(7)));
    }
}
