//! The tools as data: what each takes, and the command line that it is. A value never becomes an option: options get theirs behind `=`, the
//! rest is behind `--`.

use std::ffi::OsString;

use serde_json::{Map, Value, json};

use crate::diagnostic::{Code, Diagnostic, command};

/// A tool: one command of certgate.
pub(super) struct Tool {
    /// Its name, which is the command's.
    pub(super) name: &'static str,
    /// What it is for.
    pub(super) says: &'static str,
    /// Whether it writes nothing.
    pub(super) reads_only: bool,
    parameters: &'static [Parameter],
}

struct Parameter {
    name: &'static str,
    says: &'static str,
    kind: Kind,
    goes: Goes,
    required: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Texts,
    Flag,
    Number,
}

/// The place of a value on the command line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goes {
    /// Behind this option.
    Option(&'static str),
    /// Before `--`, as a path.
    First,
    /// Behind `--`.
    Last,
    /// Nowhere: it is compared with the agent of the server.
    Agent,
}

const fn option(name: &'static str, option: &'static str, kind: Kind, says: &'static str) -> Parameter {
    Parameter {
        name,
        says,
        kind,
        goes: Goes::Option(option),
        required: false,
    }
}

const fn needed(parameter: Parameter) -> Parameter {
    Parameter {
        required: true,
        ..parameter
    }
}

const fn behind(name: &'static str, goes: Goes, kind: Kind, says: &'static str) -> Parameter {
    Parameter {
        name,
        says,
        kind,
        goes,
        required: true,
    }
}

const STAGED: Parameter = option("staged", "--staged", Kind::Flag, "what is staged, against HEAD");
const BASE: Parameter = option(
    "base",
    "--base",
    Kind::Text,
    "the branch or commit that the change would be merged into",
);
const HEAD: Parameter = option(
    "head",
    "--head",
    Kind::Text,
    "the commit that would be merged; HEAD where it is left out",
);
const RANGE: Parameter = option("range", "--range", Kind::Text, "the same as base and head, as A..B");
const TARGET: Parameter = option("target", "--target", Kind::Text, "the branch that will move");

/// The tools that read.
const READING: &[Tool] = &[
    Tool {
        name: "check",
        says: "Judge a change: verdict, gated files, certificates that count, what is missing and the commands for it (certgate/verdict/v1).",
        reads_only: true,
        parameters: &[
            STAGED,
            BASE,
            HEAD,
            RANGE,
            TARGET,
            option(
                "stage",
                "--stage",
                Kind::Text,
                "judge as at this stage, such as pre-commit or merge",
            ),
            option(
                "policy",
                "--policy",
                Kind::Text,
                "try out another policy: a file, or builtin:PACK",
            ),
        ],
    },
    Tool {
        name: "explain",
        says: "Explain a diagnostic code such as CG201, or why a path is or is not gated, a component, a status, a rule, a certificate.",
        reads_only: true,
        parameters: &[
            behind(
                "what",
                Goes::Last,
                Kind::Text,
                "a code, path, component, status, rule, or id of a certificate",
            ),
            STAGED,
            BASE,
            HEAD,
            TARGET,
        ],
    },
    Tool {
        name: "suggest",
        says: "Say which reviews, and how few, would turn a change green: by whom, of which files and lines (certgate/suggest/v1).",
        reads_only: true,
        parameters: &[STAGED, BASE, HEAD, TARGET],
    },
    Tool {
        name: "lint",
        says: "Check the format of certificates, and with claims their figures and file references (certgate/lint/v1).",
        reads_only: true,
        parameters: &[
            Parameter {
                required: false,
                ..behind(
                    "paths",
                    Goes::Last,
                    Kind::Texts,
                    "certificates; every one of the repository where none is named",
                )
            },
            option(
                "claims",
                "--claims",
                Kind::Flag,
                "hold figures and file references against each other and HEAD",
            ),
            option(
                "rev",
                "--rev",
                Kind::Text,
                "read the certificates of a commit instead of the work tree",
            ),
            option("strict", "--strict", Kind::Flag, "matters of style are errors"),
        ],
    },
    Tool {
        name: "simulate",
        says: "Judge history by a policy: what would have been asked, by which rules, what each dial would change (certgate/simulate/v1).",
        reads_only: true,
        parameters: &[
            option("last", "--last", Kind::Number, "at most so many commits"),
            RANGE,
            option(
                "since",
                "--since",
                Kind::Text,
                "only commits made since then: a date, or a duration such as 90d",
            ),
            option(
                "commits",
                "--commits",
                Kind::Flag,
                "every commit, rather than merge by merge",
            ),
            option("policy", "--policy", Kind::Text, "the policy: a file, or builtin:PACK"),
            TARGET,
        ],
    },
    Tool {
        name: "compare",
        says: "Decide whether benchmarks got slower, from benchmark files of both sides (certgate/compare/v1).",
        reads_only: true,
        parameters: &[
            behind("baseline", Goes::First, Kind::Texts, "benchmark files of the baseline"),
            behind("candidate", Goes::Last, Kind::Texts, "benchmark files of the candidate"),
            option(
                "threshold",
                "--threshold",
                Kind::Text,
                "the slow-down that is accepted, such as 5%",
            ),
            option("alpha", "--alpha", Kind::Number, "the error of each bound, one-sided"),
            option(
                "min_runs",
                "--min-runs",
                Kind::Number,
                "the least number of runs a side",
            ),
            option("design", "--design", Kind::Text, "sequential or interleaved"),
            option("metrics", "--metric", Kind::Texts, "only these metrics"),
            option(
                "benchmarks",
                "--benchmark",
                Kind::Texts,
                "only benchmarks whose name matches one of these globs",
            ),
        ],
    },
];

/// The tool that writes.
const CERTIFY: Tool = Tool {
    name: "certify",
    says: "Write a certificate for a change, in the name of the agent that this server was started for. Read the change first: the decision is yours.",
    reads_only: false,
    parameters: &[
        needed(option(
            "status",
            "--status",
            Kind::Text,
            "the decision: one of the eleven statuses, such as APPROVED or REJECTED",
        )),
        needed(option("rationale", "--rationale", Kind::Text, "why")),
        Parameter {
            required: false,
            ..behind(
                "components",
                Goes::Last,
                Kind::Texts,
                "the components; the one that the change touches where none is named",
            )
        },
        Parameter {
            required: false,
            ..behind(
                "agent",
                Goes::Agent,
                Kind::Text,
                "the agent; no other than the one of this server",
            )
        },
        option(
            "all",
            "--all",
            Kind::Flag,
            "every component that lacks a certificate and that this agent may certify",
        ),
        option(
            "findings",
            "--finding",
            Kind::Texts,
            "what was found; with several components `COMPONENT: TEXT`",
        ),
        option(
            "evidence",
            "--evidence",
            Kind::Texts,
            "pieces of evidence, such as `src/loop.py:10-40`",
        ),
        option(
            "conditions",
            "--condition",
            Kind::Texts,
            "conditions of a conditional approval",
        ),
        option(
            "supersedes",
            "--supersedes",
            Kind::Texts,
            "ids of certificates that this one supersedes",
        ),
        option("baseline", "--baseline", Kind::Texts, "benchmark files of the baseline"),
        option(
            "candidate",
            "--candidate",
            Kind::Texts,
            "benchmark files of the candidate",
        ),
        STAGED,
        BASE,
        HEAD,
        RANGE,
        option(
            "targets",
            "--target",
            Kind::Texts,
            "branches that the certificate is bound to",
        ),
    ],
};

/// The tools of a server; `certify` only where it was started for an agent.
pub(super) fn tools(agent: Option<&str>) -> impl Iterator<Item = &'static Tool> {
    READING.iter().chain(agent.is_some().then_some(&CERTIFY))
}

impl Tool {
    /// The JSON schema of its arguments.
    pub(super) fn schema(&self) -> Map<String, Value> {
        let mut properties = Map::new();
        for parameter in self.parameters {
            let mut schema = match parameter.kind {
                Kind::Text => json!({ "type": "string" }),
                Kind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
                Kind::Flag => json!({ "type": "boolean" }),
                Kind::Number => json!({ "type": "number" }),
            };
            if let Value::Object(schema) = &mut schema {
                schema.insert("description".to_owned(), json!(parameter.says));
            }
            properties.insert(parameter.name.to_owned(), schema);
        }
        let required: Vec<&str> = self
            .parameters
            .iter()
            .filter(|own| own.required)
            .map(|own| own.name)
            .collect();
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        schema.insert("required".to_owned(), json!(required));
        schema.insert("additionalProperties".to_owned(), json!(false));
        schema
    }

    /// The command line for these arguments; `signing` is the key of the server.
    pub(super) fn command_line(
        &self,
        arguments: &Map<String, Value>,
        agent: Option<&str>,
        signing: Option<&str>,
    ) -> Result<Vec<OsString>, Box<Diagnostic>> {
        let (mut options, mut first, mut last) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(unknown) = arguments
            .keys()
            .find(|key| self.parameters.iter().all(|own| own.name != **key))
        {
            let known: Vec<&str> = self.parameters.iter().map(|own| own.name).collect();
            let told = wrong(self.name, format!("it takes no `{unknown}`"));
            return Err(Box::new(told.because(format!("it takes {}", known.join(", ")))));
        }
        for parameter in self.parameters {
            let Some(value) = arguments.get(parameter.name).filter(|value| !value.is_null()) else {
                match parameter.required {
                    true => return Err(Box::new(wrong(self.name, format!("it needs `{}`", parameter.name)))),
                    false => continue,
                }
            };
            let values = parameter.values(value).ok_or_else(|| {
                let wanted = match parameter.kind {
                    Kind::Text => "a string",
                    Kind::Texts => "a list of strings",
                    Kind::Flag => "true or false",
                    Kind::Number => "a number",
                };
                Box::new(wrong(self.name, format!("`{}` is {wanted}", parameter.name)))
            })?;
            for value in values {
                match parameter.goes {
                    Goes::Option(option) if parameter.kind == Kind::Flag => options.push(option.to_owned()),
                    Goes::Option(option) => options.push(format!("{option}={value}")),
                    // A path that looks like an option stays a path.
                    Goes::First if value.starts_with('-') => first.push(format!("./{value}")),
                    Goes::First => first.push(value),
                    Goes::Last => last.push(value),
                    Goes::Agent if agent == Some(value.as_str()) => {}
                    Goes::Agent => {
                        let own = agent.unwrap_or_default();
                        let message = format!("this server writes for `{own}`, and not for `{value}`");
                        let told = Diagnostic::error(Code::CG766, message)
                            .because("an agent speaks for itself; another agent needs another server")
                            .help(command!["certgate", "mcp", "--agent", &value].why("is that server"));
                        return Err(Box::new(told));
                    }
                }
            }
        }
        let fixed = ["--format=json".to_owned()].into_iter();
        let own = agent
            .filter(|_| !self.reads_only)
            .map(|agent| format!("--agent={agent}"));
        let sign = signing.filter(|_| !self.reads_only).map(|key| format!("--sign={key}"));
        let line = std::iter::once(self.name.to_owned())
            .chain(fixed)
            .chain(own)
            .chain(sign)
            .chain(options)
            .chain(first)
            .chain((!last.is_empty()).then(|| "--".to_owned()))
            .chain(last);
        Ok(line.map(OsString::from).collect())
    }
}

impl Parameter {
    /// The values as words; `None` where the argument is of another type, or holds what no word may.
    fn values(&self, value: &Value) -> Option<Vec<String>> {
        let text = |value: &Value| value.as_str().filter(|text| !text.contains('\0')).map(str::to_owned);
        match self.kind {
            Kind::Text => text(value).map(|text| vec![text]),
            Kind::Texts => value.as_array()?.iter().map(text).collect(),
            Kind::Flag => value
                .as_bool()
                .map(|on| if on { vec![String::new()] } else { Vec::new() }),
            Kind::Number => value.as_number().map(|number| vec![number.to_string()]),
        }
    }
}

fn wrong(tool: &str, what: String) -> Diagnostic {
    Diagnostic::error(
        Code::CG765,
        format!("the arguments of `{tool}` are not as its schema has them: {what}"),
    )
    .help("list the tools, and call it again with the arguments that its schema names")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::super::args::Cli;
    use super::*;

    fn line(name: &str, arguments: Value) -> Result<Vec<String>, Box<Diagnostic>> {
        let tool = tools(Some("perf")).find(|tool| tool.name == name).unwrap();
        let words = tool.command_line(arguments.as_object().unwrap(), Some("perf"), None)?;
        Ok(words.into_iter().map(|word| word.into_string().unwrap()).collect())
    }

    /// Every parameter of every tool is one that the command knows, and no value becomes an option.
    #[test]
    fn every_argument_reaches_its_command_as_a_value() {
        for tool in tools(Some("perf")) {
            for parameter in tool.parameters.iter().filter(|own| own.goes != Goes::Agent) {
                let mut arguments = Map::new();
                for own in tool
                    .parameters
                    .iter()
                    .filter(|own| own.required || own.name == parameter.name)
                {
                    let value = match (own.kind, own.name) {
                        (_, "design") => json!("interleaved"),
                        (Kind::Text, _) => json!("--output=pwned"),
                        (Kind::Texts, "evidence" | "findings") => json!(["--output=pwned", "-x"]),
                        (Kind::Texts, _) => json!(["--output=pwned"]),
                        (Kind::Flag, _) => json!(true),
                        (Kind::Number, _) => json!(3),
                    };
                    arguments.insert(own.name.to_owned(), value);
                }
                let words = tool.command_line(&arguments, Some("perf"), None).unwrap();
                let parsed = Cli::try_parse_from([OsString::from("certgate")].into_iter().chain(words.clone()));
                let parsed = parsed.unwrap_or_else(|error| panic!("{words:?}: {error}"));
                assert!(!format!("{parsed:?}").contains("output: Some"), "{parsed:?}");
            }
        }
    }

    #[test]
    fn arguments_of_another_kind_are_refused() {
        for (tool, arguments) in [
            ("check", json!({ "base": 1 })),
            ("check", json!({ "output": "x" })),
            ("check", json!({ "base": "a\u{0}b" })),
            ("check", json!({ "staged": "yes" })),
            ("explain", json!({})),
            ("lint", json!({ "paths": "a" })),
            ("compare", json!({ "baseline": ["a"] })),
            ("certify", json!({ "status": "APPROVED" })),
        ] {
            assert_eq!(
                line(tool, arguments.clone()).unwrap_err().code(),
                Code::CG765,
                "{tool} {arguments}"
            );
        }
        let as_another = json!({ "status": "APPROVED", "rationale": "x", "agent": "lead" });
        assert_eq!(line("certify", as_another).unwrap_err().code(), Code::CG766);
        let own = line(
            "certify",
            json!({ "status": "APPROVED", "rationale": "x", "agent": "perf" }),
        )
        .unwrap();
        assert_eq!(
            own,
            [
                "certify",
                "--format=json",
                "--agent=perf",
                "--status=APPROVED",
                "--rationale=x"
            ]
        );
    }
}
