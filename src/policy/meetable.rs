//! Whether the people of a policy can meet what it asks for. Counted as the verdict counts them: by agents' names, or where signatures
//! are required by principals.

use std::collections::BTreeSet;

use super::source::Step;
use super::validate::{Check, at};
use super::{Component, Policy, Risk, Signatures};
use crate::diagnostic::{Code, Diagnostic};

/// Who may do something: these people, or anybody.
enum People {
    Anybody,
    These(BTreeSet<String>),
}

impl People {
    fn without(&self, one: Option<&String>) -> usize {
        match self {
            Self::Anybody => usize::MAX,
            Self::These(people) => people.iter().filter(|person| Some(*person) != one).count(),
        }
    }
}

impl Policy {
    /// CG016, without a place, for each component that asks for more than its people can give.
    pub fn unmeetable(&self) -> Vec<Diagnostic> {
        let asks = self
            .components
            .iter()
            .filter_map(|component| unmeetable(self, component));
        asks.map(|(message, _)| finding(message)).collect()
    }
}

fn finding(message: String) -> Diagnostic {
    Diagnostic::warning(Code::CG016, message)
        .because("every change of the component stays blocked, whoever certifies it")
        .help("name more agents, ask for fewer approvals, or name another authorizer")
}

impl Check<'_> {
    /// CG016 for each component that asks for more than its people can give.
    pub(super) fn meetable(&mut self, policy: &Policy) {
        for (index, component) in policy.components.iter().enumerate() {
            let Some((message, key)) = unmeetable(policy, component) else {
                continue;
            };
            let at = match component.origin.as_str() {
                "policy" => at!["components", index].to_vec(),
                from if from.starts_with("import:") => at!["extends"].to_vec(),
                _ => at!["adjust", component.id.clone()].to_vec(),
            };
            let at = [at, key.iter().map(|key| Step::from(*key)).collect()].concat();
            self.push(finding(message), Some(&at));
        }
    }
}

/// What nobody can meet, and the key that asks for it.
fn unmeetable(policy: &Policy, component: &Component) -> Option<(String, &'static [&'static str])> {
    let id = &component.id;
    let wanted = usize::try_from(component.require.approvals).unwrap_or(usize::MAX);
    let signed = policy.signatures == Signatures::Required;
    let kind = if signed { "principal" } else { "agent" };
    let reviewers = people(policy, &component.require.agents);
    let there = reviewers.without(None);
    if there < wanted {
        let message = match there {
            0 => format!("`{id}` asks for {wanted} approvals, and no {kind} may give one"),
            1 => format!("`{id}` asks for {wanted} approvals, and only one {kind} may give them"),
            _ => format!("`{id}` asks for {wanted} approvals, and only {there} {kind}s may give them"),
        };
        return Some((message, &["require"]));
    }
    for (_, agent) in &component.handoff {
        if people(policy, std::slice::from_ref(agent)).without(None) == 0 {
            let message = format!("`{id}` hands files off to `{agent}`, for whom nobody can sign");
            return Some((message, &["handoff"]));
        }
    }
    if component.risk < Risk::Medium || component.authorizers.is_empty() {
        return None;
    }
    let People::These(authorizers) = people(policy, &component.authorizers) else {
        return None;
    };
    // An authorizer who is needed as a reviewer cannot be the other person.
    let met = authorizers.iter().any(|one| reviewers.without(Some(one)) >= wanted);
    (!met).then(|| {
        let message =
            format!("`{id}` asks for {wanted} approvals and another person who authorizes: there are too few");
        (message, &["authorizers"][..])
    })
}

/// The people who may speak for one of these agents; for any agent, where none is named.
fn people(policy: &Policy, agents: &[String]) -> People {
    if policy.signatures != Signatures::Required {
        return match agents {
            [] => People::Anybody,
            agents => People::These(agents.iter().cloned().collect()),
        };
    }
    let named = |name: &String| agents.is_empty() || agents.contains(name);
    let principals = policy.agents.iter().filter(|(name, _)| named(name));
    let principals: BTreeSet<String> = principals
        .flat_map(|(_, agent)| agent.principals.iter().cloned())
        .collect();
    // A pattern stands for any number of people.
    match principals.iter().any(|principal| principal.contains(['*', '?'])) {
        true => People::Anybody,
        false => People::These(principals),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::warnings;
    use super::*;

    fn told(policy: &str) -> Vec<String> {
        let found = warnings(policy).into_iter().filter(|found| found.code() == Code::CG016);
        found.map(|found| found.message().to_owned()).collect()
    }

    #[test]
    fn what_nobody_can_meet_is_told() {
        let of = |head: &str, rest: &str| {
            told(&format!(
                "version: 1\n{head}components:\n  - id: parser\n    match: {{ paths: [x] }}\n{rest}"
            ))
        };
        let agents = "agents: { perf: { principals: [p@x] }, lead: { principals: [l@x] } }\n";
        let signed = "defaults: { signatures: required }\n";
        for (head, rest, expected) in [
            (
                agents.to_owned(),
                "    require: { agents: [perf], approvals: 2 }\n",
                true,
            ),
            (String::new(), "    require: { agents: [perf], approvals: 2 }\n", true),
            (
                agents.to_owned(),
                "    require: { agents: [perf, lead], approvals: 2 }\n",
                false,
            ),
            (agents.to_owned(), "    require: { approvals: 9 }\n", false),
            (
                String::new(),
                "    require: { agents: [perf, perf], approvals: 2 }\n",
                true,
            ),
            (format!("{signed}{agents}"), "    require: { approvals: 3 }\n", true),
            (format!("{signed}{agents}"), "    require: { approvals: 2 }\n", false),
            (
                format!("{signed}agents: {{ a: {{ principals: [p@x] }}, b: {{ principals: [p@x] }} }}\n"),
                "    require: { approvals: 2 }\n",
                true,
            ),
            (
                format!("{signed}agents: {{ a: {{ principals: ['*@x'] }} }}\n"),
                "    require: { approvals: 2 }\n",
                false,
            ),
            (format!("{signed}{agents}"), "    handoff: { \"x\": torch }\n", true),
            (agents.to_owned(), "    handoff: { \"x\": torch }\n", false),
            (
                agents.to_owned(),
                "    authorizers: [lead]\n    require: { agents: [lead] }\n",
                true,
            ),
            (
                agents.to_owned(),
                "    authorizers: [lead]\n    risk: low\n    require: { agents: [lead] }\n",
                false,
            ),
            (
                agents.to_owned(),
                "    authorizers: [lead]\n    require: { agents: [lead, perf] }\n",
                false,
            ),
            (
                agents.to_owned(),
                "    authorizers: [lead]\n    require: { agents: [lead, perf], approvals: 2 }\n",
                true,
            ),
            (agents.to_owned(), "    authorizers: [lead]\n", false),
        ] {
            assert_eq!(!of(&head, rest).is_empty(), expected, "{head}{rest}");
        }
    }

    #[test]
    fn a_pack_that_is_adjusted_is_looked_at_too() {
        let found = told(
            "version: 1\nextends: builtin:rust\nadjust: { rust_unsafe: { require: { agents: [a], approvals: 2 } } }\n",
        );
        assert_eq!(
            found,
            ["`rust_unsafe` asks for 2 approvals, and only one agent may give them"]
        );
    }
}
