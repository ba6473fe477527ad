//! moka: a map in the memory of one process, bounded in bytes.

use bytes::Bytes;
use datacache_benches::{Failure, Keyed, Place};
use moka::sync::Cache;

const MAX_BYTES: u64 = 64 * 1024 * 1024;

pub struct Moka(Cache<String, Bytes>);

impl Keyed for Moka {
    type Body = Bytes;

    async fn open(_: &Place) -> Result<Self, Failure> {
        let weigh = |_: &String, body: &Bytes| u32::try_from(body.len()).unwrap_or(u32::MAX);
        Ok(Self(Cache::builder().weigher(weigh).max_capacity(MAX_BYTES).build()))
    }

    async fn get(&mut self, url: &str) -> Result<Bytes, Failure> {
        self.0.get(url).ok_or_else(|| format!("{url} is not there").into())
    }

    async fn misses(&mut self, url: &str) -> Result<bool, Failure> {
        Ok(self.0.get(url).is_none())
    }

    async fn store(&mut self, url: &str, body: Vec<u8>) -> Result<(), Failure> {
        self.0.insert(url.to_owned(), body.into());
        Ok(())
    }

    async fn close(self) {}
}
