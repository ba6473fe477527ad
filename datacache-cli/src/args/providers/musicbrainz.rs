//! `datacache musicbrainz …`

use clap::Subcommand;
use datacache::providers::Mbid;
use datacache::providers::musicbrainz::Include;

use super::QueryOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct MusicBrainz {
    #[command(flatten)]
    pub(crate) options: QueryOptions,
    #[command(subcommand)]
    pub(crate) call: MusicBrainzCall,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MusicBrainzCall {
    /// Search artists by name
    SearchArtists {
        /// The name
        name: String,
        #[command(flatten)]
        page: Page,
    },
    /// Search releases by title
    SearchReleases(ByTitle),
    /// Search release groups by title
    SearchReleaseGroups(ByTitle),
    /// Search recordings by title
    SearchRecordings(ByTitle),
    /// Look up an artist
    Artist(Lookup),
    /// Look up a release
    Release(Lookup),
    /// Look up a release group
    ReleaseGroup(Lookup),
    /// Look up a recording
    Recording(Lookup),
    /// Look up the recordings with an ISRC
    Isrc {
        /// The code, such as GBDUW0000053
        isrc: String,
        #[command(flatten)]
        includes: Includes,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ByTitle {
    /// The title
    #[arg(value_name = "TITLE")]
    pub(crate) name: String,
    /// By this artist
    #[arg(long, value_name = "NAME")]
    pub(crate) artist: Option<String>,
    #[command(flatten)]
    pub(crate) page: Page,
}

#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Page {
    /// Show at most this many, up to 100
    #[arg(long, value_name = "N", default_value_t = 25)]
    pub(crate) limit: u8,
    /// Pass over this many
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) offset: u32,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Lookup {
    /// The MusicBrainz id
    pub(crate) id: Mbid,
    #[command(flatten)]
    pub(crate) includes: Includes,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Includes {
    /// What the answer has in it beyond the thing: aliases, genres, url-rels, …
    #[arg(long = "inc", value_name = "PART", value_delimiter = ',', value_parser = include)]
    pub(crate) includes: Vec<Include>,
}

fn include(text: &str) -> Result<Include, String> {
    let found = Include::ALL.into_iter().find(|include| include.as_str() == text);
    found.ok_or_else(|| {
        let names: Vec<_> = Include::ALL.iter().map(|include| include.as_str()).collect();
        format!("one of {}", names.join(", "))
    })
}
