//! What is noted of entries is found to be wrong, and mended.

use super::*;

async fn filled(folder: &Folder) -> Store {
    let store = folder.open().await;
    insert_images(&store, 3).await;
    store.put(entry("plain", "about nobody")).await.unwrap();
    store
}

async fn wrong(store: &Store) -> Vec<(String, NoteFlaw)> {
    let wrong = store.wrong_notes().await.unwrap();
    wrong.into_iter().map(|note| (note.subject, note.flaw)).collect()
}

#[tokio::test]
async fn subjects_that_are_lost_or_left_are_found_and_noted_anew() {
    let folder = Folder::new();
    let store = filled(&folder).await;
    assert_eq!(wrong(&store).await, []);
    execute(&store, "DELETE FROM subjects WHERE ordinal > 0").await;
    execute(&store, "INSERT INTO subjects VALUES ('nobody', 'front_cover', 0, 999)").await;
    let missing = |path: &str| (key(path).to_string(), NoteFlaw::SubjectMissing);
    let left = ("front_cover nobody".to_owned(), NoteFlaw::SubjectOfNone);
    assert_eq!(wrong(&store).await, [missing("1"), missing("2"), left]);
    store.mend_notes().await.unwrap();
    assert_eq!(wrong(&store).await, []);
    let picked = "SELECT COUNT(DISTINCT ordinal) FROM subjects WHERE identifier = 'daft_punk'";
    assert_eq!(count(&store, picked).await, 3);
    assert_eq!(count(&store, "SELECT COUNT(*) FROM subjects").await, 3);
}

#[tokio::test]
async fn pins_that_are_not_what_the_pins_say_are_found_and_noted_anew() {
    let folder = Folder::new();
    let store = filled(&folder).await;
    store.pin(&identifier("Daft Punk")).await.unwrap();
    assert_eq!(wrong(&store).await, []);
    execute(&store, "UPDATE cached_data SET is_pinned = 1 - is_pinned WHERE entry_id >= 3").await;
    let unpinned = (key("2").to_string(), NoteFlaw::NotPinned);
    let pinned = (key("plain").to_string(), NoteFlaw::PinnedForNobody);
    assert_eq!(wrong(&store).await, [unpinned, pinned]);
    store.mend_notes().await.unwrap();
    assert_eq!(wrong(&store).await, []);
    assert_eq!(count(&store, "SELECT SUM(is_pinned) FROM cached_data").await, 3);
}

/// A rank that cannot be added to would keep everything from being stored.
#[tokio::test]
async fn a_rank_of_what_went_last_that_is_none_is_found_and_guessed_anew() {
    for damage in [
        "DELETE FROM upkeep WHERE name = 'age'",
        "UPDATE upkeep SET value = -7 WHERE name = 'age'",
        "UPDATE upkeep SET value = 9223372036854775807 WHERE name = 'age'",
    ] {
        let folder = Folder::new();
        let store = filled(&folder).await;
        execute(&store, "UPDATE cached_data SET rank = rank + 5").await;
        execute(&store, damage).await;
        let wrong = store.wrong_counters().await.unwrap();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert_eq!((&*wrong[0].name, wrong[0].actual), ("rank of what went last", 5));
        store.note_counters().await.unwrap();
        assert_eq!(store.wrong_counters().await.unwrap(), []);
        store.put(entry("later", "it can be stored")).await.unwrap();
    }
}
