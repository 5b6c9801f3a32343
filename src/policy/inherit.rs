//! What a policy takes from elsewhere: the packs that it extends, and the policies that it imports, in order.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::imports::{Copies, Imported, Stricter, Unvendored};
use super::source::{Source, Step};
use super::text::{PolicyError, PolicySource, checked, deserialize, hash, pack_source, read, unknown_pack};
use super::validate::{Check, Defaults, at};
use super::{Pack, Pin, packs, raw};
use crate::change::Digest;
use crate::diagnostic::{Code, Diagnostic, Place, command};

/// Components that are from elsewhere.
pub(super) struct Inherited {
    pub(super) source: Arc<Source>,
    /// What they say of where they are from.
    pub(super) name: String,
    /// The number of the import that they are from, from 1; 0 for the packs of the policy itself.
    pub(super) import: usize,
    /// Tests have shown that their patterns compile.
    pub(super) trusted: bool,
    /// The defaults that hold for them, where those are not the policy's, and as the import has them.
    pub(super) defaults: Option<Defaults>,
    pub(super) written: Option<raw::Defaults>,
    pub(super) components: Vec<raw::Component>,
}

/// All that a policy takes from elsewhere.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) inherited: Vec<Inherited>,
    pub(super) stricter: Stricter,
    pub(super) pins: Vec<Pin>,
}

/// The packs that the policy extends, and those that they extend, each once, nearest first; then its imports, with the packs that those
/// extend. The stricter of what they say of signatures goes into the defaults.
pub(super) fn extended(
    raw: &raw::Policy,
    check: &mut Check<'_>,
    pack: Option<&Pack>,
    digest: &mut Sha256,
    (defaults, copies): (&mut Defaults, &Copies<'_>),
) -> Result<Sources, PolicyError> {
    let mut sources = Sources::default();
    let mut seen: Vec<&str> = pack.iter().map(|pack| pack.name).collect();
    let mut queue: Vec<(String, Option<usize>)> = Vec::new();
    for (index, name) in raw.extends.packs() {
        queue.push((name.to_owned(), Some(index)));
    }
    packs_of(queue, 0, (check, digest), &mut seen, &mut sources.inherited)?;
    for (nth, (index, pin)) in check.pins(&raw.extends).into_iter().enumerate() {
        let source = Arc::new(copy_of(&pin, copies, check.place(&at!["extends", index]))?);
        let raw = checked(&source)?;
        hash(digest, &source);
        let mut imported = Imported {
            raw,
            source: Arc::clone(&source),
            defaults: defaults.clone(),
        };
        let mut inner = Check::new(&source, false);
        inner.states = check.states;
        imported.defaults = inner.import(&imported.raw, defaults, &mut sources.stricter);
        let queue: Vec<_> = imported
            .raw
            .extends
            .packs()
            .map(|(_, name)| (name.to_owned(), None))
            .collect();
        check.adopt(inner);
        defaults.signatures = defaults.signatures.max(imported.defaults.signatures);
        defaults.independence |= imported.defaults.independence;
        sources.inherited.push(Inherited {
            name: pin.origin(),
            source: imported.source,
            import: nth + 1,
            trusted: false,
            defaults: Some(imported.defaults),
            written: imported.raw.defaults,
            components: imported.raw.components,
        });
        packs_of(queue, nth + 1, (check, digest), &mut seen, &mut sources.inherited)?;
        sources.pins.push(pin);
    }
    for defaults_of in sources
        .inherited
        .iter_mut()
        .filter_map(|inherited| inherited.defaults.as_mut())
    {
        defaults_of.signatures = defaults.signatures;
    }
    Ok(sources)
}

/// Reads the copy of a pin, and holds it to the digest.
fn copy_of(pin: &Pin, copies: &Copies<'_>, place: Place) -> Result<Source, PolicyError> {
    let path = pin.copy();
    let refuse = |message: String| {
        let fetch = command!["certgate", "policy", "fetch"].why("fetches it, and checks the digest");
        PolicyError::from(Diagnostic::error(Code::CG658, message).at(place.clone()).help(fetch))
    };
    let bytes = match copies(pin) {
        Ok(bytes) => bytes,
        Err(Unvendored::Missing) => {
            return Err(refuse(format!("the imported policy {path} is not beside this one")));
        }
        Err(Unvendored::Unreadable(why)) => {
            return Err(refuse(format!("the imported policy {path} cannot be read: it {why}")));
        }
    };
    let found = Digest(Sha256::digest(&bytes).into());
    if found != pin.sha256 {
        return Err(refuse(format!(
            "the imported policy {path} is not what the pin names: its SHA-256 is {found}"
        )));
    }
    read(&PolicySource {
        name: path.to_string(),
        bytes: &bytes,
    })
}

/// The packs of a list, each with its place where it has one, and those that they extend, each once, nearest first.
fn packs_of(
    mut queue: Vec<(String, Option<usize>)>,
    import: usize,
    (check, digest): (&mut Check<'_>, &mut Sha256),
    seen: &mut Vec<&str>,
    found: &mut Vec<Inherited>,
) -> Result<(), PolicyError> {
    let mut at = 0;
    while let Some((name, index)) = queue.get(at).cloned() {
        at += 1;
        let Some(next) = packs::pack(&name) else {
            let place = index.map(|index| vec![Step::from("extends"), Step::from(index)]);
            check.push(unknown_pack(&name), place.as_deref());
            continue;
        };
        // Each pack is read once, so packs that extend each other cannot loop.
        if seen.contains(&next.name) {
            continue;
        }
        seen.push(next.name);
        let source = pack_source(next);
        hash(digest, &source);
        let inner = deserialize(&source)?;
        queue.extend(inner.extends.packs().map(|(_, name)| (name.to_owned(), None)));
        found.push(Inherited {
            name: source.name.clone(),
            source: Arc::new(source),
            import,
            trusted: true,
            defaults: None,
            written: None,
            components: inner.components,
        });
    }
    Ok(())
}
