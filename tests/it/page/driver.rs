//! A browser, driven by the WebDriver protocol (https://www.w3.org/TR/webdriver2/): JSON over HTTP on the loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// What an element is known by in the protocol.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys, as the protocol has them.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
pub(crate) const SPACE: &str = "\u{e00d}";
pub(crate) const CONTROL: &str = "\u{e009}";

/// Chromium without a window. It ends with the value.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts it.
    pub(crate) fn open() -> Self {
        let profile = crate::support::scratch();
        let mut driver = Command::new("chromedriver")
            .args(["--port=0", "--allowed-ips=127.0.0.1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("successfully on port ")?
                    .1
                    .trim_end_matches('.')
                    .parse()
                    .ok()
            })
            .unwrap();
        // Whoever stops reading would stop the driver, once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            _profile: profile,
        };
        let directory = format!("--user-data-dir={}", browser._profile.path().display());
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            &directory,
        ];
        let binary = crate::page::on_path("chromium").unwrap();
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "binary": binary, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let made = browser.http("POST", "/session", Some(&wanted));
        browser.session = made["sessionId"].as_str().unwrap().to_owned();
        browser
    }

    /// One exchange; gives `value` of the answer.
    fn http(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = None;
        loop {
            let mut line = String::new();
            assert!(reader.read_line(&mut line).unwrap() > 0, "no answer to {method} {path}");
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(said) = line.strip_prefix("content-length:") {
                length = said.trim().parse::<u64>().ok();
            }
        }
        let mut text = String::new();
        reader.take(length.unwrap()).read_to_string(&mut text).unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        let failed = &answer["value"]["error"];
        assert!(
            !failed.is_string(),
            "{method} {path}: {}: {}",
            failed,
            answer["value"]["message"]
        );
        answer["value"].clone()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.http("POST", &format!("/session/{}/{path}", self.session), Some(body))
    }

    /// A command of the DevTools protocol.
    pub(crate) fn cdp(&self, command: &str, parameters: Value) -> Value {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Opens a file.
    pub(crate) fn show(&self, file: &Path) {
        self.post("url", &json!({ "url": format!("file://{}", file.display()) }));
    }

    /// What a script gives: the body of a function.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// What an expression is.
    pub(crate) fn ask(&self, expression: &str) -> Value {
        self.run(&format!("return {expression};"))
    }

    /// What a script gives to its last argument, a function, later.
    pub(crate) fn run_async(&self, script: &str) -> Value {
        self.post("execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Clicks on the first element of a selector, as a pointer does: it must be there, and nothing over it.
    pub(crate) fn click(&self, selector: &str) {
        let found = self.post("element", &json!({ "using": "css selector", "value": selector }));
        let id = found[ELEMENT].as_str().unwrap();
        self.post(&format!("element/{id}/click"), &json!({}));
    }

    /// Presses and releases keys one after the other, wherever the focus is.
    pub(crate) fn keys(&self, keys: &str) {
        let each = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() })));
        self.perform(each.collect());
    }

    /// Presses a key while another is held.
    pub(crate) fn chord(&self, held: &str, key: &str) {
        let press = |kind: &str, key: &str| json!({ "type": kind, "value": key });
        self.perform(vec![
            press("keyDown", held),
            press("keyDown", key),
            press("keyUp", key),
            press("keyUp", held),
        ]);
    }

    fn perform(&self, actions: Vec<Value>) {
        self.post(
            "actions",
            &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }),
        );
    }

    /// Makes the window so large, in pixels of CSS.
    pub(crate) fn size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", size);
    }

    /// Has the page be in `light` or `dark`, for `screen` or `print`; where it would move by itself, at once.
    pub(crate) fn medium(&self, scheme: &str, medium: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.cdp(
            "Emulation.setEmulatedMedia",
            json!({ "media": medium, "features": features }),
        );
    }

    /// Lets pages run scripts, or not.
    pub(crate) fn scripts(&self, run: bool) {
        self.cdp("Emulation.setScriptExecutionDisabled", json!({ "value": !run }));
    }

    /// The page on paper: a PDF.
    pub(crate) fn print(&self) -> Vec<u8> {
        decoded(self.post("print", &json!({})).as_str().unwrap())
    }

    /// What is in the window, as PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let taken = self.cdp("Page.captureScreenshot", json!({ "format": "png" }));
        decoded(taken["data"].as_str().unwrap())
    }

    /// What the browser complained of since it was asked last: violations of the policy for content are among it.
    pub(crate) fn complaints(&self) -> Vec<Value> {
        self.post("se/log", &json!({ "type": "browser" }))
            .as_array()
            .unwrap()
            .clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.http("DELETE", &format!("/session/{}", self.session), None);
        } else if !self.session.is_empty() {
            // The browser must not outlive a test that failed; whatever comes of it, nothing more is said.
            let ended = TcpStream::connect(("127.0.0.1", self.port)).and_then(|mut stream| {
                let path = format!("/session/{}", self.session);
                stream.set_read_timeout(Some(Duration::from_secs(10)))?;
                stream.write_all(
                    format!(
                        "DELETE {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    )
                    .as_bytes(),
                )?;
                stream.read(&mut [0; 64])
            });
            drop(ended);
        }
        let _gone = self.driver.kill();
        let _gone = self.driver.wait();
    }
}

fn decoded(text: &str) -> Vec<u8> {
    use base64ct::Encoding as _;
    base64ct::Base64::decode_vec(text).unwrap()
}
