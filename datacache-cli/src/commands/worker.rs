//! `datacache worker`: runs queued jobs until it is told to stop, or until they are done.

use std::time::Duration;

use datacache::{Cache, Progress, Until, Worker, WorkerConfig};
use indicatif::ProgressBar;
use tokio::sync::{oneshot, watch};

use crate::args::{Global, WorkerOptions};
use crate::outcome::Outcome;
use crate::output;
use crate::platform::StopSignals;

/// How often the terminal shows how much waits.
const REFRESH: Duration = Duration::from_secs(1);

/// So long after the first signal the program ends, whatever it still waits for. What is left under
/// lease then, others take over at once.
const LONGEST_STOP: Duration = Duration::from_millis(4_800);

pub(crate) async fn run(
    cache: Cache,
    global: &Global,
    options: WorkerOptions,
) -> anyhow::Result<Outcome> {
    let signals = StopSignals::listen()?;
    let mut config = WorkerConfig::default();
    config.concurrency = options.concurrency;
    if options.drain {
        config.until = Until::Drained { patience: options.patience };
    }
    let worker = Worker::new(cache.clone(), config);
    let progress = worker.progress();
    let bar = ProgressBar::new_spinner();
    let showing = show(&cache, progress.clone(), &bar);
    let (stop, stopped) = oneshot::channel();
    let working = async {
        let result = worker.run(async { drop(stopped.await) }).await;
        cache.close().await;
        result.map(drop)
    };
    let ended = tokio::select! {
        ended = working => ended.map_err(Into::into),
        ended = stopping(signals, stop) => ended,
        never = showing => match never {},
    };
    bar.finish_and_clear();
    ended?;
    summarise(global, &progress.borrow())?;
    Ok(Outcome::Done)
}

/// Tells the worker to stop when the first signal comes, and is ready when it has had long enough
/// for that; a second signal is an error.
async fn stopping(mut signals: StopSignals, stop: oneshot::Sender<()>) -> anyhow::Result<()> {
    signals.next().await;
    drop(stop);
    match tokio::time::timeout(LONGEST_STOP, signals.next()).await {
        Ok(()) => anyhow::bail!("told to stop at once; what was running is left to other workers"),
        Err(_elapsed) => Ok(()),
    }
}

/// Keeps a line on the terminal true; there is none where standard error is no terminal.
async fn show(
    cache: &Cache,
    mut progress: watch::Receiver<Progress>,
    bar: &ProgressBar,
) -> std::convert::Infallible {
    let mut refresh = tokio::time::interval(REFRESH);
    let mut waiting = String::new();
    loop {
        tokio::select! {
            _ = refresh.tick(), if !bar.is_hidden() => waiting = what_waits(cache).await,
            changed = progress.changed() => if changed.is_err() {
                std::future::pending::<()>().await;
            }
        }
        let Progress { done, retried, dead, running, .. } = *progress.borrow();
        let now = format!("{done} done, {retried} put off, {dead} given up, {running} running");
        bar.set_message(format!("{now}{waiting}"));
        bar.tick();
    }
}

/// What is queued, and which providers rest; nothing when it cannot be told just now.
async fn what_waits(cache: &Cache) -> String {
    let (Ok(stats), Ok(resting)) = (cache.stats().await, cache.resting_providers().await) else {
        return String::new();
    };
    let mut text = format!(", {} waiting", stats.queue.immediate + stats.queue.batch);
    for rest in resting {
        text.push_str(if rest.is_paused { ", paused: " } else { ", resting: " });
        text.push_str(rest.provider.as_str());
    }
    text
}

fn summarise(global: &Global, progress: &Progress) -> anyhow::Result<()> {
    if global.json {
        return output::json(progress);
    }
    let Progress { done, retried, dead, lost, .. } = progress;
    output::note(format_args!(
        "{done} done, {retried} put off, {dead} given up, {lost} lost to other workers"
    ));
    Ok(())
}
