//! What each harness reads as an answer: JSON on standard output, with exit code 0.

use serde_json::{Value, json};

use super::Decision;
use super::payload::{Harness, Payload};

/// The answer, with the diagnostics as text.
pub(crate) fn answer(payload: &Payload, decision: &Decision, text: &str) -> Value {
    match (decision, payload.harness) {
        (Decision::Pass, _) => json!({}),
        (Decision::Refuse(_), Harness::Claude) => json!({
            "hookSpecificOutput": {
                "hookEventName": payload.name,
                "permissionDecision": "deny",
                "permissionDecisionReason": text,
            }
        }),
        (Decision::Refuse(_), Harness::Cursor) => json!({
            "permission": "deny",
            "user_message": text,
            "agent_message": text,
        }),
        (Decision::Refuse(_), Harness::Copilot) => json!({
            "permissionDecision": "deny",
            "permissionDecisionReason": text,
        }),
        (Decision::Hold(_), Harness::Cursor) => json!({ "followup_message": text }),
        (Decision::Hold(_), Harness::Claude | Harness::Copilot) => json!({ "decision": "block", "reason": text }),
    }
}
