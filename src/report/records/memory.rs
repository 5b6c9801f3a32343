//! working-memory.md: what is in force and open, the gravest first, and short enough to be read in a few minutes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Book, SHORT, benchmarks, due, excerpt, name, or_none, result, status};
use crate::certificate::Class;
use crate::diagnostic::plural;
use crate::gate::Said;
use crate::ledger::Entry;

/// Most statements of a kind that are listed here; `next-actions.md` has all of them.
const MOST: usize = 10;
/// Most conditions of one approval that are listed here.
const CONDITIONS: usize = 3;
/// More components with nothing open than these are folded away.
const QUIET: usize = 10;
/// The share of a budget from which on it counts as nearly used up.
const NEAR: f64 = 0.8;

/// A component, as its line in the table has it.
struct Row {
    open: usize,
    line: String,
}

impl Book<'_> {
    pub(super) fn working_memory(&self) -> String {
        let mut out = self.origin();
        let _infallible = writeln!(out, "**{}.**\n", self.open());
        out.push_str("## Refusals in force\n\n");
        let refusals = self.refusals().into_iter().map(|entry| self.refusal(entry));
        out.push_str(&first(refusals.collect()));
        out.push_str("\n## Statements that nobody can read\n\n");
        let unreadable = self.standing.unreadable.iter();
        out.push_str(&first(
            unreadable
                .map(|entry| format!("- {}\n", self.headline(entry)))
                .collect(),
        ));
        out.push_str("\n## Bypasses without follow-up\n\n");
        let bypasses = self.standing.bypasses.iter();
        let bypass = |entry: &&Entry| format!("- {}, due {}\n", self.headline(entry), due(&entry.certificate));
        out.push_str(&first(bypasses.map(bypass).collect()));
        out.push_str("\n## Open conditions\n\n");
        let conditions = self.standing.conditions.iter().map(|(entry, open)| {
            let mut item = format!("- {}\n", self.headline(entry));
            for condition in open.iter().take(CONDITIONS) {
                let _infallible = writeln!(item, "  - [ ] {}", excerpt(condition, SHORT));
            }
            if open.len() > CONDITIONS {
                let _infallible = writeln!(item, "  - and {} more", open.len() - CONDITIONS);
            }
            item
        });
        out.push_str(&first(conditions.collect()));
        if self.standing.certificates.iter().any(|said| benchmarks(said).is_some()) {
            out.push_str("\n## Budgets near their limit\n\n");
            out.push_str(&or_none(self.near()));
        }
        out.push_str("\n## State of each component\n\n");
        out.push_str(&self.components());
        out
    }

    /// What is open, in one sentence.
    fn open(&self) -> String {
        let standing = &self.standing;
        let conditions: usize = standing.conditions.iter().map(|(_, open)| open.len()).sum();
        let parts = [
            (standing.refusals.len(), "refusal in force", "refusals in force"),
            (
                standing.unreadable.len(),
                "statement that nobody can read",
                "statements that nobody can read",
            ),
            (
                standing.bypasses.len(),
                "bypass without follow-up",
                "bypasses without follow-up",
            ),
            (conditions, "open condition", "open conditions"),
        ];
        let said = parts.iter().filter(|(count, ..)| *count > 0);
        let said: Vec<String> = said
            .map(|(count, one, more)| format!("{count} {}", if *count == 1 { one } else { more }))
            .collect();
        match said.is_empty() {
            true => "Nothing is open".to_owned(),
            false => said.join(", "),
        }
    }

    /// Stops before vetoes before holds, each newest first.
    pub(super) fn refusals(&self) -> Vec<&Entry> {
        let mut all = self.standing.refusals.clone();
        all.sort_by_key(
            |entry| match entry.certificate.status.map(|status| self.policy.class(status)) {
                Some(Class::Stop) => 0,
                Some(Class::Veto) => 1,
                _ => 2,
            },
        );
        all
    }

    fn refusal(&self, entry: &Entry) -> String {
        let mut item = format!("- {}\n", self.headline(entry));
        if let Some(rationale) = self.said(entry).and_then(|said| said.rationale.as_deref()) {
            let _infallible = writeln!(item, "  - {}", excerpt(rationale, SHORT));
        }
        let lifts = self.said(entry).map(|said| said.lifts.as_slice()).unwrap_or_default();
        for lift in lifts {
            let how = if lift.revoked {
                "lifted, and that was revoked:"
            } else {
                "lifted in part by"
            };
            let _infallible = writeln!(item, "  - {how} {}", name(&lift.by.to_string()));
        }
        item
    }

    /// The components of the policy, then others that certificates name; those with something open first.
    fn components(&self) -> String {
        let mut newest: BTreeMap<&str, &Entry> = BTreeMap::new();
        for said in &self.standing.certificates {
            for id in &said.components {
                newest.entry(id).or_insert(said.entry);
            }
        }
        let of_policy = self.policy.components.iter().map(|component| component.id.as_str());
        let mut ids: Vec<&str> = of_policy.collect();
        let others: Vec<&str> = newest.keys().filter(|id| !ids.contains(*id)).copied().collect();
        ids.extend(others);
        if ids.is_empty() {
            return "No component has a certificate.\n".to_owned();
        }
        let rows = ids.into_iter().map(|id| self.component(id, newest.get(id).copied()));
        let (open, quiet): (Vec<Row>, Vec<Row>) = rows.partition(|row| row.open > 0);
        let table = |rows: &[&Row]| {
            let lines: String = rows.iter().map(|row| row.line.as_str()).collect();
            format!("| component | newest decision | date | agent | open |\n|---|---|---|---|---|\n{lines}")
        };
        if quiet.len() <= QUIET {
            return table(&open.iter().chain(&quiet).collect::<Vec<_>>());
        }
        let mut out = String::new();
        if !open.is_empty() {
            out.push_str(&table(&open.iter().collect::<Vec<_>>()));
            out.push('\n');
        }
        let heading = format!("{} with nothing open", plural(quiet.len(), "component"));
        let quiet = table(&quiet.iter().collect::<Vec<_>>());
        let _infallible = write!(out, "<details><summary>{heading}</summary>\n\n{quiet}\n</details>\n");
        out
    }

    fn component(&self, id: &str, newest: Option<&Entry>) -> Row {
        let on_it = |entry: &&&Entry| {
            let said = self.said(entry);
            said.is_some_and(|said| said.components.iter().any(|on| on == id))
        };
        let refusals = self.standing.refusals.iter().filter(on_it).count();
        let unreadable = self.standing.unreadable.iter().filter(on_it).count();
        let bypasses = self.standing.bypasses.iter().filter(on_it).count();
        let conditional = self.standing.conditions.iter().filter(|(entry, _)| on_it(&entry));
        let conditions: usize = conditional.map(|(_, open)| open.len()).sum();
        let mut open: Vec<String> = [(refusals, "refusal"), (conditions, "condition")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| plural(count, noun))
            .collect();
        if unreadable > 0 {
            open.push(format!("{unreadable} unreadable"));
        }
        if bypasses > 0 {
            open.push(format!("{bypasses} to follow up"));
        }
        let newest = match newest {
            Some(entry) => format!(
                "{} | {} | {}",
                status(&entry.certificate),
                super::day(entry),
                super::agent(&entry.certificate).replace('|', "\\|")
            ),
            None => "no certificate | | ".to_owned(),
        };
        Row {
            open: open.len(),
            line: format!(
                "| {} | {newest} | {} |\n",
                name(id).replace('|', "\\|"),
                open.join(", ")
            ),
        }
    }

    /// Results of bound evidence that use up most of what is accepted, or that do not pass: the newest of each benchmark.
    fn near(&self) -> Vec<String> {
        let mut seen: Vec<(&str, &str)> = Vec::new();
        let mut found = Vec::new();
        let all = self.standing.certificates.iter();
        for said in all.filter(|said: &&Said<'_>| !said.history) {
            for row in benchmarks(said).into_iter().flat_map(|benchmarks| &benchmarks.rows) {
                let key = (row.benchmark.as_str(), row.metric.as_str());
                if seen.contains(&key) {
                    continue;
                }
                seen.push(key);
                let limit = (1.0 + row.terms.threshold.value()).ln();
                let used = row.upper.as_ref().map(|upper| upper.value().ln() / limit);
                if row.verdict != "pass" || used.is_some_and(|used| used >= NEAR) {
                    found.push(format!("- {}; {}\n", result(row), self.headline(said.entry)));
                }
            }
        }
        found
    }
}

/// The first items, and where the rest is.
fn first(items: Vec<String>) -> String {
    let more = items.len().saturating_sub(MOST);
    let mut out = or_none(items.into_iter().take(MOST).collect());
    if more > 0 {
        let _infallible = writeln!(out, "\nAnd {more} more, in [next-actions.md](next-actions.md).");
    }
    out
}
