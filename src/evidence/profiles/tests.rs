//! Each format of profiles tried on small files, and what is refused.

use std::io::Write as _;

use prost::Message as _;

use super::*;

fn rows(bytes: &[u8]) -> Vec<String> {
    match read(bytes) {
        Ok(profile) => profile
            .axes
            .iter()
            .flat_map(|axis| axis.functions.iter().map(|found| shown(axis, found)))
            .collect(),
        Err(error) => vec![format!("refused: {error}")],
    }
}

fn shown(axis: &Axis, found: &Function) -> String {
    let place = found
        .file
        .as_ref()
        .map(|file| format!(" {file}:{}", found.line.unwrap_or(0)));
    format!(
        "{}{} {} {}/{}/{}",
        found.name,
        place.unwrap_or_default(),
        axis.name,
        found.own,
        found.inclusive,
        axis.total
    )
}

fn format_of(bytes: &[u8]) -> &'static str {
    read(bytes).unwrap().format.name()
}

#[test]
fn folded_stacks_count_recursion_once() {
    let text = "main;work;work 3\nmain;a.py(7):_sort 2\r\n\n";
    assert_eq!(
        rows(text.as_bytes()),
        ["work samples 3/3/5", "sort a.py:7 samples 2/2/5", "main samples 0/5/5"]
    );
    assert_eq!(format_of(text.as_bytes()), "folded-stacks");
    assert_eq!(
        rows(b"main;work 3\nmain;work x\n"),
        ["refused: not a profile of a known format"]
    );
    assert_eq!(
        rows(b"main;work 0\n"),
        ["refused: nothing was measured in this folded-stacks file"]
    );
}

#[test]
fn folded_stacks_are_held_to_the_end() {
    let mut text = "main;work 3\n".repeat(10_000);
    text.push_str("main;wor");
    let error = read(text.as_bytes()).unwrap_err();
    assert!(
        matches!(error, ProfileError::Damaged { line: Some(10_001), .. }),
        "{error:?}"
    );
}

/// A profile with the fields that other readers than ours know too.
#[derive(Clone, PartialEq, prost::Message)]
struct Bytes {
    #[prost(bytes = "vec", repeated, tag = "1")]
    sample_type: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    sample: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "4")]
    location: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    function: Vec<Vec<u8>>,
    #[prost(string, repeated, tag = "6")]
    strings: Vec<String>,
}

fn pprof_file() -> Bytes {
    Bytes {
        // cpu, nanoseconds
        sample_type: vec![vec![8, 1, 16, 2]],
        // Locations 2 (innermost) and 1, value 30; location 1 alone, value 10.
        sample: vec![vec![10, 2, 2, 1, 18, 1, 30], vec![10, 1, 1, 18, 1, 10]],
        // id, and lines with their functions; location 2 is inlined: function 2 within function 3.
        location: vec![vec![8, 1, 34, 2, 8, 1], vec![8, 2, 34, 2, 8, 2, 34, 2, 8, 3]],
        // id, name, file, start line
        function: vec![vec![8, 1, 16, 3], vec![8, 2, 16, 4, 32, 6, 40, 12], vec![8, 3, 16, 5]],
        strings: ["", "cpu", "nanoseconds", "main", "inner", "outer", "x.go"]
            .map(str::to_owned)
            .to_vec(),
    }
}

#[test]
fn pprof_reads_inlined_functions() {
    let plain = pprof_file().encode_to_vec();
    let expected = ["inner x.go:12 cpu 30/30/40", "main cpu 10/40/40", "outer cpu 0/30/40"];
    assert_eq!(rows(&plain), expected);
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(&plain).unwrap();
    let zipped = zipped.finish().unwrap();
    assert_eq!(rows(&zipped), expected);
    assert_eq!(format_of(&zipped), "pprof");
    assert_eq!(rows(&zipped[..zipped.len() - 9]), ["refused: not gzip to the end"]);
    assert_eq!(
        rows(&plain[..plain.len() - 1]),
        ["refused: not a pprof profile to the end"]
    );
}

#[test]
fn pprof_refuses_what_is_not_there() {
    let broken = |change: fn(&mut Bytes)| {
        let mut file = pprof_file();
        change(&mut file);
        rows(&file.encode_to_vec())
    };
    assert_eq!(
        broken(|file| file.location.truncate(1)),
        ["refused: a location that is not there"]
    );
    assert_eq!(
        broken(|file| file.function.truncate(2)),
        ["refused: a function that is not there"]
    );
    assert_eq!(
        broken(|file| file.strings.truncate(4)),
        ["refused: a string that is not in the table"]
    );
    assert_eq!(
        broken(|file| file.function.push(vec![8, 1])),
        ["refused: the same id twice"]
    );
    assert_eq!(
        broken(|file| file.sample_type.push(vec![8, 1])),
        ["refused: a sample without one value for each type"]
    );
}

#[test]
fn speedscope_reads_samples_and_events() {
    let file = |profiles: &str| {
        format!(
            r#"{{"$schema": "https://www.speedscope.app/file-format-schema.json", "profiles": [{profiles}],
                 "shared": {{"frames": [{{"name": "main"}}, {{"name": "work", "file": "a.js", "line": 3}}]}}}}"#
        )
    };
    let sampled = r#"{"type": "sampled", "name": "t", "unit": "milliseconds", "startValue": 0, "endValue": 5, "samples": [[0, 1], [0]], "weights": [3, 2]}"#;
    let expected = ["work a.js:3 milliseconds 3/3/5", "main milliseconds 2/5/5"];
    assert_eq!(rows(file(sampled).as_bytes()), expected);
    let evented = r#"{"type": "evented", "name": "t", "unit": "milliseconds", "events": [{"type": "O", "frame": 0, "at": 1},
        {"type": "O", "frame": 1, "at": 2}, {"type": "C", "frame": 1, "at": 5}, {"type": "C", "frame": 0, "at": 6}]}"#;
    assert_eq!(rows(file(evented).as_bytes()), expected);
    assert_eq!(format_of(file(evented).as_bytes()), "speedscope");
    let missing = file(&sampled.replace("[0]]", "[7]]"));
    assert_eq!(rows(missing.as_bytes()), ["refused: a frame that is not there"]);
    let short = file(&sampled.replace("[3, 2]", "[3]"));
    assert_eq!(rows(short.as_bytes()), ["refused: not one weight for each sample"]);
    let open = file(&evented.replace(r#", {"type": "C", "frame": 0, "at": 6}"#, ""));
    assert_eq!(rows(open.as_bytes()), ["refused: events that do not close"]);
    assert_eq!(
        rows(br#"{"profiles": 3}"#),
        ["refused: not a profile of a known format"]
    );
}

#[test]
fn callgrind_adds_the_calls() {
    let text = "# callgrind format\nversion: 1\npositions: line\nevents: Ir Dr\n\nfl=(1) a.c\nfn=(1) main\n2 10 1\ncfn=(2) work\n\
                calls=1 7\n3 30 3\n\nfn=(2)\n7 20 2\n+1 10 1\ncfn=(2)\ncalls=1 7\n* 5 1\n\ntotals: 40 4\n";
    assert_eq!(
        rows(text.as_bytes()),
        [
            "work a.c:0 Ir 30/30/40",
            "main a.c:0 Ir 10/40/40",
            "work a.c:0 Dr 3/3/4",
            "main a.c:0 Dr 1/4/4"
        ]
    );
    assert_eq!(format_of(text.as_bytes()), "callgrind");
    let cut = text.split("3 30 3").next().unwrap();
    assert_eq!(rows(cut.as_bytes()), ["refused: callgrind: it ends before its costs"]);
    let odd = text.replace("7 20 2", "7 20 2 9");
    assert_eq!(rows(odd.as_bytes()), ["refused: callgrind: more costs than events"]);
    let unknown = text.replace("fn=(2)\n7", "fn=(9)\n7");
    assert_eq!(
        rows(unknown.as_bytes()),
        ["refused: callgrind: a number without a name"]
    );
}

const TRACE: &str = r#"{"schemaVersion": 1, "traceEvents": [
    {"ph": "X", "cat": "python_function", "name": "a.py(3): step", "pid": 1, "tid": 1, "ts": 0, "dur": 100, "args": {"x": [1]}},
    {"ph": "X", "cat": "cpu_op", "name": "aten::add", "pid": 1, "tid": 1, "ts": 10, "dur": 30},
    {"ph": "X", "cat": "cpu_op", "name": "aten::add", "pid": 1, "tid": 1, "ts": 20, "dur": 10},
    {"ph": "X", "cat": "kernel", "name": "add_kernel", "pid": 0, "tid": 7, "ts": 20, "dur": 5.5},
    {"ph": "X", "cat": "Trace", "name": "PyTorch Profiler (0)", "pid": "Spans", "tid": "x", "ts": 0, "dur": 1000},
    {"ph": "B", "name": "b", "pid": 2, "tid": 1, "ts": 5}, {"ph": "E", "pid": 2, "tid": 1, "ts": 9},
    {"ph": "i", "name": "mark", "pid": 1, "tid": 1, "ts": 5}, {"ph": "M", "name": "process_name", "pid": 1}
]}"#;

#[test]
fn a_trace_nests_by_time_and_tells_the_gpu_apart() {
    let expected = [
        "step a.py:3 cpu 70/100/104",
        "aten::add cpu 30/30/104",
        "b cpu 4/4/104",
        "add_kernel gpu 5.5/5.5/5.5",
    ];
    assert_eq!(rows(TRACE.as_bytes()), expected);
    let list = TRACE.split_once(": [").unwrap().1.replace("]}", "]");
    let list = list.replace("\"args\": {\"x\": [1]", "\"args\": {\"x\": [1]}");
    assert_eq!(rows(format!("[{list}").as_bytes()), expected);
    assert_eq!(format_of(TRACE.as_bytes()), "chrome-trace");
}

#[test]
fn a_trace_that_is_damaged_is_refused() {
    assert_eq!(
        rows(&TRACE.as_bytes()[..TRACE.len() - 2]),
        ["refused: not JSON to the end"]
    );
    assert_eq!(rows(format!("{TRACE} x").as_bytes()), ["refused: not JSON to the end"]);
    let twice = TRACE.replacen("\"dur\": 100", "\"dur\": 100, \"dur\": 1", 1);
    assert_eq!(rows(twice.as_bytes()), ["refused: duplicate key 'dur'"]);
    let events = TRACE.replace("{\"schemaVersion\": 1", "{\"traceEvents\": []");
    assert_eq!(rows(events.as_bytes()), ["refused: duplicate key 'traceEvents'"]);
    let backwards = TRACE.replace("\"dur\": 100", "\"dur\": -1");
    assert_eq!(
        rows(backwards.as_bytes()),
        ["refused: an event that ends before it begins"]
    );
    assert_eq!(rows(b"{}"), ["refused: not a profile of a known format"]);
}

#[test]
fn the_table_of_torch_has_two_devices() {
    let text = "--------  --------\n      Name    Self CPU %      Self CPU   CPU total %     CPU total     Self CUDA   Self CUDA %    CUDA total    # of Calls  \n\
                --------  --------\n   aten::add    50.00%       1.500ms        75.00%       2.000ms      10.000us        10.00%      20.000us    4  \n\
                --------  --------\nSelf CPU time total: 3.000ms\nSelf CUDA time total: 100.000us\n";
    assert_eq!(
        rows(text.as_bytes()),
        ["aten::add cpu 1500/2000/3000", "aten::add cuda 10/20/100"]
    );
    assert_eq!(format_of(text.as_bytes()), "torch-table");
    let cut = text.replace("    4  \n", "\n");
    assert_eq!(rows(cut.as_bytes()), ["refused: not one cell for each column"]);
    let odd = text.replace("1.500ms", "1.500xx");
    assert_eq!(rows(odd.as_bytes()), ["refused: a cell that is not a time"]);
}
