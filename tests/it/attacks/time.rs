//! Family: time. Dates that were made to fit.

use super::attacks;
use super::world::{approval, signed, with_certificate};
use crate::scene::{Ran, by_hand, minutes_ago};
use crate::signed::{Signed, line, policy};

/// An approval by hand, dated as given.
fn dated(date: &str) -> Ran {
    with_certificate(by_hand("**Status**: APPROVED", "honest-1", date))
}

fn honest() -> Ran {
    with_certificate(approval())
}

/// A signed approval with its own date, by a key that is valid from and until as the options say.
fn signed_at(date: &str, options: &str) -> Ran {
    let world = Signed::required();
    world.repo.write(
        ".certgate/allowed_signers",
        line(&world.repo, "pia", "pia@example.org", options),
    );
    world.commit().land();
    world.change("2");
    let path = world.certify("performance-engineer", "APPROVED", &[]);
    let text = std::fs::read_to_string(&path).expect("written");
    let redated: Vec<String> = text
        .lines()
        .map(|line| match line.starts_with("**Date**: ") {
            true => format!("**Date**: {date}"),
            false if line.starts_with("Certificate Hash: ") => "Certificate Hash:".to_owned(),
            false => line.to_owned(),
        })
        .collect();
    std::fs::write(&path, redated.join("\n") + "\n").expect("writable");
    world.sign(&path, "pia");
    world.commit().check()
}

/// The refusal and the approval of one agent, with these dates, in that order of commits.
fn refused_and_approved(refused: &str, approved: &str) -> Ran {
    in_order(&[("NO_GO", refused), ("APPROVED", approved)])
}

/// Certificates of one agent with these dates, a commit each.
fn in_order(decisions: &[(&str, &str)]) -> Ran {
    let world = super::world::open();
    for (number, (status, date)) in decisions.iter().enumerate() {
        world.write(
            format!("certificates/c{number}_gpu_memory_20250101_000000.md"),
            by_hand(&format!("**Status**: {status}"), &format!("c-{number}"), date),
        );
        world.commit(status);
    }
    super::world::check(&world)
}

/// Under `binding: component`, an approval of this age that is in the base already.
fn of_age(minutes: i64) -> Ran {
    let world = Signed::with(&policy("off", "    binding: component\n    max_age: 7d\n"));
    world.repo.write(
        "certificates/review_gpu_memory_20250102_030405.md",
        by_hand("**Status**: APPROVED", "old-1", &minutes_ago(minutes)),
    );
    world.commit().land();
    world.change("2").check()
}

/// A bypass whose follow-up date has passed or not, as its field says.
fn bypass_until(field: &str) -> Ran {
    let world = signed();
    let path = world.written(
        &crate::scene::run(
            &world.repo,
            &[
                "certify",
                "gpu_memory",
                "--base",
                "main",
                "--bypass-until",
                "2d",
                "--agent",
                "lead",
                "--rationale",
                "outage",
            ],
        )
        .ends(0),
    );
    let text = std::fs::read_to_string(&path).expect("written");
    let edited: Vec<String> = text
        .lines()
        .map(|line| match line.starts_with("**Bypass**: ") {
            true => format!("**Bypass**: {field}"),
            false if line.starts_with("Certificate Hash: ") => "Certificate Hash:".to_owned(),
            false => line.to_owned(),
        })
        .collect();
    std::fs::write(&path, edited.join("\n") + "\n").expect("writable");
    world.sign(&path, "lea");
    world.commit().check()
}

fn soon() -> String {
    minutes_ago(-60)
}

attacks! {
    a_date_to_come: "an approval dated tomorrow", ["CG107"], || dated(&minutes_ago(-24 * 60)), honest;
    a_date_beyond_the_skew: "an approval dated eleven minutes ahead", ["CG107"], || dated(&minutes_ago(-11)), || dated(&minutes_ago(-8));
    no_date: "an approval without a date", ["CG108"], || with_certificate(approval().replace("**Date**", "**When**")), honest;
    a_date_that_is_none: "February 30", ["CG108"], || dated("2026-02-30 10:00:00 UTC"), honest;
    a_leap_second: "second 61 of a minute", ["CG108"], || dated("2025-12-31 23:59:61 UTC"), || dated("2025-12-31 23:59:59 UTC");
    an_hour_that_is_none: "hour 24", ["CG108"], || dated("2025-12-31 24:00:00 UTC"), || dated("2025-12-31 00:00:00 UTC");
    an_offset_that_hides_the_future: "tomorrow, written with an offset", ["CG107"], || dated("2099-01-01T00:00:00+14:00"), || dated("2025-01-01T00:00:00+14:00");
    another_zone: "a date in a zone by name", ["CG108"], || dated("2025-01-02 03:04:05 CET"), || dated("2025-01-02 03:04:05 UTC");
    a_year_far_away: "the year 9999", ["CG107", "CG108"], || dated("9999-12-31 23:59:59 UTC"), honest;
    digits_of_another_script: "a date in Arabic digits", ["CG108"], || dated("\u{662}\u{660}\u{662}\u{665}-01-02 03:04:05 UTC"), honest;
    a_refusal_dated_before_the_approval: "a refusal that is committed after the approval and claims to be older", ["CG302"], || in_order(&[("APPROVED", &minutes_ago(5)), ("NO_GO", &minutes_ago(240))]), || in_order(&[("NO_GO", &minutes_ago(5)), ("APPROVED", &minutes_ago(240))]);
    an_approval_of_the_same_second: "an approval dated like the refusal that is committed after it", ["CG302"], || { let date = minutes_ago(5); in_order(&[("APPROVED", &date), ("NO_GO", &date)]) }, || { let date = minutes_ago(5); in_order(&[("NO_GO", &date), ("APPROVED", &date)]) };
    an_approval_dated_ahead_of_the_refusal: "an approval dated ahead, to outrank a refusal to come", ["CG302"], || refused_and_approved(&minutes_ago(5), &soon()), || refused_and_approved(&minutes_ago(9), &minutes_ago(5));
    dated_back_to_when_the_key_was_good: "an expired key signs now what is dated to when it was valid", ["CG506"], || signed_at("2024-06-01 00:00:00 UTC", "valid-before=\"20250101Z\""), || signed_at("2024-06-01 00:00:00 UTC", "valid-before=\"20990101Z\"");
    dated_before_the_key_was_good: "a certificate dated before its key was valid", ["CG506"], || signed_at("2019-06-01 00:00:00 UTC", "valid-after=\"20200101Z\""), || signed_at("2024-06-01 00:00:00 UTC", "valid-after=\"20200101Z\"");
    an_approval_past_its_age: "an approval older than `max_age`", ["CG201"], || of_age(8 * 24 * 60), || of_age(6 * 24 * 60);
    a_bypass_whose_date_has_passed: "a bypass whose follow-up was due yesterday", ["CG515"], || bypass_until(&format!("until {}", minutes_ago(24 * 60))), || bypass_until(&format!("until {}", minutes_ago(-24 * 60)));
    a_bypass_with_a_date_of_its_own_form: "a bypass until the end of time, in words", ["CG515"], || bypass_until("until further notice"), || bypass_until(&format!("until {}", minutes_ago(-24 * 60)));
}
