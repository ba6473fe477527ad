//! Does one operation COUNT times, for valgrind to count what it executes: `instructions NAME COUNT`.

use datacache::{Cache, Config, Request};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, count] = &arguments[..] else { return Err("the arguments are NAME COUNT".into()) };
    let dir = tempfile::tempdir()?;
    let mut config = Config::new(dir.path());
    if name != "hit-in-memory" {
        config.cache.hot_bytes = 0;
    }
    let cache = Cache::open(config).await?;
    cache.put(Request::new("https://a.example/"), vec![0xff; 8 * 1024]).await?;
    for number in 0..count.parse()? {
        operate(&cache, name, number).await?;
    }
    cache.close().await;
    Ok(())
}

async fn operate(cache: &Cache, name: &str, number: u64) -> Result<(), Box<dyn std::error::Error>> {
    match name {
        "hit-in-memory" | "hit" => drop(cache.lookup("https://a.example/").await?),
        "miss" => drop(cache.lookup("https://a.example/none").await?),
        "put" => {
            let request = Request::new(format!("https://a.example/{number}"));
            cache.put(request, vec![0xff; 8 * 1024]).await?;
        }
        "enqueue" => {
            let request = Request::new(format!("http://127.0.0.1:1/{number}"));
            cache.enqueue([request]).await?;
        }
        _ => return Err(format!("there is no operation {name}").into()),
    }
    Ok(())
}
