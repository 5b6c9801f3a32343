//! The text of the shims: filling in the program's path, and reading it back.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use super::HookName;

/// What the second line of every shim begins with, whatever its version.
const ID: &[u8] = b"# certgate-hook v";

/// What the line with the program's path begins with.
const BINARY: &[u8] = b"\ncertgate_bin=";

/// Stands for the program's path in the embedded text.
const PLACEHOLDER: &[u8] = b"'@CERTGATE@'";

fn template(name: HookName) -> &'static str {
    match name {
        HookName::PreCommit => include_str!("../../hooks/pre-commit"),
        HookName::CommitMsg => include_str!("../../hooks/commit-msg"),
        HookName::PreMergeCommit => include_str!("../../hooks/pre-merge-commit"),
        HookName::PrePush => include_str!("../../hooks/pre-push"),
        HookName::ReferenceTransaction => include_str!("../../hooks/reference-transaction"),
        HookName::PreReceive => include_str!("../../hooks/pre-receive"),
    }
}

/// The shim for a hook that runs `binary`.
pub(super) fn render(name: HookName, binary: &Path) -> Vec<u8> {
    let template = template(name).as_bytes();
    let Some(at) = find(template, PLACEHOLDER) else {
        return template.to_vec();
    };
    let (head, tail) = template.split_at(at);
    let mut text = head.to_vec();
    text.extend(quote(binary.as_os_str().as_bytes()));
    text.extend(tail.strip_prefix(PLACEHOLDER).unwrap_or(tail));
    text
}

/// True for the text of a shim, of this or another version.
pub(super) fn is_ours(text: &[u8]) -> bool {
    text.split(|&byte| byte == b'\n')
        .nth(1)
        .is_some_and(|line| line.starts_with(ID))
}

/// The program that a shim runs.
pub(super) fn binary(text: &[u8]) -> Option<PathBuf> {
    let after = text.get(find(text, BINARY)? + BINARY.len()..)?;
    unquote(after).map(|bytes| PathBuf::from(OsString::from_vec(bytes)))
}

/// One word of a POSIX shell that stands for the bytes.
pub(super) fn quote(bytes: &[u8]) -> Vec<u8> {
    let mut word = vec![b'\''];
    for &byte in bytes {
        match byte {
            b'\'' => word.extend(br"'\''"),
            byte => word.push(byte),
        }
    }
    word.push(b'\'');
    word
}

/// Reads the word that [`quote`] writes, at the beginning of `text`.
fn unquote(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.strip_prefix(b"'")?;
    loop {
        let end = rest.iter().position(|&byte| byte == b'\'')?;
        bytes.extend_from_slice(rest.get(..end)?);
        rest = rest.get(end + 1..)?;
        match rest.strip_prefix(br"\''") {
            Some(more) => {
                bytes.push(b'\'');
                rest = more;
            }
            None => return Some(bytes),
        }
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_shim_says_whose_it_is() {
        for name in HookName::ALL {
            let text = template(name);
            assert!(
                text.starts_with(&format!("#!/bin/sh\n# certgate-hook v1 {name}\n")),
                "{name}"
            );
            assert_eq!(text.matches("@CERTGATE@").count(), 1, "{name}");
            assert!(is_ours(text.as_bytes()));
        }
        assert!(!is_ours(b"#!/bin/sh\nexec lefthook run pre-commit\n"));
        assert!(!is_ours(b""));
    }

    #[test]
    fn shims_differ_only_where_they_must() {
        let pre_commit = template(HookName::PreCommit);
        for name in [HookName::CommitMsg, HookName::PreMergeCommit] {
            assert_eq!(template(name), pre_commit.replace("pre-commit", name.as_str()));
        }
        let pre_push = template(HookName::PrePush);
        assert_eq!(
            template(HookName::PreReceive),
            pre_push.replace("pre-push", "pre-receive")
        );
        let head = |text: &str| text.split("# CERTGATE_CHAIN").next().map(str::to_owned);
        assert_eq!(
            head(template(HookName::PrePush)),
            head(&pre_commit.replace("pre-commit", "pre-push"))
        );
    }

    proptest! {
        #[test]
        fn binary_reads_back(bytes in proptest::collection::vec(1u8..=255, 1..40)) {
            let path = PathBuf::from(OsString::from_vec(bytes));
            let text = render(HookName::PrePush, &path);
            prop_assert!(is_ours(&text));
            prop_assert_eq!(binary(&text), Some(path));
        }

        #[test]
        fn any_text_can_be_read(bytes in any::<Vec<u8>>()) {
            let _ = (is_ours(&bytes), binary(&bytes), unquote(&bytes));
        }
    }
}
