//! What operations cost that does not depend on the machine: connections, each of which is a thread
//! that reads the whole schema, and round trips to it. More than here is a mistake; with less, these
//! are to be lowered.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, ThreadId};

use tracing::{Instrument as _, span};
use tracing_core::span::Current;

use super::hot::open_with;
use super::*;

/// sqlx enters the caller's span on the connection's thread for every command. Spans are not told apart
/// here; `depth` says in how many the caller is.
#[derive(Clone)]
struct Commands {
    caller: ThreadId,
    depth: Arc<AtomicUsize>,
    metadata: Arc<OnceLock<&'static tracing::Metadata<'static>>>,
    threads: Arc<Mutex<Vec<ThreadId>>>,
}

impl Commands {
    fn of_this_thread() -> Self {
        Self {
            caller: thread::current().id(),
            depth: Arc::default(),
            metadata: Arc::default(),
            threads: Arc::default(),
        }
    }

    fn is_caller(&self) -> bool {
        thread::current().id() == self.caller
    }
}

impl tracing::Subscriber for Commands {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_span()
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        self.metadata.get_or_init(|| span.metadata());
        span::Id::from_u64(1)
    }

    fn current_span(&self) -> Current {
        match self.metadata.get() {
            Some(metadata) if self.depth.load(Ordering::Relaxed) > 0 => {
                Current::new(span::Id::from_u64(1), metadata)
            }
            _ => Current::none(),
        }
    }

    fn enter(&self, _: &span::Id) {
        if self.is_caller() {
            self.depth.fetch_add(1, Ordering::Relaxed);
        } else {
            self.threads.lock().unwrap().push(thread::current().id());
        }
    }

    fn exit(&self, _: &span::Id) {
        if self.is_caller() {
            self.depth.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
}

#[derive(Debug, PartialEq, Eq)]
struct Cost {
    connections: usize,
    /// But for the one that opens the connection, and the one that closes it, which nobody waits for.
    round_trips: usize,
}

const fn cost(connections: usize, round_trips: usize) -> Cost {
    Cost { connections, round_trips }
}

/// What every operation of a cache costs that has been in use for a moment, with `hot_bytes` in
/// memory.
fn costs(hot_bytes: u64, folder: &Folder, operation: impl AsyncFnOnce(&Cache)) -> Cost {
    // Of a lone subscriber it is thought that what another thread comes by first interests nobody.
    let _other = tracing::Dispatch::new(Commands::of_this_thread());
    let commands = Commands::of_this_thread();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cache = runtime.block_on(async {
        let cache = open_with(folder, hot_bytes).await;
        cache.put(request("a://file"), vec![0xff; 100_000]).await.unwrap();
        cache.put(request("a://inline"), vec![0xff; 8_000]).await.unwrap();
        cache.lookup("a://inline").await.unwrap();
        cache
    });
    tracing::subscriber::with_default(commands.clone(), || {
        let span = tracing::info_span!("operation");
        runtime.block_on(operation(&cache).instrument(span));
    });
    runtime.block_on(cache.close());
    let threads = commands.threads.lock().unwrap();
    cost(threads.iter().collect::<HashSet<_>>().len(), threads.len())
}

macro_rules! floors {
    ($($name:ident: $hot_bytes:literal, $operation:expr => $cost:expr;)+) => {
        $(
            #[test]
            fn $name() {
                assert_eq!(costs($hot_bytes, &Folder::new(), $operation), $cost);
            }
        )+
    };
}

floors! {
    a_hit_in_memory: 10_000_000, async |cache: &Cache| {
        assert!(matches!(cache.lookup("a://inline").await, Ok(Lookup::Fresh(_))));
    } => cost(0, 0);

    a_hit_in_the_store: 0, async |cache: &Cache| {
        assert!(matches!(cache.lookup("a://inline").await, Ok(Lookup::Fresh(_))));
    } => cost(1, 2);

    a_hit_in_a_file: 0, async |cache: &Cache| {
        assert!(matches!(cache.lookup("a://file").await, Ok(Lookup::Fresh(_))));
    } => cost(1, 2);

    a_miss: 10_000_000, async |cache: &Cache| {
        assert!(matches!(cache.lookup("a://none").await, Ok(Lookup::Miss)));
    } => cost(1, 2);

    a_thousand_look_ups_at_once: 0, async |cache: &Cache| {
        let urls: Vec<_> = (0..1_000).map(|number| format!("a://{number}")).collect();
        assert_eq!(cache.lookup_many(&urls).await.unwrap().len(), 1_000);
    } => cost(1, 2);

    a_put: 0, async |cache: &Cache| {
        cache.put(request("a://new"), vec![0xff; 8_000]).await.unwrap();
    } => cost(1, 6);

    four_puts_at_once: 0, async |cache: &Cache| {
        let put = async |number: usize| {
            cache.put(request(&format!("a://{number}")), "body").await.unwrap();
        };
        tokio::join!(put(1), put(2), put(3), put(4));
    } => cost(1, 12);

    a_put_in_a_file: 0, async |cache: &Cache| {
        cache.put(request("a://new"), vec![0xfe; 100_000]).await.unwrap();
    } => cost(1, 6);

    a_put_in_place_of_an_entry: 0, async |cache: &Cache| {
        cache.put(request("a://inline"), vec![0xfe; 8_000]).await.unwrap();
    } => cost(1, 7);

    a_removal: 0, async |cache: &Cache| {
        assert!(cache.remove("a://inline").await.unwrap());
    } => cost(1, 7);

    a_request_in_the_queue: 0, async |cache: &Cache| {
        let request = request("http://127.0.0.1:1/x").priority(Priority::Batch);
        cache.enqueue([request]).await.unwrap();
    } => cost(1, 8);

    a_hundred_requests_in_the_queue: 0, async |cache: &Cache| {
        let requests = (0..100).map(|n| request(&format!("http://127.0.0.1:1/{n}")));
        cache.enqueue(requests.map(|request| request.priority(Priority::Batch))).await.unwrap();
    } => cost(1, 8);
}
