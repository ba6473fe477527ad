//! Whatever bytes a provider answers, reading them neither panics nor hangs.
//!
//! Each input is read as the answer to every typed question there is: it is put into a cache in
//! place of the answer, which is then asked for without leaving the machine.

#![no_main]

use std::sync::LazyLock;

use datacache::providers::wikimedia::EntityId;
use datacache::providers::{Mbid, Query};
use datacache::{Cache, Config, Request};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

struct Fixture {
    runtime: Runtime,
    cache: Cache,
    mbid: Mbid,
    entity: EntityId,
    _dir: tempfile::TempDir,
}

static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let cache = runtime.block_on(Cache::open(Config::new(dir.path()))).unwrap();
    let mbid = "056e4f3e-d505-4dad-8ec1-d04f521cbb56".parse().unwrap();
    Fixture { runtime, cache, mbid, entity: "Q185828".parse().unwrap(), _dir: dir }
});

/// Reads `body` as the answer to `query`; what it says is no matter.
async fn read<T: Send + 'static>(cache: &Cache, body: &[u8], query: Query<T>) {
    let url = query.url().unwrap().to_owned();
    cache.put(Request::new(url), body.to_vec()).await.unwrap();
    drop(query.with(Request::offline).await);
}

fuzz_target!(|body: &[u8]| {
    let Fixture { runtime, cache, mbid, entity, .. } = &*FIXTURE;
    let providers = cache.providers();
    runtime.block_on(async {
        let it = providers.musicbrainz();
        read(cache, body, it.search_artists("x")).await;
        read(cache, body, it.search_releases("x", None)).await;
        read(cache, body, it.search_recordings("x", None)).await;
        read(cache, body, it.search_release_groups("x", None)).await;
        read(cache, body, it.artist(*mbid, &[])).await;
        read(cache, body, it.release(*mbid, &[])).await;
        read(cache, body, providers.coverart().release(*mbid)).await;
        read(cache, body, providers.theaudiodb().artist(*mbid)).await;
        read(cache, body, providers.theaudiodb().search_album("x", "y")).await;
        read(cache, body, providers.fanarttv().artist(*mbid)).await;
        read(cache, body, providers.discogs().search_artists("x")).await;
        read(cache, body, providers.discogs().artist(1)).await;
        read(cache, body, providers.discogs().release(1)).await;
        read(cache, body, providers.lastfm().artist("x")).await;
        read(cache, body, providers.lastfm().album("x", "y")).await;
        read(cache, body, providers.lastfm().track("x", "y")).await;
        read(cache, body, providers.wikimedia().entity(*entity)).await;
        read(cache, body, providers.wikimedia().summary("x")).await;
        read(cache, body, providers.wikimedia().file("x")).await;
        read(cache, body, providers.spotify().search_tracks("x")).await;
        read(cache, body, providers.spotify().search_albums("x")).await;
        read(cache, body, providers.spotify().search_artists("x")).await;
        read(cache, body, providers.songlink().links("https://a.example/")).await;
        read(cache, body, providers.deezer().search_artists("x")).await;
    });
});
