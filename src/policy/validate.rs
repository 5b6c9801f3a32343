//! From the schema to valid values, one key at a time; every error knows its place.

use std::time::Duration;

use super::source::{Source, Step};
use super::{
    Binding, CleanMerge, Component, Conditional, Enforce, Enforcement, EvidenceKind, Family, GlobList, Policy, Require,
    Risk, Signatures, Stages, fold, raw,
};
use crate::certificate::{Class, suggest};
use crate::diagnostic::{Code, Diagnostic, Level, Place};

/// More errors than this in one policy are not worth reading.
const MAX_FINDINGS: usize = 20;
const THIRTY_DAYS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const BINDINGS: [(&str, Binding); 3] = [
    ("digest", Binding::Digest),
    ("history", Binding::History),
    ("component", Binding::Component),
];
const CONDITIONALS: [(&str, Conditional); 3] = [
    ("allow", Conditional::Allow),
    ("when-met", Conditional::WhenMet),
    ("block", Conditional::Block),
];
const CLEAN_MERGES: [(&str, CleanMerge); 2] = [("recertify", CleanMerge::Recertify), ("accept", CleanMerge::Accept)];
const ENFORCEMENTS: [(&str, Enforcement); 3] = [
    ("off", Enforcement::Off),
    ("warn", Enforcement::Warn),
    ("block", Enforcement::Block),
];
const RISKS: [(&str, Risk); 3] = [("low", Risk::Low), ("medium", Risk::Medium), ("high", Risk::High)];
const EVIDENCE: [(&str, EvidenceKind); 4] = [
    ("file-references", EvidenceKind::FileReferences),
    ("benchmarks", EvidenceKind::Benchmarks),
    ("findings", EvidenceKind::Findings),
    ("claims", EvidenceKind::Claims),
];
const SIGNATURES: [(&str, Signatures); 3] = [
    ("off", Signatures::Off),
    ("optional", Signatures::Optional),
    ("required", Signatures::Required),
];
/// The classes by their words, mildest first.
pub(super) const CLASSES: [(&str, Class); 6] = [
    ("approve", Class::Approve),
    ("conditional", Class::Conditional),
    ("neutral", Class::Neutral),
    ("hold", Class::Hold),
    ("veto", Class::Veto),
    ("stop", Class::Stop),
];

/// Shorthand for a path of steps.
macro_rules! at {
    ($($step:expr),* $(,)?) => { [$(Step::from($step)),*] };
}
pub(super) use at;

/// What holds for components that do not say otherwise.
#[derive(Clone)]
pub(super) struct Defaults {
    binding: Binding,
    max_age: Duration,
    conditional: Conditional,
    pub(super) signatures: Signatures,
    pub(super) independence: bool,
    pub(super) families: Vec<Family>,
}

impl Default for Defaults {
    /// What holds where a policy says nothing.
    fn default() -> Self {
        Self {
            binding: Binding::History,
            max_age: THIRTY_DAYS,
            conditional: Conditional::Allow,
            signatures: Signatures::Off,
            independence: false,
            families: vec![Family::Claim],
        }
    }
}

/// Validation in progress: the source, and what was found so far.
pub(super) struct Check<'s> {
    source: &'s Source,
    /// The source is a pack, of which tests have shown that its patterns compile.
    pub(super) trusted: bool,
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    pub(super) inherited: Vec<String>,
    /// What is validated is a patch, of which nothing but its values can be wrong.
    pub(super) patching: bool,
    /// States that the patterns so far come to, about.
    pub(super) states: usize,
}

impl<'s> Check<'s> {
    pub(super) fn new(source: &'s Source, trusted: bool) -> Self {
        Self {
            source,
            trusted,
            errors: Vec::new(),
            warnings: Vec::new(),
            inherited: Vec::new(),
            patching: false,
            states: 0,
        }
    }

    pub(super) fn into_findings(self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        (self.errors, self.warnings)
    }

    pub(super) fn adopt(&mut self, inner: Check<'_>) {
        self.states = inner.states;
        self.errors.extend(inner.errors);
    }

    /// Adds a finding at a value, or at a part of it (`within`: bytes of a one-line scalar).
    pub(super) fn push_within(&mut self, finding: Diagnostic, at: Option<&[Step]>, within: Option<(usize, usize)>) {
        let list = match finding.level() {
            Level::Error => &mut self.errors,
            _ => &mut self.warnings,
        };
        if list.len() >= MAX_FINDINGS {
            return;
        }
        list.push(match at {
            Some(steps) => finding.at(self.source.locate(steps, within)),
            None => finding,
        });
    }

    pub(super) fn push(&mut self, finding: Diagnostic, at: Option<&[Step]>) {
        self.push_within(finding, at, None);
    }

    /// Where a value is written.
    pub(super) fn place(&self, at: &[Step]) -> Place {
        self.source.locate(at, None)
    }

    pub(super) fn error(&mut self, code: Code, message: impl std::fmt::Display, at: &[Step]) {
        self.push(Diagnostic::error(code, message), Some(at));
    }

    /// Reads a word out of a table.
    pub(super) fn word<T: Copy>(&mut self, table: &[(&str, T)], word: Option<&str>, at: &[Step]) -> Option<T> {
        let word = word?;
        if let Some((_, value)) = table.iter().find(|(known, _)| *known == word) {
            return Some(*value);
        }
        let words: Vec<&str> = table.iter().map(|(known, _)| *known).collect();
        let finding = Diagnostic::error(Code::CG009, format!("`{word}` is not one of {}", words.join(", ")));
        self.push(suggest(finding, word, words), Some(at));
        None
    }

    /// Reads a list of globs.
    pub(super) fn globs(&mut self, list: &[String], at: &[Step]) -> GlobList {
        GlobList::new(list).unwrap_or_else(|error| {
            let mut place = at.to_vec();
            place.push(Step::Item(error.index));
            self.error(Code::CG005, format!("bad glob: {error}"), &place);
            GlobList::default()
        })
    }

    pub(super) fn version(&mut self, version: Option<&str>) {
        match version {
            Some("1") => {}
            Some(other) => self.error(
                Code::CG004,
                format!("version `{other}` is not supported; this certgate reads version 1"),
                &at!["version"],
            ),
            None => self.push(
                Diagnostic::error(Code::CG004, "the policy does not say its version").help("begin with `version: 1`"),
                Some(&[]),
            ),
        }
    }

    /// What a policy says holds for its components, over what holds where it says nothing.
    pub(super) fn defaults(&mut self, raw: Option<&raw::Defaults>, beneath: &Defaults) -> Defaults {
        let fallback = raw::Defaults::default();
        let raw = raw.unwrap_or(&fallback);
        let signatures = self
            .word(&SIGNATURES, raw.signatures.as_deref(), &at!["defaults", "signatures"])
            .unwrap_or(beneath.signatures);
        let independence = raw.independence == Some(true);
        if independence && signatures == Signatures::Off {
            self.push(
                Diagnostic::error(Code::CG009, "without signatures nobody can tell who approved")
                    .help("write `signatures: required` beside it"),
                Some(&at!["defaults", "independence"]),
            );
        }
        Defaults {
            signatures,
            independence,
            binding: self
                .word(&BINDINGS, raw.binding.as_deref(), &at!["defaults", "binding"])
                .unwrap_or(beneath.binding),
            max_age: self
                .duration(raw.max_age.as_deref(), &at!["defaults", "max_age"])
                .unwrap_or(beneath.max_age),
            conditional: self
                .word(
                    &CONDITIONALS,
                    raw.conditional.as_deref(),
                    &at!["defaults", "conditional"],
                )
                .unwrap_or(beneath.conditional),
            families: match &raw.families {
                Some(list) => self.families(&list.0, &at!["defaults", "families"]),
                None => beneath.families.clone(),
            },
        }
    }

    pub(super) fn families(&mut self, list: &[String], at: &[Step]) -> Vec<Family> {
        let table: Vec<(&str, Family)> = Family::ALL.iter().map(|family| (family.as_str(), *family)).collect();
        self.words(&table, list, at)
    }

    fn words<T: Copy>(&mut self, table: &[(&str, T)], list: &[String], at: &[Step]) -> Vec<T> {
        let mut found = Vec::new();
        for (index, word) in list.iter().enumerate() {
            let mut place = at.to_vec();
            place.push(Step::Item(index));
            found.extend(self.word(table, Some(word), &place));
        }
        found
    }

    pub(super) fn duration(&mut self, text: Option<&str>, at: &[Step]) -> Option<Duration> {
        let text = text?;
        let parsed = text.char_indices().last().and_then(|(end, unit)| {
            let seconds = match unit {
                's' => 1,
                'm' => 60,
                'h' => 60 * 60,
                'd' => 24 * 60 * 60,
                'w' => 7 * 24 * 60 * 60,
                _ => return None,
            };
            let number = text.get(..end)?;
            let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            let count: u64 = digits.then(|| number.parse().ok()).flatten()?;
            // A century is for ever, and still fits every clock.
            count
                .checked_mul(seconds)
                .filter(|&total| total > 0 && total <= 36_525 * 24 * 60 * 60)
        });
        if parsed.is_none() {
            let message = format!("`{text}` is not a duration: a number and one of s, m, h, d, w, at most 100 years");
            self.error(Code::CG009, message, at);
        }
        parsed.map(Duration::from_secs)
    }

    pub(super) fn enforce(&mut self, entries: &[raw::Enforce]) -> Vec<Enforce> {
        let mut found = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let Some(branches) = entry.branches.as_ref().filter(|list| !list.0.is_empty()) else {
                self.error(
                    Code::CG002,
                    "an entry of `enforce` needs `branches`",
                    &at!["enforce", index],
                );
                continue;
            };
            let mut stage = |key: &'static str, word: Option<&str>, otherwise: Enforcement| {
                self.word(&ENFORCEMENTS, word, &at!["enforce", index, key])
                    .unwrap_or(otherwise)
            };
            let (pre_commit, pre_push, merge) = (
                stage("pre-commit", entry.pre_commit.as_deref(), Enforcement::Block),
                stage("pre-push", entry.pre_push.as_deref(), Enforcement::Block),
                stage("merge", entry.merge.as_deref(), Enforcement::Block),
            );
            let as_merge = Enforcement::of_refs(merge);
            let delete = stage("delete", entry.delete.as_deref(), as_merge);
            let force = stage("force", entry.force.as_deref(), as_merge);
            found.push(Enforce {
                branches: self.globs(&branches.0, &at!["enforce", index, "branches"]),
                pre_commit,
                pre_push,
                merge,
                delete,
                force,
            });
        }
        found
    }

    /// `enforce` of a component.
    fn stages(&mut self, raw: Option<&raw::Stages>, at: &[Step]) -> Stages {
        let Some(raw) = raw else {
            return Stages::default();
        };
        let mut stage = |key: &'static str, word: Option<&str>| {
            let place = [at, &at![key]].concat();
            self.word(&ENFORCEMENTS, word, &place)
        };
        Stages {
            pre_commit: stage("pre-commit", raw.pre_commit.as_deref()),
            pre_push: stage("pre-push", raw.pre_push.as_deref()),
            merge: stage("merge", raw.merge.as_deref()),
        }
    }

    /// What is patched, validated where it is written; false where it has errors.
    pub(super) fn adjust(&mut self, here: &[Step], patch: &raw::Adjust, defaults: &Defaults) -> bool {
        let before = self.errors.len();
        let exclude = [here, &at!["exclude"]].concat();
        self.globs(&patch.exclude.0, &exclude);
        let patch = patch.clone();
        let component = raw::Component {
            id: Some("adjusted".to_owned()),
            title: patch.title,
            aliases: raw::List::default(),
            risk: patch.risk,
            authorizers: patch.authorizers.unwrap_or_default(),
            rules: patch.rules,
            require: patch.require.unwrap_or_default(),
            handoff: patch.handoff,
            binding: patch.binding,
            max_age: patch.max_age,
            conditional: patch.conditional,
            clean_merge: patch.clean_merge,
            enforce: patch.enforce,
            budgets: patch.budgets,
            yields: raw::List::default(),
            examples: patch.examples,
        };
        let patching = std::mem::replace(&mut self.patching, true);
        self.component(here, component, defaults, "adjust");
        self.patching = patching;
        self.errors.len() == before
    }

    /// No component is milder at the merge than its branch, unless somebody owns the policy.
    pub(super) fn milder(&mut self, policy: &Policy) {
        if !policy.owners.is_empty() {
            return;
        }
        let strictest = policy.enforce.iter().map(|entry| entry.merge).max();
        let strictest = strictest.unwrap_or(Enforcement::Block);
        for (index, component) in policy.components.iter().enumerate() {
            if component.enforce.merge.is_some_and(|merge| merge < strictest) {
                let place = match component.origin.as_str() {
                    "policy" => at!["components", index, "enforce", "merge"].to_vec(),
                    from if from.starts_with("import:") => at!["extends"].to_vec(),
                    _ => at!["adjust", component.id.clone(), "enforce", "merge"].to_vec(),
                };
                let message = format!("`{}` would be milder at the merge than the branch", component.id);
                let finding = Diagnostic::error(Code::CG009, message).help(
                    "name `policy: { owners: [AGENT] }`, who answers for that, or make it milder at `pre-commit` only",
                );
                self.push(finding, Some(&place));
            }
        }
    }

    pub(super) fn component(
        &mut self,
        here: &[Step],
        raw: raw::Component,
        defaults: &Defaults,
        origin: &str,
    ) -> Option<Component> {
        let inside = |key: &'static str| [here, &at![key]].concat();
        let within = |key: &'static str, inner: &'static str| [here, &at![key, inner]].concat();
        let Some(id) = raw.id else {
            self.error(Code::CG002, "a component needs an `id`", here);
            return None;
        };
        let valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        if id.is_empty() || !id.bytes().all(valid) || fold(&id).is_empty() {
            let message = format!("`{id}` is not an id: lower-case letters, digits, `-` and `_`");
            self.error(Code::CG009, message, &inside("id"));
        }
        let approvals = raw.require.approvals.unwrap_or(1);
        if approvals == 0 {
            let message = "`approvals` is at least 1; leave the component out with `without:` if it needs none";
            self.error(Code::CG009, message, &within("require", "approvals"));
        }
        let mut handoff = Vec::new();
        for (glob, agent) in &raw.handoff.0 {
            match GlobList::new(&[glob]) {
                Ok(globs) => handoff.push((globs, agent.clone())),
                Err(error) => {
                    let key = [&inside("handoff")[..], &[Step::Name(glob.clone())]].concat();
                    self.error(Code::CG005, format!("bad glob: {error}"), &key);
                }
            }
        }
        let budgets = self.budgets(&raw.budgets, &inside("budgets"));
        let mut evidence = self.words(&EVIDENCE, &raw.require.evidence.0, &within("require", "evidence"));
        let measured_by = raw.require.measured_by.0;
        if !measured_by.is_empty() && defaults.signatures == Signatures::Off {
            self.push(
                Diagnostic::error(Code::CG009, "without signatures nobody can tell who measured")
                    .help("write `defaults: { signatures: optional }` or `required`"),
                Some(&within("require", "measured_by")),
            );
        }
        // Who asks for a budget, or for a measurer, asks for measurements.
        if (!budgets.is_empty() || !measured_by.is_empty()) && !evidence.contains(&EvidenceKind::Benchmarks) {
            evidence.push(EvidenceKind::Benchmarks);
        }
        Some(Component {
            budgets,
            rules: self.rules(here, &raw.rules, &raw.examples, defaults),
            yields: raw.yields.0,
            enforce: self.stages(raw.enforce.as_ref(), &inside("enforce")),
            require: Require {
                agents: raw.require.agents.0,
                approvals,
                owners: self
                    .word(
                        &[("codeowners", true)],
                        raw.require.owners.as_deref(),
                        &within("require", "owners"),
                    )
                    .unwrap_or(false),
                evidence,
                measured_by,
            },
            risk: self
                .word(&RISKS, raw.risk.as_deref(), &inside("risk"))
                .unwrap_or(Risk::Medium),
            binding: self
                .word(&BINDINGS, raw.binding.as_deref(), &inside("binding"))
                .unwrap_or(defaults.binding),
            max_age: self
                .duration(raw.max_age.as_deref(), &inside("max_age"))
                .unwrap_or(defaults.max_age),
            conditional: self
                .word(&CONDITIONALS, raw.conditional.as_deref(), &inside("conditional"))
                .unwrap_or(defaults.conditional),
            clean_merge: self
                .word(&CLEAN_MERGES, raw.clean_merge.as_deref(), &inside("clean_merge"))
                .unwrap_or(CleanMerge::Recertify),
            examples: self.examples(&raw.examples, &inside("examples"), false),
            handoff,
            authorizers: raw.authorizers.0,
            id,
            title: raw.title,
            aliases: raw.aliases.0,
            imported: false,
            origin: origin.to_owned(),
        })
    }
}
