//! JSON formats: hyperfine, criterion, pytest-benchmark, JMH, Google Benchmark.

use super::*;

#[test]
fn hyperfine_gives_a_run_for_each_time() {
    let text = hyperfine(
        r#"{"command": "a", "mean": 2.0, "median": 2.0, "min": 1.0, "max": 3.0, "times": [1.0, 2.0, 3.0],
            "memory_usage_byte": [10, 30, 20], "exit_codes": [0, 0, 0], "parameters": {"z": "2", "n": "1"}}"#,
    );
    assert_eq!(
        rows(&text),
        [
            "a {n=1, z=2} · time 2 s lower runs 3/3",
            "a {n=1, z=2} · memory 20 B lower runs 3/3"
        ]
    );
    assert_eq!(format_of(&text), Format::Hyperfine);
    let old = hyperfine(r#"{"command": "a", "times": [2.0], "parameter": "4"}"#);
    assert_eq!(rows(&old), ["a {parameter=4} · time 2 s lower runs 1/1"]);
    let exported = hyperfine(r#"{"command": "a", "mean": 3.0, "median": 2.0}"#);
    assert_eq!(rows(&exported), ["a · time 2 s lower summary 1/0"]);
}

#[test]
fn hyperfine_refuses_what_failed_or_was_edited() {
    for (rest, reason) in [
        (r#""times": [1.0, 2.0], "exit_codes": [0, 1]"#, "exit codes 0,1"),
        (
            r#""times": [1.0, 2.0], "exit_codes": [127, null]"#,
            "exit codes 127,null",
        ),
        (
            r#""times": [1.0, 2.0], "exit_codes": [0]"#,
            "not one exit code for each time",
        ),
        (r#""times": [1.0, 0.0]"#, "zero time: below the resolution"),
        (r#""times": [1.0, -1.0]"#, "negative or not finite time"),
        (r#""times": [1.0, NaN]"#, "negative or not finite time"),
        (r#""times": [1.0, "2.0"]"#, "times[] holds something else than numbers"),
        (r#""times": []"#, "no times"),
        (
            r#""times": [1.0, 2.0], "median": 1.4"#,
            "summary does not follow from times[]",
        ),
        (
            r#""times": [1.0, 2.0], "mean": 1.4"#,
            "summary does not follow from times[]",
        ),
        (
            r#""times": [1.0, 2.0], "min": 0.9"#,
            "summary does not follow from times[]",
        ),
        (
            r#""times": [1.0, 2.0], "max": 1.9"#,
            "summary does not follow from times[]",
        ),
    ] {
        let text = hyperfine(&format!(r#"{{"command": "a", {rest}}}"#));
        assert_eq!(rows(&text), [format!("a · * · invalid: {reason}")], "{rest}");
    }
}

fn criterion(sample: &str, estimates: &str) -> Vec<String> {
    let files = CriterionFiles {
        benchmark: Some(br#"{"group_id": "g", "function_id": "f", "value_str": "64", "full_id": "g/f/64"}"#),
        sample: Some(sample.as_bytes()),
        raw_csv: None,
        estimates: Some(estimates.as_bytes()),
    };
    let reading = read_criterion(&files);
    reading.map_or_else(
        |refusal| vec![refusal.to_string()],
        |reading| reading.measurements.iter().map(shown).collect(),
    )
}

#[test]
fn criterion_divides_by_the_iterations() {
    let sample = r#"{"sampling_mode": "Linear", "iters": [1.0, 2.0, 3.0], "times": [10.0, 24.0, 42.0]}"#;
    let estimates = r#"{"mean": {"point_estimate": 12.0}, "median": {"point_estimate": 12.0}}"#;
    assert_eq!(criterion(sample, estimates), ["g/f/64 · time 12 ns lower within 1/3"]);
    let edited = estimates.replace("12.0", "11.9");
    assert_eq!(
        criterion(sample, &edited),
        ["g/f/64 · * · invalid: estimates do not follow from the samples"]
    );
    assert_eq!(criterion(&sample[..40], estimates), ["not JSON to the end"]);
    let none = sample.replace("1.0,", "0.0,");
    assert_eq!(
        criterion(&none, estimates),
        ["g/f/64 · * · invalid: a sample without iterations"]
    );
    let short = sample.replace(", 42.0", "");
    assert!(
        criterion(&short, estimates)[0].ends_with("sample.json does not hold one time for each number of iterations")
    );
}

#[test]
fn criterion_of_old_has_raw_csv() {
    let header = "group,function,value,throughput_num,throughput_type,sample_measured_value,unit,iteration_count\n";
    let raw = format!("{header}\"a, b\",f,1,,,10.0,ns,1\n\"a, b\",f,1,,,24.0,ns,2\n");
    let files = |raw| CriterionFiles {
        raw_csv: Some(raw),
        ..CriterionFiles::default()
    };
    let reading = read_criterion(&files(raw.as_bytes())).unwrap();
    assert_eq!(
        reading.measurements.iter().map(shown).collect::<Vec<_>>(),
        ["a, b/f/1 · time 11 ns lower within 1/2 (raw.csv)"]
    );
    let mixed = raw.replace("24.0,ns", "24.0,us");
    let refusal = read_criterion(&files(mixed.as_bytes())).unwrap_err();
    assert_eq!(
        (refusal.to_string().as_str(), refusal.line),
        ("raw.csv: mixed units", Some(3))
    );
    assert!(read_criterion(&CriterionFiles::default()).is_err());
}

fn pytest(stats: &str) -> String {
    format!(
        r#"{{"machine_info": {{"node": "vm", "python_version": "3.11"}}, "commit_info": {{"id": "abc", "dirty": true}},
            "benchmarks": [{{"fullname": "t.py::a[1]", "stats": {{{stats}}}}}], "version": "4.0.0"}}"#
    )
}

#[test]
fn pytest_benchmark_uses_data_that_are_whole() {
    let whole = pytest(r#""rounds": 3, "data": [1.0, 2.0, 3.0], "median": 2.0, "mean": 2.0, "min": 1.0, "max": 3.0"#);
    assert_eq!(rows(&whole), ["t.py::a[1] · time 2 s lower within 1/3"]);
    let provenance = read(whole.as_bytes()).unwrap().provenance;
    assert_eq!((provenance.host.as_deref(), provenance.dirty), (Some("vm"), Some(true)));
    let cut = pytest(r#""rounds": 9, "data": [1.0, 2.0], "median": 2.5"#);
    assert_eq!(
        rows(&cut),
        ["t.py::a[1] · time 2.5 s lower summary 1/9 (data[] has 2 of 9 rounds: not used)"]
    );
    assert_eq!(
        rows(&pytest(r#""rounds": 9, "mean": 2.5"#)),
        ["t.py::a[1] · time 2.5 s lower summary 1/9 (mean)"]
    );
    for (stats, reason) in [
        (
            r#""rounds": 1, "data": [1.0, 2.0]"#,
            "data[] has more values than rounds",
        ),
        (
            r#""rounds": 2, "data": [1.0, 2.0], "median": 1.4"#,
            "summary does not follow from data[]",
        ),
        (r#""rounds": 2, "data": [1.0, Infinity]"#, "negative or not finite time"),
        (r#""rounds": 2, "median": NaN"#, "negative or not finite time"),
        (r#""rounds": 2, "median": 0.0"#, "zero time"),
    ] {
        assert_eq!(rows(&pytest(stats)), [format!("t.py::a[1] · * · invalid: {reason}")]);
    }
}

fn jmh(forks: u32, metric: &str) -> String {
    format!(
        r#"[{{"jmhVersion": "1.37", "benchmark": "p.B.a", "mode": "avgt", "threads": 1, "forks": {forks},
             "params": {{"z": "2", "n": "1"}}, "primaryMetric": {{"scoreUnit": "ns/op", {metric}}}}}]"#
    )
}

#[test]
fn jmh_has_a_run_for_each_fork() {
    let name = "p.B.a {n=1, z=2}";
    let text = jmh(
        2,
        r#""score": 3.5, "scoreError": "NaN", "rawData": [[1.0, 3.0], [4.0, 6.0]]"#,
    );
    assert_eq!(rows(&text), [format!("{name} · avgt 3.5 ns/op lower runs 2/4")]);
    let text = jmh(0, r#""score": 2.0, "rawData": [[1.0, 3.0]]"#);
    assert_eq!(
        rows(&text),
        [format!(
            "{name} · avgt 2 ns/op lower within 1/2 (forks 0: measured in the harness process)"
        )]
    );
    assert_eq!(
        rows(&jmh(1, r#""score": 2.0"#)),
        [format!("{name} · avgt 2 ns/op lower summary 1/0 (no rawData)")]
    );
    let text = jmh(
        2,
        r#""score": 2.4, "rawDataHistogram": [[[[1.0, 2], [2.0, 1]]], [[[4.0, 2]]]]"#,
    );
    let expected = format!("{name} · avgt 2.5 ns/op lower runs 2/5 (median of each fork's histogram)");
    assert_eq!(rows(&text), [expected]);
    for (forks, metric, reason) in [
        (
            2,
            r#""score": 2.0, "rawData": [[1.0, 3.0]]"#,
            "rawData has not one list for each fork",
        ),
        (
            0,
            r#""score": "NaN", "rawData": [[1.0, 2.0], [3.0, 4.0]]"#,
            "forks 0 with more lists in rawData than one",
        ),
        (
            1,
            r#""score": 2.1, "rawData": [[1.0, 3.0]]"#,
            "summary does not follow from rawData",
        ),
        (
            1,
            r#""score": "NaN", "rawData": [["NaN"]]"#,
            "rawData holds something else than lists of numbers",
        ),
        (
            1,
            r#""score": 0.0, "rawData": [[0.0]]"#,
            "zero time: below the resolution",
        ),
        (1, r#""score": "NaN""#, "no score"),
        (
            1,
            r#""score": 9.0, "rawDataHistogram": [[[[1.0, 2]]]]"#,
            "summary does not follow from rawDataHistogram",
        ),
    ] {
        assert_eq!(rows(&jmh(forks, metric)), [format!("{name} · * · invalid: {reason}")]);
    }
}

fn google(entries: &str) -> String {
    format!(r#"{{"context": {{"host_name": "vm", "library_build_type": "debug"}}, "benchmarks": [{entries}]}}"#)
}

#[test]
fn google_benchmark_knows_repetitions_and_aggregates() {
    let raw = |time: &str| {
        format!(
            r#"{{"name": "a", "run_name": "a", "run_type": "iteration", "real_time": {time}, "cpu_time": 1.0, "time_unit": "ns", "nan": NaN}}"#
        )
    };
    let aggregate = |which: &str, time: &str| {
        format!(
            r#"{{"name": "a_{which}", "run_name": "a", "run_type": "aggregate", "aggregate_name": "{which}", "repetitions": 2,
                 "real_time": {time}, "cpu_time": 1.0, "time_unit": "ns"}}"#
        )
    };
    let both = [raw("2.0"), raw("4.0"), aggregate("mean", "3.0"), aggregate("cv", "0.5")].join(",");
    let expected = [
        "a · real_time 3 ns lower within 1/2",
        "a · cpu_time 1 ns lower within 1/2",
    ];
    assert_eq!(rows(&google(&both)), expected);
    assert!(read(google(&both).as_bytes()).unwrap().provenance.is_debug_build());
    let edited = [raw("2.0"), raw("4.0"), aggregate("median", "2.9")].join(",");
    assert_eq!(
        rows(&google(&edited))[0],
        "a · real_time · invalid: aggregates do not follow from the repetitions"
    );
    let only = [aggregate("mean", "3.5"), aggregate("median", "3.0")].join(",");
    assert_eq!(rows(&google(&only))[0], "a · real_time 3 ns lower summary 1/2");
    let mixed = [raw("2.0"), raw("4.0").replace(r#""ns""#, r#""us""#)].join(",");
    assert_eq!(rows(&google(&mixed)), ["a · * · invalid: mixed units"]);
    assert_eq!(
        rows(&google(&raw("NaN")))[0],
        "a · real_time · invalid: negative or not finite time"
    );
    let skipped = r#"{"name": "a", "skipped": true, "skip_message": "no GPU", "real_time": 0}"#;
    assert_eq!(rows(&google(skipped)), ["a · * · invalid: skipped: no GPU"]);
    let failed = r#"{"name": "a", "error_occurred": true, "error_message": "x", "real_time": 0}"#;
    assert_eq!(rows(&google(failed)), ["a · * · invalid: error_occurred: x"]);
}

#[test]
fn google_benchmark_of_old_names_its_aggregates() {
    let entry = |name: &str, time: &str| format!(r#"{{"name": "{name}", "real_time": {time}, "time_unit": "ns"}}"#);
    let entries = [
        entry("a", "2.0"),
        entry("a", "4.0"),
        entry("a_mean", "3.0"),
        entry("b_mean", "5.0"),
    ]
    .join(",");
    assert_eq!(
        rows(&google(&entries)),
        [
            "a · real_time 3 ns lower within 1/2",
            "b_mean · real_time 5 ns lower bare 1/1"
        ]
    );
}
