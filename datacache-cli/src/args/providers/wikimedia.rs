//! `datacache wikimedia …`

use clap::Subcommand;
use datacache::providers::Language;
use datacache::providers::wikimedia::EntityId;

use super::QueryOptions;

#[derive(Debug, clap::Args)]
pub(crate) struct Wikimedia {
    #[command(flatten)]
    pub(crate) options: QueryOptions,
    /// Labels and Wikipedia are in this language: en, zh-min-nan, …
    #[arg(long, global = true, value_name = "LL", default_value = "en")]
    pub(crate) lang: Language,
    /// Thumbnails are this wide, in pixels
    #[arg(long, global = true, value_name = "PX", default_value_t = 500)]
    pub(crate) width: u32,
    #[command(subcommand)]
    pub(crate) call: WikimediaCall,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WikimediaCall {
    /// What Wikidata knows of an entity
    Entity {
        /// Its id, such as Q185828
        id: EntityId,
    },
    /// What Wikipedia says of a title
    Summary {
        /// The title
        title: String,
    },
    /// Where a picture on Wikimedia Commons is
    File {
        /// Its name
        name: String,
    },
}
