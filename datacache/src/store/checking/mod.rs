//! Checking: whether rows and files are what they are to be.
//!
//! Each function looks at so many rows, or folders, from a place on, and says where the next look
//! begins; so it can be done in steps, by whoever has time. A look takes no lock, and what it finds
//! is only a suspicion: a put or a removal may be under way. What is acted upon, or told, is looked
//! at again under the write lock, without which no file gets or loses its name. Where all is well,
//! nobody is ever kept waiting.

mod counters;
mod files;
mod notes;
mod rows;

pub(crate) use files::{Removal, Stray, StrayKind};
pub(crate) use notes::{NoteFlaw, WrongNote};
pub(crate) use rows::{Flaw, Lost, RowOutline};

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Whether everything is there that is named, and named that is there.
    Names,
    /// The checksums of all bytes, too.
    Bytes,
}
