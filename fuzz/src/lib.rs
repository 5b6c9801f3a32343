//! What fuzzing holds certgate's readers to. Each module has one `check`, which takes any bytes and panics where a reader breaks a
//! promise; the targets in `fuzz_targets/` hand it what libFuzzer invents.

pub mod allowed_signers;
pub mod certificate;
pub mod claims;
pub mod comments;
pub mod evidence;
pub mod features;
pub mod forge;
pub mod frames;
pub mod hook_input;
pub mod index;
pub mod policy;
pub mod signature;
pub mod subject;

use certgate::change::deceptive;
use certgate::diagnostic::{Diagnostic, Style, render};

/// Nothing that is told may drive a terminal or fool a reader, whatever it was told of; and it can be shown.
fn harmless(diagnostic: &Diagnostic) {
    let place = diagnostic.place();
    let source = place.and_then(|place| place.source.as_ref());
    let helps = diagnostic.helps();
    let texts = [diagnostic.message()]
        .into_iter()
        .chain(diagnostic.notes().iter().map(String::as_str))
        .chain(helps.iter().map(String::as_str))
        .chain(place.map(|place| place.path.as_str()))
        .chain(source.map(|source| source.text.as_str()));
    for text in texts {
        assert!(!text.chars().any(deceptive), "{text:?}");
    }
    if let Some(source) = source {
        assert!(source.text.get(source.start..source.end).is_some(), "{source:?}");
    }
    let shown = render(diagnostic, Style::default());
    assert!(!shown.chars().any(|c| deceptive(c) && c != '\n'), "{shown:?}");
}
