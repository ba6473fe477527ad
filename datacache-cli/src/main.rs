//! `datacache`: the cache from the command line.
//!
//! Data goes to standard output, everything else to standard error. The exit status says what
//! happened: see [`outcome::Outcome`].

mod args;
mod commands;
mod outcome;
mod output;
mod part;
mod platform;
mod report;
mod request;
mod settings;
mod usage;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use anyhow::Context as _;
use args::Args;
use clap::Parser as _;
use outcome::Outcome;
use tracing_subscriber::filter::LevelFilter;

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage::report(&error).into(),
    };
    trace_to_stderr(args.global.verbose);
    let outcome = run(args).unwrap_or_else(|error| outcome::of_error(&error));
    outcome.into()
}

fn run(args: Args) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot start")?;
    let outcome = runtime.block_on(commands::run(args));
    // A name look-up cannot be stopped and may hang; nobody waits for its answer any more.
    runtime.shutdown_background();
    outcome
}

/// `-v` warnings, `-vv` what happens, `-vvv` each step, `-vvvv` everything.
fn trace_to_stderr(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::ERROR,
        1 => LevelFilter::WARN,
        2 => LevelFilter::INFO,
        3 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let stderr = std::io::stderr;
    let colours = stderr().is_terminal();
    tracing_subscriber::fmt().with_max_level(level).with_writer(stderr).with_ansi(colours).init();
}
