//! `certgate check --post`: the verdict as a comment and a status on a forge.

use super::args::{Format, PostTo};
use super::ending::Ending;
use super::terminal;
use crate::diagnostic::{Code, Diagnostic, plural};
use crate::forge::{self, Commented, Post, Posted, State};
use crate::gate::{Judgement, Undecided};
use crate::intake::ci::{self, Forge, Place};
use crate::report;
use crate::verdict::{Outcome, Verdict};

impl From<PostTo> for Forge {
    fn from(to: PostTo) -> Self {
        match to {
            PostTo::Github => Self::Github,
            PostTo::Gitlab => Self::Gitlab,
            PostTo::Gitea => Self::Gitea,
        }
    }
}

/// Posts a verdict. Where that fails, those who look at the request would see an old one, so a run that would pass ends with exit code 2. One
/// that blocks keeps its own.
pub(super) fn verdict(to: PostTo, format: Format, judgement: &Judgement, ending: Ending) -> Ending {
    match try_verdict(to.into(), judgement) {
        Ok(posted) => {
            tell(&posted);
            ending
        }
        Err(failure) => {
            terminal::diagnose(&failure.diagnostics);
            if format == Format::Github {
                let _best_effort = terminal::out(&report::annotations(&failure.diagnostics));
            }
            match ending {
                Ending::Blocked => Ending::Blocked,
                _ => Ending::Unposted,
            }
        }
    }
}

fn try_verdict(forge: Forge, judgement: &Judgement) -> Result<Posted, Undecided> {
    let place = ci::place(forge)?;
    if !place.is_of(&judgement.head) {
        return Err(other_commit(&place, judgement).into());
    }
    let post = Post {
        comment: report::markdown(judgement),
        target: judgement.target.clone().or_else(|| place.target.clone()),
        state: match judgement.verdict() {
            Verdict::Pass | Verdict::Warn => State::Success,
            Verdict::Block => State::Failure,
        },
        description: description(judgement),
    };
    forge::post(&place, &ci::environment(), &post)
}

fn other_commit(place: &Place, judgement: &Judgement) -> Diagnostic {
    Diagnostic::error(
        Code::CG756,
        format!("{} was judged, and the job is about {}", judgement.head, place.commit),
    )
    .because("a verdict on one commit is not posted on another")
    .help(
        "leave --base, --head and --range out in the job that posts: the variables of the CI system say what is judged",
    )
}

/// Posts that nothing could be judged, as far as that is possible; the exit code says so anyway.
pub(super) fn failure(to: PostTo, diagnostics: &[Diagnostic]) {
    let first = diagnostics.last().or(diagnostics.first());
    let posted = ci::place(to.into()).and_then(|place| {
        let post = Post {
            comment: report::markdown_failure("check", diagnostics),
            target: place.target.clone(),
            state: State::Error,
            description: match first {
                Some(told) => format!("could not decide: {}", told.code()),
                None => "could not decide".to_owned(),
            },
        };
        forge::post(&place, &ci::environment(), &post)
    });
    match posted {
        Ok(posted) => tell(&posted),
        Err(failure) => terminal::diagnose(&failure.diagnostics),
    }
}

/// The verdict in one line, of words that are certgate's or the policy's.
fn description(judgement: &Judgement) -> String {
    let components = &judgement.decision.components;
    let open: Vec<String> = components
        .iter()
        .filter(|component| component.outcome != Outcome::Approved)
        .map(|component| format!("{} {}", component.id, component.outcome.as_str()))
        .collect();
    match (judgement.verdict(), open.is_empty(), components.len()) {
        (Verdict::Block, true, _) => "blocked; the comment and the log say why".to_owned(),
        (Verdict::Block, false, _) => format!("blocked: {}", open.join(", ")),
        (Verdict::Warn, _, _) => format!("warn, not blocked by the policy here: {}", open.join(", ")),
        (Verdict::Pass, _, 0) => "pass: nothing in the change needs a certificate".to_owned(),
        (Verdict::Pass, _, count) => format!("pass: {} certified", plural(count, "component")),
    }
}

/// Says what was posted.
fn tell(posted: &Posted) {
    let comment = match posted.commented {
        Commented::NoRequest => "no request to comment on",
        Commented::Nothing => "nothing to comment",
        Commented::Created => "comment written",
        Commented::Updated => "comment updated",
        Commented::Same => "comment unchanged",
        Commented::Removed => "comment removed",
        Commented::MovedOn => {
            "the request has another head or target by now, so its comment is left to the job of that"
        }
    };
    terminal::err(&format!("posted: status `{}`; {comment}\n", posted.status));
}
