//! A day without a network.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

const ENTRIES: usize = 40;
const MINUTE: Duration = Duration::from_mins(1);

/// An origin that can be taken off the network: connections to it break, unanswered.
struct Gig {
    origin: Origin,
    is_online: Arc<AtomicBool>,
}

impl Gig {
    fn start() -> Self {
        let is_online = Arc::new(AtomicBool::new(true));
        let online = Arc::clone(&is_online);
        let origin = Origin::start(move |request| {
            if online.load(Ordering::Acquire) {
                Reply::ok(request.path.clone())
            } else {
                Reply::raw("")
            }
        });
        Self { origin: origin.unwrap(), is_online }
    }

    fn is_online(&self, is_online: bool) {
        self.is_online.store(is_online, Ordering::Release);
    }

    fn urls(&self) -> Vec<String> {
        (0..ENTRIES).map(|number| self.origin.url(&format!("/{number}"))).collect()
    }
}

/// What the cache answers for every URL; each answer has its bytes, and a warning if it is stale.
async fn states_of(cache: &Cache, urls: &[String]) -> Vec<FoundState> {
    let mut states = Vec::new();
    for url in urls {
        let found = found(cache.fetch(request(url).ttl(12 * HOUR)).await.unwrap());
        assert!(url.ends_with(str::from_utf8(&found.entry.data).unwrap()), "{url}");
        assert_eq!(found.warning.is_some(), found.state == FoundState::Stale);
        states.push(found.state);
    }
    states
}

#[tokio::test]
async fn a_day_offline_takes_nothing_away_and_is_made_up_for_with_one_request_each() {
    let (folder, gig) = (Folder::new(), Gig::start());
    let cache = folder.open().await;
    let urls = gig.urls();
    assert_eq!(states_of(&cache, &urls).await, [FoundState::Fetched; ENTRIES]);

    gig.is_online(false);
    for hour in 1..=24 {
        folder.clock.advance(HOUR);
        let expected = if hour < 12 { FoundState::Fresh } else { FoundState::Stale };
        assert_eq!(states_of(&cache, &urls).await, [expected; ENTRIES], "hour {hour}");
        assert_eq!(drain(&cache).await.done, 0);
    }

    gig.is_online(true);
    let before = gig.origin.received().len();
    // Who asks meanwhile, has the old entry until the new one is there.
    for _ in 0..3 {
        folder.clock.advance(HOUR);
        states_of(&cache, &urls).await;
        queued(&cache).await;
        drain(&cache).await;
        for _ in 0..3 {
            folder.clock.advance(MINUTE);
            drain(&cache).await;
        }
    }
    assert_eq!(states_of(&cache, &urls).await, [FoundState::Fresh; ENTRIES]);
    assert_eq!(gig.origin.received().len() - before, ENTRIES);
    assert_eq!(queued(&cache).await, (0, 0));
}
