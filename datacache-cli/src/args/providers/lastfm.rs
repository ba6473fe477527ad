//! `datacache lastfm …`

use clap::Subcommand;
use datacache::providers::{Language, Mbid};

use super::QueryOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct LastFm {
    #[command(flatten)]
    pub(crate) options: QueryOptions,
    /// Texts are in this language: en, de, …
    #[arg(long, global = true, value_name = "LL")]
    pub(crate) lang: Option<Language>,
    #[command(subcommand)]
    pub(crate) call: LastFmCall,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LastFmCall {
    /// Who an artist is, and how many listen to it
    Artist {
        /// The name
        #[arg(required_unless_present = "mbid", conflicts_with = "mbid")]
        name: Option<String>,
        /// The MusicBrainz id instead of the name
        #[arg(long, value_name = "MBID")]
        mbid: Option<Mbid>,
    },
    /// What is on an album, and how many listen to it
    Album(Work),
    /// How many listen to a track
    Track(Work),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Work {
    /// Who it is by
    #[arg(required_unless_present = "mbid", conflicts_with = "mbid")]
    pub(crate) artist: Option<String>,
    /// Its title
    #[arg(required_unless_present = "mbid", conflicts_with = "mbid")]
    pub(crate) title: Option<String>,
    /// The MusicBrainz id instead of artist and title
    #[arg(long, value_name = "MBID")]
    pub(crate) mbid: Option<Mbid>,
}
