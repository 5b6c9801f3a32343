//! What people read is in plain English: help, messages and documents use the common word instead of one of these.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use regex::Regex;

use super::layers::{root, sources};
use super::support::TestRepo;

/// What must not be read anywhere, and what to say instead.
const TABLE: [(&str, &str); 16] = [
    (r"told", "reported, printed, said"),
    (r"tells? of", "reports, says, prints"),
    (r"mend(s|ed|ing)?", "fix"),
    (r"anew", "again"),
    (r"(newest|last|whose) word", "statement; in documents: decision"),
    (
        r"(stands?|stood)( for| in for)?",
        "is in force, is unresolved; or just: is",
    ),
    (r"(go(es)?|got|went|gone) in( turn)?", "is merged, was merged"),
    (r"br(ings?|inging|ought)", "add, contain, introduce"),
    (r"(there )?(is|are) none", "is not valid, is not one"),
    (r"just so", "exactly"),
    (r"of (its|their) own", "its own X, a separate X"),
    (r"whole", "say what is meant: all of it, complete, full"),
    (r"may not", "must not, is not allowed to, might not"),
    (r"nobody needs?", "no one has to"),
    (r"goes on", "continues"),
    (r"doors?", "entry, hook, check: what it is"),
];

/// What the table's patterns match beside what they are after.
const FINE: [&str; 6] = [
    "stands for",
    "stand for",
    "stands in for",
    "go in turn",
    "there is none",
    "there are none",
];

/// The first use of a word that the table replaces, and its replacement.
fn found(patterns: &[(Regex, &'static str)], text: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    patterns.iter().find_map(|(pattern, instead)| {
        let hit = pattern
            .find_iter(&text)
            .find(|hit| !FINE.contains(&hit.as_str().to_lowercase().as_str()))?;
        let before: Vec<char> = text[..hit.start()].chars().rev().take(60).collect();
        let before: String = before.into_iter().rev().collect();
        let after: String = text[hit.end()..].chars().take(40).collect();
        let word = hit.as_str();
        Some(format!("`{word}` (say: {instead}): … {before}{word}{after} …"))
    })
}

fn patterns() -> Vec<(Regex, &'static str)> {
    TABLE
        .iter()
        .map(|(word, instead)| (Regex::new(&format!(r"(?i)\b(?:{word})\b")).unwrap(), *instead))
        .collect()
}

/// Holds texts, each with where it is, to the table.
#[track_caller]
fn plain(texts: impl IntoIterator<Item = (String, String)>, least: usize) {
    let patterns = patterns();
    let mut seen = 0;
    let wrong: Vec<String> = texts
        .into_iter()
        .inspect(|_| seen += 1)
        .filter_map(|(place, text)| Some(format!("{place}: {}", found(&patterns, &text)?)))
        .collect();
    assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen >= least, "only {seen} texts were seen");
}

#[test]
fn the_table_is_held() {
    let patterns = patterns();
    for bad in [
        "What is told",
        "it Stands in",
        "a line of its\n  own",
        "which goes in first",
        "the Whole",
        "(is none)",
    ] {
        assert!(found(&patterns, bad).is_some(), "{bad}");
    }
    for good in [
        "it stands for a value",
        "there is none",
        "understand",
        "in turn",
        "outdoors",
        "its own line",
    ] {
        assert_eq!(found(&patterns, good), None, "{good}");
    }
}

/// A command's help, and that of the commands below it.
fn help(repo: &TestRepo, command: &[String], pages: &mut Vec<(String, String)>) {
    let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
    let page = String::from_utf8(repo.certgate(&arguments).stdout).unwrap();
    let listed = page.split("\nCommands:\n").nth(1).unwrap_or_default();
    for line in listed.lines().take_while(|line| !line.is_empty()) {
        let name = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '));
        let Some(name) = name.and_then(|rest| rest.split(' ').next()) else {
            continue;
        };
        if name != "help" {
            help(repo, &[command, &[name.to_owned()]].concat(), pages);
        }
    }
    pages.push((format!("certgate {}", arguments.join(" ")), page));
}

#[test]
fn help_is_plain() {
    let mut pages = Vec::new();
    help(&TestRepo::empty(), &[], &mut pages);
    plain(pages, 25);
}

/// The string literals of a source that are text, or its comments.
fn pieces(text: &str, comments: bool) -> Vec<String> {
    let token = Regex::new(
        r##"(?s)r#"(?P<a>.*?)"#|r"(?P<b>[^"]*)"|"(?P<c>(?:[^"\\]|\\.)*)"|(?P<comment>//[^\n]*)|'(?:\\.|[^'\\])'"##,
    )
    .unwrap();
    let value = Regex::new(r"\{[a-z_:?]*\}").unwrap();
    token
        .captures_iter(text)
        .filter_map(|found| match found.name("comment") {
            Some(comment) => comments.then(|| comment.as_str().to_owned()),
            None => {
                let text = ["a", "b", "c"].iter().find_map(|name| found.name(name))?.as_str();
                let text = value.replace_all(text, "{}").replace("\\n", " ").replace("\\\n", " ");
                (!comments && text.contains(' ')).then_some(text)
            }
        })
        .collect()
}

/// The sources that are no tests, up to the tests within them.
fn code() -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> = Vec::new();
    sources(&root(), &mut files);
    files
        .iter()
        .map(|file| (file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(), file))
        .filter(|(own, _)| !own.contains("tests") && own != "verdict/laws.rs" && !own.ends_with("testing.rs"))
        .map(|(own, file)| {
            let text = std::fs::read_to_string(file).unwrap();
            (own, text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn messages_are_plain() {
    let texts = code().into_iter().flat_map(|(file, text)| {
        let texts = pieces(&text, false);
        texts.into_iter().map(move |text| (format!("src/{file}"), text))
    });
    plain(texts, 2000);
}

/// Comments are held to it, too; they may speak of a whole, and quote code.
#[test]
fn comments_are_plain() {
    let span = Regex::new("`[^`]*`").unwrap();
    let whole = Regex::new(r"(?i)\bwhole\b").unwrap();
    let texts = code().into_iter().flat_map(|(file, text)| {
        let place = format!("src/{file}");
        let comments = pieces(&text, true).into_iter();
        comments
            .map(|comment| whole.replace_all(&span.replace_all(&comment, "``"), "").into_owned())
            .map(move |comment| (place.clone(), comment))
            .collect::<Vec<_>>()
    });
    plain(texts, 2000);
}

/// Every file below a directory whose name ends so.
fn below(at: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, ending, found);
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
}

#[test]
fn documents_are_plain() {
    let home = root().parent().unwrap().to_owned();
    let mut files: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(|name| home.join(name))
        .into();
    below(&home.join("docs"), ".md", &mut files);
    let span = Regex::new("`[^`\n]*`").unwrap();
    let mut texts: Vec<(String, String)> = Vec::new();
    for file in files {
        let place = file.strip_prefix(&home).unwrap().display().to_string();
        let text = std::fs::read_to_string(&file).unwrap();
        for paragraph in text.split("\n\n") {
            texts.push((place.clone(), span.replace_all(paragraph, "``").into_owned()));
        }
    }
    let mut schemas = Vec::new();
    below(&home.join("docs/schema"), ".json", &mut schemas);
    for file in schemas {
        let place = file.strip_prefix(&home).unwrap().display().to_string();
        let schema: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        descriptions(&schema, &mut |text| texts.push((place.clone(), text.to_owned())));
    }
    plain(texts, 1000);
}

/// What a schema says of its fields.
fn descriptions(schema: &serde_json::Value, seen: &mut dyn FnMut(&str)) {
    match schema {
        serde_json::Value::Object(fields) => fields.iter().for_each(|(name, value)| match value.as_str() {
            Some(text) if name == "description" || name == "title" => seen(text),
            _ => descriptions(value, seen),
        }),
        serde_json::Value::Array(items) => items.iter().for_each(|item| descriptions(item, seen)),
        _ => (),
    }
}
