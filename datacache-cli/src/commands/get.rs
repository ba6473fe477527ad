//! `datacache get`: the main job.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use datacache::{Answer, Cache, Cachekey, Clock, Entry, Error, Freshness, Lookup, Step};
use indicatif::ProgressBar;

use crate::args::{Get, Global};
use crate::outcome::Outcome;
use crate::report::Report;
use crate::{output, request};

pub(crate) async fn run(cache: &Cache, global: &Global, get: Get) -> anyhow::Result<Outcome> {
    let file = get.output.output.clone();
    if let Some(cachekey) = get.cachekey {
        return by_cachekey(cache, global, cachekey, file.as_deref()).await;
    }
    let url = get.url.clone().unwrap_or_default();
    let key = match cache.key(&url) {
        Ok(key) => key,
        Err(error) => return fail(global, &Report::failed(None, &error), error),
    };
    let waiting = spinner(key.as_str());
    let explain = get.explain;
    let request = request::of_get(&url, get);
    let (answer, steps) = if explain {
        let explained = cache.explain(request).await;
        (explained.answer, Some(explained.steps))
    } else {
        (cache.fetch(request).await, None)
    };
    waiting.finish_and_clear();
    let steps = steps.as_deref();
    tell(global, steps);
    match answer {
        Ok(answer) => {
            let bypassed = cache.bypassed();
            let report = Report::new(key.as_str(), &answer).with_steps(steps);
            let report = report.with_warning(bypassed.as_ref());
            deliver(global, key.as_str(), &answer, &report, file.as_deref())
        }
        Err(error) => {
            let report = Report::failed(Some(key.as_str()), &error).with_steps(steps);
            fail(global, &report, error)
        }
    }
}

/// Tells people the steps; programs find them in the report.
fn tell(global: &Global, steps: Option<&[Step]>) {
    let steps = steps.unwrap_or_default();
    let Some(first) = steps.first().filter(|_| !global.json) else { return };
    for Step { at, what, .. } in steps {
        let millis = at.since(first.at).as_millis();
        output::note(format_args!("{millis:>6} ms  {what}"));
    }
}

async fn by_cachekey(
    cache: &Cache,
    global: &Global,
    cachekey: Cachekey,
    file: Option<&Path>,
) -> anyhow::Result<Outcome> {
    let answer = cache.lookup_cachekey(cachekey).await?.into_answer(Clock::system().now());
    let key = match &answer {
        Answer::Found(found) => &found.entry.info.url,
        Answer::Absent(absence) => &absence.info.url,
        _ => return not_cached(global, None, cachekey),
    };
    deliver(global, key.as_str(), &answer, &Report::new(key.as_str(), &answer), file)
}

fn fail(global: &Global, report: &Report<'_>, error: Error) -> anyhow::Result<Outcome> {
    if global.json {
        output::json(report)?;
    }
    Err(error.into())
}

/// Tells that what was asked for is not in the cache.
pub(super) fn not_cached(
    global: &Global,
    url: Option<&str>,
    subject: impl Display,
) -> anyhow::Result<Outcome> {
    let report = Report::nothing(url, "miss");
    nothing(global, &report, format_args!("not in the cache: {subject}"))
}

fn nothing(global: &Global, report: &Report<'_>, text: impl Display) -> anyhow::Result<Outcome> {
    if global.json {
        output::json(report)?;
    }
    output::note(text);
    Ok(Outcome::Absent)
}

pub(super) fn deliver(
    global: &Global,
    key: &str,
    answer: &Answer,
    report: &Report<'_>,
    file: Option<&Path>,
) -> anyhow::Result<Outcome> {
    if let Answer::Found(found) = answer {
        warn(answer);
        return deliver_data(global, report, &found.entry.data, file);
    }
    if global.json {
        output::json(report)?;
    }
    Ok(not_yet(key, answer))
}

/// Says that what is delivered is not the latest.
pub(super) fn warn(answer: &Answer) {
    if let Answer::Found(found) = answer
        && let Some(warning) = &found.warning
    {
        output::warn(format_args!("{warning} (this is an older copy)"));
    }
}

/// Says why there is nothing to deliver.
pub(super) fn not_yet(key: &str, answer: &Answer) -> Outcome {
    let (outcome, text) = match answer {
        Answer::Absent(_) => (Outcome::Absent, "there is none"),
        Answer::Queued => (Outcome::Queued, "queued"),
        Answer::Pending => (Outcome::Queued, "pending"),
        _ => (Outcome::Absent, "not in the cache"),
    };
    output::note(format_args!("{text}: {key}"));
    outcome
}

/// The answer that an entry is which came from the cache.
pub(super) fn answer_of(entry: Entry) -> Answer {
    let now = Clock::system().now();
    let lookup = match entry.info.freshness(now) {
        Freshness::Fresh => Lookup::Fresh(entry),
        Freshness::Stale => Lookup::Stale(entry),
    };
    lookup.into_answer(now)
}

/// With `--json`, bytes go only to a file, and the report only says so once they are there.
fn deliver_data(
    global: &Global,
    report: &Report<'_>,
    data: &[u8],
    file: Option<&Path>,
) -> anyhow::Result<Outcome> {
    if file.is_some() || !global.json {
        output::deliver(data, file)?;
    }
    if global.json {
        output::json(report)?;
    }
    Ok(Outcome::Done)
}

/// Shown on a terminal only.
fn spinner(key: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(key.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}
