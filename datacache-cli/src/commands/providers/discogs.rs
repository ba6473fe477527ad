//! `datacache discogs`: who an artist is, what a release is.

use datacache::Cache;
use datacache::providers::discogs::{
    Artist, ArtistCredit, Image, Master, NamedArtist, Paging, Release, SearchResults, Track,
};

use super::table::text;
use super::{table, tell};
use crate::args::{Discogs, DiscogsCall as Call, DiscogsPage, Global};
use crate::outcome::Outcome;
use crate::output;

pub(in crate::commands) async fn run(
    cache: &Cache,
    global: &Global,
    discogs: Discogs,
) -> anyhow::Result<Outcome> {
    let Discogs { options, call } = discogs;
    let it = cache.providers().discogs();
    let paged =
        |page: DiscogsPage| it.clone().paging(Paging { limit: page.limit, page: page.page });
    match call {
        Call::SearchArtists { name, page } => {
            tell(cache, global, options, paged(page).search_artists(&name), artists).await
        }
        Call::SearchReleases { title, artist, page } => {
            let query = paged(page).search_releases(&title, artist.as_deref());
            tell(cache, global, options, query, releases).await
        }
        Call::Artist { id } => tell(cache, global, options, it.artist(id), artist).await,
        Call::Release { id } => tell(cache, global, options, it.release(id), release).await,
        Call::Master { id } => tell(cache, global, options, it.master(id), master).await,
    }
}

fn artists(found: &SearchResults) -> anyhow::Result<()> {
    let rows = found.results.iter().map(|result| {
        [result.id.to_string(), result.title.clone(), text(result.cover_url.as_ref())]
    });
    table::print(["ID", "NAME", "PICTURE"], rows)?;
    more(found);
    Ok(())
}

fn releases(found: &SearchResults) -> anyhow::Result<()> {
    let rows = found.results.iter().map(|result| {
        [
            result.id.to_string(),
            text(result.year),
            text(result.country.as_ref()),
            result.formats.join(", "),
            text(result.catalogue_number.as_ref()),
            result.title.clone(),
        ]
    });
    table::print(["ID", "YEAR", "COUNTRY", "FORMAT", "NUMBER", "TITLE"], rows)?;
    more(found);
    Ok(())
}

fn more(found: &SearchResults) {
    if found.page < found.pages {
        let SearchResults { page, pages, .. } = found;
        output::note(format_args!("page {page} of {pages}; more with --page {}", page + 1));
    }
}

fn artist(artist: &Artist) -> anyhow::Result<()> {
    let mut rows = vec![
        row("id", artist.id.to_string()),
        row("name", artist.name.clone()),
        row("real name", text(artist.real_name.as_ref())),
        row("written", artist.name_variations.join(", ")),
        row("aliases", names(&artist.aliases)),
        row("members", names(&artist.members)),
        row("groups", names(&artist.groups)),
        row("page", text(artist.url.as_ref())),
    ];
    rows.extend(artist.urls.iter().map(|url| row("url", url.clone())));
    rows.extend(images(&artist.images));
    rows.push(row("profile", text(artist.profile.as_ref())));
    table::pairs(rows)
}

fn release(release: &Release) -> anyhow::Result<()> {
    let mut rows = vec![
        row("id", release.id.to_string()),
        row("title", release.title.clone()),
        row("by", credit(&release.artists)),
        row("released", release.released.clone().unwrap_or_else(|| text(release.year))),
        row("country", text(release.country.as_ref())),
    ];
    rows.extend(release.labels.iter().map(|label| {
        row("label", format!("{} {}", label.name, text(label.catalogue_number.as_ref())))
    }));
    rows.extend(release.formats.iter().map(|format| {
        row("format", format!("{} {}", format.name, format.descriptions.join(", ")))
    }));
    rows.push(row("genres", release.genres.join(", ")));
    rows.push(row("styles", release.styles.join(", ")));
    rows.push(row("master", text(release.master_id)));
    rows.push(row("page", text(release.url.as_ref())));
    rows.extend(images(&release.images));
    table::pairs(rows)?;
    tracks(&release.tracks)
}

fn master(master: &Master) -> anyhow::Result<()> {
    let mut rows = vec![
        row("id", master.id.to_string()),
        row("title", master.title.clone()),
        row("by", credit(&master.artists)),
        row("year", text(master.year)),
        row("genres", master.genres.join(", ")),
        row("styles", master.styles.join(", ")),
        row("release", text(master.main_release_id)),
        row("page", text(master.url.as_ref())),
    ];
    rows.extend(images(&master.images));
    table::pairs(rows)?;
    tracks(&master.tracks)
}

fn tracks(tracks: &[Track]) -> anyhow::Result<()> {
    if tracks.is_empty() {
        return Ok(());
    }
    output::line("")?;
    let rows = tracks.iter().map(|track| {
        [text(track.position.as_ref()), text(track.duration.as_ref()), track.title.clone()]
    });
    table::print(["NO", "LENGTH", "TITLE"], rows)
}

fn images(images: &[Image]) -> impl Iterator<Item = [String; 2]> {
    images.iter().map(|image| row("picture", image.url.clone()))
}

fn names(artists: &[NamedArtist]) -> String {
    artists.iter().map(|artist| artist.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn credit(credits: &[ArtistCredit]) -> String {
    let name = |credit: &ArtistCredit| {
        let name = credit.name_variation.as_ref().unwrap_or(&credit.name);
        match credit.join.as_deref() {
            None => name.clone(),
            Some(",") => format!("{name}, "),
            Some(join) => format!("{name} {join} "),
        }
    };
    credits.iter().map(name).collect()
}

fn row(name: &str, value: String) -> [String; 2] {
    [name.to_owned(), value]
}
