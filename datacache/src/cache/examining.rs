//! Bytes that are to become an entry: whether they are what was asked for.

use std::fmt;

use bytes::Bytes;

use super::plan::Plan;
use crate::checksum::Checksum;
use crate::clock::Timestamp;
use crate::error::{Error, ErrorKind, Result};
use crate::fetch::Caching;
use crate::long_work;
use crate::media::{self, Form, Mismatch};
use crate::store::NewEntry;

/// What bytes turned out to be.
#[derive(Debug)]
pub(super) struct Examined {
    data: Bytes,
    checksum: Checksum,
    mime_type: String,
    /// Why they are not what was asked for.
    mismatch: Option<Mismatch>,
}

/// Who has brought some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bringer {
    Origin,
    Caller,
}

impl Bringer {
    fn operation(self) -> &'static str {
        match self {
            Self::Origin => "fetch",
            Self::Caller => "store",
        }
    }
}

impl Plan {
    /// What bytes are to be to answer this.
    pub(super) fn form(&self) -> Form {
        self.asked.form.unwrap_or_else(|| Form::of(&self.data_type))
    }

    /// Looks at bytes that came from the origin, or from a caller in its place.
    pub(super) async fn examine(&self, data: Bytes, declared: Option<String>) -> Result<Examined> {
        const EXAMINE: &str = "examine";
        let form = self.form();
        let size_bytes = data.len();
        let look = move || Examined {
            checksum: Checksum::of(&data),
            mime_type: media::mime_type(&data, declared.as_deref()),
            mismatch: media::check(form, &data).err(),
            data,
        };
        match form {
            // What others have written to read pictures may panic.
            Form::Picture => long_work::elsewhere(EXAMINE, look).await,
            Form::Json | Form::Anything => long_work::on_bytes(size_bytes, EXAMINE, look).await,
        }
    }

    /// The entry for bytes that came from the origin.
    pub(super) fn found(
        &self,
        examined: Examined,
        caching: &Caching,
        now: Timestamp,
    ) -> Result<NewEntry> {
        self.entry_for(Bringer::Origin, examined, caching, now)
    }

    /// The entry for bytes that a caller has brought, without headers.
    pub(super) fn brought(&self, examined: Examined, now: Timestamp) -> Result<NewEntry> {
        self.entry_for(Bringer::Caller, examined, &Caching::unsaid(now), now)
    }

    fn entry_for(
        &self,
        bringer: Bringer,
        examined: Examined,
        caching: &Caching,
        now: Timestamp,
    ) -> Result<NewEntry> {
        let Examined { data, checksum, mime_type, mismatch } = examined;
        if let Some(mismatch) = mismatch {
            return Err(self.mismatched(bringer, &mismatch));
        }
        if let Some(expected) = self.expected_checksum.filter(|expected| *expected != checksum) {
            let reason = format_args!("the checksum is {checksum}, not {expected}");
            return Err(self.refused(bringer, reason));
        }
        let expires_at = self.expiry(bringer.operation(), caching, now)?;
        let new = NewEntry { mime_type, checksum, data, ..self.entry(caching, now, expires_at) };
        Ok(new)
    }

    /// What the way from the origin has done to an answer may not happen again.
    fn mismatched(&self, bringer: Bringer, mismatch: &Mismatch) -> Error {
        let reason = format_args!("{mismatch}, but the data type is {}", self.data_type);
        match (bringer, mismatch) {
            (Bringer::Origin, Mismatch::Torn) => {
                Error::new(ErrorKind::Interrupted, bringer.operation(), &self.key, mismatch)
            }
            (Bringer::Origin, Mismatch::HtmlPage) => self.refused(bringer, reason).in_passing(),
            _ => self.refused(bringer, reason),
        }
    }

    fn refused(&self, bringer: Bringer, reason: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Refused, bringer.operation(), &self.key, reason)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::super::request::Request;
    use super::*;
    use crate::config::Policies;
    use crate::name::DataType;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    fn entry_for(bringer: Bringer, request: Request, data: &'static [u8]) -> Result<NewEntry> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let plan = Plan::new(request, &Policies::new(&BTreeMap::new()).unwrap())?;
        let examined = plan.examine(Bytes::from_static(data), Some("image/png".to_owned()));
        plan.entry_for(bringer, runtime.block_on(examined)?, &Caching::unsaid(NOW), NOW)
    }

    fn found(request: Request, data: &'static [u8]) -> Result<NewEntry> {
        entry_for(Bringer::Origin, request, data)
    }

    #[test]
    fn an_explicit_ttl_wins_over_the_policy_and_loses_to_a_contract() {
        let expires = |url: &str, ttl: u64| {
            let request = Request::new(url).ttl(Duration::from_millis(ttl));
            let entry = found(request, b"").unwrap();
            entry.expires_at.as_millis()
        };
        assert_eq!(expires("https://a.example/", 5), 1_005);
        let six_hours = 6 * 60 * 60 * 1_000;
        assert_eq!(expires("https://api.discogs.com/x", 99_999_999), 1_000 + six_hours);
    }

    #[test]
    fn a_ttl_beyond_the_calendar_is_refused() {
        let request = Request::new("https://a.example/").ttl(Duration::MAX);
        let error = found(request, b"").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn an_image_type_takes_images_only() {
        let request = Request::new("https://a.example/").data_type(DataType::ARTIST_LOGO);
        for (data, what, may_pass) in
            [(&b"<html>log in</html>"[..], "an HTML page", true), (b"{}", "not an image", false)]
        {
            let error = found(request.clone(), data).unwrap_err();
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Refused, may_pass));
            assert!(error.to_string().contains(what), "{error}");
        }
    }

    /// From a caller the same bytes would come again.
    #[test]
    fn what_the_way_has_done_to_a_picture_is_no_fault_of_its_origin() {
        let torn = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR";
        let logo = || Request::new("https://a.example/").data_type(DataType::ARTIST_LOGO);
        let error = found(logo(), torn).unwrap_err();
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Interrupted, true));
        for data in [&torn[..], b"<html>log in</html>"] {
            let error = entry_for(Bringer::Caller, logo(), data).unwrap_err();
            assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Refused, false));
        }
    }

    #[test]
    fn other_bytes_than_expected_are_refused() {
        let request = Request::new("https://a.example/").expected_checksum(Checksum::of(b"a"));
        assert!(found(request.clone(), b"a").is_ok());
        let error = found(request, b"b").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
    }
}
