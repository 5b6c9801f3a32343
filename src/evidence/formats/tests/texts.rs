//! Text formats: Go, github-action-benchmark, gungraun, wrk, perf stat, divan, libtest.

use super::*;

#[test]
fn go_reads_the_benchmark_data_format() {
    let text = "goos: linux\npkg: p\nUnit x better=higher assume=exact\nlog output\nBenchmarkA-8\n\
                BenchmarkA-8 10 4.0 ns/op 0 B/op 3 x\nBenchmarkA-8 10 6.0 ns/op 0 B/op 3 x\nPASS\nok p 1s\n\
                pkg: p\nBenchmarkA-8 10 8.0 ns/op 0 B/op 3 x\n";
    assert_eq!(
        rows(text),
        [
            "p.BenchmarkA-8 · ns/op 6.5 ns/op lower runs 2/3",
            "p.BenchmarkA-8 · B/op 0 B/op lower runs 2/3",
            "p.BenchmarkA-8 · x 3 x higher exact 2/3",
        ]
    );
    let changing = "note: a\ncpu: c\nBenchmarkA 1 2 ns/op\nnote: b\nBenchmarkA 1 3 ns/op\n";
    assert_eq!(
        rows(changing),
        [
            "BenchmarkA {note=a} · ns/op 2 ns/op lower bare 1/1",
            "BenchmarkA {note=b} · ns/op 3 ns/op lower bare 1/1",
        ]
    );
}

#[test]
fn go_refuses_lines_that_do_not_end() {
    for line in [
        "BenchmarkA 1",
        "BenchmarkA 1 2",
        "BenchmarkA 1 2 ns/op 3",
        "BenchmarkA 1 x ns/op",
        "BenchmarkA 1 2 ns/op 3 ns/op",
    ] {
        let text = format!("BenchmarkA 1 2 ns/op\n{line}\n");
        assert_eq!(rows(&text), ["BenchmarkA · * · invalid: malformed line"], "{line}");
    }
    let invalid = |line: &str| rows(&format!("{line}\n"));
    assert_eq!(
        invalid("BenchmarkA 1 0 ns/op"),
        ["BenchmarkA · ns/op · invalid: zero time: below the resolution"]
    );
    assert_eq!(
        invalid("BenchmarkA 1 NaN ns/op"),
        ["BenchmarkA · ns/op · invalid: not a finite number"]
    );
    assert_eq!(
        invalid("--- FAIL: BenchmarkA\nBenchmarkA 1 2 ns/op"),
        ["BenchmarkA · * · invalid: FAIL"]
    );
    let differ = "Unit x assume=exact\nBenchmarkA 1 2 x\nBenchmarkA 1 3 x";
    assert_eq!(
        invalid(differ),
        ["BenchmarkA · x · invalid: assume=exact, but the values differ"]
    );
}

#[test]
fn github_action_benchmark_reads_the_newest_entry() {
    let bench = |value: &str| format!(r#"{{"name": "a", "unit": "ops/s", "value": {value}, "range": "± 1"}}"#);
    let entry = |id: &str, value: &str| {
        format!(
            r#"{{"commit": {{"id": "{id}"}}, "tool": "jmh", "benches": [{}]}}"#,
            bench(value)
        )
    };
    let entries = [entry("0123456789abcdef", "1"), entry("fedcba9876543210", "2")].join(",");
    let text = format!("window.BENCHMARK_DATA = {{\"entries\": {{\"s\": [{entries}]}}}};\n");
    assert_eq!(
        rows(&text),
        ["s/a · jmh 2 ops/s higher summary 1/0 (commit fedcba987654)"]
    );
    assert_eq!(
        read(text.as_bytes()).unwrap().provenance.commit.as_deref(),
        Some("fedcba9876543210")
    );
    assert_eq!(rows(&text[..text.len() - 4]), ["refused: not JSON to the end"]);
    assert_eq!(
        rows(&format!("[{}]", bench("2"))),
        ["a · custom 2 ops/s unknown summary 1/0"]
    );
    assert_eq!(
        rows(&format!("[{}]", bench("\"2\""))),
        ["a · * · invalid: the value is not a finite number"]
    );
}

#[test]
fn gungraun_reads_the_new_side() {
    let text = "running 0 tests\n\nb::g::f id:\"two\nlines\"\n  Instructions:    12|10   (+20.0000%) [+1.20000x]\n  \
                RAM Hits:       N/A|3    (*********)\nb::g::h\n  Instructions:     7|N/A  (*********)\n";
    assert_eq!(
        rows(text),
        [
            "b::g::f id:\"two\nlines\" · Instructions 12 - lower exact 1/1",
            "b::g::h · Instructions 7 - lower exact 1/1"
        ]
    );
    let iai = "bench_a\n  Instructions:      358 (No change)\n  L1 Accesses:        4 (-0.2%)\n";
    assert_eq!(rows(iai)[1], "bench_a · L1 Accesses 4 - lower exact 1/1");
    let record = r#"{"module_path": "b::f", "id": "x", "profiles": [{"summaries": {"total": {"summary": {"Callgrind": {"Ir": {"metrics": {"Both": [{"Int": 5}, {"Int": 4}]}}, "Old": {"metrics": {"Right": {"Int": 4}}}}}}}}]}"#;
    let expected = ["b::f x · Callgrind/Ir 5 - lower exact 1/1"];
    assert_eq!(rows(&format!("noise\n{record}\nnoise\n")), expected);
    assert_eq!(rows(record), expected);
    assert_eq!(rows(&format!("[{record}]")), expected);
    let cut = format!("noise\n{{\n  \"a\": [\n{record}\n");
    assert_eq!(rows(&cut), ["refused: a record that starts with { does not parse"]);
    let twice = format!("noise\n{}\n", record.replacen("\"id\"", "\"id\": 1, \"id\"", 1));
    assert_eq!(rows(&twice), ["refused: duplicate key 'id'"]);
}

#[test]
fn wrk_counts_its_runs() {
    let text = "Running 1s test @ http://a/\n  Thread Stats   Avg      Stdev     Max   +/- Stdev\n    Latency   500.00us    1ms  2ms  90%\n  \
                Latency Distribution\n     50%  250.00us\n     99%    2.00ms\nRequests/sec:   1000.50\n\
                Running 1s test @ http://a/\n  Socket errors: connect 0, read 1, write 0, timeout 0\nRequests/sec:  900\n";
    assert_eq!(
        rows(text),
        [
            "1s test @ http://a/ #1 · requests 1000.5 1/s higher bare 1/0",
            "1s test @ http://a/ #1 · latency avg 0.0005 s lower summary 1/0",
            "1s test @ http://a/ #1 · latency p50 0.00025 s lower bare 1/0",
            "1s test @ http://a/ #2 · * · invalid: socket errors: connect 0, read 1, write 0, timeout 0",
        ]
    );
}

#[test]
fn perf_stat_reads_fields_and_objects() {
    let csv = "# started on\n\n3.5,msec,task-clock,100,100.00,0.9,CPUs utilized\n7,,faults,0.5%,100,100.00,,\n<not counted>,,cycles,0,100.00,,\n";
    assert_eq!(
        rows(csv),
        [
            "task-clock · time 3.5 ms lower bare 1/0",
            "faults · count 7 - lower summary 1/0",
            "cycles · * · invalid: <not counted>",
        ]
    );
    let line = |event: &str, value: &str| {
        format!(r#"{{"counter-value" : "{value}", "unit" : "", "event" : "{event}", "pcnt-running" : 100.00}}"#)
    };
    assert_eq!(rows(&line("cycles", "7")), ["cycles · count 7 - lower bare 1/0"]);
    let two = [line("cycles", "7"), line("faults", "<not supported>")].join("\n");
    assert_eq!(
        rows(&two),
        [
            "cycles · count 7 - lower bare 1/0",
            "faults · * · invalid: <not supported>"
        ]
    );
    assert_eq!(rows(&two[..two.len() - 3]), ["refused: not JSON to the end"]);
    assert_eq!(
        rows(&format!("{two}\n{two}"))[0],
        "cycles · * · invalid: ambiguous: the name appears 2 times"
    );
}

#[test]
fn divan_joins_the_branches() {
    let text = "Timer precision: 20 ns\nroot             fastest       │ slowest       │ median        │ mean          │ samples │ iters\n\
                ├─ a             1.1 µs        │ 1.2 µs        │ 1.15 µs       │ 1.16 µs       │ 100     │ 200\n\
                ╰─ group                       │               │               │               │         │\n   \
                   ├─ 10         1 ms          │ 2 ms          │ 1.5 ms        │ 1.6 ms        │ 50      │ 50\n   \
                   │             9 GB/s        │ 9 GB/s        │ 9 GB/s        │ 9 GB/s        │         │\n   \
                   ╰─ 20         0 ns          │ 0 ns          │ 0 ns          │ 0 ns          │ 50      │ 50\n";
    assert_eq!(
        rows(text),
        [
            "root/a · time 1.15 µs lower bare 1/100 (median of the tool)",
            "root/group/10 · time 1.5 ms lower bare 1/50 (median of the tool)",
            "root/group/20 · * · invalid: zero time",
        ]
    );
}

#[test]
fn libtest_has_other_units_than_nanoseconds() {
    let text = "running 4 tests\ntest a ... ignored\ntest b ... bench:       3,296.25 ns/iter (+/- 521) = 12 MB/s\n\
                test c ... FAILED\ntest d ... bench: 9 MS/s (+/- 1)\ntest e ... bench:  3\n";
    assert_eq!(
        rows(text),
        [
            "b · time 3296.25 ns/iter lower summary 1/0",
            "c · * · invalid: FAILED",
            "d · rate 9 MS/s higher summary 1/0",
            "e · * · invalid: malformed line",
        ]
    );
}
