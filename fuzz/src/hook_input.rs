//! What git tells hooks on standard input: `pre-push`, `pre-receive`, `reference-transaction`.

use certgate::change::ObjectId;
use certgate::git::GitError;
use certgate::git::push::{RefUpdate, made_symbolic, pre_push, pre_receive, reference_transaction};

use crate::harmless;

/// Reads the bytes as each of the three.
pub fn check(data: &[u8]) {
    let pushed = read(data, pre_push);
    let received = read(data, pre_receive);
    let prepared = read(data, reference_transaction);
    for updates in [&pushed, &received, &prepared].into_iter().flatten() {
        let again: String = updates.iter().map(receive_line).collect();
        assert_eq!(pre_receive(again.as_bytes()).as_ref().ok(), Some(updates), "{again:?}");
        let again: String = updates.iter().map(push_line).collect();
        assert_eq!(pre_push(again.as_bytes()).as_ref().ok(), Some(updates), "{again:?}");
    }
    for (name, target) in made_symbolic(data) {
        assert!(!name.contains('\n') && !target.contains(['\n', ' ']));
        assert!(received.is_none(), "only a transaction makes {name} symbolic");
    }
    // Symbolic refs are all that a transaction has besides.
    if let Some(received) = received {
        assert_eq!(prepared, Some(received));
    }
}

fn read(data: &[u8], reader: fn(&[u8]) -> Result<Vec<RefUpdate>, GitError>) -> Option<Vec<RefUpdate>> {
    let lines = data.split(|byte| *byte == b'\n').count();
    match reader(data) {
        Ok(updates) => {
            assert!(updates.len() <= lines);
            updates.iter().for_each(sound);
            Some(updates)
        }
        Err(error) => {
            if let GitError::Input { line, .. } = &error {
                assert!((1..=lines).contains(line), "line {line} of {lines}");
            }
            harmless(&error.diagnostic());
            None
        }
    }
}

/// A name is one word without control characters, an update has what its kind says, and zero ids have become kinds.
fn sound(update: &RefUpdate) {
    let name = update.name();
    assert!(!name.is_empty() && !name.contains(|c: char| c.is_ascii_control() || c == ' '));
    let ids = [update.old(), update.new_id()];
    assert!(ids.iter().flatten().all(|id| !id.is_zero()));
    assert!(ids.iter().flatten().next().is_some());
    if let [Some(old), Some(new)] = ids {
        assert_eq!(old.as_bytes().len(), new.as_bytes().len());
    }
    if let Some(branch) = update.branch() {
        assert_eq!(format!("refs/heads/{branch}"), name);
    }
}

/// The old and the new id as git writes them.
fn ids(update: &RefUpdate) -> (String, String) {
    let (old, new) = (update.old(), update.new_id());
    let width = old.or(new).map_or(40, |id| id.as_bytes().len() * 2);
    let hex = |id: Option<&ObjectId>| id.map_or_else(|| "0".repeat(width), ObjectId::to_string);
    (hex(old), hex(new))
}

fn receive_line(update: &RefUpdate) -> String {
    let (old, new) = ids(update);
    format!("{old} {new} {}\n", update.name())
}

fn push_line(update: &RefUpdate) -> String {
    let (old, new) = ids(update);
    format!("HEAD^{{/a b}} {new} {} {old}\n", update.name())
}
