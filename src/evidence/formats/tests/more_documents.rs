//! JSON formats: pyperf, asv, BMF, BenchmarkDotNet, vitest, nvbench, k6.

use super::*;

#[test]
fn pyperf_takes_runs_with_values() {
    let text = r#"{"benchmarks": [{"metadata": {"name": "a"}, "runs": [{"warmups": [[1, 9.0]]}, {"values": [1.0, 3.0]}, {"values": [4.0]}]}],
                   "metadata": {"hostname": "vm", "unit": "second"}, "version": "1.0"}"#;
    assert_eq!(rows(text), ["a · time 3 s lower runs 2/3"]);
    let text = text.replace("second", "byte").replace("4.0", "0");
    assert_eq!(rows(&text), ["a · memory 1 B lower runs 2/3"]);
    let zero = text.replace("byte", "second");
    assert_eq!(rows(&zero), ["a · * · invalid: zero time: below the resolution"]);
    let none = r#"{"benchmarks": [{"runs": [{"warmups": [[1, 9.0]]}]}], "metadata": {"name": "a"}, "version": "1.0"}"#;
    assert_eq!(rows(none), ["a · * · invalid: no run has values"]);
}

fn asv(results: &str) -> String {
    let columns = r#"["result", "params", "version", "stats_q_25", "stats_repeat", "samples"]"#;
    format!(
        r#"{{"commit_hash": "abc", "params": {{"machine": "vm"}}, "result_columns": {columns}, "results": {{{results}}}, "version": 2}}"#
    )
}

#[test]
fn asv_reads_both_versions() {
    assert_eq!(
        rows(&asv(r#""m.time_a": [[2.0], [], "v", [1.9], [10]]"#)),
        ["m.time_a · time 2 s lower summary 1/10"]
    );
    assert_eq!(
        rows(&asv(r#""m.track_a": [[2.0], []]"#)),
        ["m.track_a · value 2 - unknown bare 1/0"]
    );
    let parameters = asv(r#""m.peakmem_a": [[1, null, NaN, 4], [["1", "2"], ["'x'", "'y'"]]]"#);
    assert_eq!(
        rows(&parameters),
        [
            "m.peakmem_a {1, 'x'} · memory 1 B lower bare 1/0",
            "m.peakmem_a {1, 'y'} · * · invalid: null: failed or not run",
            "m.peakmem_a {2, 'x'} · * · invalid: NaN: skipped",
            "m.peakmem_a {2, 'y'} · memory 4 B lower bare 1/0",
        ]
    );
    let samples = asv(r#""m.time_a": [[2.0], [], "v", [1.9], [3], [[1.0, 2.0, 3.0]]]"#);
    assert_eq!(rows(&samples), ["m.time_a · time 2 s lower within 1/3"]);
    let edited = samples.replace("[[2.0]", "[[1.5]");
    assert_eq!(
        rows(&edited),
        ["m.time_a · * · invalid: result does not follow from samples"]
    );
    let old = r#"{"commit_hash": "abc", "params": {}, "results": {"time_a": 0.5, "time_b": null,
                  "time_c": {"params": [["1", "2"]], "result": [0.5, 0]}}, "version": 1}"#;
    assert_eq!(
        rows(old),
        [
            "time_a · time 0.5 s lower bare 1/0",
            "time_b · * · invalid: null: failed or not run",
            "time_c {1} · time 0.5 s lower bare 1/0",
            "time_c {2} · * · invalid: zero time: below the resolution",
        ]
    );
    assert_eq!(
        rows(&asv(r#""m.time_a": [[2.0], [["1", "2"]]]"#)),
        ["m.time_a · * · invalid: not one result for each combination of parameters"]
    );
}

#[test]
fn bmf_has_neither_unit_nor_direction() {
    let text = r#"{"a": {"latency": {"value": 2, "lower_value": 1, "upper_value": 3}, "count": {"value": 0}},
                   "b": {"latency": {"value": 2, "upper_value": 1}, "x": {"value": "2"}}}"#;
    assert_eq!(
        rows(text),
        [
            "a · latency 2 - unknown summary 1/0",
            "a · count 0 - unknown bare 1/0",
            "b · latency · invalid: bounds do not enclose the value",
            "b · x · invalid: not a finite number",
        ]
    );
}

fn benchmarkdotnet(rest: &str) -> String {
    format!(
        r#"{{"HostEnvironmentInfo": {{"Configuration": "RELEASE"}}, "Benchmarks": [{{"Namespace": "N", "Type": "T", "Method": "M", "Parameters": "Z=2&A=1", {rest}}}]}}"#
    )
}

#[test]
fn benchmarkdotnet_has_a_run_for_each_launch() {
    let result = |launch: u32, time: u32| {
        format!(
            r#"{{"IterationMode": "Workload", "IterationStage": "Result", "LaunchIndex": {launch}, "Operations": 2, "Nanoseconds": {time}}}"#
        )
    };
    let warmup = result(1, 99).replace("Result", "Warmup");
    let measurements = [warmup, result(1, 4), result(2, 8)].join(",");
    let text = |median: &str| {
        benchmarkdotnet(&format!(
            r#""Statistics": {{"N": 2, "Median": {median}, "OriginalValues": [4, 2]}}, "Memory": {{"BytesAllocatedPerOperation": 0}},
               "Measurements": [{measurements}]"#
        ))
    };
    let name = "N.T.M {A=1, Z=2}";
    assert_eq!(
        rows(&text("3.0")),
        [
            format!("{name} · time 3 ns lower runs 2/2"),
            format!("{name} · allocated 0 B lower bare 1/1")
        ]
    );
    assert_eq!(
        rows(&text("2.9")),
        [format!(
            "{name} · * · invalid: statistics do not follow from the measurements"
        )]
    );
    let brief = benchmarkdotnet(r#""Statistics": {"N": 9, "Median": 3.5}"#);
    assert_eq!(rows(&brief), [format!("{name} · time 3.5 ns lower summary 1/9")]);
    let failed = benchmarkdotnet(r#""Statistics": null"#);
    assert_eq!(
        rows(&failed),
        [format!(
            "{name} · * · invalid: no statistics: the benchmark failed or was not run"
        )]
    );
    let zero = benchmarkdotnet(r#""Statistics": {"Median": 0}"#);
    assert_eq!(rows(&zero), [format!("{name} · * · invalid: zero time")]);
}

fn vitest(bench: &str) -> String {
    format!(
        r#"{{"files": [{{"filepath": "/a", "groups": [{{"fullName": "a.ts > g", "benchmarks": [{{"name": "n", {bench}}}]}}]}}]}}"#
    )
}

#[test]
fn vitest_is_a_summary_unless_it_has_its_samples() {
    let text = vitest(r#""samples": [], "sampleCount": 9, "median": 2.0, "mean": 2.1"#);
    assert_eq!(rows(&text), ["a.ts > g > n · time 2 ms lower summary 1/9"]);
    let text = vitest(r#""samples": [1.0, 3.0], "sampleCount": 2, "mean": 2.0"#);
    assert_eq!(rows(&text), ["a.ts > g > n · time 2 ms lower within 1/2"]);
    let edited = text.replace("\"mean\": 2.0", "\"mean\": 1.9");
    assert_eq!(
        rows(&edited),
        ["a.ts > g > n · * · invalid: summary does not follow from samples[]"]
    );
    let none = vitest(r#""samples": [], "sampleCount": 0"#);
    assert!(rows(&none)[0].ends_with("neither median nor mean: the benchmark failed or was not run"));
}

#[test]
fn nvbench_gives_the_mean_on_the_gpu() {
    let datum = |tag: &str, value: &str| {
        format!(r#"{{"tag": "{tag}", "data": [{{"name": "value", "type": "float64", "value": "{value}"}}]}}"#)
    };
    let state = |rest: &str| {
        format!(
            r#"{{"devices": [{{"name": "G"}}], "benchmarks": [{{"name": "b", "states": [{{"name": "Device=0", {rest}}}]}}]}}"#
        )
    };
    let summaries = [datum("nv/cold/sample_size", "7"), datum("nv/cold/time/gpu/mean", "0.5")].join(",");
    let text = state(&format!(r#""is_skipped": false, "summaries": [{summaries}]"#));
    assert_eq!(rows(&text), ["b Device=0 · gpu time 0.5 s lower summary 1/7 (mean)"]);
    assert_eq!(read(text.as_bytes()).unwrap().provenance.cpu.as_deref(), Some("G"));
    let skipped = state(r#""is_skipped": true, "skip_reason": "too large", "summaries": null"#);
    assert_eq!(rows(&skipped), ["b Device=0 · * · invalid: skipped: too large"]);
    let odd = text.replace("\"0.5\"", "\"nan\"");
    assert_eq!(
        rows(&odd),
        ["b Device=0 · * · invalid: the mean is not a finite number"]
    );
}

#[test]
fn k6_reads_both_summaries() {
    let full = r#"{"metrics": {
        "iterations": {"type": "counter", "contains": "default", "values": {"count": 9, "rate": 3}},
        "http_req_waiting": {"type": "trend", "contains": "time", "values": {"med": 0, "avg": 1}},
        "vus": {"type": "gauge", "contains": "default", "values": {"value": 2}},
        "http_req_failed": {"type": "rate", "contains": "default", "values": {"rate": 0.25, "passes": 1, "fails": 3}}}}"#;
    assert_eq!(
        rows(full),
        [
            "iterations · rate 3 1/s higher bare 1/0",
            "http_req_waiting · med 0 ms lower summary 1/0",
            "http_req_failed · * · invalid: 0.25 of the requests failed: policy says how many are allowed",
        ]
    );
    let exported = r#"{"metrics": {"http_reqs": {"count": 9, "rate": 3}, "http_req_waiting": {"avg": 1, "med": 2},
        "mine": {"avg": 1, "med": 2}, "http_req_failed": {"value": 0, "passes": 0, "fails": 9}}, "root_group": {}}"#;
    assert_eq!(
        rows(exported),
        [
            "http_reqs · rate 3 1/s higher bare 1/0",
            "http_req_waiting · med 2 ms lower summary 1/0",
            "mine · med 2 - unknown summary 1/0",
        ]
    );
}
