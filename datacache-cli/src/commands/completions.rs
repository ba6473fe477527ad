//! `datacache completions`: for bash, zsh, fish and others.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Args;
use crate::outcome::Outcome;
use crate::output;

pub(crate) fn run(shell: Shell) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "datacache", &mut script);
    output::deliver(&script, None)?;
    Ok(Outcome::Done)
}
