//! An artist has no more images of a type than the settings say, and a picture may be of two.

use super::budget::{KIB, assert_counted, bounded, has, image, unique};
use super::*;

fn about(path: &str, name: &str, number: usize) -> NewEntry {
    NewEntry { identifier: Some(identifier(name)), ..image(path, unique(number, 2 * KIB)) }
}

fn covers_of(name: &str) -> Subject {
    Subject { identifier: identifier(name), data_type: DataType::FRONT_COVER }
}

fn three_covers() -> Folder {
    bounded(r#"{"images": {"max_per_artist": {"front_cover": 3}}}"#)
}

async fn left(store: &Store, paths: &[&'static str]) -> Vec<&'static str> {
    let mut left = Vec::new();
    for path in paths {
        if has(store, path).await {
            left.push(*path);
        }
    }
    left
}

#[tokio::test]
async fn an_artist_has_no_more_images_than_the_settings_say() {
    let folder = three_covers();
    let store = folder.open().await;
    store.put(about("other", "nobody", 0)).await.unwrap();
    for number in 1..=5 {
        store.put(about(&number.to_string(), "a", number)).await.unwrap();
        store.put(about("3", "a", 10 + number)).await.unwrap();
    }
    let left = left(&store, &["1", "2", "3", "4", "5", "other"]).await;
    assert_eq!(left.len(), 4, "{left:?}");
    assert!(["3", "5", "other"].iter().all(|path| left.contains(path)), "{left:?}");
    assert_eq!(folder.blob_files().len(), 4);
    assert_counted(&store).await;
}

/// What was stored as somebody else's counts as well, and goes as a whole.
#[tokio::test]
async fn pictures_of_two_artists_count_for_both() {
    let folder = three_covers();
    let store = folder.open().await;
    for path in ["x", "y"] {
        let shared = store.put(about(path, "other", path.len())).await.unwrap();
        store.describe(&shared, &covers_of("a")).await.unwrap();
    }
    for (number, path) in (1..).zip(["1", "2"]) {
        store.put(about(path, "a", number)).await.unwrap();
    }
    let paths = ["x", "y", "1", "2"];
    let kept = left(&store, &paths).await;
    assert!(kept.len() == 3 && kept.contains(&"2"), "{kept:?}");
    let of_a = count(&store, "SELECT COUNT(*) FROM subjects WHERE identifier = 'a'").await;
    assert_eq!(of_a, 3);
    assert_counted(&store).await;
}

/// One more may also come by being asked for as the artist's.
#[tokio::test]
async fn a_picture_that_becomes_an_artists_makes_room_for_itself_among_his() {
    let folder = three_covers();
    let store = folder.open().await;
    for (number, path) in (1..).zip(["1", "2", "3"]) {
        store.put(about(path, "a", number)).await.unwrap();
    }
    let shared = store.put(about("x", "other", 9)).await.unwrap();
    store.describe(&shared, &covers_of("a")).await.unwrap();
    // A second time it is nothing new.
    store.describe(&shared, &covers_of("a")).await.unwrap();
    let kept = left(&store, &["1", "2", "3", "x"]).await;
    assert!(kept.len() == 3 && kept.contains(&"x"), "{kept:?}");
    assert_eq!(folder.blob_files().len(), 3);
}

/// A picture that another artist's pin keeps takes one of the places all the same.
#[tokio::test]
async fn what_is_pinned_counts_and_stays() {
    let folder = three_covers();
    let store = folder.open().await;
    store.pin(&identifier("other")).await.unwrap();
    let shared = store.put(about("x", "other", 9)).await.unwrap();
    store.describe(&shared, &covers_of("a")).await.unwrap();
    for (number, path) in (1..).zip(["1", "2", "3", "4"]) {
        store.put(about(path, "a", number)).await.unwrap();
    }
    let kept = left(&store, &["x", "1", "2", "3", "4"]).await;
    assert!(kept.len() == 3 && kept.contains(&"x") && kept.contains(&"4"), "{kept:?}");
}
