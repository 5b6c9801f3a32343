//! `docs/demo.svg`, the picture in the README: what `certgate demo` really prints, in its colours. It cannot drift from the program.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use crate::support::TestRepo;

const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/demo.svg");
const REWRITE: &str = "CERTGATE_PICTURE=write cargo test --locked --test it picture::";

#[test]
fn the_picture_is_what_the_demo_prints() {
    let mut repo = TestRepo::empty();
    repo.set("CLICOLOR_FORCE", "1");
    repo.set("TERM", "xterm-256color");
    let output = repo.certgate(&["demo"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
    let begin = printed.find("1. ").unwrap();
    let end = printed.find("3. ").unwrap();
    let shown = timeless(printed[begin..end].trim_end());
    assert!(
        shown.contains("\u{1b}[") && shown.contains("CG201"),
        "in colours: {shown:?}"
    );
    let svg = anstyle_svg::Term::new().render_svg(&shown);
    if std::env::var("CERTGATE_PICTURE").as_deref() == Ok("write") {
        std::fs::write(PICTURE, svg).unwrap();
        return;
    }
    let there = std::fs::read_to_string(PICTURE).unwrap_or_default();
    assert!(there == svg, "docs/demo.svg is not what the demo prints; {REWRITE}");
}

/// The text with the same ids and moments at every run: digits of dates and hexadecimal ids are replaced, length for length.
pub(crate) fn timeless(text: &str) -> String {
    let replace = |text: &str, pattern: &str, with: &str| {
        let pattern = regex::Regex::new(pattern).unwrap();
        pattern.replace_all(text, with).into_owned()
    };
    let text = replace(text, r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", "2026-11-22 14:03:00");
    let text = replace(&text, r"20\d{6}_\d{6}", "20261122_140300");
    let text = replace(&text, r"\b01[0-9A-HJKMNP-TV-Z]{24}\b", "01JD0000000000000000000000");
    let text = replace(&text, r"\b[0-9a-f]{64}\b", &"0".repeat(64));
    let text = replace(&text, r"\b[0-9a-f]{40}\b", &"0".repeat(40));
    let text = replace(&text, r"\b([0-9a-f]{10}):\.certgate", "d5a59a96ca:.certgate");
    let text = replace(&text, r"\[main [0-9a-f]{7,12}\]", "[main 1c002de]");
    replace(&text, r"/\S*certgate-demo-\w+", "/tmp/certgate-demo")
}
