//! The command line of archives.

use std::path::PathBuf;

use super::Selection;

const EXPORT_EXAMPLES: &str = "\
Examples:
  datacache export cache.dca
  datacache export artist.dca --identifier 'Daft Punk'
  datacache export - | ssh other datacache import -";

const IMPORT_EXAMPLES: &str = "\
Examples:
  datacache import cache.dca
  datacache import cache.dca -v
  datacache import my-old-machine.dca --own

The exit status is 1 if anything was damaged, also when the rest is imported.";

const IMPORT_WNP_EXAMPLES: &str = "\
Examples:
  datacache import-wnp ~/.cache/NowPlaying/datacache

The exit status is 1 if anything was damaged, also when the rest is imported.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub(crate) struct Export {
    /// The archive to write, which appears whole or not at all; - writes standard output
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, clap::Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub(crate) struct Import {
    /// The archive to read; - reads standard input
    pub(crate) file: PathBuf,
    /// The archive is my own: what is pinned there is pinned here, access counts stay, and entries
    /// are renewed as mine; else only from public addresses, and without API keys
    #[arg(long)]
    pub(crate) own: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = IMPORT_WNP_EXAMPLES)]
pub(crate) struct ImportWnp {
    /// The folder of its cache, or the database in it
    pub(crate) dir: PathBuf,
}
