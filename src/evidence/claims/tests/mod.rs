//! Whole documents: readings made by others, and each rule by its own cases.

mod figures;
mod files;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Claim, Label, Tree, Value, read};

/// A file of a made-up tree: lines, symbols, definitions.
#[derive(Debug, Default, serde::Deserialize)]
struct File {
    lines: u32,
    #[serde(default)]
    symbols: BTreeMap<String, Vec<u32>>,
    #[serde(default)]
    definitions: BTreeMap<String, Vec<(u32, u32)>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(transparent)]
struct Made(BTreeMap<String, File>);

impl Tree for Made {
    fn holds(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    fn is_directory(&self, path: &str) -> bool {
        self.0
            .keys()
            .any(|file| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }

    fn ending_in(&self, tail: &str) -> Vec<String> {
        let ends = |file: &&String| {
            file.strip_suffix(tail)
                .is_some_and(|front| front.is_empty() || front.ends_with('/'))
        };
        self.0.keys().filter(ends).cloned().collect()
    }

    fn lines(&self, path: &str) -> Option<u32> {
        self.0.get(path).map(|file| file.lines)
    }

    fn symbol(&self, path: &str, symbol: &str) -> Vec<u32> {
        let file = self.0.get(path);
        file.and_then(|file| file.symbols.get(symbol))
            .cloned()
            .unwrap_or_default()
    }

    fn definitions(&self, path: &str, symbol: &str) -> Vec<(u32, u32)> {
        let file = self.0.get(path);
        file.and_then(|file| file.definitions.get(symbol))
            .cloned()
            .unwrap_or_default()
    }
}

#[derive(Debug, serde::Deserialize)]
struct Expected {
    id: String,
    kind: String,
    label: String,
    text: String,
    value: Option<serde_json::Value>,
    tree: Option<Made>,
    base_tree: Option<Made>,
}

fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("CERTGATE_CORPUS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus")),
        PathBuf::from,
    );
    root.is_dir().then_some(root)
}

/// The claim that speaks for a piece of text: a wrong one, else the one that is expected, else the last.
fn speaks<'c>(claims: &'c [Claim], label: &str, kind: &str) -> Option<&'c Claim> {
    let wrong = claims.iter().find(|claim| claim.label == Label::Wrong);
    let mut of = claims.iter().filter(|claim| claim.label.as_str() == label);
    let expected = of.clone().find(|claim| claim.kind.as_str() == kind);
    wrong.or(expected).or_else(|| of.next()).or(claims.last())
}

#[test]
fn every_claim_of_the_corpus_is_labelled_as_there() {
    let Some(root) = corpus() else {
        println!("skipped: no corpus");
        return;
    };
    let text = std::fs::read_to_string(root.join("claims/claims.json")).unwrap();
    let expected: Vec<Expected> = serde_json::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    for entry in &expected {
        let head = entry.tree.as_ref().map(|tree| tree as &dyn Tree);
        let base = entry.base_tree.as_ref().map(|tree| tree as &dyn Tree);
        let claims = read(&entry.text, head, base);
        let Some(claim) = speaks(&claims, &entry.label, &entry.kind) else {
            wrong.push(format!("{}: no claim in {:?}", entry.id, entry.text));
            continue;
        };
        let value = match (&entry.value, claim.value) {
            (None, value) => {
                entry.label != "wrong"
                    || entry.kind.starts_with("file")
                    || entry.kind == "table"
                    || value == Value::None
            }
            (Some(serde_json::Value::Array(ends)), Value::Range(low, high)) => {
                ends.iter().filter_map(serde_json::Value::as_f64).eq([low, high])
            }
            (Some(expected), Value::One(value)) => {
                let expected = expected.as_f64().unwrap();
                // One of them is stated to five digits.
                (expected - value).abs() <= 5e-5 * expected.abs().max(1.0)
            }
            _ => false,
        };
        if claim.label.as_str() != entry.label || !value || claim.kind.as_str() != entry.kind {
            wrong.push(format!(
                "{} {} {} {:?}: {:?}\n{claims:#?}",
                entry.id, entry.label, entry.kind, entry.value, entry.text
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        expected.len(),
        wrong.join("\n")
    );
}
