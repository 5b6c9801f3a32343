use super::*;

fn of(path: &str, before: &str, after: &str) -> Option<Vec<String>> {
    let found = bumps(&path.into(), before.as_bytes(), after.as_bytes(), BumpSize::Minor)?;
    Some(found.iter().map(ToString::to_string).collect())
}

/// Asserts what grew where one text stands for another; each pair of `refused` is no bump.
#[track_caller]
fn holds(path: &str, text: &str, bump: &[(&str, &str)], told: &[&str], refused: &[(&str, &str)]) {
    let mut after = text.to_owned();
    for (from, to) in bump {
        assert!(after.contains(from), "{from}");
        after = after.replace(from, to);
    }
    assert_eq!(of(path, text, &after).unwrap_or_default(), told, "{path}");
    assert_eq!(of(path, text, text), None, "what is the same has not grown");
    for (from, to) in refused {
        assert!(after.contains(from), "{path}: {from}");
        assert_eq!(
            of(path, text, &after.replacen(from, to, 1)),
            None,
            "{path}: {from} -> {to}"
        );
        // By itself, without the bump, it is not one either.
        if text.contains(from) {
            assert_eq!(
                of(path, text, &text.replacen(from, to, 1)),
                None,
                "{path}: {from} -> {to}, alone"
            );
        }
    }
}

const SUM: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

#[test]
fn cargo_manifests() {
    let text = "[package]\nname = \"app\"\nversion = \"1.0.0\"\n[dependencies]\nmemchr = \"2.7.4\"\n\
                serde = { version = \"1.0.200\", features = [\"derive\"] }\nown = { path = \"../own\" }\n\
                [target.'cfg(unix)'.dependencies]\nlibc = \"0.2.1\"\n[profile.release]\nopt-level = 3\n\
                [patch.crates-io]\nx = { git = \"https://a/x\", rev = \"1.2.3\" }\n";
    holds(
        "Cargo.toml",
        text,
        &[("2.7.4", "2.7.5"), ("1.0.200", "1.0.201"), ("0.2.1", "0.2.2")],
        &[
            "memchr 2.7.4 -> 2.7.5",
            "serde 1.0.200 -> 1.0.201",
            "libc 0.2.1 -> 0.2.2",
        ],
        &[
            ("2.7.5", "3.0.0"),
            ("2.7.5", "2.7.3"),
            ("\"2.7.5\"", "{ git = \"https://evil/memchr\" }"),
            ("\"derive\"", "\"rc\""),
            ("opt-level = 3", "opt-level = 0"),
            ("version = \"1.0.0\"", "version = \"1.0.1\""),
            ("../own", "../other"),
            ("rev = \"1.2.3\"", "rev = \"1.2.4\""),
            ("memchr", "memchr2"),
            ("[profile", "evil = \"1.0.0\"\n[profile"),
            ("libc = \"0.2.2\"", "libc = \"0.3.0\""),
            ("[package]", "[package"),
        ],
    );
}

#[test]
fn cargo_locks() {
    let text = format!(
        "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"1.0.0\"\ndependencies = [\n \"memchr\",\n \"syn 2.0.1\",\n]\n\n\
         [[package]]\nname = \"memchr\"\nversion = \"2.7.4\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
         checksum = \"{SUM}\"\n\n[[package]]\nname = \"syn\"\nversion = \"1.0.9\"\n\
         source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{SUM}\"\n\n\
         [[package]]\nname = \"syn\"\nversion = \"2.0.1\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
         checksum = \"{SUM}\"\n\n[[package]]\nname = \"tool\"\nversion = \"0.1.0\"\nsource = \"git+https://a/tool#1234\"\n"
    );
    let memchr =
        format!("2.7.4\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{SUM}");
    let bumped =
        format!("2.7.5\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{OTHER}");
    let forged = format!("2.7.5\"\nsource = \"registry+https://evil/index\"\nchecksum = \"{OTHER}");
    let kept =
        format!("2.7.5\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{SUM}");
    let same =
        format!("1.0.9\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{SUM}");
    let spoilt = same.replace(SUM, OTHER);
    holds(
        "fuzz/Cargo.lock",
        &text,
        &[(&memchr, &bumped)],
        &["memchr 2.7.4 -> 2.7.5"],
        &[
            ("2.7.5", "3.0.0"),
            (&bumped, &forged),
            // Another version with the old sum, an old version with another sum.
            (&bumped, &kept),
            (&same, &spoilt),
            ("git+https://a/tool#1234", "git+https://a/tool#5678"),
            ("version = \"0.1.0\"", "version = \"0.1.1\""),
            (
                "name = \"app\"\nversion = \"1.0.0\"",
                "name = \"app\"\nversion = \"1.0.1\"",
            ),
            ("\"syn 2.0.1\"", "\"syn 1.0.9\""),
            ("\"memchr\",", "\"memchr\",\n \"tool\","),
            ("version = 4", "version = 3"),
        ],
    );
    // A list of dependencies that names versions grows with them.
    let grown = text.replace("2.0.1", "2.0.2").replacen(
        &format!("2.0.2\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{SUM}"),
        &format!("2.0.2\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{OTHER}"),
        1,
    );
    assert_eq!(of("Cargo.lock", &text, &grown).unwrap(), ["syn 2.0.1 -> 2.0.2"]);
}

#[test]
fn npm() {
    let text = r#"{ "name": "app", "version": "1.0.0", "scripts": { "test": "jest" },
      "dependencies": { "react": "^18.2.0", "own": "file:../own" }, "devDependencies": { "jest": "29.0.0" } }"#;
    holds(
        "web/package.json",
        text,
        &[("^18.2.0", "^18.3.0"), ("29.0.0", "29.0.1")],
        &["react ^18.2.0 -> ^18.3.0", "jest 29.0.0 -> 29.0.1"],
        &[
            ("^18.3.0", "^19.0.0"),
            ("^18.3.0", ">=18.3.0"),
            ("^18.3.0", "https://evil/react-18.3.0.tgz"),
            ("^18.3.0", "npm:evil@18.3.0"),
            ("file:../own", "file:../other"),
            ("\"jest\" }", "\"curl evil\" }"),
            ("\"1.0.0\"", "\"1.0.1\""),
        ],
    );
    let lock = r#"{ "name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {
      "": { "name": "app", "version": "1.0.0", "dependencies": { "react": "^18.2.0" } },
      "node_modules/react": { "version": "18.2.0", "resolved": "https://registry.example.org/react/-/react-18.2.0.tgz",
        "integrity": "sha512-AAAA", "dependencies": { "loose-envify": "^1.1.0" }, "engines": { "node": ">=0.10.0" } },
      "node_modules/loose-envify": { "version": "1.4.0", "resolved": "https://registry.example.org/loose-envify/-/loose-envify-1.4.0.tgz",
        "integrity": "sha512-CCCC" },
      "node_modules/own": { "version": "1.1.1", "resolved": "git+ssh://git@example.org/own.git#abc" } } }"#;
    holds(
        "package-lock.json",
        lock,
        &[("18.2.0", "18.2.1"), ("sha512-AAAA", "sha512-BBBB")],
        &["react ^18.2.0 -> ^18.2.1", "react 18.2.0 -> 18.2.1"],
        &[
            ("registry.example.org/react", "evil.example.org/react"),
            ("react-18.2.1.tgz", "react-18.2.2.tgz"),
            ("sha512-BBBB", "sha512-AAAA"),
            ("sha512-BBBB", "sha1-BBBB"),
            ("sha512-CCCC", "sha512-DDDD"),
            ("loose-envify-1.4.0.tgz", "other-1.4.0.tgz"),
            (">=0.10.0", ">=18"),
            ("\"1.1.1\"", "\"1.1.2\""),
            ("git#abc", "git#def"),
            ("\"lockfileVersion\": 3", "\"lockfileVersion\": 2"),
            ("\"engines\"", "\"hasInstallScript\": true, \"engines\""),
        ],
    );
    let first = r#"{ "lockfileVersion": 1, "dependencies": { "a": { "version": "1.0.0", "resolved": "https://r/a-1.0.0.tgz",
      "integrity": "sha512-A", "requires": { "b": "^2.0.0" }, "dependencies": { "b": { "version": "2.0.0",
      "resolved": "https://r/b-2.0.0.tgz", "integrity": "sha512-B" } } } } }"#;
    holds(
        "npm-shrinkwrap.json",
        first,
        &[("2.0.0", "2.1.0"), ("sha512-B", "sha512-C")],
        &["b 2.0.0 -> 2.1.0", "b ^2.0.0 -> ^2.1.0"],
        &[("sha512-A", "sha512-X"), ("https://r/b-", "https://s/b-")],
    );
}

#[test]
fn go() {
    let text = "module example.org/app\n\ngo 1.22\n\nrequire (\n\tgolang.org/x/net v0.20.1\n\tgolang.org/x/sys v1.2.0 // indirect\n)\n\n\
                require example.org/one v1.0.0\n\nreplace example.org/one => ../one\n";
    holds(
        "go.mod",
        text,
        &[("v0.20.1", "v0.20.2"), ("v1.0.0", "v1.1.0")],
        &["golang.org/x/net 0.20.1 -> 0.20.2", "example.org/one 1.0.0 -> 1.1.0"],
        &[
            ("v0.20.2", "v0.21.0"),
            ("v0.20.2", "v0.20.2-0.20240101000000-abcdefabcdef"),
            ("go 1.22", "go 1.23"),
            ("=> ../one", "=> ../evil"),
            ("golang.org/x/sys", "evil.org/x/sys"),
            (" // indirect", ""),
            ("require (", "exclude ("),
        ],
    );
    let sums = "golang.org/x/net v0.20.1 h1:A=\ngolang.org/x/net v0.20.1/go.mod h1:B=\ngolang.org/x/sys v1.2.0 h1:C=\n";
    holds(
        "go.sum",
        sums,
        &[
            ("v0.20.1 h1:A=", "v0.20.2 h1:X="),
            ("v0.20.1/go.mod h1:B=", "v0.20.2/go.mod h1:Y="),
        ],
        &["golang.org/x/net 0.20.1 -> 0.20.2"],
        &[
            ("h1:C=", "h1:D="),
            ("golang.org/x/sys", "evil.org/x/sys"),
            ("v0.20.2 h1", "v1.0.0 h1"),
        ],
    );
}

#[test]
fn python() {
    let text = "# pinned\n--index-url https://pypi.example.org/simple\nnumpy==1.26.3 \\\n    --hash=sha256:aa \\\n    --hash=sha256:ab\n\
                torch[cuda]>=2.1.0,<3 ; python_version >= \"3.9\"\n-e ./own\n";
    holds(
        "deploy/requirements-prod.txt",
        text,
        &[
            ("1.26.3", "1.26.4"),
            ("sha256:aa", "sha256:ba"),
            ("sha256:ab", "sha256:bb"),
            ("2.1.0", "2.1.2"),
        ],
        &["numpy ==1.26.3 -> ==1.26.4", "torch[cuda] >=2.1.0,<3 -> >=2.1.2,<3"],
        &[
            ("==1.26.4", "==2.0.0"),
            ("==1.26.4", ">=1.26.4"),
            ("sha256:ba", "sha256:aa"),
            ("pypi.example.org", "evil.example.org"),
            ("\"3.9\"", "\"3.10\""),
            ("torch[cuda]", "torch"),
            ("-e ./own", "-e ./evil"),
            ("numpy==1.26.4", "numpy @ https://evil/numpy-1.26.4.whl"),
            ("# pinned", "evil==1.0.0"),
        ],
    );
    let alone = "numpy==1.26.3 --hash=sha256:aa\n";
    assert_eq!(of("requirements.txt", alone, "numpy==1.26.3 --hash=sha256:bb\n"), None);
    let project = "[project]\nname = \"app\"\nversion = \"1.0.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"numpy>=1.26.3\", \"h2>=4.1.0\"]\n\
                   [tool.poetry.dependencies]\npython = \"^3.9\"\nrequests = \"^2.31.0\"\n[build-system]\nrequires = [\"hatchling>=1.0.0\"]\n";
    holds(
        "pyproject.toml",
        project,
        &[("numpy>=1.26.3", "numpy>=1.26.4"), ("^2.31.0", "^2.32.0")],
        &["numpy >=1.26.3 -> >=1.26.4", "requests ^2.31.0 -> ^2.32.0"],
        &[
            ("h2>=4.1.0", "h3>=4.1.0"),
            ("requires-python = \">=3.9\"", "requires-python = \">=3.10\""),
            ("python = \"^3.9\"", "python = \"^3.10\""),
            ("hatchling>=1.0.0", "hatchling>=1.0.1"),
            ("\"1.0.0\"", "\"1.0.1\""),
        ],
    );
}

#[test]
fn a_patch_is_no_minor_and_other_files_are_not_read() {
    let (old, new) = ("[dependencies]\na = \"1.2.3\"\n", "[dependencies]\na = \"1.3.0\"\n");
    let found = |path: &str, max| bumps(&path.into(), old.as_bytes(), new.as_bytes(), max).is_some();
    assert!(found("Cargo.toml", BumpSize::Minor));
    assert!(!found("Cargo.toml", BumpSize::Patch));
    for path in ["cargo.toml", "Cargo.toml.orig", "x/Cargo.toml/y", "yarn.lock"] {
        assert!(!found(path, BumpSize::Minor), "{path}");
        assert!(!is_manifest(&path.into()));
    }
    assert_eq!(of("Cargo.toml", old, "[dependencies]\na = \"1.2.4\"\n\u{feff}"), None);
}
