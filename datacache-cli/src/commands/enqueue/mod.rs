//! `datacache enqueue`: leaves requests to workers.

mod line;
mod lines;

use datacache::{Cache, Enqueued, ErrorKind, Request};

use crate::args::{Enqueue, Global};
use crate::outcome::{BadInput, Outcome};
use crate::{output, request};

/// So many lines of standard input are queued at once.
const CHUNK_LINES: usize = 1_000;

pub(crate) async fn run(cache: &Cache, global: &Global, args: Enqueue) -> anyhow::Result<Outcome> {
    let mut total = Total::default();
    let queued = if args.urls == ["-"] {
        enqueue_lines(cache, &args, &mut total).await
    } else {
        let requests = args.urls.iter().map(|url| of_options(url, &args));
        cache.enqueue(requests).await.map(|enqueued| total.add(enqueued)).map_err(Into::into)
    };
    if queued.is_ok() || total.queued() > 0 {
        total.report(global)?;
    }
    queued.map(|()| Outcome::Done)
}

/// A request for `url` with the options of the command line.
fn of_options(url: &str, args: &Enqueue) -> Request {
    let request = request::ask(request::new(url, args.options.clone()), args.asking.clone());
    request.priority(args.priority.into())
}

/// What stands before a line that cannot be used is queued.
async fn enqueue_lines(cache: &Cache, args: &Enqueue, total: &mut Total) -> anyhow::Result<()> {
    let mut lines = lines::read();
    while let Some(first) = lines.recv().await {
        let mut wrong = None;
        let mut chunk = Vec::with_capacity(CHUNK_LINES);
        let mut next = Some(first);
        // As many as are there, so that a slow producer's are queued as they come.
        while let Some((number, line)) = next.take() {
            match line.and_then(|line| line::request(line.trim(), args)) {
                Ok(request) => chunk.push((number, request)),
                Err(reason) => wrong = Some(bad_line(number, &reason)),
            }
            if wrong.is_none() && chunk.len() < CHUNK_LINES {
                next = lines.try_recv().ok();
            }
        }
        enqueue_chunk(cache, chunk, total).await?;
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
    }
    Ok(())
}

/// Queues a chunk at once; one with a bad request line by line up to that, to name its line.
async fn enqueue_chunk(
    cache: &Cache,
    chunk: Vec<(usize, Request)>,
    total: &mut Total,
) -> anyhow::Result<()> {
    let error = match cache.enqueue(chunk.iter().map(|(_, request)| request.clone())).await {
        Ok(enqueued) => {
            total.add(enqueued);
            return Ok(());
        }
        Err(error) => error,
    };
    if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) {
        return Err(error.into());
    }
    for (number, request) in chunk {
        let enqueued = cache.enqueue([request]).await;
        total.add(enqueued.map_err(|error| bad_line(number, &error))?);
    }
    Ok(())
}

fn bad_line(number: usize, reason: &dyn std::fmt::Display) -> anyhow::Error {
    BadInput(format!("line {number}: {reason}")).into()
}

/// What queueing has come to so far.
#[derive(Default, serde::Serialize)]
struct Total {
    new: u64,
    raised: u64,
    known: u64,
    cached: u64,
}

impl Total {
    fn add(&mut self, enqueued: Enqueued) {
        self.new += enqueued.new;
        self.raised += enqueued.raised;
        self.known += enqueued.known;
        self.cached += enqueued.cached;
    }

    fn queued(&self) -> u64 {
        self.new + self.raised + self.known + self.cached
    }

    fn report(&self, global: &Global) -> anyhow::Result<()> {
        if global.json {
            return output::json(self);
        }
        let Self { new, raised, known, cached } = self;
        output::note(format_args!(
            "{new} new, {raised} raised, {known} already queued, {cached} already cached"
        ));
        Ok(())
    }
}
