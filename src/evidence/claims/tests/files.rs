//! The rules of file references.

use std::collections::BTreeMap;

use super::{File, Made};
use crate::evidence::claims::{Label, read};

#[test]
fn rules_9_to_13_are_of_files() {
    let tree = |files: &[(&str, u32)]| {
        let file = |(path, lines): &(&str, u32)| {
            let symbols = BTreeMap::from([("work".to_owned(), vec![12]), ("do_work".to_owned(), vec![12])]);
            let file = File {
                lines: *lines,
                symbols,
                definitions: BTreeMap::from([("do_work".to_owned(), vec![(12, 30)])]),
            };
            ((*path).to_owned(), file)
        };
        Made(files.iter().map(file).collect())
    };
    let head = tree(&[
        ("src/a.py", 40),
        ("src/b/util.py", 9),
        ("lib/util.py", 20),
        ("docs/x.md", 5),
    ]);
    let base = tree(&[("src/a.py", 90), ("old.py", 3)]);
    for (text, label) in [
        ("see `src/a.py:40`", Label::Right),
        ("see `a.py:10-40`", Label::Right),
        ("see `a.py:10-41`", Label::Right),
        ("see `a.py:10-42`", Label::RightBefore),
        ("see `a.py:10-92`", Label::Wrong),
        ("- `old.py`", Label::RightBefore),
        ("Lines 3-9 in util.py", Label::Uncheckable),
        ("see `b/util.py:3-9`", Label::Right),
        ("see `/home/u/p/src/b/util.py` (lines 3-9)", Label::Right),
        ("see `/home/u/p/src/b/util.py` (lines 3-19)", Label::Wrong),
        ("**File**: `/home/u/p/none.py`", Label::Wrong),
        ("log in `/tmp/run.log`", Label::Uncheckable),
        ("uses `/usr/lib/x.py`", Label::Uncheckable),
        ("the wheel in `build/x.py`", Label::Uncheckable),
        ("see src/none.py", Label::Wrong),
        ("- Create `src/none.py`", Label::Uncheckable),
        ("We should split it into `src/none.py`", Label::Uncheckable),
        ("## NEXT STEPS\n\n- `src/none.py`", Label::Uncheckable),
        ("# A PLAN\n\n- `src/none.py`", Label::Uncheckable),
        ("- No `src/none.py` exists", Label::Right),
        ("- `src/none.py` does not exist", Label::Right),
        ("- `src/a.py` does not exist", Label::Wrong),
        ("- No `src/a.py` changes were needed", Label::Uncheckable),
        ("- Removed `src/none.py`", Label::Right),
        ("```\npython src/none.py\n```", Label::Uncheckable),
        ("- `src/a.py:12` - calls `do_work()`", Label::Right),
        ("- `src/a.py:15-20` (`do_work` method)", Label::Right),
        ("- `do_work` at src/a.py:35", Label::Wrong),
        ("- `src/a.py:35` lacks `do_work`", Label::Uncheckable),
        ("- `src/a.py:12, 35` - calls `do_work()`", Label::Uncheckable),
        ("- `other_work` in `src/a.py:12`", Label::Wrong),
        ("- **docs/__init__.py:3** - x", Label::Wrong),
        (
            "| file | action |\n|---|---|\n| `src/none.py` | Create |\n",
            Label::Uncheckable,
        ),
    ] {
        let claims = read(text, Some(&head), Some(&base));
        let worst = claims.iter().find(|claim| claim.label != Label::Uncheckable);
        assert_eq!(
            worst.map_or(Label::Uncheckable, |claim| claim.label),
            label,
            "{text}: {claims:#?}"
        );
        // Without trees nobody is accused.
        assert!(
            read(text, None, None)
                .iter()
                .all(|claim| claim.label == Label::Uncheckable),
            "{text}"
        );
    }
}
