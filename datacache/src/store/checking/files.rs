//! Files that no entry names.

use std::path::PathBuf;

use super::Depth;
use crate::blob::{self, FOLDERS, Found, Listed};
use crate::checksum::Checksum;
use crate::db::Connection;
use crate::error::Result;
use crate::store::Store;
use crate::store::sql;
use crate::store::write::to_its_end;

const CHECK: &str = "check files";

/// So many are looked at under one write lock, so that it is held only briefly.
const SETTLED_AT_ONCE: usize = 64;

/// Whether what is found is removed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    None,
    AtOnce,
}

/// What has the name of a file of ours, or of a folder of such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StrayKind {
    /// The file of an entry that is gone.
    Orphan,
    /// Something else, or in another place. What is stored through a link in place of a folder
    /// would lie elsewhere.
    Other,
}

/// What no entry names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stray {
    pub(crate) path: PathBuf,
    pub(crate) kind: StrayKind,
    /// What it takes.
    pub(crate) disk_bytes: u64,
    pub(in crate::store) checksum: Option<Checksum>,
}

/// What a look at some folders has found.
#[derive(Debug, Default)]
pub(crate) struct FilesLook {
    /// Files that entries name.
    pub(crate) files: u64,
    /// The bytes of those that were read.
    pub(crate) bytes: u64,
    pub(crate) strays: Vec<Stray>,
    /// What has no name of ours: somebody else has put it there, and it is left to him.
    pub(crate) foreign: Vec<PathBuf>,
    /// Folders that nothing lies in.
    pub(crate) empty: Vec<PathBuf>,
    /// The rows whose files are damaged.
    pub(crate) suspects: Vec<i64>,
    /// The folder at which the next look begins; `None` after the last.
    pub(crate) next: Option<u32>,
}

impl Store {
    /// Looks at `limit` folders, of 65 536, from the one with the number `from` on.
    pub(crate) async fn look_at_folders(
        &self,
        from: u32,
        limit: u32,
        depth: Depth,
    ) -> Result<FilesLook> {
        let end = from.saturating_add(limit).min(FOLDERS);
        let next = (end < FOLDERS).then_some(end);
        let Listed { found, empty } = self.blobs.list(from..end).await?;
        let look = FilesLook { empty, next, ..FilesLook::default() };
        if found.is_empty() {
            return Ok(look);
        }
        let mut connection = self.db.read(CHECK).await?;
        let look = self.sort_on(&mut connection, found, look, depth).await?;
        connection.close();
        Ok(look)
    }

    /// Tells what rows name from what they do not.
    async fn sort_on(
        &self,
        connection: &mut Connection,
        listed: Vec<Found>,
        mut look: FilesLook,
        depth: Depth,
    ) -> Result<FilesLook> {
        for found in listed {
            let rows = match found.checksum {
                Some(checksum) => {
                    let rows = sql::checking::naming(connection, checksum).await;
                    rows.map_err(|source| connection.error(CHECK, source))?
                }
                None => Vec::new(),
            };
            if rows.is_empty() {
                match Stray::of(found) {
                    Ok(stray) => look.strays.push(stray),
                    Err(foreign) => look.foreign.push(foreign),
                }
                continue;
            }
            look.files += 1;
            if let (Depth::Bytes, Some(checksum)) = (depth, found.checksum)
                && let Some((actual, size_bytes)) = self.blobs.examine(checksum).await?
            {
                look.bytes += size_bytes;
                // What is no file, or has another size, is found where its rows are looked at.
                let is_suspect =
                    |size: i64| actual != checksum && size.cast_unsigned() == size_bytes;
                let suspects = rows.into_iter().filter(|(_, size)| is_suspect(*size));
                look.suspects.extend(suspects.map(|(id, _)| id));
            }
        }
        Ok(look)
    }

    /// Those of the strays that are still there and still named by nobody, under the write lock,
    /// and removes them if it is to. Who has just replaced an entry may be about to remove one
    /// himself, and will not mind.
    pub(crate) async fn settle_strays(
        &self,
        strays: Vec<Stray>,
        removal: Removal,
    ) -> Result<Vec<Stray>> {
        let mut confirmed = Vec::new();
        for strays in strays.chunks(SETTLED_AT_ONCE) {
            let (store, strays) = (self.clone(), strays.to_vec());
            let settled = to_its_end(CHECK, async move { store.settle(strays, removal).await });
            confirmed.extend(settled.await?);
        }
        Ok(confirmed)
    }

    async fn settle(&self, strays: Vec<Stray>, removal: Removal) -> Result<Vec<Stray>> {
        let mut tx = self.db.write(CHECK).await?;
        let files = strays.iter().filter_map(|stray| stray.checksum).collect();
        let named = sql::named_among(&mut tx, &files).await.map_err(|source| tx.error(source))?;
        let is_named = |stray: &Stray| stray.checksum.is_some_and(|name| named.contains(&name));
        let paths = strays.iter().filter(|stray| !is_named(stray)).map(|stray| stray.path.clone());
        let astray = self.blobs.astray(paths.collect()).await?;
        let confirmed: Vec<_> =
            strays.into_iter().filter(|stray| astray.contains(&stray.path)).collect();
        match removal {
            Removal::None => tx.roll_back().await,
            Removal::AtOnce => {
                self.remove_strays(&mut tx, &confirmed).await?;
                tx.commit().await?;
            }
        }
        Ok(confirmed)
    }

    /// The temporary files of dead processes; they are removed if they are to be, with what such
    /// processes have left loose.
    pub(crate) async fn settle_leftovers(&self, removal: Removal) -> Result<Vec<PathBuf>> {
        let leftovers = self.blobs.leftovers().await?;
        if removal == Removal::AtOnce {
            self.blobs.sweep().await?;
            self.release_left().await?;
        }
        Ok(leftovers)
    }
}

impl Stray {
    /// What was found, or its path alone where it has no name of ours.
    fn of(found: Found) -> std::result::Result<Self, PathBuf> {
        let Found { path, checksum, is_file, disk_bytes } = found;
        let kind = match checksum {
            Some(_) if is_file => StrayKind::Orphan,
            Some(_) => StrayKind::Other,
            None if blob::is_name_of_ours(&path) => StrayKind::Other,
            None => return Err(path),
        };
        Ok(Self { path, kind, disk_bytes, checksum })
    }
}
