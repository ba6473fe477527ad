//! Redis: the memory of a server on this machine, over a Unix socket.
//!
//! A blocking connection, which answers sooner than one that tasks share.

use datacache_benches::{Failure, Keyed, Place};
use redis::{Commands as _, Connection};

/// The socket of the server, in the peer's folder; see `servers.py`.
const SOCKET: &str = "redis.sock";

pub struct Redis(Connection);

impl Keyed for Redis {
    type Body = Vec<u8>;

    async fn open(place: &Place) -> Result<Self, Failure> {
        let socket = place.folder.join(SOCKET);
        let client = redis::Client::open(format!("redis+unix://{}", socket.display()))?;
        Ok(Self(client.get_connection()?))
    }

    async fn get(&mut self, url: &str) -> Result<Vec<u8>, Failure> {
        let body: Option<Vec<u8>> = self.0.get(url)?;
        body.ok_or_else(|| format!("{url} is not there").into())
    }

    async fn misses(&mut self, url: &str) -> Result<bool, Failure> {
        let body: Option<Vec<u8>> = self.0.get(url)?;
        Ok(body.is_none())
    }

    async fn store(&mut self, url: &str, body: Vec<u8>) -> Result<(), Failure> {
        Ok(self.0.set(url, body)?)
    }

    async fn close(self) {}
}
