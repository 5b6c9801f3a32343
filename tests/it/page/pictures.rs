//! `docs/page-light.png` and `docs/page-dark.png`: what Chromium makes of a page; `docs/comment.png`: what it makes of the comment, rendered
//! by cmark-gfm in a style of ours that is like GitHub's. They are written by
//! `CERTGATE_PICTURE=write cargo test --locked --test it page::pictures`; what a browser draws differs from version to version, so that otherwise
//! only their size and form are looked at.

use std::path::Path;

use super::driver::Browser;
use super::{axe, made};
use crate::formats;
use crate::scene::run;
use crate::support::scratch;

const WIDTH: u32 = 1000;
const HEIGHT: u32 = 1500;

#[test]
fn the_documentation_shows_the_page() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let pictures = ["light", "dark"].map(|scheme| (scheme, docs.join(format!("page-{scheme}.png"))));
    if std::env::var("CERTGATE_PICTURE").as_deref() == Ok("write") {
        axe().expect("the browser is needed");
        let folder = scratch();
        let page = made::page(&made::story(), folder.path());
        let timeless = crate::picture::timeless(&std::fs::read_to_string(&page).unwrap());
        std::fs::write(&page, timeless).unwrap();
        let browser = Browser::open();
        browser.size(WIDTH, HEIGHT);
        browser.cdp("Emulation.setScrollbarsHidden", serde_json::json!({ "hidden": true }));
        for (scheme, file) in &pictures {
            browser.medium(scheme, "screen");
            browser.show(&page);
            browser.run(
                "document.querySelectorAll('#component-gpu_memory .rows details').forEach(one => { one.open = true; }); \
                 if (matchMedia('(prefers-color-scheme: dark)').matches) document.getElementById('component-lexer').scrollIntoView();",
            );
            std::fs::write(file, browser.picture()).unwrap();
        }
    }
    for (_, file) in pictures {
        is_picture(&file, (WIDTH, HEIGHT));
    }
}

/// A comment on a pull request, in a frame as forges have one.
const COMMENT: &str = "<!DOCTYPE html><meta charset=utf-8><title>comment</title><style>
body { margin: 24px; background: #f6f8fa; font: 14px/1.5 -apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif; color: #1f2328; }
article { background: #fff; border: 1px solid #d1d9e0; border-radius: 6px; max-width: 880px; }
header { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; padding: 8px 16px; color: #59636e; }
header b { color: #1f2328; } main { padding: 16px; } main > :first-child { margin-top: 0; }
h3 { font-size: 1.25em; } table { border-collapse: collapse; margin: 0 0 16px; } th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; }
tr:nth-child(2n) td { background: #f6f8fa; }
code { background: #818b981f; border-radius: 6px; padding: .2em .4em; font: 85% ui-monospace, 'DejaVu Sans Mono', monospace; }
pre { background: #f6f8fa; border-radius: 6px; padding: 16px; overflow-wrap: anywhere; white-space: pre-wrap; } pre code { background: none; padding: 0; }
details { margin: 0 0 8px; } summary { cursor: pointer; } sub { color: #59636e; }
</style><article><header><b>certgate</b> commented</header><main>";

#[test]
fn the_documentation_shows_the_comment() {
    const HEIGHT: u32 = 800;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/comment.png");
    if std::env::var("CERTGATE_PICTURE").as_deref() == Ok("write") {
        axe().expect("the browser is needed");
        let folder = scratch();
        let story = made::story();
        let comment = run(&story.repo, &["check", "--base", "main", "--format", "markdown"])
            .ends(1)
            .out;
        let rendered =
            formats::rendered(&story.repo, &crate::picture::timeless(&comment)).expect("cmark-gfm is needed");
        let page = folder.path().join("comment.html");
        std::fs::write(&page, format!("{COMMENT}{rendered}</main></article>")).unwrap();
        let browser = Browser::open();
        browser.size(WIDTH, HEIGHT);
        browser.cdp("Emulation.setScrollbarsHidden", serde_json::json!({ "hidden": true }));
        browser.medium("light", "screen");
        browser.show(&page);
        browser.run("document.querySelector('details')?.setAttribute('open', '')");
        std::fs::write(&file, browser.picture()).unwrap();
    }
    is_picture(&file, (WIDTH, HEIGHT));
}

fn is_picture(file: &Path, size: (u32, u32)) {
    let bytes = std::fs::read(file).unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{}", file.display());
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((number(16), number(20)), size, "{}", file.display());
    assert!(bytes.len() < 250_000, "{}: {} bytes", file.display(), bytes.len());
}
