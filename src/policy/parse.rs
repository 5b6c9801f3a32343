//! From text to a validated [`Policy`]: schema, packs, imports, dials; and a policy with all of that written out.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::dials::{Dials, Fate};
use super::imports::{Copies, keep_from_yielding, no_copies};
use super::inherit::extended;
use super::source::{Source, Step};
use super::text::{PolicyError, PolicySource, checked, deserialize, hash, pack_source, read, unknown_pack};
use super::validate::{Check, Defaults, at};
use super::{Component, Enforce, Enforcement, Enforcing, GlobList, Pack, Pin, Policy, packs, raw};
use crate::change::Digest;
use crate::diagnostic::{Code, Diagnostic};

/// Where certificates are, unless the policy says otherwise.
const DEFAULT_CERTIFICATES: &str = "certificates/**/*.md";

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with its place: see the codes CG001 to CG009; CG658 where it imports another. With the policy
    /// come its warnings.
    pub fn parse(source: &PolicySource<'_>) -> Result<(Self, Vec<Diagnostic>), PolicyError> {
        Self::parse_with(source, &no_copies)
    }

    /// The same with the copies of the policies that it imports.
    ///
    /// # Errors
    ///
    /// As [`Policy::parse`]; CG658 where a copy is not there or not what was pinned, CG659 where an import says what it must not.
    pub fn parse_with(source: &PolicySource<'_>, copies: &Copies<'_>) -> Result<(Self, Vec<Diagnostic>), PolicyError> {
        let source = read(source)?;
        let raw = checked(&source)?;
        build(source, raw, None, copies)
    }

    /// The policies of other repositories that a policy imports, whether or not there are copies of them.
    ///
    /// # Errors
    ///
    /// What is wrong with the form of the file, or with a pin.
    pub fn pins(source: &PolicySource<'_>) -> Result<Vec<Pin>, PolicyError> {
        let source = read(source)?;
        let raw = checked(&source)?;
        let mut check = Check::new(&source, false);
        let pins = check.pins(&raw.extends);
        match PolicyError::of(check.into_findings().0) {
            Some(error) => Err(error),
            None => Ok(pins.into_iter().map(|(_, pin)| pin).collect()),
        }
    }

    /// The policy that a pack is by itself; the name may begin with `builtin:`.
    ///
    /// # Errors
    ///
    /// CG007 where there is no such pack.
    pub fn builtin(name: &str) -> Result<Self, PolicyError> {
        let Some(pack) = packs::pack(name) else {
            return Err(unknown_pack(name).into());
        };
        let source = pack_source(pack);
        let raw = deserialize(&source)?;
        build(source, raw, Some(pack), &no_copies).map(|(policy, _)| policy)
    }
}

impl Policy {
    /// A policy as YAML with everything that it takes from packs and imports written out, so that it can be taken up and changed.
    ///
    /// # Errors
    ///
    /// As [`Policy::parse_with`].
    pub fn resolved(source: &PolicySource<'_>, copies: &Copies<'_>) -> Result<String, PolicyError> {
        Self::parse_with(source, copies)?;
        written(&read(source)?, None, copies)
    }

    /// The same of a pack.
    ///
    /// # Errors
    ///
    /// CG007 where there is no such pack.
    pub fn resolved_builtin(name: &str) -> Result<String, PolicyError> {
        let Some(pack) = packs::pack(name) else {
            return Err(unknown_pack(name).into());
        };
        written(&pack_source(pack), Some(pack), &no_copies)
    }
}

fn written(source: &Source, pack: Option<&Pack>, copies: &Copies<'_>) -> Result<String, PolicyError> {
    let raw = resolve(source, pack, copies)?;
    match serde_yaml::to_string(&raw) {
        // A version is a number to people.
        Ok(text) => Ok(text.replacen("version: '1'\n", "version: 1\n", 1)),
        Err(error) => Err(Diagnostic::error(Code::CG002, format!("the policy cannot be written: {error}")).into()),
    }
}

impl Enforcing {
    /// Reads what a policy says of enforcement; its rules are not compiled, its packs not read.
    ///
    /// # Errors
    ///
    /// What is wrong with the file's form, its version or its `enforce:`.
    pub fn parse(source: &PolicySource<'_>) -> Result<Self, PolicyError> {
        let source = read(source)?;
        let raw = checked(&source)?;
        let mut check = Check::new(&source, false);
        check.version(raw.version.as_deref());
        let entries = match &raw.enforce {
            Some(entries) => check.enforce(entries),
            None => default_enforcement(),
        };
        match PolicyError::of(check.into_findings().0) {
            Some(error) => Err(error),
            None => Ok(Self(entries)),
        }
    }
}

impl Default for Enforcing {
    /// What holds where there is no policy.
    fn default() -> Self {
        Self(default_enforcement())
    }
}

fn build(
    source: Source,
    mut raw: raw::Policy,
    pack: Option<&Pack>,
    copies: &Copies<'_>,
) -> Result<(Policy, Vec<Diagnostic>), PolicyError> {
    let origin = match pack {
        Some(pack) => format!("builtin:{}", pack.name),
        None => "policy".to_owned(),
    };
    let mut digest = Sha256::new();
    hash(&mut digest, &source);
    let source = Arc::new(source);
    let mut check = Check::new(&source, pack.is_some());
    check.version(raw.version.as_deref());
    let mut defaults = check.defaults(raw.defaults.as_ref(), &Defaults::default());
    let sources = extended(&raw, &mut check, pack, &mut digest, (&mut defaults, copies))?;
    let mut dials = Dials::take(&mut raw);
    let mut components = Vec::new();
    for (index, mut component) in std::mem::take(&mut raw.components).into_iter().enumerate() {
        dials.own(&mut component);
        let own = check.component(&at!["components", index], component, &defaults, &origin);
        components.extend(own.map(|own| (own, 0)));
    }
    let own = components.len();
    dials.validate(&mut check, &defaults);
    for inherited in sources.inherited {
        let mut inner = Check::new(&inherited.source, inherited.trusted);
        inner.states = check.states;
        let theirs = inherited.defaults.as_ref().unwrap_or(&defaults);
        for (index, mut component) in inherited.components.into_iter().enumerate() {
            let fate = dials.inherited(&mut component, &inherited.name);
            check.inherited(component.id.as_deref().unwrap_or_default());
            if matches!(fate, Fate::Kept) {
                let taken = inner.component(&at!["components", index], component, theirs, &inherited.name);
                components.extend(taken.map(|taken| (taken, inherited.import)));
            }
        }
        check.adopt(inner);
    }
    keep_from_yielding(&mut components);
    let components: Vec<Component> = components
        .into_iter()
        .map(|(component, import)| Component {
            imported: import > 0,
            ..component
        })
        .collect();
    let stricter = sources.stricter;
    dials.check(&mut check);
    check.without(&raw.without);
    check.names(&components, own);
    let trusted_bumps = check.trusted_bumps(&raw.trusted_bumps.0, &components, defaults.signatures);
    let sensitivity = check.sensitivity(raw.sensitivity.as_ref(), &components);
    let profiles = check.profiles(&raw.profiles.0, &components);
    let policy = Policy {
        sensitivity,
        profiles,
        certificates: check.certificates(raw.certificates.as_ref(), DEFAULT_CERTIFICATES),
        trusted_bumps,
        since: check.since(raw.ledger.as_ref()),
        enforce: match &raw.enforce {
            Some(entries) => check.enforce(entries),
            None => default_enforcement(),
        },
        agents: check.agents(raw.agents),
        components,
        exclude: check.globs(&raw.exclude.0, &at!["exclude"]),
        classes: stricter.classes(check.statuses(&raw.statuses)),
        stop_is_per_component: stricter.stop_is_per_component(check.emergency_stop(raw.emergency_stop.as_deref())),
        stamps_count: stricter.stamps_count(check.stamps(raw.stamps.as_deref())),
        imports: sources.pins,
        codeowners: check.owner_terms(raw.codeowners.as_ref()),
        owners: raw.policy.map(|own| own.owners.0).unwrap_or_default(),
        serial: raw.serial,
        repository: check.repository(raw.repository),
        records: check.records(raw.records),
        signatures: defaults.signatures,
        independence: defaults.independence,
        digest: Digest(digest.finalize().into()),
        origin: source.name.clone(),
        watched: Arc::default(),
        source: Arc::clone(&source),
    };
    check.agents_exist(&policy, own);
    check.milder(&policy);
    check.meetable(&policy);
    let (errors, warnings) = check.into_findings();
    match PolicyError::of(errors) {
        Some(error) => Err(error),
        None => Ok((policy, warnings)),
    }
}

/// The policy with everything that it takes from packs and imports written out, adjusted as it says: it gates the same by itself.
fn resolve(source: &Source, pack: Option<&Pack>, copies: &Copies<'_>) -> Result<raw::Policy, PolicyError> {
    let mut raw = deserialize(source)?;
    let mut check = Check::new(source, true);
    let mut defaults = check.defaults(raw.defaults.as_ref(), &Defaults::default());
    let sources = extended(&raw, &mut check, pack, &mut Sha256::new(), (&mut defaults, copies))?;
    let mut dials = Dials::take(&mut raw);
    for component in &mut raw.components {
        dials.own(component);
    }
    let mut components: Vec<_> = std::mem::take(&mut raw.components)
        .into_iter()
        .map(|own| (own, 0))
        .collect();
    for inherited in sources.inherited {
        for mut component in inherited.components {
            if matches!(dials.inherited(&mut component, &inherited.name), Fate::Kept) {
                if let Some(theirs) = &inherited.written {
                    theirs.fill(&mut component);
                }
                components.push((component, inherited.import));
            }
        }
    }
    keep_from_yielding(&mut components);
    raw.components = components.into_iter().map(|(component, _)| component).collect();
    sources.stricter.write(&mut raw, &defaults);
    raw.extends = super::extends::Raw::default();
    raw.without = raw::List::default();
    Ok(raw)
}

fn default_enforcement() -> Vec<Enforce> {
    let entry = |branches: &[&str], all| {
        GlobList::new(branches).ok().map(|branches| Enforce {
            branches,
            pre_commit: all,
            pre_push: all,
            merge: all,
            delete: Enforcement::of_refs(all),
            force: Enforcement::of_refs(all),
        })
    };
    [
        entry(&["main", "master", "release/**"], Enforcement::Block),
        entry(&["**"], Enforcement::Warn),
    ]
    .into_iter()
    .flatten()
    .collect()
}
