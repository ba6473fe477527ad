//! `datacache coverart …`

use clap::Subcommand;
use datacache::providers::Mbid;

use super::QueryOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct CoverArt {
    #[command(flatten)]
    pub(crate) options: QueryOptions,
    #[command(subcommand)]
    pub(crate) call: CoverArtCall,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CoverArtCall {
    /// List the covers of a release
    Release {
        /// Its MusicBrainz id
        #[arg(value_name = "MBID")]
        id: Mbid,
    },
    /// List the covers of the release that stands for a release group
    ReleaseGroup {
        /// Its MusicBrainz id
        #[arg(value_name = "MBID")]
        id: Mbid,
    },
}
