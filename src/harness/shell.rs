//! The simple commands in a shell's text, by tree-sitter's grammar for bash: what would run, with the words as far as they are plain.
//!
//! A variable that the text itself sets to plain words is put in; anything else that only the shell knows is left out of a word. Texts in
//! texts (`sh -c`, `eval`, a here-document or an `echo` piped into a shell) are read as well. What a program in another language runs is
//! not seen here: the hooks of git, CI and the server are there for that.

use std::collections::BTreeMap;

use tree_sitter::{Node, Parser};

/// Texts in texts are followed this deep.
const MAX_DEPTH: usize = 6;

/// A simple command (bash(1), SIMPLE COMMANDS).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// `NAME=VALUE` before it, and those exported earlier in the text.
    pub(super) variables: Vec<(String, String)>,
    /// The name of the program and its arguments.
    pub(super) words: Vec<String>,
    /// Files that its output goes into.
    pub(super) writes: Vec<String>,
}

impl Command {
    /// The name of the program, without a directory.
    pub(super) fn program(&self) -> &str {
        self.words.first().map_or("", |word| base(word))
    }
}

/// A word's last component.
pub(super) fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// Programs that run the words behind them.
const WRAPPERS: [&str; 24] = [
    "env", "command", "exec", "nohup", "time", "nice", "ionice", "sudo", "doas", "timeout", "xargs", "parallel",
    "stdbuf", "setsid", "builtin", "find", "watch", "flock", "script", "strace", "unbuffer", "chrt", "taskset",
    "busybox",
];
/// Shells.
const SHELLS: [&str; 6] = ["sh", "bash", "zsh", "dash", "ksh", "ash"];

/// The commands of a text.
pub(super) fn commands(text: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut reading = Reading::default();
    reading.text(text, 0, &mut found);
    found
}

#[derive(Default)]
struct Reading {
    /// Variables that the text sets to plain words.
    known: BTreeMap<String, String>,
    exported: Vec<(String, String)>,
}

impl Reading {
    fn text(&mut self, text: &str, depth: usize, found: &mut Vec<Command>) {
        if depth > MAX_DEPTH || text.trim().is_empty() {
            return;
        }
        let mut parser = Parser::new();
        if parser.set_language(&tree_sitter_bash::LANGUAGE.into()).is_err() {
            return;
        }
        let Some(tree) = parser.parse(text, None) else { return };
        let mut own = Vec::new();
        self.node(tree.root_node(), text, &mut own);
        for command in own {
            self.inside(&command, depth, found);
            found.push(command);
        }
    }

    /// What a command runs that is among its words.
    fn inside(&mut self, command: &Command, depth: usize, found: &mut Vec<Command>) {
        let program = command.program();
        let rest = command.words.get(1..).unwrap_or_default();
        if program == "eval" {
            self.text(&rest.join(" "), depth + 1, found);
        } else if SHELLS.contains(&program) {
            let flagged = |word: &&String| word.starts_with('-') && !word.starts_with("--") && word.contains('c');
            if let Some(at) = rest.iter().position(|word| flagged(&word))
                && let Some(text) = rest.get(at + 1)
            {
                self.text(text, depth + 1, found);
            }
        } else if WRAPPERS.contains(&program) {
            // Options of wrappers differ; what is looked for are programs that certgate knows, at any place.
            let known = |word: &String| {
                let name = base(word);
                SHELLS.contains(&name) || WRAPPERS.contains(&name) || KNOWN.contains(&name)
            };
            if let Some(at) = rest.iter().position(known) {
                let mut variables = command.variables.clone();
                let before = rest.get(..at).unwrap_or_default();
                variables.extend(before.iter().filter_map(|word| split(word)));
                let inner = Command {
                    variables,
                    words: rest.get(at..).unwrap_or_default().to_vec(),
                    writes: Vec::new(),
                };
                if depth < MAX_DEPTH {
                    self.inside(&inner, depth + 1, found);
                    found.push(inner);
                }
            }
        }
    }

    fn node(&mut self, node: Node<'_>, text: &str, found: &mut Vec<Command>) {
        if matches!(node.kind(), "command" | "declaration_command" | "variable_assignment") {
            for inner in ["command_substitution", "process_substitution"] {
                for inner in descendants(node, inner) {
                    self.children(inner, text, found);
                }
            }
        }
        match node.kind() {
            "command" => {
                let command = self.command(node, text);
                let shell = is_shell(&command);
                found.push(command);
                if shell {
                    self.documents(node, text, found);
                }
            }
            "declaration_command" => {
                for (name, value) in self.assignments(node, text) {
                    self.exported.push((name.clone(), value.clone()));
                    self.known.insert(name, value);
                }
            }
            "variable_assignment" => {
                if let Some((name, value)) = self.assignment(node, text) {
                    self.known.insert(name, value);
                }
            }
            "redirected_statement" => {
                let before = found.len();
                self.children(node, text, found);
                let writes = self.writes(node, text);
                if let Some(command) = found.get_mut(before..).and_then(<[_]>::last_mut) {
                    command.writes.extend(writes);
                } else if !writes.is_empty() {
                    found.push(Command {
                        writes,
                        ..Command::default()
                    });
                }
                if found.get(before..).and_then(<[_]>::last).is_some_and(is_shell) {
                    self.documents(node, text, found);
                }
            }
            "pipeline" => {
                let before = found.len();
                self.children(node, text, found);
                // `echo … | sh`: what is piped into a shell may be a text.
                let parts = found.get(before..).unwrap_or_default().to_vec();
                let reads = |command: &Command| {
                    SHELLS.contains(&command.program())
                        && command.words.iter().skip(1).all(|word| word.starts_with('-'))
                };
                if parts.iter().skip(1).any(reads) {
                    for part in parts.iter().filter(|part| !reads(part)) {
                        let said = part.words.get(1..).unwrap_or_default().join(" ");
                        self.text(&said.replace("\\n", "\n"), MAX_DEPTH.saturating_sub(2), found);
                    }
                }
            }
            _ => self.children(node, text, found),
        }
    }

    /// `sh <<EOF`, `sh <<< …`: what a shell is given to read is a separate text.
    fn documents(&self, node: Node<'_>, text: &str, found: &mut Vec<Command>) {
        let here = descendants(node, "heredoc_body");
        for body in here.into_iter().chain(descendants(node, "herestring_redirect")) {
            let body = slice(body, text).trim_start_matches("<<<").trim();
            let mut inner = Reading {
                known: self.known.clone(),
                exported: self.exported.clone(),
            };
            inner.text(body.trim_matches(['"', '\'']), MAX_DEPTH.saturating_sub(2), found);
        }
    }

    fn children(&mut self, node: Node<'_>, text: &str, found: &mut Vec<Command>) {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
        for child in children {
            self.node(child, text, found);
        }
    }

    fn command(&mut self, node: Node<'_>, text: &str) -> Command {
        let mut command = Command {
            variables: self.exported.clone(),
            ..Command::default()
        };
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
        for child in children {
            match child.kind() {
                "variable_assignment" => command.variables.extend(self.assignment(child, text)),
                "file_redirect" => command.writes.extend(self.write(child, text)),
                "herestring_redirect" | "heredoc_redirect" => {}
                "command_name" => {
                    let inner = child.child(0).unwrap_or(child);
                    command.words.extend(self.words(inner, text));
                }
                _ => command.words.extend(self.words(child, text)),
            }
        }
        command
    }

    fn assignments(&self, node: Node<'_>, text: &str) -> Vec<(String, String)> {
        let mut cursor = node.walk();
        node.children(&mut cursor)
            .filter(|child| child.kind() == "variable_assignment")
            .filter_map(|child| self.assignment(child, text))
            .collect()
    }

    fn assignment(&self, node: Node<'_>, text: &str) -> Option<(String, String)> {
        let name = slice(node.child_by_field_name("name")?, text).to_owned();
        let value = node
            .child_by_field_name("value")
            .map(|value| self.value(value, text))
            .unwrap_or_default();
        Some((name, value))
    }

    fn writes(&self, node: Node<'_>, text: &str) -> Vec<String> {
        let mut cursor = node.walk();
        node.children(&mut cursor)
            .filter(|child| child.kind() == "file_redirect")
            .filter_map(|child| self.write(child, text))
            .collect()
    }

    fn write(&self, node: Node<'_>, text: &str) -> Option<String> {
        let operator = slice(node, text);
        let operator = operator.trim_start_matches(|character: char| character.is_ascii_digit());
        let into = operator.starts_with('>') || operator.starts_with("&>") || operator.starts_with("<>");
        let destination = node.child_by_field_name("destination")?;
        (into && !operator.starts_with(">&")).then(|| self.value(destination, text))
    }

    /// The words that a node stands for: several where a variable in it holds blanks and nothing quotes it.
    fn words(&self, node: Node<'_>, text: &str) -> Vec<String> {
        let value = self.value(node, text);
        let bare = matches!(node.kind(), "simple_expansion" | "expansion");
        match bare {
            true => value.split_whitespace().map(str::to_owned).collect(),
            false => vec![value],
        }
    }

    /// What a node stands for, as far as the text says.
    fn value(&self, node: Node<'_>, text: &str) -> String {
        let own = slice(node, text);
        match node.kind() {
            "raw_string" => own.trim_matches('\'').to_owned(),
            "ansi_c_string" => unescaped(own.trim_start_matches('$').trim_matches('\'')),
            "string" | "concatenation" | "translated_string" => {
                let mut cursor = node.walk();
                let mut whole = String::new();
                let mut at = node.start_byte();
                let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
                for child in children {
                    // Blanks between the parts of a string are not nodes.
                    whole.push_str(text.get(at..child.start_byte()).unwrap_or_default());
                    at = child.end_byte();
                    if child.kind() != "\"" {
                        whole.push_str(&self.value(child, text));
                    }
                }
                whole
            }
            "string_content" => own
                .replace("\\\"", "\"")
                .replace("\\$", "$")
                .replace("\\\\", "\\")
                .replace("\\\n", ""),
            "simple_expansion" | "expansion" => {
                let name = own.trim_start_matches('$').trim_matches(['{', '}']);
                self.known.get(name).cloned().unwrap_or_default()
            }
            "command_substitution" | "process_substitution" => String::new(),
            "word" => {
                let mut plain = String::with_capacity(own.len());
                let mut characters = own.chars();
                while let Some(character) = characters.next() {
                    match character {
                        '\\' => plain.extend(characters.next().filter(|next| *next != '\n')),
                        character => plain.push(character),
                    }
                }
                plain
            }
            _ => own.to_owned(),
        }
    }
}

/// Programs whose words say something of the gate.
const KNOWN: [&str; 16] = [
    "git", "certgate", "rm", "mv", "cp", "unlink", "truncate", "tee", "sed", "perl", "dd", "chmod", "shred", "ln",
    "eval", "install",
];

fn is_shell(command: &Command) -> bool {
    SHELLS.contains(&command.program())
}

/// `NAME=VALUE`.
pub(super) fn split(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_');
    plain.then(|| (name.to_owned(), value.to_owned()))
}

fn slice<'t>(node: Node<'_>, text: &'t str) -> &'t str {
    text.get(node.byte_range()).unwrap_or_default()
}

fn descendants<'n>(node: Node<'n>, kind: &str) -> Vec<Node<'n>> {
    let mut found = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        if node.kind() == kind {
            found.push(node);
        }
        let mut cursor = node.walk();
        open.extend(node.children(&mut cursor));
    }
    found
}

/// `$'…'` (bash(1), QUOTING), as far as letters are hidden by it.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let number = |digits: &str, radix: u32| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        let run = |text: &str, most: usize, radix: u32| {
            text.chars()
                .take(most)
                .take_while(|character| character.is_digit(radix))
                .map(char::len_utf8)
                .sum::<usize>()
        };
        let (character, used) = match after.chars().next() {
            Some('x') => {
                let length = run(after.get(1..).unwrap_or_default(), 2, 16);
                (number(after.get(1..=length).unwrap_or_default(), 16), length + 1)
            }
            Some('u') => {
                let length = run(after.get(1..).unwrap_or_default(), 4, 16);
                (number(after.get(1..=length).unwrap_or_default(), 16), length + 1)
            }
            Some('0'..='7') => {
                let length = run(after, 3, 8);
                (number(after.get(..length).unwrap_or_default(), 8), length)
            }
            Some('n') => (Some('\n'), 1),
            Some('t') => (Some('\t'), 1),
            Some(other) => (Some(other), other.len_utf8()),
            None => (None, 0),
        };
        plain.extend(character);
        rest = after.get(used..).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(text: &str) -> Vec<String> {
        commands(text)
            .into_iter()
            .map(|command| command.words.join("|"))
            .collect()
    }

    #[test]
    fn commands_are_found_wherever_a_shell_runs_them() {
        for text in [
            "git commit -n",
            "cd x && git commit -n",
            "(git commit -n)",
            "if true; then git commit -n; fi",
            "for i in 1 2; do git commit -n; done",
            "f() { git commit -n; }; f",
            "x=$(git commit -n)",
            "sh -c 'git commit -n'",
            "bash -lc \"git commit -n\"",
            "eval git commit -n",
            "eval \"git commit -n\"",
            "env A=1 git commit -n",
            "sudo -u me git commit -n",
            "nohup sh -c 'git commit -n' &",
            "N=-n; git commit $N",
            "N='commit -n'; git $N",
            "git 'com'mit \"-n\"",
            "git commit \\\n  -n",
            "git commit $'\\x2dn'",
            "bash <<EOF\ngit commit -n\nEOF",
            "bash <<< 'git commit -n'",
            "echo 'git commit -n' | sh",
            "printf 'git commit -n\\n' | bash",
            "find . -exec git commit -n \\;",
            "timeout 5 git commit -n",
        ] {
            assert!(
                ran(text).iter().any(|words| words.starts_with("git|commit|-n")),
                "{text}: {:?}",
                ran(text)
            );
        }
    }

    #[test]
    fn a_text_that_is_only_said_is_no_command() {
        for text in [
            "echo 'git commit -n'",
            "git log --grep 'git commit -n'",
            "cat <<EOF\ngit commit -n\nEOF",
            "# git commit -n",
        ] {
            assert!(!ran(text).iter().any(|words| words.starts_with("git|commit")), "{text}");
        }
        assert_eq!(ran("git commit -m 'no -n here'"), ["git|commit|-m|no -n here"]);
    }

    #[test]
    fn variables_and_redirections_belong_to_their_command() {
        let found = commands("A=1 git commit > out.txt 2>&1");
        assert_eq!(found[0].variables, [("A".to_owned(), "1".to_owned())]);
        assert_eq!(found[0].writes, ["out.txt"]);
        let exported = commands("export A=1; git commit");
        assert_eq!(exported[0].variables, [("A".to_owned(), "1".to_owned())]);
        let given = commands("env A=1 git commit");
        assert!(
            given
                .iter()
                .any(|command| command.program() == "git" && command.variables == [("A".to_owned(), "1".to_owned())])
        );
        assert_eq!(commands("cat a >> b")[0].writes, ["b"]);
        assert_eq!(commands("> b")[0].writes, ["b"]);
    }
}
