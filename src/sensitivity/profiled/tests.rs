//! Hot functions in changes of a few lines.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::change::{ChangeKind, ChangedLine, Snapshot, TreeEntry};
use crate::policy::PolicySource;

const COMMIT: ObjectId = ObjectId::Sha1([7; 20]);

const SOURCE: &str = "def step(net, batch):
    loss = net(batch).mean()
    loss.backward()
    for p in net.parameters():
        p.data -= 0.1 * p.grad
    return loss

def load(path):
    with open(path) as file:
        return [line.strip() for line in file]
";

/// Contents by path: of the base, the head, and what was measured.
struct World {
    sides: HashMap<&'static str, (String, String)>,
    measured: HashMap<&'static str, &'static str>,
}

impl ContentSource for World {
    type Error = std::convert::Infallible;

    fn content(&self, file: &FileChange) -> Result<Content, Self::Error> {
        let (old, new) = self.sides[file.path.to_string().as_str()].clone();
        Ok(Content::Lines(diff(&old, &new)))
    }

    fn holds_file(&self, _: &RepoPath) -> Result<bool, Self::Error> {
        Ok(false)
    }
}

impl Measured for World {
    fn measured(&self, commit: &ObjectId, path: &RepoPath) -> Result<Option<Vec<u8>>, Self::Error> {
        assert_eq!(*commit, COMMIT);
        let text = self.measured.get(path.to_string().as_str());
        Ok(text.map(|text| text.as_bytes().to_vec()))
    }
}

/// A plain diff: what is common at the beginning and at the end stays.
fn diff(old: &str, new: &str) -> FileDiff {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let pairs = || before.iter().zip(&after);
    let head = pairs().take_while(|(a, b)| a == b).count();
    let most = before.len().min(after.len()) - head;
    let back = before.iter().rev().zip(after.iter().rev());
    let tail = back.take(most).take_while(|(a, b)| a == b).count();
    let lines = |side, all: &[&str]| -> Vec<ChangedLine> {
        let changed = all.iter().enumerate().skip(head).take(all.len() - tail - head);
        changed
            .map(|(at, text)| ChangedLine {
                side,
                number: u32::try_from(at + 1).unwrap(),
                text: text.as_bytes().to_vec(),
            })
            .collect()
    };
    FileDiff {
        lines: [lines(Side::Removed, &before), lines(Side::Added, &after)].concat(),
        old: old.as_bytes().to_vec(),
        new: new.as_bytes().to_vec(),
        ..FileDiff::default()
    }
}

fn hot(name: &str, place: HotPlace, inclusive: f64) -> HotFunction {
    HotFunction {
        frame: Frame::parse(name, None, None),
        inclusive,
        own: 0.02,
        of: "time".to_owned(),
        calls: None,
        place,
    }
}

fn policy() -> Policy {
    let text = "version: 1\ncomponents: [{ id: far, match: { paths: ['lib/**'] } }, { id: near, match: { paths: ['src/gpu/**'], ignore: [comments] } }]\n";
    let source = PolicySource {
        name: "p.yaml".into(),
        bytes: text.as_bytes(),
    };
    Policy::parse(&source).unwrap().0
}

/// A component, a path and the details of its reasons.
type Given = (String, String, Vec<String>);

/// What a change of files (path, before, after) gives: the component, the path and the details.
fn gated(
    functions: Vec<HotFunction>,
    measured: &[(&'static str, &'static str)],
    files: &[(&'static str, &str, &str)],
) -> (Vec<Given>, Vec<Lost>) {
    let world = World {
        sides: files
            .iter()
            .map(|(path, old, new)| (*path, ((*old).to_owned(), (*new).to_owned())))
            .collect(),
        measured: measured.iter().copied().collect(),
    };
    let entry = |number| TreeEntry {
        mode: Mode::Regular,
        id: ObjectId::Sha1([number; 20]),
    };
    let kind = |old: &str, new: &str| match (old, new) {
        ("", _) => ChangeKind::Added(entry(2)),
        (_, "") => ChangeKind::Deleted(entry(1)),
        _ => ChangeKind::Modified {
            old: entry(1),
            new: entry(2),
        },
    };
    let change = Change {
        base: Snapshot::Empty,
        head: Snapshot::Index,
        files: files
            .iter()
            .map(|(path, old, new)| FileChange {
                path: RepoPath::from(*path),
                kind: kind(old, new),
            })
            .collect(),
        messages: Vec::new(),
    };
    let profile = HotProfile {
        file: "train.folded".to_owned(),
        commit: Some(COMMIT),
        component: None,
        functions,
    };
    let mut gated = Gated::default();
    gate_hot(&policy(), &change, &|_| false, (&[profile], &world), &mut gated).unwrap();
    let found = gated.components.iter().flat_map(|component| {
        component.files.iter().map(|file| {
            let details = file.reasons.iter().map(|reason| reason.detail.clone());
            (component.id.clone(), file.file.path.to_string(), details.collect())
        })
    });
    (found.collect(), gated.lost)
}

fn at(path: &str) -> HotPlace {
    HotPlace::In(RepoPath::from(path))
}

const FILE: &str = "src/gpu/loop.py";

#[test]
fn a_hunk_is_in_a_function_on_either_side_or_between_two_of_its_lines() {
    for (from, to, is_hot) in [
        ("    loss.backward()\n", "", true),
        ("    loss.backward()\n", "    loss.backward()\n    sync()\n", true),
        ("def step(net, batch):", "def other(net, batch):", true),
        ("    for p in", "\ndef rest(net, loss):\n    for p in", true),
        ("    return loss\n", "    return loss.item()\n", true),
        // Between two functions it is in neither.
        ("\ndef load", "\nX = 1\n\ndef load", false),
        ("line.strip()", "line.rstrip()", false),
        (
            "    loss.backward()\n",
            "    # This is the slow part.\n    loss.backward()\n",
            false,
        ),
    ] {
        let new = SOURCE.replace(from, to);
        let (found, _) = gated(
            vec![hot("step", at(FILE), 0.31)],
            &[(FILE, SOURCE)],
            &[(FILE, SOURCE, &new)],
        );
        assert_eq!(!found.is_empty(), is_hot, "{from} {to}");
        if is_hot {
            assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("near", FILE));
            assert!(
                found[0].2[0].contains("takes 31 % of the time (self 2 %), train.folded at 0707070707"),
                "{found:?}"
            );
        }
    }
}

#[test]
fn moved_and_renamed_functions_are_followed() {
    let step = || vec![hot("step", at("src/old.py"), 0.31)];
    let moved = SOURCE.replace("def step", "def advance");
    let edited = moved.replace("return loss", "return loss.item()");
    // Moved before, edited now.
    let (found, lost) = gated(step(), &[("src/old.py", SOURCE)], &[("src/new.py", &moved, &edited)]);
    assert!(
        found[0].2[0].starts_with("`advance` holds what `step` of src/old.py did, which takes 31 %"),
        "{found:?}"
    );
    assert!(lost.is_empty());
    let (found, _) = gated(step(), &[("src/old.py", SOURCE)], &[("src/new.pyx", &moved, &edited)]);
    assert_eq!(found.len(), 1, "another extension is no way out");
    // Moved now: where it was, and where it is.
    let (found, _) = gated(
        step(),
        &[("src/old.py", SOURCE)],
        &[("src/old.py", SOURCE, ""), ("src/new.py", "", &edited)],
    );
    assert_eq!(found.len(), 2, "{found:?}");
    // What it was is there no longer, under any name.
    let rewritten = "def every(all):\n    return [one() for one in all]\n";
    let again = rewritten.replace("one()", "one(1)");
    let (found, lost) = gated(step(), &[("src/old.py", SOURCE)], &[("src/old.py", rewritten, &again)]);
    assert!(found.is_empty(), "{found:?}");
    assert_eq!((lost[0].name.as_str(), lost[0].share.as_str()), ("step", "31 %"));
    // A cold function keeps its name and is no other.
    let cold = SOURCE.replace("line.strip()", "line.rstrip()");
    let (found, _) = gated(
        step(),
        &[("src/old.py", SOURCE), ("src/a.py", SOURCE)],
        &[("src/a.py", SOURCE, &cold)],
    );
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn doubt_gates_and_is_said() {
    let new = SOURCE.replace("return loss", "return loss.item()");
    let of = |place, files: &[(&'static str, &str, &str)]| gated(vec![hot("step", place, 0.31)], &[], files).0;
    let both = [(FILE, SOURCE, new.as_str()), ("lib/loop.py", SOURCE, new.as_str())];
    let found = of(HotPlace::Anywhere, &both);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].2[0].contains("every function of this name counts"),
        "{found:?}"
    );
    assert_eq!(found[0].0, "far", "in the order of the policy");
    let found = of(HotPlace::Below(b"loop.py".to_vec()), &both);
    assert!(
        found.len() == 2 && found[0].2[0].contains("every such file counts"),
        "{found:?}"
    );
    assert!(of(HotPlace::Below(b"oop.py".to_vec()), &both).is_empty());
    // What cannot be parsed.
    let broken = format!("{new}\ndef (\n");
    let found = of(at(FILE), &[(FILE, SOURCE, &broken)]);
    assert!(
        found[0].2.iter().any(|detail| detail.contains("so perhaps in `step`")) || found[0].2[0].contains("takes"),
        "{found:?}"
    );
    let found = of(HotPlace::Anywhere, &[("src/gpu/a.unknown", "step 1\n", "step 2\n")]);
    assert!(
        found[0].2[0].contains("does not parse, so perhaps in `step`"),
        "{found:?}"
    );
    assert!(of(HotPlace::Anywhere, &[("src/gpu/a.unknown", "stop 1\n", "stop 2\n")]).is_empty());
    assert!(of(HotPlace::Anywhere, &[("docs/a.md", "step 1\n", "step 2\n")]).is_empty());
}

#[test]
fn the_innermost_function_is_named() {
    let source = "def outer(n):\n    def inner(x):\n        return x + 1\n    return inner(n)\n";
    let new = source.replace("x + 1", "x + 2");
    let both = vec![hot("outer", at("a.py"), 0.9), hot("inner", at("a.py"), 0.5)];
    let (found, _) = gated(both, &[("a.py", source)], &[("a.py", source, &new)]);
    assert!(
        found[0].2[0].starts_with("`inner` takes 50 %") && found[0].2.len() == 1,
        "{found:?}"
    );
}

#[test]
fn shares_are_written_as_people_say_them() {
    for (share, text) in [
        (0.314, "31 %"),
        (1.0, "100 %"),
        (0.042, "4.2 %"),
        (0.04, "4 %"),
        (0.0001, "0 %"),
        (0.0996, "10 %"),
    ] {
        assert_eq!(percent(share), text);
    }
}

proptest! {
    /// Whatever one line of a hot function becomes, the change is gated; and whatever one of a cold one does, as long as it parses.
    #[test]
    fn every_line_of_a_hot_function_is_gated(line in 0_usize..10, text in "[a-z]{1,8}", add in any::<bool>()) {
        let mut lines: Vec<String> = SOURCE.lines().map(str::to_owned).collect();
        let inside = line < 6;
        let blanks: String = lines[line].chars().take_while(|c| *c == ' ').collect();
        let statement = format!("{blanks}x = '{text}'");
        // Between a head and its body nothing of less depth may be.
        prop_assume!(!(add && [0, 6, 7].contains(&line)));
        match add {
            true => lines.insert(line, statement),
            false => lines[line] = statement,
        }
        let new = lines.join("\n") + "\n";
        let (found, _) = gated(vec![hot("step", at(FILE), 0.31)], &[(FILE, SOURCE)], &[(FILE, SOURCE, &new)]);
        let parses = Source::parse(&RepoPath::from(FILE), new.as_bytes()).is_ok();
        prop_assert_eq!(!found.is_empty(), inside || !parses, "{}", new);
    }
}
