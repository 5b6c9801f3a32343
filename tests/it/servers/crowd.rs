//! Fifty people push at the same moment, some of them what they must not, to one repository that each reaches in another way.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Barrier;

use super::client::{accepted, push, remote, seed};
use super::site::{Depot, Site, Way};
use crate::scene::{Ran, git, run};
use crate::support::TestRepo;

/// What one of them does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Nothing certified, to a branch of one's own that is not protected.
    Feature,
    /// Certified, to `main`, as often as it takes.
    Main,
    /// Not certified, to `main`.
    MainSmuggled,
    /// Certified, to a release branch of one's own.
    Release,
    /// Not certified, to such a branch.
    ReleaseSmuggled,
}

const PARTS: [Part; 5] = [
    Part::Feature,
    Part::Main,
    Part::MainSmuggled,
    Part::Release,
    Part::ReleaseSmuggled,
];

impl Part {
    fn honest(self) -> bool {
        matches!(self, Self::Main | Self::Release)
    }

    fn branch(self, number: usize) -> String {
        match self {
            Self::Feature => format!("work/{number}"),
            Self::Main | Self::MainSmuggled => "main".to_owned(),
            Self::Release | Self::ReleaseSmuggled => format!("release/{number}"),
        }
    }
}

/// One of them: the clone, the file and the blob that it brings.
struct Pusher {
    number: usize,
    part: Part,
    client: TestRepo,
    file: String,
    blob: String,
}

impl Pusher {
    fn prepare(number: usize, depot: &Depot) -> Self {
        let part = PARTS[number % PARTS.len()];
        let client = depot.client();
        let file = format!("src/train/n{number}.py");
        client.write(&file, format!("def step():\n    return {number}\n"));
        client.commit("change");
        if part.honest() {
            // Of one second, certificates would all have the same name.
            let output = format!("certificates/n{number}_gpu_memory_20250102_030405.md");
            let mut certify = vec!["certify", "gpu_memory", "--base", "origin/main", "--output", &output];
            certify.extend(["--status", "APPROVED", "--agent", "ann", "--rationale", "measured"]);
            run(&client, &certify).ends(0);
            client.commit("certify");
        }
        let blob = client.ask(&["rev-parse", &format!("HEAD:{file}")]);
        Self {
            number,
            part,
            client,
            file,
            blob,
        }
    }

    /// Pushes until the server has said yes or no to it. While others push to the same branch, git itself may say "not now".
    fn push(&self) -> Ran {
        let to = format!("HEAD:refs/heads/{}", self.part.branch(self.number));
        for _ in 0..100 {
            let pushed = push(&self.client, &[&to]);
            if pushed.code == Some(0) || pushed.err.contains("(pre-receive hook declined)") {
                return pushed;
            }
            // The last two come of two users writing to one repository: git makes a directory, and only then lets the other write to it.
            let lost = [
                "(fetch first)",
                "(non-fast-forward)",
                "(incorrect old value provided)",
                "cannot lock ref",
                "(failed to update ref)",
                "(unpacker error)",
                "(unable to migrate objects to permanent storage)",
            ];
            assert!(lost.iter().any(|why| pushed.err.contains(why)), "{}", pushed.err);
            self.client.git(&["fetch", "--quiet"]);
            git(&self.client, &["rebase", "--quiet", "origin/main"]).ends(0);
        }
        panic!("{:?} never got through", self.part);
    }

    /// Asserts that the verdict was right, and that the repository on the server agrees.
    fn judge(&self, pushed: Ran, depot: &Depot) {
        let branch = self.part.branch(self.number);
        let there = depot.ask(&["rev-parse", &format!("{branch}:{}", self.file)]);
        match self.part {
            Part::Feature => assert!(remote(&accepted(pushed)).contains("warning[CG201]")),
            Part::Main | Part::Release => assert_eq!(remote(&accepted(pushed)), ""),
            Part::MainSmuggled | Part::ReleaseSmuggled => {
                assert_eq!(pushed.code, Some(1));
                assert!(remote(&pushed).contains("error[CG201]"), "{}", pushed.err);
                assert!(remote(&pushed).contains(&self.file), "{}", pushed.err);
                assert!(!depot.has(&self.blob));
                assert_ne!(there.code, Some(0));
                return;
            }
        }
        assert_eq!(there.out.trim(), self.blob, "{:?}", self.part);
    }
}

/// Lets so many push at once, each by one of the doors, all to the repository of the first, which `site` serves.
fn crowd(site: &Site, doors: &[Depot], count: usize) {
    let depot = &doors[0];
    let begin = depot.at("refs/heads/main");
    let all_ready = Barrier::new(count);
    std::thread::scope(|scope| {
        let pushers: Vec<_> = (0..count)
            .map(|number| {
                let (door, all_ready) = (&doors[number / PARTS.len() % doors.len()], &all_ready);
                scope.spawn(move || {
                    let prepared =
                        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Pusher::prepare(number, door)));
                    // Whoever is not ready must not keep the others waiting for ever.
                    all_ready.wait();
                    let pusher = prepared.unwrap();
                    let pushed = pusher.push();
                    (pusher, pushed)
                })
            })
            .collect();
        let done: Vec<_> = pushers.into_iter().map(|pusher| pusher.join().unwrap()).collect();
        for (pusher, pushed) in done {
            pusher.judge(pushed, depot);
        }
    });
    let fsck = depot.ask(&["fsck", "--full", "--strict", "--no-dangling"]).ends(0);
    assert_eq!(fsck.said(), "");
    assert!(!depot.state().contains("incoming"), "{}", depot.state());
    let branches = depot.ask(&["for-each-ref", "--format=%(refname)", "refs/heads"]).out;
    assert_eq!(branches.lines().count(), 1 + 2 * count / PARTS.len());
    assert!(depot.bare.join("certgate/ledger").is_dir(), "the hooks shared a cache");
    let history = ["check", "--base", &begin, "--head", "main", "--target", "main"];
    site.runs_as_owner(env!("CARGO_BIN_EXE_certgate"), &history, &depot.bare);
}

#[test]
fn fifty_at_once_by_path_file_ssh_and_http() {
    // The server of the first site to open owns the repository; the others reach it there.
    let sites: Vec<Site> = [Way::Http, Way::Ssh, Way::Path, Way::File]
        .into_iter()
        .filter_map(Site::open)
        .collect();
    let depot = sites[0].shared_depot("busy", &seed(""));
    assert!(!depot.bare.join("certgate").exists(), "the ledger's cache is cold");
    let mut doors = vec![];
    for site in &sites[1..] {
        doors.push(site.reach("busy", &depot.bare));
    }
    doors.insert(0, depot);
    crowd(&sites[0], &doors, 50);
}

#[test]
fn ten_at_once_by_gitolite() {
    let Some(site) = Site::open(Way::Gitolite) else { return };
    let depot = site.depot("busy", &seed(""));
    crowd(&site, &[depot], 10);
}
