//! http-cache as middleware of reqwest, with cacache below.

use bytes::Bytes;
use datacache_benches::{Failure, Keyed, Place};
use http_cache_reqwest::{CACacheManager, Cache, CacheMode, HttpCache, HttpCacheOptions};
use reqwest::StatusCode;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};

pub struct HttpCaching(ClientWithMiddleware);

impl Keyed for HttpCaching {
    type Body = Bytes;

    async fn open(place: &Place) -> Result<Self, Failure> {
        let cache = Cache(HttpCache {
            mode: CacheMode::Default,
            manager: CACacheManager::new(place.folder.clone(), false),
            options: HttpCacheOptions::default(),
        });
        Ok(Self(ClientBuilder::new(reqwest::Client::new()).with(cache).build()))
    }

    async fn get(&mut self, url: &str) -> Result<Bytes, Failure> {
        Ok(self.0.get(url).send().await?.error_for_status()?.bytes().await?)
    }

    async fn misses(&mut self, url: &str) -> Result<bool, Failure> {
        let asked = self.0.get(url).with_extension(CacheMode::OnlyIfCached).send().await?;
        Ok(asked.status() == StatusCode::GATEWAY_TIMEOUT)
    }

    async fn store(&mut self, url: &str, body: Vec<u8>) -> Result<(), Failure> {
        if self.get(url).await? == body {
            Ok(())
        } else {
            Err("the origin says something else".into())
        }
    }

    async fn close(self) {}
}
