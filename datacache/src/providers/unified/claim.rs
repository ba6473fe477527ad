//! An answer, by what was asked. Pure.

/// An answer, by what was asked.
#[derive(Clone, Debug)]
pub(super) enum Claim<T> {
    /// By the id of what is meant, or by a link from where it is known.
    ById(T),
    /// By a name, which several may have.
    ByName(Vec<T>),
}

impl<T> Claim<T> {
    /// What was found by name.
    pub(super) fn by_name(&self) -> &[T] {
        match self {
            Self::ById(_) => &[],
            Self::ByName(found) => found,
        }
    }
}
