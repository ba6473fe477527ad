//! `datacache artist …`, `album …`, `track …`

use std::time::Duration;

use datacache::providers::spotify::SpotifyId;
use datacache::providers::{Language, Mbid};

use super::duration;

/// How all sources are asked.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SourceOptions {
    /// Texts are in this language: en, de, … [default: en]
    #[arg(long, value_name = "LL")]
    pub(crate) lang: Option<Language>,
    /// Wait at most this long, all together; then show what there is and leave the rest to a worker
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "15s")]
    pub(crate) deadline: Duration,
    /// Leave out what is stale
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Ask the cache only
    #[arg(long, conflicts_with = "fresh")]
    pub(crate) offline: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Artist {
    #[command(flatten)]
    pub(crate) options: SourceOptions,
    /// The name
    #[arg(required_unless_present = "mbid")]
    pub(crate) name: Option<String>,
    /// The MusicBrainz id, which decides who is meant
    #[arg(long, value_name = "MBID")]
    pub(crate) mbid: Option<Mbid>,
    /// The id at Spotify
    #[arg(long, value_name = "ID")]
    pub(crate) spotify_id: Option<SpotifyId>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Album {
    #[command(flatten)]
    pub(crate) options: SourceOptions,
    /// The title
    #[arg(required_unless_present = "mbid", requires = "artist")]
    pub(crate) title: Option<String>,
    /// Who it is by
    #[arg(long, value_name = "NAME", requires = "title")]
    pub(crate) artist: Option<String>,
    /// The MusicBrainz id of its release group, which decides what is meant
    #[arg(long, value_name = "MBID")]
    pub(crate) mbid: Option<Mbid>,
    /// The id at Spotify
    #[arg(long, value_name = "ID")]
    pub(crate) spotify_id: Option<SpotifyId>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Track {
    #[command(flatten)]
    pub(crate) options: SourceOptions,
    /// The title
    #[arg(required_unless_present_any = ["mbid", "isrc", "spotify_id"], requires = "artist")]
    pub(crate) title: Option<String>,
    /// Who it is by
    #[arg(long, value_name = "NAME", requires = "title")]
    pub(crate) artist: Option<String>,
    /// The MusicBrainz id of its recording, which decides what is meant
    #[arg(long, value_name = "MBID")]
    pub(crate) mbid: Option<Mbid>,
    /// The International Standard Recording Code, such as GBDUW0000053
    #[arg(long, value_name = "CODE")]
    pub(crate) isrc: Option<String>,
    /// The id at Spotify
    #[arg(long, value_name = "ID")]
    pub(crate) spotify_id: Option<SpotifyId>,
    /// How often you have played it
    #[arg(long, value_name = "N")]
    pub(crate) local_plays: Option<u64>,
    /// How often it was played on Spotify, if you know: Spotify does not tell
    #[arg(long, value_name = "N")]
    pub(crate) spotify_plays: Option<u64>,
}
