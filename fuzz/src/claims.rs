//! Claims: whatever a document says, each claim stands on a line of it, has a figure only where it was computed, and nothing that is only
//! stored otherwise changes what is said.

use certgate::evidence::claims::{Claim, Label, MAX_BYTES, TextTree, Tree, Value, read, unsupported};

/// Reads the bytes as a document, once with and once without trees.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if text.len() > MAX_BYTES {
        return;
    }
    let source = |path: &str| (path == "src/a.py").then(|| text.to_owned());
    let tree = TextTree::new(["src/a.py", "b/a.py", "README.md"].map(str::to_owned), source);
    let empty = TextTree::new(std::iter::empty(), |_: &str| None);
    let without = read(text, None, None);
    let with = read(text, Some(&tree), Some(&empty as &dyn Tree));
    let lines = text.split('\n').count();
    for claim in without.iter().chain(&with) {
        sound(claim, lines);
    }
    for figure in unsupported(text) {
        assert!(
            figure.line >= 1 && figure.line as usize <= lines && !figure.said.is_empty(),
            "{figure:?}"
        );
        figure.is_borne_out(0.5, 2.0);
    }
    // Figures need no tree, and references without one accuse nobody.
    let figures = |claims: &[Claim]| -> Vec<Claim> {
        claims
            .iter()
            .filter(|claim| !claim.kind.is_of_file())
            .cloned()
            .collect()
    };
    assert_eq!(figures(&without), figures(&with));
    assert!(
        without
            .iter()
            .all(|claim| !claim.kind.is_of_file() || claim.label == Label::Uncheckable)
    );
}

fn sound(claim: &Claim, lines: usize) {
    assert!(claim.line >= 1 && claim.line as usize <= lines, "{claim:?}");
    let finite = match claim.value {
        Value::None => true,
        Value::One(value) => value.is_finite(),
        Value::Range(from, to) => from.is_finite() && to.is_finite(),
    };
    assert!(finite, "{claim:?}");
    assert!(
        claim.label != Label::Uncheckable || claim.value == Value::None,
        "{claim:?}"
    );
}
