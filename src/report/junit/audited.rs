//! An audit as tests: a suite for each repository, a test for each thing that a gate would block, and one for the audit itself.

use super::super::audit_findings::Audited;
use super::super::item::{Item, items};
use super::of_items;
use super::xml::{Ended, Fault, Suite, Test, xml};

/// The document.
pub(crate) fn audit_junit(repositories: &[Audited]) -> String {
    let suites = repositories.iter().map(|one| {
        let items = items(&one.diagnostics);
        let mut audit = Test::passed("audit");
        let mut tests = of_items(&items.iter().collect::<Vec<&Item<'_>>>(), &mut audit);
        audit.out.insert_str(0, &one.said);
        if !one.complete {
            audit.ended = Ended::Error(Fault {
                kind: "incomplete".to_owned(),
                message: "not all of the repository could be looked at".to_owned(),
                text: String::new(),
            });
        }
        tests.insert(0, audit);
        Suite {
            name: format!("certgate.audit.{}", one.repository),
            properties: Vec::new(),
            tests,
        }
    });
    xml(suites.collect())
}
