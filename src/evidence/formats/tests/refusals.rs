//! What holds for every format: whole files that are refused, encodings, names that appear twice.

use super::*;

#[test]
fn a_name_twice_is_ambiguous_but_for_repetitions() {
    let one = r#"{"command": "a", "times": [1.0]}"#;
    let ambiguous = ["a · * · invalid: ambiguous: the name appears 2 times"];
    assert_eq!(rows(&hyperfine(&format!("{one}, {one}"))), ambiguous);
    assert_eq!(
        rows("test a ... bench: 1 ns/iter (+/- 0)\ntest a ... bench: 2 ns/iter (+/- 0)\n"),
        ambiguous
    );
    let go = "BenchmarkA 1 2 ns/op\nBenchmarkA 1 4 ns/op\n";
    assert_eq!(rows(go), ["BenchmarkA · ns/op 3 ns/op lower within 1/2"]);
}

#[test]
fn whole_files_are_refused() {
    let good = hyperfine(r#"{"command": "a", "times": [1.0]}"#);
    for (text, reason) in [
        (good[..good.len() - 1].to_owned(), "not JSON to the end"),
        (format!("{good} x"), "not JSON to the end"),
        (format!("{good}\n{good}"), "not JSON to the end"),
        (
            good.replace(r#""times""#, r#""times": [2.0], "times""#),
            "duplicate key 'times'",
        ),
        ("[".repeat(1000), "nested too deeply"),
        (String::new(), "not a benchmark file of a known format"),
        ("{}".to_owned(), "not a benchmark file of a known format"),
        ("[]".to_owned(), "not a benchmark file of a known format"),
        (
            "BenchmarkA 1 2 ns/op\ntest a ... bench: 1 ns/iter (+/- 0)".to_owned(),
            "ambiguous: it reads as go and as libtest",
        ),
        (
            r#"{"results": [{"command": "a", "times": [1]}], "context": {}, "benchmarks": []}"#.to_owned(),
            "ambiguous: it reads as hyperfine and as google-benchmark",
        ),
        (
            r#"{"context": {}, "benchmarks": []}"#.to_owned(),
            "no benchmark in this google-benchmark file",
        ),
    ] {
        assert_eq!(rows(&text), [format!("refused: {reason}")], "{text}");
    }
    let large = vec![b' '; usize::try_from(MAX_BYTES).unwrap() + 1];
    assert_eq!(read(&large).unwrap_err().problem, Defect::TooLarge { limit: MAX_BYTES });
    assert_eq!(
        read(b"\xff\xff").unwrap_err().to_string(),
        "not text in UTF-8 or UTF-16"
    );
    assert_eq!(
        read(good.replace("1.0", "1.0\n\n").replace('}', "").as_bytes())
            .unwrap_err()
            .line,
        Some(3)
    );
}

#[test]
fn encodings_do_not_matter() {
    let text = "pkg: p\nBenchmarkA 1 2 ns/op\n";
    let wide: Vec<u8> = format!("\u{feff}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let expected = read(text.as_bytes()).unwrap();
    for bytes in [
        wide,
        text.replace('\n', "\r\n").into(),
        format!("\u{feff}{text}").into(),
    ] {
        assert_eq!(read(&bytes).unwrap(), expected);
    }
}
