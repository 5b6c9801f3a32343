//! Policies as written, and what is reported about them; the packs, held to their examples.

use super::*;
use crate::diagnostic::{Code, Diagnostic, Style, render};

fn parse(text: &str) -> Result<(Policy, Vec<Diagnostic>), PolicyError> {
    Policy::parse(&PolicySource {
        name: "policy.yaml".into(),
        bytes: text.as_bytes(),
    })
}

/// What a policy that holds is warned of.
pub(super) fn warnings(text: &str) -> Vec<Diagnostic> {
    parse(text).unwrap_or_else(|error| panic!("{error}: {text}")).1
}

fn errors(text: &str) -> Vec<Diagnostic> {
    match parse(text) {
        Ok(_) => panic!("no error in {text}"),
        Err(error) => error.into_diagnostics(),
    }
}

/// The code, the line and the marked text of the only error.
fn one(text: &str) -> (Code, Option<u32>, String) {
    let found = errors(text);
    assert_eq!(found.len(), 1, "{found:#?}");
    let place = found[0].place().unwrap();
    let marked = place
        .source
        .as_ref()
        .map(|source| source.text[source.start..source.end].to_owned());
    (found[0].code(), place.line, marked.unwrap_or_default())
}

fn component(body: &str) -> String {
    format!("version: 1\ncomponents:\n  - id: a\n{body}")
}

#[test]
fn deleting_and_forcing_go_by_the_entry_and_else_by_merge() {
    let text = "version: 1\nenforce:\n  - { branches: [main], force: warn }\n  - { branches: [rel], merge: warn, delete: block }\n";
    let (policy, _) = parse(text).unwrap();
    let both = |branch| (policy.deletion(branch), policy.forcing(branch));
    assert_eq!(both("main"), (Enforcement::Block, Enforcement::Warn));
    assert_eq!(both("rel"), (Enforcement::Block, Enforcement::Off));
    assert_eq!(both("elsewhere"), (Enforcement::Block, Enforcement::Block));
    let source = PolicySource {
        name: "p".into(),
        bytes: text.as_bytes(),
    };
    let enforcing = Enforcing::parse(&source).unwrap();
    for stage in Stage::ALL {
        for branch in ["main", "rel", "elsewhere"] {
            let target = Target::Branch(branch);
            assert_eq!(enforcing.enforcement(target, stage), policy.enforcement(target, stage));
        }
    }
    let wrong = errors("version: 1\nenforce: [{ branches: [main], forced: warn, delete: of }]\n");
    assert_eq!(wrong[0].code(), Code::CG003);
    assert_eq!(wrong[0].helps(), ["did you mean `force`?"]);
    let wrong = errors("version: 1\nenforce: [{ branches: [main], delete: blok }]\n");
    assert_eq!(
        (wrong[0].code(), wrong[0].helps()),
        (Code::CG009, vec!["did you mean `block`?".to_owned()])
    );
}

#[test]
fn packs_parse_and_their_examples_hold() {
    let specialists = [
        "torch-specialist",
        "algorithm-specialist",
        "integration-specialist",
        "system-architect",
        "security-architect",
        "infrastructure-architect",
        "test-engineer",
    ];
    for pack in packs() {
        // As an own policy, so that patterns are proven, and as a pack.
        let (own, warnings) = parse(pack.source).unwrap_or_else(|error| panic!("{}: {error}", pack.name));
        assert_eq!(warnings, [], "{}", pack.name);
        let policy = Policy::builtin(pack.name).unwrap();
        assert_eq!(crate::sensitivity::check_examples(&own), [], "{}", pack.name);
        assert_eq!(crate::sensitivity::check_examples(&policy), [], "{}", pack.name);
        assert!(!policy.components.is_empty());
        for component in &policy.components {
            let examples = &component.examples;
            assert!(
                !examples.matching.is_empty() && !examples.ignored.is_empty(),
                "{}",
                component.id
            );
            assert!(component.require.agents.is_empty() && component.require.approvals == 1);
            for (_, agent) in &component.handoff {
                assert!(specialists.contains(&agent.as_str()), "{agent}");
            }
            for pattern in component.rules.content.iter().map(|rule| &rule.pattern) {
                assert!(Pattern::new(pattern.as_str(), Haystack::Line).is_ok());
                assert!(
                    pattern.find(b"").is_none(),
                    "{} matches the empty line",
                    pattern.as_str()
                );
            }
        }
    }
}

#[test]
fn all_packs_can_be_extended_together() {
    let names: Vec<String> = packs().iter().map(|pack| format!("builtin:{}", pack.name)).collect();
    let (policy, warnings) = parse(&format!("version: 1\nextends: [{}]\n", names.join(", "))).unwrap();
    assert_eq!(warnings, []);
    assert!(
        policy
            .components
            .iter()
            .all(|component| component.origin.starts_with("builtin:"))
    );
}

#[test]
fn an_error_looks_like_the_compilers() {
    let found =
        errors("version: 1\ncomponents:\n  - id: a\n    match:\n      paths: [\"src/**\"]\n      contents: []\n");
    insta::assert_snapshot!(render(&found[0], Style::default()), @r"
    error[CG003]: unknown key `contents`
     --> policy.yaml:6:7
      |
    6 |       contents: []
      |       ^^^^^^^^
      |
      = help: did you mean `content`?
    ");
}

#[test]
fn errors_have_places() {
    let (c3, c5, c9) = (Code::CG003, Code::CG005, Code::CG009);
    for (text, code, line, marked) in [
        ("version: 1\nextend: []\n".to_owned(), c3, 2, "extend"),
        ("version: 1\nversion: 1\n".into(), Code::CG002, 2, "version"),
        ("version: 2\n".into(), Code::CG004, 1, "2"),
        ("components: []\n".into(), Code::CG004, 1, "components"),
        ("version: 1\ncertificates: 3: 4\n".into(), Code::CG002, 2, ""),
        ("version: 1\ncomponents: {}\n".into(), Code::CG002, 2, "{"),
        (
            "version: 1\nextends: [builtin:pyton]\n".into(),
            Code::CG007,
            2,
            "builtin:pyton",
        ),
        ("version: 1\nwithout: [x]\n".into(), c9, 2, "x"),
        ("version: 1\nstatuses: { REJECTED: hold }\n".into(), c9, 2, "hold"),
        ("version: 1\nstatuses: { Rejected: hold }\n".into(), c9, 2, "Rejected"),
        ("version: 1\nledger: { since: yesterday }\n".into(), c9, 2, "yesterday"),
        (
            "version: 1\ndefaults: { signatures: require }\n".into(),
            c9,
            2,
            "require",
        ),
        ("version: 1\ndefaults: { independence: true }\n".into(), c9, 2, "true"),
        ("version: 1\nrepository: two words\n".into(), c9, 2, "two words"),
        (
            "version: 1\ncertificates: [\"certificates/*.md\", \"src/**\"]\n".into(),
            c9,
            2,
            "\"src/**",
        ),
        ("version: 1\ndefaults: { max_age: 0d }\n".into(), c9, 2, "0d"),
        (
            "version: 1\nenforce: [{ branches: [main], merge: blok }]\n".into(),
            c9,
            2,
            "blok",
        ),
        (component("    match: { paths: [\"a\", \"b[\"] }\n"), c5, 4, "\"b["),
        (component("    match:\n      content: ['ok', 'a(b']\n"), c5, 5, "("),
        (
            component("    match: { content: [{ pattern: x, lines: both }] }\n"),
            c9,
            4,
            "both",
        ),
        (component("    match: { families: [claims] }\n"), c9, 4, "claims"),
        (component("    require: { approvals: 0 }\n"), c9, 4, "0"),
        (component("  - id: A\n"), c9, 4, "A"),
        (component("  - id: a\n"), Code::CG006, 4, "a"),
        (component("  - id: b\n    aliases: [x, A ]\n"), Code::CG006, 5, "A"),
        (
            component("  - id: certgate_policy\n"),
            Code::CG006,
            4,
            "certgate_policy",
        ),
        (component("  - title: x\n"), Code::CG002, 4, "title"),
        ("version: 1\nnote: !x y\n".into(), Code::CG002, 2, "!x y"),
    ] {
        let (found, at, shown) = if text.contains("id: A\n") {
            let all = errors(&text);
            let place = all[0].place().unwrap();
            let source = place.source.as_ref().unwrap();
            (
                all[0].code(),
                place.line,
                source.text[source.start..source.end].to_owned(),
            )
        } else {
            one(&text)
        };
        assert_eq!((found, at), (code, Some(line)), "{text}");
        if !marked.is_empty() {
            assert_eq!(shown, marked, "{text}");
        }
    }
}

#[test]
fn every_error_is_told_at_once() {
    let text =
        "version: 1\nemergency_stop: never\ncomponents:\n  - id: a\n    risk: huge\n    match: { content: ['('] }\n";
    assert_eq!(errors(text).len(), 3);
}

#[test]
fn what_cannot_be_read_is_refused() {
    let code = |bytes: &[u8]| {
        let source = PolicySource {
            name: "p".into(),
            bytes,
        };
        Policy::parse(&source).unwrap_err().diagnostics().next().unwrap().code()
    };
    assert_eq!(code(b""), Code::CG004);
    assert_eq!(code(b"\n# nothing\n"), Code::CG004);
    assert_eq!(code(b"version: 1\ntitle: \xff\n"), Code::CG001);
    assert_eq!(code(&vec![b'#'; 1024 * 1024 + 1]), Code::CG001);
    assert_eq!(code("[".repeat(500_000).as_bytes()), Code::CG008);
    assert!(parse("\u{feff}version: 1\r\n").is_ok());
}

#[test]
fn own_components_replace_those_of_packs() {
    let text = "version: 1\nextends: builtin:rust\nwithout: [rust-unsafe]\ncomponents:\n  - id: rust_profiles\n    title: Mine\n    match: { paths: [x] }\n";
    let (policy, _) = parse(text).unwrap();
    let named = |name| policy.component_named(name);
    assert_eq!(named("Rust Profiles").unwrap().title.as_deref(), Some("Mine"));
    assert!(named("rust_unsafe").is_none());
    assert_eq!(named("rust-async runtime").unwrap().origin, "builtin:rust");
    assert_eq!(policy.suggest_component("rust_profile"), Some("rust_profiles"));
    assert_eq!(policy.suggest_component("zebra"), None);
}

#[test]
fn enforcement_follows_the_branch() {
    let (policy, _) = parse("version: 1\n").unwrap();
    let at = |target| policy.enforcement(target, Stage::Merge);
    assert_eq!(at(Target::Branch("main")), Enforcement::Block);
    assert_eq!(at(Target::Branch("release/1/x")), Enforcement::Block);
    assert_eq!(at(Target::Branch("feature/x")), Enforcement::Warn);
    assert_eq!(at(Target::Unknown), Enforcement::Block);
    assert_eq!(at(Target::Detached), Enforcement::Warn);
    assert!(policy.protected("main") && !policy.protected("x"));

    let text = "version: 1\nenforce:\n  - { branches: main, pre-commit: off, pre-push: warn, merge: block }\n";
    let (policy, _) = parse(text).unwrap();
    for (stage, expected) in [
        (Stage::PreCommit, Enforcement::Off),
        (Stage::CommitMsg, Enforcement::Off),
        (Stage::PrePush, Enforcement::Warn),
        (Stage::PreReceive, Enforcement::Block),
        (Stage::ReferenceTransaction, Enforcement::Block),
        (Stage::PreMergeCommit, Enforcement::Block),
    ] {
        assert_eq!(policy.enforcement(Target::Branch("main"), stage), expected);
        assert_eq!(policy.enforcement(Target::Branch("other"), stage), Enforcement::Block);
        assert_eq!(policy.enforcement(Target::Detached, stage), Enforcement::Block);
        assert_eq!(Stage::parse(stage.as_str()), Some(stage));
    }
}

#[test]
fn statuses_only_grow_stricter() {
    let (policy, _) = parse("version: 1\nstatuses: { ADVISORY_ONLY: hold }\nemergency_stop: component\n").unwrap();
    assert_eq!(policy.class(Status::AdvisoryOnly), Class::Hold);
    assert_eq!(policy.class(Status::Go), Class::Approve);
    assert!(policy.stop_is_per_component);
}

#[test]
fn the_digest_follows_the_source() {
    let digest = |text: &str| parse(text).unwrap().0.digest;
    assert_eq!(digest("version: 1\n"), digest("version: 1\n"));
    assert_ne!(digest("version: 1\n"), digest("version: 1 \n"));
    assert_ne!(
        digest("version: 1\nextends: []\n"),
        digest("version: 1\nextends: [builtin:go]\n")
    );
}

#[test]
fn unlisted_agents_are_warned_of() {
    let text = component("    match: { paths: [x] }\n    require: { agents: [perf-enginer] }\n");
    let (_, warnings) = parse(&format!("{text}agents:\n  perf-engineer: {{ may_lift: true }}\n")).unwrap();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].helps(), ["did you mean `perf-engineer`?"]);
}

#[test]
fn patterns_are_bounded_together() {
    let many = vec!["'(?u)\\wx'"; 400].join(", ");
    let found = errors(&component(&format!("    match: {{ content: [{many}] }}\n")));
    assert!(found.iter().any(|finding| finding.code() == Code::CG008), "{found:?}");
}

/// What of a policy decides, as text.
fn deciding(policy: &Policy) -> String {
    let components = policy.components.clone();
    components
        .into_iter()
        .map(|component| {
            let rules = component.rules.describe();
            let Component { id, title, aliases, risk, authorizers, require, binding, max_age, conditional, clean_merge, enforce, yields, .. } = component;
            let handoff: Vec<String> = component.handoff.iter().map(|(globs, agent)| format!("{globs:?} {agent}")).collect();
            format!("{id} {title:?} {aliases:?} {risk:?} {authorizers:?} {require:?} {binding:?} {max_age:?} {conditional:?} {clean_merge:?} {enforce:?} {yields:?} {handoff:?} {rules:?}\n")
        })
        .collect::<String>()
        + &format!("{:?} {:?} {:?} {:?}", policy.exclude, policy.certificates, policy.enforce, policy.agents)
}

fn resolved(text: &str) -> String {
    let source = PolicySource {
        name: "policy.yaml".into(),
        bytes: text.as_bytes(),
    };
    Policy::resolved(&source, &|_| Err(Unvendored::Missing)).unwrap_or_else(|error| panic!("{error}"))
}

const TURNED: &str = "version: 1
serial: 3
extends: [builtin:default, builtin:rust, builtin:rl-training]
without: [telemetry]
exclude: [\"gen/**\"]
disable: [rust_unsafe/content-2, message_bus/paths, concurrency/families]
policy: { owners: [lead] }
agents: { lead: { principals: [l@x], may_lift: true }, perf: {} }
adjust:
  rust_hot_paths:
    risk: high
    match: { paths: [\"src/hot/**\"], content: ['fast\\('], exclude: [\"cold/**\"] }
    exclude: [\"colder/**\"]
    require: { agents: [perf, lead], approvals: 2, evidence: [file-references] }
    enforce: { merge: warn, pre-commit: warn }
    handoff: { \"src/hot/x/**\": lead }
    examples: { match: [src/hot/a.rs], ignore: [cold/a.rs, { path: colder/a.rs, line: \"fast(x)\" }] }
components:
  - id: own
    enforce: { pre-push: block }
    match: { paths: [\"a/**\"], content: [{ rule: quick, pattern: quick, examples: { match: [quick] } }] }
";

#[test]
fn dials_turn_what_packs_bring() {
    let (policy, warned) = parse(TURNED).unwrap();
    assert_eq!(warned, []);
    let of = |id: &str| policy.component_named(id).unwrap();
    let pack = Policy::builtin("rust").unwrap();
    let hot = of("rust_hot_paths");
    let before = pack.component_named("rust_hot_paths").unwrap();
    assert_eq!(
        hot.rules.content.len(),
        before.rules.content.len() + 1,
        "patched, not replaced"
    );
    assert_eq!(
        (hot.risk, hot.require.approvals, hot.require.agents.len()),
        (Risk::High, 2, 2)
    );
    assert!(hot.rules.exclude.matches(b"cold/a.rs") && hot.rules.exclude.matches(b"colder/a.rs"));
    assert!(hot.rules.exclude.matches(b"tests/a.rs"), "what the pack excludes stays");
    assert_eq!(
        hot.enforce.enforcement(Enforcement::Block, Stage::CommitMsg),
        Enforcement::Warn
    );
    assert_eq!(
        hot.enforce.enforcement(Enforcement::Block, Stage::PreReceive),
        Enforcement::Warn
    );
    assert_eq!(
        hot.enforce.enforcement(Enforcement::Block, Stage::PrePush),
        Enforcement::Block
    );
    assert_eq!(
        of("own").enforce.enforcement(Enforcement::Warn, Stage::PrePush),
        Enforcement::Block
    );
    assert_eq!(
        of("own").enforce.enforcement(Enforcement::Off, Stage::PrePush),
        Enforcement::Off
    );
    assert_eq!(of("rust_unsafe").rules.content.len(), 1);
    assert!(of("message_bus").rules.paths.is_empty() && of("concurrency").rules.families.is_empty());
    assert!(policy.component_named("telemetry").is_none());
    assert_eq!(crate::sensitivity::check_examples(&policy), []);
}

#[test]
fn a_resolved_policy_is_the_same_policy() {
    let everything: Vec<String> = packs().iter().map(|pack| format!("builtin:{}", pack.name)).collect();
    let everything = format!("version: 1\nextends: [{}]\n", everything.join(", "));
    for text in [TURNED.to_owned(), everything, component("    match: { paths: [x] }\n")] {
        let written = resolved(&text);
        let (before, _) = parse(&text).unwrap();
        let (after, warned) = parse(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
        let unlisted = |found: &Diagnostic| found.message().ends_with("is not in `agents`");
        assert!(warned.iter().all(unlisted), "specialists of packs: {warned:?}");
        assert_eq!(deciding(&after), deciding(&before));
        assert_eq!(crate::sensitivity::check_examples(&after), []);
        assert_eq!(resolved(&written), written, "and again");
        assert!(!written.contains("extends") && written.starts_with("version: 1\n"));
    }
    for pack in packs() {
        let written = Policy::resolved_builtin(pack.name).unwrap();
        let after = parse(&written).unwrap().0;
        assert_eq!(
            deciding(&after),
            deciding(&Policy::builtin(pack.name).unwrap()),
            "{}",
            pack.name
        );
    }
}

#[test]
fn what_a_dial_does_not_find_is_an_error() {
    let base = "version: 1\nextends: builtin:rust\n";
    let with = |rest: &str| format!("{base}{rest}");
    for (text, marked, help) in [
        (
            with("adjust: { rust_unsaef: { risk: low } }\n"),
            "rust_unsaef",
            "did you mean `rust_unsafe`?",
        ),
        (
            with("disable: [rust_unsafe/content-7]\n"),
            "rust_unsafe/content-7",
            "did you mean `rust_unsafe/content-2`?",
        ),
        (
            with("without: [rust_unsafe]\nadjust: { rust_unsafe: { risk: low } }\n"),
            "rust_unsafe",
            "",
        ),
        (with("adjust: { rust_unsafe: { risk: lwo } }\n"), "lwo", ""),
        (
            with("adjust: { rust_unsafe: { match: { content: ['('] } } }\n"),
            "(",
            "",
        ),
        (with("adjust: { rust_unsafe: { exclude: [\"/x\"] } }\n"), "/x", ""),
        (
            with("adjust: { rust_unsafe: { enforce: { merge: warn } } }\n"),
            "warn",
            "*",
        ),
        (
            with("components: [{ id: a, match: { paths: [x] } }]\nadjust: { a: { risk: low } }\n"),
            "a",
            "*",
        ),
        (
            component("    match: { paths: [x] }\n    enforce: { merge: off }\n"),
            "off",
            "*",
        ),
        (
            component("    match: { paths: [x] }\n    enforce: { pre-comit: off }\n"),
            "pre-comit",
            "did you mean `pre-commit`?",
        ),
        (with("exclude: [\"[\"]\n"), "[", ""),
    ] {
        let found = errors(&text);
        let place = found[0].place().unwrap().source.clone().unwrap();
        let there = place.text[place.start..place.end].trim_matches(['"', '\'']);
        assert_eq!(there, marked, "{text}: {found:?}");
        if help != "*" {
            assert_eq!(found[0].helps().first().map_or("", |help| help), help, "{text}");
        }
    }
    let replaced = warnings(&with("components: [{ id: rust_unsafe, match: { paths: [x] } }]\n"));
    assert_eq!(replaced.len(), 1, "{replaced:?}");
    assert_eq!(replaced[0].code(), Code::CG017);
}

#[test]
fn no_two_packs_claim_one_line() {
    let names: Vec<String> = packs().iter().map(|pack| format!("builtin:{}", pack.name)).collect();
    let (policy, _) = parse(&format!("version: 1\nextends: [{}]\n", names.join(", "))).unwrap();
    let owners = crate::sensitivity::owners(&policy);
    assert!(owners.len() > 150, "{}", owners.len());
    // A message may name what it is about beside calling itself a performance change; that is no line of a file.
    let of_file = |example: &str| example.ends_with(" None");
    let twice: Vec<_> = owners
        .iter()
        .filter(|(example, owners)| owners.len() != 1 && of_file(example))
        .collect();
    assert!(twice.is_empty(), "{} of {}:\n{twice:#?}", twice.len(), owners.len());
}
