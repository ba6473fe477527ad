//! A schema of which a part is missing, or another than it should be.

use super::*;

async fn change(db: &Db, sql: &'static str) {
    let mut tx = db.write("test").await.unwrap();
    sqlx::raw_sql(sql).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

async fn misfits(db: &Db) -> Vec<(String, SchemaFlaw)> {
    let misfits = db.misfits().await.unwrap();
    misfits.iter().map(|misfit| (misfit.to_string(), misfit.flaw)).collect()
}

#[tokio::test]
async fn the_schema_of_an_upgraded_database_is_that_of_a_new_one() {
    let (new, upgraded) = (Folder::new(), Folder::new());
    assert_eq!(misfits(&new.open().await.unwrap()).await, []);
    drop(open_as_schema_1(&upgraded).await);
    let db = upgraded.open().await.unwrap();
    // What SQLite keeps for itself is not ours.
    db.optimize().await.unwrap();
    assert_eq!(misfits(&db).await, []);
}

#[tokio::test]
async fn what_is_missing_or_was_changed_is_told_and_made_again() {
    let folder = Folder::new();
    let db = folder.open().await.unwrap();
    change(
        &db,
        "DROP INDEX cached_data_by_rank; DROP INDEX subjects_by_entry; DROP TABLE last_picks; \
         CREATE INDEX cached_data_by_rank ON cached_data (url); \
         CREATE INDEX of_somebody_else ON cached_data (mime_type)",
    )
    .await;
    let expected = [
        ("table last_picks", SchemaFlaw::Missing),
        ("index cached_data_by_rank", SchemaFlaw::Changed),
        ("index subjects_by_entry", SchemaFlaw::Missing),
    ];
    let found = misfits(&db).await;
    let found: Vec<_> = found.iter().map(|(part, flaw)| (part.as_str(), *flaw)).collect();
    assert_eq!(found, expected);
    assert_eq!(db.refit().await.unwrap(), []);
    assert_eq!(misfits(&db).await, []);
}

#[tokio::test]
async fn a_unique_index_is_made_again_though_something_is_there_twice() {
    let folder = Folder::new();
    let db = folder.open().await.unwrap();
    change(
        &db,
        "DROP INDEX subjects_by_entry; \
         INSERT INTO subjects VALUES ('a', 'b', 0, 6), ('a', 'b', 1, 7), ('a', 'b', 2, 7), \
           ('a', 'c', 3, 7), ('x', 'b', 4, 7), ('a', 'b', 5, 7)",
    )
    .await;
    assert_eq!(db.refit().await.unwrap(), []);
    let left = "SELECT group_concat(ordinal) FROM (SELECT ordinal FROM subjects ORDER BY ordinal)";
    assert_eq!(scalar::<String>(&db, left).await, "0,1,3,4");
}

/// What a table holds is not thrown away, and what cannot be made is no error.
#[tokio::test]
async fn what_cannot_be_mended_is_left_and_said_to_be() {
    let folder = Folder::new();
    let db = folder.open().await.unwrap();
    change(
        &db,
        "ALTER TABLE pins ADD COLUMN why TEXT; INSERT INTO pins VALUES ('a', 'because'); \
         ALTER TABLE last_picks RENAME TO former; \
         CREATE VIEW last_picks AS SELECT * FROM former",
    )
    .await;
    let left: Vec<_> = db.refit().await.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(left, ["table last_picks", "table pins"]);
    assert_eq!(scalar::<i64>(&db, "SELECT COUNT(*) FROM pins").await, 1);
}
