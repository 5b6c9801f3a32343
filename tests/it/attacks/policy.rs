//! Family: the policy. Changes that would choose their own judge.

use super::attacks;
use super::world::{approval, check, open};
use crate::scene::{CERTIFICATE, POLICY, Ran, run};
use crate::signed::{Signed, policy};
use crate::support::TestRepo;

/// A gated change that is certified, and something done beside it. So what blocks is what was done.
fn beside(act: fn(&TestRepo)) -> Ran {
    let repo = open();
    repo.write(CERTIFICATE, approval());
    repo.commit("Certify");
    act(&repo);
    repo.commit("Beside");
    check(&repo)
}

fn honest() -> Ran {
    beside(|repo| repo.write("README.md", "hello again\n"))
}

/// Another text of the policy comes with a certified change.
fn brings(repo: &TestRepo, text: &str) {
    repo.write(".certgate/policy.yaml", text);
}

/// The same where whoever may certify the policy has: what is left is what the new policy says of itself.
fn certified(text: &str) -> Ran {
    let repo = open();
    repo.write(CERTIFICATE, approval());
    brings(&repo, text);
    repo.commit("Bring a policy");
    super::content::certify(&repo, "certgate-policy");
    check(&repo)
}

/// A policy with something added is certified and passes.
fn honestly_changed() -> Ran {
    certified(&format!(
        "{POLICY}  - id: extra\n    match: {{ paths: [\"extra/**\"] }}\n"
    ))
}

/// A policy in which a reader does not see everything, with its certificate.
fn hides(text: &str) -> Ran {
    certified(&format!("{POLICY}{text}"))
}

/// A policy of a serial, signed by its owner.
fn of_serial(serial: &str) -> Ran {
    let world = Signed::required();
    let text = policy("required", "    require: { approvals: 2 }\n").replace("serial: 1\n", serial);
    world.repo.write(".certgate/policy.yaml", text);
    world.commit();
    let path = world.certify_as("certgate-policy", "lead", "APPROVED", &[]);
    world.sign(&path, "lea");
    world.commit().check()
}

/// Onto a branch that only warns, and from there to `main`.
fn by_way_of_a_feature(certified: bool) -> Ran {
    let repo = open();
    repo.git(&["branch", "feature"]);
    let on_feature = run(&repo, &["check", "--base", "main", "--target", "feature"]);
    assert_eq!(on_feature.code, Some(0), "a feature branch is only warned");
    if certified {
        repo.write(CERTIFICATE, approval());
        repo.commit("Certify");
    }
    check(&repo)
}

attacks! {
    a_component_taken_out: "the policy loses the component that gates the change", ["CG201"], || beside(|repo| brings(repo, &POLICY.replace("src/train/**", "nowhere/**"))), honest;
    an_emptied_policy: "the policy becomes an empty file", ["CG201", "CG004"], || beside(|repo| brings(repo, "")), honest;
    a_deleted_policy: "the policy is deleted", ["CG201"], || beside(|repo| { repo.git(&["rm", "--quiet", ".certgate/policy.yaml"]); }), honest;
    a_renamed_policy: "the policy gets another name", ["CG201"], || beside(|repo| { repo.git(&["mv", ".certgate/policy.yaml", ".certgate/policy.yml"]); }), honest;
    enforcement_switched_off: "the policy enforces nothing any more", ["CG201"], || beside(|repo| brings(repo, &format!("{POLICY}enforce: [{{ branches: [\"**\"], pre-commit: off, pre-push: off, merge: off }}]\n"))), honest;
    an_exempting_glob: "the component gets an exclusion that holds for everything", ["CG201"], || beside(|repo| brings(repo, &POLICY.replace("paths: [\"src/train/**\"]", "paths: [\"src/train/**\"]\n      exclude: [\"**\"]"))), honest;
    a_milder_binding: "the policy binds by component for ever", ["CG201"], || beside(|repo| brings(repo, &format!("{POLICY}defaults: {{ binding: component, max_age: 36500d }}\n"))), honest;
    an_owner_that_names_itself: "the policy gets an owner of the change\u{27}s own", ["CG201"], || beside(|repo| brings(repo, &format!("{POLICY}policy: {{ owners: [eve] }}\n"))), honest;
    a_later_beginning_of_the_ledger: "`ledger.since` moves to tomorrow, so that refusals are history", ["CG201"], || beside(|repo| brings(repo, &format!("{POLICY}ledger: {{ since: 2099-01-01 }}\n"))), honest;
    a_status_made_milder: "a policy in which NO_GO approves", ["CG009"], || certified(&format!("{POLICY}statuses: {{ NO_GO: approve }}\n")), honestly_changed;
    an_unknown_key: "a policy with a key that nobody reads", ["CG003"], || certified(&format!("{POLICY}excempt: [\"**\"]\n")), honestly_changed;
    a_key_given_twice: "a policy with two lists of components", ["CG002"], || certified(&format!("{POLICY}components: []\n")), honestly_changed;
    a_policy_that_is_no_yaml: "a policy that does not parse", ["CG002"], || certified("version: 1\ncomponents: [\n"), honestly_changed;
    a_policy_of_another_version: "a policy of version 2", ["CG004"], || certified(&POLICY.replace("version: 1", "version: 2")), honestly_changed;
    a_certificate_glob_that_swallows_source: "`certificates` reaches into the source code", ["CG009"], || certified(&format!("{POLICY}certificates: [\"certificates/*.md\", \"src/**\"]\n")), honestly_changed;
    a_bomb_of_aliases: "a policy whose aliases expand without end", ["CG008"], || certified("version: 1\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"), honestly_changed;
    a_policy_too_large_to_read: "a policy of more than 1 MiB", ["CG001"], || certified(&format!("{POLICY}# {}\n", "x".repeat(1 << 20))), honestly_changed;
    a_pattern_without_bound: "a pattern that would take memory without end", ["CG005"], || certified(&format!("{POLICY}  - id: bomb\n    match: {{ content: ['((a{{1000}}){{1000}}){{1000}}'] }}\n")), honestly_changed;
    a_policy_that_is_a_link: "the policy becomes a symbolic link to a milder one", ["CG001"], || beside(|repo| {
        repo.write("mild.yaml", "version: 1\n");
        let path = repo.path().join(".certgate/policy.yaml");
        std::fs::remove_file(&path).expect("there");
        std::os::unix::fs::symlink("../mild.yaml", path).expect("a link");
    }), honest;
    a_policy_that_is_a_directory: "the policy becomes a directory", ["CG001", "CG201"], || beside(|repo| {
        std::fs::remove_file(repo.path().join(".certgate/policy.yaml")).expect("there");
        repo.write(".certgate/policy.yaml/x", "version: 1\n");
    }), honest;
    a_folder_that_is_a_file: "`.certgate` becomes a file", ["CG001", "CG201"], || beside(|repo| {
        std::fs::remove_dir_all(repo.path().join(".certgate")).expect("there");
        repo.write(".certgate", "version: 1\n");
    }), honest;
    a_serial_that_goes_back: "an older policy comes back, with its owner\u{27}s certificate", ["CG517"], || of_serial("serial: 0\n"), || of_serial("serial: 2\n");
    a_serial_that_stands_still: "another policy of the same serial", ["CG517"], || of_serial("serial: 1\n"), || of_serial("serial: 2\n");
    a_serial_that_is_dropped: "a policy without a serial", ["CG517"], || of_serial(""), || of_serial("serial: 2\n");
    by_way_of_a_weaker_branch: "an uncertified change goes through a branch that only warns, to `main`", ["CG201"], || by_way_of_a_feature(false), || by_way_of_a_feature(true);
    a_rule_behind_a_next_line: "a rule is in a comment for people, and behind a NEL for YAML", ["CG014"], || hides("# note\u{85}defaults: { binding: component }\n"), || certified(&format!("{POLICY}# note: defaults, binding\n"));
    a_rule_behind_a_line_separator: "the same behind a line separator (U+2028)", ["CG014"], || hides("# note\u{2028}defaults: { binding: component }\n"), || certified(&format!("{POLICY}# note\n"));
    a_rule_behind_a_paragraph_separator: "the same behind a paragraph separator (U+2029)", ["CG014"], || hides("# note\u{2029}defaults: { binding: component }\n"), || certified(&format!("{POLICY}# note\n"));
    a_rule_behind_a_lone_carriage_return: "the same behind a carriage return alone", ["CG014"], || hides("# note\rdefaults: { binding: component }\n"), || certified(&format!("{POLICY}# note\r\n"));
    a_rule_behind_a_form_feed: "the same behind a form feed", ["CG014"], || hides("# note\u{c}defaults: { binding: component }\n"), || certified(&format!("{POLICY}# note\tdefaults\n"));
    a_list_that_reads_backwards: "marks of direction show an agent\u{27}s name as another\u{27}s", ["CG014"], || hides("  - id: x\n    match: { paths: [x] }\n    require: { agents: [\"lead\u{202e}x\"] }\n"), || certified(&format!("{POLICY}  - id: x\n    match: {{ paths: [x] }}\n    require: {{ agents: [leadx] }}\n"));
    an_isolate_in_a_comment: "an isolate of direction hides where a comment ends", ["CG014"], || hides("# \u{2066}only for tests\u{2069}\n"), || certified(&format!("{POLICY}# only for tests\n"));
    a_glob_with_a_zero_width_space: "a glob that looks as if it matched, with a zero-width space", ["CG014"], || certified(&POLICY.replace("src/train/**", "src/tr\u{200b}ain/**")), honestly_changed;
    a_component_with_a_joiner: "the name of a component holds a word joiner", ["CG014"], || hides("  - id: x\n    aliases: [\"gpu\u{2060}memory\"]\n    match: { paths: [x] }\n"), || certified(&format!("{POLICY}  - id: x\n    aliases: [gpus]\n    match: {{ paths: [x] }}\n"));
    a_key_with_a_soft_hyphen: "a pattern with a soft hyphen, which no line holds", ["CG014"], || certified(&POLICY.replace("messages: ['^perf", "messages: ['^pe\u{ad}rf")), honestly_changed;
    an_indent_of_other_blanks: "no-break spaces in a path", ["CG014"], || hides("  - id: x\n    match: { paths: [\"a\u{a0}b/**\"] }\n"), || certified(&format!("{POLICY}  - id: x\n    match: {{ paths: [\"a b/**\", \"c\\u00A0d/**\"] }}\n"));
    a_tag_character_in_a_status: "tag characters in a value", ["CG014"], || hides("emergency_stop: repository # \u{e0041}\n"), || certified(&format!("{POLICY}emergency_stop: repository # \u{1f680}\n"));
}
