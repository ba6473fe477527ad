//! `datacache man`: the manual, made from the command line's own help.

use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::args::Args;
use crate::outcome::Outcome;
use crate::output;

pub(crate) fn run(dir: Option<&Path>) -> anyhow::Result<Outcome> {
    if let Some(dir) = dir {
        let written = clap_mangen::generate_to(Args::command(), dir);
        written.with_context(|| format!("cannot write to {}", dir.display()))?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Args::command()).render(&mut page)?;
        output::deliver(&page, None)?;
    }
    Ok(Outcome::Done)
}
