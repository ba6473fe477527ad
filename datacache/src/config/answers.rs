//! How a provider's answers are to be read, where HTTP alone does not tell.

use super::ProviderConfig;
use super::built_in::BuiltIn;
use crate::checksum::Checksum;

/// In whose words errors and absence are told within bodies, whatever the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// The status says it all.
    Plain,
    /// It says that there is none by the status, with a page for people.
    CoverArt,
    /// `{"error": 29, "message": "…"}`: <https://lastfm-docs.github.io/api-docs/codes/>
    LastFm,
    /// `{"count": 0, "offset": 0, …}`: a search that has found nothing.
    MusicBrainz,
    /// `{"error": {"code": 4, …}}`, with status 200: <https://developers.deezer.com/api/errors>;
    /// `{"data": [], "total": 0}`.
    Deezer,
    /// `{"artists": null}`: a search that has found nothing.
    TheAudioDb,
    /// `{"status": "error", "error message": "Not found"}`: <https://fanart.tv/api-docs/api-v3/>
    FanartTv,
    /// `{"pagination": {"items": 0, …}, "results": []}`: a search that has found nothing.
    Discogs,
    /// `{"statusCode": 429, …}`
    Songlink,
    /// `{"tracks": {"total": 0, "offset": 0, …}}`: a search that has found nothing.
    Spotify,
    /// `{"error": {"code": "maxlag", …}}`:
    /// <https://www.mediawiki.org/wiki/API:Errors_and_warnings>; entities and pages that are
    /// `missing`.
    Wikimedia,
}

/// What the answers of one provider mean.
#[derive(Clone, Debug)]
pub(crate) struct AnswerRules {
    pub(crate) dialect: Dialect,
    /// The statuses by which it asks to be left alone, whether it says for how long or not.
    pub(crate) throttle_statuses: Vec<u16>,
    /// The header that says how many requests it takes for now.
    pub(crate) remaining_header: Option<&'static str>,
    /// A URL with one of these in it leads to the picture that stands for "there is none", as do
    /// those that are known everywhere.
    pub(crate) placeholder_urls: Vec<String>,
    /// Such pictures by their bytes.
    pub(crate) placeholder_checksums: Vec<Checksum>,
}

impl From<&BuiltIn> for AnswerRules {
    fn from(row: &BuiltIn) -> Self {
        Self {
            dialect: row.dialect,
            throttle_statuses: row.throttle_statuses.to_vec(),
            remaining_header: row.remaining_header,
            placeholder_urls: Vec::new(),
            placeholder_checksums: Vec::new(),
        }
    }
}

impl AnswerRules {
    /// `Err` says why these settings cannot be used.
    pub(super) fn overlay(&mut self, config: &ProviderConfig) -> Result<(), &'static str> {
        let urls = config.placeholder_urls.iter().flatten();
        if urls.clone().any(String::is_empty) {
            return Err("an empty text in placeholder_urls would match every URL");
        }
        self.placeholder_urls = urls.cloned().collect();
        self.placeholder_checksums.extend(config.placeholder_checksums.iter().flatten());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::built_in;
    use super::*;

    #[test]
    fn placeholders_are_told_by_settings() {
        let mut rules = AnswerRules::from(&built_in::OTHER);
        let checksum = Checksum::of(b"silhouette");
        let json = format!(
            r#"{{"placeholder_urls": ["/none.png"], "placeholder_checksums": ["{checksum}"]}}"#
        );
        rules.overlay(&serde_json::from_str(&json).unwrap()).unwrap();
        assert_eq!(rules.placeholder_urls, ["/none.png"]);
        assert_eq!(rules.placeholder_checksums, [checksum]);
    }

    #[test]
    fn what_would_match_everything_or_nothing_is_refused() {
        let mut rules = AnswerRules::from(&built_in::OTHER);
        let empty = serde_json::from_str(r#"{"placeholder_urls": [""]}"#).unwrap();
        assert!(rules.overlay(&empty).unwrap_err().contains("placeholder_urls"));
        let short: Result<ProviderConfig, _> =
            serde_json::from_str(r#"{"placeholder_checksums": ["abc"]}"#);
        assert!(short.unwrap_err().to_string().contains("64 hexadecimal digits"));
    }
}
