//! `datacache musicbrainz`: who an artist is, what a release is.

use datacache::Cache;
use datacache::providers::musicbrainz::{
    Artist, ArtistCredit, Artists, Isrc, Paging, Recording, Recordings, Release, ReleaseGroup,
    ReleaseGroups, Releases, Tag,
};

use super::table::{self, length, more, text};
use super::tell;
use crate::args::{Global, MusicBrainz, MusicBrainzCall as Call, MusicBrainzPage};
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
        Call::SearchArtists { name, page } => tell!(paged(page).search_artists(&name), artists),
        Call::SearchReleases(by) => {
            tell!(paged(by.page).search_releases(&by.name, by.artist.as_deref()), releases)
        }
        Call::SearchReleaseGroups(by) => {
            let query = paged(by.page).search_release_groups(&by.name, by.artist.as_deref());
            tell!(query, release_groups)
        }
        Call::SearchRecordings(by) => {
            tell!(paged(by.page).search_recordings(&by.name, by.artist.as_deref()), recordings)
        }
        Call::Artist(of) => tell!(it.artist(of.id, &of.includes.includes), artist),
        Call::Release(of) => tell!(it.release(of.id, &of.includes.includes), release),
        Call::ReleaseGroup(of) => {
            tell!(it.release_group(of.id, &of.includes.includes), |group| {
                release_group_table(std::slice::from_ref(group))
            })
        }
        Call::Recording(of) => {
            tell!(it.recording(of.id, &of.includes.includes), |recording| {
                recording_table(std::slice::from_ref(recording))
            })
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
    table::print(["MBID", "SCORE", "NAME", "COUNTRY", "WHO"], rows)?;
    more(found.offset, found.artists.len(), found.count);
    Ok(())
}

fn releases(found: &Releases) -> anyhow::Result<()> {
    release_table(&found.releases)?;
    more(found.offset, found.releases.len(), found.count);
    Ok(())
}

fn release_groups(found: &ReleaseGroups) -> anyhow::Result<()> {
    release_group_table(&found.release_groups)?;
    more(found.offset, found.release_groups.len(), found.count);
    Ok(())
}

fn recordings(found: &Recordings) -> anyhow::Result<()> {
    recording_table(&found.recordings)?;
    more(found.offset, found.recordings.len(), found.count);
    Ok(())
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

fn credit(credits: &[ArtistCredit]) -> String {
    credits.iter().flat_map(|credit| [credit.name.as_str(), &credit.join_phrase]).collect()
}

fn tags(tags: &[Tag]) -> String {
    tags.iter().map(|tag| tag.name.as_str()).collect::<Vec<_>>().join(", ")
}
