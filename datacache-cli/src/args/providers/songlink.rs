//! `datacache songlink …`

use datacache::providers::Country;

use super::QueryOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct Songlink {
    #[command(flatten)]
    pub(crate) options: QueryOptions,
    /// Links are for this country [default: US]
    #[arg(long, value_name = "CC")]
    pub(crate) country: Option<Country>,
    /// A page or URI of the track or album on any platform
    #[arg(required_unless_present = "id")]
    pub(crate) url: Option<String>,
    /// The id on a platform instead of a page
    #[arg(long, value_name = "ID", requires = "platform", conflicts_with = "url")]
    pub(crate) id: Option<String>,
    /// The platform that has this id: spotify, deezer, tidal, …
    #[arg(long, value_name = "NAME", requires = "id")]
    pub(crate) platform: Option<String>,
    /// It is the id of an album
    #[arg(long, requires = "id")]
    pub(crate) album: bool,
}
