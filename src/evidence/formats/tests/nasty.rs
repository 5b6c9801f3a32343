//! The same damage done to a good file of each JSON format: what is not all there, says something twice, or holds no number where a
//! measurement should be, is never taken for one; what is only stored otherwise reads the same.

use super::*;

/// A good file of each format, and how one of its measured values is written in it. `%` stands for the value.
const GOOD: [(&str, &str); 12] = [
    (
        r#"{"results": [{"command": "a", "times": [%, 2.5, 2.75], "exit_codes": [0, 0, 0]}]}"#,
        "2.25",
    ),
    (
        r#"{"machine_info": {"node": "vm"}, "commit_info": {"id": "abc"}, "benchmarks": [{"fullname": "a", "stats": {"rounds": 3, "data": [%, 2.5, 2.75]}}]}"#,
        "2.25",
    ),
    (
        r#"[{"jmhVersion": "1.37", "benchmark": "a", "mode": "avgt", "threads": 1, "forks": 1, "primaryMetric": {"score": 2.5, "scoreUnit": "ns/op", "rawData": [[%, 2.5, 2.75]]}}]"#,
        "2.25",
    ),
    (
        r#"{"context": {"host_name": "vm"}, "benchmarks": [{"name": "a", "run_name": "a", "run_type": "iteration", "real_time": %, "time_unit": "ns"}]}"#,
        "2.25",
    ),
    (
        r#"{"benchmarks": [{"metadata": {"name": "a"}, "runs": [{"values": [%, 2.5]}, {"values": [2.75]}]}], "metadata": {"unit": "second"}, "version": "1.0"}"#,
        "2.25",
    ),
    (
        r#"{"commit_hash": "abc", "params": {"machine": "vm"}, "result_columns": ["result", "params", "version", "samples"], "results": {"m.time_a": [[2.5], [], "v", [[%, 2.5, 2.75]]]}, "version": 2}"#,
        "2.25",
    ),
    (
        r#"{"a": {"latency": {"value": %, "lower_value": 1.5, "upper_value": 3.5}}}"#,
        "2.25",
    ),
    (
        r#"{"HostEnvironmentInfo": {"Configuration": "RELEASE"}, "Benchmarks": [{"Namespace": "N", "Type": "T", "Method": "M", "Parameters": "", "Statistics": {"N": 1, "Median": %}}]}"#,
        "2.25",
    ),
    (
        r#"{"files": [{"filepath": "/a", "groups": [{"fullName": "g", "benchmarks": [{"name": "n", "samples": [%, 2.5, 2.75], "sampleCount": 3}]}]}]}"#,
        "2.25",
    ),
    (
        r#"{"devices": [{"name": "G"}], "benchmarks": [{"name": "b", "states": [{"name": "s", "is_skipped": false, "summaries": [{"tag": "nv/cold/time/gpu/mean", "data": [{"name": "value", "type": "float64", "value": %}]}]}]}]}"#,
        r#""2.25""#,
    ),
    (
        r#"{"metrics": {"iteration_duration": {"type": "trend", "contains": "time", "values": {"med": %, "avg": 2.5}}}}"#,
        "2.25",
    ),
    (r#"[{"name": "a", "unit": "ns", "value": %}]"#, "2.25"),
];

fn good() -> impl Iterator<Item = (&'static str, String)> {
    GOOD.iter().map(|(text, value)| (*text, text.replace('%', value)))
}

/// The rows that may be used.
fn usable(text: &str) -> Vec<String> {
    let read = read(text.as_bytes());
    let rows = read.iter().flat_map(|reading| &reading.measurements);
    rows.filter(|row| row.kind.refusal().is_none()).map(shown).collect()
}

#[test]
fn the_good_ones_are_read_however_they_are_stored() {
    for (_, text) in good() {
        let expected = read(text.as_bytes()).unwrap_or_else(|refusal| unreachable!("{text}: {refusal}"));
        assert!(expected.is_usable(), "{text}: {:?}", rows(&text));
        let wide = |unit: fn(u16) -> [u8; 2]| {
            format!("\u{feff}{text}")
                .encode_utf16()
                .flat_map(unit)
                .collect::<Vec<u8>>()
        };
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut zipped, text.as_bytes()).unwrap();
        for bytes in [
            format!("\u{feff}{text}").into_bytes(),
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
            text.replace(", ", ",\r\n\t").into_bytes(),
            format!("\n{text}\r\n").into_bytes(),
            zipped.finish().unwrap(),
        ] {
            assert_eq!(read(&bytes).as_ref(), Ok(&expected), "{text}");
        }
        // UTF-16 without its mark is of no encoding that anybody stated.
        let unmarked: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(read(&unmarked).is_err(), "{text}");
    }
}

#[test]
fn what_was_cut_anywhere_or_goes_on_is_refused() {
    for (_, text) in good() {
        for end in 0..text.len() {
            assert!(read(&text.as_bytes()[..end]).is_err(), "{}", &text[..end]);
        }
        for more in ["}", ",", " {}", "\n[]", " x", "\u{feff}"] {
            let longer = format!("{text}{more}");
            assert!(read(longer.as_bytes()).is_err(), "{longer}");
        }
        let wide: Vec<u8> = format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(read(&wide[..wide.len() - 1]).is_err(), "{text}");
    }
}

#[test]
fn a_key_twice_is_refused_wherever_it_is() {
    let key = regex::Regex::new(r#""[A-Za-z_]+": "#).unwrap();
    for (_, text) in good() {
        for found in key.find_iter(&text) {
            // Before and after, as readers differ on which counts; also written otherwise.
            let name = found.as_str();
            let escaped = format!("\"\\u{:04x}{}", u32::from(name.as_bytes()[1]), &name[2..]);
            for twice in [format!("{name}1, {name}"), format!("{escaped}null, {name}")] {
                let text = format!("{}{twice}{}", &text[..found.start()], &text[found.end()..]);
                let refusal = read(text.as_bytes()).unwrap_err();
                assert!(refusal.to_string().starts_with("duplicate key"), "{text}: {refusal}");
            }
        }
    }
}

#[test]
fn what_is_no_number_is_no_measurement() {
    for (template, text) in good() {
        let text_value = text.contains(r#""value": "2.25""#);
        let good = usable(&text);
        for bad in [
            "NaN",
            "-NaN",
            "nan",
            "Infinity",
            "-Infinity",
            "inf",
            r#""NaN""#,
            r#""nan""#,
            r#""Infinity""#,
            r#""inf""#,
            r#""""#,
            "null",
            "true",
            "false",
            "[]",
            "{}",
            "[2.25]",
            r#"{"value": 2.25}"#,
            "-2.25",
            r#""-2.25""#,
            "-1e-300",
            r#""2,25""#,
            r#""2.25 ms""#,
            r#""0x2""#,
        ] {
            let damaged = template.replace('%', bad);
            let left = usable(&damaged);
            assert!(left.iter().all(|row| !good.contains(row)), "{damaged}: {left:?}");
            let raw = ["NaN", "inf", "Infinity"]
                .iter()
                .any(|word| left.iter().any(|row| row.contains(word)));
            assert!(!raw, "{damaged}: {left:?}");
        }
        // A number as a text is one only where the format writes numbers so.
        if !text_value {
            let left = usable(&template.replace('%', r#""2.25""#));
            assert!(left.iter().all(|row| !good.contains(row)), "{template}: {left:?}");
        }
        // More than a number can be: the file is refused; the largest that one can be does no harm.
        assert!(usable(&template.replace('%', "1e999")).is_empty(), "{template}");
        for huge in ["1.7976931348623157e308", "5e-324", "123456789012345678901234567890"] {
            for row in read(template.replace('%', huge).as_bytes())
                .iter()
                .flat_map(|reading| &reading.measurements)
            {
                assert!(row.value.is_none_or(f64::is_finite), "{template}: {row:?}");
            }
        }
    }
}

#[test]
fn zero_is_no_time_whatever_its_sign() {
    for (template, text) in good() {
        let of_time =
            !text.contains("latency") && !text.contains("\"unit\": \"ns\"") && !text.contains("iteration_duration");
        for zero in ["0", "0.0", "-0.0", "-0", "0e5", "0.0e-9"] {
            let zero = match text.contains(r#""value": "2.25""#) {
                true => format!("\"{zero}\""),
                false => zero.to_owned(),
            };
            let left = usable(&template.replace('%', &zero));
            assert!(!of_time || left.is_empty(), "{template}: {left:?}");
        }
    }
}

#[test]
fn empty_lists_and_missing_keys_are_no_measurement() {
    let list = regex::Regex::new(r"\[[^\[\]]*%[^\[\]]*\]").unwrap();
    let value = regex::Regex::new(r#""[A-Za-z_]+": (\[+)?"?2\.25"#).unwrap();
    for (template, text) in good() {
        let good = usable(&text);
        let empty = list.replace(template, "[]").replace('%', "2.25");
        if empty != text {
            let left = usable(&empty);
            assert!(left.iter().all(|row| !good.contains(row)), "{empty}: {left:?}");
        }
        let Some(key) = value.find(&text).map(|found| found.as_str()) else {
            continue;
        };
        let name = &key[..key.find(':').unwrap()];
        let other = text.replacen(&format!("{name}:"), "\"other\":", 1);
        let left = usable(&other);
        assert!(left.iter().all(|row| !good.contains(row)), "{other}: {left:?}");
    }
}

#[test]
fn texts_that_were_cut_give_nothing_that_was_not_there() {
    let go = "goos: linux\npkg: p\nBenchmarkA-8 10 4.25 ns/op 16 B/op\nBenchmarkB-8 10 6.5 ns/op 32 B/op\nPASS\n";
    let libtest = "running 2 tests\ntest a ... bench:       3,296 ns/iter (+/- 521)\ntest b ... bench:          12 ns/iter (+/- 2)\n";
    let divan = "Timer precision: 20 ns\nroot      fastest       │ slowest       │ median        │ mean          │ samples │ iters\n\
                 ├─ a      1.1 µs        │ 1.2 µs        │ 1.15 µs       │ 1.16 µs       │ 100     │ 200\n";
    let wrk = "Running 1s test @ http://a/\n  Thread Stats   Avg      Stdev     Max   +/- Stdev\n    Latency   500.00us    1ms  2ms  90%\n\
               Requests/sec:   1000.50\n";
    let perf = "3.5,msec,task-clock,100,100.00,0.9,CPUs utilized\n7,,faults,100,100.00,,\n";
    let gungraun = "b::g::f\n  Instructions:    12|10   (+20.0000%) [+1.20000x]\nb::g::h\n  Instructions:     7|N/A  (*********)\n";
    for text in [go, libtest, divan, wrk, perf, gungraun] {
        let good = usable(text);
        assert!(!good.is_empty(), "{text}");
        assert_eq!(usable(&text.replace('\n', "\r\n")), good);
        assert_eq!(usable(&format!("\u{feff}{text}")), good);
        for (end, _) in text.char_indices() {
            // A line that was cut must not read as another value of the same: `3,296` is not `3`.
            let name = |row: &String| row.split(' ').take(3).map(str::to_owned).collect::<Vec<_>>();
            for row in usable(&text[..end]) {
                let known = good.contains(&row) || good.iter().all(|good| name(good) != name(&row));
                assert!(known, "{row} of {good:?}:\n{}", &text[..end]);
            }
        }
    }
}
