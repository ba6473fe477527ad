use super::*;
use crate::store::Subject;

fn subject(data_type: DataType) -> Subject {
    Subject { identifier: Identifier::new("Daft Punk").unwrap(), data_type }
}

fn fanart() -> Subject {
    subject(DataType::ARTIST_FANART)
}

fn urls(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("https://a.example/{number}")).collect()
}

fn requests(subject: &Subject, urls: Vec<String>) -> impl Iterator<Item = Request> {
    let Subject { identifier, data_type } = subject;
    urls.into_iter().map(|url| image_request(url, identifier, data_type, None))
}

/// How many were queued, were known, and were left out.
async fn fill(cache: &Cache, subject: &Subject, urls: Vec<String>, max: usize) -> (u64, u64, u64) {
    let fill = cache.fill_queue(subject, requests(subject, urls), max).await.unwrap();
    (fill.queued, fill.known, fill.left_out)
}

async fn queue(cache: &Cache) -> Vec<String> {
    let (jobs, _) = cache.jobs(Page::default()).await.unwrap();
    jobs.into_iter().map(|job| job.url.as_str().rsplit('/').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_first_of_the_urls_are_queued_up_to_the_cap_or_less() {
    for (data_type, max, expected) in [
        (DataType::ARTIST_FANART, usize::MAX, 10),
        (DataType::ARTIST_FANART, 3, 3),
        (DataType::ARTIST_LOGO, 5, 2),
        (DataType::FRONT_COVER, 15, 15),
        (DataType::FRONT_COVER, 0, 0),
    ] {
        let folder = Folder::new();
        let cache = folder.open().await;
        let filled = fill(&cache, &subject(data_type), urls((0..20).rev()), max).await;
        assert_eq!(filled, (expected, 0, 20 - expected));
        let first = (0..20).rev().take(usize::try_from(expected).unwrap());
        let mut queued = queue(&cache).await;
        queued.sort_by_key(|number| std::cmp::Reverse(number.parse::<u32>().unwrap()));
        assert_eq!(queued, first.map(|number: u32| number.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_is_cached_or_queued_counts_and_is_not_queued_again() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let image = |number: u32| {
        request(&urls([number])[0]).identifier("Daft Punk").data_type(DataType::ARTIST_FANART)
    };
    cache.put(image(0), png()).await.unwrap();
    cache.put(image(9), png()).await.unwrap();
    // Stale ones are there as well, and one that is being renewed is not two.
    folder.clock.advance(HOUR);
    cache.enqueue([image(9).priority(Priority::Batch), image(1)]).await.unwrap();
    assert_eq!(fill(&cache, &fanart(), urls(0..6), 5).await, (2, 2, 2));
    cache.0.background.finish().await;
    let mut queued = queue(&cache).await;
    queued.sort();
    assert_eq!(queued, ["0", "1", "2", "3", "9"], "those that are stale are renewed");
    assert_eq!(fill(&cache, &fanart(), urls(0..6), 5).await, (0, 4, 2));
    assert_eq!(
        fill(&cache, &subject(DataType::ARTIST_LOGO), urls([0, 1, 7, 7]), 9).await,
        (1, 2, 0)
    );
}

#[tokio::test]
async fn what_is_known_to_be_absent_is_passed_over_and_does_not_count() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let origin = origin([Reply::status(404)]);
    cache.fetch(request(&origin.url("/x")).identifier("Daft Punk")).await.unwrap();
    let both = || vec![origin.url("/x"), origin.url("/y")];
    assert_eq!(fill(&cache, &fanart(), both(), 1).await, (1, 1, 0));
    assert_eq!(queue(&cache).await, ["y"]);
    cache.dequeue(&origin.url("/y")).await.unwrap();
    folder.clock.advance(HOUR);
    assert_eq!(fill(&cache, &fanart(), both(), 1).await, (1, 0, 1));
    assert_eq!(queue(&cache).await, ["x"]);
}

#[tokio::test]
async fn what_cannot_be_fetched_is_refused_and_nothing_queued() {
    let folder = Folder::new();
    let cache = folder.open().await;
    for (subject, urls) in [
        (fanart(), vec!["https://a.example/1".to_owned(), "embedded://x".to_owned()]),
        (subject(DataType::API_RESPONSE), urls(0..2)),
    ] {
        let requests = requests(&subject, urls);
        let error = cache.fill_queue(&subject, requests, 9).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(queue(&cache).await, Vec::<String>::new());
}

/// As a host asks for that nobody has a policy for.
#[tokio::test]
async fn what_has_expired_and_may_not_be_shown_counts_no_more_and_is_fetched_again() {
    let folder = Folder::new();
    let reply = with(Reply::ok(png()), "Cache-Control: max-age=60, must-revalidate");
    let (cache, origin) = (folder.open().await, origin([reply]));
    let (url, Subject { identifier, data_type }) = (origin.url("/x"), fanart());
    let image = Request::new(&url).identifier("Daft Punk").data_type(data_type.clone());
    let keys = async || cache.keys(&identifier, &data_type).await.unwrap().len();
    cache.fetch(image).await.unwrap();
    assert_eq!((keys().await, fill(&cache, &fanart(), vec![url.clone()], 1).await), (1, (0, 1, 0)));
    folder.clock.advance(HOUR);
    let picked = cache.random_image(&identifier, &data_type, None).await.unwrap();
    assert!(picked.is_none() && keys().await == 0);
    assert_eq!(fill(&cache, &fanart(), vec![url.clone()], 1).await, (1, 0, 0));
    drain(&cache).await;
    assert_eq!((keys().await, origin.received().len()), (1, 2));
}

/// All have seen that there is room when the first of them may write.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_cap_holds_however_many_fill_the_queue_at_once() {
    let folder = Folder::new();
    let other = folder.open().await;
    let lock = other.0.db.write("test").await.unwrap();
    let mut fillers = Vec::new();
    for filler in 0..8 {
        let cache = folder.open().await;
        fillers.push(tokio::spawn(async move {
            fill(&cache, &fanart(), urls(filler * 10..filler * 10 + 10), 10).await.0
        }));
    }
    // They have looked once others have many times.
    for _ in 0..100 {
        other.lookup("a://other").await.unwrap();
    }
    lock.commit().await.unwrap();
    let mut queued = 0;
    for filler in fillers {
        queued += filler.await.unwrap();
    }
    assert_eq!(queued, 10);
    assert_eq!(queue(&other).await.len(), 10);
}

/// Nothing is missing, as nearly always while a track plays.
#[tokio::test]
async fn who_misses_nothing_waits_for_no_writer() {
    let folder = Folder::new();
    let (cache, writer) = (folder.open().await, folder.open().await);
    fill(&cache, &fanart(), urls(0..3), 3).await;
    let lock = writer.0.db.write("test").await.unwrap();
    let filled = tokio::time::timeout(NET, fill(&cache, &fanart(), urls(0..5), 3)).await;
    assert_eq!(filled.expect("it takes no lock"), (0, 3, 2));
    lock.commit().await.unwrap();
}
