//! Peers of `datacache` that are written in Rust, each as its documentation says it is used.

mod cacache_peer;
mod http_cache_peer;
mod moka_peer;
mod redis_peer;

use datacache_benches::{Failure, Place, serve};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let place = Place::from_arguments()?;
    match place.name.as_str() {
        "cacache" => serve::<cacache_peer::Cacache>(&place).await,
        "http-cache" => serve::<http_cache_peer::HttpCaching>(&place).await,
        "moka" => serve::<moka_peer::Moka>(&place).await,
        "redis" => serve::<redis_peer::Redis>(&place).await,
        name => Err(format!("no such driver: {name}").into()),
    }
}
