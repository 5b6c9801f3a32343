//! `suggest`: the plan for people, the text that hands a review to somebody, and what one agent's approval would leave open.

use std::fmt::Write as _;

use serde::Serialize;

use super::inert::{block, code, message};
use super::json::{JsonReason, json_diagnostics, reason, to_line};
use super::remedy::JsonRemedy;
use super::requirement::{JsonHunk, hunks};
use crate::change::RepoPath;
use crate::diagnostic::{Diagnostic, Remedy, noun_for, plural, sanitize};
use crate::gate::{Advice, Gated, describe};
use crate::policy::EvidenceKind;
use crate::verdict::{Left, Review};

/// Most files of a component that are listed one by one.
const LISTED: usize = 12;
/// Most places of a file that are listed.
const SPANS: usize = 6;

/// The plan, as text.
pub(crate) fn plan_lines(advice: &Advice) -> String {
    let plan = &advice.plan;
    let Some(reviews) = &plan.reviews else {
        return "no reviews by the agents of the policy turn this green; `certgate policy check` says what nobody can meet\n".to_owned();
    };
    if reviews.is_empty() {
        return match plan.first.is_empty() {
            true => "no review is needed\n".to_owned(),
            false => "no review is missing; what is said above comes first\n".to_owned(),
        };
    }
    let size = match plan.exact {
        true => "no smaller number does",
        false => "nobody of them can be spared; whether fewer others would do was not tried to the end",
    };
    let verb = if reviews.len() == 1 { "turns" } else { "turn" };
    let mut text = format!("{} {verb} this green ({size}):\n", plural(reviews.len(), "review"));
    for (at, review) in reviews.iter().enumerate() {
        let _infallible = write!(text, "\n{}. {}\n", at + 1, who(review));
        for (id, files) in &review.components {
            let gated = advice.components.get(id);
            let _infallible = writeln!(text, "   {}{}", sanitize(id), asks(gated));
            for path in files.iter().take(LISTED) {
                let _infallible = writeln!(text, "     {path}{}{}", why(gated, path), lines(advice, path));
            }
            if files.len() > LISTED {
                let more = files.len() - LISTED;
                let _infallible = writeln!(text, "     … and {more} more {}", noun_for(more, "file"));
            }
            if files.is_empty() {
                text.push_str("     the component itself: an approval that comes with the change\n");
            }
        }
        for path in &review.lifts {
            let (name, says) = advice.named(path);
            let _infallible = writeln!(text, "   lifts {} ({}), or not", sanitize(&name), sanitize(&says));
        }
        let _infallible = writeln!(text, "   {}", advice.command(review));
    }
    text
}

/// The lines of a file that are to be read, where they are known.
fn lines(advice: &Advice, path: &RepoPath) -> String {
    let hunks = advice.hunks.get(path).and_then(Option::as_ref);
    let mut spans: Vec<String> = hunks
        .into_iter()
        .flatten()
        .map(|hunk| match hunk.changed() {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}-{last}"),
        })
        .collect();
    let more = spans.len().saturating_sub(SPANS);
    spans.truncate(SPANS);
    if more > 0 {
        spans.push(format!("{more} more"));
    }
    match spans.is_empty() {
        true => String::new(),
        false => format!("; lines {}", spans.join(", ")),
    }
}

#[derive(Serialize)]
struct JsonPlan<'a> {
    schema: &'static str,
    head: String,
    target: Option<String>,
    /// `null` where no reviews by the agents of the policy suffice.
    reviews: Option<Vec<JsonReview<'a>>>,
    exact: bool,
    before: serde_json::Value,
}

#[derive(Serialize)]
struct JsonReview<'a> {
    agent: Option<String>,
    components: Vec<JsonPart>,
    lifts: Vec<JsonLift>,
    remedy: JsonRemedy<'a>,
}

#[derive(Serialize)]
struct JsonPart {
    id: String,
    approvals: u32,
    evidence: Vec<&'static str>,
    files: Vec<JsonReviewed>,
}

#[derive(Serialize)]
struct JsonReviewed {
    path: String,
    reasons: Vec<JsonReason>,
    hunks: Option<Vec<JsonHunk>>,
}

#[derive(Serialize)]
struct JsonLift {
    certificate: String,
    says: String,
}

/// The plan, for programs; `before` is what no review makes good.
pub(crate) fn plan_json(advice: &Advice, before: &[Diagnostic]) -> String {
    let plan = &advice.plan;
    let reviews = plan.reviews.as_deref();
    let commands: Vec<Remedy> = reviews
        .unwrap_or_default()
        .iter()
        .map(|review| advice.command(review))
        .collect();
    let both = reviews.map(|reviews| reviews.iter().zip(&commands));
    to_line(&JsonPlan {
        schema: "certgate/suggest/v1",
        head: sanitize(&advice.head),
        target: advice.target.as_deref().map(sanitize),
        reviews: both.map(|both| {
            both.map(|(review, command)| json_review(advice, review, command))
                .collect()
        }),
        exact: plan.exact,
        before: json_diagnostics(before),
    })
}

fn json_review<'a>(advice: &Advice, review: &Review, command: &'a Remedy) -> JsonReview<'a> {
    let reviewed = |gated: Option<&Gated>, path: &RepoPath| {
        let reasons = gated.and_then(|gated| gated.files.get(path));
        let shown = advice.hunks.get(path).and_then(Option::as_ref);
        JsonReviewed {
            path: path.to_string(),
            reasons: reasons.into_iter().flatten().map(reason).collect(),
            hunks: shown.map(|shown| hunks(path, shown)),
        }
    };
    let parts = review.components.iter().map(|(id, files)| {
        let gated = advice.components.get(id);
        let evidence = gated.map(|gated| gated.evidence.iter().map(|kind| kind.as_str()).collect());
        JsonPart {
            id: sanitize(id),
            approvals: gated.map_or(1, |gated| gated.approvals),
            evidence: evidence.unwrap_or_default(),
            files: files.iter().map(|path| reviewed(gated, path)).collect(),
        }
    });
    let lifts = review.lifts.iter().map(|path| {
        let (certificate, says) = advice.named(path);
        JsonLift {
            certificate: sanitize(&certificate),
            says: sanitize(&says),
        }
    });
    JsonReview {
        agent: review.agent.as_deref().map(sanitize),
        components: parts.collect(),
        lifts: lifts.collect(),
        remedy: JsonRemedy::from(command),
    }
}

fn who(review: &Review) -> String {
    match &review.agent {
        Some(agent) => sanitize(agent),
        None => "an agent who has not approved yet".to_owned(),
    }
}

/// What the policy asks of a component beside a certificate.
fn asks(gated: Option<&Gated>) -> String {
    let Some(gated) = gated else { return String::new() };
    let mut asked = Vec::new();
    if gated.approvals > 1 {
        asked.push(format!("{} approvals each", gated.approvals));
    }
    asked.extend(gated.evidence.iter().map(|kind| match kind {
        EvidenceKind::FileReferences => "evidence: files with lines".to_owned(),
        EvidenceKind::Benchmarks => "evidence: bound benchmarks".to_owned(),
        EvidenceKind::Claims => "evidence: no wrong claim".to_owned(),
        EvidenceKind::Findings => "own findings".to_owned(),
    }));
    match asked.is_empty() {
        true => String::new(),
        false => format!(" ({})", asked.join("; ")),
    }
}

fn why(gated: Option<&Gated>, path: &RepoPath) -> String {
    let reasons = gated.and_then(|gated| gated.files.get(path));
    let reasons: Vec<String> = reasons
        .into_iter()
        .flatten()
        .take(3)
        .map(|reason| sanitize(&describe(reason)))
        .collect();
    match reasons.is_empty() {
        true => String::new(),
        false => format!(": {}", reasons.join("; ")),
    }
}

/// A message to a specialist, as Markdown: what to review, why, and how to answer. `None` where the plan asks nothing of that agent.
pub(crate) fn handoff_text(advice: &Advice, agent: &str) -> Option<String> {
    let mut reviews = advice.plan.reviews.iter().flatten();
    let review = reviews.find(|review| review.agent.as_deref() == Some(agent))?;
    let target = advice.target.as_deref().map(|target| format!(" into {}", code(target)));
    let mut text = format!(
        "### Review by {}\n\nA change ({}{}) needs your certificate on what follows.\n",
        code(agent),
        code(&advice.head),
        target.unwrap_or_default()
    );
    for (id, files) in &review.components {
        let gated = advice.components.get(id);
        let _infallible = write!(text, "\n**{}**{}\n\n", code(id), message(&asks(gated)));
        for path in files {
            let _infallible = writeln!(text, "- {}{}", code(&path.to_string()), message(&why(gated, path)));
        }
        if files.is_empty() {
            text.push_str("- the component itself: a commit message announces a judgement\n");
        }
    }
    for path in &review.lifts {
        let (name, says) = advice.named(path);
        let _infallible = writeln!(
            text,
            "\nA refusal is in force: {} ({}). Decide whether it still holds.",
            code(&name),
            message(&says)
        );
    }
    text.push_str("\nApprove only what you have examined; any of the eleven statuses is an answer.\n\n");
    text.push_str(&block(&advice.command(review).to_string()));
    Some(text)
}

/// What an agent's approval of everything would leave open.
pub(crate) fn left_lines(agent: &str, left: &[Left]) -> String {
    let agent = sanitize(agent);
    if left.is_empty() {
        return "nothing of this change asks for a certificate\n".to_owned();
    }
    let mut text = String::new();
    for left in left {
        let id = sanitize(&left.component);
        if !left.open {
            let _infallible = writeln!(text, "{id}: nothing would be missing once {agent} approves");
            continue;
        }
        let _infallible = writeln!(text, "{id}: an approval by {agent} would not be enough");
        if left.not_free {
            let _infallible = writeln!(text, "  nobody may sign for {agent} who had no hand in the change");
        }
        if !left.counts {
            let _infallible = writeln!(text, "  the policy does not ask for certificates of {agent} here");
        }
        for path in &left.refusals {
            let _infallible = writeln!(text, "  it cannot lift {path}, which another agent refused");
        }
        for path in left.files.iter().take(LISTED) {
            let _infallible = writeln!(text, "  {path} would still lack something");
        }
        if left.files.len() > LISTED {
            let _infallible = writeln!(text, "  … and {} more", plural(left.files.len() - LISTED, "file"));
        }
    }
    text.push_str("certgate suggest says who is missing\n");
    text
}
