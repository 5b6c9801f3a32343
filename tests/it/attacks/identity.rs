//! Family: identity. Who says they are somebody else, are two people, or had a hand in what they approve.

use std::path::{Path, PathBuf};

use super::attacks;
use super::world::signed;
use crate::scene::{Ran, run};
use crate::signed::{Signed, line, policy};

/// An approval for an agent, signed by a person, after something was done to it.
fn approved(agent: &str, person: &str, then: fn(&Signed, &Path)) -> Ran {
    let world = signed();
    let path = world.certify(agent, "APPROVED", &[]);
    world.sign(&path, person);
    then(&world, &path);
    world.commit().check()
}

fn honest() -> Ran {
    approved("performance-engineer", "pia", |_, _| ())
}

/// A world with its own policy, and the change.
fn changed(policy: &str) -> Signed {
    let world = Signed::with(policy);
    world.change("2");
    world
}

fn signature(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sig");
    name.into()
}

/// Policy: two approvals by people.
fn two() -> String {
    policy("required", "    require: { approvals: 2 }\n").replace(
        "torch-specialist: { principals: [tom@example.org] }",
        "torch-specialist: { principals: [tom@example.org, pia@example.org] }",
    )
}

fn independent() -> String {
    policy("required", "").replace("signatures: required", "signatures: required, independence: true")
}

fn by_author(variable: &str, value: &str, message: &str, person: &str) -> Ran {
    let mut world = Signed::with(&independent());
    if !variable.is_empty() {
        world.repo.set(variable, value);
    }
    world.repo.write("src/train/loop.py", "def step():\n    return 2\n");
    world.repo.commit(message);
    let (_, _, agent) = crate::signed::PEOPLE
        .into_iter()
        .find(|(name, _, _)| *name == person)
        .expect("one of the people");
    world.approve(agent, person);
    world.check()
}

/// What the hook says of a change by this author, approved by pia, when it goes into `main` as one of three heads.
fn by_author_of_one_head(author: &str) -> Ran {
    let mut world = Signed::with(&independent());
    world.repo.set("GIT_AUTHOR_EMAIL", author);
    world.change("2").approve("performance-engineer", "pia");
    world.repo.set("GIT_AUTHOR_EMAIL", "ada@example.org");
    super::content::three_heads(&world.repo)
}

fn authorized(risk: &str, by: &[(&str, &str)]) -> Ran {
    let world = changed(&policy(
        "required",
        &format!("    risk: {risk}\n    authorizers: [lead]\n"),
    ));
    for (agent, person) in by {
        world.approve(agent, person);
    }
    world.check()
}

/// The keys on `main` are changed, past the gate, before the branch is judged.
fn with_keys(edit: fn(&Signed) -> String) -> Ran {
    let world = signed();
    world.approve("performance-engineer", "pia");
    world.repo.git(&["switch", "--quiet", "main"]);
    world.repo.write(".certgate/allowed_signers", edit(&world));
    world.repo.commit("Keys");
    world.repo.git(&["switch", "--quiet", "work"]);
    world.check()
}

fn allowed(world: &Signed, options: &str) -> String {
    line(&world.repo, "pia", "pia@example.org", options)
}

/// The key of pia is revoked on `main`; or tom's.
fn revoked(whose: &str) -> Ran {
    let world = signed();
    world.approve("performance-engineer", "pia");
    world.repo.git(&["switch", "--quiet", "main"]);
    let key = std::fs::read(world.repo.home().join(format!("{whose}.pub"))).expect("a key");
    world.repo.write(".certgate/revoked_keys", key);
    world.repo.commit("Revoke");
    world.repo.git(&["switch", "--quiet", "work"]);
    world.check()
}

/// A handed-off path: approved by a reviewer, and for the specialist by a person.
fn handed_off(person: &str) -> Ran {
    let world = changed(&policy(
        "required",
        "    handoff: { \"src/train/**\": torch-specialist }\n",
    ));
    world.approve("performance-engineer", "pia");
    world.approve("torch-specialist", person);
    world.check()
}

/// A refusal by pia, and an approval that names it, by a person for an agent.
fn lifted(agent: &str, person: &str) -> Ran {
    let world = signed();
    let refusal = world.certify("performance-engineer", "NO_GO", &[]);
    world.commit();
    let text = std::fs::read_to_string(&refusal).expect("written");
    let id = text
        .lines()
        .find_map(|line| line.strip_prefix("**Certificate ID**: "))
        .expect("an id");
    let lifting = world.certify(agent, "APPROVED", &["--supersedes", id]);
    world.sign(&lifting, person);
    // Whoever lifts, the content must be approved as well.
    world.commit().approve("torch-specialist", "tom").check()
}

/// A change of the policy, approved for an agent by a person.
fn policy_changed(agent: &str, person: &str) -> Ran {
    let world = Signed::required();
    let text = policy("required", "").replace("serial: 1", "serial: 2");
    world.repo.write(".certgate/policy.yaml", text);
    world.commit();
    let path = world.certify_as("certgate-policy", agent, "APPROVED", &[]);
    world.sign(&path, person);
    world.commit().check()
}

/// A bypass for an agent by a person, with a date.
fn bypassed(agent: &str, person: Option<&str>, until: &str) -> Ran {
    let world = signed();
    let path = world.written(
        &run(
            &world.repo,
            &[
                "certify",
                "gpu_memory",
                "--base",
                "main",
                "--bypass-until",
                until,
                "--agent",
                agent,
                "--rationale",
                "outage",
            ],
        )
        .ends(0),
    );
    if let Some(person) = person {
        world.sign(&path, person);
    }
    world.commit().check()
}

attacks! {
    no_signature: "an approval that nobody signed", ["CG509"], || { let world = signed(); world.certify("performance-engineer", "APPROVED", &[]); world.commit().check() }, honest;
    a_strangers_key: "an approval signed by a key that nobody knows", ["CG505"], || approved("performance-engineer", "eve", |_, _| ()), honest;
    another_agents_key: "an approval for one agent signed by another", ["CG510"], || approved("performance-engineer", "tom", |_, _| ()), honest;
    an_agent_without_principals: "an approval for an agent for whom nobody may speak", ["CG510"], || approved("eve", "pia", |_, _| ()), honest;
    an_agent_that_is_made_up: "an approval for an agent that the policy does not list", ["CG510"], || approved("somebody", "pia", |_, _| ()), honest;
    another_namespace: "a signature made for git", ["CG504"], || { let world = signed(); let path = world.certify("performance-engineer", "APPROVED", &[]); world.sign_as(&path, "pia", "git"); world.commit().check() }, honest;
    the_signature_of_another_document: "a good signature of another certificate", ["CG504"], || {
        let world = signed();
        let other = world.certify("performance-engineer", "ADVISORY_ONLY", &[]);
        world.sign(&other, "pia");
        let path = world.certify("performance-engineer", "APPROVED", &[]);
        std::fs::copy(signature(&other), signature(&path)).expect("signed");
        world.commit().check()
    }, honest;
    a_document_edited_after_signing: "one word of the rationale changed after signing", ["CG504", "CG501"], || approved("performance-engineer", "pia", |_, path| {
        let text = std::fs::read_to_string(path).expect("written");
        std::fs::write(path, text.replace("measured", "guessed")).expect("writable");
    }), honest;
    a_status_edited_after_signing: "NO_GO signed, APPROVED committed", ["CG504", "CG501"], || {
        let world = signed();
        let path = world.certify("performance-engineer", "NO_GO", &[]);
        world.sign(&path, "pia");
        let text = std::fs::read_to_string(&path).expect("written");
        std::fs::write(&path, text.replace("**Status**: NO_GO", "**Status**: APPROVED")).expect("writable");
        world.commit().check()
    }, honest;
    a_signature_that_is_garbage: "a file of random text as the signature", ["CG503"], || approved("performance-engineer", "pia", |_, path| std::fs::write(signature(path), "trust me\n").expect("writable")), honest;
    a_signature_cut_short: "a signature without its end", ["CG503"], || approved("performance-engineer", "pia", |_, path| {
        let text = std::fs::read_to_string(signature(path)).expect("signed");
        std::fs::write(signature(path), &text[..text.len() / 2]).expect("writable");
    }), honest;
    a_signature_that_is_a_link: "a symbolic link where the signature belongs", ["CG503"], || approved("performance-engineer", "pia", |world, path| {
        let real = world.repo.path().join("elsewhere");
        std::fs::rename(signature(path), &real).expect("signed");
        std::os::unix::fs::symlink(real, signature(path)).expect("a link");
    }), honest;
    a_signature_under_another_name: "the signature beside a name that differs by case", ["CG509"], || approved("performance-engineer", "pia", |_, path| {
        let text = signature(path).display().to_string();
        std::fs::rename(signature(path), text.replace(".md.sig", ".MD.sig")).expect("signed");
    }), honest;
    a_key_that_brings_itself: "the change adds its own key to the allowed signers", ["CG505"], || {
        let world = signed();
        let own = line(&world.repo, "eve", "pia@example.org", "namespaces=\"certgate\"");
        world.repo.write(".certgate/allowed_signers", own);
        world.commit();
        let path = world.certify("performance-engineer", "APPROVED", &[]);
        world.sign(&path, "eve");
        world.commit().check()
    }, honest;
    a_principal_that_brings_itself: "the change lets its own agent speak, in its policy", ["CG510"], || {
        let world = signed();
        let text = policy("required", "").replace("serial: 1", "serial: 2").replace("pia@example.org", "tom@example.org");
        world.repo.write(".certgate/policy.yaml", text);
        world.commit();
        let path = world.certify("performance-engineer", "APPROVED", &[]);
        world.sign(&path, "tom");
        world.commit().check()
    }, honest;
    one_person_with_two_names: "one principal approves as two agents", ["CG204"], || { let world = changed(&two()); world.approve("performance-engineer", "pia").approve("torch-specialist", "pia"); world.check() }, || { let world = changed(&two()); world.approve("performance-engineer", "pia").approve("torch-specialist", "tom"); world.check() };
    one_person_with_two_keys: "one principal approves with two keys", ["CG204"], || {
        let world = Signed::with(&two());
        let more = line(&world.repo, "eve", "pia@example.org", "namespaces=\"certgate\"");
        let known = std::fs::read_to_string(world.repo.path().join(".certgate/allowed_signers")).expect("there");
        world.repo.write(".certgate/allowed_signers", known + &more);
        world.commit().land();
        world.change("2").approve("performance-engineer", "pia").approve("performance-engineer", "eve");
        world.check()
    }, || { let world = changed(&two()); world.approve("performance-engineer", "pia").approve("torch-specialist", "tom"); world.check() };
    one_key_with_two_principals: "one key listed for two principals approves twice", ["CG204"], || {
        let world = Signed::with(&two());
        let more = line(&world.repo, "pia", "tom@example.org", "namespaces=\"certgate\"");
        let known = std::fs::read_to_string(world.repo.path().join(".certgate/allowed_signers")).expect("there");
        world.repo.write(".certgate/allowed_signers", known + &more);
        world.commit().land();
        world.change("2").approve("performance-engineer", "pia").approve("torch-specialist", "pia");
        world.check()
    }, || { let world = changed(&two()); world.approve("performance-engineer", "pia").approve("torch-specialist", "tom"); world.check() };
    the_author_approves: "who authored the change signs its approval", ["CG511"], || by_author("GIT_AUTHOR_EMAIL", "pia@example.org", "Change", "pia"), || by_author("", "", "Change", "pia");
    the_author_approves_in_capitals: "the same, with the address in capitals", ["CG511"], || by_author("GIT_AUTHOR_EMAIL", "PIA@EXAMPLE.ORG", "Change", "pia"), || by_author("", "", "Change", "pia");
    the_committer_approves: "who committed the change under another author signs its approval", ["CG511"], || by_author("GIT_COMMITTER_EMAIL", "pia@example.org", "Change", "pia"), || by_author("", "", "Change", "pia");
    the_co_author_approves: "who co-authored the change signs its approval", ["CG511"], || by_author("", "", "Change\n\nCo-Authored-By: Pia <pia@example.org>", "pia"), || by_author("", "", "Change", "pia");
    the_author_approves_in_an_octopus: "who authored the change signs its approval, in the middle one of three heads that are merged", ["CG511"], || by_author_of_one_head("pia@example.org"), || by_author_of_one_head("ada@example.org");
    nobody_authorizes: "a change of high risk without an authorization", ["CG516"], || authorized("high", &[("performance-engineer", "pia")]), || authorized("high", &[("performance-engineer", "pia"), ("lead", "lea")]);
    the_authorizer_alone: "the authorizer is the only reviewer", ["CG516"], || authorized("medium", &[("lead", "lea")]), || authorized("medium", &[("lead", "lea"), ("performance-engineer", "pia")]);
    an_authorization_by_the_reviewer: "the reviewer signs the authorization, too", ["CG516"], || authorized("high", &[("performance-engineer", "pia"), ("lead", "pia")]), || authorized("low", &[("performance-engineer", "pia")]);
    a_specialist_who_is_not: "the reviewer signs for the specialist", ["CG206"], || handed_off("pia"), || handed_off("tom");
    a_refusal_lifted_by_a_stranger: "an agent without `may_lift` names the refusal", ["CG302"], || lifted("torch-specialist", "tom"), || lifted("lead", "lea");
    a_refusal_lifted_in_anothers_name: "somebody signs as the lead who may lift", ["CG302"], || lifted("lead", "tom"), || lifted("performance-engineer", "pia");
    a_policy_certified_by_no_owner: "a change of the policy, certified by a reviewer", ["CG201"], || policy_changed("performance-engineer", "pia"), || policy_changed("lead", "lea");
    a_policy_certified_in_the_owners_name: "a change of the policy, certified as the owner by somebody else", ["CG510"], || policy_changed("lead", "pia"), || policy_changed("lead", "lea");
    a_bypass_by_no_owner: "a bypass by a reviewer", ["CG515"], || bypassed("performance-engineer", Some("pia"), "3d"), || bypassed("lead", Some("lea"), "3d");
    a_bypass_that_nobody_signed: "an unsigned bypass in the owner's name", ["CG509"], || bypassed("lead", None, "3d"), || bypassed("lead", Some("lea"), "3d");
    a_bypass_without_end: "a bypass whose follow-up is due in a year", ["CG515"], || bypassed("lead", Some("lea"), "365d"), || bypassed("lead", Some("lea"), "29d");
    a_revoked_key: "an approval by a key that was revoked after it signed", ["CG507"], || revoked("pia"), || revoked("tom");
    a_key_for_another_namespace: "a key that may sign for git only", ["CG505"], || with_keys(|world| allowed(world, "namespaces=\"git\"")), || with_keys(|world| allowed(world, "namespaces=\"git,certgate\""));
    a_key_that_has_expired: "a key whose `valid-before` has passed", ["CG506"], || with_keys(|world| allowed(world, "valid-before=\"20200101Z\"")), || with_keys(|world| allowed(world, "valid-before=\"20990101Z\""));
    a_key_that_is_not_valid_yet: "a key whose `valid-after` is to come", ["CG506"], || with_keys(|world| allowed(world, "valid-after=\"20990101Z\"")), || with_keys(|world| allowed(world, "valid-after=\"20200101Z\""));
    an_authority_taken_for_a_key: "a key that is listed as an authority signs itself", ["CG505"], || with_keys(|world| allowed(world, "cert-authority")), || with_keys(|world| allowed(world, ""));
}
