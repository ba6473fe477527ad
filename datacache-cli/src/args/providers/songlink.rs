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
    pub(crate) url: String,
}
