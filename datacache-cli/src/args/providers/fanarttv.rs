//! `datacache fanarttv …`

use clap::Subcommand;
use datacache::providers::Mbid;

use super::QueryOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct FanartTv {
    #[command(flatten)]
    pub(crate) options: QueryOptions,
    #[command(subcommand)]
    pub(crate) call: FanartTvCall,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FanartTvCall {
    /// List the pictures of an artist and of the albums
    Artist {
        /// Its MusicBrainz id
        #[arg(value_name = "MBID")]
        id: Mbid,
    },
}
