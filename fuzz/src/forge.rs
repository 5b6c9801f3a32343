//! What a forge answers to `check --post`: statuses, headers and bodies of a whole conversation.

use certgate::forge::replay::{ORIGIN, Scripted, replay};

use crate::harmless;

const TOKEN: &str = "t0ken-of-nobody";

/// Most requests beyond the answers that there are: each of the few things that are asked is tried three times.
const BEYOND: usize = 40;

/// The first byte chooses the forge; then answers, with a line `====` between them: the status, headers a line each, an empty line, the body.
pub fn check(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let answers = answers(rest);
    let bodies: Vec<Vec<u8>> = answers.iter().map(|answer| answer.body.clone()).collect();
    let replayed = replay(first % 3, TOKEN, answers);
    assert!(
        replayed.requests.len() <= bodies.len() + BEYOND,
        "{}",
        replayed.requests.len()
    );
    let mut created = 0;
    for (method, address) in &replayed.requests {
        // The token goes nowhere else, whatever a redirect says.
        assert!(is_there(address), "{address}");
        let path = address.split('?').next().unwrap_or_default();
        created += usize::from(method == "POST" && (path.ends_with("/comments") || path.ends_with("/notes")));
        if matches!(method.as_str(), "PATCH" | "PUT" | "DELETE") && path.starts_with(&format!("{ORIGIN}/api/")) {
            // Only a comment that the forge has named is changed or taken away.
            let id = path.rsplit('/').next().unwrap_or_default();
            let named = |body: &Vec<u8>| body.windows(id.len()).any(|window| window == id.as_bytes());
            assert!(!id.is_empty() && bodies.iter().any(named), "{method} {address}");
        }
    }
    // One comment, which may be tried again where no answer said that it was written.
    assert!(created <= 3, "{created} comments");
    for told in &replayed.failed {
        harmless(told);
        let texts = [told.message()]
            .into_iter()
            .chain(told.notes().iter().map(String::as_str));
        for text in texts {
            assert!(!text.contains(TOKEN), "{text}");
        }
    }
}

/// Whether an address is one of the host that was named (RFC 3986, section 3.2): case and a port that goes without saying do not count.
fn is_there(address: &str) -> bool {
    let origin = ORIGIN.strip_prefix("https://").unwrap_or_default();
    let lower = address.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("https://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.strip_suffix(":443").unwrap_or(host) == origin
}

fn answers(data: &[u8]) -> Vec<Scripted> {
    let mut parts: Vec<Vec<u8>> = vec![Vec::new()];
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        match (line == b"====\n", parts.last_mut()) {
            (false, Some(last)) => last.extend_from_slice(line),
            _ => parts.push(Vec::new()),
        }
    }
    parts.iter().map(|part| answer(part)).collect()
}

fn answer(part: &[u8]) -> Scripted {
    let mut lines = part.split_inclusive(|byte| *byte == b'\n');
    let text = |line: &[u8]| String::from_utf8_lossy(line).trim_end().to_owned();
    let status = lines.next().map(text).and_then(|line| line.parse().ok()).unwrap_or(200);
    let mut headers = Vec::new();
    let mut read = part
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(part.len(), |at| at + 1);
    for line in lines {
        read += line.len();
        match text(line).split_once(':') {
            Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
            None => break,
        }
    }
    Scripted {
        status,
        headers,
        body: part.get(read..).unwrap_or_default().to_vec(),
    }
}
