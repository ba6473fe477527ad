//! `datacache discogs …`

use clap::Subcommand;

use super::QueryOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct Discogs {
    #[command(flatten)]
    pub(crate) options: QueryOptions,
    #[command(subcommand)]
    pub(crate) call: DiscogsCall,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DiscogsCall {
    /// Search artists by name
    SearchArtists {
        /// The name
        name: String,
        #[command(flatten)]
        page: Page,
    },
    /// Search releases by title
    SearchReleases {
        /// The title
        title: String,
        /// By this artist
        #[arg(long, value_name = "NAME")]
        artist: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Look up an artist
    Artist {
        /// Its number at Discogs
        id: u64,
    },
    /// Look up a release
    Release {
        /// Its number at Discogs
        id: u64,
    },
    /// Look up a master, what releases are editions of
    Master {
        /// Its number at Discogs
        id: u64,
    },
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Page {
    /// Show at most this many, up to 100
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u8,
    /// Show this page
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) page: u32,
}
