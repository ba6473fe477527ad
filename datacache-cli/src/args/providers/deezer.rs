//! `datacache deezer …`

use clap::Subcommand;

use super::QueryOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct Deezer {
    #[command(flatten)]
    pub(crate) options: QueryOptions,
    #[command(subcommand)]
    pub(crate) call: DeezerCall,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeezerCall {
    /// Search artists by name
    SearchArtists {
        /// The name
        name: String,
    },
    /// Look up an artist
    Artist {
        /// Its id
        id: u64,
    },
}
