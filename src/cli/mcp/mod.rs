//! `certgate mcp`: a server of the Model Context Protocol over standard input and output. Its tools are commands, carried out in this process
//! one after the other; what they would print is the answer, and nothing but the protocol reaches standard output.

mod tools;

use std::panic::{AssertUnwindSafe, catch_unwind};

use rmcp::ServerHandler;
use rmcp::ServiceExt as _;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, Implementation, InitializeResult,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer};

use super::args::McpArgs;
use super::ending::Ending;
use crate::gate::Undecided;
use crate::report;

/// What a client tells its model of the server.
const INSTRUCTIONS: &str = "certgate decides whether performance-sensitive changes may be merged: each needs a certificate that covers \
     exactly what is merged. Call `check` for the verdict and what is missing, `suggest` for the fewest reviews, `explain` for a code or a path.";

/// Carries it out: serves until standard input ends.
pub(super) fn run(args: &McpArgs) -> Result<Ending, Undecided> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Undecided::internal(&format!("the server cannot be started: {error}")))?;
    let server = Server {
        agent: args.agent.clone(),
        signing: args.sign.clone(),
    };
    let served = runtime.block_on(async {
        let running = server
            .serve(rmcp::transport::stdio())
            .await
            .map_err(|error| error.to_string())?;
        running.waiting().await.map_err(|error| error.to_string())
    });
    // The thread that reads standard input may never come back.
    runtime.shutdown_background();
    match served {
        Ok(_) => Ok(Ending::Done),
        Err(why) => Err(Undecided::usage(
            format!("the client does not speak the protocol: {why}"),
            "start it from a client of the Model Context Protocol; docs/agents.md says how",
        )),
    }
}

struct Server {
    agent: Option<String>,
    signing: Option<String>,
}

impl ServerHandler for Server {
    fn get_info(&self) -> InitializeResult {
        let mut info = InitializeResult::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = Implementation::new("certgate", env!("CARGO_PKG_VERSION"));
        info.instructions = Some(INSTRUCTIONS.to_owned());
        info
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let listed = tools::tools(self.agent.as_deref()).map(|tool| {
            let hints = ToolAnnotations::from_raw(None, Some(tool.reads_only), Some(false), None, Some(false));
            let mut listed = rmcp::model::Tool::new(tool.name, tool.says, tool.schema());
            listed.annotations = Some(hints);
            listed
        });
        Ok(ListToolsResult::with_all_items(listed.collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let agent = self.agent.as_deref();
        let Some(tool) = tools::tools(agent).find(|tool| tool.name == request.name) else {
            let message = format!("there is no tool `{}`", crate::diagnostic::sanitize(&request.name));
            return Err(ErrorData::invalid_params(message, None));
        };
        let arguments = request.arguments.unwrap_or_default();
        let (text, failed) = match tool.command_line(&arguments, agent, self.signing.as_deref()) {
            Ok(words) => catch_unwind(AssertUnwindSafe(|| super::answer(words))).unwrap_or_else(|_| {
                let failure = Undecided::internal(&format!("`{}` panicked", tool.name));
                (report::failure(&failure.diagnostics), true)
            }),
            Err(problem) => (report::failure(&[*problem]), true),
        };
        let structured = serde_json::from_str(&text).ok().filter(serde_json::Value::is_object);
        let content = vec![ContentBlock::text(text)];
        let mut result = match failed {
            true => CallToolResult::error(content),
            false => CallToolResult::success(content),
        };
        result.structured_content = structured;
        Ok(result.into())
    }
}
