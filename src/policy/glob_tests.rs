//! Glob lists, and what they hold to.

use super::*;
use proptest::prelude::*;

fn list(globs: &[&str]) -> GlobList {
    GlobList::new(globs).unwrap()
}

#[test]
fn stars_stop_at_slashes() {
    assert!(list(&["*.md"]).matches(b"README.md"));
    assert!(!list(&["*.md"]).matches(b"docs/README.md"));
    assert!(list(&["**/*.md"]).matches(b"README.md"));
    assert!(list(&["src/train/"]).matches(b"src/train/a/b.py"));
    assert!(!list(&["src/train/"]).matches(b"src/train"));
    assert!(list(&["a/**/b"]).matches(b"a/b"));
    assert!(list(&["**"]).matches(b"a/b/c"));
    assert!(list(&["**/*.{c,cc}"]).matches(b"x/y.cc"));
    assert!(list(&["src/[a-c]?.rs"]).matches(b"src/bx.rs"));
    assert!(list(&["caf\u{e9}/*"]).matches("café/x".as_bytes()));
    assert!(list(&["**/*.bin"]).matches(b"a/\xff\xfe.bin"));
}

#[test]
fn an_empty_alternative_is_one() {
    let globs = list(&["src/hot{,.rs}", "lib{,/**}", "**/{,v}[0-9]*.py"]);
    for path in ["src/hot", "src/hot.rs", "lib", "lib/a/b.c", "a/1.py", "v2.py"] {
        assert!(globs.matches(path.as_bytes()), "{path}");
    }
    for path in ["src/hot.c", "libs", "a/x1.py"] {
        assert!(!globs.matches(path.as_bytes()), "{path}");
    }
}

#[test]
fn later_globs_win() {
    let globs = list(&["src/**", "!**/*.md", "src/keep.md"]);
    assert_eq!(globs.deciding(b"src/a.rs"), Some("src/**"));
    assert!(!globs.matches(b"src/a.md"));
    assert!(globs.matches(b"src/keep.md"));
    assert!(list(&["!tests/**"]).matches(b"src/a.rs"));
    assert!(!list(&["!tests/**"]).matches(b"tests/a.rs"));
    assert!(!GlobList::default().matches(b"a"));
}

fn gating<'g>(globs: &'g GlobList, path: &str) -> Option<(&'g str, bool)> {
    let found = globs.gating(&TwinPath::new(path.as_bytes()))?;
    Some((found.glob, found.how == Likeness::Twin))
}

#[test]
fn twins_of_what_is_gated_are_gated_and_twins_of_what_is_exempt_are_not_exempt() {
    let globs = list(&[
        "src/train/**",
        "!**/*.md",
        "docs/Caf\u{e9}/[A-C]?.py",
        "**/Makefile",
        "[Z-a]*",
    ]);
    assert_eq!(gating(&globs, "src/train/a.py"), Some(("src/train/**", false)));
    assert_eq!(gating(&globs, "SRC/tra\u{200c}in/a.py"), Some(("src/train/**", true)));
    assert_eq!(gating(&globs, "src/Train/a.md"), None);
    assert_eq!(gating(&globs, "src/train/a.MD"), Some(("src/train/**", false)));
    assert_eq!(gating(&globs, "src/Train/a.MD"), Some(("src/train/**", true)));
    assert_eq!(
        gating(&globs, "docs/cafe\u{301}/bx.py"),
        Some(("docs/Caf\u{e9}/[A-C]?.py", true))
    );
    assert_eq!(gating(&globs, "x/makefile"), Some(("**/Makefile", true)));
    assert_eq!(gating(&globs, "src/other/a.py"), None);
    assert_eq!(gating(&list(&["!tests/**"]), "tests/a"), None);
    assert_eq!(gating(&list(&["!tests/**"]), "Tests/a"), Some(("!tests/**", false)));
}

#[test]
fn a_link_stands_for_the_directories_below_it() {
    let globs = list(&["src/train/**", "**/*.cu", "!docs/**", "Kernels/x.py"]);
    let inside = |path: &str| globs.inside(&TwinPath::new(path.as_bytes())).map(|found| found.glob);
    assert_eq!(inside("src/train"), Some("src/train/**"));
    assert_eq!(inside("SRC"), Some("src/train/**"));
    assert_eq!(inside("kernels"), Some("Kernels/x.py"));
    assert_eq!(inside("src/trainer"), None);
    assert_eq!(inside("docs"), None);
    assert_eq!(inside("src/train/x"), None);
}

#[test]
fn bad_globs_are_refused() {
    for bad in ["", "!", "/etc", "./a", "a/[", "a{b", "a/{b,{c}"] {
        assert!(GlobList::new(&[bad]).is_err(), "{bad}");
    }
}

#[test]
fn prefixes_cover_what_matches() {
    let prefixes = list(&[
        "certificates/**/*.md",
        "docs/*/x/*.md",
        "docs/ai/**",
        "!docs/no/**",
        "A.md",
    ]);
    assert_eq!(
        prefixes.literal_prefixes(),
        [b"A.md".to_vec(), b"certificates".to_vec(), b"docs".to_vec()]
    );
    assert_eq!(list(&["**/c/*.md", "a/**"]).literal_prefixes(), [b"".to_vec()]);
}

proptest! {
    #[test]
    fn agrees_with_globset(glob in r"(\*\*/|a|b|\*|/|\{a,b\}|\{ab,c\}|\.py|\*\*){1,7}", paths in proptest::collection::vec(r"[abc]{1,2}(/[abc]{1,2}){0,4}(\.py)?", 1..20)) {
        let glob = if glob.ends_with('/') { glob + "**" } else { glob };
        // As in a policy: no `/` at the start.
        let glob = glob.trim_start_matches('/').to_owned();
        if let (Some(wanted), Ok(built)) = (components(&glob), build(&glob, false)) {
            let compiled = built.compile_matcher();
            for path in &paths {
                prop_assert_eq!(
                    wanted.iter().any(|w| matches_components(w, &path.as_bytes().split(|&b| b == b'/').collect::<Vec<_>>())),
                    compiled.is_match(path),
                    "{} on {}", &glob, path
                );
            }
        }
    }

    #[test]
    fn folding_only_gates_more(globs in proptest::collection::vec(r"!?(\*\*/|a|B|\*|/|\?|[b-c]|é){1,6}", 1..4), path in r"[abBÉ]{1,2}(/[aAbc]{1,2}){0,3}") {
        if let Ok(list) = GlobList::new(&globs) {
            let found = list.gating(&TwinPath::new(path.as_bytes()));
            if let Some(glob) = list.deciding(path.as_bytes()) {
                prop_assert_eq!(found, Some(Gating { glob, how: Likeness::Same }));
            }
            // Without negations, what is gated stays gated in capitals.
            if found.is_some() && !globs.iter().any(|glob| glob.starts_with('!')) {
                prop_assert!(list.gating(&TwinPath::new(path.to_uppercase().as_bytes())).is_some(), "{:?} {}", globs, path);
            }
        }
    }

    #[test]
    fn never_panics(globs in proptest::collection::vec(".{0,12}", 0..4), path in proptest::collection::vec(1u8..=255, 1..30)) {
        if let Ok(list) = GlobList::new(&globs) {
            let _ = list.matches(&path);
            let _ = list.literal_prefixes();
        }
    }
}
