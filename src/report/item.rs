//! What there is to tell, one thing for each file: as reports have it that attach it to files and compare runs.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::change::{RepoPath, hex};
use crate::diagnostic::{Code, Diagnostic, Level, Place};

/// Where what has no file is attached: the policy is why anything is reported at all.
pub(super) const NO_FILE: &str = ".certgate/policy.yaml";

/// One thing to tell at one place.
pub(super) struct Item<'a> {
    pub(super) diagnostic: &'a Diagnostic,
    pub(super) message: &'a str,
    pub(super) path: RepoPath,
    /// The line, from 1.
    pub(super) line: u32,
    /// Of code, component and path alone: it stays while lines and content change, until the thing is fixed.
    pub(super) fingerprint: String,
}

impl Item<'_> {
    pub(super) fn code(&self) -> Code {
        self.diagnostic.code()
    }

    pub(super) fn level(&self) -> Level {
        self.diagnostic.level()
    }

    /// The message with the reasons and remedies, a line each.
    pub(super) fn text(&self) -> String {
        let mut text = self.message.to_owned();
        for note in self.diagnostic.notes() {
            text.push_str(&format!("\nnote: {note}"));
        }
        for help in self.diagnostic.helps() {
            text.push_str(&format!("\nhelp: {help}"));
        }
        text
    }

    /// The path as a reference of a URI (RFC 3986): relative to the root of the repository, or absolute.
    pub(super) fn uri(&self) -> String {
        uri(self.path.as_bytes())
    }
}

/// Every diagnostic, at each of its files.
pub(super) fn items(diagnostics: &[Diagnostic]) -> Vec<Item<'_>> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut items = Vec::new();
    for diagnostic in diagnostics {
        let own = (diagnostic.place(), diagnostic.message());
        let parts = diagnostic.parts().iter();
        let parts = parts.map(|part| (Some(&part.place), part.message.as_str()));
        let alone = diagnostic.parts().is_empty().then_some(own);
        for (place, message) in parts.chain(alone) {
            let path = place.map_or_else(|| RepoPath::from(NO_FILE), Place::path);
            let key = fingerprint(diagnostic, &path, 0);
            let times = seen.entry(key.clone()).or_default();
            items.push(Item {
                diagnostic,
                message,
                line: place.and_then(|place| place.line).unwrap_or(1),
                fingerprint: match *times {
                    0 => key,
                    times => fingerprint(diagnostic, &path, times),
                },
                path,
            });
            *times += 1;
        }
    }
    items
}

/// `times` tells things apart that are alike in everything else, such as two refusals of one file.
fn fingerprint(diagnostic: &Diagnostic, path: &RepoPath, times: usize) -> String {
    let mut hash = Sha256::new();
    hash.update(b"certgate/fingerprint/v1");
    let component = diagnostic.component().unwrap_or_default();
    for field in [
        diagnostic.code().as_str().as_bytes(),
        component.as_bytes(),
        path.as_bytes(),
    ] {
        hash.update([0]);
        hash.update(field);
    }
    if times > 0 {
        hash.update([0]);
        hash.update(times.to_string());
    }
    hex(&hash.finalize())
}

/// Percent-encodes a path (RFC 3986, section 2): unreserved characters and `/` stay.
pub(super) fn uri(path: &[u8]) -> String {
    let mut uri = String::with_capacity(path.len() + 8);
    if path.first() == Some(&b'/') {
        uri.push_str("file://");
    }
    for &byte in path {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Part;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("a b/é.rs".as_bytes()), "a%20b/%C3%A9.rs");
        assert_eq!(uri(b"c:\\x\xff\n"), "c%3A%5Cx%FF%0A");
        assert_eq!(uri(b"/tmp/p.yaml"), "file:///tmp/p.yaml");
    }

    #[test]
    fn a_fingerprint_holds_on_to_what_stays() {
        let told = |code, component, place: Place| Diagnostic::error(code, "x").at(place).about(Some(component));
        let of = |diagnostic: Diagnostic| items(&[diagnostic]).remove(0).fingerprint;
        let first = of(told(Code::CG201, "a", Place::line("f", 3)));
        assert_eq!(first, of(told(Code::CG201, "a", Place::line("f", 9))));
        for other in [
            told(Code::CG202, "a", Place::line("f", 3)),
            told(Code::CG201, "b", Place::line("f", 3)),
            told(Code::CG201, "a", Place::line("g", 3)),
        ] {
            assert_ne!(first, of(other));
        }
        let twice = [
            told(Code::CG301, "a", Place::file("f")),
            told(Code::CG301, "a", Place::file("f")),
        ];
        let twice = items(&twice);
        assert_ne!(twice[0].fingerprint, twice[1].fingerprint);
    }

    #[test]
    fn each_file_is_told_alone() {
        let parts = vec![
            Part::new(Place::line("a", 2), "no `a`"),
            Part::new(Place::file("b"), "no `b`"),
        ];
        let many = [Diagnostic::error(Code::CG201, "no `a` and `b`").in_parts(parts)];
        let told = items(&many);
        let shown: Vec<_> = told.iter().map(|item| (item.message, item.line)).collect();
        assert_eq!(shown, [("no `a`", 2), ("no `b`", 1)]);
        let nowhere = [Diagnostic::error(Code::CG303, "stopped")];
        assert_eq!(items(&nowhere)[0].path, RepoPath::from(NO_FILE));
    }
}
