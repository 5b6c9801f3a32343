//! A table of an overview: as many rows as somebody reads, and how many more there are.

use super::inert::inline;

/// Most rows of a table.
const ROWS: usize = 200;

/// The first rows of a table, and how many there would be.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    all: usize,
}

/// A table of the overview.
pub(super) struct Section<'a> {
    pub(super) title: &'static str,
    pub(super) heads: &'static [&'static str],
    pub(super) rows: &'a [Vec<String>],
    /// Rows that are not shown.
    pub(super) more: usize,
}

impl Table {
    /// Adds a row, where there is room.
    pub(super) fn add(&mut self, cells: &[&str]) {
        self.all += 1;
        if self.rows.len() < ROWS {
            self.rows.push(cells.iter().map(|text| (*text).to_owned()).collect());
        }
    }

    /// The table with its title and heads; `None` where it has no rows.
    pub(super) fn section(&self, title: &'static str, heads: &'static [&'static str]) -> Option<Section<'_>> {
        (self.all > 0).then_some(Section {
            title,
            heads,
            rows: &self.rows,
            more: self.all - self.rows.len(),
        })
    }
}

impl Section<'_> {
    /// As Markdown.
    pub(super) fn markdown(&self) -> String {
        let line = vec!["---"; self.heads.len()].join(" | ");
        let mut text = format!("\n## {}\n\n| {} |\n| {line} |\n", self.title, self.heads.join(" | "));
        for row in self.rows {
            let cells: Vec<String> = row.iter().map(|cell| inline(cell)).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        if self.more > 0 {
            text.push_str(&format!("\n… and {} more.\n", self.more));
        }
        text
    }
}
