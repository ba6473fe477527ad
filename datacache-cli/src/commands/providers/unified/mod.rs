//! `datacache artist`, `album` and `track`: what all configured sources say.

mod rows;

use anyhow::anyhow;
use datacache::providers::unified::{
    AlbumQuery, ArtistQuery, Candidate, Merged, SourceReport, SourceState, TrackQuery, Unified,
};
use datacache::{Cache, Error};
use serde::Serialize;

use super::{fail, table};
use crate::args::{Album, Artist, Global, SourceOptions, Track};
use crate::outcome::Outcome;
use crate::output;

pub(in crate::commands) async fn artist(
    cache: &Cache,
    global: &Global,
    of: Artist,
) -> anyhow::Result<Outcome> {
    let mut query = of.name.map(ArtistQuery::named).unwrap_or_default();
    if let Some(mbid) = of.mbid {
        query = query.mbid(mbid);
    }
    if let Some(id) = of.spotify_id {
        query = query.spotify_id(id);
    }
    let merged = sources(cache, of.options).artist(&query).await;
    tell(global, merged, rows::artist)
}

pub(in crate::commands) async fn album(
    cache: &Cache,
    global: &Global,
    of: Album,
) -> anyhow::Result<Outcome> {
    let names = of.title.zip(of.artist);
    let mut query =
        names.map(|(title, artist)| AlbumQuery::titled(title, artist)).unwrap_or_default();
    if let Some(mbid) = of.mbid {
        query = query.mbid(mbid);
    }
    if let Some(id) = of.spotify_id {
        query = query.spotify_id(id);
    }
    let merged = sources(cache, of.options).album(&query).await;
    tell(global, merged, rows::album)
}

pub(in crate::commands) async fn track(
    cache: &Cache,
    global: &Global,
    of: Track,
) -> anyhow::Result<Outcome> {
    let names = of.title.zip(of.artist);
    let mut query =
        names.map(|(title, artist)| TrackQuery::titled(title, artist)).unwrap_or_default();
    if let Some(mbid) = of.mbid {
        query = query.mbid(mbid);
    }
    if let Some(isrc) = of.isrc {
        query = query.isrc(isrc);
    }
    if let Some(id) = of.spotify_id {
        query = query.spotify_id(id);
    }
    if let Some(plays) = of.local_plays {
        query = query.local_plays(plays);
    }
    if let Some(plays) = of.spotify_plays {
        query = query.spotify_plays(plays);
    }
    let merged = sources(cache, of.options).track(&query).await;
    tell(global, merged, rows::track)
}

fn sources(cache: &Cache, options: SourceOptions) -> Unified {
    let mut unified = cache.providers().unified().deadline(options.deadline);
    if let Some(language) = options.lang {
        unified = unified.language(language);
    }
    match options {
        SourceOptions { offline: true, .. } => unified.offline(),
        SourceOptions { fresh: true, .. } => unified.must_be_fresh(),
        _ => unified,
    }
}

/// Shows what is known, and says who has not answered.
fn tell<T: Serialize>(
    global: &Global,
    merged: Result<Merged<T>, Error>,
    rows: impl FnOnce(&T) -> Vec<[String; 3]>,
) -> anyhow::Result<Outcome> {
    let merged = match merged {
        Ok(merged) => merged,
        Err(error) => return fail::<T>(global, None, error),
    };
    if global.json {
        output::json(&merged)?;
    }
    merged.sources.iter().for_each(note);
    let Some(value) = &merged.value else { return nothing(&merged) };
    if !global.json {
        table::print(["FIELD", "FROM", "VALUE"], rows(value))?;
        let mut attributions: Vec<_> =
            merged.sources.iter().filter_map(|source| source.attribution).collect();
        attributions.dedup();
        attributions.into_iter().for_each(output::note);
        if !merged.candidates.is_empty() {
            output::note(SEVERAL);
            merged.candidates.iter().for_each(candidate);
        }
    }
    Ok(Outcome::Done)
}

/// One line for a source that has not answered as it should. One that is not configured is not
/// missed.
fn note(source: &SourceReport) {
    let SourceReport { from, question, state, error, .. } = source;
    match (state, error) {
        (SourceState::Pending, _) => output::note(format_args!("pending: {from}: {question}")),
        (SourceState::NotCached, _) => {
            output::note(format_args!("not in the cache: {from}: {question}"));
        }
        (SourceState::NotConfigured, _) | (_, None) => {}
        (SourceState::Stale, Some(error)) => {
            output::warn(format_args!("{from}: {error} (this is an older copy)"));
        }
        (_, Some(error)) => output::warn(format_args!("{from}: {error}")),
    }
}

const SEVERAL: &str = "several are called like this: choose one by --mbid";

/// Says why there is nothing to show. A source that has failed may know what others do not.
fn nothing<T>(merged: &Merged<T>) -> anyhow::Result<Outcome> {
    let is = |state| merged.sources.iter().any(|source| source.state == state);
    if !merged.candidates.is_empty() {
        merged.candidates.iter().for_each(candidate);
        return Err(anyhow!(SEVERAL));
    }
    if is(SourceState::Pending) {
        return Ok(Outcome::Queued);
    }
    if is(SourceState::Failed) {
        return Err(anyhow!("nothing is known, as not all sources could be asked"));
    }
    let is_unasked = |source: &SourceReport| source.state == SourceState::NotConfigured;
    match merged.sources.iter().find_map(|source| source.error.clone()) {
        Some(error) if merged.sources.iter().all(is_unasked) => Err(error.into()),
        _ => {
            let mut unasked: Vec<&str> = merged
                .sources
                .iter()
                .filter(|it| is_unasked(it))
                .map(|it| it.from.as_str())
                .collect();
            unasked.dedup();
            output::note(match &unasked[..] {
                [] => "there is none: no source knows it".to_owned(),
                unasked => format!(
                    "there is none: no source that was asked knows it; without a key or contact {} \
                     cannot be asked",
                    unasked.join(", ")
                ),
            });
            Ok(Outcome::Absent)
        }
    }
}

fn candidate(candidate: &Candidate) {
    let Candidate { mbid, name, by, about, .. } = candidate;
    let told = [Some(name), by.as_ref(), about.as_ref()].into_iter().flatten();
    let told: Vec<String> = told.map(|text| table::clean(text)).collect();
    output::note(format_args!("{mbid}  {}", told.join("  ")));
}
