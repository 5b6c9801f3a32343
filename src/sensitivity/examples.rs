//! A policy tests itself: its examples, tried.

use std::convert::Infallible;

use super::{ContentSource, gate};
use crate::change::{
    Change, ChangeKind, ChangedLine, CommitMessage, Content, FileChange, FileDiff, Mode, ObjectId, RepoPath, Side,
    Snapshot, TreeEntry,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::{Component, ContentRule, Example, GlobList, Policy, Rules};

/// Examples that do not hold after which no more are tried: each is looked up in the file again, and nobody reads the thousandth.
const MAX_FINDINGS: usize = 100;

/// Tries the examples of the policy and of its packs: CG010 for each that does not hold.
pub fn check_examples(policy: &Policy) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    // What is common to the trials, so that a policy of many components is not copied for each of them.
    let bare = Policy {
        components: Vec::new(),
        // An example is about the component's rules, wherever certificates may be.
        certificates: GlobList::default(),
        ..policy.clone()
    };
    for component in &policy.components {
        let mut alone = only(&bare, component.clone());
        if component.origin != "policy" {
            // A pack's examples are about its rules, not about which files a policy leaves aside.
            alone.exclude = GlobList::default();
        }
        let groups = [
            (&component.examples.matching, true),
            (&component.examples.ignored, false),
        ];
        for (examples, expected) in groups {
            for example in examples {
                if findings.len() < MAX_FINDINGS && holds(&alone, example) != expected {
                    let what = format!("component `{}`", component.id);
                    findings.push(finding(policy, component, example, expected, &what));
                }
            }
        }
        for rule in &component.rules.content {
            let alone = Policy {
                exclude: GlobList::default(),
                ..only(&bare, with_rule(component, rule))
            };
            for (examples, expected) in [(&rule.examples.matching, true), (&rule.examples.ignored, false)] {
                for example in examples {
                    if findings.len() < MAX_FINDINGS && holds(&alone, example) != expected {
                        let what = format!("pattern `{}` of component `{}`", rule.pattern.as_str(), component.id);
                        findings.push(finding(policy, component, example, expected, &what));
                    }
                }
            }
        }
    }
    findings
}

/// The components that gate each of the examples that must match, which is one where no two packs claim the same.
#[cfg(test)]
pub(crate) fn owners(policy: &Policy) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for component in &policy.components {
        let of_rules = component.rules.content.iter().flat_map(|rule| {
            let alone = only(policy, with_rule(component, rule));
            let with_path = move |example: &Example| {
                let mut example = example.clone();
                example.path.get_or_insert_with(|| any_path(&alone));
                example
            };
            rule.examples.matching.iter().map(with_path)
        });
        for example in component.examples.matching.iter().cloned().chain(of_rules) {
            let (change, source) = stage(policy, &example);
            let gated = match gate(policy, &change, &source, true) {
                Ok(gated) => gated,
                Err(never) => match never {},
            };
            let ids = gated.components.into_iter().map(|gated| gated.id).collect();
            let Example {
                path,
                line,
                function,
                message,
                ..
            } = example;
            found.push((
                format!("{}: {path:?} {line:?} {function:?} {message:?}", component.id),
                ids,
            ));
        }
    }
    found
}

fn finding(policy: &Policy, component: &Component, example: &Example, expected: bool, what: &str) -> Diagnostic {
    let message = if expected {
        format!("{what} does not match the example")
    } else {
        format!("{what} matches an example that it should ignore")
    };
    let finding = Diagnostic::error(Code::CG010, message);
    if component.origin == "policy" || component.origin == policy.origin {
        finding.at(policy.place_of(example))
    } else {
        finding.because(format!("in {}: {example:?}", component.origin))
    }
}

fn only(bare: &Policy, component: Component) -> Policy {
    Policy {
        components: vec![component],
        ..bare.clone()
    }
}

/// The component with this content rule as its only rule.
fn with_rule(component: &Component, rule: &ContentRule) -> Component {
    Component {
        rules: Rules {
            content: vec![rule.clone()],
            exclude: component.rules.exclude.clone(),
            ignore: component.rules.ignore,
            ..Rules::default()
        },
        ..component.clone()
    }
}

fn holds(policy: &Policy, example: &Example) -> bool {
    let (change, source) = stage(policy, example);
    let gated = match gate(policy, &change, &source, true) {
        Ok(gated) => gated,
        Err(never) => match never {},
    };
    !gated.components.is_empty()
}

/// The change that the example stands for: one line, removed and added again, or a change of mode, or a message.
fn stage(policy: &Policy, example: &Example) -> (Change, Staged) {
    let mut change = Change {
        base: Snapshot::Empty,
        head: Snapshot::Index,
        files: Vec::new(),
        messages: Vec::new(),
    };
    if let Some(message) = &example.message {
        change.messages.push(CommitMessage {
            id: None,
            text: message.clone().into_bytes(),
            unread: None,
        });
        return (change, Staged(Content::None));
    }
    let path = example.path.clone().unwrap_or_else(|| any_path(policy));
    if let Some(id) = ObjectId::from_bytes(&[0; 20]) {
        let entry = |mode| TreeEntry { mode, id: id.clone() };
        change.files.push(FileChange {
            path: RepoPath::new(path.into_bytes()),
            kind: ChangeKind::Modified {
                old: entry(Mode::Regular),
                new: entry(Mode::Executable),
            },
        });
    }
    if example.line.is_none() && example.function.is_none() {
        return (change, Staged(Content::None));
    }
    let text = example.line.clone().unwrap_or_else(|| "()".to_owned());
    let line = |side| ChangedLine {
        side,
        number: 1,
        text: text.clone().into_bytes(),
    };
    let diff = FileDiff {
        lines: vec![line(Side::Removed), line(Side::Added)],
        old: text.clone().into_bytes(),
        new: text.clone().into_bytes(),
        decoded: false,
        sample: Some(example.function.iter().cloned().collect()),
    };
    (change, Staged(Content::Lines(diff)))
}

/// A path that the content rule looks at, for examples that give a line alone: made from its first glob.
fn any_path(policy: &Policy) -> String {
    let globs = policy
        .components
        .first()
        .and_then(|component| component.rules.content.first())
        .and_then(|rule| rule.paths.as_ref());
    let Some(glob) = globs.and_then(|globs| globs.iter().find(|glob| !glob.starts_with('!'))) else {
        return "example".to_owned();
    };
    // The first alternative of each brace, then a name for each wildcard.
    let mut path = String::new();
    let mut rest = glob;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        let (inside, tail) = after.split_once('}').unwrap_or((after, ""));
        path.push_str(inside.split(',').next().unwrap_or_default());
        rest = tail;
    }
    path.push_str(rest);
    if path.ends_with('/') {
        path.push_str("**");
    }
    path.replace("**", "x").replace(['*', '?'], "x")
}

struct Staged(Content);

impl ContentSource for Staged {
    type Error = Infallible;
    fn content(&self, _: &FileChange) -> Result<Content, Infallible> {
        Ok(self.0.clone())
    }

    fn holds_file(&self, _: &RepoPath) -> Result<bool, Infallible> {
        Ok(true)
    }
}
