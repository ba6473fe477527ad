//! One file per command.

mod completions;
mod enqueue;
mod get;
mod images;
mod keys;
mod limits;
mod ls;
mod maintain;
mod man;
mod moving;
mod pin;
mod providers;
mod put;
mod queue;
mod random;
mod rm;
mod show;
mod stats;
mod verify;
mod worker;

use std::path::PathBuf;

use datacache::{Cache, Filter, OnCacheError};

use crate::args::{Args, Command, Global, Selection};
use crate::outcome::Outcome;
use crate::{output, settings};

/// Runs the command.
pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let Args { global, command } = args;
    match command {
        Command::Completions { shell } => return completions::run(shell),
        Command::Man { dir } => return man::run(dir.as_deref()),
        _ => {}
    }
    let mut moved = MovedAside::default();
    if let Command::Worker(options) = command {
        // Without the cache there is nothing for it to do. It closes it in the time that it has to
        // stop.
        let cache = settings::open_cache(&global, OnCacheError::Error).await?;
        moved.tell(&cache);
        let outcome = worker::run(cache.clone(), &global, options).await;
        moved.tell(&cache);
        return outcome;
    }
    let cache = settings::open_cache(&global, OnCacheError::Bypass).await?;
    moved.tell(&cache);
    let outcome = with_cache(&cache, &global, command).await;
    warn_of_bypass(&cache, &outcome);
    cache.close().await;
    moved.tell(&cache);
    outcome
}

/// A damaged database that was moved aside, and of which the user has been told.
#[derive(Default)]
struct MovedAside(Option<PathBuf>);

impl MovedAside {
    fn tell(&mut self, cache: &Cache) {
        let moved = cache.moved_aside();
        if let Some(path) = moved.as_ref().filter(|_| moved != self.0) {
            let path = path.display().to_string().replace(char::is_control, " ");
            output::warn(format_args!(
                "the database was damaged; it is now {path}, a new one was begun"
            ));
        }
        self.0 = moved;
    }
}

/// Says once that the cache was done without, or only read, unless that is the error which the
/// command ends with.
fn warn_of_bypass(cache: &Cache, outcome: &anyhow::Result<Outcome>) {
    let Some(trouble) = cache.bypassed() else { return };
    let is_told = outcome.as_ref().is_err_and(|error| error.to_string() == trouble.to_string());
    if !is_told {
        output::warn(format_args!("nothing is kept in the cache: {trouble}"));
    }
}

async fn with_cache(cache: &Cache, global: &Global, command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Get(get) => get::run(cache, global, get).await,
        Command::Put(put) => put::run(cache, global, put).await,
        Command::Show { url } => show::run(cache, global, &url).await,
        Command::Ls(selection) => ls::run(cache, global, selection).await,
        Command::Rm(rm) => rm::run(cache, global, rm).await,
        Command::Pin { identifiers } => pin::pin(cache, global, &identifiers).await,
        Command::Unpin { identifiers } => pin::unpin(cache, global, &identifiers).await,
        Command::Random(random) => random::run(cache, global, random).await,
        Command::Keys { identifier, data_type } => {
            keys::run(cache, global, &identifier, &data_type).await
        }
        Command::Images(images) => images::run(cache, global, images).await,
        Command::Enqueue(enqueue) => enqueue::run(cache, global, enqueue).await,
        Command::Queue(queue) => queue::run(cache, global, queue).await,
        Command::Limits { change } => limits::run(cache, global, change).await,
        Command::Artist(of) => providers::artist(cache, global, of).await,
        Command::Album(of) => providers::album(cache, global, of).await,
        Command::Track(of) => providers::track(cache, global, of).await,
        Command::Deezer(of) => providers::deezer(cache, global, of).await,
        Command::LastFm(of) => providers::lastfm(cache, global, of).await,
        Command::MusicBrainz(of) => providers::musicbrainz(cache, global, of).await,
        Command::CoverArt(of) => providers::coverart(cache, global, of).await,
        Command::TheAudioDb(of) => providers::theaudiodb(cache, global, of).await,
        Command::FanartTv(of) => providers::fanarttv(cache, global, of).await,
        Command::Discogs(of) => providers::discogs(cache, global, of).await,
        Command::Songlink(of) => providers::songlink(cache, global, of).await,
        Command::Spotify(of) => providers::spotify(cache, global, of).await,
        Command::Wikimedia(of) => providers::wikimedia(cache, global, of).await,
        Command::Maintain { patience } => maintain::run(cache, global, patience).await,
        Command::Stats(stats) => stats::run(cache, global, stats).await,
        Command::Export(export) => moving::export(cache, global, export).await,
        Command::Import(import) => moving::import(cache, global, import).await,
        Command::ImportWnp(import) => moving::import_wnp(cache, global, import).await,
        Command::Verify { repair } => verify::run(cache, global, repair).await,
        Command::Completions { .. } | Command::Man { .. } | Command::Worker(_) => Ok(Outcome::Done),
    }
}

fn filter(selection: Selection) -> Filter {
    let mut filter = Filter::all();
    if let Some(identifier) = selection.identifier {
        filter = filter.identifier(identifier);
    }
    if let Some(data_type) = selection.data_type {
        filter = filter.data_type(data_type);
    }
    if let Some(provider) = selection.provider {
        filter = filter.provider(provider);
    }
    filter
}
