//! From bytes to a validated [`Policy`]: limits, schema, packs, and how errors of the YAML reader are reported.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize as _;
use sha2::{Digest as _, Sha256};

use super::dials::{Dials, Fate};
use super::source::{Source, Step};
use super::validate::{Check, at};
use super::{Enforce, Enforcement, Enforcing, GlobList, Pack, Policy, packs, raw};
use super::{hidden, idle};
use crate::certificate::nearest;
use crate::change::{Digest, MAX_DOCUMENT};
use crate::diagnostic::{Code, Diagnostic, Place, command};

/// Where certificates are, unless the policy says otherwise.
const DEFAULT_CERTIFICATES: &str = "certificates/**/*.md";

/// Longest message of the YAML reader that is passed on, in characters: it quotes values completely.
const MAX_MESSAGE: usize = 300;

/// The bytes of a policy, and the name that they are shown under.
#[derive(Clone, Debug)]
pub struct PolicySource<'a> {
    /// As in `.certgate/policy.yaml` or `main:.certgate/policy.yaml`.
    pub name: String,
    /// The content.
    pub bytes: &'a [u8],
}

/// A policy that cannot be used: at least one error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    first: Box<Diagnostic>,
    rest: Vec<Diagnostic>,
}

impl PolicyError {
    /// What is wrong, in the order of the file's sections.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        std::iter::once(&*self.first).chain(&self.rest)
    }

    /// The same, owned.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        std::iter::once(*self.first).chain(self.rest).collect()
    }

    fn of(diagnostics: Vec<Diagnostic>) -> Option<Self> {
        let mut all = diagnostics.into_iter();
        Some(Self {
            first: Box::new(all.next()?),
            rest: all.collect(),
        })
    }
}

impl From<Diagnostic> for PolicyError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self {
            first: Box::new(diagnostic),
            rest: Vec::new(),
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.first.code(), self.first.message())
    }
}

impl std::error::Error for PolicyError {}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with its place: see the codes CG001 to CG009. With the policy come its warnings.
    pub fn parse(source: &PolicySource<'_>) -> Result<(Self, Vec<Diagnostic>), PolicyError> {
        let source = read(source)?;
        source.census().map_err(|refused| PolicyError::from(*refused))?;
        build(source, None)
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
        build(pack_source(pack), Some(pack)).map(|(policy, _)| policy)
    }
}

impl Policy {
    /// A policy as YAML with everything that it takes from packs written out, so that it can be taken up and changed.
    ///
    /// # Errors
    ///
    /// As [`Policy::parse`].
    pub fn resolved(source: &PolicySource<'_>) -> Result<String, PolicyError> {
        Self::parse(source)?;
        written(&read(source)?, None)
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
        written(&pack_source(pack), Some(pack))
    }
}

fn written(source: &Source, pack: Option<&Pack>) -> Result<String, PolicyError> {
    let raw = resolve(source, pack)?;
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
        source.census().map_err(|refused| PolicyError::from(*refused))?;
        let raw = deserialize(&source)?;
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

fn pack_source(pack: &Pack) -> Source {
    Source {
        name: format!("builtin:{}", pack.name),
        text: pack.source.to_owned(),
    }
}

fn unknown_pack(name: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(Code::CG007, format!("there is no pack `{name}`"));
    match packs::meant(name) {
        Some(like) => diagnostic.help(format!("did you mean `builtin:{like}`?")),
        None => diagnostic.help(command!["certgate", "policy", "packs"].why("lists them")),
    }
}

fn read(source: &PolicySource<'_>) -> Result<Source, PolicyError> {
    let refuse =
        |message: String| PolicyError::from(Diagnostic::error(Code::CG001, message).at(Place::file(&source.name)));
    if source.bytes.len() as u64 > MAX_DOCUMENT {
        return Err(refuse(format!(
            "the policy is {} bytes large; the limit is 1 MiB",
            source.bytes.len()
        )));
    }
    let bytes = source.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source.bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            if let Some(hidden) = hidden::first(text) {
                return Err(hidden.diagnostic(&source.name, text).into());
            }
            Ok(Source {
                name: source.name.clone(),
                text: text.to_owned(),
            })
        }
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
            Err(Diagnostic::error(Code::CG001, "the policy is not UTF-8")
                .at(Place::line(&source.name, u32::try_from(line).unwrap_or(u32::MAX)))
                .into())
        }
    }
}

fn deserialize(source: &Source) -> Result<raw::Policy, PolicyError> {
    raw::Policy::deserialize(serde_yaml::Deserializer::from_str(&source.text))
        .map_err(|error| tell(source, &error).into())
}

/// Tells an error of the YAML reader in the policy's own words.
fn tell(source: &Source, error: &serde_yaml::Error) -> Diagnostic {
    let whole = error.to_string();
    let place = source.place_of(error);
    if whole.starts_with("EOF while parsing") || source.text.trim().is_empty() {
        return Diagnostic::error(Code::CG004, "the policy is empty")
            .at(Place::file(&source.name))
            .help("begin with `version: 1`, or run `certgate init`");
    }
    let message = strip_position(&whole);
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let (true, Some((unknown, known))) = (message.contains("unknown field `"), words.split_first()) {
        let diagnostic = Diagnostic::error(Code::CG003, format!("unknown key `{unknown}`")).at(place);
        return match nearest(unknown, known.iter().copied()) {
            Some(like) => diagnostic.help(format!("did you mean `{like}`?")),
            None => diagnostic.because(format!("known here: {}", known.join(", "))),
        };
    }
    let shown: String = message.chars().take(MAX_MESSAGE).collect();
    Diagnostic::error(Code::CG002, shown).at(place)
}

/// Takes ` at line N column M` off the end: the place says it.
fn strip_position(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .filter(|(_, tail)| {
            tail.split(" column ")
                .all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        })
        .map_or(message, |(head, _)| head)
}

fn hash(digest: &mut Sha256, source: &Source) {
    for part in [&source.name, &source.text] {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
}

fn build(source: Source, pack: Option<&Pack>) -> Result<(Policy, Vec<Diagnostic>), PolicyError> {
    let mut raw = deserialize(&source)?;
    let origin = match pack {
        Some(pack) => format!("builtin:{}", pack.name),
        None => "policy".to_owned(),
    };
    let mut digest = Sha256::new();
    hash(&mut digest, &source);
    let source = Arc::new(source);
    let mut check = Check::new(&source, pack.is_some());
    check.version(raw.version.as_deref());
    let defaults = check.defaults(raw.defaults.as_ref());
    let inherited = extended(&raw, &mut check, pack, &mut digest)?;
    let watched = Arc::new(if pack.is_some() {
        Vec::new()
    } else {
        idle::watched(&raw)
    });
    let mut dials = Dials::take(&mut raw);
    let mut components = Vec::new();
    for (index, mut component) in std::mem::take(&mut raw.components).into_iter().enumerate() {
        dials.own(&mut component);
        components.extend(check.component(&at!["components", index], component, &defaults, &origin));
    }
    let own = components.len();
    dials.validate(&mut check, &defaults);
    for inherited in inherited {
        let mut inner = Check::new(&inherited.source, true);
        let from = inherited.source.name.clone();
        for (index, mut component) in inherited.components.into_iter().enumerate() {
            let fate = dials.inherited(&mut component, &from);
            check.inherited(component.id.as_deref().unwrap_or_default());
            if matches!(fate, Fate::Kept) {
                components.extend(inner.component(&at!["components", index], component, &defaults, &from));
            }
        }
        check.adopt(inner);
    }
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
        classes: check.statuses(&raw.statuses),
        stop_is_per_component: check.emergency_stop(raw.emergency_stop.as_deref()),
        stamps_count: check.stamps(raw.stamps.as_deref()),
        owners: raw.policy.map(|own| own.owners.0).unwrap_or_default(),
        serial: raw.serial,
        repository: check.repository(raw.repository),
        records: check.records(raw.records),
        signatures: defaults.signatures,
        independence: defaults.independence,
        digest: Digest(digest.finalize().into()),
        origin: source.name.clone(),
        watched,
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

struct Inherited {
    source: Arc<Source>,
    components: Vec<raw::Component>,
}

/// The packs that the policy extends, and those that they extend, each once, nearest first.
fn extended(
    raw: &raw::Policy,
    check: &mut Check<'_>,
    pack: Option<&Pack>,
    digest: &mut Sha256,
) -> Result<Vec<Inherited>, PolicyError> {
    let mut found = Vec::new();
    let mut seen: Vec<&str> = pack.iter().map(|pack| pack.name).collect();
    let mut queue: Vec<(String, Option<usize>)> = Vec::new();
    for (index, name) in raw.extends.0.iter().enumerate() {
        queue.push((name.clone(), Some(index)));
    }
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
        queue.extend(inner.extends.0.into_iter().map(|name| (name, None)));
        found.push(Inherited {
            source: Arc::new(source),
            components: inner.components,
        });
    }
    Ok(found)
}

/// The policy with everything that it takes from packs written out, adjusted as it says: it gates the same by itself.
fn resolve(source: &Source, pack: Option<&Pack>) -> Result<raw::Policy, PolicyError> {
    let mut raw = deserialize(source)?;
    let mut check = Check::new(source, true);
    let inherited = extended(&raw, &mut check, pack, &mut Sha256::new())?;
    let mut dials = Dials::take(&mut raw);
    for component in &mut raw.components {
        dials.own(component);
    }
    for inherited in inherited {
        for mut component in inherited.components {
            if matches!(dials.inherited(&mut component, &inherited.source.name), Fate::Kept) {
                raw.components.push(component);
            }
        }
    }
    raw.extends = raw::List::default();
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
