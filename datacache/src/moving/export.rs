//! Writing entries to an archive.

use std::io::{self, Write};
use std::path::Path;

use bytes::Bytes;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Exported;
use super::archive::{Writer, Written};
use super::entry_line::EntryLine;
use crate::cache::{Cache, Page};
use crate::error::{Error, ErrorKind, Result};
use crate::identifier::Identifier;
use crate::store::{Entry, EntryInfo, Filter};

const OPERATION: &str = "export";
const SUBJECT: &str = "archive";

/// What the thread that writes is given. An archive that is called off never gets its end.
enum Piece {
    Pin(Identifier),
    Entry(Box<EntryLine>, Bytes),
    End,
}

pub(super) async fn run(
    cache: &Cache,
    filter: &Filter,
    to: impl Write + Send + 'static,
    progress: impl FnMut(Exported) + Send,
) -> Result<Exported> {
    let (pieces, given) = channel(1);
    let writing = tokio::task::spawn_blocking(move || write(to, given));
    let collected = collect(cache, filter, &pieces, progress).await;
    drop(pieces);
    let written = writing.await.map_err(|join| {
        let reason = "the thread that writes failed";
        Error::new(ErrorKind::Internal, OPERATION, SUBJECT, reason).with_source(join)
    });
    let left_out = written?.map_err(|source| Error::io(OPERATION, Path::new(SUBJECT), source))?;
    let Exported { entries, pinned, size_bytes, .. } = collected?;
    Ok(Exported { entries: entries - left_out, pinned, left_out, size_bytes })
}

/// Writes what it is given; returns how many entries were left out.
fn write(to: impl Write, mut given: Receiver<Piece>) -> io::Result<u64> {
    let mut archive = Writer::new(to)?;
    let mut left_out = 0;
    while let Some(piece) = given.blocking_recv() {
        match piece {
            Piece::Pin(identifier) => archive.pin(&identifier)?,
            Piece::Entry(line, data) => {
                if archive.entry(&line, &data)? == Written::LeftOut {
                    tracing::warn!(
                        url = line.url,
                        "an entry is left out: its metadata is too large"
                    );
                    left_out += 1;
                }
            }
            Piece::End => return archive.finish().map(|_| left_out),
        }
    }
    Ok(left_out)
}

/// Gives the thread all that is to be written. When it has failed, nobody takes it, and it says why
/// itself.
async fn collect(
    cache: &Cache,
    filter: &Filter,
    pieces: &Sender<Piece>,
    mut progress: impl FnMut(Exported) + Send,
) -> Result<Exported> {
    let mut exported = Exported::default();
    for identifier in pins(cache, filter).await? {
        exported.pinned += 1;
        if pieces.send(Piece::Pin(identifier)).await.is_err() {
            return Ok(exported);
        }
    }
    let mut next = Some(Page::default());
    while let Some(page) = next {
        let (infos, following) = cache.list(filter, page).await?;
        for info in infos {
            // Removed since it was listed, it is not there; replaced, it is the new one.
            let Some(Entry { mut info, data }) = entry(cache, &info).await? else { continue };
            exported.entries += 1;
            exported.size_bytes += info.data_size;
            let key = cache.key(info.url.as_str()).unwrap_or_else(|_| info.url.clone());
            // Former versions may have stored some.
            info.metadata = cache.0.policies.without_secrets(info.metadata);
            let subjects = cache.0.store.subjects_beside(&info).await?;
            let line = Box::new(EntryLine::of(info, subjects, &key));
            if pieces.send(Piece::Entry(line, data)).await.is_err() {
                return Ok(exported);
            }
            progress(exported);
        }
        next = following;
    }
    // Nobody takes it when the thread has failed, which it says itself.
    let _ = pieces.send(Piece::End).await;
    Ok(exported)
}

/// An entry with its bytes. That it is exported is no access.
async fn entry(cache: &Cache, info: &EntryInfo) -> Result<Option<Entry>> {
    cache.0.store.get(&info.url).await
}

/// What is pinned of what is selected. A pin is about an identifier as a whole.
async fn pins(cache: &Cache, filter: &Filter) -> Result<Vec<Identifier>> {
    if filter.data_type.is_some() || filter.provider.is_some() {
        return Ok(Vec::new());
    }
    let mut pinned = cache.0.store.pinned().await?;
    pinned.retain(|pin| filter.identifier.as_ref().is_none_or(|identifier| identifier == pin));
    Ok(pinned)
}
