//! One picture of several artists, and of several types.

use super::*;
use crate::store::Subject;

const DUO: [&str; 2] = ["Thomas Bangalter", "Guy-Manuel"];

fn subject(name: &str, data_type: DataType) -> Subject {
    Subject { identifier: Identifier::new(name).unwrap(), data_type }
}

fn fanart(name: &str) -> Subject {
    subject(name, DataType::ARTIST_FANART)
}

fn image(url: &str, subject: &Subject) -> Request {
    image_request(url, &subject.identifier, &subject.data_type, None).retries(0)
}

/// The subject of a picture that is picked for `subject`.
async fn picked(cache: &Cache, Subject { identifier, data_type }: &Subject) -> Option<Subject> {
    let Entry { info, .. } = cache.random_image(identifier, data_type, None).await.unwrap()?;
    Some(Subject { identifier: info.identifier.unwrap(), data_type: info.data_type })
}

/// How many there are of `subject`: those with handles, those listed.
async fn counts(cache: &Cache, Subject { identifier, data_type }: &Subject) -> (usize, usize) {
    cache.0.background.finish().await;
    let filter = Filter::all().identifier(identifier.clone()).data_type(data_type.clone());
    let (listed, _) = cache.list(&filter, Page::default()).await.unwrap();
    let are_seen = listed
        .iter()
        .all(|info| info.identifier.as_ref() == Some(identifier) && info.data_type == *data_type);
    assert!(are_seen, "{listed:?}");
    (cache.keys(identifier, data_type).await.unwrap().len(), listed.len())
}

#[tokio::test]
async fn a_picture_is_found_under_all_that_it_was_asked_for_as() {
    let folder = Folder::new();
    let (cache, origin) = (folder.open().await, origin([Reply::ok(png())]));
    let url = origin.url("/x");
    let subjects = [fanart(DUO[0]), fanart(DUO[1]), subject(DUO[0], DataType::ARTIST_BANNER)];
    for subject in &subjects {
        cache.fetch(image(&url, subject)).await.unwrap();
    }
    for subject in &subjects {
        assert_eq!(counts(&cache, subject).await, (1, 1), "{subject:?}");
        assert_eq!(picked(&cache, subject).await.as_ref(), Some(subject));
    }
    assert_eq!(counts(&cache, &subject(DUO[1], DataType::ARTIST_BANNER)).await, (0, 0));
    assert_eq!(origin.received().len(), 1);
    // A renewal for the one is one for the other, and takes it from nobody.
    folder.clock.advance(Duration::from_hours(24 * 60));
    fetch(&cache, image(&url, &subjects[1]).must_be_fresh()).await;
    for subject in &subjects {
        assert_eq!(counts(&cache, subject).await, (1, 1), "{subject:?}");
    }
    assert_eq!(cache.remove_matching(&Filter::all()).await.unwrap(), 1);
    for subject in &subjects {
        assert_eq!((counts(&cache, subject).await, picked(&cache, subject).await), ((0, 0), None));
    }
}

#[tokio::test]
async fn who_shares_the_request_of_another_shares_the_picture() {
    let folder = Folder::new();
    let gate = Arc::new(std::sync::Barrier::new(2));
    let waiting = Arc::clone(&gate);
    let origin = Origin::start(move |_| {
        waiting.wait();
        Reply::ok(png())
    });
    let (cache, origin) = (folder.open().await, origin.unwrap());
    let (url, subjects) = (origin.url("/x"), DUO.map(fanart));
    let fetches = subjects.each_ref().map(|subject| cache.fetch(image(&url, subject)));
    let [first, second] = fetches;
    let both = async { tokio::try_join!(first, second) };
    // Both have begun to wait once others have been many times.
    let others = async {
        for _ in 0..20 {
            cache.lookup("a://other").await.unwrap();
        }
        tokio::task::spawn_blocking(move || gate.wait()).await.unwrap();
    };
    let (both, ()) = tokio::join!(both, others);
    both.unwrap();
    for subject in &subjects {
        assert_eq!(counts(&cache, subject).await, (1, 1));
    }
    assert_eq!(origin.received().len(), 1);
}

#[tokio::test]
async fn a_live_request_leaves_the_picture_to_whoever_has_queued_it_too() {
    let folder = Folder::new();
    let (cache, origin) = (folder.open().await, origin([Reply::ok(png())]));
    let (url, [queued, live]) = (origin.url("/x"), DUO.map(fanart));
    cache.enqueue([image(&url, &queued)]).await.unwrap();
    fetch(&cache, image(&url, &live)).await;
    for subject in [&queued, &live] {
        assert_eq!(counts(&cache, subject).await, (1, 1), "{subject:?}");
    }
    assert_eq!(origin.received().len(), 1);
}

#[tokio::test]
async fn one_that_came_without_a_word_of_what_it_is_gets_its_place() {
    let folder = Folder::new();
    let (cache, origin) = (folder.open().await, origin([Reply::ok(png())]));
    let (url, subject) = (origin.url("/x"), fanart(DUO[0]));
    cache.fetch(request(&url)).await.unwrap();
    cache.fetch(image(&url, &subject)).await.unwrap();
    assert_eq!(counts(&cache, &subject).await, (1, 1));
    let (info, _) = cache.show(&url).await.unwrap().unwrap();
    assert_eq!((info.identifier, info.data_type), (Some(subject.identifier), subject.data_type));
    assert_eq!(origin.received().len(), 1);
}

#[tokio::test]
async fn what_ceases_to_be_a_picture_is_one_for_nobody() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let url = "https://a.example/x";
    for name in DUO {
        cache.put(image(url, &fanart(name)), png()).await.unwrap();
    }
    assert_eq!(counts(&cache, &fanart(DUO[0])).await, (1, 1));
    let json = request(url).identifier(DUO[0]).data_type(DataType::API_RESPONSE);
    cache.put(json, "{}").await.unwrap();
    for name in DUO {
        assert_eq!(counts(&cache, &fanart(name)).await, (0, 0));
        assert_eq!(picked(&cache, &fanart(name)).await, None);
    }
}

/// What somebody called something else is a picture of somebody all the same.
#[tokio::test]
async fn what_is_no_picture_by_its_row_stays_one_for_those_who_use_it_so() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let put = || cache.put(request("a://x").identifier(DUO[0]), png());
    put().await.unwrap();
    for name in [DUO[1], "Daft Punk"] {
        cache.fetch(image("a://x", &fanart(name)).offline()).await.unwrap();
        put().await.unwrap();
    }
    for name in [DUO[1], "Daft Punk"] {
        assert_eq!(counts(&cache, &fanart(name)).await, (1, 1), "{name}");
    }
}

#[tokio::test]
async fn filling_the_queue_finds_what_is_kept_for_somebody_else() {
    let folder = Folder::new();
    let (cache, origin) = (folder.open().await, origin([Reply::ok(png())]));
    let (url, [one, other]) = (origin.url("/x"), DUO.map(fanart));
    cache.fetch(image(&url, &one)).await.unwrap();
    let fill = async || {
        let filled = cache.fill_queue(&other, [image(&url, &other)], 1).await.unwrap();
        (filled.queued, filled.known, filled.left_out)
    };
    assert_eq!(fill().await, (1, 0, 0));
    assert_eq!(fill().await, (0, 1, 0));
    assert_eq!(drain(&cache).await.done, 1);
    assert_eq!(counts(&cache, &other).await, (1, 1));
    assert_eq!(fill().await, (0, 1, 0));
    assert_eq!(counts(&cache, &one).await, (1, 1));
    assert_eq!(origin.received().len(), 1, "nobody had to be asked");
}

#[tokio::test]
async fn a_picture_stays_as_long_as_one_of_those_it_is_about_is_pinned() {
    let folder = Folder::new();
    let cache = folder.open().await;
    let pinned = async || {
        let mut tx = cache.0.db.write("test").await.unwrap();
        let sql = "SELECT is_pinned FROM cached_data";
        let is_pinned: bool = sqlx::query_scalar(sql).fetch_one(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        is_pinned
    };
    let [one, other] = DUO.map(fanart);
    let url = "https://a.example/x";
    cache.pin(&other.identifier).await.unwrap();
    cache.put(image(url, &one), png()).await.unwrap();
    assert!(!pinned().await);
    cache.fetch(image(url, &other)).await.unwrap();
    cache.0.background.finish().await;
    assert!(pinned().await);
    cache.put(image(url, &one), png()).await.unwrap();
    assert!(pinned().await);
    cache.pin(&one.identifier).await.unwrap();
    cache.unpin(&other.identifier).await.unwrap();
    assert!(pinned().await);
    cache.unpin(&one.identifier).await.unwrap();
    assert!(!pinned().await);
}
