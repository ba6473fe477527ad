//! The store against a plain map: whatever is done to it, through whichever of two handles, and
//! whatever happens to its files meanwhile.

use std::task::{Context, Waker};

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::runtime::Builder;

use super::budget::assert_counted;
use super::*;

/// So few keys and bodies that they meet often.
const KEYS: usize = 6;

/// Bodies that go to rows and files, text that is compressed among them.
fn body(number: u8) -> Bytes {
    let size = [0, 10, INLINE_MAX, INLINE_MAX + 1, 4 * INLINE_MAX, 20 * INLINE_MAX];
    let size = size[usize::from(number) % size.len()];
    match number % 3 {
        0 => vec![number; size].into(),
        1 => "text ".repeat(size / 5).into(),
        // Such as no compression makes shorter.
        _ => noise(number, size),
    }
}

fn noise(seed: u8, size: usize) -> Bytes {
    let mut bytes = vec![0; size];
    fastrand::Rng::with_seed(seed.into()).fill(&mut bytes);
    bytes.into()
}

#[derive(Clone, Debug)]
enum Step {
    Put {
        key: usize,
        body: u8,
        is_image: bool,
    },
    /// The caller goes away after so many looks at the future.
    PutAndLeave {
        key: usize,
        body: u8,
        polls: usize,
    },
    Remove {
        key: usize,
    },
    RemoveImages,
    Get {
        key: usize,
    },
    /// Something happens to the file of an entry that has one.
    Damage {
        key: usize,
        how: Damage,
    },
    /// Another process ends, and a new one begins.
    Reopen,
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    Deleted,
    Truncated,
    Flipped,
    Replaced,
}

fn any_step() -> impl Strategy<Value = Step> {
    let damage = [Damage::Deleted, Damage::Truncated, Damage::Flipped, Damage::Replaced];
    prop_oneof![
        6 => (0..KEYS, any::<u8>(), any::<bool>())
            .prop_map(|(key, body, is_image)| Step::Put { key, body, is_image }),
        2 => (0..KEYS, any::<u8>(), 0..40_usize)
            .prop_map(|(key, body, polls)| Step::PutAndLeave { key, body, polls }),
        2 => (0..KEYS).prop_map(|key| Step::Remove { key }),
        1 => Just(Step::RemoveImages),
        4 => (0..KEYS).prop_map(|key| Step::Get { key }),
        2 => (0..KEYS, proptest::sample::select(damage.to_vec()))
            .prop_map(|(key, how)| Step::Damage { key, how }),
        1 => Just(Step::Reopen),
    ]
}

/// What one key may read as: `None` is a miss. More than one where a caller has left.
type Expected = Vec<Option<(Bytes, bool)>>;

struct Model {
    folder: Folder,
    handles: [Store; 2],
    /// Handles of processes that have ended.
    closed: Vec<Store>,
    turn: usize,
    expected: [Expected; KEYS],
    /// Whose files were damaged: the row is there until somebody reads it.
    damaged: [bool; KEYS],
}

impl Model {
    async fn new() -> Self {
        let folder = Folder::new();
        let handles = [folder.open().await, folder.open().await];
        Self {
            folder,
            handles,
            closed: Vec::new(),
            turn: 0,
            expected: std::array::from_fn(|_| vec![None]),
            damaged: [false; KEYS],
        }
    }

    fn new_entry(key: usize, data: Bytes, is_image: bool) -> NewEntry {
        let data_type = if is_image { DataType::FRONT_COVER } else { DataType::OTHER };
        NewEntry { data_type, ..entry(&key.to_string(), data) }
    }

    async fn step(&mut self, step: Step) {
        self.turn = 1 - self.turn;
        let store = self.handles[self.turn].clone();
        match step {
            Step::Put { key, body: number, is_image } => {
                let data = body(number);
                store.put(Self::new_entry(key, data.clone(), is_image)).await.unwrap();
                self.expected[key] = vec![Some((data, is_image))];
            }
            Step::PutAndLeave { key, body: number, polls } => {
                let data = body(number);
                leave(store.put(Self::new_entry(key, data.clone(), false)), polls).await;
                self.expected[key].push(Some((data, false)));
            }
            Step::Remove { key } => {
                let removed = store.remove(&self::key(&key.to_string())).await.unwrap();
                let expected = &self.expected[key];
                let is_expected = expected.iter().any(|expected| expected.is_some() == removed);
                assert!(is_expected || self.damaged[key], "{key}: {removed}");
                self.expected[key] = vec![None];
            }
            Step::RemoveImages => {
                store
                    .remove_matching(&Filter::all().data_type(DataType::FRONT_COVER))
                    .await
                    .unwrap();
                for expected in &mut self.expected {
                    for expected in expected {
                        expected.take_if(|(_, is_image)| *is_image);
                    }
                }
            }
            Step::Get { key } => self.check(&store, key).await,
            Step::Damage { key, how } => self.damage(&store, key, how).await,
            Step::Reopen => {
                self.handles[self.turn] = self.folder.open().await;
                store.db.close().await;
                self.closed.push(store);
            }
        }
    }

    /// What is read is what was last put; and if that was not certain, it is now.
    async fn check(&mut self, store: &Store, key: usize) {
        let read = store.get(&self::key(&key.to_string())).await.unwrap();
        let read = read.map(|entry| (entry.data, entry.info.data_type == DataType::FRONT_COVER));
        assert!(self.expected[key].contains(&read), "{key}: {read:?} of {:?}", self.expected[key]);
        self.expected[key] = vec![read];
    }

    /// Of all that share the bytes, those that are read from the file are lost.
    async fn damage(&mut self, store: &Store, key: usize, how: Damage) {
        self.settle().await;
        let entry = store.get(&self::key(&key.to_string())).await.unwrap();
        let Some(path) = entry.as_ref().and_then(|entry| store.blob_path(&entry.info)) else {
            return;
        };
        match how {
            Damage::Deleted => fs::remove_file(&path).unwrap(),
            Damage::Truncated => {
                fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1).unwrap();
            }
            Damage::Flipped => {
                let mut bytes = fs::read(&path).unwrap();
                bytes[0] ^= 1;
                let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
                io::Write::write_all(&mut file, &bytes).unwrap();
            }
            Damage::Replaced => {
                fs::remove_file(&path).unwrap();
                fs::create_dir(&path).unwrap();
            }
        }
        let lost = entry.map(|entry| entry.data);
        for (expected, damaged) in self.expected.iter_mut().zip(&mut self.damaged) {
            for expected in expected {
                let taken = expected.take_if(|(data, _)| lost.as_ref() == Some(data));
                *damaged |= taken.is_some();
            }
        }
    }

    /// Looks at everything, after which nothing is uncertain.
    async fn settle(&mut self) {
        let store = self.handles[self.turn].clone();
        for key in 0..KEYS {
            self.check(&store, key).await;
        }
    }

    /// What is on the disk is what the entries are, and nothing else.
    async fn end(mut self) -> Folder {
        self.settle().await;
        // What callers have left comes to its end in two transactions: one for the row, and one for the
        // file. Who comes after them has waited for both.
        for store in
            self.closed.iter().chain(&self.handles).cycle().take(2 * (2 + self.closed.len()))
        {
            drop(store.db.write_rest("test").await.unwrap());
        }
        let store = &self.handles[self.turn];
        let there = self.expected.iter().filter(|expected| expected[0].is_some()).count();
        assert_eq!(store.list(&Filter::all(), 0, 100).await.unwrap().len(), there);
        assert_counted(store).await;
        let named = count(store, "SELECT COUNT(DISTINCT file_checksum) FROM cached_data").await;
        assert_eq!(i64::try_from(self.folder.blob_files().len()).unwrap(), named);
        for store in self.handles {
            store.db.close().await;
        }
        self.folder
    }
}

/// Looks so often at a future whose work others do, and then no more.
async fn leave<T>(future: impl Future<Output = T>, polls: usize) {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_a_map_whatever_happens_to_it(steps in vec(any_step(), 1..40)) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let folder = runtime.block_on(async {
            let mut model = Model::new().await;
            for step in steps {
                model.step(step).await;
            }
            model.end().await
        });
        // Files that were being written when the caller left are removed by who writes them.
        drop(runtime);
        assert_eq!(folder.temp_files(), 0);
    }
}
