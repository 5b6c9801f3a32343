//! One comment on a request: written, updated in place, taken away; never a second one, and never anybody else's.

use super::http::Answer;
use super::interface::{Comment, Interface};
use super::{Commented, Post};
use crate::gate::Undecided;
use crate::intake::ci::Forge;

/// How often a comment whose writing had no answer is looked for again.
const TRIES: u32 = 2;

/// True where certgate wrote this text: the mark, whatever branch it names, and the heading after it.
fn is_marked(text: &str) -> bool {
    let mut lines = text.lines();
    let mark = lines.next().unwrap_or_default().trim_end();
    let heading = lines.next().unwrap_or_default();
    mark.starts_with("<!-- certgate:") && mark.ends_with(" -->") && heading.starts_with("### certgate: ")
}

/// True where two texts are one: forges change line ends, and take away those at the end.
fn is_same(one: &str, other: &str) -> bool {
    one.trim_end().lines().eq(other.trim_end().lines())
}

/// Has the comment be what it should be.
pub(super) fn keep(interface: &Interface<'_>, post: &Post) -> Result<Commented, Undecided> {
    let Some(request) = interface.place.request else {
        return Ok(Commented::NoRequest);
    };
    let now = interface.now(request)?;
    let other_target = post.target.as_ref().is_some_and(|target| *target != now.target);
    if now.head != interface.place.head || other_target {
        return Ok(Commented::MovedOn);
    }
    let own = match interface.account()? {
        Some(login) => login,
        None => by_default(interface.place.forge).to_owned(),
    };
    let mut tried = 0;
    loop {
        tried += 1;
        // Other accounts' are kept in mind, in case it turns out that one of them is this token's.
        let marked = interface.comments(request, |comment| comment.body.as_deref().is_some_and(is_marked))?;
        let (ours, others): (Vec<Comment>, Vec<Comment>) = marked
            .into_iter()
            .partition(|comment| comment.author() == Some(own.as_str()));
        if let Some(done) = updated(interface, request, &ours, &post.comment)? {
            return Ok(done);
        }
        let answer = match interface.create(request, &post.comment) {
            // It may have been written all the same.
            Err(_) if tried <= TRIES => continue,
            Ok(answer) if answer.status.is_server_error() && tried <= TRIES => continue,
            other => other?,
        };
        return created(interface, request, answer, &own, &others, &post.comment);
    }
}

/// Has the first of our comments say this, and takes the others away; `None` where there is none, and there should be.
fn updated(
    interface: &Interface<'_>,
    request: u64,
    ours: &[Comment],
    text: &str,
) -> Result<Option<Commented>, Undecided> {
    let Some((first, more)) = ours.split_first() else {
        return Ok(text.is_empty().then_some(Commented::Nothing));
    };
    for comment in more {
        interface.delete(request, comment.id)?;
    }
    if text.is_empty() {
        interface.delete(request, first.id)?;
        return Ok(Some(Commented::Removed));
    }
    if first.body.as_deref().is_some_and(|body| is_same(body, text)) {
        return Ok(Some(Commented::Same));
    }
    let there = interface.update(request, first.id, text)?;
    Ok(there.then_some(Commented::Updated))
}

/// Looks at who wrote the new comment: where that is another account than was thought, its earlier one is updated, and the new one goes.
fn created(
    interface: &Interface<'_>,
    request: u64,
    answer: Answer,
    own: &str,
    others: &[Comment],
    text: &str,
) -> Result<Commented, Undecided> {
    let answer = interface.done(answer, "write a comment")?;
    let new: Comment = interface.read(answer, "the new comment")?;
    let author = new.author();
    if author == Some(own) {
        return Ok(Commented::Created);
    }
    let Some(earlier) = others
        .iter()
        .find(|comment| author.is_some() && comment.author() == author)
    else {
        return Ok(Commented::Created);
    };
    if interface.update(request, earlier.id, text)? {
        interface.delete(request, new.id)?;
        return Ok(Commented::Updated);
    }
    Ok(Commented::Created)
}

/// Whose name the tokens of jobs write in, which are not allowed to ask who they are.
fn by_default(forge: Forge) -> &'static str {
    match forge {
        Forge::Github => "github-actions[bot]",
        Forge::Gitea => "gitea-actions",
        Forge::Gitlab => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_form_is_ours() {
        for (text, ours) in [
            ("<!-- certgate:main -->\n### certgate: pass\n\nx", true),
            (
                "<!-- certgate: -->\r\n### certgate: could not decide; nothing was judged\r\n",
                true,
            ),
            ("<!-- certgate:main -->\nI copied this", false),
            ("> <!-- certgate:main -->\n### certgate: pass", false),
            ("<!-- certgate-lint -->\n### certgate lint: findings", false),
            ("### certgate: pass", false),
            ("", false),
        ] {
            assert_eq!(is_marked(text), ours, "{text}");
        }
        assert!(is_same("a\r\nb", "a\nb\n") && !is_same("a b", "a\nb"));
    }
}
