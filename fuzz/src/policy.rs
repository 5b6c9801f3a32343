//! Policies: what reads is read the same twice, and its globs and patterns answer for any path and line.

use certgate::change::RepoPath;
use certgate::diagnostic::Level;
use certgate::policy::{Component, GlobList, Pattern, Policy, PolicySource, Stage, Target};
use certgate::sensitivity::check_examples;

use crate::harmless;

/// Reads the bytes as a policy and uses what comes out.
pub fn check(data: &[u8]) {
    let source = PolicySource {
        name: ".certgate/policy.yaml".to_owned(),
        bytes: data,
    };
    let (first, second) = (Policy::parse(&source), Policy::parse(&source));
    match (first, second) {
        (Ok((policy, warnings)), Ok((again, told_again))) => {
            assert_eq!(format!("{policy:?}"), format!("{again:?}"));
            assert_eq!(warnings, told_again);
            for warning in &warnings {
                assert!(warning.level() < Level::Error);
                harmless(warning);
            }
            used(data, &policy);
        }
        (Err(refused), Err(again)) => {
            assert_eq!(refused, again);
            assert!(
                refused
                    .diagnostics()
                    .any(|diagnostic| diagnostic.level() == Level::Error)
            );
            for diagnostic in refused.diagnostics() {
                assert!(diagnostic.code().as_str().starts_with("CG0"), "{diagnostic:?}");
                harmless(diagnostic);
            }
        }
        _ => panic!("the same bytes read once and not the other time"),
    }
}

/// Asks the policy what a gate would ask it, with its own lines as the paths and texts that it is asked about.
fn used(data: &[u8], policy: &Policy) {
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').take(16).collect();
    for entry in &policy.enforce {
        globs(&entry.branches, &lines);
    }
    for stage in Stage::ALL {
        // Not knowing the branch is never milder than any branch with an entry.
        let strictest = policy.enforcement(Target::Unknown, stage);
        for line in lines.iter().filter_map(|line| std::str::from_utf8(line).ok()) {
            let listed = policy
                .enforce
                .iter()
                .any(|entry| entry.branches.matches(line.as_bytes()));
            assert!(!listed || policy.enforcement(Target::Branch(line), stage) <= strictest);
        }
    }
    globs(&policy.certificates, &lines);
    for line in &lines {
        let path = RepoPath::new(*line);
        policy.is_certificate(&path);
        policy.is_policy_file(&path);
    }
    for component in &policy.components {
        for name in component.names() {
            assert!(policy.component_named(name).is_some(), "{name:?}");
        }
        if own(component) {
            rules(component, &lines);
        }
    }
    policy.suggest_component("gpu memory");
    // Those of packs hold already, and take their time.
    if policy.components.iter().all(own) {
        check_examples(policy).iter().for_each(harmless);
    }
}

/// True where it is from the policy itself, not from a pack, which is the same in every run.
fn own(component: &Component) -> bool {
    component.origin == "policy"
}

fn rules(component: &Component, lines: &[&[u8]]) {
    let rules = &component.rules;
    globs(&rules.paths, lines);
    globs(&rules.exclude, lines);
    for content in &rules.content {
        pattern(&content.pattern, lines);
        content.except.iter().for_each(|except| pattern(except, lines));
        content.paths.iter().for_each(|paths| globs(paths, lines));
    }
    for function in &rules.functions {
        globs(&function.name, lines);
    }
    rules.messages.iter().for_each(|message| pattern(message, lines));
    for (paths, _) in &component.handoff {
        globs(paths, lines);
    }
}

/// A path that matches lies where the list says that such paths lie: elsewhere nobody looks.
fn globs(list: &GlobList, lines: &[&[u8]]) {
    let prefixes = list.literal_prefixes();
    for line in lines {
        let path = RepoPath::new(*line);
        assert_eq!(list.matches(line), list.deciding(line).is_some());
        let usual = line
            .split(|byte| *byte == b'/')
            .all(|part| !matches!(part, b"" | b"." | b".."));
        if usual && list.matches(line) {
            assert!(prefixes.iter().any(|prefix| path.is_within(prefix)), "{list:?} {path}");
        }
    }
}

/// A text that matches holds one of the literals, if there are any: a text without them is not searched.
fn pattern(pattern: &Pattern, lines: &[&[u8]]) {
    for line in lines {
        let Some((start, end)) = pattern.find(line) else {
            continue;
        };
        assert!(line.get(start..end).is_some());
        let literals = pattern.literals();
        let lower = line.to_ascii_lowercase();
        let holds = |literal: &Vec<u8>| {
            let literal = literal.to_ascii_lowercase();
            literal.is_empty() || lower.windows(literal.len()).any(|part| part == literal)
        };
        assert!(
            literals.is_empty() || literals.iter().any(holds),
            "{pattern:?} {literals:?}"
        );
    }
}
