//! Moving a cache: archives of entries, and the cache of another program.
//!
//! # What it owns
//! The format of archives ([`archive`]), and how the tables of whats-now-playing are read
//! ([`wnp`]); no state. What comes in is not believed: it is an
//! [`EntryLine`](entry_line::EntryLine) until it has been admitted, by the rules that hold for what
//! is put.
//!
//! # Memory and locks
//! Reading and writing archives blocks, and is done on a thread; between that and the cache stands
//! a channel of one place. So what is held in memory is one line, three bodies and a page of
//! entries at most, however large the archive is. An export reads page by page and body by body,
//! each with a connection of its own: no transaction keeps the write-ahead log from being copied
//! back. An import stores entry by entry, as puts do.
//!
//! # What survives a crash
//! Every entry that was stored. An import that is begun again passes over what is there already.

mod archive;
mod entry_line;
mod export;
mod import;
#[cfg(test)]
mod tests;
mod wnp;

use std::io::{Read, Write};
use std::path::Path;

use serde::Serialize;

use crate::cache::Cache;
use crate::error::Result;
use crate::store::Filter;

/// What an export has written so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Exported {
    /// Entries.
    pub entries: u64,
    /// Pinned identifiers.
    pub pinned: u64,
    /// Entries that no archive can hold, because their metadata is too large.
    pub left_out: u64,
    /// The bodies of the entries.
    pub size_bytes: u64,
}

/// What an import has come to so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Imported {
    /// Entries that are stored now.
    pub stored: u64,
    /// Entries that were passed over, because there is one that is as new.
    pub known: u64,
    /// Entries that found no room within [`max_bytes`](crate::CacheConfig::max_bytes), their
    /// provider's, and [`min_free_bytes`](crate::CacheConfig::min_free_bytes), and requests that found
    /// none in the queue.
    pub no_room: u64,
    /// Entries that may not be stored, and requests that cannot be queued: no image though the type
    /// is an image type, a URL that is none, a body over the limit.
    pub refused: u64,
    /// Entries whose bytes are missing or not those that were stored, and requests that cannot be
    /// read.
    pub damaged: u64,
    /// Identifiers that are pinned now and were not before.
    pub pinned: u64,
    /// Pins that were passed over, because a stranger made the archive.
    pub pins_ignored: u64,
    /// Requests that are queued now.
    pub queued: u64,
    /// The bodies of the entries that were stored.
    pub size_bytes: u64,
}

/// Who made an archive, and so what of it is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Author {
    /// Anybody. Nothing is pinned; no use counts, so entries are among the first to go; and they
    /// are renewed as by [`Request::untrusted`](crate::Request::untrusted): from public addresses
    /// only, and without API keys.
    #[default]
    Stranger,
    /// The user: what is pinned there is pinned here, access counts stay, and entries are renewed
    /// as the ones of this cache are.
    Myself,
}

impl Cache {
    /// Writes an archive of the entries that `filter` matches, and of what is pinned: all of it,
    /// the one identifier that is selected, or nothing where a type or a provider is.
    ///
    /// An archive of the same entries is the same bytes. It has no secrets, as keys have none; what
    /// was made from entries and what is queued is left out. It is no archive before this returns
    /// `Ok`: write it to a temporary file first. `progress` is told of each entry.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) and [`Full`](crate::ErrorKind::Full) when `to` fails; else the
    /// cache itself has failed.
    pub async fn export(
        &self,
        filter: &Filter,
        to: impl Write + Send + 'static,
        progress: impl FnMut(Exported) + Send,
    ) -> Result<Exported> {
        export::run(self, filter, to, progress).await
    }

    /// Stores the entries of an archive, where there are none that are as new, with their handles
    /// and times; what else is believed depends on its `author`. Of entries of one URL the one that
    /// its origin has sent later is kept; an entry that is replaced keeps its handle, and so does
    /// one whose handle is taken. For what comes only entries go that are used less; else it is
    /// passed over.
    ///
    /// Whoever may write the archive may write any entry. Beyond that it is not trusted: URLs are
    /// made canonical and free of secrets, images and JSON are checked as [`put`](Self::put) does,
    /// a body over [`max_body_bytes`](crate::HttpConfig::max_body_bytes) is refused, moments that
    /// have not come yet are taken for now, and a provider's `max_ttl` holds. `progress` is told of
    /// each entry; it knows more than an error does.
    ///
    /// # Errors
    /// [`Corrupt`](crate::ErrorKind::Corrupt) for what is no archive, damaged or cut short;
    /// [`NewerSchema`](crate::ErrorKind::NewerSchema) for one of a later format; else `from` or the
    /// cache itself has failed. What came before stays stored: the import may be begun again.
    pub async fn import(
        &self,
        from: impl Read + Send + 'static,
        author: Author,
        progress: impl FnMut(Imported) + Send,
    ) -> Result<Imported> {
        import::run(self, from, author, progress).await
    }

    /// Takes over the cache of whats-now-playing in the folder `source`, or whose database that is:
    /// entries as [`import`](Self::import) does those of [`Author::Myself`], and requests that
    /// wait, which are queued unless the cache can answer them. Nothing is written to the folder,
    /// and no file of it locked; another program may use it meanwhile.
    ///
    /// # Errors
    /// [`Io`](crate::ErrorKind::Io) when there is no such database or it cannot be read;
    /// [`Corrupt`](crate::ErrorKind::Corrupt) when it is none of that program;
    /// [`Unsupported`](crate::ErrorKind::Unsupported) when it is one of this crate;
    /// [`Busy`](crate::ErrorKind::Busy) when somebody writes to it all the time;
    /// [`Full`](crate::ErrorKind::Full) when its database, which is copied to this cache's folder
    /// meanwhile, would leave less than `min_free_bytes` on the disk; else the cache
    /// itself has failed. Single rows and files that are damaged are only counted.
    pub async fn import_wnp(
        &self,
        source: &Path,
        progress: impl FnMut(Imported) + Send,
    ) -> Result<Imported> {
        wnp::run(self, source, progress).await
    }
}
