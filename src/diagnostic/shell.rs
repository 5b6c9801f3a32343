//! Words and paths as they can be shown, and pasted into a shell.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::{sanitize, sanitize_bytes};

/// A word for a shell: as it is, or in single quotes (sh(1), "Quoting"). The string is made harmless first.
pub fn shell(word: &str) -> String {
    let word = sanitize(word);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A path of this machine, harmless to print.
pub fn shown(path: &Path) -> String {
    sanitize_bytes(path.as_os_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(shell("gpu_memory"), "gpu_memory");
        assert_eq!(shell("it's; rm -rf ~"), r"'it'\''s; rm -rf ~'");
        assert_eq!(shell("--status"), "--status");
        assert_eq!(shell(""), "''");
    }
}
