//! What is known, as rows: the field, who says it, and what it is.

use datacache::providers::unified::{Album, Artist, Credit, Link, Sourced, Track};

use crate::commands::providers::table::length;

type Row = [String; 3];

pub(super) fn artist(artist: &Artist) -> Vec<Row> {
    let mut rows = vec![row("name", &artist.name, Clone::clone)];
    rows.extend(known("MBID", artist.mbid.as_ref(), ToString::to_string));
    rows.extend(known("known as", artist.disambiguation.as_ref(), Clone::clone));
    rows.extend(known("country", artist.country.as_ref(), Clone::clone));
    rows.extend(known("begin", artist.begin.as_ref(), Clone::clone));
    rows.extend(known("end", artist.end.as_ref(), Clone::clone));
    rows.extend(known("genres", artist.genres.as_ref(), |it| it.join(", ")));
    rows.extend(known("tags", artist.tags.as_ref(), |it| it.join(", ")));
    rows.extend(known("listeners", artist.listeners.as_ref(), ToString::to_string));
    for (data_type, urls) in &artist.images {
        rows.extend(urls.iter().map(|url| row(data_type.as_str(), url, Clone::clone)));
    }
    rows.extend(artist.links.iter().map(link));
    rows.extend(known("about", artist.biography.as_ref(), |it| it.text.clone()));
    rows
}

pub(super) fn album(album: &Album) -> Vec<Row> {
    let mut rows = vec![row("title", &album.title, Clone::clone)];
    rows.extend(known("by", album.artists.as_ref(), |it| credits(it)));
    rows.extend(known("MBID", album.mbid.as_ref(), ToString::to_string));
    rows.extend(known("type", album.kind.as_ref(), Clone::clone));
    rows.extend(known("date", album.first_release_date.as_ref(), Clone::clone));
    rows.extend(known("genres", album.genres.as_ref(), |it| it.join(", ")));
    rows.extend(known("tags", album.tags.as_ref(), |it| it.join(", ")));
    rows.extend(known("listeners", album.listeners.as_ref(), ToString::to_string));
    rows.extend(known("plays", album.play_count.as_ref(), ToString::to_string));
    rows.extend(album.covers.iter().map(|url| row("cover", url, Clone::clone)));
    rows.extend(album.links.iter().map(link));
    rows.extend(known("about", album.description.as_ref(), |it| it.text.clone()));
    if let Some(Sourced { value: tracks, from, .. }) = &album.tracks {
        let tracks = tracks.iter().map(|track| {
            let text = format!("{}  {}", length(track.length_ms), track.title);
            ["track".to_owned(), from.to_string(), text.trim().to_owned()]
        });
        rows.extend(tracks);
    }
    rows
}

pub(super) fn track(track: &Track) -> Vec<Row> {
    let mut rows = vec![row("title", &track.title, Clone::clone)];
    rows.extend(known("by", track.artists.as_ref(), |it| credits(it)));
    rows.extend(known("on", track.album.as_ref(), Clone::clone));
    rows.extend(known("MBID", track.mbid.as_ref(), ToString::to_string));
    rows.extend(known("ISRC", track.isrc.as_ref(), Clone::clone));
    rows.extend(known("Spotify id", track.spotify_id.as_ref(), ToString::to_string));
    rows.extend(known("length", track.length_ms.as_ref(), |it| length(Some(*it))));
    rows.extend(known("date", track.first_release_date.as_ref(), Clone::clone));
    rows.extend(known("genres", track.genres.as_ref(), |it| it.join(", ")));
    rows.extend(known("tags", track.tags.as_ref(), |it| it.join(", ")));
    rows.extend(known("listeners", track.listeners.as_ref(), ToString::to_string));
    let plays = &track.plays;
    let counts = [("local", plays.local), ("spotify", plays.spotify), ("lastfm", plays.lastfm)];
    let counts: Vec<_> = counts.into_iter().filter_map(|(from, it)| Some((from, it?))).collect();
    let total = (!counts.is_empty()).then_some(("all", plays.total));
    rows.extend(
        counts
            .into_iter()
            .chain(total)
            .map(|(from, plays)| ["plays".to_owned(), from.to_owned(), plays.to_string()]),
    );
    rows.extend(track.covers.iter().map(|url| row("cover", url, Clone::clone)));
    rows.extend(track.links.iter().map(link));
    rows
}

fn row<T>(field: &str, sourced: &Sourced<T>, text: impl FnOnce(&T) -> String) -> Row {
    [field.to_owned(), sourced.from.to_string(), text(&sourced.value)]
}

fn known<T>(
    field: &str,
    sourced: Option<&Sourced<T>>,
    text: impl FnOnce(&T) -> String,
) -> Option<Row> {
    sourced.map(|sourced| row(field, sourced, text))
}

fn link(link: &Sourced<Link>) -> Row {
    row(&link.value.kind, link, |it| it.url.clone())
}

fn credits(credits: &[Credit]) -> String {
    credits.iter().map(|credit| &*credit.name).collect::<Vec<_>>().join(", ")
}
