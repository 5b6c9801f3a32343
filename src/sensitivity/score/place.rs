//! What a path says of a file: its language, and which part of a repository it belongs to.

use crate::change::RepoPath;

/// The language of a file by its name; a few families are enough.
pub(super) fn language(path: &RepoPath) -> &'static str {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    match extension.as_slice() {
        b"rs" => "rust",
        b"py" | b"pyi" | b"pyx" | b"pxd" => "python",
        b"go" => "go",
        b"c" | b"cc" | b"cpp" | b"cxx" | b"h" | b"hh" | b"hpp" | b"hxx" | b"inl" | b"mm" | b"m" => "c",
        b"cu" | b"cuh" | b"hip" | b"metal" | b"cl" | b"s" | b"asm" | b"td" | b"mlir" => "kernel",
        b"js" | b"mjs" | b"cjs" | b"jsx" | b"ts" | b"mts" | b"cts" | b"tsx" | b"vue" | b"svelte" => "script",
        b"java" | b"kt" | b"kts" | b"scala" | b"groovy" | b"cs" | b"swift" | b"rb" | b"php" | b"ex" | b"hs" | b"ml"
        | b"jl" | b"zig" | b"dart" | b"lua" | b"r" | b"pl" | b"gno" => "other code",
        b"sql" | b"proto" | b"graphql" | b"thrift" | b"fbs" => "schema",
        b"sh" | b"bash" | b"zsh" | b"ps1" | b"bat" | b"nix" => "shell",
        b"toml" | b"yaml" | b"yml" | b"json" | b"jsonc" | b"json5" | b"ini" | b"cfg" | b"xml" | b"cmake" | b"gn"
        | b"gni" | b"bzl" | b"gradle" => "settings",
        b"md" | b"mdx" | b"rst" | b"txt" | b"adoc" | b"html" | b"css" | b"scss" | b"qmd" | b"ipynb" => "text",
        b"patch" | b"diff" => "patch",
        _ => "unknown",
    }
}

/// Whether that is a language that programs are written in.
pub(super) fn is_code(language: &str) -> bool {
    matches!(
        language,
        "rust" | "python" | "go" | "c" | "kernel" | "script" | "other code"
    )
}

/// Which part of a repository a file belongs to.
pub(super) fn area(path: &RepoPath) -> &'static str {
    let text = String::from_utf8_lossy(path.as_bytes()).to_lowercase();
    let (folders, name) = text.rsplit_once('/').unwrap_or(("", &text));
    let folder = |words: &[&str]| folders.split('/').any(|folder| words.contains(&folder));
    let named = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if folder(&[
        "vendor",
        "third_party",
        "third-party",
        "node_modules",
        "external",
        "generated",
        "__generated__",
        "gen",
        "dist",
    ]) || named(&["generated", ".pb.go", ".pb.h", ".pb.cc", "_pb2", ".min.", ".gen."])
    {
        return "generated";
    }
    if named(&[
        "cargo.lock",
        "package-lock",
        "pnpm-lock",
        "yarn.lock",
        "go.sum",
        "poetry.lock",
        "uv.lock",
        "bun.lock",
    ]) || name.ends_with(".lock")
    {
        return "lock";
    }
    if folders
        .split('/')
        .any(|folder| folder.starts_with("bench") || folder == "criterion" || folder == "asv_bench")
        || named(&["bench", "criterion"])
    {
        return "bench";
    }
    let test_folder = |folder: &str| {
        matches!(
            folder,
            "test"
                | "tests"
                | "testing"
                | "testdata"
                | "__tests__"
                | "spec"
                | "specs"
                | "e2e"
                | "fixtures"
                | "snapshots"
                | "__snapshots__"
                | "testutil"
                | "conformance"
                | "it"
        ) || folder.ends_with("_test")
            || folder.ends_with("_tests")
            || folder.ends_with("-tests")
            || folder.starts_with("test_")
            || folder.starts_with("test-")
    };
    if folders.split('/').any(test_folder)
        || name.starts_with("test_")
        || named(&[
            "_test.", ".test.", ".spec.", "_tests.", "-test.", "_spec.", "conftest", ".snap", "tests.rs",
        ])
        || name.ends_with("test.cpp")
        || name.ends_with("test.java")
    {
        return "test";
    }
    if folder(&[".github", ".circleci", ".buildkite", ".gitlab", "ci"])
        || named(&[".gitlab-ci", "jenkinsfile", ".pre-commit"])
    {
        return "ci";
    }
    if folder(&[
        "examples",
        "example",
        "demo",
        "demos",
        "playground",
        "samples",
        "tutorials",
    ]) {
        return "example";
    }
    if folder(&[
        "docs",
        "doc",
        "website",
        "changelog",
        ".changeset",
        "changes",
        "rfcs",
        "blog",
    ]) || [".md", ".mdx", ".rst", ".adoc"].iter().any(|end| name.ends_with(end))
        || named(&["changelog", "license", "readme"])
    {
        return "docs";
    }
    const MANIFESTS: &[&str] = &[
        "cargo.toml",
        "package.json",
        "go.mod",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "cmakelists.txt",
        "makefile",
        "build.gn",
        "build.bazel",
        "deps",
        "pom.xml",
        "build.gradle",
        "justfile",
        "dockerfile",
        "pixi.toml",
        "build.rs",
    ];
    if MANIFESTS.contains(&name) || name.starts_with("requirements") || name.ends_with(".cmake") {
        return "manifest";
    }
    match language(path) {
        language if is_code(language) => "source",
        "schema" => "schema",
        "patch" => "patch",
        "shell" => "tool",
        "settings" => "settings",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_an_area() {
        for (path, expected) in [
            ("src/a.rs", "source"),
            ("src/a_test.go", "test"),
            ("tests/a.rs", "test"),
            ("crates/x/benches/lex.rs", "bench"),
            ("Cargo.lock", "lock"),
            ("crates/x/Cargo.toml", "manifest"),
            ("docs/a.md", "docs"),
            (".github/workflows/ci.yml", "ci"),
            ("vendor/a/b.go", "generated"),
            ("examples/a.py", "example"),
            ("a.bin", "other"),
        ] {
            assert_eq!(area(&RepoPath::new(path)), expected, "{path}");
        }
    }
}
