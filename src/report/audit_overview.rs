//! The overview of an audit: sums, and one page of Markdown with what an organisation asks first. It holds a bounded number of rows, whatever the number
//! of repositories.

use std::collections::BTreeMap;

use serde::Serialize;

use super::audit_table::{Section, Table};
use super::html::html_audit;
use crate::audit::{AuditRecord, Completeness};
use crate::diagnostic::plural;

/// Most policies that are counted.
const POLICIES: usize = 10_000;

/// The sums.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct AuditOverview {
    pub(crate) repositories: usize,
    pub(crate) complete: usize,
    pub(crate) partial: usize,
    pub(crate) failed: usize,
    /// Repositories that could be read and have no policy.
    pub(crate) without_policy: usize,
    pub(crate) uncovered: usize,
    pub(crate) refusals: usize,
    pub(crate) stops: usize,
    pub(crate) due: usize,
    pub(crate) overdue: usize,
    /// Repositories with a hook that does not run certgate, and no CI file that names it.
    pub(crate) unwatched: usize,
    #[serde(skip)]
    tables: Tables,
}

#[derive(Clone, Debug, Default)]
struct Tables {
    uncovered: Table,
    refusals: Table,
    due: Table,
    unwatched: Table,
    errors: Table,
    /// How many repositories have a policy, by digest, with its serial and an example.
    policies: BTreeMap<String, (Option<u64>, usize, String)>,
}

impl AuditOverview {
    /// Counts a record in.
    pub(crate) fn add(&mut self, record: &AuditRecord) {
        let name = record.repository.as_str();
        self.repositories += 1;
        match record.outcome {
            Completeness::Complete => self.complete += 1,
            Completeness::Partial => self.partial += 1,
            Completeness::Failed => self.failed += 1,
        }
        let read = !record
            .errors
            .iter()
            .any(|error| matches!(error.part, "policy" | "repository"));
        self.without_policy += usize::from(record.policy.is_none() && read);
        self.uncovered += record.uncovered();
        self.refusals += record.refusals.len();
        self.stops += record.stops();
        self.due += record.due();
        self.overdue += record.overdue();
        self.unwatched += usize::from(record.unwatched());
        self.tabulate(name, record);
    }

    fn tabulate(&mut self, name: &str, record: &AuditRecord) {
        let tables = &mut self.tables;
        for branch in &record.branches {
            for landing in &branch.uncovered {
                let components: Vec<&str> = landing
                    .components
                    .iter()
                    .map(|component| component.id.as_str())
                    .collect();
                let commit = landing.commit.get(..10).unwrap_or(&landing.commit);
                let date = day(landing.date.as_deref());
                let what = match components.as_slice() {
                    [] => landing.codes.join(", "),
                    components => components.join(", "),
                };
                tables
                    .uncovered
                    .add(&[name, &branch.branch, commit, date, &what, &landing.subject]);
            }
        }
        for refusal in &record.refusals {
            let agent = refusal.agent.as_deref().unwrap_or("no agent");
            let (status, date) = (refusal.status.unwrap_or("INVALID"), day(refusal.date.as_deref()));
            tables
                .refusals
                .add(&[name, status, &refusal.components.join(", "), agent, date, &refusal.path]);
        }
        let mut due = |by: Option<&str>, overdue: bool, what: &str, certificate: &str| {
            let word = if overdue { "overdue" } else { "" };
            tables.due.add(&[name, day(by), word, what, certificate]);
        };
        for condition in &record.conditions {
            due(
                condition.by.as_deref(),
                condition.overdue,
                &condition.condition,
                &condition.certificate,
            );
        }
        for bypass in &record.bypasses {
            due(
                bypass.until.as_deref(),
                bypass.overdue,
                "follow-up of a bypass",
                &bypass.certificate,
            );
        }
        if record.unwatched() {
            let open: Vec<&str> = record
                .hooks
                .iter()
                .filter(|hook| !hook.watched)
                .map(|hook| hook.hook)
                .collect();
            tables.unwatched.add(&[
                name,
                &open.join(", "),
                if record.ci.is_empty() {
                    "none"
                } else {
                    "does not name certgate"
                },
            ]);
        }
        for error in &record.errors {
            tables.errors.add(&[name, error.part, error.code, &error.message]);
        }
        if let Some(policy) = &record.policy
            && (tables.policies.len() < POLICIES || tables.policies.contains_key(&policy.digest))
        {
            let known = tables.policies.entry(policy.digest.clone());
            known.or_insert_with(|| (policy.serial, 0, name.to_owned())).1 += 1;
        }
    }

    /// The sums in a few lines.
    pub(crate) fn human(&self) -> String {
        let mut text = format!("{}: ", count(self.repositories));
        let parts = [
            (self.uncovered, "uncovered landing"),
            (self.refusals, "refusal"),
            (self.stops, "emergency stop"),
        ];
        let mut said: Vec<String> = parts.iter().map(|(count, noun)| plural(*count, noun)).collect();
        said.push(format!("{} due, {} overdue", self.due, self.overdue));
        said.push(format!("{} not watched", self.unwatched));
        said.push(format!("{} without a policy", self.without_policy));
        text.push_str(&said.join(", "));
        text.push('\n');
        if self.partial + self.failed > 0 {
            text.push_str(&format!("{} in part, {} not at all\n", self.partial, self.failed));
        }
        text
    }

    /// What it is about.
    pub(super) fn title(&self) -> String {
        format!("Audit of {}", count(self.repositories))
    }

    /// The sums, with their names.
    pub(super) fn sums(&self) -> [(&'static str, usize); 9] {
        [
            ("landings that the gate would have blocked", self.uncovered),
            ("refusals in force", self.refusals),
            ("emergency stops in force", self.stops),
            ("conditions and bypasses due", self.due),
            ("of these overdue", self.overdue),
            ("repositories that are not watched", self.unwatched),
            ("repositories without a policy", self.without_policy),
            ("repositories that could be looked at in part only", self.partial),
            ("repositories that could not be looked at", self.failed),
        ]
    }

    /// The tables that have rows, with that of the policies.
    fn with_sections<T>(&self, show: impl FnOnce(&[Section<'_>]) -> T) -> T {
        let tables = &self.tables;
        let policies = self.policies();
        let sections = [
            tables.uncovered.section(
                "Uncovered work",
                &["repository", "branch", "commit", "date", "components", "subject"],
            ),
            tables.refusals.section(
                "Refusals in force",
                &["repository", "status", "components", "agent", "date", "certificate"],
            ),
            tables
                .due
                .section("Due", &["repository", "by", "", "what", "certificate"]),
            tables.unwatched.section("Not watched", &["repository", "hooks", "CI"]),
            policies.section("Policies", &["digest", "serial", "repositories", "such as"]),
            tables.errors.section(
                "What could not be looked at",
                &["repository", "part", "code", "message"],
            ),
        ];
        show(&sections.into_iter().flatten().collect::<Vec<_>>())
    }

    /// One page of Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("# {}\n\n| | |\n| --- | --- |\n", self.title());
        for (name, count) in self.sums() {
            text.push_str(&format!("| {name} | {count} |\n"));
        }
        text + &self.with_sections(|sections| sections.iter().map(Section::markdown).collect::<String>())
    }

    /// One page for a browser.
    pub(crate) fn html(&self) -> String {
        self.with_sections(|sections| html_audit(&self.title(), &self.sums(), sections))
    }

    fn policies(&self) -> Table {
        let mut table = Table::default();
        let mut all: Vec<_> = self.tables.policies.iter().collect();
        all.sort_by_key(|(digest, (_, repositories, _))| (std::cmp::Reverse(*repositories), *digest));
        for (digest, (serial, repositories, example)) in all {
            let serial = serial.map_or_else(|| "none".to_owned(), |serial| serial.to_string());
            let digest = digest.get(..19).unwrap_or(digest);
            table.add(&[digest, &serial, &repositories.to_string(), example]);
        }
        table
    }
}

/// The date of a moment.
fn day(moment: Option<&str>) -> &str {
    moment.and_then(|moment| moment.get(..10)).unwrap_or("-")
}

fn count(repositories: usize) -> String {
    match repositories {
        1 => "1 repository".to_owned(),
        more => format!("{more} repositories"),
    }
}
