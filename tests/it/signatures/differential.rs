//! Random lists, signatures, documents and moments: certgate's answer beside that of the installed `ssh-keygen`.

use certgate::trust::{Revoked, SignatureCheck, Signers, Verified, verify};

use super::*;

/// A small generator of numbers (xorshift), so that every run asks the same.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// The first two more often than the others.
    fn often<'a>(&mut self, items: &[&'a str]) -> &'a str {
        match self.one_in(2) {
            true => self.pick(items),
            false => items[self.below(2)],
        }
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

const DOCUMENTS: [&str; 3] = ["# CERTIFICATE\n", "# CERTIFICATE", "# CERTIFICATE\r\n"];
const MOMENTS: [&str; 5] = [
    "20240615120000Z",
    "20240101000000Z",
    "20240630000000Z",
    "20240630000001Z",
    "20300101000000Z",
];
const PRINCIPALS: [&str; 5] = [
    "ada@example.org",
    "bea@example.org",
    "eve@evil.org",
    "ada",
    "Ada Lovelace",
];
const LISTS: [&str; 9] = [
    "ada@example.org",
    "*@example.org",
    "*@example.org,!bea@example.org",
    "bea@example.org,eve@evil.org",
    "?da@example.*",
    "*",
    "\"Ada Lovelace,ada\"",
    "!ada@example.org,*",
    "nobody",
];
const OPTIONS: [&str; 12] = [
    "",
    "",
    "namespaces=\"certgate\"",
    "namespaces=\"git,cert*\"",
    "namespaces=\"git\"",
    "namespaces=\"*,!certgate\"",
    "valid-after=\"20240615120000Z\"",
    "valid-before=\"20240630Z\"",
    "valid-before=\"20240630\"",
    "valid-after=\"202401010000Z\",valid-before=\"20240630000000Z\"",
    "valid-after=\"20250101\",namespaces=\"certgate\"",
    "NAMESPACES=\"certgate\",Valid-Before=\"20260101z\"",
];
/// What is no line; OpenSSH passes over each, certgate refuses the list.
const NONSENSE: [&str; 5] = [
    "ada@example.org",
    "ada@example.org namespaces=git ssh-ed25519 AAAA",
    "ada@example.org ssh-ed25519 AAAA",
    "ada@example.org unknown-option ssh-ed25519 AAAA",
    "ada@example.org valid-after=\"yesterday\" ssh-ed25519 AAAA",
];

struct Pool {
    scene: Scene,
    /// Public keys, those of authorities last.
    keys: Vec<String>,
    /// Signature files, each with the place in `keys` of the key (or of its authority) and that of its document.
    signatures: Vec<(usize, usize, Vec<u8>)>,
    revoked: Vec<Vec<u8>>,
}

impl Pool {
    fn new() -> Self {
        let scene = Scene::new();
        let plain = [
            scene.plain_key("k1"),
            scene.plain_key("k2"),
            scene.key("k3", &["ecdsa", "-b", "256"]),
            scene.key("k4", &["rsa", "-b", "2048"]),
        ];
        let authorities = [scene.plain_key("ca1"), scene.key("ca2", &["ecdsa", "-b", "384"])];
        let mut signing = plain.to_vec();
        let endorsed = [
            (
                "u1",
                0,
                "ada@example.org,eve@evil.org",
                "20240101000000Z:20240630000000Z",
            ),
            ("u2", 0, "bea@example.org", "always:forever"),
            ("u3", 1, "ada", "20240615120000Z:20240630000001Z"),
        ];
        for (serial, (name, authority, principals, validity)) in endorsed.into_iter().enumerate() {
            let key = scene.plain_key(name);
            let number = (serial + 1).to_string();
            let public = format!("{key}.pub");
            let authority = &authorities[authority];
            scene.keygen(&[
                "-q", "-s", authority, "-I", name, "-z", &number, "-n", principals, "-V", validity, &public,
            ]);
            signing.push(format!("{key}-cert.pub"));
        }
        let mut signatures = Vec::new();
        for (key, known_by) in signing.iter().zip([0, 1, 2, 3, 5, 5, 6]) {
            for (document, namespace) in [
                (0, "certgate"),
                (0, "certgate"),
                (0, "certgate"),
                (1, "certgate"),
                (2, "certgate"),
                (0, "git"),
            ] {
                scene.repo.write("document", DOCUMENTS[document]);
                scene.openssh_signs("document", key, namespace);
                signatures.push((known_by, document, scene.read("document.sig")));
            }
        }
        let mut keys: Vec<String> = plain.iter().map(|key| scene.public(key)).collect();
        keys.push(scene.public(&scene.home("u1")));
        keys.extend(authorities.iter().map(|key| scene.public(key)));
        let mut revoked = vec![
            format!("# none\n\n{}\n", scene.public(&scene.home("k1"))).into_bytes(),
            format!("{} x\n{}\n", keys[5], keys[2]).into_bytes(),
            std::fs::read(scene.home("u2-cert.pub")).unwrap(),
        ];
        for (at, spec) in [
            "serial: 1\nserial: 3-9\n".to_owned(),
            "id: u2\n".to_owned(),
            format!("key: {}\n", keys[0]),
            format!("sha1: {}\nsha256: {}\n", keys[1], keys[3]),
        ]
        .into_iter()
        .enumerate()
        {
            scene.repo.write("spec", spec);
            let (list, authority) = (scene.home(&format!("krl{at}")), format!("{}.pub", authorities[0]));
            scene.keygen(&["-q", "-k", "-f", &list, "-s", &authority, "spec"]);
            revoked.push(std::fs::read(list).unwrap());
        }
        Self {
            scene,
            keys,
            signatures,
            revoked,
        }
    }
}

/// One question, and whether it holds something that certgate is stricter with by design.
struct Case {
    list: String,
    revoked: Option<Vec<u8>>,
    document: &'static str,
    signature: Vec<u8>,
    moment: &'static str,
    principal: &'static str,
    stricter: bool,
}

impl Case {
    fn random(pool: &Pool, random: &mut Random) -> Self {
        let (known_by, of, mut signature) = pool.signatures[random.below(pool.signatures.len())].clone();
        let mut stricter = false;
        let mut list = String::new();
        for _ in 0..1 + random.below(4) {
            if random.one_in(40) {
                stricter = true;
                list += random.pick(&NONSENSE);
            } else {
                let at = match random.one_in(2) {
                    true => random.below(pool.keys.len()),
                    false => known_by,
                };
                let mut options = random.often(&OPTIONS).to_owned();
                // Mostly what they are.
                if (at >= pool.keys.len() - 2) != random.one_in(8) {
                    options = match options.as_str() {
                        "" => "cert-authority".to_owned(),
                        some => format!("{some},cert-authority"),
                    };
                }
                let comment = random.pick(&["", " a comment", "  # of ada's"]);
                list += &format!("{} {options} {}{comment}", random.often(&LISTS), pool.keys[at]).replace("  ", " ");
            }
            list += random.pick(&["\n", "\n", "\n\n# comment\n", "\r\n"]);
        }
        match random.below(24) {
            0 => signature.truncate(random.below(signature.len())),
            1 => {
                let at = random.below(signature.len());
                signature[at] = b"A=z+\n "[random.below(6)];
            }
            2 => signature = String::from_utf8(signature).unwrap().replace('\n', "\r\n").into_bytes(),
            3 => {
                signature.extend_from_slice(b"trailing\n");
                stricter = true;
            }
            4 => signature.insert(0, b'\n'),
            _ => {}
        }
        Self {
            list,
            revoked: random
                .one_in(3)
                .then(|| pool.revoked[random.below(pool.revoked.len())].clone()),
            document: DOCUMENTS[if random.one_in(6) { random.below(3) } else { of }],
            signature,
            moment: random.often(&MOMENTS),
            principal: random.often(&PRINCIPALS),
            stricter,
        }
    }

    fn here(&self) -> Option<Verified> {
        let signers = Signers::parse(self.list.as_bytes()).ok()?;
        let revoked = self
            .revoked
            .as_ref()
            .map_or(Ok(Revoked::none()), |list| Revoked::parse(list))
            .unwrap();
        let at = jiff::civil::DateTime::strptime("%Y%m%d%H%M%SZ", self.moment).unwrap();
        let at = at.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        match verify(self.document.as_bytes(), &self.signature, &signers, &revoked, &[at]) {
            SignatureCheck::Valid(verified) => Some(verified),
            _ => None,
        }
    }

    /// Whether OpenSSH verifies it for the principal, whom else it finds then, and what it says.
    fn there(&self, scene: &Scene) -> (bool, Vec<String>, String) {
        scene.repo.write("list", &self.list);
        // Older versions of OpenSSH want the armour's lines to end in LF.
        let text = String::from_utf8_lossy(&self.signature).replace("\r\n", "\n");
        scene.repo.write("case.sig", text);
        let time = format!("verify-time={}", self.moment);
        let mut arguments = vec![
            "-Y", "verify", "-n", "certgate", "-f", "list", "-s", "case.sig", "-O", &time,
        ];
        arguments.extend(["-I", self.principal]);
        if let Some(revoked) = &self.revoked {
            scene.repo.write("revoked", revoked);
            arguments.extend(["-r", "revoked"]);
        }
        let verified = scene.ssh("ssh-keygen", &arguments, self.document.as_bytes());
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        let verified = verified.status.success();
        if !verified {
            return (false, Vec::new(), said);
        }
        let arguments = ["-Y", "find-principals", "-f", "list", "-s", "case.sig", "-O", &time];
        let found = scene.ssh("ssh-keygen", &arguments, b"");
        let found = String::from_utf8_lossy(&found.stdout);
        (verified, found.lines().map(str::to_owned).collect(), said)
    }
}

#[test]
fn random_questions_are_answered_as_by_openssh() {
    if !openssh() {
        return;
    }
    let pool = Pool::new();
    let mut random = Random(0x5eed_0fc3_47a9_1d27);
    let (mut good, mut bad) = (0, 0);
    for number in 0..300 {
        let case = Case::random(&pool, &mut random);
        let here = case.here();
        let matches = here.as_ref().is_some_and(|verified| verified.matches(case.principal));
        let (there, found, said) = case.there(&pool.scene);
        let told = || {
            let revoked = case.revoked.as_ref().map(|list| String::from_utf8_lossy(list));
            let signature = String::from_utf8_lossy(&case.signature);
            format!(
                "case {number}: here {matches}, there {there}: {said}\n{}\n{}\n{:?}\n{} {}\n{signature}",
                case.list,
                revoked.unwrap_or_default(),
                case.document,
                case.moment,
                case.principal
            )
        };
        assert!(matches == there || (case.stricter && !matches), "{}", told());
        if let (Some(verified), true) = (&here, matches) {
            // It names those of the first line that fits, whatever its namespaces, and there takes `!` for a letter.
            let comparable = !case.list.contains('!') && !case.list.to_lowercase().contains("namespaces");
            let known = |name: &String| verified.principals.contains(name);
            assert!(
                !comparable || found.iter().all(known),
                "{}\n{found:?} {verified:?}",
                told()
            );
        }
        match there {
            true => good += 1,
            false => bad += 1,
        }
    }
    assert!(
        good >= 30 && bad >= 30,
        "good {good}, bad {bad}: the questions are one-sided"
    );
}
