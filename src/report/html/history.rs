//! History as a page: how many commits would have been asked for, by which components and rules, what each dial would change, and the commits.

use maud::{Markup, html};

use super::super::history::{share, undecided, would};
use super::super::simulate::{DIALS, place, rule_name};
use super::frame::{FEW, Finder, Mood, badge, document, prose, text};
use crate::diagnostic::plural;
use crate::simulate::{Dial, NOISIEST, Row, Simulation};
use crate::verdict::Verdict;

/// How the search says what it looks through.
const FINDER: Finder = Finder {
    label: "Find commits, files and rules",
    legend: "Commits",
    noun: "commits",
    states: [("all", "all"), ("open", "blocked or warned of"), ("covered", "passed")],
};

/// Most commits that are listed.
const LISTED: usize = 2000;

/// The page.
pub(crate) fn simulation_html(simulation: &Simulation) -> String {
    let gated: Vec<&Row> = simulation.rows.iter().filter(|row| !row.touched().is_empty()).collect();
    let mut parts = Vec::new();
    for (there, id, name) in [
        (!simulation.components.is_empty(), "components", "Components"),
        (!simulation.rules.is_empty(), "rules", "Rules"),
        (!simulation.dials.is_empty(), "dials", "Dials"),
        (!gated.is_empty(), "commits", "Commits"),
        (simulation.undecided() > 0, "undecided", "Not judged"),
    ] {
        if there {
            parts.push((id, name));
        }
    }
    let body = html! {
        (rates(simulation))
        @if !simulation.components.is_empty() { (components(simulation)) }
        @if !simulation.rules.is_empty() { (rules(simulation)) }
        @if !simulation.dials.is_empty() { (dials(simulation)) }
        @if !gated.is_empty() {
            (FINDER.show(true))
            section #commits .sheet aria-labelledby="commits-heading" {
                h2 #commits-heading { "Commits that need a certificate" }
                div data-list="nocommits" {
                    ul .rows aria-labelledby="commits-heading" data-what="commits" {
                        @for row in gated.iter().take(LISTED) { (commit(row)) }
                    }
                }
                p #nocommits .soft hidden { "No commit matches." }
                @if gated.len() > LISTED { p .soft { "And " (gated.len() - LISTED) " older ones." } }
            }
        }
        @if simulation.undecided() > 0 {
            section #undecided .sheet aria-labelledby="undecided-heading" {
                h2 #undecided-heading { "Commits that could not be judged" }
                ul { @for (_, said) in undecided(simulation).take(LISTED) { li { (prose(&said)) } } }
            }
        }
    };
    let title = format!("certgate: {} judged", plural(simulation.rows.len(), "commit"));
    document(&title, &parts, gated.len() > FEW, &body)
}

/// What the stretch comes to.
fn rates(simulation: &Simulation) -> Markup {
    let all = simulation.rows.len();
    let gated = simulation.gated();
    let counted = |count: usize| format!("{count} ({})", share(count, all));
    let ends = (simulation.rows.last(), simulation.rows.first());
    html! {
        section .sheet .verdict aria-labelledby="verdict" {
            h1 #verdict { (gated) " of " (plural(all, "commit")) }
            p .lead { "Need a certificate by " code { (text(&simulation.policy)) } ": " (share(gated, all)) "." }
            dl .facts {
                @if let (Some(oldest), Some(newest)) = ends {
                    div { dt { "From" } dd { code { (oldest.commit.short()) } " to " code { (newest.commit.short()) } } }
                }
                div { dt { "Would have been blocked" } dd { (counted(simulation.with(Verdict::Block))) } }
                div { dt { "Passed with a warning" } dd { (counted(simulation.with(Verdict::Warn))) } }
                div { dt { "Passed" } dd { (counted(simulation.with(Verdict::Pass))) } }
                @if simulation.undecided() > 0 {
                    div { dt { "Could not be judged" } dd { (counted(simulation.undecided())) } }
                }
                @if let Some(rank) = simulation.flags {
                    @let (flagged, alone) = simulation.flagged();
                    div { dt { "Flagged by the score, of rank " (rank) " and above" } dd { (counted(flagged)) ", " (alone) " of them by no rule" } }
                }
            }
        }
    }
}

fn components(simulation: &Simulation) -> Markup {
    let all = simulation.rows.len();
    html! {
        section #components .sheet aria-labelledby="components-heading" {
            h2 #components-heading { "By component" }
            table .wide {
                thead { tr {
                    th scope="col" { "Component" } th scope="col" { "Commits" } th scope="col" { "No other component" }
                    th scope="col" { "Lack a certificate" }
                } }
                tbody { @for rate in &simulation.components { tr data-find="component" {
                    th scope="row" { code { (text(&rate.id)) } }
                    td { (rate.commits) " (" (share(rate.commits, all)) ") " (bar(rate.commits, all)) }
                    td { (rate.alone) " " span .soft .small { "alone" } }
                    td { (rate.lacking) " " span .soft .small { "lacking" } }
                } } }
            }
        }
    }
}

fn rules(simulation: &Simulation) -> Markup {
    let all = simulation.rows.len();
    html! {
        section #rules .sheet aria-labelledby="rules-heading" {
            h2 #rules-heading { "The noisiest rules" }
            table .wide {
                thead { tr {
                    th scope="col" { "Rule" } th scope="col" { "Commits" } th scope="col" { "No other rule" } th scope="col" { "For example" }
                } }
                tbody { @for rate in simulation.rules.iter().take(NOISIEST) {
                    @let (commit, example) = &rate.example;
                    tr data-find="rule" {
                        th scope="row" { code { (text(&rule_name(rate))) } }
                        td { (rate.commits) " (" (share(rate.commits, all)) ") " (bar(rate.commits, all)) }
                        td {
                            (rate.alone) " " span .soft .small { "alone" }
                            @if rate.silenced > 0 { ", " (rate.silenced) " more for which the score is too low" }
                        }
                        td { code { (commit.short()) } " " code { (text(&place(example))) } " " (prose(&example.detail)) }
                    }
                } }
            }
            @if simulation.rules.len() > NOISIEST { p .soft { "And " (simulation.rules.len() - NOISIEST) " more, which gate less." } }
        }
    }
}

fn dials(simulation: &Simulation) -> Markup {
    let (gated, blocked) = (simulation.gated(), simulation.with(Verdict::Block));
    let row = |dial: &Dial| {
        html! {
            tr data-find="dial" {
                th scope="row" { code { (text(&dial.change)) } }
                td { (gated) " → " (dial.gated) " " (bar(dial.gated, gated)) }
                td { (blocked) " → " (dial.blocked) " " (bar(dial.blocked, blocked)) }
                td { (prose(&dial.about)) @if let Some(commit) = &dial.example { ", such as " code { (commit.short()) } } }
            }
        }
    };
    html! {
        section #dials .sheet aria-labelledby="dials-heading" {
            h2 #dials-heading { "What each dial would change" }
            p .soft .small { "Each alone, written into the policy; the bars show what is left." }
            table .wide {
                thead { tr {
                    th scope="col" { "In the policy" } th scope="col" { "Need a certificate" } th scope="col" { "Blocked" } th scope="col" { "Leaves out" }
                } }
                tbody { @for dial in simulation.dials.iter().take(DIALS) { (row(dial)) } }
            }
        }
    }
}

/// A commit, closed.
fn commit(row: &Row) -> Markup {
    let passed = !matches!(row.verdict(), Some(Verdict::Block | Verdict::Warn));
    let (mood, word) = match row.verdict() {
        Some(Verdict::Block) => (Mood::Bad, "blocked"),
        Some(Verdict::Warn) => (Mood::Careful, "warned of"),
        _ => (Mood::Good, "passed"),
    };
    html! {
        li data-find="file" data-state=(if passed { "covered" } else { "open" }) {
            details {
                summary {
                    code { (row.commit.short()) " " (text(&row.subject)) }
                    span .soft .small { @for (at, touched) in row.touched().iter().enumerate() { @if at > 0 { ", " } (text(&touched.id)) } }
                    (badge(mood, word))
                }
                div .body {
                    @for touched in row.touched() {
                        p {
                            strong { code { (text(&touched.id)) } } " " (would(row, touched)) " "
                            span .soft .small { "(" (plural(touched.files.len(), "file")) ")" }
                        }
                        ul { @for (rule, example) in &touched.rules {
                            li { code { (text(rule)) } " at " code { (text(&place(example))) } ": " (prose(&example.detail)) }
                        } }
                    }
                }
            }
        }
    }
}

/// A part of a total as a bar, beside the number that says the same.
fn bar(part: usize, of: usize) -> Markup {
    let width = match of {
        0 => 0.0,
        _ => 100.0 * part as f64 / of as f64,
    };
    html! {
        svg .bar viewBox="0 0 100 8" aria-hidden="true" focusable="false" {
            line .f x1="0" y1="4" x2="100" y2="4" stroke-width="1" {}
            @if part > 0 { line .b x1="0" y1="4" x2=(format!("{width:.1}")) y2="4" stroke-width="8" {} }
        }
    }
}
