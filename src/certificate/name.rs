//! Names of components, agents, statuses and keys: how they compare, and which one was meant.

use crate::diagnostic::Diagnostic;

/// Folds a component's or agent's name for comparison: case, and blanks, hyphens and low lines alike.
pub fn fold_component(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    if name.is_ascii() {
        // Nearly every name: the same, without looking any character up.
        let mut gap = false;
        for byte in name.bytes() {
            match byte {
                b'-' | b'_' | b' ' | b'\t'..=b'\r' => gap = true,
                _ => {
                    if std::mem::take(&mut gap) && !folded.is_empty() {
                        folded.push('_');
                    }
                    folded.push(char::from(byte.to_ascii_lowercase()));
                }
            }
        }
        return folded;
    }
    for part in name
        .split(|c: char| c.is_whitespace() || c == '-' || c == '_')
        .filter(|part| !part.is_empty())
    {
        if !folded.is_empty() {
            folded.push('_');
        }
        folded.extend(part.chars().flat_map(char::to_lowercase));
    }
    folded
}

/// The candidate that was meant by a word that is not one of them, if one is alike: at most a quarter of its letters added, left out, changed
/// or swapped with the next (Damerau–Levenshtein), after folding.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.75;
    let word = fold_component(word);
    let letters = word.chars().count();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let folded = fold_component(candidate);
            let other = folded.chars().count();
            // What differs more than that in length is not compared letter by letter.
            let may_be = letters.abs_diff(other) * 4 <= letters.max(other);
            may_be.then(|| (strsim::normalized_damerau_levenshtein(&word, &folded), candidate))
        })
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// The finding, with the name that was meant by a word where one of these is alike.
pub fn suggest<'a>(finding: Diagnostic, word: &str, known: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    match nearest(word, known) {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_alike_in_every_alphabet() {
        for (name, folded) in [
            ("GPU--Memory_ x\u{b}y", "gpu_memory_x_y"),
            ("__a__", "a"),
            (" -_", ""),
            ("", ""),
            ("\u{1c}A", "\u{1c}a"),
            ("É-B\u{a0}c", "é_b_c"),
        ] {
            assert_eq!(fold_component(name), folded, "{name:?}");
        }
        // What is of ASCII alone folds as the same beside a letter that is not.
        for byte in 0..=127u8 {
            let name = format!("A{}b", char::from(byte));
            let beside = fold_component(&format!("{name}é"));
            assert_eq!(
                Some(fold_component(&name).as_str()),
                beside.strip_suffix('é'),
                "{name:?}"
            );
        }
    }

    #[test]
    fn a_slip_is_told_from_another_name() {
        let known = ["gpu_memory", "gpu_kernels", "binding", "GO"];
        for (word, meant) in [
            ("gpu-memroy", Some("gpu_memory")),
            ("GPU Memory", Some("gpu_memory")),
            ("gpu_kernel", Some("gpu_kernels")),
            ("bindings", Some("binding")),
            ("gpu", None),
            ("gpu_compute", None),
            ("G0", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(nearest(&"x".repeat(1 << 20), known), None);
    }
}
