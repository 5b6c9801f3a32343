//! Imported policies: what is read, what is refused, and that no import is milder than none.

use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::diagnostic::{Code, Diagnostic};

const REV: &str = "0123456789abcdef0123456789abcdef01234567";

fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// The entry of `extends` for a policy.
fn entry(import: &str) -> String {
    let digest = sha256(import.as_bytes());
    format!("{{ git: \"https://example.org/p.git\", rev: {REV}, path: speed.yaml, sha256: {digest} }}")
}

/// Reads a policy with copies of these imports.
fn read(policy: &str, imports: &[&str]) -> Result<(Policy, Vec<Diagnostic>), PolicyError> {
    let source = PolicySource {
        name: "policy.yaml".into(),
        bytes: policy.as_bytes(),
    };
    Policy::parse_with(&source, &|pin| {
        let copy = imports.iter().find(|import| sha256(import.as_bytes()) == pin.sha256);
        copy.map(|import| import.as_bytes().to_vec()).ok_or(Unvendored::Missing)
    })
}

fn importing(rest: &str, imports: &[&str]) -> Result<Policy, PolicyError> {
    let entries: Vec<String> = imports.iter().map(|import| entry(import)).collect();
    let policy = format!("version: 1\nextends: [{}]\n{rest}", entries.join(", "));
    read(&policy, imports).map(|(policy, _)| policy)
}

fn refused(rest: &str, import: &str) -> Vec<(Code, String)> {
    let error = importing(rest, &[import]).expect_err(import);
    error
        .diagnostics()
        .map(|found| (found.code(), found.message().to_owned()))
        .collect()
}

const SPEED: &str = "version: 1
extends: builtin:go
defaults: { binding: digest, conditional: when-met, signatures: optional }
statuses: { ADVISORY_ONLY: hold }
components:
  - { id: hot, match: { paths: [\"hot/**\"] }, require: { approvals: 2 } }
  - { id: warm, binding: history, match: { paths: [\"warm/**\"] } }
";

#[test]
fn an_import_brings_components_and_makes_stricter() {
    let policy = importing("components: [{ id: own, match: { paths: [\"own/**\"] } }]\n", &[SPEED]).unwrap();
    let of = |id: &str| policy.component_named(id).unwrap();
    assert_eq!((of("own").binding, of("own").imported), (Binding::History, false));
    assert_eq!(
        (of("hot").binding, of("warm").binding),
        (Binding::Digest, Binding::History)
    );
    assert_eq!(of("hot").conditional, Conditional::WhenMet);
    assert_eq!(of("hot").origin, "import:speed.yaml@0123456789");
    assert!(of("hot").imported && of("go_memory").imported);
    assert_eq!(policy.signatures, Signatures::Optional);
    assert_eq!(policy.class(Status::AdvisoryOnly), Class::Hold);
    assert_eq!(policy.imports.len(), 1);
    assert_eq!(
        policy.imports[0].copy().to_string(),
        format!(".certgate/imports/{}.yaml", sha256(SPEED.as_bytes()))
    );
}

#[test]
fn the_importing_policy_turns_dials_and_replaces() {
    let dials = "without: [warm]\nadjust: { hot: { require: { approvals: 1 } } }\nexclude: [\"hot/gen/**\"]\ndisable: [go_memory/content-1]\n";
    let policy = importing(dials, &[SPEED]).unwrap();
    assert_eq!(policy.component_named("hot").unwrap().require.approvals, 1);
    assert!(policy.component_named("warm").is_none());
    let own = importing("components: [{ id: hot, match: { paths: [\"x\"] } }]\n", &[SPEED]).unwrap();
    assert!(!own.component_named("hot").unwrap().imported);
}

#[test]
fn what_an_import_must_not_say_is_refused_by_its_name() {
    for key in [
        "serial: 1",
        "repository: a/b",
        "certificates: [\"c/**/*.md\"]",
        "ledger: { since: 2026-01-01 }",
        "records: docs",
        "enforce: [{ branches: [\"**\"], merge: off }]",
        "profiles: [p.pb]",
        "sensitivity: { flag: 20% }",
        "agents: { eve: { principals: [eve@x], may_lift: true } }",
        "codeowners: { forge: gitlab }",
        "policy: { owners: [eve] }",
        "exclude: [\"**\"]",
        "trusted_bumps: { paths: [Cargo.lock], max: minor }",
        "without: [go_memory]",
        "adjust: { go_memory: { risk: low } }",
        "disable: [go_memory/paths]",
        "stamps: allow",
        "emergency_stop: component",
    ] {
        let found = refused("", &format!("version: 1\nextends: builtin:go\n{key}\n"));
        let name = key.split(':').next().unwrap();
        assert!(
            found.len() == 1 && found[0].0 == Code::CG659 && found[0].1.contains(name),
            "{key}: {found:?}"
        );
    }
    let nested = refused("", &format!("version: 1\nextends: [{}]\n", entry("version: 1\n")));
    assert_eq!(nested[0].0, Code::CG659);
    for (import, code) in [
        ("components: []\n", Code::CG004),
        ("version: 1\nnonsense: 1\n", Code::CG003),
        ("version: 1\nextends: builtin:nonsense\n", Code::CG007),
        ("version: 1\n# \u{202e}\n", Code::CG014),
        (
            "version: 1\ncomponents: [{ id: a, match: { content: ['('] } }]\n",
            Code::CG005,
        ),
        ("version: 1\nstatuses: { NO_GO: approve }\n", Code::CG009),
        (
            "version: 1\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
            Code::CG008,
        ),
    ] {
        assert_eq!(refused("", import)[0].0, code, "{import}");
    }
    // Two components of one name are nobody's to choose from.
    let twice = importing(
        "",
        &[SPEED, "version: 1\ncomponents: [{ id: hot, match: { paths: [y] } }]\n"],
    );
    assert_eq!(twice.unwrap_err().diagnostics().next().unwrap().code(), Code::CG006);
}

#[test]
fn a_pin_says_exactly_what_is_meant() {
    let whole = entry(SPEED);
    let digest = sha256(SPEED.as_bytes()).to_string();
    for (from, to, code) in [
        (REV, "main", Code::CG009),
        (REV, &REV[..12], Code::CG009),
        (REV, "0123456789ABCDEF0123456789abcdef01234567", Code::CG009),
        (&digest[..], &digest.to_uppercase()[..], Code::CG009),
        (&digest[..], &digest[..40], Code::CG009),
        ("speed.yaml", "../speed.yaml", Code::CG009),
        ("speed.yaml", "/speed.yaml", Code::CG009),
        ("speed.yaml", ".git/config", Code::CG009),
        ("https://example.org/p.git", "ext::sh -c id", Code::CG009),
        ("https://example.org/p.git", "--upload-pack=id", Code::CG009),
        ("git:", "url:", Code::CG003),
        (", path: speed.yaml", "", Code::CG002),
    ] {
        let policy = format!("version: 1\nextends: [{}]\n", whole.replace(from, to));
        let error = read(&policy, &[SPEED]).expect_err(to);
        assert_eq!(error.diagnostics().next().unwrap().code(), code, "{to}");
    }
    let twice = format!("version: 1\nextends: [{whole}, {whole}]\n");
    assert!(read(&twice, &[SPEED]).is_err());
    let many: Vec<String> = (0..9).map(|n| format!("version: 1\n# {n}\n")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(importing("", &many[..8]).is_ok());
    let refused = importing("", &many).unwrap_err();
    assert_eq!(refused.diagnostics().next().unwrap().code(), Code::CG008);
    let missing = read(&format!("version: 1\nextends: {whole}\n"), &[]).unwrap_err();
    assert_eq!(missing.diagnostics().next().unwrap().code(), Code::CG658);
}

#[test]
fn a_resolved_policy_needs_no_copies() {
    let rest =
        "defaults: { max_age: 9d }\nstatuses: { GO: conditional }\nstamps: allow\nadjust: { warm: { risk: high } }\n";
    let text = format!("version: 1\nextends: [{}]\n{rest}", entry(SPEED));
    let source = PolicySource {
        name: "policy.yaml".into(),
        bytes: text.as_bytes(),
    };
    let written = Policy::resolved(&source, &|_| Ok(SPEED.as_bytes().to_vec())).unwrap();
    let (before, after) = (read(&text, &[SPEED]).unwrap().0, read(&written, &[]).unwrap().0);
    assert!(after.imports.is_empty());
    assert_eq!(strictness(&before), strictness(&after));
    for (a, b) in before.components.iter().zip(&after.components) {
        assert_eq!(told(a), told(b));
    }
    assert_eq!(before.components.len(), after.components.len());
}

/// What is said for all components, each stricter where greater.
fn strictness(policy: &Policy) -> (Signatures, bool, bool, bool, Vec<Class>) {
    let classes = Status::ALL.into_iter().map(|status| policy.class(status));
    (
        policy.signatures,
        policy.independence,
        !policy.stop_is_per_component,
        !policy.stamps_count,
        classes.collect(),
    )
}

/// Everything of a component that decides, but for whether it is imported.
fn told(component: &Component) -> String {
    let plain = Component {
        imported: false,
        origin: String::new(),
        // They know where they are written.
        examples: Examples::default(),
        ..component.clone()
    };
    format!("{plain:?}")
}

/// What decides beside components and what is stricter where greater; the same with and without imports.
fn rest(policy: &Policy) -> String {
    let Policy {
        certificates,
        since,
        records,
        enforce,
        agents,
        exclude,
        trusted_bumps,
        sensitivity,
        profiles,
        owners,
        codeowners,
        serial,
        repository,
        ..
    } = policy.clone();
    format!(
        "{certificates:?}{since:?}{records:?}{enforce:?}{agents:?}{exclude:?}{trusted_bumps:?}{sensitivity:?}{profiles:?}{owners:?}{codeowners:?}{serial:?}{repository:?}"
    )
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(str::to_owned)
}

/// Lines of a policy, with everything that an import may say, and with some that it must not.
fn lines() -> impl Strategy<Value = String> {
    let line = one_of(&[
        "defaults: { signatures: required }",
        "defaults: { signatures: optional, independence: true }",
        "defaults: { binding: component, max_age: 3650d, conditional: allow, families: [] }",
        "defaults: { binding: digest }",
        "statuses: { ADVISORY_ONLY: veto, GO: conditional }",
        "statuses: { GO: hold }",
        "emergency_stop: repository",
        "emergency_stop: component",
        "stamps: refuse",
        "stamps: allow",
        "extends: [builtin:rust, builtin:default]",
        "extends: builtin:default",
        "exclude: [\"**\"]",
        "enforce: [{ branches: [\"**\"], merge: off }]",
        "agents: { eve: { principals: [eve@x], may_lift: true } }",
        "policy: { owners: [eve] }",
        "certificates: [\"**/*.md\"]",
        "sensitivity: { flag: 1%, enforce: warn }",
        "trusted_bumps: { paths: [\"**/Cargo.lock\"], max: minor }",
    ]);
    prop::collection::vec(line, 0..4).prop_map(|lines| {
        let mut kept: Vec<String> = Vec::new();
        for line in lines {
            let key = line.split(':').next().unwrap_or_default().to_owned();
            if !kept.iter().any(|known| known.starts_with(&format!("{key}:"))) {
                kept.push(line);
            }
        }
        kept.iter().map(|line| format!("{line}\n")).collect()
    })
}

/// Components, of which some are enforced less, gate everything, yield or are called as a pack's.
fn components(ids: &'static [&'static str]) -> impl Strategy<Value = String> {
    let component = (
        one_of(ids),
        one_of(&["\"**\"", "\"src/**\"", "\"src/hot/**\""]),
        one_of(&[
            "",
            ", yields: [rust_unsafe, hot, own]",
            ", aliases: [speed]",
            ", binding: component",
            ", clean_merge: accept",
        ]),
    );
    prop::collection::vec(component, 0..3).prop_map(|list| {
        let mut seen: Vec<String> = Vec::new();
        let mut text = String::new();
        for (id, paths, more) in list {
            if !seen.contains(&id) {
                text += &format!("  - {{ id: {id}, match: {{ paths: [{paths}] }}{more} }}\n");
                seen.push(id);
            }
        }
        match text.is_empty() {
            true => text,
            false => format!("components:\n{text}"),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// The law of imports, for any policy and import: one that reads leaves everything of the policy as it was or stricter.
    #[test]
    fn no_import_is_milder_than_none(
        own in lines(),
        own_components in components(&["own", "other"]),
        import in lines(),
        components in components(&["hot", "own", "rust_unsafe", "rust_async_runtime"]),
        path in one_of(&["src/hot/a.rs", "src/a.rs", "b.py"]),
    ) {
        let import = format!("version: 1\n{import}{components}");
        let without = format!("version: 1\n{own}{own_components}");
        let with = match own.lines().find(|line| line.starts_with("extends: ")) {
            Some(line) => {
                let packs = line.trim_start_matches("extends: ").trim_matches(['[', ']']);
                without.replace(line, &format!("extends: [{packs}, {}]", entry(&import)))
            }
            None => format!("{without}extends: [{}]\n", entry(&import)),
        };
        let (Ok((without, _)), Ok((with, _))) = (read(&without, &[]), read(&with, &[&import])) else {
            return Ok(());
        };
        let (before, after) = (strictness(&without), strictness(&with));
        prop_assert!(after.0 >= before.0 && after.1 >= before.1 && after.2 >= before.2 && after.3 >= before.3);
        prop_assert!(after.4.iter().zip(&before.4).all(|(after, before)| after >= before));
        prop_assert_eq!(rest(&with), rest(&without));
        for component in &without.components {
            let same = with.components.iter().find(|known| known.id == component.id && !known.imported);
            prop_assert_eq!(same.map(told), Some(told_without_new_names(component, &with)));
        }
        let path = RepoPath::from(path.as_str());
        if let Some(nearest) = without.nearest_component(&path) {
            prop_assert_eq!(with.nearest_component(&path).map(|near| near.id.clone()), Some(nearest.id.clone()));
        }
    }
}

/// As [`told`], of a component that no longer yields to names that only an import has: to yield to nobody asks for no less.
fn told_without_new_names(component: &Component, with: &Policy) -> String {
    let mut component = component.clone();
    component.yields.retain(|id| {
        with.components
            .iter()
            .all(|known| !known.imported || fold(&known.id) != fold(id))
    });
    told(&component)
}
