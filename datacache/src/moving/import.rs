//! Storing what an archive holds.

use std::io::Read;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::archive::{Body, Reader, Record};
use super::entry_line::{Admitted, EntryLine, Gate};
use super::{Author, Imported};
use crate::cache::Cache;
use crate::error::{Error, ErrorKind, Result};
use crate::identifier::Identifier;
use crate::store::TakenOver;

/// What is to be done with a part of what is imported.
pub(super) enum Arrival {
    Pin(Identifier),
    /// A stranger would have it pinned.
    ForeignPin,
    Entry(Box<Admitted>),
    /// It may not be stored.
    Refused(Error),
    /// Its bytes are not what was stored.
    Damaged(Error),
}

pub(super) async fn run(
    cache: &Cache,
    from: impl Read + Send + 'static,
    author: Author,
    mut progress: impl FnMut(Imported) + Send,
) -> Result<Imported> {
    let gate = Gate::new(cache, author).await?;
    let mut arrivals = read(gate, from);
    let mut imported = Imported::default();
    while let Some(arrival) = arrivals.recv().await {
        imported.receive(cache, arrival?).await?;
        progress(imported);
    }
    Ok(imported)
}

/// Reads and judges on a thread of its own. An error is the last to arrive.
fn read(gate: Gate, from: impl Read + Send + 'static) -> Receiver<Result<Arrival>> {
    let (arrive, arrivals) = channel(1);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = read_all(&gate, from, &arrive) {
            // Nobody listens any more when the import was called off.
            let _ = arrive.blocking_send(Err(error));
        }
    });
    arrivals
}

fn read_all(gate: &Gate, from: impl Read, arrive: &Sender<Result<Arrival>>) -> Result<()> {
    let mut archive = Reader::new(from, gate.max_body_bytes())?;
    while let Some(record) = archive.next()? {
        let arrival = match record {
            Record::Pin(_) if gate.author == Author::Stranger => Arrival::ForeignPin,
            Record::Pin(identifier) => {
                Identifier::new(&identifier).map_or_else(Arrival::Refused, Arrival::Pin)
            }
            Record::Entry(line, body) => Arrival::of(gate, *line, body),
        };
        if arrive.blocking_send(Ok(arrival)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

impl Arrival {
    /// An entry, if it may be stored. It takes a while: not on a thread that serves other tasks.
    pub(super) fn of(gate: &Gate, line: EntryLine, body: Body) -> Self {
        let url = line.url.clone();
        match body {
            Body::Damaged => {
                let reason = "its bytes are not those of the entry";
                Self::Damaged(gate.error(&url, ErrorKind::Corrupt, &reason))
            }
            Body::TooLarge => {
                let reason = "it is larger than http.max_body_bytes";
                Self::Refused(gate.error(&url, ErrorKind::TooLarge, &reason))
            }
            Body::Intact(data) => match gate.admit(line, data) {
                Ok(admitted) => Self::Entry(Box::new(admitted)),
                Err(error) if error.subject() == url => Self::Refused(error),
                // Of what is wrong with a name, the entry is to be told too.
                Err(error) => {
                    let reason = format_args!("{}: {}", error.subject(), error.reason());
                    Self::Refused(gate.error(&url, error.kind(), &reason))
                }
            },
        }
    }
}

impl Imported {
    /// Stores what has arrived, if it is to be, and counts it.
    pub(super) async fn receive(&mut self, cache: &Cache, arrival: Arrival) -> Result<()> {
        match arrival {
            Arrival::Pin(identifier) => {
                self.pinned += u64::from(cache.0.store.pin(&identifier).await?);
            }
            Arrival::ForeignPin => self.pins_ignored += 1,
            Arrival::Entry(admitted) => {
                let Admitted { entry, past } = *admitted;
                let size_bytes = entry.data.len() as u64;
                match cache.0.store.take_over(entry, &past).await {
                    Ok(TakenOver::Stored) => {
                        self.stored += 1;
                        self.size_bytes += size_bytes;
                    }
                    Ok(TakenOver::Superseded) => self.known += 1,
                    Ok(TakenOver::NoRoom(error)) => {
                        tracing::warn!(%error, "not imported");
                        self.no_room += 1;
                    }
                    // It is larger than all there may be.
                    Err(error) if error.kind() == ErrorKind::TooLarge => self.refuse(&error),
                    Err(error) => return Err(error),
                }
            }
            Arrival::Refused(error) => self.refuse(&error),
            Arrival::Damaged(error) => self.give_up(&error),
        }
        Ok(())
    }

    /// Counts what is damaged, and says what.
    pub(super) fn give_up(&mut self, error: &Error) {
        tracing::warn!(%error, "not imported");
        self.damaged += 1;
    }

    /// Counts what may not be stored, and says why.
    pub(super) fn refuse(&mut self, error: &Error) {
        tracing::warn!(%error, "not imported");
        self.refused += 1;
    }
}
