//! Characters of a policy that a reader does not see as what they are: line breaks that no editor shows, marks of direction, blanks and
//! nothings. A policy is reviewed by people, and must say to the reader of YAML what it says to them.

use super::source::window;
use super::twin::is_ignorable;
use crate::diagnostic::{Code, Diagnostic, Place};

/// A character that is refused, and where it is.
pub(super) struct Hidden {
    at: usize,
    character: char,
    what: &'static str,
}

/// The first such character of a policy's text. A tab, a line feed, and a carriage return before one, are what editors write.
pub(super) fn first(text: &str) -> Option<Hidden> {
    // Most policies are ASCII, and are read at every commit.
    let plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    let begin = text.bytes().position(|byte| !plain(byte))?;
    let rest = text.get(begin..)?;
    rest.char_indices().find_map(|(at, character)| {
        let at = begin + at;
        let next = || text.as_bytes().get(at + character.len_utf8());
        if character == '\r' && next() == Some(&b'\n') {
            return None;
        }
        what(character).map(|what| Hidden { at, character, what })
    })
}

fn what(character: char) -> Option<&'static str> {
    Some(match character {
        '\n' | '\t' => return None,
        '\r' => "a carriage return without a line feed",
        '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' => "a line break that most editors do not show",
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            "a mark that changes the direction of text"
        }
        '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{2800}'
        | '\u{fff9}'..='\u{fffc}' => "a blank that is not a space",
        c if c.is_control() => "a control character",
        c if is_ignorable(c) => "a character of no width",
        _ => return None,
    })
}

impl Hidden {
    /// CG014, at the line as editors count it.
    pub(super) fn diagnostic(&self, name: &str, text: &str) -> Diagnostic {
        let before = text.get(..self.at).unwrap_or_default();
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let number = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        let line = text.get(begin..).unwrap_or_default();
        let line = line.split('\n').next().unwrap_or_default();
        let (shown, cut) = window(line, self.at - begin);
        let from = self.at - begin - cut;
        let place = Place::line(name, u32::try_from(number).unwrap_or(u32::MAX)).with_source(
            shown,
            from,
            from + self.character.len_utf8(),
        );
        let code = u32::from(self.character);
        let message = format!("U+{code:04X} in the policy: {}", self.what);
        Diagnostic::error(Code::CG014, message)
            .at(place)
            .help("delete it; where a value needs it, write it as an escape in double quotes, such as \"\\u00A0\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_found_with_its_place() {
        for character in [
            '\r',
            '\u{85}',
            '\u{2028}',
            '\u{2029}',
            '\u{b}',
            '\u{c}',
            '\0',
            '\u{1b}',
            '\u{7f}',
            '\u{9b}',
            '\u{202e}',
            '\u{2066}',
            '\u{200e}',
            '\u{61c}',
            '\u{200b}',
            '\u{200d}',
            '\u{2060}',
            '\u{feff}',
            '\u{ad}',
            '\u{a0}',
            '\u{2003}',
            '\u{202f}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{e0041}',
            '\u{180e}',
            '\u{2800}',
        ] {
            let text = format!("version: 1\r\n# ü {character}x\n");
            let found = first(&text).unwrap_or_else(|| panic!("{character:?}"));
            let diagnostic = found.diagnostic("p.yaml", &text);
            let place = diagnostic.place().unwrap();
            let source = place.source.as_ref().unwrap();
            assert_eq!((diagnostic.code(), place.line), (Code::CG014, Some(2)), "{character:?}");
            let marked = &source.text[source.start..source.end];
            assert!(
                marked.starts_with('\\') || marked == " " || marked == character.to_string(),
                "{marked:?}"
            );
        }
    }

    #[test]
    fn what_people_write_stays() {
        for text in [
            "version: 1\r\ntitle: \"Größe, 速度, Ω\"\r\n",
            "a:\t1\n",
            "title: \"\\u00A0\\u202E\"\n",
            "# \u{1f680} \u{3000}→ ‘quoted’ — dash\n",
            "",
        ] {
            assert!(first(text).is_none(), "{text:?}");
        }
    }
}
