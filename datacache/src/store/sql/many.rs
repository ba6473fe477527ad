//! The statement that reads many entries at once.

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{FromRow as _, Result, Row as _, query};

use crate::store::row::RawRow;

statements! {
    BY_KEYS = concat!(
        "SELECT asked.key AS place, ",
        info_columns!(),
        ", data_value FROM json_each(?1) AS asked CROSS JOIN cached_data ON url = asked.value"
    );
}

/// The rows that there are of these keys, each with the place of its key among them. One that cannot
/// be decoded is an error of its own, not of all.
pub(in crate::store) async fn by_keys(
    db: &mut SqliteConnection,
    keys: &[&str],
) -> Result<Vec<(usize, Result<RawRow>)>> {
    let keys = serde_json::to_string(keys).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let rows = query(BY_KEYS).bind(keys).fetch_all(db).await?;
    let read = |row: SqliteRow| {
        let place: i64 = row.try_get("place")?;
        let place = usize::try_from(place).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok((place, RawRow::from_row(&row)))
    };
    rows.into_iter().map(read).collect()
}
