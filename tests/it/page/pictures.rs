//! `docs/page-light.png` and `docs/page-dark.png`: what Chromium makes of a page. They are written by
//! `CERTGATE_PICTURE=write cargo test --locked --test it page::pictures`; what a browser draws differs from version to version, so that otherwise
//! only their size and form are looked at.

use std::path::Path;

use super::driver::Browser;
use super::{axe, made};
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
        let bytes = std::fs::read(&file).unwrap();
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{}", file.display());
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        assert_eq!((number(16), number(20)), (WIDTH, HEIGHT), "{}", file.display());
        assert!(bytes.len() < 250_000, "{}: {} bytes", file.display(), bytes.len());
    }
}
