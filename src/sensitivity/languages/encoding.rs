//! Which encoding a file declares.

/// The encoding that one of the first two lines declares, in the sense of PEP 263 and Ruby's magic comments.
pub(super) fn coding(text: &str) -> Option<String> {
    let mut lines = text
        .lines()
        .take(2)
        .map(|line| line.trim_start_matches('\u{feff}').trim_start());
    lines.find_map(|line| {
        let comment = line.strip_prefix('#')?.to_ascii_lowercase();
        let at = comment.find("coding:").or_else(|| comment.find("coding="))?;
        let name = comment.get(at + 7..)?.trim_start();
        let end = name
            .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
            .unwrap_or(name.len());
        Some(name.get(..end)?.to_owned())
    })
}

/// The encoding that a content declares on one of its first two lines, in small letters.
pub(in crate::sensitivity) fn declared_encoding(content: &[u8]) -> Option<String> {
    let mut lines = content.split(|&byte| byte == b'\n').take(2);
    lines.find_map(|line| coding(&String::from_utf8_lossy(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_two_lines_declare_an_encoding() {
        assert_eq!(coding("# -*- coding: UTF-8 -*-\n").as_deref(), Some("utf-8"));
        assert_eq!(coding("x\n# vim: fileencoding=utf-7\n").as_deref(), Some("utf-7"));
        assert_eq!(coding("x\ny\n# coding: utf-7\n"), None);
    }
}
