//! Making the database smaller, and telling SQLite what is in it.

use sqlx::AssertSqlSafe;

use super::Db;
use crate::error::Result;

const COMPACT: &str = "compact";
const OPTIMIZE: &str = "optimize";

impl Db {
    /// Gives at most so many unused pages back, in one transaction, but keeps `spare` of them for
    /// what is stored next; returns the bytes. The file becomes smaller with the next checkpoint.
    pub(crate) async fn compact(&self, pages: u64, spare: u64) -> Result<u64> {
        let mut tx = self.write(COMPACT).await?;
        let sizes = "SELECT freelist_count, page_size FROM pragma_freelist_count, pragma_page_size";
        let sizes = sqlx::query_as(sizes).fetch_one(&mut *tx).await;
        let (unused, page_bytes): (i64, i64) = sizes.map_err(|source| tx.error(source))?;
        let unused = u64::try_from(unused).unwrap_or(0);
        let pages = unused.saturating_sub(spare).min(pages);
        if pages == 0 {
            return Ok(0);
        }
        let vacuum = format!("PRAGMA incremental_vacuum({pages})");
        let done = sqlx::query(AssertSqlSafe(vacuum)).execute(&mut *tx).await;
        done.map_err(|source| tx.error(source))?;
        tx.commit().await?;
        Ok(pages * u64::try_from(page_bytes).unwrap_or(0))
    }

    /// Has SQLite look anew at how much there is of what, as far as it thinks fit, by which it
    /// chooses among indices. Of the queue it is to know nothing: what waits there now says nothing
    /// about the next hour, and a full queue would be taken for one in which every request is
    /// alike.
    pub(crate) async fn optimize(&self) -> Result<()> {
        let mut tx = self.write(OPTIMIZE).await?;
        // Bounds the work: https://sqlite.org/lang_analyze.html, section 4.1.
        let optimize = "PRAGMA analysis_limit = 400; PRAGMA optimize;";
        let done = sqlx::raw_sql(optimize).execute(&mut *tx).await;
        done.map_err(|source| tx.error(source))?;
        let known = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1')";
        let known = sqlx::query_scalar(known).fetch_one(&mut *tx).await;
        if known.map_err(|source| tx.error(source))? {
            let forget = "DELETE FROM sqlite_stat1 WHERE tbl = 'pending_requests'";
            let done = sqlx::query(forget).execute(&mut *tx).await;
            done.map_err(|source| tx.error(source))?;
        }
        tx.commit().await
    }
}
