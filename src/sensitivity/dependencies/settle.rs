//! `only: [shipped]`: which of the packages that differ are another version in what is shipped. That is asked of all files of a change at once, since
//! a package may move from one to another, or its version to where the workspace says it.

use std::collections::{BTreeMap, BTreeSet};

use super::Touched;
use super::distance::{Scheme, grew_little, is_small};
use super::entry::Spec;
use crate::change::Side;
use crate::policy::BumpSize;

/// A package that a file has on one side or both, and not as the same.
#[derive(Clone, Debug)]
pub(in crate::sensitivity) struct Differing {
    pub(super) name: String,
    pub(super) scheme: Scheme,
    pub(super) kind: Kind,
    /// The directory of the file.
    pub(super) directory: Vec<u8>,
    pub(super) from: BTreeSet<Said>,
    pub(super) to: BTreeSet<Said>,
    /// Growth that does not count.
    pub(super) below: Option<BumpSize>,
    /// A line that names it.
    pub(super) line: Option<(Side, u32)>,
}

/// Where something is said of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A manifest that uses it.
    Manifest(Whole),
    /// A lock file.
    Lock(Whole),
    /// Where members of a workspace have its version from; it is here also where nothing differs.
    Declared {
        /// The catalog's name.
        catalog: String,
    },
}

/// Whether the file is there on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    New,
    Gone,
    Both,
}

/// A specification, and the catalog that has its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Said {
    pub(super) spec: Spec,
    pub(super) catalog: Option<String>,
}

/// The packages that count, each with whatever it came with; `gone` has the manifests that the change deletes, by their directories.
pub(super) fn settle<T>(all: Vec<(T, Differing)>, gone: &BTreeSet<(Scheme, Vec<u8>)>) -> Vec<(T, Touched)> {
    let differing: Vec<&Differing> = all.iter().map(|(_, differing)| differing).collect();
    let mut groups: BTreeMap<(&str, Scheme), Vec<usize>> = BTreeMap::new();
    for (at, one) in differing.iter().enumerate() {
        groups.entry((&one.name, one.scheme)).or_default().push(at);
    }
    let mut counts: BTreeMap<usize, String> = BTreeMap::new();
    for members in groups.values() {
        let of: Vec<(usize, &Differing)> = members
            .iter()
            .filter_map(|at| Some((*at, *differing.get(*at)?)))
            .collect();
        counts.extend(Group::new(&of, gone).counts());
    }
    let found = all.into_iter().enumerate();
    found
        .filter_map(|(at, (with, one))| {
            let detail = counts.remove(&at)?;
            let touched = Touched { detail, line: one.line };
            Some((with, touched))
        })
        .collect()
}

/// What a change says of one package, wherever it does.
struct Group<'d> {
    /// Each of its places.
    places: Vec<Place<'d>>,
    gone: &'d BTreeSet<(Scheme, Vec<u8>)>,
}

struct Place<'d> {
    at: usize,
    one: &'d Differing,
    /// What is specified, with inherited versions.
    from: BTreeSet<Spec>,
    to: BTreeSet<Spec>,
}

impl<'d> Group<'d> {
    fn new(all: &[(usize, &'d Differing)], gone: &'d BTreeSet<(Scheme, Vec<u8>)>) -> Self {
        let declared = |directory: &[u8], catalog: &str, side: Side| {
            let known = all.iter().filter(|(_, one)| match &one.kind {
                Kind::Declared { catalog: known } => known == catalog && is_above(&one.directory, directory),
                _ => false,
            });
            let nearest = known.max_by_key(|(_, one)| one.directory.len())?;
            let side = match side {
                Side::Removed => &nearest.1.from,
                Side::Added => &nearest.1.to,
            };
            side.first().map(|said| &said.spec)
        };
        let resolved = |one: &Differing, side: Side, said: &BTreeSet<Said>| {
            let resolve = |said: &Said| {
                let inherits = !matches!(one.kind, Kind::Declared { .. });
                let catalog = said.catalog.as_deref().filter(|_| inherits);
                match catalog.and_then(|catalog| declared(&one.directory, catalog, side)) {
                    Some(declared) if one.scheme == Scheme::Cargo => said.spec.over(declared),
                    Some(declared) => declared.clone(),
                    None => said.spec.clone(),
                }
            };
            said.iter().map(resolve).collect()
        };
        let places = all.iter().map(|&(at, one)| Place {
            at,
            one,
            from: resolved(one, Side::Removed, &one.from),
            to: resolved(one, Side::Added, &one.to),
        });
        Self {
            places: places.collect(),
            gone,
        }
    }

    /// The places that count, in words.
    fn counts(&self) -> Vec<(usize, String)> {
        let counted = |place: &Place<'_>| {
            let name = crate::diagnostic::sanitize(&place.one.name);
            let (from, to) = (shown(&place.from), shown(&place.to));
            if self.is_same(place, &place.from, &place.to) {
                return None;
            }
            let detail = match (place.from.is_empty(), place.to.is_empty()) {
                (false, false) => format!("`{name}` {from} -> {to}"),
                (true, _) => match self.comes(place) {
                    Coming::No => return None,
                    Coming::New => format!("`{name}` {to} is new"),
                    Coming::From(from) => format!("`{name}` {} -> {to}", shown(&from)),
                },
                (false, true) if self.is_no_loss(place) => return None,
                (false, true) => format!("`{name}` {from} is gone"),
            };
            Some((place.at, detail))
        };
        self.places.iter().filter_map(counted).collect()
    }

    /// Whether two sets of specifications are as good as the same: each has its like in the other.
    fn is_same(&self, place: &Place<'_>, from: &BTreeSet<Spec>, to: &BTreeSet<Spec>) -> bool {
        let one = place.one;
        // Of a lock file the version is what is installed, and no requirement.
        let locked = matches!(one.kind, Kind::Lock(_));
        let small = |from: &Spec, to: &Spec| match locked {
            true => grew_little(from, to, one.below),
            false => is_small(one.scheme, from, to, one.below),
        };
        from.is_empty() == to.is_empty()
            && to.iter().all(|to| from.iter().any(|from| small(from, to)))
            && from.iter().all(|from| to.iter().any(|to| small(from, to)))
    }

    /// What goes elsewhere: of manifests, or of lock files that go.
    fn going(&self, place: &Place<'_>) -> BTreeSet<Spec> {
        let goes = |other: &&Place<'_>| {
            let kin = match (&place.one.kind, &other.one.kind) {
                (Kind::Lock(_), Kind::Lock(whole)) => *whole == Whole::Gone,
                (Kind::Lock(_), _) | (_, Kind::Lock(_)) => false,
                _ => true,
            };
            kin && other.to.is_empty()
        };
        self.places
            .iter()
            .filter(goes)
            .flat_map(|other| other.from.clone())
            .collect()
    }

    /// What comes elsewhere, in manifests.
    fn coming(&self) -> BTreeSet<Spec> {
        let comes = |other: &&Place<'_>| !matches!(other.one.kind, Kind::Lock(_)) && other.from.is_empty();
        self.places
            .iter()
            .filter(comes)
            .flat_map(|other| other.to.clone())
            .collect()
    }

    fn comes(&self, place: &Place<'_>) -> Coming {
        let going = self.going(place);
        let moved = !going.is_empty()
            && going
                .iter()
                .all(|from| self.is_same(place, &[from.clone()].into(), &place.to));
        match &place.one.kind {
            // Whoever takes it up counts.
            Kind::Declared { .. } => Coming::No,
            _ if moved => Coming::No,
            // A directory of Python has as many manifests as it likes, so that a new one need not be of a new module.
            Kind::Manifest(Whole::New) if going.is_empty() && place.one.scheme == Scheme::Python => Coming::New,
            Kind::Manifest(Whole::New) | Kind::Lock(Whole::New) if going.is_empty() => Coming::No,
            Kind::Manifest(Whole::New) | Kind::Lock(Whole::New) => Coming::From(going),
            _ => Coming::New,
        }
    }

    fn is_no_loss(&self, place: &Place<'_>) -> bool {
        let coming = self.coming();
        let moved = !coming.is_empty()
            && coming
                .iter()
                .all(|to| self.is_same(place, &place.from, &[to.clone()].into()));
        match &place.one.kind {
            // Without a lock file anything may be installed, unless its manifest goes with it.
            Kind::Lock(Whole::Gone) => self.gone.contains(&(place.one.scheme, place.one.directory.clone())),
            Kind::Lock(_) => false,
            // What it comes as elsewhere is compared there.
            Kind::Manifest(Whole::Gone) => true,
            Kind::Manifest(_) => moved || place.one.from.iter().all(|said| said.catalog.is_some()),
            Kind::Declared { .. } => moved || self.is_used_as(place),
        }
    }

    /// Whether what is declared no longer is said where it is used.
    fn is_used_as(&self, place: &Place<'_>) -> bool {
        let used = self
            .places
            .iter()
            .filter(|other| matches!(other.one.kind, Kind::Manifest(_)) && !other.to.is_empty());
        let mut same = used.map(|other| {
            place
                .from
                .iter()
                .all(|from| other.to.iter().any(|to| from.version == to.version))
        });
        let first = same.next();
        first == Some(true) && same.all(|same| same)
    }
}

enum Coming {
    No,
    New,
    From(BTreeSet<Spec>),
}

/// Whether a directory is another one, or has it below.
fn is_above(directory: &[u8], below: &[u8]) -> bool {
    directory.is_empty()
        || below
            .strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

fn shown(specs: &BTreeSet<Spec>) -> String {
    let all: Vec<String> = specs.iter().map(ToString::to_string).collect();
    super::brief(&all.join(", "))
}
