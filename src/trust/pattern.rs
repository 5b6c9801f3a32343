//! Patterns and lists of patterns as ssh_config(5) has them: `*`, `?`, `!` before one of a list.

/// The longest pattern that OpenSSH compares; a longer one matches nothing there.
pub(super) const LONGEST: usize = 1022;

/// Whether a name fits a pattern. Time is the product of the two lengths at most.
fn fits(name: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut to) = (0, 0);
    // The last star, and where in the name it was when it was met.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = name.get(at) {
        match pattern.get(to) {
            Some(b'*') => {
                star = Some((to, at));
                to += 1;
            }
            Some(b'?') => (at, to) = (at + 1, to + 1),
            Some(wanted) if wanted == byte => (at, to) = (at + 1, to + 1),
            _ => match star {
                Some((place, start)) => {
                    star = Some((place, start + 1));
                    (at, to) = (start + 1, place + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(to..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// Whether a name fits one of a comma-separated list and none of those after `!`.
pub(super) fn list_fits(name: &str, list: &str) -> bool {
    let mut positive = false;
    for item in list.split(',') {
        let (negated, pattern) = item.strip_prefix('!').map_or((false, item), |pattern| (true, pattern));
        if fits(name.as_bytes(), pattern.as_bytes()) {
            if negated {
                return false;
            }
            positive = true;
        }
    }
    positive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_in_openssh() {
        let cases = [
            ("ada@example.org", "ada@example.org", true),
            ("ada@example.org", "*@example.org", true),
            ("ada@example.org.evil", "*@example.org", false),
            ("ada@example.org", "?da@*", true),
            ("ada@example.org", "*,!ada@*", false),
            ("ada@example.org", "!bob,ada*", true),
            ("ada@example.org", "!bob", false),
            ("", "", true),
            ("", "*", true),
            ("a", "", false),
            ("aab", "a*b", true),
            ("aaba", "a*b", false),
            ("abcabc", "*abc", true),
            ("Ada", "ada", false),
        ];
        for (name, list, expected) in cases {
            assert_eq!(list_fits(name, list), expected, "{name} {list}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_pattern_without_wildcards_fits_itself_only(name in "[a-c]{0,6}", other in "[a-c]{0,6}") {
            proptest::prop_assert_eq!(fits(name.as_bytes(), other.as_bytes()), name == other);
        }

        #[test]
        fn a_star_stands_for_anything(name in "[a-c]{0,8}", at in 0..9usize, until in 0..9usize) {
            let (at, until) = (at.min(name.len()), until.min(name.len()));
            let (at, until) = (at.min(until), at.max(until));
            let pattern = format!("{}*{}", &name[..at], &name[until..]);
            proptest::prop_assert!(fits(name.as_bytes(), pattern.as_bytes()));
        }
    }
}
