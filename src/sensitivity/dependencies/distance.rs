//! How far two specifications of a package are apart.

use super::entry::Spec;
use crate::policy::BumpSize;
use crate::sensitivity::bumps;

/// How requirements are written and resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scheme {
    Cargo,
    Npm,
    Python,
    Go,
}

/// Whether a requirement and another are as good as the same: nothing but the version differs, and that grew little, or only excludes what nobody
/// would have got.
pub(super) fn is_small(scheme: Scheme, from: &Spec, to: &Spec, below: Option<BumpSize>) -> bool {
    grew_little(from, to, below) || (from.rest == to.rest && is_narrower(scheme, &from.version, &to.version))
}

/// Whether nothing but the version differs, and that grew by no more than `below`.
pub(super) fn grew_little(from: &Spec, to: &Spec, below: Option<BumpSize>) -> bool {
    let (old, new) = (from.version.as_str(), to.version.as_str());
    let little = |below| bumps::grew_at_most(old, new, below) || releases(old, new);
    from.rest == to.rest && (old == new || below.is_some_and(little))
}

/// Whether the first is a pre-release of the second.
fn releases(from: &str, to: &str) -> bool {
    let plain = !to.is_empty() && to.chars().all(|c| c.is_ascii_digit() || c == '.');
    plain && from.strip_prefix(to).is_some_and(|rest| rest.starts_with('-'))
}

/// Whether the second requirement allows nothing that the first does not, and as new versions as the first does: what is installed without a lock
/// file stays, and a lock file says for itself. Lock files of npm's kin are not all read, so a requirement there is always taken for what it says.
fn is_narrower(scheme: Scheme, from: &str, to: &str) -> bool {
    if !matches!(scheme, Scheme::Cargo | Scheme::Python) {
        return false;
    }
    let (Some(old), Some(new)) = (comparators(scheme, from), comparators(scheme, to)) else {
        return false;
    };
    let is_floor = |comparator: &&(Operator, &str)| comparator.0 == Operator::Least;
    let rest = |all: &[(Operator, &str)]| -> Vec<(Operator, String)> {
        let rest = all.iter().filter(|one| !is_floor(one));
        rest.map(|(operator, version)| (*operator, (*version).to_owned()))
            .collect()
    };
    let floors = |all: &[(Operator, &'_ str)]| -> Option<Vec<Vec<u64>>> {
        all.iter()
            .filter(is_floor)
            .map(|(_, version)| bumps::plain_numbers(version))
            .collect()
    };
    let (Some(low), Some(high)) = (floors(&old), floors(&new)) else {
        return false;
    };
    let (before, after) = (rest(&old), rest(&new));
    match (before.as_slice(), after.as_slice()) {
        (before, after) if before == after => match (low.as_slice(), high.as_slice()) {
            ([], [_]) => true,
            ([low], [high]) => is_at_most(low, high),
            _ => false,
        },
        // Within what a caret allows.
        ([(Operator::Compatible, old)], [(Operator::Compatible, new)]) => {
            low.is_empty() && high.is_empty() && bumps::grew_at_most(&full(old), &full(new), BumpSize::Minor)
        }
        _ => false,
    }
}

/// A version with all three numbers.
fn full(version: &str) -> String {
    let missing = 3_usize.saturating_sub(version.split('.').count());
    format!("{version}{}", ".0".repeat(missing))
}

/// Whether a version is not above another, `1.2` being `1.2.0`.
fn is_at_most(one: &[u64], other: &[u64]) -> bool {
    let longest = one.len().max(other.len());
    let padded = |version: &[u64]| -> Vec<u64> {
        let zeros = std::iter::repeat(0);
        version.iter().copied().chain(zeros).take(longest).collect()
    };
    padded(one) <= padded(other)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operator {
    /// `>=`
    Least,
    /// `^`, and what Cargo has without an operator.
    Compatible,
    /// Any other.
    Other(&'static str),
}

/// The comparators of a requirement, sorted; `None` where it is not one, or has alternatives.
fn comparators(scheme: Scheme, text: &str) -> Option<Vec<(Operator, &str)>> {
    const OTHERS: [&str; 8] = ["===", "==", "!=", "<=", "~=", "<", "~", "="];
    if text.contains(['|', '*', '@', '/']) {
        return None;
    }
    let mut found = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (operator, version) = match part.strip_prefix(">=") {
            Some(version) => (Operator::Least, version),
            None => match part.strip_prefix('^') {
                Some(version) => (Operator::Compatible, version),
                None => match OTHERS.iter().find_map(|op| Some((*op, part.strip_prefix(*op)?))) {
                    Some((operator, version)) => (Operator::Other(operator), version),
                    None if scheme == Scheme::Cargo => (Operator::Compatible, part),
                    None => return None,
                },
            },
        };
        let version = version.trim();
        if !version.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        found.push((operator, version));
    }
    found.sort_unstable();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(scheme: Scheme, from: &str, to: &str) -> bool {
        is_small(scheme, &Spec::plain(from), &Spec::plain(to), Some(BumpSize::Patch))
    }

    #[test]
    fn a_floor_that_rises_installs_nothing_else() {
        for (from, to) in [
            (">=1.24", ">=2"),
            ("", ">=1.2"),
            (">=1.2.3,<3", "<3,>=1.3"),
            (">=2.0", ">=2.0.0"),
            (">=1.2,!=1.3", ">=1.2.1,!=1.3"),
        ] {
            assert!(small(Scheme::Python, from, to), "{from} -> {to}");
            assert!(!small(Scheme::Npm, from, to), "{from} -> {to}");
        }
        for (from, to) in [
            (">=1.24", ""),
            (">=2", ">=1.24"),
            (">=1,<3", ">=1,<4"),
            (">=1,<3", ">=1"),
            (">=1", ">=1,<3"),
            (">=1", "==1.5"),
            ("==1.5", "==1.6"),
            ("==1.5", ">=1.5"),
            ("==2.7.0", "==2.12.0"),
            ("<=2.19.0", ""),
            (">1", ">=2"),
            ("~=1.2", "~=1.3"),
            (">=1,>=2", ">=3,>=1"),
            ("@ https://a/x-1.whl", "@ https://a/x-2.whl"),
            (">=1.2rc1", ">=1.2"),
            ("1.2", "1.3"),
        ] {
            assert!(!small(Scheme::Python, from, to), "{from} -> {to}");
        }
    }

    #[test]
    fn a_caret_that_rises_within_its_range_installs_nothing_else() {
        for (from, to) in [
            ("1.2", "1.5"),
            ("^1.2.3", "^1.9.0"),
            ("0.2.3", "0.2.9"),
            ("0.2", "0.2.9"),
            ("1", "1.4"),
            (">=1, <2", ">=1.5, <2"),
        ] {
            assert!(small(Scheme::Cargo, from, to), "{from} -> {to}");
        }
        for (from, to) in [
            ("1.2", "2.0"),
            ("0.2.3", "0.3.0"),
            ("1.5", "1.2"),
            ("=1.2.0", "=1.3.0"),
            ("1.2", "=1.3"),
            ("0.1.48", "=0.1.48"),
            ("~1.2", "~1.3"),
            ("1.2", "1.3, <1.4"),
            ("1.2", "*"),
        ] {
            assert!(!small(Scheme::Cargo, from, to), "{from} -> {to}");
        }
        assert!(!small(Scheme::Npm, "^1.2.0", "^1.3.0") && small(Scheme::Npm, "^1.2.0", "^1.2.1"));
    }

    #[test]
    fn patches_and_releases_of_a_pre_release_are_small() {
        assert!(small(Scheme::Go, "1.2.3", "1.2.4") && !small(Scheme::Go, "1.2.3", "1.3.0"));
        assert!(small(Scheme::Go, "1.36.12-0.20260120151049-f2248ac996af", "1.36.12"));
        assert!(!small(Scheme::Go, "1.36.12", "1.36.12-rc1"));
        assert!(!small(Scheme::Go, "1.36.1-rc1", "1.36.12"));
        assert!(!small(
            Scheme::Go,
            "0.0.0-20250305212735-054e65f0b394",
            "0.0.0-20250408133849-7e4ce0ab07d0"
        ));
        let (from, to) = (Spec::plain("1.2.3"), Spec::plain("1.2.4"));
        assert!(!is_small(Scheme::Go, &from, &to, None));
        assert!(is_small(
            Scheme::Go,
            &from,
            &Spec::plain("1.3.0"),
            Some(BumpSize::Minor)
        ));
        let more = Spec {
            rest: "; extra".into(),
            ..to
        };
        assert!(!is_small(Scheme::Go, &from, &more, Some(BumpSize::Patch)));
    }
}
