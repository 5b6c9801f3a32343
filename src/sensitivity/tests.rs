//! Rules applied to changes made by hand.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::change::{ChangeKind, ChangedLine, CommitMessage, FileDiff, Mode, RepoPath, Snapshot, TreeEntry};
use crate::policy::PolicySource;

#[derive(Default)]
struct Store {
    files: BTreeMap<RepoPath, Content>,
    asked: RefCell<Vec<String>>,
}

impl ContentSource for Store {
    type Error = Infallible;
    fn content(&self, file: &FileChange) -> Result<Content, Infallible> {
        self.asked.borrow_mut().push(file.path.to_string());
        Ok(self.files.get(&file.path).cloned().unwrap_or(Content::None))
    }

    fn holds_file(&self, path: &RepoPath) -> Result<bool, Infallible> {
        Ok(path.as_bytes() == b"certificates/x.md")
    }
}

pub(super) fn policy(text: &str) -> Policy {
    let text = format!("version: 1\n{text}");
    let source = PolicySource {
        name: "p".into(),
        bytes: text.as_bytes(),
    };
    match Policy::parse(&source) {
        Ok((policy, _)) => policy,
        Err(error) => panic!("{error:?}"),
    }
}

fn file(path: &str) -> FileChange {
    let id = ObjectId::from_bytes(&[1; 20]).unwrap();
    let entry = TreeEntry {
        mode: Mode::Regular,
        id,
    };
    FileChange {
        path: RepoPath::from(path),
        kind: match path.ends_with(".sig") {
            true => ChangeKind::Added(entry),
            false => ChangeKind::Modified {
                old: entry.clone(),
                new: entry,
            },
        },
    }
}

/// Lines marked `+` or `-`, as all that the two sides hold.
fn lines(marked: &[&str]) -> Content {
    let mut texts = [Vec::new(), Vec::new()];
    let mut numbers = [0, 0];
    let mut line = |text: &&str| {
        let (side, at) = match text.starts_with('-') {
            true => (Side::Removed, 0),
            false => (Side::Added, 1),
        };
        numbers[at] += 1;
        texts[at].extend_from_slice(&text.as_bytes()[2..]);
        texts[at].push(b'\n');
        ChangedLine {
            side,
            number: numbers[at],
            text: text.as_bytes()[2..].to_vec(),
        }
    };
    let lines = marked.iter().map(&mut line).collect();
    let [old, new] = texts;
    Content::Lines(FileDiff {
        lines,
        old,
        new,
        decoded: false,
        sample: None,
    })
}

fn change(files: &[(&str, Content)]) -> (Change, Store) {
    let mut store = Store::default();
    let mut list = Vec::new();
    for (path, content) in files {
        list.push(file(path));
        store.files.insert(RepoPath::from(*path), content.clone());
    }
    let change = Change {
        base: Snapshot::Empty,
        head: Snapshot::Index,
        files: list,
        messages: Vec::new(),
    };
    (change, store)
}

pub(super) fn run(policy: &Policy, files: &[(&str, Content)]) -> (Gated, Vec<String>) {
    let (change, store) = change(files);
    let gated = gate(policy, &change, &store, false).unwrap();
    (gated, store.asked.into_inner())
}

fn shown(gated: &Gated) -> Vec<String> {
    let mut all = Vec::new();
    for component in &gated.components {
        for file in &component.files {
            let kinds: Vec<String> = file
                .reasons
                .iter()
                .map(|reason| match reason.line {
                    Some(line) => format!("{}:{line}", reason.rule.as_str()),
                    None => reason.rule.as_str().to_owned(),
                })
                .collect();
            all.push(format!("{} {} {}", component.id, file.file.path, kinds.join(",")));
        }
        all.extend(
            component
                .messages
                .iter()
                .map(|message| format!("{} message {:?}", component.id, message.reason.line)),
        );
    }
    all
}

#[test]
fn content_is_asked_only_where_it_matters() {
    let policy = policy(
        "components:\n  - { id: a, match: { paths: ['src/**'] } }\n  - { id: b, match: { content: [{ pattern: xyz, paths: ['lib/**'] }] } }\n",
    );
    let (gated, asked) = run(
        &policy,
        &[
            ("src/a", lines(&["+ 1"])),
            ("lib/b", lines(&["+ an xyz"])),
            ("doc/c", lines(&["+ xyz"])),
        ],
    );
    assert_eq!(shown(&gated), ["a src/a path", "b lib/b content:1"]);
    assert_eq!(asked, ["lib/b"]);
}

#[test]
fn sides_comments_and_limits() {
    let policy = policy(
        "components:\n  - id: a\n    match:\n      ignore: [comments]\n      content: [{ pattern: '^\\s*hot', lines: removed }, { pattern: 'cold()', lines: added, comments: true }]\n",
    );
    let content = lines(&[
        "+ fn f() {}",
        "- mod hot {}",
        "- hot! {}",
        "- // hot",
        "+ // cold()",
        "- hot!{}",
    ]);
    let (gated, _) = run(&policy, &[("a.rs", content.clone())]);
    assert_eq!(shown(&gated), ["a a.rs content:2,content:2,content:4"]);
    // Where a side does not parse, every line counts.
    let Content::Lines(mut diff) = content else { panic!() };
    diff.old.extend(b"fn (");
    let (gated, _) = run(&policy, &[("a.rs", Content::Lines(diff))]);
    assert_eq!(shown(&gated), ["a a.rs content:2,content:2,content:4"]);
}

#[test]
fn a_file_of_comments_is_no_change_to_code() {
    let policy = policy("components: [{ id: a, match: { paths: ['**'], functions: ['*'], ignore: [comments] } }]\n");
    let mut files = [
        ("a.rs", lines(&["+ // one", "- "])),
        ("b.rs", lines(&["+ struct X;"])),
        ("c", Content::None),
        ("d.kt", lines(&["+ // one"])),
    ];
    let (gated, _) = run(&policy, &files);
    assert_eq!(
        shown(&gated),
        ["a b.rs path,function:1", "a c path", "a d.kt path,function:1"]
    );
    // One that comes is found by its name, and a mode is no comment.
    files = [
        ("e.rs", lines(&["+ // one"])),
        ("f.rs", lines(&["+ // one"])),
        ("g.rs", lines(&["+ // one"])),
        ("h.rs", lines(&["+ // one"])),
    ];
    let (mut change, store) = change(&files);
    let entry = change.files[0].after().unwrap().clone();
    let with = |mode| TreeEntry { mode, ..entry.clone() };
    change.files[0].kind = ChangeKind::Added(entry.clone());
    change.files[1].kind = ChangeKind::Deleted(entry.clone());
    change.files[2].kind = ChangeKind::Modified {
        old: with(Mode::Regular),
        new: with(Mode::Executable),
    };
    change.files[3].kind = ChangeKind::Modified {
        old: with(Mode::Symlink),
        new: with(Mode::Symlink),
    };
    let gated = gate(&policy, &change, &store, false).unwrap();
    assert_eq!(
        shown(&gated),
        ["a e.rs path", "a f.rs path", "a g.rs path", "a h.rs path"]
    );
}

#[test]
fn code_that_delimiters_hide_is_found() {
    let policy = policy(
        "components:\n  - { id: a, match: { content: ['empty_cache'], ignore: [comments] } }\n  - { id: b, match: { functions: [run], ignore: [comments] } }\n",
    );
    let line = |number, text: &str| ChangedLine {
        side: Side::Added,
        number,
        text: text.into(),
    };
    let diff = FileDiff {
        lines: vec![line(2, "/*"), line(4, "*/")],
        old: b"fn run() {\n    empty_cache();\n}\n".to_vec(),
        new: b"fn run() {\n/*\n    empty_cache();\n*/\n}\n".to_vec(),
        decoded: false,
        sample: None,
    };
    let (gated, _) = run(&policy, &[("a.rs", Content::Lines(diff))]);
    assert_eq!(shown(&gated), ["a a.rs content:2", "b a.rs function:2"]);
}

#[test]
fn layout_is_no_change_where_it_means_nothing() {
    let policy = policy(
        "components:\n  - { id: a, match: { paths: ['**'], content: ['f'], functions: ['*'], ignore: [format] } }\n",
    );
    let (gated, _) = run(
        &policy,
        &[
            ("a.rs", lines(&["- fn f() { g() }", "+ fn f() {", "+     g()", "+ }"])),
            (
                "b.py",
                lines(&["- if a:", "-     b()", "-     f()", "+ if a:", "+     b()", "+ f()"]),
            ),
            ("c.rs", lines(&["- fn f() { g() }", "+ fn f() {", "+     h()", "+ }"])),
            ("d.rs", lines(&["+ // f"])),
        ],
    );
    assert_eq!(
        shown(&gated),
        [
            "a b.py path,content:3,content:3",
            "a c.rs path,content:1,function:1",
            "a d.rs path,content:1"
        ]
    );
}

#[test]
fn content_is_read_or_matched() {
    let policy = policy("components: [{ id: a, match: { content: ['torch'] } }]\n");
    let of = |new: &[u8]| {
        Content::Lines(FileDiff {
            lines: vec![ChangedLine {
                side: Side::Added,
                number: 1,
                text: new.to_vec(),
            }],
            old: Vec::new(),
            new: new.to_vec(),
            decoded: false,
            sample: None,
        })
    };
    let (gated, _) = run(
        &policy,
        &[
            ("a.py", of(b"x = 1")),
            ("b.py", of("x = '\u{ef}'".as_bytes())),
            ("c.py", of(b"x = '\xef'")),
            ("d.py", of(b"t\0o\0r\0c\0h\0")),
            ("e.py", of(b"# coding: utf-7")),
            ("f.java", of(b"\\u0074orch")),
            ("g.py", of("\u{ff54}orch".as_bytes())),
            ("h.png", of(b"\x89PNG\0")),
        ],
    );
    let expected = [
        "a c.py content",
        "a d.py content",
        "a e.py content",
        "a f.java content:1",
        "a g.py content:1",
    ];
    assert_eq!(shown(&gated), expected);
}

#[test]
fn functions_match_innermost_and_outer_names() {
    let policy = policy(
        "components:\n  - { id: a, match: { functions: ['collect_*'] } }\n  - { id: b, match: { functions: [{ name: Worker, paths: ['*.py'] }] } }\n",
    );
    let (gated, _) = run(
        &policy,
        &[
            ("a.rs", lines(&["+ struct X;", "+ fn collect_steps() {", "+ }"])),
            ("b.py", lines(&["- class Worker:", "-     def collect_all(self): pass"])),
            ("c.rs", lines(&["+ fn collect_b( {"])),
            ("d.kt", lines(&["+ fun collect_c() {}"])),
            ("e.md", lines(&["+ collect_c"])),
        ],
    );
    assert_eq!(
        shown(&gated),
        [
            "a a.rs function:2",
            "a b.py function:2",
            "a c.rs function:1",
            "a d.kt function:1",
            "b b.py function:1"
        ]
    );
}

#[test]
fn what_is_too_large_counts_as_a_match() {
    let policy = policy(
        "components:\n  - { id: a, match: { content: [xyz] } }\n  - { id: b, match: { paths: [a], ignore: [comments] } }\n  - { id: c, match: { content: [q], exclude: [a] } }\n",
    );
    let (gated, _) = run(&policy, &[("a", Content::TooLarge { size: 5 << 20 })]);
    assert_eq!(shown(&gated), ["a a content", "b a path"]);
    assert!(
        gated.components[0].files[0].reasons[0]
            .detail
            .starts_with("5 MiB: too large")
    );
}

/// The lines of a signature as a diff adds them.
fn armour() -> Vec<String> {
    let file = include_str!("../trust/testdata/dsa.sig");
    file.lines().map(|line| format!("+ {line}")).collect()
}

#[test]
fn what_is_only_called_a_signature_is_gated() {
    let policy = policy("components:\n  - id: all\n    match: { paths: [\"**\"] }\n");
    let path = "certificates/x.md.sig";
    let gated = |content: Content| {
        let (change, store) = change(&[(path, content)]);
        !gate(&policy, &change, &store, false).unwrap().components.is_empty()
    };
    let end = "+ -----END SSH SIGNATURE-----";
    let armour = armour();
    let whole: Vec<&str> = armour.iter().map(String::as_str).collect();
    assert!(!gated(lines(&whole)));
    assert!(gated(lines(whole.split_last().unwrap().1)), "it is cut short");
    assert!(gated(lines(&[&whole[..], &["+ import os"]].concat())));
    assert!(gated(lines(&["+ -----BEGIN SSH SIGNATURE-----", "+ import os", end])));
    assert!(gated(lines(&[
        "+ -----BEGIN SSH SIGNATURE-----",
        "+ U1NIU0lH+/==",
        end
    ])));
    let (alone, store) = change(&[("certificates/y.md.sig", lines(&whole))]);
    assert!(
        !gate(&policy, &alone, &store, false).unwrap().components.is_empty(),
        "it stands beside nothing"
    );
    assert!(gated(Content::TooLarge { size: 1 << 30 }));
    assert!(gated(Content::None));
}

#[test]
fn the_policy_and_the_ledger_are_apart() {
    let policy = policy(
        "certificates: ['certificates/*.md', '.certgate/c/*.md']\ncomponents: [{ id: a, match: { paths: ['**'] } }]\n",
    );
    let files: Vec<(&str, Content)> = [
        "certificates/x.md",
        "certificates/x.md.sig",
        ".certgate/policy.yaml",
        ".certgate/c/y.md",
        ".certgate/allowed_signers",
        "src/a",
    ]
    .map(|path| match path.ends_with(".sig") {
        true => (path, lines(&armour().iter().map(String::as_str).collect::<Vec<_>>())),
        false => (path, Content::None),
    })
    .to_vec();
    let (gated, _) = run(&policy, &files);
    let expected = [
        "a src/a path",
        "certgate-policy .certgate/allowed_signers policy",
        "certgate-policy .certgate/policy.yaml policy",
    ];
    assert_eq!(shown(&gated), expected);
    let (change, store) = change(&files);
    assert_eq!(shown(&gate(&policy, &change, &store, true).unwrap()), ["a src/a path"]);
}

#[test]
fn messages_gate_components() {
    let policy = policy(
        "components:\n  - { id: gpu_memory, aliases: [vram], match: { messages: ['^perf(\\(.+\\))?!?:'] } }\n  - { id: bus, match: { families: [review] } }\n",
    );
    let judged = |text: &str| {
        let change = Change {
            base: Snapshot::Empty,
            head: Snapshot::Index,
            files: Vec::new(),
            messages: vec![CommitMessage {
                id: None,
                text: text.as_bytes().to_vec(),
                unread: None,
            }],
        };
        shown(&gate(&policy, &change, &Store::default(), false).unwrap())
    };
    assert_eq!(judged("perf(x): a"), ["gpu_memory message Some(1)"]);
    assert_eq!(judged("merge\n\nperf: a"), ["gpu_memory message Some(3)"]);
    assert_eq!(
        judged("fix\n\nGPU memory use is 30% faster"),
        ["gpu_memory message Some(3)"]
    );
    assert_eq!(judged("speed up the VRAM"), ["gpu_memory message Some(1)"]);
    assert_eq!(judged("reviewed the bus"), ["bus message Some(1)"]);
    assert_eq!(judged("the bus is faster"), [""; 0]);
    assert_eq!(judged("the bus\n\nReviewed-by: a"), [""; 0]);
    assert_eq!(judged("faster"), [""; 0]);
}

#[test]
fn a_message_that_nobody_can_read_matches_every_message_rule() {
    let policy = policy(
        "components:\n  - { id: a, match: { messages: ['^perf:'] } }\n  - { id: b, match: { families: [claim] } }\n  - { id: c, match: { paths: [x], families: [] } }\n",
    );
    let change = Change {
        base: Snapshot::Empty,
        head: Snapshot::Index,
        files: Vec::new(),
        messages: vec![CommitMessage {
            id: None,
            text: b"+AHAAZQByAGYAOg-".to_vec(),
            unread: Some("UTF-7".to_owned()),
        }],
    };
    let gated = gate(&policy, &change, &Store::default(), false).unwrap();
    assert_eq!(shown(&gated), ["a message None", "b message None"]);
}

#[test]
fn reasons_are_harmless() {
    let policy = policy("components: [{ id: a, match: { content: ['x.*'] } }]\n");
    let (gated, _) = run(&policy, &[("a", lines(&["+ x\u{1b}[31m"]))]);
    assert!(!gated.components[0].files[0].reasons[0].detail.contains('\u{1b}'));
}

#[test]
fn examples_that_do_not_hold_are_told_with_their_place() {
    let policy = policy(
        "components:\n  - id: a\n    match: { paths: ['src/**'], content: [{ pattern: 'x+', paths: ['**/*.{py,c}'], examples: { match: [xx, y] } }] }\n    examples:\n      match: [src/a, lib/b, { path: q.c, line: x }]\n      ignore: [src/c]\n",
    );
    let found = check_examples(&policy);
    let places: Vec<_> = found
        .iter()
        .map(|finding| finding.place().and_then(|place| place.line))
        .collect();
    assert_eq!(places, [Some(6), Some(7), Some(4)]);
}

const WORDS: [&str; 6] = ["alpha", "beta()", "// gamma", "", "delta = 1", "-O3"];

proptest! {
    /// The order in which files are listed, and other files, change nothing for a file.
    #[test]
    fn order_and_company_do_not_matter(files in proptest::collection::btree_map("[ab]{1,3}\\.(rs|py|md)", proptest::collection::vec((any::<bool>(), 0..6usize), 0..6), 1..6), seed in any::<u64>()) {
        let policy = policy("extends: [builtin:default]\ncomponents:\n  - { id: a, match: { paths: ['*.rs'], content: [alp, '(?i)BETA', 'lt|-O'], ignore: [comments] } }\n  - { id: b, match: { content: ['^$', '\\d', '.{4}'], exclude: ['a*'] } }\n");
        let listed: Vec<(&str, Content)> = files.iter().map(|(path, marks)| {
            let texts: Vec<String> = marks.iter().map(|(added, word)| format!("{} {}", if *added { '+' } else { '-' }, WORDS[*word])).collect();
            (path.as_str(), lines(&texts.iter().map(String::as_str).collect::<Vec<_>>()))
        }).collect();
        let (whole, asked) = run(&policy, &listed);
        let mut turned = listed.clone();
        turned.rotate_left((seed % listed.len() as u64) as usize);
        prop_assert_eq!(&run(&policy, &turned).0, &whole);
        let unique: std::collections::BTreeSet<_> = asked.iter().collect();
        prop_assert_eq!(unique.len(), asked.len());
        let mut alone = Vec::new();
        for one in &listed {
            alone.extend(shown(&run(&policy, std::slice::from_ref(one)).0));
        }
        let mut all = shown(&whole);
        all.sort();
        alone.sort();
        prop_assert_eq!(all, alone);
    }

    /// The scanner agrees with each pattern tried on each line.
    #[test]
    fn scanning_agrees_with_each_pattern(texts in proptest::collection::vec("[abAB ()]{0,10}", 0..8), sources in proptest::collection::vec(r"(ab|ba|a\\\(|\(\?i:bab\)|b\+|\\bab|a\?b ){1,3}", 1..6)) {
        let list: Vec<String> = sources.iter().map(|source| format!("'{source}'")).collect();
        prop_assume!(sources.iter().all(|source| crate::policy::Pattern::new(source, crate::policy::Haystack::Line).is_ok()));
        let policy = policy(&format!("components: [{{ id: a, match: {{ content: [{}] }} }}]\n", list.join(", ")));
        let marked: Vec<String> = texts.iter().map(|text| format!("+ {text}")).collect();
        let (gated, _) = run(&policy, &[("f", lines(&marked.iter().map(String::as_str).collect::<Vec<_>>()))]);
        let expected = policy.components[0].rules.content.iter().any(|rule| texts.iter().any(|text| rule.pattern.find(text.as_bytes()).is_some()));
        prop_assert_eq!(!gated.components.is_empty(), expected);
    }
}
