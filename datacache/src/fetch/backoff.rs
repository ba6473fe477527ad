//! When to try again: exponential pauses with full jitter.
//!
//! Full jitter — anything between nothing and the ceiling — spreads the callers that failed
//! together better than any smaller randomness
//! (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).

use std::time::Duration;

use crate::error::{Error, ErrorKind};

const FIRST_CEILING: Duration = Duration::from_millis(250);
const LAST_CEILING: Duration = Duration::from_secs(8);

/// Whether another attempt within this call makes sense. Who asked to be left alone is.
pub(super) fn is_worthwhile(error: &Error) -> bool {
    error.is_transient() && error.kind() != ErrorKind::RateLimited
}

/// The pause after the failed attempt number `attempt`, counted from 1; `jitter` is in `[0, 1)`. It
/// is not shorter than the origin `asked` for.
pub(super) fn pause(attempt: u32, jitter: f64, asked: Duration) -> Duration {
    let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
    let ceiling = FIRST_CEILING.saturating_mul(factor).min(LAST_CEILING);
    ceiling.mul_f64(jitter).max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_double_up_to_the_last() {
        let ceiling = |attempt| pause(attempt, 1.0, Duration::ZERO);
        let ceilings: Vec<u128> = (1..8).map(|attempt| ceiling(attempt).as_millis()).collect();
        assert_eq!(ceilings, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000]);
        assert_eq!(ceiling(u32::MAX), LAST_CEILING);
        assert_eq!(pause(3, 0.0, Duration::ZERO), Duration::ZERO);
        assert_eq!(pause(3, 0.0, Duration::from_secs(9)), Duration::from_secs(9));
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let error = |kind| Error::new(kind, "fetch", "x", "y");
        assert!(is_worthwhile(&error(ErrorKind::Timeout)));
        assert!(is_worthwhile(&error(ErrorKind::Upstream).with_status(502)));
        assert!(!is_worthwhile(&error(ErrorKind::Upstream).with_status(400)));
        assert!(!is_worthwhile(&error(ErrorKind::RateLimited)));
        assert!(!is_worthwhile(&error(ErrorKind::TooLarge)));
    }
}
