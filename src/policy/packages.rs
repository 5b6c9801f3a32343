//! `match.dependencies`: names of packages, and what of their changes counts.

use super::source::Step;
use super::validate::{Check, at};
use super::{BumpSize, GlobList, raw};
use crate::diagnostic::Code;

/// The entries of `dependencies:`; the last one that names a package decides about it.
#[derive(Clone, Debug, Default)]
pub struct PackageRules {
    names: GlobList,
    /// The positive globs of each entry, and what counts of what they name.
    entries: Vec<(GlobList, Counted)>,
}

/// What counts of the changes of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// `bump:` the largest growth of a version that does not count; `None`: any growth does.
    pub below: Option<BumpSize>,
    /// `only: [shipped]`: only another version in what is shipped.
    pub shipped: bool,
    /// `only: [direct]`: only what the repository's own packages ask for themselves.
    pub direct: bool,
}

impl Default for Counted {
    fn default() -> Self {
        Self {
            below: Some(BumpSize::Patch),
            shipped: false,
            direct: false,
        }
    }
}

/// Words for the smallest growth that counts.
const BUMPS: [(&str, Option<BumpSize>); 3] = [
    ("patch", None),
    ("minor", Some(BumpSize::Patch)),
    ("major", Some(BumpSize::Minor)),
];

impl PackageRules {
    /// True where no package is named.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// What counts of a package; `None` where it is not named.
    pub fn counted(&self, package: &str) -> Option<Counted> {
        let name = package.as_bytes();
        let named = |(names, counted): &(GlobList, Counted)| names.matches(name).then_some(*counted);
        let of_entry = || self.entries.iter().rev().find_map(named);
        // A list of negations alone names everything else.
        self.names.matches(name).then(|| of_entry().unwrap_or_default())
    }
}

impl Check<'_> {
    /// Reads `dependencies`.
    pub(super) fn packages(&mut self, raw: &raw::Packages, here: &[Step]) -> PackageRules {
        let mut all: Vec<&String> = Vec::new();
        let mut entries = Vec::new();
        for (nth, raw::Short(entry)) in raw.0.iter().enumerate() {
            let short = entry.text.is_some();
            let place = |key: &'static str| match short {
                true => [here, &at![nth]].concat(),
                false => [here, &at![nth, key]].concat(),
            };
            if entry.names.is_empty() {
                self.error(Code::CG002, "a rule on packages needs `names`", &place("names"));
                continue;
            }
            for (index, name) in entry.names.0.iter().enumerate() {
                if let Err(error) = GlobList::new(&[name]) {
                    let mut place = place("names");
                    if !short {
                        place.push(Step::Item(index));
                    }
                    self.error(Code::CG005, format!("bad glob: {error}"), &place);
                    return PackageRules::default();
                }
            }
            let mut counted = Counted::default();
            if let Some(below) = self.word(&BUMPS, entry.bump.as_deref(), &place("bump")) {
                counted.below = below;
            }
            for (index, word) in entry.only.0.iter().enumerate() {
                let place = [place("only"), at![index].to_vec()].concat();
                match self.word(&[("shipped", 0), ("direct", 1)], Some(word), &place) {
                    Some(0) => counted.shipped = true,
                    Some(_) => counted.direct = true,
                    None => {}
                }
            }
            all.extend(&entry.names.0);
            let positive: Vec<&String> = entry.names.0.iter().filter(|name| !name.starts_with('!')).collect();
            entries.push((GlobList::new(&positive).unwrap_or_default(), counted));
        }
        PackageRules {
            names: GlobList::new(&all).unwrap_or_default(),
            entries,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Policy, PolicySource};
    use super::*;

    fn rules(dependencies: &str) -> Result<PackageRules, String> {
        let text = format!("version: 1\ncomponents: [{{ id: a, match: {{ dependencies: {dependencies} }} }}]\n");
        let source = PolicySource {
            name: "p.yaml".into(),
            bytes: text.as_bytes(),
        };
        match Policy::parse(&source) {
            Ok((policy, _)) => Ok(policy.components[0].rules.dependencies.clone()),
            Err(error) => Err(error.diagnostics().map(|found| found.message().to_owned()).collect()),
        }
    }

    #[test]
    fn names_are_as_they_were() {
        for list in ["tokio", "[tokio]", "{ names: tokio }", "[{ names: [tokio] }]"] {
            let rules = rules(list).unwrap();
            assert_eq!(rules.counted("tokio"), Some(Counted::default()), "{list}");
            assert_eq!(rules.counted("tokio-util"), None, "{list}");
        }
        let rest = rules("[\"!tokio\"]").unwrap();
        assert_eq!(
            (rest.counted("tokio"), rest.counted("a")),
            (None, Some(Counted::default()))
        );
        assert!(rules("[]").unwrap().is_empty());
    }

    #[test]
    fn the_last_entry_that_names_a_package_decides() {
        let rules = rules("[{ names: [\"tokio*\", rayon], bump: major, only: [shipped, direct] }, { names: tokio-util, bump: patch }, rayon, \"!tokio-uring\"]").unwrap();
        let narrow = Counted {
            below: Some(BumpSize::Minor),
            shipped: true,
            direct: true,
        };
        assert_eq!(rules.counted("tokio"), Some(narrow));
        assert_eq!(rules.counted("rayon"), Some(Counted::default()));
        let below = None;
        assert_eq!(
            rules.counted("tokio-util"),
            Some(Counted {
                below,
                ..Counted::default()
            })
        );
        assert_eq!(rules.counted("tokio-uring"), None);
    }

    #[test]
    fn what_is_no_rule_is_said() {
        for (list, said) in [
            ("[{ only: [shipped] }]", "needs `names`"),
            ("[{ names: a, bump: huge }]", "`huge` is not one of patch, minor, major"),
            (
                "[{ names: a, only: [shiped] }]",
                "`shiped` is not one of shipped, direct",
            ),
            ("[{ names: [a, \"\"] }]", "bad glob"),
            ("[{ names: a, what: 1 }]", "unknown key `what`"),
            ("7", "expected"),
        ] {
            let found = rules(list).unwrap_err();
            assert!(found.contains(said), "{list}: {found}");
        }
    }
}
