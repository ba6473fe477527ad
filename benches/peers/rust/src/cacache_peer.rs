//! cacache: a file for each content, found through an index of files; the content is verified.

use std::path::PathBuf;

use datacache_benches::{Failure, Keyed, Place};

pub struct Cacache(PathBuf);

impl Keyed for Cacache {
    type Body = Vec<u8>;

    async fn open(place: &Place) -> Result<Self, Failure> {
        Ok(Self(place.folder.clone()))
    }

    async fn get(&mut self, url: &str) -> Result<Vec<u8>, Failure> {
        Ok(cacache::read(&self.0, url).await?)
    }

    async fn misses(&mut self, url: &str) -> Result<bool, Failure> {
        match cacache::read(&self.0, url).await {
            Ok(_) => Ok(false),
            Err(cacache::Error::EntryNotFound(..)) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    async fn store(&mut self, url: &str, body: Vec<u8>) -> Result<(), Failure> {
        cacache::write(&self.0, url, body).await?;
        Ok(())
    }

    async fn close(self) {}
}
