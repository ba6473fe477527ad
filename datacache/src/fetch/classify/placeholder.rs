//! Pictures that mean "there is none": absence, not an image.

use url::Url;

use crate::checksum::Checksum;
use crate::config::AnswerRules;

/// Whether `url` is that of a placeholder, so that it need not even be asked for.
pub(in crate::fetch) fn leads_to_placeholder(rules: &AnswerRules, url: &Url) -> bool {
    rules.placeholder_urls.iter().any(|text| url.as_str().contains(text))
}

/// Whether `data` are the bytes of a placeholder.
pub(in crate::fetch) fn is_placeholder(rules: &AnswerRules, data: &[u8]) -> bool {
    let known = &rules.placeholder_checksums;
    !known.is_empty() && known.contains(&Checksum::of(data))
}
