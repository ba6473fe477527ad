//! `datacache songlink`: where else something can be listened to.

use datacache::Cache;
use datacache::providers::songlink::{Kind, Links};

use super::table::{self, text};
use super::tell;
use crate::args::{Global, Songlink};
use crate::outcome::Outcome;

pub(in crate::commands) async fn run(
    cache: &Cache,
    global: &Global,
    songlink: Songlink,
) -> anyhow::Result<Outcome> {
    let Songlink { options, country, url, id, platform, album } = songlink;
    let mut it = cache.providers().songlink();
    if let Some(country) = country {
        it = it.country(country);
    }
    // Without an id there is a URL, and with one its platform: the command line sees to that.
    let query = match (id, platform) {
        (Some(id), Some(platform)) => {
            let kind = if album { Kind::Album } else { Kind::Song };
            it.links_of(&platform, kind, &id)
        }
        _ => it.links(&url.unwrap_or_default()),
    };
    tell(cache, global, options, query, links).await
}

fn links(links: &Links) -> anyhow::Result<()> {
    let song = links.song.as_ref();
    let mut rows = vec![
        ["title".to_owned(), text(song.and_then(|song| song.title.as_ref()))],
        ["by".to_owned(), text(song.and_then(|song| song.artist.as_ref()))],
        ["all".to_owned(), text(links.page_url.as_ref())],
    ];
    rows.extend(links.links.iter().map(|link| [link.platform.clone(), link.url.clone()]));
    table::pairs(rows)
}
