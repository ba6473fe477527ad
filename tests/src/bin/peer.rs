//! A process with the cache open, for tests between processes: `peer DIR [NOW] [SETTINGS]`.
//!
//! With NOW, in milliseconds since 1970, its clock stands at that moment; `-` is the real time.
//! SETTINGS is a configuration as JSON; `DATACACHE_HOT_BYTES` stands over it, as with the program.
//!
//! It says `open`, then answers each line of standard input with a line:
//!
//! | order | answer |
//! |---|---|
//! | `put URL SEED SIZE` | `put SHA256` |
//! | `lookup URL` | `fresh SHA256`, `stale SHA256`, `absent`, `miss` |
//! | `remove URL` | `removed true`, `removed false` |
//! | `random IDENTIFIER TYPE` | the URL of the pick, or `none` |
//! | `enqueue URL` | `queued` |
//! | `fetch URL` | `found SHA256`, `absent`, `pending`, `failed KIND` |
//! | `burst URL COUNT` | `begun`, then `burst OK FAILED` of as many concurrent fetches of URL1, URL2, … |
//! | `storm URL COUNT` | `begun`, then `stormed SHA256` when as many concurrent fetches found that |
//! | `drain` | `worked DONE`, when nothing is left to do for a minute |
//! | `work` | `worked DONE RETRIED DEAD LOST`, when nothing is left to do at once |
//! | `close` | `closed`, and every later order fails |
//! | `write SEED` | `put URL SHA256` for entry after entry, until killed |

#![expect(clippy::print_stdout, reason = "it speaks to the test through standard output")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Duration;

use datacache::{
    Answer, Cache, Clock, Config, DataType, Entry, Error, Identifier, Lookup, Priority, Request,
    Timestamp, Until, Worker, WorkerConfig,
};
use datacache_tests::{as_run, body, writes};

// What the cache does behind its back goes on while it listens.
#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().unwrap_or_default();
    let now = args.next().and_then(|now| now.parse().ok()).map(Timestamp::from_millis);
    let clock = now.map_or_else(Clock::system, Clock::manual);
    let settings = args.next().unwrap_or_else(|| "{}".to_owned());
    let mut config: Config =
        serde_json::from_str(&settings).unwrap_or_else(|error| panic!("{error}"));
    config.cache.dir = Some(dir.into());
    let cache = Cache::open_with_clock(as_run(config), clock).await?;
    say("open");
    for order in std::io::stdin().lines().map_while(Result::ok) {
        let words: Vec<&str> = order.split(' ').collect();
        let answer = match words[..] {
            ["put", url, seed, size] => put(&cache, url, number(seed), number(size)).await?,
            ["lookup", url] => lookup(&cache, url).await?,
            ["remove", url] => format!("removed {}", cache.remove(url).await?),
            ["random", identifier, data_type] => random(&cache, identifier, data_type).await?,
            ["enqueue", url] => enqueue(&cache, url).await?,
            ["fetch", url] => fetch(&cache, url).await,
            ["burst", url, count] => burst(&cache, url, number(count)).await,
            ["storm", url, count] => storm(&cache, url, number(count)).await,
            ["drain"] => drain(&cache).await?,
            ["work"] => work(&cache).await?,
            ["close"] => close(&cache).await,
            ["write", seed] => write_forever(&cache, number(seed)).await?,
            _ => format!("unknown order {order}"),
        };
        say(&answer);
    }
    cache.close().await;
    Ok(())
}

fn say(answer: &str) {
    println!("{answer}");
    let _ = std::io::stdout().flush();
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_default()
}

async fn put(cache: &Cache, url: &str, seed: u64, size: u64) -> Result<String, Error> {
    let size = usize::try_from(size).unwrap_or_default();
    let info = cache.put(Request::new(url).identifier("peer"), body(seed, size)).await?;
    Ok(format!("put {}", info.content_checksum))
}

async fn lookup(cache: &Cache, url: &str) -> Result<String, Error> {
    let found = |state: &str, entry: &Entry| format!("{state} {}", entry.info.content_checksum);
    Ok(match cache.lookup(url).await? {
        Lookup::Fresh(entry) => found("fresh", &entry),
        Lookup::Stale(entry) => found("stale", &entry),
        Lookup::Absent(_) => "absent".to_owned(),
        _ => "miss".to_owned(),
    })
}

async fn close(cache: &Cache) -> String {
    cache.close().await;
    "closed".to_owned()
}

async fn random(cache: &Cache, identifier: &str, data_type: &str) -> Result<String, Error> {
    let (identifier, data_type) = (Identifier::new(identifier)?, DataType::new(data_type)?);
    let picked = cache.random_image(&identifier, &data_type, None).await?;
    Ok(picked.map_or_else(|| "none".to_owned(), |entry| entry.info.url.to_string()))
}

async fn enqueue(cache: &Cache, url: &str) -> Result<String, Error> {
    cache.enqueue([Request::new(url).priority(Priority::Batch)]).await?;
    Ok("queued".to_owned())
}

async fn fetch(cache: &Cache, url: &str) -> String {
    match cache.fetch(Request::new(url).retries(0)).await {
        Ok(Answer::Found(found)) => format!("found {}", found.entry.info.content_checksum),
        Ok(Answer::Absent(_)) => "absent".to_owned(),
        Ok(_) => "pending".to_owned(),
        Err(error) => format!("failed {:?}", error.kind()),
    }
}

async fn burst(cache: &Cache, url: &str, count: u64) -> String {
    let tasks = (1..=count).map(|number| {
        let (cache, url) = (cache.clone(), format!("{url}{number}"));
        tokio::spawn(async move { fetch(&cache, &url).await })
    });
    let tasks: Vec<_> = tasks.collect();
    tokio::task::yield_now().await;
    say("begun");
    let mut found = 0;
    for task in tasks {
        found += u64::from(task.await.is_ok_and(|answer| answer.starts_with("found ")));
    }
    format!("burst {found} {}", count - found)
}

async fn storm(cache: &Cache, url: &str, count: u64) -> String {
    let tasks = (0..count).map(|_| {
        let (cache, url) = (cache.clone(), url.to_owned());
        tokio::spawn(async move { fetch(&cache, &url).await })
    });
    let tasks: Vec<_> = tasks.collect();
    tokio::task::yield_now().await;
    say("begun");
    let mut answers = BTreeSet::new();
    for task in tasks {
        answers.insert(task.await.unwrap_or_else(|panic| panic.to_string()));
    }
    let answers: Vec<String> = answers.into_iter().collect();
    answers.join(" and ").replace("found", "stormed")
}

/// One job at a time, so that a kill can cost no more than one.
async fn work(cache: &Cache) -> Result<String, Error> {
    let mut config = WorkerConfig::default();
    config.concurrency = 1;
    config.until = Until::Drained { patience: Duration::ZERO };
    let worker = Worker::new(cache.clone(), config);
    let done = worker.run(std::future::pending()).await?;
    Ok(format!("worked {} {} {} {}", done.done, done.retried, done.dead, done.lost))
}

async fn drain(cache: &Cache) -> Result<String, Error> {
    let mut config = WorkerConfig::default();
    config.until = Until::Drained { patience: Duration::from_mins(1) };
    let done = Worker::new(cache.clone(), config).run(std::future::pending()).await?;
    Ok(format!("worked {}", done.done))
}

async fn write_forever(cache: &Cache, seed: u64) -> Result<String, Error> {
    for (url, data) in writes(seed) {
        let info = cache.put(Request::new(&url), data).await?;
        say(&format!("put {url} {}", info.content_checksum));
    }
    Ok("done".to_owned())
}
