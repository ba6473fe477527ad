//! `datacache musicbrainz`: who an artist is, what a release is.

use datacache::Cache;
use datacache::providers::musicbrainz::{
    Artist, ArtistCredit, Artists, Isrc, Link, Paging, Rating, Recording, Recordings, Release,
    ReleaseGroup, ReleaseGroups, Releases, Tag,
};

use super::table::{self, length, text};
use super::tell;
use crate::args::{ByTitle, Global, MusicBrainz, MusicBrainzCall as Call, MusicBrainzPage};
use crate::outcome::Outcome;
use crate::output;

pub(in crate::commands) async fn run(
    cache: &Cache,
    global: &Global,
    musicbrainz: MusicBrainz,
) -> anyhow::Result<Outcome> {
    let MusicBrainz { options, call } = musicbrainz;
    let it = cache.providers().musicbrainz();
    let paged = |page: MusicBrainzPage| {
        it.clone().paging(Paging { limit: page.limit, offset: page.offset })
    };
    macro_rules! tell {
        ($query:expr, $print:expr) => {
            tell(cache, global, options, $query, $print).await
        };
    }
    match call {
        Call::SearchArtists { name, page } => {
            tell!(paged(page).search_artists(&name), |found: &Artists| {
                artists(found).map(|()| more(page, found.count))
            })
        }
        Call::SearchReleases(ByTitle { name, artist, page }) => {
            let query = paged(page).search_releases(&name, artist.as_deref());
            tell!(query, |found: &Releases| {
                release_table(&found.releases).map(|()| more(page, found.count))
            })
        }
        Call::SearchReleaseGroups(ByTitle { name, artist, page }) => {
            let query = paged(page).search_release_groups(&name, artist.as_deref());
            tell!(query, |found: &ReleaseGroups| {
                release_group_table(&found.release_groups).map(|()| more(page, found.count))
            })
        }
        Call::SearchRecordings(ByTitle { name, artist, page }) => {
            let query = paged(page).search_recordings(&name, artist.as_deref());
            tell!(query, |found: &Recordings| {
                recording_table(&found.recordings).map(|()| more(page, found.count))
            })
        }
        Call::Artist(of) => tell!(it.artist(of.id, &of.includes.includes), artist),
        Call::Release(of) => tell!(it.release(of.id, &of.includes.includes), release),
        Call::ReleaseGroup(of) => {
            tell!(it.release_group(of.id, &of.includes.includes), release_group)
        }
        Call::Recording(of) => {
            tell!(it.recording(of.id, &of.includes.includes), recording)
        }
        Call::Isrc { isrc, includes } => tell!(it.isrc(&isrc, &includes.includes), of_isrc),
    }
}

fn artists(found: &Artists) -> anyhow::Result<()> {
    let rows = found.artists.iter().map(|artist| {
        [
            artist.id.to_string(),
            text(artist.score),
            artist.name.clone(),
            text(artist.country.as_ref()),
            text(artist.disambiguation.as_ref()),
        ]
    });
    table::print(["MBID", "SCORE", "NAME", "COUNTRY", "WHO"], rows)
}

fn more(page: MusicBrainzPage, count: u64) {
    table::more(page.offset.into(), page.limit.into(), count);
}

fn of_isrc(found: &Isrc) -> anyhow::Result<()> {
    recording_table(&found.recordings)
}

fn release_table(releases: &[Release]) -> anyhow::Result<()> {
    let rows = releases.iter().map(|release| {
        [
            release.id.to_string(),
            text(release.date.as_ref()),
            text(release.country.as_ref()),
            release.title.clone(),
            credit(&release.artist_credit),
        ]
    });
    table::print(["MBID", "DATE", "COUNTRY", "TITLE", "BY"], rows)
}

fn release_group_table(groups: &[ReleaseGroup]) -> anyhow::Result<()> {
    let rows = groups.iter().map(|group| {
        [
            group.id.to_string(),
            text(group.first_release_date.as_ref()),
            text(group.primary_type.as_ref()),
            group.title.clone(),
            credit(&group.artist_credit),
        ]
    });
    table::print(["MBID", "DATE", "TYPE", "TITLE", "BY"], rows)
}

fn recording_table(recordings: &[Recording]) -> anyhow::Result<()> {
    let rows = recordings.iter().map(|recording| {
        [
            recording.id.to_string(),
            length(recording.length_ms),
            recording.title.clone(),
            credit(&recording.artist_credit),
        ]
    });
    table::print(["MBID", "LENGTH", "TITLE", "BY"], rows)
}

fn artist(artist: &Artist) -> anyhow::Result<()> {
    let life = artist.life_span.as_ref();
    let life =
        life.map(|life| format!("{} – {}", text(life.begin.as_ref()), text(life.end.as_ref())));
    let aliases: Vec<&str> = artist.aliases.iter().map(|alias| alias.name.as_str()).collect();
    let mut rows = vec![
        ["MBID".to_owned(), artist.id.to_string()],
        ["name".to_owned(), artist.name.clone()],
        ["who".to_owned(), text(artist.disambiguation.as_ref())],
        ["type".to_owned(), text(artist.kind.as_ref())],
        ["country".to_owned(), text(artist.country.as_ref())],
        ["life".to_owned(), text(life)],
        ["aliases".to_owned(), aliases.join(", ")],
        ["genres".to_owned(), tags(&artist.genres)],
        ["tags".to_owned(), tags(&artist.tags)],
        ["rating".to_owned(), rating(artist.rating)],
    ];
    rows.extend(artist.links.iter().map(|link| [link.kind.clone(), link.url.clone()]));
    table::pairs(rows)?;
    if artist.release_groups.is_empty() {
        return Ok(());
    }
    output::line("")?;
    release_group_table(&artist.release_groups)
}

fn release(release: &Release) -> anyhow::Result<()> {
    release_table(std::slice::from_ref(release))?;
    details(&release.genres, &release.tags, None, &release.links)?;
    if release.tracks.is_empty() {
        return Ok(());
    }
    output::line("")?;
    let rows = release
        .tracks
        .iter()
        .map(|track| [text(track.number.as_ref()), length(track.length_ms), track.title.clone()]);
    table::print(["NO", "LENGTH", "TITLE"], rows)
}

fn release_group(group: &ReleaseGroup) -> anyhow::Result<()> {
    release_group_table(std::slice::from_ref(group))?;
    details(&group.genres, &group.tags, group.rating, &group.links)
}

fn recording(recording: &Recording) -> anyhow::Result<()> {
    recording_table(std::slice::from_ref(recording))?;
    details(&recording.genres, &recording.tags, recording.rating, &recording.links)?;
    if recording.releases.is_empty() {
        return Ok(());
    }
    output::line("")?;
    release_table(&recording.releases)
}

/// What is told of a thing only if it was asked for.
fn details(
    genres: &[Tag],
    called: &[Tag],
    rated: Option<Rating>,
    links: &[Link],
) -> anyhow::Result<()> {
    let mut rows = vec![
        ["genres".to_owned(), tags(genres)],
        ["tags".to_owned(), tags(called)],
        ["rating".to_owned(), rating(rated)],
    ];
    rows.extend(links.iter().map(|link| [link.kind.clone(), link.url.clone()]));
    if rows.iter().all(|[_, value]| value.is_empty()) {
        return Ok(());
    }
    output::line("")?;
    table::pairs(rows)
}

/// `4.5 of 5 (31)`
fn rating(rating: Option<Rating>) -> String {
    let value = rating.and_then(|rating| Some((rating.value?, rating.votes.unwrap_or_default())));
    value.map_or_else(String::new, |(value, votes)| format!("{value} of 5 ({votes})"))
}

fn credit(credits: &[ArtistCredit]) -> String {
    credits.iter().flat_map(|credit| [credit.name.as_str(), &credit.join_phrase]).collect()
}

fn tags(tags: &[Tag]) -> String {
    tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>().join(", ")
}
