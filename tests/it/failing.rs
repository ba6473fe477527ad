//! A disk on which one operation fails, be it any: the first, the second, and so on until a run has
//! none left to fail.

use datacache::testing::{Origin, Reply};
use datacache::{Cache, FindingKind, Lookup, Page, Repair};
use datacache_tests::{Fault, Faults, Folder, Run, Then, body, write};

const OTHER: &str = "a://other";

/// In rows, and in files.
const SMALL: usize = 500;
const LARGE: usize = 100_000;

const DATABASE: &str = "datacache.sqlite";
const PAGE_BYTES: u64 = 4_096;

/// Whatever the program does, it does more than this to the disk.
const FEWEST_OPERATIONS: usize = 12;

/// In which words a disk is said to be full or to fail. Some are SQLite's, which does not always
/// know why it cannot open or read a file, and the last is the standard library's of a folder that
/// does not show.
const WORDS: &[&str] = &[
    "the disk is full",
    "Input/output error",
    "disk I/O error",
    "unable to open database file",
    "attempt to write a readonly database",
    "the disk fails",
    "File exists",
];

/// What the disk says, and at which operations: at each, or, where a command does hundreds that are
/// much alike, at every so many.
#[derive(Clone, Copy)]
struct Plan(Fault, Then, usize);

/// A cache folder that is copied for each run. It has an entry that is past its time and another
/// one.
struct Scene {
    folder: Folder,
    faults: Faults,
    /// It answers as long as it is there.
    _origin: Origin,
    url: String,
    job: String,
    old: Vec<u8>,
    /// What the origin has by now.
    new: Vec<u8>,
    other: Option<Vec<u8>>,
}

/// What is found after a run that met a fault, when the disk is in order again.
struct Left {
    entry: Option<Vec<u8>>,
    fetched: Option<Vec<u8>>,
    is_queued: bool,
}

impl Scene {
    /// One without a folder, in which bodies are to have `size` bytes.
    fn empty(size: usize) -> Self {
        let new = body(1, size);
        let reply = new.clone();
        let origin = Origin::start(move |_| Reply::ok(reply.clone())).unwrap();
        let (url, job) = (origin.url("/entry"), origin.url("/job"));
        let old = body(2, size);
        let (folder, faults) = (Folder::new(), Faults::new());
        Self { folder, faults, _origin: origin, url, job, old, new, other: None }
    }

    fn new(size: usize) -> Self {
        let mut scene = Self::empty(size);
        let other = body(3, LARGE);
        scene.run(&["put", &scene.url, &scene.file("old", &scene.old), "--ttl", "1ms"]);
        scene.run(&["put", OTHER, &scene.file("other", &other)]);
        scene.other = Some(other);
        scene
    }

    fn file(&self, name: &str, data: &[u8]) -> String {
        let file = self.folder.beside(name);
        write(&file, data);
        file.to_str().unwrap().to_owned()
    }

    /// A run that sets the scene.
    fn run(&self, args: &[&str]) {
        let run = self.folder.run(args);
        assert_eq!(run.status, 0, "{run:?}");
    }

    /// Runs the program on copies of the folder until nothing fails; `check` looks at each run and
    /// at what it has left.
    async fn fail_each(
        &self,
        Plan(fault, then, every): Plan,
        args: &[&str],
        check: impl Fn(&Run, &Left) -> bool,
    ) {
        for at in (1..).step_by(every) {
            let folder = self.folder.copy();
            let mut program = folder.program(args);
            let (run, failed) = self.faults.run(&mut program, &folder.dir(), (fault, then), at);
            let context = format!("{at}, {fault:?}, {then:?}: {failed:?}: {run:?}");
            assert_told(&run, &context);
            let left = self.left(&folder, &context).await;
            assert!(check(&run, &left), "{context}");
            if failed.is_none() {
                assert!(run.status == 0 && at > FEWEST_OPERATIONS, "{context}");
                return;
            }
        }
    }

    /// Asserts that everything is whole, and tells what there is.
    async fn left(&self, folder: &Folder, context: &str) -> Left {
        let cache = folder.open().await;
        assert_eq!(cache.moved_aside(), None, "{context}");
        assert_sound(&cache, context).await;
        assert!(bytes(&cache, OTHER).await == self.other, "{context}");
        let (jobs, _) = cache.jobs(Page::default()).await.unwrap();
        let left = Left {
            entry: bytes(&cache, &self.url).await,
            fetched: bytes(&cache, &self.job).await,
            is_queued: jobs.iter().any(|job| job.url.as_str() == self.job),
        };
        cache.close().await;
        let is_moved = |path: &std::path::PathBuf| path.to_string_lossy().contains("damaged");
        assert!(!folder.files().iter().any(is_moved), "{context}: {:?}", folder.files());
        left
    }

    fn is_old(&self, left: &Left) -> bool {
        left.entry.as_ref() == Some(&self.old)
    }

    fn is_new(&self, left: &Left) -> bool {
        left.entry.as_ref() == Some(&self.new)
    }
}

/// Asserts that a run ended well, or failed with one line of error about the disk.
fn assert_told(run: &Run, context: &str) {
    assert!(!run.stderr.contains("panicked"), "{context}");
    if run.status != 0 {
        assert_eq!(run.status, 1, "{context}");
        assert!(WORDS.iter().any(|word| run.error().contains(word)), "{context}");
    }
}

/// Asserts that nothing is wrong but files that nobody needs, which can be removed.
async fn assert_sound(cache: &Cache, context: &str) {
    let verified = cache.verify(Repair::Everything).await.unwrap();
    let is_leftover =
        |kind: &FindingKind| matches!(kind, FindingKind::OrphanedFile | FindingKind::TemporaryFile);
    assert!(verified.counts.keys().all(is_leftover), "{context}: {verified:?}");
    assert!(verified.is_repaired(), "{context}: {verified:?}");
    if !verified.is_sound() {
        let again = cache.verify(Repair::Nothing).await.unwrap();
        assert!(again.is_sound(), "{context}: {again:?}");
    }
}

async fn bytes(cache: &Cache, url: &str) -> Option<Vec<u8>> {
    match cache.lookup(url).await.unwrap() {
        Lookup::Fresh(entry) | Lookup::Stale(entry) => Some(entry.data.to_vec()),
        _ => None,
    }
}

const FULL: Plan = Plan(Fault::Full, Then::Recovers, 1);
const FULL_FOR_GOOD: Plan = Plan(Fault::Full, Then::Remains, 5);
const FAILING_FOR_GOOD: Plan = Plan(Fault::Failing, Then::Remains, 11);

const fn failing_at_every(step: usize) -> Plan {
    Plan(Fault::Failing, Then::Recovers, step)
}

async fn put(size: usize, plans: &[Plan]) {
    let scene = Scene::new(size);
    let file = scene.file("new", &scene.new);
    for plan in plans {
        let check =
            |run: &Run, left: &Left| scene.is_new(left) || (run.status == 1 && scene.is_old(left));
        scene.fail_each(*plan, &["put", &scene.url, &file], check).await;
    }
}

async fn get(size: usize, plans: &[Plan]) {
    let scene = Scene::new(size);
    for plan in plans {
        let check = |run: &Run, left: &Left| match run.status {
            0 => run.stdout == scene.new && scene.is_new(left),
            _ => run.stdout.is_empty() && (scene.is_new(left) || scene.is_old(left)),
        };
        scene.fail_each(*plan, &["get", &scene.url, "--fresh"], check).await;
    }
}

async fn rm(plans: &[Plan]) {
    let scene = Scene::new(LARGE);
    for plan in plans {
        let check = |run: &Run, left: &Left| {
            left.entry.is_none() || (run.status == 1 && scene.is_old(left))
        };
        scene.fail_each(*plan, &["rm", &scene.url], check).await;
    }
}

async fn enqueue(plans: &[Plan]) {
    let scene = Scene::new(SMALL);
    for plan in plans {
        let check =
            |run: &Run, left: &Left| scene.is_old(left) && (left.is_queued || run.status == 1);
        scene.fail_each(*plan, &["enqueue", &scene.job], check).await;
    }
}

async fn drain(plans: &[Plan]) {
    let scene = Scene::new(LARGE);
    scene.run(&["enqueue", &scene.job]);
    for plan in plans {
        let check = |_: &Run, left: &Left| {
            scene.is_old(left) && (left.is_queued || left.fetched.as_ref() == Some(&scene.new))
        };
        scene.fail_each(*plan, &["worker", "--drain", "--patience", "0s"], check).await;
    }
}

async fn maintain(plans: &[Plan]) {
    let scene = Scene::new(LARGE);
    for plan in plans {
        scene.fail_each(*plan, &["maintain"], |_, left| scene.is_old(left)).await;
    }
}

async fn begin(plans: &[Plan]) {
    let scene = Scene::empty(SMALL);
    for plan in plans {
        scene.fail_each(*plan, &["stats"], |_, left| left.entry.is_none()).await;
    }
}

/// The first operations in the folder of all files show which folders there are, and these lose
/// nothing.
#[tokio::test]
async fn a_folder_that_does_not_show_is_not_removed() {
    let scene = Scene::new(LARGE);
    for at in 1..=12 {
        let folder = scene.folder.copy();
        let (mut maintain, files) = (folder.program(["maintain"]), folder.dir().join("blobs/v1"));
        let fault = (Fault::Failing, Then::Recovers);
        let (run, failed) = scene.faults.run(&mut maintain, &files, fault, at);
        let context = format!("{at}: {failed:?}: {run:?}");
        assert!(failed.is_some(), "{context}");
        assert_told(&run, &context);
        assert!(scene.is_old(&scene.left(&folder, &context).await), "{context}");
    }
}

/// SQLite takes a page that it needs and cannot read for a damaged one.
#[tokio::test]
async fn a_database_of_which_a_page_cannot_be_read_is_not_moved_aside() {
    let scene = Scene::new(SMALL);
    scene.run(&["verify"]);
    let pages = std::fs::metadata(scene.folder.dir().join(DATABASE)).unwrap().len() / PAGE_BYTES;
    let mut met = 0;
    for (page, command) in (0..pages).flat_map(|page| [(page, "stats"), (page, "ls")]) {
        let folder = scene.folder.copy();
        let (file, offset) = (folder.dir().join(DATABASE), page * PAGE_BYTES);
        let mut program = folder.program([command]);
        let (run, failed) = scene.faults.run_with_bad_sector(&mut program, &file, offset);
        let context = format!("page {page}: {failed:?}: {run:?}");
        assert_told(&run, &context);
        assert!(scene.is_old(&scene.left(&folder, &context).await), "{context}");
        met += u64::from(failed.is_some() && run.status == 1);
    }
    assert!(met > 5, "{met} of {pages}");
}

macro_rules! tests {
    ($($name:ident: $check:expr;)*) => {
        $(#[tokio::test]
        async fn $name() {
            $check.await;
        })*
    };
}

tests! {
    a_row_is_put_on_a_full_disk: put(SMALL, &[FULL]);
    a_row_is_put_on_a_failing_disk: put(SMALL, &[failing_at_every(7)]);
    a_file_is_put_on_a_full_disk: put(LARGE, &[FULL, FULL_FOR_GOOD]);
    a_file_is_put_on_a_failing_disk: put(LARGE, &[failing_at_every(3), FAILING_FOR_GOOD]);
    a_row_is_fetched_to_a_full_disk: get(SMALL, &[FULL_FOR_GOOD]);
    a_row_is_fetched_to_a_failing_disk: get(SMALL, &[failing_at_every(11)]);
    a_file_is_fetched_to_a_full_disk: get(LARGE, &[FULL]);
    a_file_is_fetched_to_a_failing_disk: get(LARGE, &[failing_at_every(7)]);
    an_entry_is_removed_from_a_full_disk: rm(&[FULL]);
    an_entry_is_removed_from_a_failing_disk: rm(&[failing_at_every(5)]);
    a_request_is_queued_on_a_full_disk: enqueue(&[FULL]);
    a_request_is_queued_on_a_failing_disk: enqueue(&[failing_at_every(5)]);
    a_queue_is_drained_on_a_full_disk: drain(&[Plan(Fault::Full, Then::Recovers, 3)]);
    a_queue_is_drained_on_a_failing_disk: drain(&[failing_at_every(17)]);
    a_full_disk_is_looked_after: maintain(&[Plan(Fault::Full, Then::Recovers, 13)]);
    a_failing_disk_is_looked_after: maintain(&[failing_at_every(53)]);
    a_cache_is_begun_on_a_full_disk: begin(&[FULL]);
    a_cache_is_begun_on_a_failing_disk: begin(&[failing_at_every(11)]);
}
