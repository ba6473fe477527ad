//! `datacache fanarttv`: where the pictures of an artist are.

use datacache::Cache;
use datacache::providers::fanarttv::{Artist, Image};

use super::table::text;
use super::{table, tell};
use crate::args::{FanartTv, FanartTvCall as Call, Global};
use crate::outcome::Outcome;

pub(in crate::commands) async fn run(
    cache: &Cache,
    global: &Global,
    fanarttv: FanartTv,
) -> anyhow::Result<Outcome> {
    let FanartTv { options, call } = fanarttv;
    let Call::Artist { id } = call;
    tell(cache, global, options, cache.providers().fanarttv().artist(id), artist).await
}

fn artist(artist: &Artist) -> anyhow::Result<()> {
    let of_artist = [
        ("background", &artist.backgrounds),
        ("thumb", &artist.thumbs),
        ("hd logo", &artist.hd_logos),
        ("logo", &artist.logos),
        ("banner", &artist.banners),
    ];
    let of_albums =
        artist.albums.iter().flat_map(|it| [("album cover", &it.covers), ("disc", &it.discs)]);
    let rows = of_artist
        .into_iter()
        .chain(of_albums)
        .flat_map(|(kind, images)| images.iter().map(move |image| row(kind, image)));
    table::print(["KIND", "LIKES", "LANGUAGE", "URL"], rows)
}

fn row(kind: &str, image: &Image) -> [String; 4] {
    let lang = text(image.lang.as_ref());
    [kind.to_owned(), image.likes.to_string(), lang, image.url.clone()]
}
