//! What is noted of entries beside what their rows say: what they are about, and that they stay.
//!
//! Whatever stores, pins or removes keeps it (`sql/counting.rs`); so it is wrong only where somebody
//! else has had his hands in the database, or an older program has written it.

use crate::error::Result;
use crate::store::Store;
use crate::store::sql::checking;

const CHECK: &str = "check notes";

/// What is wrong with a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoteFlaw {
    /// An entry is not found under what it says that it is about.
    SubjectMissing,
    /// An entry that is gone is noted to be about something.
    SubjectOfNone,
    /// An entry is pinned, or what it was made from, and may be removed to make room.
    NotPinned,
    /// Nothing that it is about is pinned, and it is never removed to make room.
    PinnedForNobody,
}

/// A note that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongNote {
    /// The key of the entry, or what it is about if that is all there is.
    pub(crate) subject: String,
    pub(crate) flaw: NoteFlaw,
}

impl Store {
    /// The notes that are wrong; each kind is looked for in one statement, which sees one moment.
    pub(crate) async fn wrong_notes(&self) -> Result<Vec<WrongNote>> {
        let mut connection = self.db.read(CHECK).await?;
        let failed = |source| self.db.error(CHECK, source);
        let missing = checking::missing_subjects(&mut connection).await.map_err(failed)?;
        let of_none = checking::subjects_of_none(&mut connection).await.map_err(failed)?;
        let pins = checking::wrong_pins(&mut connection).await.map_err(failed)?;
        connection.close();
        let note = |flaw| move |subject| WrongNote { subject, flaw };
        let mut wrong: Vec<WrongNote> = Vec::new();
        wrong.extend(missing.into_iter().map(note(NoteFlaw::SubjectMissing)));
        wrong.extend(of_none.into_iter().map(note(NoteFlaw::SubjectOfNone)));
        wrong.extend(pins.into_iter().map(|(subject, is_pinned)| {
            let flaw = if is_pinned { NoteFlaw::PinnedForNobody } else { NoteFlaw::NotPinned };
            WrongNote { subject, flaw }
        }));
        Ok(wrong)
    }

    /// Notes anew what is wrong.
    pub(crate) async fn mend_notes(&self) -> Result<()> {
        let mut tx = self.db.write(CHECK).await?;
        checking::mend_notes(&mut tx).await.map_err(|source| tx.error(source))?;
        tx.commit().await
    }
}
