//! `--format markdown`: a comment on a pull or merge request, which whoever posts it updates in place.
//!
//! Its first line is a mark to find it by. It holds what a reader needs to act: the verdict, who is missing, one command; the rest is folded.
//! Where nothing is asked of the change it is empty, and nothing is to be posted.

use super::inert::{block, code, message};
use super::lint::Linted;
use super::missing::missing;
use super::sensitivity;
use super::verify::VerifyReport;
use crate::diagnostic::{Diagnostic, Level, plural, sanitize};
use crate::gate::Judgement;
use crate::verdict::Verdict;

/// Most bytes of a comment; GitHub takes 65,536 characters.
const MOST: usize = 64 * 1024;
/// What of that the table may take.
const TABLE: usize = 24 * 1024;
/// Kept for the lines that end it.
const END: usize = 1024;
/// Longest command that is shown.
const COMMAND: usize = 4 * 1024;

/// A text that ends before it is too long.
struct Comment {
    text: String,
    most: usize,
}

impl Comment {
    /// Adds all of a piece, or says that there is no room.
    fn add(&mut self, piece: &str) -> bool {
        let room = self.text.len() + piece.len() <= self.most;
        if room {
            self.text.push_str(piece);
        }
        room
    }

    /// Adds one piece for each thing, and where there is no room for all of them, how many are left.
    fn add_each<T>(&mut self, things: &[T], piece: impl Fn(&T) -> String, left: impl Fn(usize) -> String) {
        for (at, thing) in things.iter().enumerate() {
            if !self.add(&piece(thing)) {
                self.most = MOST;
                self.add(&left(things.len() - at));
                return;
            }
        }
    }
}

/// The mark: a comment that names the branch, which can hold what would end it.
fn mark(name: &str) -> String {
    let mut safe = String::new();
    for byte in name.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"._/".contains(&byte) || (byte == b'-' && !safe.ends_with('-'));
        match plain {
            true => safe.push(char::from(byte)),
            false => safe.push_str(&format!("%{byte:02X}")),
        }
    }
    // The blank keeps the last character from running into the end of the comment.
    format!("<!-- certgate:{safe} -->\n")
}

/// The mark of another command, which is about no branch.
fn mark_of(command: &str) -> String {
    format!("<!-- certgate-{command} -->\n")
}

/// A judged change.
pub fn markdown(report: &Judgement) -> String {
    let told: Vec<&Diagnostic> = report.diagnostics.iter().collect();
    let matters = told.iter().any(|diagnostic| diagnostic.level() == Level::Error) || report.verdict() != Verdict::Pass;
    if report.decision.components.is_empty() && !matters {
        return String::new();
    }
    let word = match report.verdict() {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn (the policy does not block here)",
        Verdict::Block => "blocked",
    };
    let target = report.target.as_deref().unwrap_or_default();
    let mut comment = Comment {
        text: format!("{}### certgate: {word}\n\n", mark(target)),
        most: TABLE,
    };
    if !report.decision.components.is_empty() {
        comment.add("| component | outcome | files covered | missing |\n|---|---|---|---|\n");
        let row = |component: &crate::verdict::ComponentDecision| {
            let covered = component.files.iter().filter(|file| file.covered).count();
            let lacks: Vec<String> = missing(report, &component.id)
                .iter()
                .map(|lack| message(lack))
                .collect();
            format!(
                "| {} | {} | {covered} of {} | {} |\n",
                code(&component.id),
                component.outcome.as_str(),
                component.files.len(),
                lacks.join("<br>")
            )
        };
        comment.add_each(&report.decision.components, row, |left| {
            format!("| … {left} more | | | |\n")
        });
        comment.add("\n");
    }
    if let Some(score) = &report.sensitivity {
        comment.add(&sensitivity::markdown(score));
        comment.add("\n");
    }
    let judged = format!(
        "\n<sub>{} judged at {} by {}</sub>\n",
        code(&report.head),
        report.stage.as_str(),
        code(&report.policy)
    );
    finish(comment, &told, &judged)
}

/// A run that could not decide.
pub fn markdown_failure(command: &str, diagnostics: &[Diagnostic]) -> String {
    let (mark, doing) = match command {
        "check" => (mark(""), "nothing was judged"),
        _ => (mark_of(command), "nothing was read"),
    };
    let comment = Comment {
        text: format!("{mark}### certgate: could not decide; {doing}\n\n"),
        most: TABLE,
    };
    finish(comment, &diagnostics.iter().collect::<Vec<_>>(), "")
}

/// Linted certificates; empty where there is nothing to fix.
pub fn markdown_lint(documents: &[Linted]) -> String {
    let rows: Vec<Row> = documents
        .iter()
        .map(|document| Row {
            path: document.certificate.path.to_string(),
            decision: document.certificate.status.map_or("none", |status| status.as_str()),
            diagnostics: &document.diagnostics,
        })
        .collect();
    table("lint", &rows)
}

/// Verified certificates; empty where all holds.
pub fn markdown_verify(documents: &[VerifyReport]) -> String {
    let rows: Vec<Row> = documents
        .iter()
        .map(|document| Row {
            path: document.path.clone(),
            decision: document.status.map_or("none", |status| status.as_str()),
            diagnostics: &document.diagnostics,
        })
        .collect();
    table("verify", &rows)
}

/// One certificate.
struct Row<'a> {
    path: String,
    decision: &'static str,
    diagnostics: &'a [Diagnostic],
}

fn table(command: &str, rows: &[Row<'_>]) -> String {
    let count = |row: &Row<'_>, level| row.diagnostics.iter().filter(|told| told.level() == level).count();
    let faulty = |row: &&Row<'_>| count(row, Level::Error) + count(row, Level::Warning) > 0;
    let rows: Vec<&Row<'_>> = rows.iter().filter(faulty).collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut told: Vec<&Diagnostic> = rows.iter().flat_map(|row| row.diagnostics).collect();
    told.sort_by_key(|told| std::cmp::Reverse(told.level()));
    let word = match told.first().map(|first| first.level()) {
        Some(Level::Error) => "findings",
        _ => "warnings",
    };
    let mut comment = Comment {
        text: format!("{}### certgate {command}: {word}\n\n", mark_of(command)),
        most: TABLE,
    };
    comment.add("| certificate | decision | errors | warnings |\n|---|---|---|---|\n");
    let line = |row: &&Row<'_>| {
        let (errors, warnings) = (count(row, Level::Error), count(row, Level::Warning));
        format!(
            "| {} | {} | {errors} | {warnings} |\n",
            code(&row.path),
            code(row.decision)
        )
    };
    comment.add_each(&rows, line, |left| format!("| … {left} more | | | |\n"));
    comment.add("\n");
    finish(comment, &told, "")
}

/// The command to paste, what was found, folded, and the last line.
fn finish(mut comment: Comment, told: &[&Diagnostic], last: &str) -> String {
    comment.most = MOST - END - last.len().min(END);
    let next = told
        .iter()
        .filter(|told| told.level() != Level::Note)
        .find_map(|told| told.remedies().next())
        .map(ToString::to_string);
    if let Some(command) = next.filter(|command| command.len() <= COMMAND) {
        comment.add("Next:\n\n");
        comment.add(&block(&command));
    }
    if !told.is_empty() {
        comment.add(&format!(
            "\n<details><summary>{}</summary>\n\n",
            plural(told.len(), "finding")
        ));
        comment.add_each(
            told,
            |told| finding(told),
            |left| format!("- … {left} more; <code>certgate check \\-\\-format json</code> lists all\n"),
        );
        comment.most = MOST;
        comment.add("\n</details>\n");
    }
    comment.most = MOST;
    comment.add(last);
    comment.text
}

fn finding(told: &Diagnostic) -> String {
    let place = told.place().map(|place| match place.line {
        Some(line) => format!(" {}", code(&format!("{}:{line}", place.path))),
        None => format!(" {}", code(&place.path)),
    });
    let mut text = format!(
        "- **{} {}**{}: {}\n",
        told.code(),
        match told.level() {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        },
        place.unwrap_or_default(),
        message(told.message())
    );
    for note in told.notes() {
        text.push_str(&format!("  - {}\n", message(note)));
    }
    for help in told.helps() {
        text.push_str(&format!("  - help: {}\n", code(&sanitize(&help))));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Place};

    #[test]
    fn a_branch_cannot_end_the_mark() {
        assert_eq!(mark("main"), "<!-- certgate:main -->\n");
        assert_eq!(mark("a--> <b>-"), "<!-- certgate:a-%2D%3E%20%3Cb%3E- -->\n");
        assert_eq!(mark("---->").matches("--").count(), 2);
    }

    #[test]
    fn it_is_never_too_long() {
        let long = "`*_[".repeat(1000);
        let one = |at: usize| {
            let place = Place::file(format!("{at}/{long}"));
            Diagnostic::error(Code::CG201, &long)
                .at(place)
                .because(&long)
                .help(long.as_str())
        };
        let many: Vec<Diagnostic> = (0..500).map(one).collect();
        let text = markdown_failure("check", &many);
        assert!(text.len() <= MOST, "{}", text.len());
        assert!(text.len() > MOST / 2, "{}", text.len());
        assert!(text.trim_end().ends_with("</details>"), "{}", &text[text.len() - 200..]);
        assert!(text.contains(" more; "));
    }
}
