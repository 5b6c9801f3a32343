//! The stable codes. What each means, and what to do about it, is said once, here; `certgate explain`, SARIF and the documentation
//! are fed from it.

use std::fmt;

macro_rules! codes {
    ($($name:ident, $title:literal, $text:literal;)*) => {
        /// A stable diagnostic code. A code is never reused for another meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $title] $name,)* }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as printed, such as `CG201`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// What it is about, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it means and what to do, as Markdown.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

codes! {
    // CG0xx: the policy
    CG001, "policy cannot be read", "The policy `.certgate/policy.yaml` exists but is not a regular file of at most 1 MiB in UTF-8. certgate judges nothing by half a policy. Make it a plain text file; `certgate policy check` reads it again.";
    CG002, "policy is not valid YAML", "The policy does not parse as YAML, or a value has the wrong type. The place shown is where the reader stopped. Fix it and run `certgate policy check`.";
    CG003, "unknown key in policy", "A key that certgate does not know is refused, not ignored: a misspelt rule would silently gate nothing. The nearest known key is suggested.";
    CG004, "unsupported policy version", "The policy must begin with `version: 1`.";
    CG005, "pattern does not compile", "A glob or regular expression in the policy is invalid or too large. Globs are gitignore-like (`**`, `*`, `?`, `[..]`, `{a,b}`); regular expressions are those of the Rust `regex` crate, over bytes, one line at a time.";
    CG006, "component defined twice", "Two components have the same id, or an alias of one is a name of the other. A certificate could then speak for either. Rename one.";
    CG007, "unknown pack", "`extends:` names a pack that is not built in. `certgate policy packs` lists them.";
    CG008, "policy exceeds a limit", "Size, nesting depth and alias expansion of a policy are bounded, so that a hostile policy costs nothing.";
    CG009, "value out of range in policy", "A value in the policy is not one of those allowed.";
    CG010, "example in policy does not hold", "A rule's `examples` are run by `certgate policy check`: every `match` must be gated by its rule and every `ignore` must not be.";
    CG011, "no policy; the default pack is used", "The repository has no `.certgate/policy.yaml`. `certgate check` then judges by the embedded pack `default`. `certgate init` writes a policy.";
    CG012, "judged by a policy that is not the repository's", "`--policy` was given: the verdict is by that policy, to try it out. Hooks refuse the flag.";
    CG013, "first adoption", "The base has no policy and the change adds one: it is judged by the policy that it adds, and the policy files themselves need no certificate.";
    CG014, "invisible character in policy", "The policy holds a character that a reader does not see as what it is: a line break that most editors do not show (a lone carriage return, NEL, LS, PS, a form feed), a control character, a mark that turns the direction of text, one of no width, or a blank that is not a space. What the reader of YAML sees would then differ from what a person reviewed. Delete it; in a value that needs it, write it as an escape in double quotes, such as `\"\\u00A0\"`.";
    CG015, "rule matches no tracked file", "A glob of the policy matches no file that git tracks, so its rule gates nothing: the files were moved or deleted, or the glob was misspelt. Change the glob to where the files are now, or take the rule out.";
    CG016, "requirement that nobody can meet", "The policy asks for more approvals than there are people in it who may give them: too few agents in `require.agents`, too few principals where signatures are required, or an authorizer who is needed as a reviewer as well. Every change of the component would stay blocked. Name more agents, ask for fewer approvals, or name another authorizer.";
    CG017, "component replaces that of a pack", "A component of the policy has the id of a pack's component, which it replaces: no rule of the pack's component is left, nor any that a later version of the pack adds. `adjust:` keeps them and changes what you name.";
    // CG1xx: certificates
    CG101, "certificate has no decision", "A certificate's decision is the one line `**Status**: WORD` in the one level-2 section `## DECISION/OUTCOME`. A Status elsewhere, or in a code block, comment, quote or table, means nothing; nor does an approval that some reader of Markdown shows as something else.";
    CG102, "certificate has two decisions", "There must be one section `## DECISION/OUTCOME` and one Status in it. Nobody can tell which of two is meant.";
    CG103, "unknown status", "The status must be exactly one of APPROVED, GO, RECOMMEND, CONDITIONALLY_APPROVED, ADVISORY_ONLY, REQUIRES_REMEDIATION, DO_NOT_RECOMMEND, NEEDS_FURTHER_REVIEW, REJECTED, NO_GO, EMERGENCY_STOP, byte for byte. A gate never guesses.";
    CG104, "certificate cannot be read", "A certificate is a text file in UTF-8 of at most 1 MiB.";
    CG105, "SUBJECT cannot be read", "The section SUBJECT is written by `certgate certify` and `certgate seal` and must not be edited. A certificate whose SUBJECT does not parse approves nothing.";
    CG106, "placeholder left in", "A field still holds a placeholder of the template.";
    CG107, "date in the future", "A certificate dated more than ten minutes ahead of the clock approves nothing, and is not let in (CG408).";
    CG108, "date is missing or not UTC", "The field Date reads `YYYY-MM-DD HH:MM:SS UTC`.";
    CG109, "file name does not follow the format", "A certificate's file is named `{descriptor}_{component}_{YYYYMMDD_HHMMSS}.md`.";
    CG110, "field or section is missing", "The format asks for Component, Agent, Date and Certificate ID, and for the sections REVIEW SCOPE, FINDINGS, DECISION/OUTCOME, EVIDENCE and SIGNATURE.";
    CG111, "agent does not match", "The Agent of the heading and that of the signature, or the directory `agents/NAME/`, disagree.";
    CG112, "field is given twice", "A field of the heading may be given once.";
    CG113, "certificate id is not unique", "Two certificates carry the same Certificate ID; a later one could not say which it supersedes.";
    CG114, "component is not in the policy", "The certificate is on a component that the policy does not define, so it gates and covers nothing.";
    CG115, "conditions are missing", "CONDITIONALLY_APPROVED needs at least one condition: `**Conditions**:` in the decision, or a section CONDITIONS.";
    CG116, "certificate hash is free text", "`Certificate Hash:` reads `sha256:` and 64 hexadecimal digits, as `certgate seal` writes it. Anything else proves nothing and is not checked.";
    CG117, "placeholder instead of a value", "The approval holds a placeholder where its author should have said something: a text that certgate prints for a value to be filled in (`NAME`, `WHY`, `REVIEWER`), one that everybody uses (`TODO`, `TBD`, `none`), or anything in `<…>`. `docs/certificate.md` has the full list. Such an approval is a stamp: `certify` does not write it, and it counts only where the policy says `stamps: allow`. Write a certificate that says who decides and why.";
    CG118, "approval gives no rationale", "The decision of an approval has no `**Rationale**:`, or an empty one. Such an approval is a stamp and counts only where the policy says `stamps: allow`. Say in a sentence why the change may be merged.";
    CG119, "rationale is prefilled text", "The rationale of the approval is text that certgate wrote itself, such as why a file is gated. It says nothing of a decision, so the approval is a stamp and counts only where the policy says `stamps: allow`. Say in a sentence why the change may be merged.";
    CG120, "rationale is repeated", "The agent's last three certificates on the component in the ledger give the same rationale, on other content. `certify` writes no fourth one: say what is true of this change. Where the policy says `stamps: allow` it does.";
    CG121, "BENCHMARKS cannot be read", "The block `certgate-benchmarks` in the section BENCHMARKS is written by `certgate certify --baseline FILE… --candidate FILE…` and must not be edited. One that does not parse proves nothing, and where the policy asks for benchmarks the approval does not count. A section BENCHMARKS without the block is prose.";
    CG122, "evidence is not beside its certificate", "The files that a certificate names in BENCHMARKS belong in `evidence/STEM/` beside it, where STEM is its file name without `.md`: there they are append-only, as the certificate is. Have `certgate certify` write it again.";
    CG123, "BENCHMARKS decide nothing", "The block `certgate-benchmarks` has no result, or files of one side only, so nothing was compared.";
    // CG2xx: coverage
    CG201, "no certificate covers the change", "A performance-sensitive file changed and no approving certificate is bound to the content that would be merged. `certgate certify COMPONENT` prepares one.";
    CG202, "changed after certification", "A certificate covers this path, but with other content. Only the files named need a new certificate.";
    CG203, "certificate does not count here", "An approving certificate on the component exists but does not count: it was introduced outside the range and has no SUBJECT, does not name the file, comes from another agent than the policy asks for, or lacks what the policy requires.";
    CG204, "not enough approvals", "The policy asks for more approvals from different agents than there are.";
    CG205, "message announces a judgement", "A commit message gates the component: it needs an approving certificate on it, introduced in the same range.";
    CG206, "specialist's certificate is missing", "The policy hands this path off to a specialist, whose approving certificate must cover it too.";
    CG207, "conditions are open", "A conditional approval counts; its open conditions are listed until a later certificate settles them. With `conditional: when-met` or `block` it does not count while they are open.";
    CG208, "neither approved nor refused", "The certificates on this component are advisory only.";
    // CG3xx: refusals
    CG301, "on hold", "A certificate that is in force refuses this content (REQUIRES_REMEDIATION, DO_NOT_RECOMMEND or NEEDS_FURTHER_REVIEW). It is lifted by a later approving certificate that covers what it covered, from the same agent, or that supersedes it, from an agent with `may_lift`.";
    CG302, "vetoed", "A certificate that is in force refuses this content (REJECTED or NO_GO). No other agent's approval outweighs it. It is lifted by a later approving certificate that covers what it covered, from the same agent, or that supersedes it, from an agent with `may_lift`.";
    CG303, "emergency stop", "An EMERGENCY_STOP is in force: nothing but certificates may be merged into a protected branch. It is lifted by a later approving certificate that supersedes it, from the same agent or one with `may_lift`.";
    CG304, "certificate is invalid", "An invalid certificate never approves, and blocks where it is added or is the newest statement on a gated component: a refusal that nobody can read is not consent.";
    // CG4xx: the ledger
    CG401, "certificate was modified", "The ledger is append-only. A certificate is never edited: write a new one that supersedes it. For the verdict the base's version still counts.";
    CG402, "certificate was taken from its path", "The ledger is append-only, and a certificate keeps its path, with its signature. Deleting it, turning it into something else, or taking its signature away lifts nothing: for the verdict the base's version still counts. It may move only to another certificate path, with its signature, where it reads the same.";
    CG403, "certificate id used twice", "The change adds a certificate whose id is already in the ledger, or adds two with one id.";
    CG404, "Supersedes has no effect", "The certificate names one in `Supersedes` that does not exist, was not merged before it or with it, or that its agent is not allowed to lift.";
    CG405, "the ledger was altered", "`certgate log --verify` found a commit whose certificates or signatures differ from what was first merged. The ledger is append-only: the gate was missing, or was bypassed. Look at the commit; whatever relies on that certificate needs a new one.";
    CG406, "the ledger lost something", "`certgate log --verify` found a commit that took a certificate or signature away, or a merge that dropped one. The ledger is append-only. Restore it as it was.";
    CG407, "approval revoked", "A later REJECTED or NO_GO names the approval in `Supersedes`, by its own agent, by an owner, or by an agent who may lift. It no longer counts, and the files named are still as it certified them. Certify them again, or change them.";
    CG408, "certificate dated ahead of the clock", "The change adds a certificate whose Date is more than ten minutes ahead of the clock. A Date is a claim, and this one cannot be true, whatever the certificate decides. Date it again and add it again; the order of certificates is git's, so nothing is won or lost by a date.";
    CG409, "certificate dated before enforcement began", "The change adds a certificate whose Date lies before the policy's `ledger.since`. What is that old is history and gates nothing, so a new certificate cannot be. Date it again and add it again.";
    CG410, "refusal that nobody can name", "The change adds a refusal without a Certificate ID, or with one that `Supersedes` cannot name: it holds a comma or an invisible character, or means nothing, such as `none`. An agent who may lift a refusal must name it. Give it its own id. A refusal of this kind that is in the ledger already can be named by its path.";
    // CG5xx: trust
    CG501, "certificate hash does not match", "The document was changed after it was sealed: `Certificate Hash` is not the SHA-256 of its bytes. Such a certificate approves nothing.";
    CG502, "the policy itself is changed", "A change to `.certgate/` is gated as component `certgate-policy` and must pass both the old policy and the new one.";
    CG503, "signature cannot be read", "The file beside the certificate is not a signature that counts: it is damaged, or of a form or strength that is not accepted (SHA-1, DSA, RSA below 2048 bits). Sign again: `certgate seal PATH --sign KEY`.";
    CG504, "signature is of something else", "The signature was made over another document, or for another namespace than `certgate`. A certificate that was edited after signing must be written and signed again.";
    CG505, "key is not allowed", "The key that signed is not among the allowed signers, or not for the agent that the certificate names. `.certgate/allowed_signers` lists principals with their keys, in OpenSSH's format; the list of the branch that the change goes into counts.";
    CG506, "key was not valid at the time", "The allowed signers, or the certificate of the key's authority, limit when the key may sign, and the signature lies outside.";
    CG507, "key is revoked", "The key that signed, or the authority that vouches for it, is in `.certgate/revoked_keys`. What it signed counts no longer, whenever that was. Have the certificate written and signed again by a key that is valid.";
    CG508, "list of keys cannot be read", "`.certgate/allowed_signers` and `.certgate/revoked_keys` are in OpenSSH's formats, see ssh-keygen(1). A line that is not understood is refused, not skipped: it could be the one that matters.";
    CG509, "certificate is not signed", "The policy says `signatures: required` (or `independence: true`), and the certificate has no signature: `X.md.sig` beside `X.md`. Only a signed approval counts. `certgate seal PATH --sign KEY` adds one before it is committed.";
    CG510, "signer is not allowed to speak for the agent", "The signature is good, but the policy's `agents:` does not name any principal of its key for the agent that the certificate names. Have one of the agent's principals sign, or name the signer in the policy.";
    CG511, "signer is not independent", "The policy says `independence: true`: who signs an approval must not have authored, committed or co-authored a change to the gated files in the range. Have somebody else review and sign.";
    CG512, "certificate is bound elsewhere", "The certificate's SUBJECT is bound to another repository or another target branch than the one that the change goes to, or to no repository where the policy names one and requires signatures. Nothing that was certified elsewhere counts here. Certify again for this target. Where nothing says to which branch the change goes, nothing that is bound to a branch counts: name the branch with `--target`.";
    CG513, "bypass in force", "An owner let this content through once without the approvals that are due. The follow-up, an approving certificate by a reviewer that names the bypass in `Supersedes`, is due by the date shown; after that the component is blocked.";
    CG514, "follow-up of a bypass is overdue", "An owner's bypass let content through, and no reviewer has certified it since, although its date has passed. Nothing on the component can be merged until an approving certificate by another agent names the bypass in `Supersedes`.";
    CG515, "bypass does not count", "A bypass lets content through only if it is an ADVISORY_ONLY certificate added by this very change, signed by one of `policy.owners` under `signatures: optional` or `required`, with an id, a rationale, a SUBJECT bound to the target branch, and a follow-up date that has not passed and is at most 30 days after its own.";
    CG516, "authorization is missing", "The component is of medium or high risk and lists `authorizers`: beside the reviewers' certificates, one of these agents must approve each file, and it must be another person than the reviewers who are counted.";
    CG517, "policy goes back", "The policy has a `serial`, and the change contains a policy whose serial is not greater or is missing, or deletes the policy. This keeps an older policy from coming back. Set `serial` to a greater number.";
    CG518, "nobody can sign", "The change contains a policy with `signatures: required`, and `.certgate/allowed_signers` is missing or lists nobody: no approval could ever count. Add the signers in the same change.";
    CG519, "cannot be signed", "`--sign` has OpenSSH's `ssh-keygen` sign, and it did not: the key is not there, its passphrase was not given, or the agent does not hold it. Nothing was written.";
    // CG6xx: evidence
    CG601, "evidence is missing", "The policy requires evidence that the certificate does not give: `file-references` asks that EVIDENCE names a gated file with line numbers, `findings` that FINDINGS says what was found.";
    CG602, "not evidence that is read", "The content is of no format that certgate reads, of two at once, or it holds no benchmark. Read are hyperfine, criterion (the directory), pytest-benchmark, Go, JMH, Google Benchmark, pyperf, asv, Bencher Metric Format, github-action-benchmark, BenchmarkDotNet, gungraun and iai, vitest, nvbench, k6, wrk, `perf stat -j` and `-x,`, divan, libtest; and as profiles folded stacks, pprof, speedscope, callgrind, Chrome and PyTorch traces, the table of torch.profiler. The format is found by the content, never by the name of the file.";
    CG603, "evidence is damaged", "The file ends too early, continues after its end, holds a key twice in one object (readers differ on which counts), is nested too deeply, or is not text. Nothing of it is used. Have the tool write it again.";
    CG604, "evidence is too large", "Benchmark files are read up to 16 MiB, profiles up to 1 GiB, each after unpacking. Have the tool write summaries and raw values only, or fewer benchmarks a file.";
    CG605, "evidence cannot be opened", "The path is neither a file nor the directory of a criterion benchmark. criterion keeps its files in `target/criterion/BENCHMARK/new` (and copies them to `base` when a run ends).";
    CG606, "a measurement is refused", "A benchmark of the file must not be used: it failed, its name appears twice, its time is zero, negative or not a number, its units are mixed. The others of the file are read. Measure it again.";
    CG607, "a summary does not follow from its raw values", "The file states a median, mean, minimum or maximum that its own raw values do not give (beyond 1e-9 relative; criterion's estimates 1e-6). Whoever edited one of them did not edit the other. The benchmark is refused. Measure it again.";
    CG609, "measured with uncommitted work", "The file says that the work tree had changes when it was measured, so no commit holds the code that ran. Commit, then measure again.";
    CG610, "benchmarks are missing", "The policy asks for benchmarks (`budgets`, or `require: { evidence: [benchmarks] }`), and the approval has no section BENCHMARKS that can be read, or none that shows anything. Measure both commits and have `certgate certify … --baseline FILE… --candidate FILE…` write the certificate.";
    CG611, "bound file cannot be used", "A file that BENCHMARKS names is missing, is not a plain file (a link, a submodule), is larger than 1 MiB, is one of more than 8 MiB in all, or is refused by the reader of its format. Nothing is decided without it.";
    CG612, "bound file is not what was certified", "The content of a file that BENCHMARKS names has another SHA-256 than the one that the certificate states: it was changed after certification, or the certificate was. Measure again and certify again.";
    CG613, "table does not follow from the files", "What the gate recomputes from the bound files is not what the table of BENCHMARKS says: raw values, or figures of the table, were edited. The message names the recomputed figures. Have `certgate certify` write the certificate again.";
    CG614, "budget is exceeded", "By the bound files a benchmark is slower than the policy's budget allows, or beyond its absolute limit, and this is proven. The approval does not count. Make the change faster; if the loss is worth it, the owners of the policy change the budget.";
    CG615, "budget is not proven", "The bound files prove neither that the benchmark is within the budget nor that it is not. The burden of proof lies on the approval. Measure more runs (the message says how many), or on a quieter machine; `on_inconclusive: warn` in the budget lets such an approval count.";
    CG616, "something else was measured", "The bound files are not measurements of what is judged: a file states another commit than the certificate names, a commit that is named is not in the repository, the gated content at the measured commit is not what the certificate covers, or the baseline is not what the change is compared with. Measure the base and the head of the change, and certify again. A commit that is missing here may only have to be fetched: `git fetch REMOTE COMMIT`.";
    CG617, "evidence is used again", "A file that BENCHMARKS names is evidence of other content in another certificate already. No two runs of a program take the same times, so one of the two certificates shows what was not measured for it. Measure again.";
    CG618, "benchmark is not shown", "The budget asks for benchmarks that the bound files do not hold: a name or glob of `benchmarks:` matches none, or the newest bound evidence on the component showed one that is left out here. What was dropped may be what got slower. Measure it, too; where it is gone for good, change `benchmarks:` in the policy.";
    CG619, "runs were picked", "`certgate measure` notes in each file how many blocks were planned and which one it is. Of those planned some are missing, one is there twice, or they are of several sessions: whoever may choose among runs chooses the ones that pass. Bind all files of one session.";
    CG620, "evidence was changed in the ledger", "A file that a certificate of the base names as evidence was edited, deleted or moved. Evidence is append-only, as certificates are. Restore it.";
    CG621, "not evidence of this certificate", "The folder of evidence of a certificate may hold only files that the certificate names in BENCHMARKS, with the content that it states, at most 1 MiB each and 8 MiB together, in a format that certgate reads. Remove the file, or have `certgate certify` write it.";
    CG622, "not signed by whoever measures", "The policy says `require: { measured_by: [PRINCIPAL] }`, and BENCHMARKS carries no good signature of one of them over the commits and files. `certgate measure … --sign KEY` makes it on the machine that measures, and `certgate certify … --measured FILE` takes it in.";
    CG624, "condition is overdue", "An approval was given on a condition with a date, the date has passed, and the condition is not met. The component's next change is blocked until it is. Meet it, or have the agent of the approval (or one who may lift) supersede it.";
    CG625, "small losses add up", "Each of several approvals was within the budget, and together they are beyond it, counted since the first bound evidence on the component. Nothing is blocked. Certify a change that wins it back, or raise the budget knowingly.";
    CG630, "measured twice is measured once", "A benchmark file is given twice, or two files hold identical raw values. No two runs of a program take the same times, so one is a copy of the other: compared with itself, nothing is ever slower. (criterion copies `new` to `base` when a run ends, so the two are the same in a committed `target/criterion`.) Measure both sides.";
    CG631, "candidate lacks a benchmark", "The baseline has a benchmark or metric that the candidate lacks. What was dropped may be what got slower. Measure the same on both sides, or say with `--benchmark` and `--metric` what is compared.";
    CG632, "measured under different conditions", "The files disagree on machine, system, runtime, build, parameters or unit. A difference between them would be one of conditions, not of code. Measure both sides on one machine in the same way.";
    CG633, "debug build was measured", "The file says that a debug build was measured, which says nothing about what is shipped. Measure a release build.";
    CG634, "drift is not excluded", "One side was measured after the other. A machine that gets warmer, or busier, in between looks like a change of the code. `certgate measure` measures both in turn; `--design interleaved` takes each file as one block of runs, measured in turn with the other side's.";
    CG635, "benchmark file is refused", "The file, or a benchmark in it, cannot be evidence: it is damaged, edited, of no known format, or the tool itself reports a failed run. `docs/evidence.md` has the rules of each format.";
    CG640, "series cannot be read", "`certgate trend --values FILE` reads a JSON array of numbers above zero, in order; `null` means a value that was not measured. A logarithm is taken of each value, so zero and less cannot be measurements. At most 10,000 values are searched.";
    CG641, "a run failed", "A command of `certgate measure` ended with another exit code than 0, or by a signal. What fails is not timed: it may have stopped early. Nothing is decided; the complete blocks are kept. Try the command by hand in a worktree of that commit.";
    CG642, "a run gave no results", "After a run of `certgate measure` no file matches `--results` (files of earlier runs are taken away before each one), or a timed command took no longer than an empty shell. Nothing is decided.";
    CG643, "folder of results is not empty", "`certgate measure` fixes the number of runs before the first one counts and never adds to an earlier measurement: whoever may go on until it passes will pass. Give another folder with `--output`, or move the old one away.";
    CG650, "figure does not follow", "A figure of the document is not what the figures beside it give, however they were rounded and in any reading. The message names the recomputed figure. Correct it, then run `certgate lint --claims PATH`.";
    CG651, "file reference does not hold", "The document names a file, lines or a symbol on them that neither the certified tree nor its parent has, or says that a file is missing which is there. Correct it, then run `certgate lint --claims PATH`.";
    CG652, "reference holds only before the change", "What is named is in the tree before the change and not in the certified one. In FINDINGS a reviewer describes what was found; as EVIDENCE of an approval it should name what is there now.";
    CG653, "lines end one past the last", "The lines that are named end one past the last line of the file, as viewers number the empty last line. Nothing is wrong with it.";
    CG654, "approval makes a wrong claim", "The policy says `require: { evidence: [claims] }`, and a figure or file reference of the approval does not hold, so it does not count. `certgate lint --claims PATH` shows each one; have the certificate written again with the figures corrected.";
    CG655, "figure is unsupported", "The policy asks for benchmarks, and FINDINGS, the decision or EVIDENCE of an approval states a figure of performance (`10 % faster`, `3x speedup`, `latency of 12 ms`) that neither figures of the document nor the bound files give. Nothing says that it is wrong; nobody can tell. Measure it and bind the files, state the figures that it follows from (`41.8 ms → 36.4 ms`), or leave it out. It blocks nothing: what keeps an approval from counting is that its measurements are missing (CG610).";
    CG656, "likely to matter for performance", "By the learnt score, which reads the diff and the repository's past, these files rank among the changes that the policy has flagged: `sensitivity: { flag: 20% }` flags what scores higher than 80 % of the commits before. No rule gates them, so no certificate is asked for. Measure the change before it is merged, or have somebody look at it. `certgate check --format json` gives the reasons for each score. What is flagged by mistake can be left out with `sensitivity: { exclude: [GLOB] }`; to ask for a certificate instead, write `enforce: block`.";
    CG657, "score cannot be had", "The policy flags files by the learnt score, and it cannot be computed: the clone is shallow and lacks the repository's past, git failed, or the content cannot be read. Where the policy has the score block, such a file counts as flagged; where it warns, this is all that is said. In a shallow clone: `git fetch --unshallow`.";
    CG658, "imported policy is not here", "`extends:` of the policy names a policy of another repository, of which a copy lies in `.certgate/imports/`, named by the SHA-256 of its bytes. The copy is not there, is no regular file of at most 1 MiB, or is not what the pin names; nothing is judged by half a policy. `certgate policy fetch` fetches the copy through git and checks the digest; commit it together with the pin. Judging itself never asks the network.";
    CG659, "import must not say that", "A policy that others import may add components and make stricter what they say. What could make them milder, is about one repository, or says who may approve, is not an import's to say: `enforce`, `agents`, `codeowners`, `policy`, `exclude`, `adjust`, `without`, `disable`, `trusted_bumps`, `sensitivity`, `profiles`, `certificates`, `ledger`, `records`, `repository`, `serial`, further imports, `stamps: allow` and `emergency_stop: component`. Publish it without that; the policy that imports may write it itself.";
    CG660, "agent may certify none of it", "`certgate certify --all` writes one certificate on every component that lacks one and that the agent may certify, by the policy's `require.agents`, `handoff` and `authorizers`. This agent may certify none of them, or has done so already. The message says who may.";
    CG661, "evidence names no lines", "The policy asks for `file-references` on these components: an approval must name lines of a file that the component gates, such as `src/a.rs:10-20`, in EVIDENCE. Give `--evidence` for each of them, with the lines that were examined.";
    CG662, "no commit to judge", "`certgate simulate` found no commit in the stretch of history that `--range`, `--since` and `--last` choose. In a shallow clone the oldest commits cannot be compared with their parents and are left out: `git fetch --unshallow` fetches the rest.";
    CG663, "builds upon nothing in force", "A certificate with the field `Builds upon` is on what has changed since another approval, and counts only together with it: that must be an approval of the same agent on the same component, in force, that was merged no later and lists the same files. It was superseded, does not exist, or lists other files. Certify the full content, without `--delta`.";
    CG664, "no difference to certify", "`certgate certify --delta` certifies what has changed since a certificate of the same agent that counts but for content that is no longer the same. There is none here, or the content that it certified is not in this clone, so that nobody can say what has changed. Certify the full content, without `--delta`.";
    CG680, "records cannot be kept", "`certgate records` keeps three files in the directory that `records:` of the policy names, each between two marker lines. The directory is not named, holds certificates, or a file in it cannot be used: it is no text, or its markers were damaged. Text of your own is never touched, so nothing was written.";
    CG681, "record is out of date", "A file that is kept from the ledger does not say what the ledger of that commit says: a certificate was added since, or somebody edited between the markers. `certgate records --write`, then commit.";
    CG682, "no review by this agent", "`certgate suggest --handoff AGENT` writes the message that asks an agent for its part of the plan, and the plan asks nothing of this one: it is not needed, or another agent's review is as good. `certgate suggest` shows the plan.";
    CG683, "trusted bump", "Nothing of a gated manifest or lock file has changed but versions of dependencies, each by no more than `trusted_bumps:` of the policy lets them grow, and where that entry says `signed_by:`, every commit of the change is signed by one of them. So no approval is needed. A refusal of the content holds it all the same.";
    CG684, "profile cannot be used", "`profiles:` of the policy names a file that is not in the commit whose policy judges, is no regular file, is too large, is not a profile of a known format, has nothing of the `metric` that is named, or is not the file of which the policy gives the `sha256`. Without it nobody can tell which functions are hot, so it blocks rather than gate nothing. Put the file right, or take the entry out, in a change of nothing but `.certgate/` and profiles: that needs only an approval of `certgate-policy`. `certgate evidence FILE` shows what can be read.";
    CG685, "commit of a profile is not here", "A profile is bound to the commit that was measured, so that its functions are found after they were moved or renamed. That commit is not in this clone. In a shallow clone fetch the rest of the history; otherwise write the commit that was measured into `commit:` of the entry, in a change of nothing but `.certgate/` and profiles.";
    CG686, "hot function is no longer there", "A profile names a function as hot that the file, which the change touches, had when it was measured, and has no longer: neither its name nor what it held. Nothing is gated by it any more. Record the profile again, and write the new commit into `profiles:`.";
    CG687, "profile is stale", "More commits or days than `max_age` allows have passed since the commit that was measured. It gates all the same; what is hot now may be something else. Record it again, and write the new commit into `profiles:`.";
    CG688, "profile gates nothing", "No function of this profile that takes as much as `min_inclusive` or `min_self` asks has a file of this repository or a name, so no change is gated by it. See what `certgate evidence FILE` shows; lower the thresholds, or record it where functions have names and files.";
    CG689, "owners are not known", "The component asks for the owners of its files (`require: { owners: codeowners }`), and nobody knows who they are: the branch that the change goes to has no CODEOWNERS file, it cannot be read, or none of the owners that it names is an agent of the policy. So the files stay blocked. Put the file right on that branch, or name the agents of a team: `codeowners: { people: { \"@org/team\": [AGENT] } }`.";
    // CG7xx: the repository and the machine
    CG700, "usage", "The command line is not one that certgate knows.";
    CG701, "not a git repository", "certgate judges a git repository and found none.";
    CG702, "unknown revision", "A revision does not name a commit here.";
    CG703, "no common history", "The two revisions have no merge base, so there is no change to judge between them.";
    CG704, "history is too shallow", "The clone does not hold the history that is needed to find the merge base. A missing parent is not a root. Fetch the full history, or let `certgate check --deepen` fetch what is missing.";
    CG705, "needs a work tree", "The command needs a work tree, and this repository is bare.";
    CG706, "git failed", "A git command that certgate relies on failed.";
    CG707, "object is missing", "An object that the verdict depends on is not in the object store.";
    CG708, "nothing to judge", "There is neither a staged change nor a branch to compare with.";
    CG709, "cannot read or write", "A file or directory could not be read or written.";
    CG710, "hook is not ours", "The hook file was not written by certgate and is left alone.";
    CG711, "internal error", "certgate failed in a way it should not; nothing was judged.";
    CG712, "policy override in a hook", "`--policy` is for trying a policy out; hooks judge by the repository's own.";
    CG713, "conflicts are not resolved", "The index holds unmerged paths, so what would be committed is not decided yet. Resolve them and stage the result: `git add PATH`.";
    CG714, "hook input is malformed", "git hands hooks lines in a fixed form, see githooks(5). What arrived is in another form, so certgate cannot know what is being pushed and judges nothing.";
    CG715, "protected branch deleted", "A protected branch is not deleted unless the policy lets it: `delete: off` (or `warn`) in the entry of `enforce:` that matches the branch. Without it, `delete` is `block` where `merge` is `block`, and `off` elsewhere.";
    CG716, "protected branch forced", "A protected branch only moves forward: what it holds, certificates and refusals included, stays in its history. Merge or rebase onto its tip, or let the policy allow it by `force: off` (or `warn`) in the entry of `enforce:` that matches the branch. What a forced update that is allowed does is judged as the difference between the old tip and the new one.";
    CG717, "protected branch made symbolic", "A protected branch may name another branch (`git symbolic-ref`) only where that one is protected too: otherwise whatever is committed there would be on it unjudged.";
    CG718, "remote branch holds the commits already", "The strict hook judges what comes into a protected branch from that branch's own tip, also where the remote's branch of the same name holds it already, for instance because it was forced past the gate there. The command shown takes it all the same.";
    CG720, "what is missing cannot be fetched", "`certgate check --deepen` asks the remote for the history and the branches that the verdict needs, and the remote did not give them. git's own words are shown. Try the command by itself, and see that the job may read the repository.";
    CG721, "CI and checkout disagree", "The variables of the CI system name one change and the checkout holds another: HEAD is not the commit that the job was started for, or it does not build on the base that CI names. certgate does not guess which of them is meant. Check out what CI names before `certgate check`, or say what to judge with `--base` and `--head`.";
    CG722, "CI does not say what to judge", "The variables of the CI system, or the event file, are incomplete or malformed, or describe something that changes no branch: a tag, a schedule, a run by hand. Say what to judge with `--base` and `--head`, or set `CERTGATE_BASE` or `CERTGATE_TARGET`.";
    CG723, "what is pushed is not known", "git tells the hook pre-push on standard input what it pushes. A hook manager read those lines and did not pass them on, so nothing could be judged. Make it pass them on, or run certgate's own hook before the manager's: `certgate install`.";
    CG725, "another certgate is at work", "Another process of certgate is installing or removing hooks in the same directory, and did not finish within five seconds. It may hang, or be stopped. Nothing was changed; try again once it has ended.";
    CG726, "way leads through a symbolic link", "What certgate writes into a work tree must lie there. A directory on the way is a symbolic link, which git does not follow either: it could not add the file. Put a directory in its place, or write elsewhere with `--output`.";
    CG727, "certificate would be too large", "A certificate of more than 1 MiB is not read, so none is written. The SUBJECT takes a line for each gated file: certify the change in parts, by `--file DIRECTORY`.";
    CG728, "the hooks directory is shared", "git is configured to look for hooks in a directory that other repositories use, too, such as by `core.hooksPath` in the user's own configuration. What is installed there runs in every one of them, so `certgate install` writes there only with `--shared-hooks-path`; a repository without a policy is then not judged. To give one repository its own hooks, set its local `core.hooksPath` to its own hooks directory first.";
    CG729, "the remote's branch has moved on", "Somebody pushed to the branch since it was last fetched, so what is pushed does not contain its tip. An ordinary push is refused by git itself; a forced one would lose what is there, and the policy does not allow that (`force:` in `enforce:`). Fetch, rebase or merge, and push again.";
    CG730, "a program commits without hooks", "Jujutsu (`jj`) makes commits and pushes in this repository by itself and never runs git's hooks, so certgate does not hear of them here. Run `certgate check` before `jj git push`, and judge in CI (`docs/ci.md`) or on the server (`certgate install --server`).";
    CG735, "result of the merge is not known", "The target has commits that the change lacks, so what would be merged is the result of a merge, and that is judged. Here git cannot make it by itself: both sides changed the same lines, or git is older than 2.38. Merge the target into the change, resolve what is in conflict, and check again.";
    CG736, "name is ambiguous", "A name given by an option, a variable or CI means a branch (`main`), a branch of a configured remote (`origin/main`), a full ref (`refs/tags/v1`) or an object id. Where a tag or another branch has the same name, nobody can tell which one is meant, and whoever may push a tag could choose: give the full name.";
    CG737, "nothing says whose policy judges", "What is pushed is judged by the policy of the branch, or else of the default branch, which HEAD of the repository names. Here HEAD names a branch that is not there or has no policy, while other branches have one. A branch that whoever pushes may make says nothing: name the default branch with `git symbolic-ref HEAD refs/heads/BRANCH`, in the repository itself.";
    CG738, "file is not part of the change", "`certgate explain --score PATH` shows why one file of a change has its sensitivity score. The change that was asked about does not touch this path, or it touches so many files that only the highest are kept. Without `--staged` or `--base` the change is the one that `certgate check` would judge; `certgate explain --score` without a path names its highest file.";
    CG739, "a rule matches, and little of the change is about speed", "A rule that needs a score matches in this file, and the file has the score. But the words and names that the change adds and removes have fewer points of it than `sensitivity: { needs_change: N }` of the policy asks for: where a file is often about speed, most of what is changed there is not. So the match is reported, and no certificate is asked for. Look at the change, or measure it. To ask for a certificate whatever the words are, give the rule `needs_score: 0`, or leave `needs_change` out.";
    CG746, "steps around the gate", "A coding agent was about to run a command that skips the hooks (`--no-verify`, another `core.hooksPath`, a variable that switches hooks off), changes them, or moves a protected branch without a merge. `certgate hook agent` refuses that before the tool runs. `certgate check` says what is missing instead.";
    CG747, "landed certificate is not changed", "A certificate that is on the branch that the work goes into is append-only: it is not edited, moved or removed, nor are its signature and its evidence. Write a later one that supersedes it.";
    CG748, "another agent's certificate", "A coding agent was about to write a certificate in the name of another. Whoever reviews writes and signs; a specialist that is defined here is asked, not imitated.";
    CG749, "judgement without a certificate", "An agent that the policy names ended its turn with words that announce a judgement (review, assess, approve, verify and kin, in any inflection) and left no valid certificate. It is held once: write the certificate, or say that nothing was judged.";
    CG750, "payload cannot be read", "What a harness sent to `certgate hook agent` is no JSON object with an event and, for a tool, its arguments. Nothing is allowed by half a reading: exit code 2. `certgate init --agents` writes the hooks again.";
    CG751, "agents' file is not as written", "A file that coding agents read, such as `.claude/settings.json`, could not be given its hooks because it is not plain JSON, or it has lost them. `certgate init --agents` writes what is missing and leaves the rest as it is.";
    CG754, "verdict was not posted", "`certgate check --post` could not write the comment or the status: the forge was not reached, was too slow, or answered with something else than its documentation says. The verdict itself is not changed by that; but who looks at the request may see an old one, so a run that would pass ends with exit code 2. Run the job again; if the forge asks to wait, after that time.";
    CG755, "token must not post", "The forge does not let the token write a comment or a status there: the token is not known, has run out, or is allowed to do less. A request from a fork runs with a token that may only read: run `certgate check` without `--post` for those. Elsewhere give the job the permissions that docs/ci.md names under \"Posting the verdict\".";
    CG756, "nothing says where to post", "`certgate check --post` takes the address of the forge, the repository, the commit and the number of the request from the variables of the CI system, and the token from `GITHUB_TOKEN`, `GITLAB_TOKEN` or `GITEA_TOKEN`. One of them is missing or malformed, or what was judged is not the commit of the job. Nothing was posted; docs/ci.md lists the variables.";
    CG757, "token would go elsewhere", "The forge's address is not encrypted, or the forge redirects to another host. The token is sent only to the host that the CI system names, over HTTPS (or to this machine), so nothing more was sent. If the forge has moved, correct the address; for a forge in a closed network without HTTPS, set `CERTGATE_POST_HTTP=1`.";
    CG758, "repository has no address to state", "Statements of `certgate attest` name the repository that they are about, by a URI that means the same to everybody. The remote of this clone has no address of https or ssh, so name it with `--resource`.";
    CG759, "statement does not hold", "`certgate attest --verify` found an envelope that is not signed by the key that was named, or that was changed since it was signed: payload, type or signature. Nothing that it says is to be believed.";
    CG760, "imported policy cannot be fetched", "`certgate policy fetch` and `certgate policy outdated` ask git for the commit that `extends:` of the policy pins. Git could not get it, or took too long; or the commit holds no such file, one that is too large, or one whose SHA-256 is not the one that the pin names. Nothing was written for it. The address is one that git may fetch from, `rev` must be a commit that the server hands out, and `sha256` the digest of the file as that commit has it.";
    CG761, "import is behind", "The repository that a policy is imported from has another commit at its HEAD than the one that is pinned. The pin holds until you change it: put the new `rev` and `sha256` into `extends:`, run `certgate policy fetch`, read what changed, and commit both together. It is a change of the policy.";
    CG762, "line of CODEOWNERS is left out", "A line of the CODEOWNERS file is not valid for the forge, which leaves it out, and so does certgate: GitHub takes no `!`, no range in `[ ]`, no escaped `#` at the start, and no owner that is neither `@name` nor an address. What a line before it says of the files holds.";
    CG763, "owner's certificate is missing", "The component asks for the owners of its files (`require: { owners: codeowners }`), and none of those whom the CODEOWNERS file of the branch that the change goes to names for these files has certified them; GitLab's sections may ask for several. The owners are agents of the policy: of the same name as `@name`, with the address among their principals, or named for it in `codeowners: { people: … }`.";
    CG765, "tool called with other arguments", "A tool of `certgate mcp` was called with an argument that its schema does not have, of another type, or without one that it needs. Nothing was done. The list of tools has the schema of each.";
    CG766, "server of another agent", "`certgate mcp --agent NAME` writes certificates in the name of that agent alone, and the tool `certify` was called for another. Whoever starts the server says for whom it writes; start one for the other agent.";
    CG767, "repository is not watched", "certgate runs at none or not all of the hooks where a change is judged, and no file of a CI system names it: a change gets in without a verdict. Run `certgate install` in the clone, `certgate install --server` in a bare repository, or add the check to CI (docs/ci.md).";
    CG768, "installation has a problem", "`certgate doctor` in that repository says what keeps the gate from running, or from counting, and the command that fixes it.";
    CG769, "built without the server", "`certgate mcp` is a cargo feature, `mcp`, and this binary was built without it. A binary that has it comes from `cargo install certgate --features mcp`; `certgate init --agents` writes the server's entry only where the binary that runs has it.";
    CG770, "inside a repository", "`certgate audit` looks at repositories, each by the directory of its work tree or its git directory. A directory inside of one is not itself a repository, and the one around it was not asked about. Name the one that the message names.";
    CG771, "no audit to continue", "`--resume FILE` takes the records of an earlier `certgate audit --jsonl`, one a line; only the last line may be incomplete, as a kill leaves it. A line of the file is something else, so nothing says which repositories have a record. Name another file, or leave `--resume` out.";
    CG772, "no repository to audit", "The list of repositories, on the command line or on standard input, is empty or cannot be read. Write one path a line, or end each with a NUL and add `-z`.";
    CG773, "audit found what it was to fail on", "`certgate audit --fail-on` names what ends it with exit code 1: uncovered landings, refusals or stops in force, what is overdue, hooks that do not run certgate, a missing policy. The records say where.";
    CG774, "not all could be audited", "Some repositories, or parts of them, could not be looked at: their records have `outcome` `failed` or `partial`, and say in `errors` why, and what helps. Everything else has been looked at.";
}

impl Code {
    /// Reads a code as printed; letters compare without case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_unique_and_explained() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
        for code in Code::ALL {
            assert_eq!(Code::parse(&code.as_str().to_lowercase()), Some(*code));
            assert!(
                !code.title().ends_with('.') && code.explanation().ends_with(['.', '`']),
                "{code}"
            );
        }
    }
}
