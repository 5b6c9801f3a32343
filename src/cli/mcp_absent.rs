//! `certgate mcp` in a build without the feature: says so, and where to get one that has it.

use super::args::McpArgs;
use super::ending::Ending;
use crate::diagnostic::{Code, Diagnostic, command};
use crate::gate::Undecided;

/// Refuses to serve.
pub(super) fn run(_: &McpArgs) -> Result<Ending, Undecided> {
    let problem = Diagnostic::error(
        Code::CG769,
        "this certgate was built without the server for coding agents",
    );
    Err(problem
        .because("it is the cargo feature `mcp`")
        .help(command![
            "cargo",
            "install",
            "certgate",
            "--locked",
            "--features",
            "mcp"
        ])
        .into())
}
