//! `datacache spotify …`

use clap::Subcommand;
use datacache::providers::Country;
use datacache::providers::spotify::SpotifyId;

use super::QueryOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct Spotify {
    #[command(flatten)]
    pub(crate) options: QueryOptions,
    /// Only what can be listened to in this country: DE, US, …
    #[arg(long, global = true, value_name = "CC")]
    pub(crate) market: Option<Country>,
    #[command(subcommand)]
    pub(crate) call: SpotifyCall,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SpotifyCall {
    /// Look up a track
    Track(Id),
    /// Look up an album
    Album(Id),
    /// Look up an artist
    Artist(Id),
    /// Search tracks
    SearchTracks(Search),
    /// Search albums
    SearchAlbums(Search),
    /// Search artists
    SearchArtists(Search),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Id {
    /// Its id: 22 letters and digits
    pub(crate) id: SpotifyId,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Search {
    /// What to look for
    pub(crate) text: String,
    /// Show at most this many, up to 50
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: u8,
    /// Pass over this many
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) offset: u16,
}
