//! Family: people. One person is to count as two, or somebody is to have had no hand in what they approve.

use super::attacks;
use super::world::signed;
use crate::scene::{Ran, run};
use crate::signed::{PEOPLE, Signed, policy};

/// An approval is not by who wrote the change.
fn independent() -> Signed {
    Signed::with(&policy("required", "").replace("signatures: required", "signatures: required, independence: true"))
}

fn approved_by(world: &Signed, person: &str) -> Ran {
    let agent = PEOPLE
        .iter()
        .find(|(name, _, _)| *name == person)
        .expect("one of the people")
        .2;
    world.approve(agent, person).check()
}

/// `main` has this `.mailmap`; the change is by its own address, and does something to the file.
fn mapped(map: &str, act: fn(&Signed)) -> Ran {
    let mut world = independent();
    if !map.is_empty() {
        world.repo.write(".mailmap", map);
    }
    world.commit().land();
    world.repo.set("GIT_AUTHOR_EMAIL", "p@elsewhere.example");
    world.repo.set("GIT_AUTHOR_NAME", "P");
    world.change("2");
    world.repo.set("GIT_AUTHOR_EMAIL", "ada@example.org");
    act(&world);
    world.commit();
    approved_by(&world, "pia")
}

fn unmapped() -> Ran {
    mapped("", |_| ())
}

/// The commit of the change is made by hand, with this line for its author and this message.
fn written(author: &str, message: &str) -> Ran {
    let world = independent();
    world.change("2");
    let text = world.repo.ask(&["cat-file", "commit", "HEAD"]);
    let (headers, _) = text.split_once("\n\n").expect("a message");
    let headers: Vec<String> = headers
        .lines()
        .map(|line| match line.starts_with("author ") && !author.is_empty() {
            true => format!("author {author} 1700000000 +0000"),
            false => line.to_owned(),
        })
        .collect();
    let text = format!("{}\n\n{message}\n", headers.join("\n"));
    let made = world.repo.with_stdin(
        "git",
        &["hash-object", "-t", "commit", "-w", "--literally", "--stdin"],
        text.as_bytes(),
    );
    let id = String::from_utf8(made.stdout).expect("an id");
    world.repo.git(&["reset", "--quiet", "--hard", id.trim()]);
    approved_by(&world, "pia")
}

/// Somebody wrote a file that nothing gates, and it landed; Ada moves it to where it is gated.
fn moved_in(author: &str, how: &[&str], edit: bool) -> Ran {
    let mut world = independent();
    let body: String = (0..30).map(|n| format!("x{n} = {n}\n")).collect();
    world.repo.set("GIT_AUTHOR_EMAIL", author);
    world.repo.write("lab/fast.py", &body);
    world.commit().land();
    world.repo.set("GIT_AUTHOR_EMAIL", "ada@example.org");
    let [from, to] = ["lab/fast.py", "src/train/fast.py"].map(|path| world.repo.path().join(path));
    match how {
        ["move"] => std::fs::rename(from, to).expect("there"),
        _ => drop(std::fs::copy(from, to).expect("there")),
    }
    if edit {
        world.repo.write("src/train/fast.py", format!("{body}y = 1\n"));
    }
    world.commit();
    approved_by(&world, "pia")
}

/// A merge commit by somebody changes the gated file.
fn merge_by(author: &str) -> Ran {
    let mut world = independent();
    world.repo.write("README.md", "more\n");
    world.commit();
    world.repo.git(&["switch", "--quiet", "--create", "side", "main"]);
    world.repo.write("NOTES.md", "notes\n");
    world.commit();
    world.repo.git(&["switch", "--quiet", "work"]);
    world.repo.git(&["merge", "--quiet", "--no-commit", "--no-ff", "side"]);
    world.repo.set("GIT_AUTHOR_EMAIL", author);
    world.change("2");
    world.repo.set("GIT_AUTHOR_EMAIL", "ada@example.org");
    approved_by(&world, "pia")
}

/// Two approvals are asked for, signatures are optional, and these are given: agent and who signs, if anybody.
fn two(given: &[(&str, &str)]) -> Ran {
    let text = policy("optional", "    require: { approvals: 2 }\n").replace(
        "  eve: { }",
        "  eve: { }\n  deputy: { principals: [pia@example.org] }\n  second: { principals: [pia@example.org, tom@example.org] }",
    );
    let world = Signed::with(&text);
    world.change("2");
    for (agent, person) in given {
        let path = world.certify(agent, "APPROVED", &[]);
        if !person.is_empty() {
            world.sign(&path, person);
        }
        world.commit();
    }
    world.check()
}

fn two_people() -> Ran {
    two(&[("performance-engineer", "pia"), ("torch-specialist", "tom")])
}

/// A bypass by the lead whose follow-up was due is named by an approval of an agent, signed by a person. Then the next change comes.
fn settled(agent: &str, person: &str) -> Ran {
    let text = policy("required", "").replace(
        "torch-specialist: { principals: [tom@example.org] }",
        "torch-specialist: { principals: [tom@example.org, lea@example.org] }",
    );
    let world = Signed::with(&text);
    world.change("2");
    let words = [
        &["certify", "gpu_memory", "--base", "main", "--bypass-until", "2d"][..],
        &["--agent", "lead", "--rationale", "outage"],
    ]
    .concat();
    let bypass = world.written(&run(&world.repo, &words).ends(0));
    let text = std::fs::read_to_string(&bypass).expect("written");
    let due: Vec<String> = text
        .lines()
        .map(|line| match line.starts_with("**Bypass**: ") {
            true => format!("**Bypass**: until {}", crate::scene::minutes_ago(60)),
            false if line.starts_with("Certificate Hash: ") => "Certificate Hash:".to_owned(),
            false => line.to_owned(),
        })
        .collect();
    std::fs::write(&bypass, due.join("\n") + "\n").expect("writable");
    world.sign(&bypass, "lea");
    let id = text
        .lines()
        .find_map(|line| line.strip_prefix("**Certificate ID**: "))
        .expect("an id");
    world.commit();
    let follow_up = world.certify(agent, "APPROVED", &["--supersedes", id]);
    world.sign(&follow_up, person);
    world.commit().land();
    world.change("3").approve("performance-engineer", "pia").check()
}

/// Pia approves a change that nobody asks her independence of.
fn honest() -> Ran {
    let world = signed();
    world.approve("performance-engineer", "pia").check()
}

attacks! {
    an_address_of_the_mailmap: "the author's address is one that `.mailmap` gives to who approves", ["CG511"], || mapped("Pia <pia@example.org> <p@elsewhere.example>\n", |_| ()), unmapped;
    an_address_of_the_mailmap_in_capitals: "the same, in capitals in `.mailmap`", ["CG511"], || mapped("Pia <PIA@example.org> <P@ELSEWHERE.EXAMPLE>\n", |_| ()), unmapped;
    a_mailmap_taken_away: "the change deletes the `.mailmap` that says who its author is", ["CG511"], || mapped("Pia <pia@example.org> <p@elsewhere.example>\n", |world| std::fs::remove_file(world.repo.path().join(".mailmap")).expect("there")), unmapped;
    a_mailmap_of_the_change: "the change's own `.mailmap` says that its author is somebody else", ["CG511"], || mapped("Pia <pia@example.org> <p@elsewhere.example>\n", |world| world.repo.write(".mailmap", "Ada <ada@example.org> <p@elsewhere.example>\n")), || mapped("", |world| world.repo.write(".mailmap", "Ada <ada@example.org> <p@elsewhere.example>\n"));
    an_author_behind_an_author: "the author's line has a second address, of which git reads the first", ["CG511"], || written("Pia <pia@example.org> <eve@example.org>", "Change"), || written("Eve <eve@example.org> <pia@example.org>", "Change");
    an_author_without_blanks: "the author's line has no blank before its address", ["CG511"], || written("Pia<pia@example.org>", "Change"), || written("Ada<ada@example.org>", "Change");
    a_co_author_in_small_letters: "a co-author in small letters, without a blank", ["CG511"], || written("", "Change\n\nco-authored-by:pia <pia@example.org>"), || written("", "Change\n\nco-authored-by:ada <ada@example.org>");
    a_co_author_among_others: "the second of three co-authors", ["CG511"], || written("", "Change\n\nCo-authored-by: A <a@example.org>\nCo-authored-by: P <pia@example.org>\nCo-authored-by: C <c@example.org>"), || written("", "Change\n\nCo-authored-by: A <a@example.org>");
    what_was_moved_in: "a file that who approves wrote elsewhere is moved to where it is gated", ["CG511"], || moved_in("pia@example.org", &["move"], false), || moved_in("tom@example.org", &["move"], false);
    what_was_moved_in_and_edited: "the same, and somebody else adds a line", ["CG511"], || moved_in("pia@example.org", &["move"], true), || moved_in("tom@example.org", &["move"], true);
    what_was_copied_in: "a file that who approves wrote elsewhere is copied to where it is gated", ["CG511"], || moved_in("pia@example.org", &["copy"], false), || moved_in("tom@example.org", &["copy"], false);
    who_made_the_merge: "who approves made the merge commit that changes the file", ["CG511"], || merge_by("pia@example.org"), || merge_by("ada@example.org");
    with_and_without_a_signature: "one agent approves with a signature and without one", ["CG204"], || two(&[("performance-engineer", "pia"), ("performance-engineer", "")]), two_people;
    a_deputy_who_does_not_sign: "a second agent, for whom the same person speaks, approves without a signature", ["CG204"], || two(&[("performance-engineer", "pia"), ("deputy", "")]), two_people;
    two_deputies_who_do_not_sign: "two agents for whom one person speaks, without signatures", ["CG204"], || two(&[("performance-engineer", ""), ("deputy", "")]), || two(&[("performance-engineer", ""), ("torch-specialist", "")]);
    an_agent_of_two_people: "an unsigned approval by an agent for whom who signed the other may speak", ["CG204"], || two(&[("performance-engineer", "pia"), ("second", "")]), || two(&[("performance-engineer", "pia"), ("second", "tom")]);
    a_bypass_settled_by_its_owner: "the owner settles the bypass under another agent's name", ["CG514"], || settled("torch-specialist", "lea"), || settled("torch-specialist", "tom");
    a_bypass_settled_by_a_stranger: "somebody settles the bypass for an agent for whom they do not speak", ["CG514"], || settled("torch-specialist", "pia"), || settled("performance-engineer", "pia");
    a_second_name_by_case: "an agent's name in capitals, for whom nobody speaks", ["CG510", "CG201"], || { let world = signed(); let path = world.certify("Performance-Engineer", "APPROVED", &[]); world.sign(&path, "pia"); world.commit().check() }, honest;
}
