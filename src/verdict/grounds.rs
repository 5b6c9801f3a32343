//! Certificates on a difference alone (`Builds upon`): they count as long as what they build upon does.
//!
//! One of them approves all of a file's content, having looked at what changed since an approval of the same agent. So that approval must be
//! there, in force, and list the file; what builds upon nothing, or in a circle, counts for nothing.

use super::Problem;
use super::statement::Statement;
use crate::certificate::SubjectField;

/// For each statement, in order, what is missing below it.
pub(super) fn missing(statements: &[Statement<'_>]) -> Vec<Option<Problem>> {
    let builds = |statement: &Statement<'_>| !statement.entry.certificate.builds_upon.is_empty();
    // Those that are by themselves, and then, round by round, those that build upon one that counts.
    let mut stands: Vec<bool> = statements
        .iter()
        .map(|statement| statement.may_approve() && !builds(statement))
        .collect();
    loop {
        let next: Vec<bool> = statements
            .iter()
            .zip(&stands)
            .map(|(statement, &known)| {
                known
                    || builds(statement) && statement.may_approve() && absent(statement, statements, &stands).is_none()
            })
            .collect();
        if next == stands {
            break;
        }
        stands = next;
    }
    statements
        .iter()
        .map(|statement| match builds(statement) && statement.approves() {
            true => absent(statement, statements, &stands),
            false => None,
        })
        .collect()
}

/// The first thing that a statement builds upon and that is not, or a file that nothing below it lists.
fn absent(statement: &Statement<'_>, all: &[Statement<'_>], stands: &[bool]) -> Option<Problem> {
    let names = &statement.entry.certificate.builds_upon;
    let below = |name: &String| {
        let mut standing = all
            .iter()
            .zip(stands)
            .filter(|(_, stands)| **stands)
            .map(|(other, _)| other);
        standing.find(|other| {
            other.entry.certificate.id.as_ref() == Some(name)
                && other.same_agent(statement)
                && statement.shares_component(other)
                && (statement.follows(other) || statement.entry.place.is_with(&other.entry.place))
        })
    };
    let mut grounds = Vec::new();
    for name in names {
        match below(name) {
            Some(other) => grounds.push(other),
            None => return Some(Problem::Groundless(name.clone())),
        }
    }
    let SubjectField::Present(subject) = &statement.entry.certificate.subject else {
        return names.first().cloned().map(Problem::Groundless);
    };
    let listed = |path| {
        grounds.iter().any(|other| match &other.entry.certificate.subject {
            SubjectField::Present(below) => below.state_of(path).is_some(),
            _ => false,
        })
    };
    let all_listed = subject.files.iter().all(|file| listed(&file.path));
    match all_listed {
        true => None,
        false => names.first().cloned().map(Problem::Groundless),
    }
}
