//! `datacache coverart`: where the covers of a release are.

use datacache::Cache;
use datacache::providers::coverart::Covers;

use super::table::text;
use super::{table, tell};
use crate::args::{CoverArt, CoverArtCall as Call, Global};
use crate::outcome::Outcome;

pub(in crate::commands) async fn run(
    cache: &Cache,
    global: &Global,
    coverart: CoverArt,
) -> anyhow::Result<Outcome> {
    let CoverArt { options, call } = coverart;
    let it = cache.providers().coverart();
    let query = match call {
        Call::Release { id } => it.release(id),
        Call::ReleaseGroup { id } => it.release_group(id),
    };
    tell(cache, global, options, query, covers).await
}

fn covers(found: &Covers) -> anyhow::Result<()> {
    let rows = found.images.iter().map(|image| {
        let shown_as = match (image.front, image.back) {
            (true, _) => "front",
            (false, true) => "back",
            (false, false) => "",
        };
        let approved = if image.approved { "yes" } else { "no" };
        [
            shown_as.to_owned(),
            image.types.join(", "),
            approved.to_owned(),
            text(image.comment.as_ref()),
            image.url.clone(),
        ]
    });
    table::print(["SHOWN AS", "TYPES", "APPROVED", "COMMENT", "URL"], rows)
}
