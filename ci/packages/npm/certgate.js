#!/usr/bin/env node
// Hands over to the program, which is in a package of its own for each platform. Nothing but this file is JavaScript: hooks that
// `certgate install` writes name the program itself.
"use strict";

const { spawn } = require("node:child_process");

const PLATFORMS = /*PLATFORMS*/ [];

function fail(message) {
  process.stderr.write(`certgate: ${message}\n`);
  process.exit(2);
}

// Whether this is a system with glibc; where node cannot say it, both are tried.
function libcs() {
  if (process.platform !== "linux") return [""];
  const report = process.report && process.report.getReport();
  const glibc = report && report.header && report.header.glibcVersionRuntime;
  return glibc ? ["", "-musl"] : ["-musl"];
}

function program() {
  const wanted = libcs().map((libc) => `certgate-${process.platform}-${process.arch}${libc}`);
  for (const name of wanted) {
    try {
      return require.resolve(`${name}/bin/certgate`);
    } catch {
      // the next one
    }
  }
  if (!wanted.some((name) => PLATFORMS.includes(name))) {
    fail(`there is no package for ${process.platform} on ${process.arch}; there are: ${PLATFORMS.join(", ")}`);
  }
  fail(`the package ${wanted.join(" or ")} is missing: install without --omit=optional`);
}

const binary = program();
const words = process.argv.slice(2);
const child = spawn(binary, words, { stdio: "inherit" });
// What a terminal sends it sends to both; this one waits for the program's answer.
const ignored = ["SIGINT", "SIGQUIT"];
const passed = ["SIGTERM", "SIGHUP"];
for (const signal of ignored) process.on(signal, () => {});
for (const signal of passed) process.on(signal, () => child.kill(signal));
child.on("error", (error) => fail(`cannot run ${binary}: ${error.message}`));
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code);
  for (const other of [...ignored, ...passed]) process.removeAllListeners(other);
  process.kill(process.pid, signal);
});
