//! Budgets and cooldowns as an origin sees them, with real processes in real time.
//!
//! A program of its own, so that no other test takes the processor while arrivals are measured.

#![expect(clippy::unwrap_used, reason = "a test ends at a failure")]
#![expect(clippy::disallowed_methods, reason = "arrivals are measured in real time")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Peer, run, write};

/// What the way from sending to the origin may take more for one request than for the next.
const ON_THE_WAY: Duration = Duration::from_millis(50);

/// An origin that notes when it is asked for what.
struct Observed {
    origin: Origin,
    arrivals: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Observed {
    /// `answer` is told how many requests came before.
    fn start(answer: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&arrivals);
        let origin = Origin::start(move |request| {
            let mut arrivals = noted.lock().unwrap();
            arrivals.push((Instant::now(), request.path.clone()));
            answer(arrivals.len() - 1)
        });
        Self { origin: origin.unwrap(), arrivals }
    }

    /// When the requests arrived, in order.
    fn moments(&self) -> Vec<Instant> {
        let mut moments: Vec<_> = self.paths().into_iter().map(|(moment, _)| moment).collect();
        moments.sort_unstable();
        moments
    }

    fn paths(&self) -> Vec<(Instant, String)> {
        self.arrivals.lock().unwrap().clone()
    }
}

fn settings(budget: &str) -> String {
    let timeouts = r#""http": {"max_wait": "2min"}"#;
    format!(
        r#"{{"providers": {{"own": {{"hosts": ["127.0.0.1"], "budget": {budget}}}}}, {timeouts}}}"#
    )
}

fn peers(folder: &Folder, count: usize, budget: &str) -> Vec<Peer> {
    (0..count).map(|_| Peer::start_with(&folder.dir(), &settings(budget))).collect()
}

/// Tells each peer to fetch so many URLs at once; returns how many fetches succeeded and failed.
fn burst(peers: &mut [Peer], url: &str, round: &str, count: usize) -> (u64, u64) {
    for (number, peer) in peers.iter_mut().enumerate() {
        peer.tell(&format!("burst {url}/{round}-{number}- {count}"));
    }
    let mut total = (0, 0);
    for peer in peers {
        assert_eq!(peer.answer().unwrap(), "begun");
        let told = peer.answer().unwrap();
        let counts: Vec<u64> =
            told.strip_prefix("burst ").unwrap().split(' ').map(|n| n.parse().unwrap()).collect();
        total = (total.0 + counts[0], total.1 + counts[1]);
    }
    total
}

fn assert_apart(moments: &[Instant], least: Duration) {
    for (number, pair) in moments.windows(2).enumerate() {
        let gap = pair[1] - pair[0];
        assert!(gap >= least, "request {} came {gap:?} after the one before", number + 1);
    }
}

#[test]
fn four_processes_keep_one_per_second_and_a_retry_after_over_a_restart() {
    const THROTTLED: usize = 12;
    let folder = Folder::new();
    let observed = Observed::start(|before| match before {
        THROTTLED => Reply::status(429).header("Retry-After", "3"),
        _ => Reply::ok("x"),
    });
    let url = observed.origin.url("");
    let url = url.trim_end_matches('/');
    let mut found = 0;
    for round in ["first", "second"] {
        let mut peers = peers(&folder, 4, r#""1/s""#);
        let (ok, failed) = burst(&mut peers, url, round, 5);
        found += ok;
        assert_eq!(ok + failed, 20);
    }
    assert_eq!(found, 39, "only the one that was throttled fails");
    let moments = observed.moments();
    assert_eq!(moments.len(), 40);
    assert_apart(&moments, Duration::from_millis(950));
    let rest = moments[THROTTLED + 1] - moments[THROTTLED];
    assert!(rest + ON_THE_WAY >= Duration::from_secs(3), "asked again after {rest:?}");
}

#[test]
fn two_windows_hold_together_over_eight_processes() {
    let folder = Folder::new();
    let observed = Observed::start(|_| Reply::ok("x"));
    let url = observed.origin.url("");
    let mut peers = peers(&folder, 8, r#"["1/200ms", "10/5s"]"#);
    assert_eq!(burst(&mut peers, url.trim_end_matches('/'), "x", 3), (24, 0));
    let moments = observed.moments();
    assert_apart(&moments, Duration::from_millis(150));
    for eleven in moments.windows(11) {
        let taken = eleven[10] - eleven[0];
        assert!(taken + ON_THE_WAY >= Duration::from_secs(5), "11 requests within {taken:?}");
    }
}

#[test]
fn a_live_request_waits_behind_one_batch_slot_at_most() {
    let folder = Folder::new();
    let observed = Observed::start(|_| Reply::ok("x"));
    let mut peers = peers(&folder, 2, r#""1/s""#);
    let [worker, live] = &mut peers[..] else { panic!() };
    for number in 0..6 {
        worker.order(&format!("enqueue {}", observed.origin.url(&format!("/batch{number}"))));
    }
    worker.tell("drain");
    while observed.paths().is_empty() {
        std::thread::yield_now();
    }
    let before = observed.paths().len();
    assert!(live.order(&format!("fetch {}", observed.origin.url("/live"))).starts_with("found "));
    let paths = observed.paths();
    let place = paths.iter().position(|(_, path)| path == "/live").unwrap();
    assert!(place <= before + 1, "{place} requests came before it, {before} of them earlier");
    assert_eq!(worker.answer().unwrap(), "worked 6");
    assert_apart(&observed.moments(), Duration::from_millis(950));
}

/// Nobody has said anything about a budget: it is that of MusicBrainz.
#[test]
fn two_programs_that_search_musicbrainz_keep_one_per_second_and_what_is_cached_costs_none() {
    const SEARCHES: usize = 3;
    let folder = Folder::new();
    let found = r#"{"count": 1, "offset": 0, "artists": [
        {"id": "056e4f3e-d505-4dad-8ec1-d04f521cbb56", "name": "Daft Punk"}]}"#;
    let observed = Observed::start(move |_| Reply::ok(found));
    let base_url = observed.origin.url("/ws/2");
    let config = folder.beside("datacache.toml");
    let settings = "[http]\ncontact = 'dj@example.org'\n[providers.musicbrainz]\n";
    write(&config, format!("{settings}base_url = '{base_url}'\n"));
    let search = |program: usize| {
        for number in 0..SEARCHES {
            let name = format!("artist {program} {number}");
            for _ in 0..3 {
                let mut command = folder.program(["musicbrainz", "search-artists", &name]);
                assert_eq!(run(command.arg("--config").arg(&config)).status, 0, "{name}");
            }
        }
    };
    std::thread::scope(|scope| {
        for program in 0..2 {
            scope.spawn(move || search(program));
        }
    });
    let moments = observed.moments();
    assert_eq!(moments.len(), 2 * SEARCHES);
    assert_apart(&moments, Duration::from_millis(950));
}

#[test]
fn redirects_keep_the_budget_and_waiting_for_it_is_not_what_the_origin_takes() {
    let folder = Folder::new();
    let observed = Observed::start(|before| match before {
        4 => Reply::ok("x"),
        _ => Reply::redirect("/next"),
    });
    let settings = r#"{"providers": {"own": {"hosts": ["127.0.0.1"], "budget": "1/s",
        "timeout": "2s"}}}"#;
    let mut peer = Peer::start_with(&folder.dir(), settings);
    let answer = peer.order(&format!("fetch {}", observed.origin.url("/first")));
    assert!(answer.starts_with("found "), "{answer}");
    assert_eq!(observed.paths().len(), 5);
    assert_apart(&observed.moments(), Duration::from_millis(950));
}
