//! The providers' typed calls: tables for people, one JSON object for programs.

mod coverart;
mod deezer;
mod discogs;
mod fanarttv;
mod lastfm;
mod musicbrainz;
mod songlink;
mod spotify;
mod table;
mod theaudiodb;
mod unified;

pub(super) use coverart::run as coverart;
pub(super) use discogs::run as discogs;
pub(super) use fanarttv::run as fanarttv;
pub(super) use musicbrainz::run as musicbrainz;
pub(super) use theaudiodb::run as theaudiodb;
pub(super) use unified::{album, artist, track};
mod wikimedia;

pub(super) use deezer::run as deezer;
pub(super) use lastfm::run as lastfm;
pub(super) use songlink::run as songlink;
pub(super) use spotify::run as spotify;
pub(super) use wikimedia::run as wikimedia;

use datacache::providers::{Query, Typed};
use datacache::{Answer, Cache, Error, Priority};
use serde::Serialize;

use super::get::{not_yet, warn};
use crate::args::{Global, QueryOptions};
use crate::outcome::Outcome;
use crate::output;
use crate::report::Report;

/// What `--json` tells: how it was answered, and what.
#[derive(Serialize)]
struct Told<'a, T> {
    #[serde(flatten)]
    report: Report<'a>,
    value: Option<&'a T>,
    /// Only where the provider wants to see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<&'static str>,
}

/// Asks, and shows the answer with `print`.
async fn tell<T: Serialize + Send + 'static>(
    cache: &Cache,
    global: &Global,
    options: QueryOptions,
    query: Query<T>,
    print: impl FnOnce(&T) -> anyhow::Result<()>,
) -> anyhow::Result<Outcome> {
    let query = asked(query, options);
    let key = match query.url().and_then(|url| cache.key(url)) {
        Ok(key) => key,
        Err(error) => return fail::<T>(global, None, error),
    };
    let Typed { value, answer, attribution, .. } = match query.await {
        Ok(typed) => typed,
        Err(error) => return fail::<T>(global, Some(key.as_str()), error),
    };
    warn(&answer);
    if let (true, Answer::Found(found)) = (options.raw, &answer) {
        output::deliver(&found.entry.data, None)?;
        return Ok(Outcome::Done);
    }
    if global.json {
        let bypassed = cache.bypassed();
        let report = Report::new(key.as_str(), &answer).with_warning(bypassed.as_ref());
        let attribution = attribution.filter(|_| value.is_some());
        output::json(&Told { report, value: value.as_ref(), attribution })?;
    }
    match (&value, &answer) {
        (Some(value), Answer::Found(_)) => {
            if !global.json {
                print(value)?;
                attribution.into_iter().for_each(output::note);
            }
            Ok(Outcome::Done)
        }
        _ => Ok(not_yet(key.as_str(), &answer)),
    }
}

fn asked<T>(query: Query<T>, options: QueryOptions) -> Query<T> {
    query.with(|mut request| {
        if options.batch {
            request = request.priority(Priority::Batch);
        }
        if options.fresh {
            request = request.must_be_fresh();
        }
        if options.offline {
            request = request.offline();
        }
        match options.deadline {
            Some(deadline) => request.deadline(deadline),
            None => request,
        }
    })
}

fn fail<T: Serialize>(global: &Global, key: Option<&str>, error: Error) -> anyhow::Result<Outcome> {
    if global.json {
        let report = Report::failed(key, &error);
        output::json(&Told::<T> { report, value: None, attribution: None })?;
    }
    Err(error.into())
}
