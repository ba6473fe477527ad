//! Durations in settings: `90s`, `15m`, `12h`, `14d`.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text)
        .map_err(|error| D::Error::custom(format_args!("duration '{text}': {error}")))
}

/// The same for a setting that may be left out.
pub(super) mod optional {
    use super::{Deserializer, Duration};

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}
