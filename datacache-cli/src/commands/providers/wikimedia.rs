//! `datacache wikimedia`: what Wikidata, Wikipedia and Commons know.

use datacache::Cache;
use datacache::providers::wikimedia::{Entity, File, Summary};

use super::table::{self, image, text};
use super::tell;
use crate::args::{Global, Wikimedia, WikimediaCall as Call};
use crate::outcome::Outcome;

pub(in crate::commands) async fn run(
    cache: &Cache,
    global: &Global,
    wikimedia: Wikimedia,
) -> anyhow::Result<Outcome> {
    let Wikimedia { options, lang, width, call } = wikimedia;
    let it = cache.providers().wikimedia().language(lang).thumbnail_width(width);
    match call {
        Call::Entity { id } => tell(cache, global, options, it.entity(id), entity).await,
        Call::Summary { title } => tell(cache, global, options, it.summary(&title), summary).await,
        Call::File { name } => tell(cache, global, options, it.file(&name), file).await,
    }
}

fn entity(entity: &Entity) -> anyhow::Result<()> {
    let mut rows = vec![
        ["id".to_owned(), entity.id.to_string()],
        ["label".to_owned(), text(entity.label.as_ref())],
        ["what".to_owned(), text(entity.description.as_ref())],
        ["Wikipedia".to_owned(), text(entity.wikipedia_title.as_ref())],
    ];
    let mbids = entity.musicbrainz_artists.iter();
    rows.extend(mbids.map(|mbid| ["MBID".to_owned(), mbid.to_string()]));
    let discogs = entity.discogs_artists.iter();
    rows.extend(discogs.map(|id| ["Discogs".to_owned(), id.to_string()]));
    rows.extend(entity.websites.iter().map(|url| ["website".to_owned(), url.clone()]));
    rows.extend(entity.images.iter().map(|name| ["image".to_owned(), name.clone()]));
    table::pairs(rows)
}

fn summary(summary: &Summary) -> anyhow::Result<()> {
    let mut rows = vec![
        ["title", &summary.title].map(str::to_owned),
        ["what".to_owned(), text(summary.description.as_ref())],
        ["about".to_owned(), text(summary.extract.as_ref())],
        ["entity".to_owned(), text(summary.entity)],
        ["page".to_owned(), text(summary.url.as_ref())],
    ];
    rows.extend(summary.thumbnail.iter().chain(&summary.original).map(image));
    table::pairs(rows)
}

fn file(file: &File) -> anyhow::Result<()> {
    let mut rows = vec![
        ["type".to_owned(), text(file.mime_type.as_ref())],
        ["page".to_owned(), text(file.page_url.as_ref())],
    ];
    rows.extend(file.thumbnail.iter().chain([&file.original]).map(image));
    table::pairs(rows)
}
