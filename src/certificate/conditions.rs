//! The conditions of a decision: the field Conditions, what is listed below it, and a section CONDITIONS.

use super::Condition;
use super::outline::{Field, Outline};
use std::ops::Range;

/// Reads them, in order. `decision` is the body of the section DECISION/OUTCOME.
pub(super) fn read(outline: &Outline<'_>, decision: Option<Range<usize>>) -> Vec<Condition> {
    let mut found = Vec::new();
    if let Some(body) = decision {
        for field in outline
            .fields_in(body.clone())
            .iter()
            .filter(|field| speaks_of_conditions(&field.name))
        {
            below_field(outline, field, &body, &mut found);
        }
    }
    for heading in outline.headings.iter().filter(|heading| heading.level >= 2) {
        if speaks_of_conditions(&heading.plain) {
            section(outline, outline.body(heading), &mut found);
        }
    }
    found
}

/// Real certificates also write "Conditions for Full Approval"; a condition overlooked would be an approval too many.
fn speaks_of_conditions(name: &str) -> bool {
    let (first, rest) = name.split_at_checked("Conditions".len()).unwrap_or((name, ""));
    first.eq_ignore_ascii_case("Conditions") && (rest.is_empty() || rest.starts_with(' '))
}

fn below_field(outline: &Outline<'_>, field: &Field, body: &Range<usize>, found: &mut Vec<Condition>) {
    let mut lines = outline.lines_in(field.at..body.end).iter().peekable();
    let depth = lines.next().map_or(0, |line| line.depth);
    let mut value = outline.slice(field.value.clone()).trim().to_owned();
    while let Some(line) = lines.next_if(|line| !line.first && line.depth == depth && outline.field_at(line).is_none())
    {
        value.push(' ');
        value.push_str(outline.slice(line.range.clone()).trim());
    }
    let later = outline
        .headings
        .partition_point(|heading| heading.range.start <= field.at);
    let heading = outline
        .headings
        .get(later)
        .map_or(usize::MAX, |heading| heading.range.start);
    let mut items: Vec<usize> = Vec::new();
    for line in lines.take_while(|line| line.depth > depth && line.range.start < heading) {
        if let Some(item) = line.item
            && outline.items.get(item).is_some_and(|item| item.depth == depth + 1)
            && items.last() != Some(&item)
        {
            items.push(item);
        }
    }
    // `The following must hold:` only announces the list.
    if items.is_empty() || !value.ends_with(':') {
        push(&value, true, found);
    }
    items.into_iter().for_each(|item| push_item(outline, item, found));
}

fn section(outline: &Outline<'_>, body: Range<usize>, found: &mut Vec<Condition>) {
    let mut listed = false;
    let first = outline.items.partition_point(|item| item.range.start < body.start);
    for (index, item) in outline.items.iter().enumerate().skip(first) {
        if item.range.start >= body.end {
            break;
        }
        if item.depth == 1 {
            listed = true;
            push_item(outline, index, found);
        }
    }
    if listed {
        return;
    }
    let mut open: Option<String> = None;
    for line in outline.lines_in(body) {
        let text = outline.slice(line.range.clone()).trim();
        match &mut open {
            Some(paragraph) if !line.first => {
                paragraph.push(' ');
                paragraph.push_str(text);
            }
            _ => {
                open.take()
                    .into_iter()
                    .for_each(|paragraph| push(&paragraph, true, found));
                open = Some(text.to_owned());
            }
        }
    }
    open.into_iter().for_each(|paragraph| push(&paragraph, true, found));
}

fn push_item(outline: &Outline<'_>, index: usize, found: &mut Vec<Condition>) {
    let Some(item) = outline.items.get(index) else {
        return;
    };
    let lines = outline.lines_in(item.range.clone());
    let own: Vec<&str> = lines
        .iter()
        .filter(|line| line.item == Some(index))
        .map(|line| outline.slice(line.range.clone()).trim())
        .collect();
    // A ticked task with an open one below it is not met.
    let nested_met = lines
        .iter()
        .filter(|line| line.item != Some(index))
        .all(|line| task(outline.slice(line.range.clone())).1 != Some(false));
    push(&own.join(" "), nested_met, found);
}

fn push(text: &str, nested_met: bool, found: &mut Vec<Condition>) {
    let (text, ticked) = task(text.trim());
    if !is_none(text) {
        found.push(Condition {
            text: text.to_owned(),
            met: ticked == Some(true) && nested_met,
        });
    }
}

/// Splits off a check box; `Some(true)` where it is ticked.
fn task(text: &str) -> (&str, Option<bool>) {
    let text = text.trim();
    let bare = text.strip_prefix("- ").map_or(text, str::trim_start);
    for (mark, met) in [("[ ]", false), ("[x]", true), ("[X]", true)] {
        if let Some(rest) = bare.strip_prefix(mark)
            && rest.starts_with([' ', '\t'])
        {
            return (rest.trim(), Some(met));
        }
    }
    (text, None)
}

/// True for what says that there is no condition. "None of the tests may be skipped" is one.
fn is_none(text: &str) -> bool {
    let folded = text.trim().trim_end_matches(['.', '!']).to_lowercase();
    let folded = super::status::without_marks(&folded);
    if matches!(
        folded,
        "" | "none" | "n/a" | "na" | "-" | "–" | "—" | "…" | "none required" | "none needed" | "no conditions"
    ) {
        return true;
    }
    folded
        .strip_prefix("none")
        .or_else(|| folded.strip_prefix("n/a"))
        .is_some_and(|rest| rest.trim_start().starts_with(['-', '–', '—', '.', ',', ';', ':', '(']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(decision: &str) -> Vec<(String, bool)> {
        let text = format!("# T\n\n## DECISION/OUTCOME\n**Status**: X\n{decision}");
        let outline = Outline::new(&text);
        let body = outline.sections("DECISION/OUTCOME").next().map(|h| outline.body(h));
        read(&outline, body).into_iter().map(|c| (c.text, c.met)).collect()
    }

    fn open(text: &str) -> (String, bool) {
        (text.to_owned(), false)
    }

    #[test]
    fn none_is_none() {
        for text in [
            "",
            "None",
            "none.",
            "n/a",
            "-",
            "None - all resolved",
            "None (see above)",
            "none required",
        ] {
            assert_eq!(conditions(&format!("**Conditions**: {text}\n")), [], "{text}");
        }
        assert_eq!(
            conditions("**Conditions**: None of the tests may be skipped\n"),
            [open("None of the tests may be skipped")]
        );
    }

    #[test]
    fn reads_value_lists_and_tasks() {
        assert_eq!(
            conditions("**Conditions**: benchmark\nagain\n"),
            [open("benchmark again")]
        );
        assert_eq!(
            conditions("**Conditions**:\n- [x] a\n- [ ] b\n- c\n  more\n"),
            [("a".to_owned(), true), open("b"), open("c more")]
        );
        assert_eq!(conditions("**Conditions**: [x] done\n"), [("done".to_owned(), true)]);
        assert_eq!(
            conditions("**Conditions**: these:\n\n1. a\n2. b\n"),
            [open("a"), open("b")]
        );
        assert_eq!(conditions("**Conditions**:\n- [x] a\n  - [ ] part\n"), [open("a")]);
        assert_eq!(
            conditions("**Conditions**:\n- **Memory**: less\n"),
            [open("**Memory**: less")]
        );
        assert_eq!(
            conditions("**Conditions**: a\n**Review**: later\n- not this\n\n- nor this\n"),
            [open("a")]
        );
        assert_eq!(
            conditions("**Conditions**:\n- a\n\nProse.\n\n- not this\n"),
            [open("a")]
        );
        assert_eq!(
            conditions("- x\n- **Conditions**:\n  - a\n- **Next**: b\n"),
            [open("a")]
        );
    }

    #[test]
    fn reads_the_section() {
        assert_eq!(conditions("\n## CONDITIONS\nNone - all done.\n"), []);
        assert_eq!(
            conditions("\n## Conditions\nThe following:\n1. a\n\n### Later\n- b\n## NEXT\n- c\n"),
            [open("a"), open("b")]
        );
        assert_eq!(
            conditions("\n### Conditions\nMeasure it\ntwice.\n"),
            [open("Measure it twice.")]
        );
    }
}
