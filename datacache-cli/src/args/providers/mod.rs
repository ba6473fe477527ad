//! The command line of the providers' typed calls.

mod coverart;
mod deezer;
mod discogs;
mod fanarttv;
mod lastfm;
mod musicbrainz;
mod songlink;
mod spotify;
mod theaudiodb;
mod unified;
mod wikimedia;

use std::time::Duration;

use super::values::duration;
pub(crate) use coverart::{CoverArt, CoverArtCall};
pub(crate) use deezer::{Deezer, DeezerCall};
pub(crate) use discogs::{Discogs, DiscogsCall, Page as DiscogsPage};
pub(crate) use fanarttv::{FanartTv, FanartTvCall};
pub(crate) use lastfm::{LastFm, LastFmCall};
pub(crate) use musicbrainz::{ByTitle, MusicBrainz, MusicBrainzCall, Page as MusicBrainzPage};
pub(crate) use songlink::Songlink;
pub(crate) use spotify::{Search as SpotifySearch, Spotify, SpotifyCall};
pub(crate) use theaudiodb::{TheAudioDb, TheAudioDbCall};
pub(crate) use unified::{Album, Artist, SourceOptions, Track};
pub(crate) use wikimedia::{Wikimedia, WikimediaCall};

/// How a provider is asked.
#[derive(Clone, Copy, Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct QueryOptions {
    /// Leave it to a worker if the cache does not have it
    #[arg(long, global = true)]
    pub(crate) batch: bool,
    /// Fail rather than deliver a stale answer
    #[arg(long, global = true)]
    pub(crate) fresh: bool,
    /// Ask the cache only
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Write the answer as the provider has sent it, whatever else is asked for
    #[arg(long, global = true)]
    pub(crate) raw: bool,
    /// Wait at most this long; then deliver what there is and leave the rest to a worker
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,
}
