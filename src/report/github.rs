//! `--format github`: workflow commands for annotations, and the job summary in Markdown.
//!
//! Escaping follows GitHub's own toolkit (`@actions/core`, `command.ts`): `%`, CR and LF in data; `:` and `,` too in properties.

use super::inert::inline as markdown;
use crate::diagnostic::{Diagnostic, Level};
use crate::gate::Judgement;
use crate::verdict::Verdict;

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// One workflow command per diagnostic.
pub fn annotations(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        let command = match diagnostic.level() {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let mut properties = vec![format!("title={}", property(diagnostic.code().as_str()))];
        if let Some(place) = diagnostic.place() {
            properties.push(format!("file={}", property(&place.path)));
            properties.extend(place.line.map(|line| format!("line={line}")));
        }
        let mut message = diagnostic.message().to_owned();
        for note in diagnostic.notes() {
            message.push_str(&format!("\nnote: {note}"));
        }
        for help in diagnostic.helps() {
            message.push_str(&format!("\nhelp: {help}"));
        }
        text.push_str(&format!("::{command} {}::{}\n", properties.join(","), data(&message)));
    }
    text
}

/// The job summary: the verdict, a table of components, and what to do.
pub fn step_summary(report: &Judgement) -> String {
    let word = match report.verdict() {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Block => "**blocked**",
    };
    let mut text = format!("## certgate: {word}\n\n");
    if !report.decision.components.is_empty() {
        text.push_str("| component | outcome | files | not covered |\n|---|---|---|---|\n");
        for component in &report.decision.components {
            let open: Vec<String> = component
                .files
                .iter()
                .filter(|file| !file.covered)
                .map(|file| markdown(&file.path.to_string()))
                .collect();
            let shown = open.iter().take(10).cloned().collect::<Vec<_>>().join("<br>");
            let more = if open.len() > 10 {
                format!("<br>… {} more", open.len() - 10)
            } else {
                String::new()
            };
            let row = format!(
                "| {} | {} | {} | {shown}{more} |\n",
                markdown(&component.id),
                component.outcome.as_str(),
                component.files.len()
            );
            text.push_str(&row);
        }
        text.push('\n');
    }
    for diagnostic in report
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.level() != Level::Note)
        .take(20)
    {
        text.push_str(&format!(
            "- **{}** {}\n",
            diagnostic.code(),
            markdown(diagnostic.message())
        ));
        for help in diagnostic.helps() {
            text.push_str(&format!("  - {}\n", markdown(&help)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Place};

    #[test]
    fn nothing_in_a_name_can_start_a_command() {
        let hostile = Diagnostic::error(Code::CG201, "x\n::set-output name=a::b").at(Place::file("a,b:c\n::error::d"));
        let text = annotations(&[hostile]);
        assert_eq!(text.lines().count(), 1);
        assert!(text.starts_with("::error title=CG201,file=a%2Cb%3Ac"), "{text}");
    }
}
