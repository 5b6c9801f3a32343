//! Everything of `ci/endurance.py`, for seconds instead of minutes: kills at random moments, small disks, many that push while the server is
//! killed. `docs/robustness.md` has what it found when it ran for long.

use super::BINARY;
use crate::scene::Ran;
use crate::support::TestRepo;

/// The lines of its table; `None` where the machine has no Python.
fn table(more: &[&str]) -> Option<Ran> {
    let scene = TestRepo::empty();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/ci/endurance.py");
    // It leaves nothing behind beside the script.
    let arguments = [&["-B", script, BINARY], more].concat();
    match scene.command("python3").args(arguments).output() {
        Ok(output) => Some(Ran::from(output)),
        Err(_) => {
            let required = std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_some();
            assert!(!required, "python3 is needed");
            None
        }
    }
}

#[test]
fn kills_at_random_moments_change_no_verdict_and_lose_no_record() {
    let Some(ran) = table(&["--only", "kills", "--kills", "8", "--repositories", "12"]) else {
        return;
    };
    let ran = ran.ends(0).writes("| SIGKILL, `hook pre-commit` | 8 kills, ");
    let ran = ran.writes("| SIGKILL, `hook pre-receive` | 8 kills, ");
    let ran = ran.writes("| SIGKILL, `audit --resume` | 8 kills in 1 runs, ");
    ran.writes("| SIGKILL, `ci/fleet/task.sh` | 12 kills in 1 fleets of 3 tasks, ");
}

#[test]
fn a_disk_with_any_room_lets_nothing_in() {
    let Some(ran) = table(&["--only", "disk", "--kills", "60"]) else {
        return;
    };
    ran.ends(0).writes("| disk full | ");
}

#[test]
fn a_server_that_is_killed_among_pushes_loses_nothing_and_lets_nothing_in() {
    let Some(ran) = table(&["--only", "pushes", "--seconds", "6", "--pushers", "6"]) else {
        return;
    };
    ran.ends(0)
        .writes("| pushes, server killed | ")
        .writes("\n0 problems\n");
}
