//! What rules say of messages, for many changes that have commits in common.

use std::cell::RefCell;
use std::collections::HashMap;

use super::messages::{Listener, place};
use super::{Announced, GatedMessage, announced};
use crate::change::{CommitMessage, Digest, ObjectId};
use crate::policy::Policy;
use crate::progress::{self, Count};

/// What a policy says of a message: the numbers of components, and why.
type Said = Vec<(usize, GatedMessage)>;

/// What policies' rules say of the messages of commits. A message is looked at once by each policy, whatever number of changes have its
/// commit: its id names the text, and the policy's digest the rules.
#[derive(Debug, Default)]
pub struct Hearing(RefCell<HashMap<Digest, HashMap<ObjectId, Said>>>);

impl Hearing {
    /// What the rules of a policy say of messages.
    pub fn announced(&self, policy: &Policy, messages: &[CommitMessage]) -> Announced {
        // A policy without a file has no digest.
        if policy.digest == Digest::default() {
            return announced(policy, messages);
        }
        let mut all = self.0.borrow_mut();
        let known = all.entry(policy.digest).or_default();
        let mut listener = None;
        let mut gated = vec![Vec::new(); policy.components.len()];
        for message in messages {
            let mut hear = || {
                progress::count(Count::RulesRun, policy.components.len());
                listener.get_or_insert_with(|| Listener::new(policy)).hear(message)
            };
            let said = match &message.id {
                Some(id) => known.entry(id.clone()).or_insert_with(hear).clone(),
                None => hear(),
            };
            place(&mut gated, said);
        }
        gated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicySource;

    fn policy(pattern: &str) -> Policy {
        let text = format!(
            "version: 1\ncomponents:\n  - {{ id: parser, match: {{ paths: [x], messages: ['{pattern}'] }} }}\n  - {{ id: lexer, match: {{ paths: [y] }} }}\n"
        );
        let source = PolicySource {
            name: "p.yaml".into(),
            bytes: text.as_bytes(),
        };
        Policy::parse(&source).unwrap().0
    }

    #[test]
    fn a_message_heard_again_says_the_same() {
        let message = |nth: u8, text: &str| CommitMessage {
            id: Some(ObjectId::from([nth; 20])),
            text: text.as_bytes().to_vec(),
            unread: None,
        };
        let in_the_making = CommitMessage {
            id: None,
            ..message(0, "hot: no commit yet")
        };
        let all = [
            message(1, "hot: one"),
            message(2, "Speed up the lexer"),
            message(3, "nothing"),
            in_the_making,
            message(4, "hot: Speed up the parser and the lexer"),
        ];
        let hearing = Hearing::default();
        for policy in [policy("^hot"), policy("^no"), policy("^hot")] {
            for range in [&all[..2], &all[1..], &all[..], &all[..]] {
                assert_eq!(hearing.announced(&policy, range), announced(&policy, range));
            }
        }
    }
}
