//! The state of a hook in words.

use crate::diagnostic::shown;
use crate::hooks::{Relay, State};

/// A hook's state in words; `relay` tells how certgate is run by another's.
pub(crate) fn describe(state: &State, relay: Option<&Relay>) -> String {
    match (state, relay) {
        (State::Foreign { .. }, Some(Relay::Kept { shim })) => {
            return format!("another program's, which runs certgate as {}", shown(shim));
        }
        (State::Foreign { .. }, Some(Relay::Named { file })) => {
            return format!("another program's, which runs certgate by {}", shown(file));
        }
        (State::Foreign { .. }, Some(Relay::Deaf { file, why, .. })) => {
            return format!("another program's, which runs certgate by {}; but {why}", shown(file));
        }
        _ => {}
    }
    match state {
        State::Missing => "missing".to_owned(),
        State::Foreign { .. } => "another program's; certgate does not run".to_owned(),
        State::Directory => "a directory; git runs nothing".to_owned(),
        State::Ours {
            binary,
            current,
            executable,
            chained,
        } => {
            let mut words = vec![format!("calls {}", shown(binary))];
            if !executable {
                words.push("not executable: git does not run it".to_owned());
            }
            if !current {
                words.push("not of this version of certgate".to_owned());
            }
            if *chained {
                words.push("runs the hook that was there first".to_owned());
            }
            words.join("; ")
        }
    }
}
