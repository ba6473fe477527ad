//! The command line of images.

use clap::{ArgGroup, Subcommand};
use datacache::{DataType, Identifier, Provider};

use super::OutputOption;
use super::values::{data_type, identifier, provider};

const FILL_EXAMPLES: &str = "\
Examples:
  datacache images fill 'Daft Punk' artistfanart https://example.com/1.jpg https://example.com/2.jpg
  datacache images fill 'Daft Punk' artistlogo https://example.com/logo.png --provider cdn --max 1";

const PALETTE_EXAMPLES: &str = "\
Examples:
  datacache images palette https://example.com/cover.png
  datacache images palette https://example.com/cover.png --json";

const RESIZE_EXAMPLES: &str = "\
Examples:
  datacache images resize https://example.com/fanart.jpg --width 1280 --height 720 -o small.jpg";

#[derive(Debug, Subcommand)]
pub(crate) enum Images {
    /// Queue as many images of an artist or album as are missing
    #[command(after_help = FILL_EXAMPLES)]
    Fill(Fill),
    /// Show the colours of a cached picture
    #[command(after_help = PALETTE_EXAMPLES)]
    Palette {
        /// The picture's URL
        url: String,
    },
    /// Get a cached picture scaled down
    #[command(after_help = RESIZE_EXAMPLES)]
    Resize(Resize),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Fill {
    /// Whose
    #[arg(value_parser = identifier)]
    pub(crate) identifier: Identifier,
    /// Of which image type
    #[arg(value_name = "TYPE", value_parser = data_type)]
    pub(crate) data_type: DataType,
    /// Where there are images, the best first
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    /// Under whose policy to ask [default: told from the host]
    #[arg(long, value_name = "NAME", value_parser = provider)]
    pub(crate) provider: Option<Provider>,
    /// How many images there are to be, those cached and queued already included [default: as many
    /// as `images.max_per_artist` allows]
    #[arg(long, value_name = "N")]
    pub(crate) max: Option<usize>,
    /// The URLs come from strangers: ask public addresses only, and send no configured API key or
    /// token
    #[arg(long)]
    pub(crate) untrusted: bool,
}

#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("edges").required(true).multiple(true).args(["width", "height"]))]
pub(crate) struct Resize {
    /// The picture's URL
    pub(crate) url: String,
    /// At most so many pixels wide, from 1 to 4096
    #[arg(long, value_name = "N")]
    pub(crate) width: Option<u32>,
    /// At most so many pixels high, from 1 to 4096
    #[arg(long, value_name = "N")]
    pub(crate) height: Option<u32>,
    #[command(flatten)]
    pub(crate) output: OutputOption,
}
