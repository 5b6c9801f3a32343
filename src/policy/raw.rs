//! The policy as written: the YAML schema, before anything is checked but shape; and how it is written again.

pub(super) use super::shapes::{FromText, List, Pairs, Several, Short};

/// Packages, each by its name alone or with what counts of it.
pub(super) type Packages = Several<Short<Package>>;

#[derive(Debug, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of policy keys")]
pub(super) struct Policy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) serial: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) repository: Option<String>,
    #[serde(default, skip_serializing_if = "super::extends::Raw::is_empty")]
    pub(super) extends: super::extends::Raw,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) without: List,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) certificates: Option<List>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ledger: Option<Ledger>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) records: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enforce: Option<Vec<Enforce>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) defaults: Option<Defaults>,
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub(super) agents: Pairs<Agent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) codeowners: Option<super::owners::Raw>,
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub(super) statuses: Pairs<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) emergency_stop: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stamps: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<Own>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) exclude: List,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) disable: List,
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub(super) adjust: Pairs<Adjust>,
    #[serde(default, skip_serializing_if = "Several::is_empty")]
    pub(super) trusted_bumps: Several<TrustedBump>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sensitivity: Option<super::sensitivity::Raw>,
    #[serde(default, skip_serializing_if = "Several::is_empty")]
    pub(super) profiles: Several<Short<super::profiles::Raw>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) components: Vec<Component>,
}

/// Versions that may grow without an approval.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with the keys `paths`, `max`, `signed_by` and `components`"
)]
pub(super) struct TrustedBump {
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) paths: List,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signed_by: Option<List>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) components: List,
}

#[derive(Debug, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the key `since`")]
pub(super) struct Ledger {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<String>,
}

#[derive(Debug, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the key `branches` and stages")]
pub(super) struct Enforce {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) branches: Option<List>,
    #[serde(rename = "pre-commit", skip_serializing_if = "Option::is_none")]
    pub(super) pre_commit: Option<String>,
    #[serde(rename = "pre-push", skip_serializing_if = "Option::is_none")]
    pub(super) pre_push: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) merge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delete: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) force: Option<String>,
}

#[derive(Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of defaults")]
pub(super) struct Defaults {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) binding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_age: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) conditional: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signatures: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) independence: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) families: Option<List>,
}

#[derive(Debug, serde::Deserialize, serde::Serialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with the keys `principals` and `may_lift`"
)]
pub(super) struct Agent {
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) principals: List,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) may_lift: bool,
}

#[derive(Debug, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the key `owners`")]
pub(super) struct Own {
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) owners: List,
}

#[derive(Debug, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a component: a mapping with an `id`")]
pub(super) struct Component {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) aliases: List,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) risk: Option<String>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) authorizers: List,
    #[serde(rename = "match", default, skip_serializing_if = "Rules::is_empty")]
    pub(super) rules: Rules,
    #[serde(default, skip_serializing_if = "Require::is_empty")]
    pub(super) require: Require,
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub(super) handoff: Pairs<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) binding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_age: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) conditional: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clean_merge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enforce: Option<Stages>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) budgets: Vec<Budget>,
    /// Components to which it leaves what they claim, too.
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) yields: List,
    #[serde(default, skip_serializing_if = "Examples::is_empty")]
    pub(super) examples: Examples,
}

/// How much slower some benchmarks may become.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a budget: a mapping with a `metric`")]
pub(super) struct Budget {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metric: Option<String>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) benchmarks: List,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_regression: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alpha: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min_runs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) design: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) run_noise: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) direction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exact: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) on_inconclusive: Option<String>,
}

/// How one component is enforced, beside what holds for the branch.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of stages")]
pub(super) struct Stages {
    #[serde(rename = "pre-commit", skip_serializing_if = "Option::is_none")]
    pub(super) pre_commit: Option<String>,
    #[serde(rename = "pre-push", skip_serializing_if = "Option::is_none")]
    pub(super) pre_push: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) merge: Option<String>,
}

/// What a policy changes of a pack's component.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of what is adjusted")]
pub(super) struct Adjust {
    pub(super) title: Option<String>,
    pub(super) risk: Option<String>,
    #[serde(rename = "match", default)]
    pub(super) rules: Rules,
    #[serde(default)]
    pub(super) exclude: List,
    #[serde(default)]
    pub(super) require: Option<Require>,
    pub(super) enforce: Option<Stages>,
    #[serde(default)]
    pub(super) budgets: Vec<Budget>,
    pub(super) authorizers: Option<List>,
    #[serde(default)]
    pub(super) handoff: Pairs<String>,
    pub(super) binding: Option<String>,
    pub(super) max_age: Option<String>,
    pub(super) conditional: Option<String>,
    pub(super) clean_merge: Option<String>,
    #[serde(default)]
    pub(super) examples: Examples,
}

#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a mapping of rules")]
pub(super) struct Rules {
    /// The score that its rules about files need, where they do not say themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) needs_score: Option<String>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) paths: List,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) content: Vec<Short<Content>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) functions: Vec<Short<Function>>,
    /// Names of packages.
    #[serde(default, skip_serializing_if = "Several::is_empty")]
    pub(super) dependencies: Packages,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) messages: List,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) families: Option<List>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) exclude: List,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) ignore: List,
}

#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a pattern, or a mapping with a `pattern`")]
pub(super) struct Content {
    /// The name by which `disable` knows the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) except: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lines: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) paths: Option<List>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comments: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kept: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) needs_score: Option<String>,
    #[serde(default, skip_serializing_if = "Examples::is_empty")]
    pub(super) examples: Examples,
}

#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a glob, or a mapping with a `name`")]
pub(super) struct Function {
    /// The name by which `disable` knows the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) declared: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) paths: Option<List>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) needs_score: Option<String>,
}

#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
#[serde(
    deny_unknown_fields,
    expecting = "the name of a package, or a mapping with `names`, `bump` and `only`"
)]
pub(super) struct Package {
    /// The short form.
    #[serde(skip)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) names: List,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bump: Option<String>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) only: List,
}

#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a mapping with the keys `agents`, `approvals`, `owners`, `evidence` and `measured_by`"
)]
pub(super) struct Require {
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) agents: List,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approvals: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owners: Option<String>,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) evidence: List,
    #[serde(default, skip_serializing_if = "List::is_empty")]
    pub(super) measured_by: List,
}

#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, expecting = "a mapping with the keys `match` and `ignore`")]
pub(super) struct Examples {
    #[serde(rename = "match", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) matching: Vec<Short<Example>>,
    #[serde(rename = "ignore", default, skip_serializing_if = "Vec::is_empty")]
    pub(super) ignored: Vec<Short<Example>>,
}

#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
#[serde(
    deny_unknown_fields,
    expecting = "text, or a mapping with `path`, `line`, `function` or `message`"
)]
pub(super) struct Example {
    /// The short form: a path, or in a content rule a line.
    #[serde(skip)]
    pub(super) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
}

impl FromText for Content {
    fn from_text(text: String) -> Self {
        Self {
            rule: None,
            pattern: Some(text),
            except: None,
            lines: None,
            paths: None,
            comments: None,
            kept: None,
            needs_score: None,
            examples: Examples::default(),
        }
    }
}

impl FromText for Function {
    fn from_text(text: String) -> Self {
        Self {
            rule: None,
            name: Some(text),
            declared: None,
            paths: None,
            needs_score: None,
        }
    }
}

impl FromText for Package {
    fn from_text(text: String) -> Self {
        Self {
            names: List(vec![text.clone()]),
            text: Some(text),
            bump: None,
            only: List::default(),
        }
    }

    fn as_text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

impl FromText for Example {
    fn from_text(text: String) -> Self {
        Self {
            text: Some(text),
            path: None,
            line: None,
            function: None,
            message: None,
        }
    }

    fn as_text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

impl Rules {
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
            && self.content.is_empty()
            && self.functions.is_empty()
            && self.dependencies.is_empty()
            && self.messages.is_empty()
            && self.families.is_none()
            && self.exclude.is_empty()
            && self.ignore.is_empty()
            && self.needs_score.is_none()
    }
}

impl Require {
    fn is_empty(&self) -> bool {
        self.agents.is_empty()
            && self.approvals.is_none()
            && self.owners.is_none()
            && self.evidence.is_empty()
            && self.measured_by.is_empty()
    }
}

impl Examples {
    pub(super) fn is_empty(&self) -> bool {
        self.matching.is_empty() && self.ignored.is_empty()
    }
}
