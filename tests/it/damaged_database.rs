//! Databases that cannot be used, met by real processes.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::sync::Barrier;

use datacache::Request;
use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, PATIENCE, Peer, body, run, write};

const DATABASE: &str = "datacache.sqlite";
const PROGRAMS: usize = 8;

/// The databases that were moved aside.
fn moved(folder: &Folder) -> Vec<PathBuf> {
    let is_moved = |path: &PathBuf| {
        let name = path.to_str().unwrap_or_default();
        name.starts_with("datacache-damaged-") && name.ends_with(".sqlite")
    };
    folder.files().into_iter().filter(is_moved).collect()
}

/// A cache folder with some entries, in rows and in files.
fn filled() -> Folder {
    let folder = Folder::new();
    let mut peer = Peer::start(&folder.dir());
    for number in 0..200 {
        peer.order(&format!("put https://a.example/{number} {number} {}", 10 + number * 400));
    }
    drop(peer);
    // It was killed; whoever closes the database last writes the log back.
    assert_eq!(folder.run(["verify"]).status, 0);
    folder
}

/// Overwrites all pages but the first.
fn damage_pages(folder: &Folder) {
    let mut file = fs::OpenOptions::new().write(true).open(folder.dir().join(DATABASE)).unwrap();
    let pages = file.metadata().unwrap().len() / 4_096;
    for page in 1..pages {
        file.seek(SeekFrom::Start(page * 4_096)).unwrap();
        file.write_all(&[0xee; 1_024]).unwrap();
    }
}

#[test]
fn it_is_moved_aside_with_a_warning_that_says_where_to_and_nothing_is_said_again() {
    let garbage = [body(2, 10_000), b"short".to_vec(), vec![0; 4_096]];
    for garbage in garbage {
        let folder = Folder::new();
        fs::create_dir(folder.dir()).unwrap();
        write(folder.dir().join(DATABASE), &garbage);
        let first = folder.run(["stats", "--json"]);
        assert_eq!(first.status, 0, "{first:?}");
        let [backup] = &moved(&folder)[..] else { panic!("{:?}", folder.files()) };
        let backup = folder.dir().join(backup);
        let expected = format!(
            "warning: the database was damaged; it is now {}, a new one was begun\n",
            backup.display()
        );
        assert_eq!(first.stderr, expected);
        assert!(fs::read(backup).unwrap() == garbage);
        assert_eq!(folder.run(["stats"]).stderr, "");
    }
}

#[test]
fn of_eight_programs_that_meet_it_at_once_one_moves_it_and_all_go_on() {
    let folder = filled();
    let whole = fs::read(folder.dir().join(DATABASE)).unwrap();
    write(folder.dir().join(DATABASE), &whole[..whole.len() / 2]);
    let file = folder.beside("file");
    write(&file, body(1, 70_000));
    let barrier = Barrier::new(PROGRAMS);
    std::thread::scope(|scope| {
        let put = |number| {
            let mut put = folder.program(["put", &format!("a://{number}"), file.to_str().unwrap()]);
            barrier.wait();
            run(&mut put)
        };
        let runs: Vec<_> = (0..PROGRAMS).map(|number| scope.spawn(move || put(number))).collect();
        let ended: Vec<_> = runs.into_iter().map(|run| run.join().unwrap()).collect();
        let warned = ended.iter().filter(|run| run.stderr.contains("was damaged")).count();
        assert!(ended.iter().all(|run| run.status == 0) && warned == 1, "{ended:?}");
    });
    assert_eq!(moved(&folder).len(), 1);
    assert_eq!(folder.run(["ls", "--json"]).text().lines().count(), PROGRAMS);
    // The files of the entries that went with the old database.
    let report = folder.run(["--json", "verify", "--repair"]).json();
    assert!(report["counts"]["orphaned_file"]["repaired"].as_u64() > Some(10), "{report}");
    assert_eq!(folder.blobs().len(), 1);
    assert_eq!(folder.run(["verify"]).status, 0);
}

/// Processes that have it open while it is damaged: each may be told once, then all go on.
#[test]
fn processes_that_have_it_open_go_on_with_the_new_one() {
    let folder = filled();
    let mut peers: Vec<Peer> = (0..4).map(|_| Peer::start(&folder.dir())).collect();
    for (number, peer) in peers.iter_mut().enumerate() {
        assert!(peer.order(&format!("lookup https://a.example/{number}")).starts_with("fresh"));
    }
    damage_pages(&folder);
    // Whoever notices first.
    let noticed = folder.run(["ls"]);
    noticed_or_failed(&noticed);
    assert_eq!(moved(&folder).len(), 1, "{noticed:?}");
    for (number, peer) in peers.iter_mut().enumerate() {
        peer.order(&format!("put https://b.example/{number} {number} 70000"));
    }
    for peer in &mut peers {
        for number in 0..4 {
            let found = peer.order(&format!("lookup https://b.example/{number}"));
            assert!(found.starts_with("fresh"), "{found}");
        }
    }
    drop(peers);
    assert_eq!(folder.run(["verify", "--repair"]).status, 0);
    assert_eq!((moved(&folder).len(), folder.run(["verify"]).status), (1, 0));
}

fn noticed_or_failed(run: &datacache_tests::Run) {
    let (warning, error) = (run.stderr.contains("was damaged"), run.stderr.contains("is damaged"));
    assert!(warning && (run.status == 0 || error), "{run:?}");
}

/// What is queued goes with the old database; what is queued then is run.
#[tokio::test]
async fn a_worker_outlives_it() {
    let folder = filled();
    let origin = Origin::start(|_| Reply::ok("x")).unwrap();
    let mut worker = folder.program(["worker"]);
    let mut worker = worker.stderr(std::process::Stdio::null()).spawn().unwrap();
    let cache = folder.open().await;
    let request = |path: &str| Request::new(origin.url(path));
    let mut finishes = cache.subscribe().await.unwrap();
    cache.enqueue([request("/before")]).await.unwrap();
    let before = finishes.next().await.unwrap();
    assert_eq!(before.key.as_str(), origin.url("/before"));
    damage_pages(&folder);
    // Whoever of the two notices it, both find the new one.
    let mut tries = 0;
    while let Err(error) = cache.enqueue([request("/after")]).await {
        assert_eq!(error.kind(), datacache::ErrorKind::Corrupt, "{error}");
        tries += 1;
        assert!(tries < 100_000, "{error}");
        tokio::task::yield_now().await;
    }
    let answer = cache.wait(&origin.url("/after"), PATIENCE).await.unwrap();
    assert!(matches!(answer, datacache::Answer::Found(_)), "{answer:?}");
    let after = tokio::time::timeout(PATIENCE, finishes.next()).await.unwrap().unwrap();
    assert_eq!(after.key.as_str(), origin.url("/after"));
    assert_eq!(worker.try_wait().unwrap(), None, "the worker has ended");
    worker.kill().unwrap();
    worker.wait().unwrap();
    cache.close().await;
    assert_eq!(moved(&folder).len(), 1);
}

/// A database is left behind whole or not at all, whenever its mover dies.
#[test]
fn a_program_that_is_killed_while_it_moves_one_is_succeeded_by_the_next() {
    let mut rng = fastrand::Rng::with_seed(5);
    for _ in 0..25 {
        let folder = Folder::new();
        fs::create_dir(folder.dir()).unwrap();
        let garbage = body(3, 50_000);
        write(folder.dir().join(DATABASE), &garbage);
        let mut killed = folder.program(["ls"]);
        let mut killed = killed.stderr(std::process::Stdio::null()).spawn().unwrap();
        for _ in 0..rng.u32(..12_000_000) {
            std::hint::spin_loop();
        }
        let _ = killed.kill();
        killed.wait().unwrap();
        let next = folder.run(["verify"]);
        assert_eq!(next.status, 0, "{next:?}");
        let [backup] = &moved(&folder)[..] else { panic!("{:?}", folder.files()) };
        assert!(fs::read(folder.dir().join(backup)).unwrap() == garbage);
    }
}

#[test]
fn a_damaged_page_is_told_by_verify_and_moved_aside_by_its_repair() {
    let folder = filled();
    let file = folder.dir().join(DATABASE);
    let pages = fs::metadata(&file).unwrap().len() / 4_096;
    // A page from the middle, where entries are.
    let mut database = fs::OpenOptions::new().write(true).open(&file).unwrap();
    database.seek(SeekFrom::Start(pages * 2 / 3 * 4_096)).unwrap();
    database.write_all(&[0xee; 4_096]).unwrap();
    drop(database);
    let told = folder.run(["--json", "verify"]);
    assert_eq!(told.status, 1, "{told:?}");
    assert_eq!(told.json()["findings"][0]["subject"], DATABASE);
    assert_eq!((told.json()["entries"].as_u64(), moved(&folder).len()), (Some(0), 0));
    let repaired = folder.run(["--json", "verify", "--repair"]);
    assert_eq!(repaired.status, 0, "{repaired:?}");
    let moved_to = repaired.json()["moved_aside"].as_str().unwrap().to_owned();
    assert_eq!(moved(&folder), [PathBuf::from(&moved_to).file_name().unwrap()]);
    assert_eq!(folder.run(["verify"]).status, 0);
    folder.assert_empty();
}

/// To SQLite an empty file is a new database; whoever finds the files of its entries knows better.
#[test]
fn a_database_that_was_emptied_or_removed_is_begun_anew_but_not_without_a_word() {
    let empty = |path: &PathBuf| write(path, "");
    let remove = |path: &PathBuf| fs::remove_file(path).unwrap();
    for lose in [&empty as &dyn Fn(&PathBuf), &remove] {
        let folder = filled();
        lose(&folder.dir().join(DATABASE));
        let first = folder.run(["-v", "ls"]);
        assert_eq!((first.status, first.text().as_str()), (0, ""), "{first:?}");
        assert!(first.stderr.contains("the entries of the former one are lost"), "{first:?}");
        let second = folder.run(["-v", "ls"]);
        assert_eq!((second.status, second.stderr.as_str()), (0, ""), "{second:?}");
    }
    // Where there was nothing, nothing is said.
    let folder = Folder::new();
    let first = folder.run(["-v", "ls"]);
    assert_eq!((first.status, first.stderr.as_str()), (0, ""), "{first:?}");
}
