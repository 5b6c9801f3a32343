//! `certgate trend`: a series from a file, as a table, JSON and a picture.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use crate::reports::keeps_to;
use crate::scene::run;
use crate::support::TestRepo;

const SCHEMA: &str = include_str!("../../docs/schema/trend-v1.json");
const STEPPED: &str = "[1.0, 1.01, 0.99, 1.0, 1.01, 1.0, null, 1.2, 1.21, 1.2, 1.19, 1.2]";

fn with(values: &str) -> TestRepo {
    // No repository is needed.
    let place = TestRepo::empty();
    place.write("values.json", values);
    place
}

#[test]
fn a_step_is_found_in_every_format() {
    let place = with(STEPPED);
    let ran = run(&place, &["trend", "--values", "values.json", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.said());
    let json = ran.json();
    keeps_to(SCHEMA, &json);
    assert_eq!(json["change_points"][0]["index"], 7);
    assert_eq!(json["levels"].as_array().unwrap().len(), 2);

    let ran = run(&place, &["trend", "--values", "values.json", "--svg", "trend.svg"]);
    assert!(
        ran.out.contains("1 change point") && ran.out.contains("+20.0 %"),
        "{}",
        ran.said()
    );
    let picture = std::fs::read_to_string(place.path().join("trend.svg")).unwrap();
    let ran = run(&place, &["trend", "--values", "values.json", "--format", "svg"]);
    assert_eq!(ran.out, picture);
    assert!(picture.starts_with("<svg") && picture.contains("<desc"));
}

#[test]
fn too_few_values_have_no_change_points() {
    for values in ["[]", "[1.0, 2.0, null, 3.0]"] {
        let ran = run(&with(values), &["trend", "--values", "values.json", "--format", "json"]);
        assert_eq!(ran.code, Some(0));
        keeps_to(SCHEMA, &ran.json());
        assert!(ran.json()["change_points"].as_array().unwrap().is_empty());
    }
}

#[test]
fn what_is_no_series_is_refused() {
    for (values, said) in [
        ("[1.0, 0, 2.0]", "index 1 is not above zero"),
        ("[1.0, -3.0]", "index 1 is not above zero"),
        ("[1.0, NaN]", "values.json:1"),
        ("{\"values\": [1.0]}", "not an array"),
        ("[1.0", "not an array"),
        ("[1.0] [2.0]", "not an array"),
        ("[1e999]", "not an array"),
        ("[true]", "not an array"),
    ] {
        let ran = run(&with(values), &["trend", "--values", "values.json", "--format", "json"]);
        assert_eq!(ran.code, Some(2), "{values}");
        assert!(
            ran.err.contains("CG640") && ran.err.contains(said),
            "{values}: {}",
            ran.err
        );
        assert_eq!(ran.json()["diagnostics"][0]["code"], "CG640", "{values}");
    }
    let ran = run(&TestRepo::empty(), &["trend", "--values", "none.json"]);
    assert_eq!(ran.code, Some(2));
}
