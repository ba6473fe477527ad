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
mod pin;
mod providers;
mod put;
mod queue;
mod random;
mod rm;
mod show;
mod stats;
mod worker;

use datacache::{Cache, Filter};

use crate::args::{Args, Command, Global, Selection};
use crate::outcome::Outcome;
use crate::settings;

/// Runs the command.
pub(crate) async fn run(args: Args) -> anyhow::Result<Outcome> {
    let Args { global, command } = args;
    match command {
        Command::Completions { shell } => return completions::run(shell),
        Command::Man { dir } => return man::run(dir.as_deref()),
        _ => {}
    }
    let cache = settings::open_cache(&global).await?;
    if let Command::Worker(options) = command {
        // It closes the cache in the time that it has to stop.
        return worker::run(cache, &global, options).await;
    }
    let outcome = with_cache(&cache, &global, command).await;
    cache.close().await;
    outcome
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
        Command::Stats => stats::run(cache, global).await,
        Command::Maintain { patience } => maintain::run(cache, global, patience).await,
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
