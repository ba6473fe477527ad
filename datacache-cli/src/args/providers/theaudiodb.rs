//! `datacache theaudiodb …`

use clap::Subcommand;
use datacache::providers::{Language, Mbid};

use super::QueryOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct TheAudioDb {
    #[command(flatten)]
    pub(crate) options: QueryOptions,
    /// Show texts in this language, such as de, where there are any
    #[arg(long, global = true, value_name = "LL", default_value = "en")]
    pub(crate) lang: Language,
    #[command(subcommand)]
    pub(crate) call: TheAudioDbCall,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TheAudioDbCall {
    /// Search artists by name
    SearchArtists {
        /// The name
        name: String,
    },
    /// Look up an artist
    Artist {
        /// Its MusicBrainz id
        #[arg(value_name = "MBID")]
        id: Mbid,
    },
    /// Search albums by artist and title
    SearchAlbums {
        /// The name of the artist
        artist: String,
        /// The title
        title: String,
    },
}
