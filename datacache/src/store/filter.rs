//! Which entries are meant.

use super::EntryInfo;
use crate::identifier::Identifier;
use crate::name::{DataType, Provider};

/// A selection of entries; what is not set matches all. By its identifier an image is found under
/// all that it is about: one picture may be of two artists, or be used as two types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub(crate) identifier: Option<Identifier>,
    pub(crate) data_type: Option<DataType>,
    pub(crate) provider: Option<Provider>,
}

impl Filter {
    /// Every entry.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only entries about `identifier`.
    #[must_use]
    pub fn identifier(mut self, identifier: Identifier) -> Self {
        self.identifier = Some(identifier);
        self
    }

    /// Only entries of `data_type`.
    #[must_use]
    pub fn data_type(mut self, data_type: DataType) -> Self {
        self.data_type = Some(data_type);
        self
    }

    /// The entry as what was looked for.
    pub(super) fn seen_by(&self, info: EntryInfo) -> EntryInfo {
        let Some(identifier) = self.identifier.clone() else { return info };
        let data_type = self.data_type.clone().unwrap_or(info.data_type);
        EntryInfo { identifier: Some(identifier), data_type, ..info }
    }

    /// Only entries from `provider`.
    #[must_use]
    pub fn provider(mut self, provider: Provider) -> Self {
        self.provider = Some(provider);
        self
    }
}
