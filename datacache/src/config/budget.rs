//! Budgets in settings: how many requests a provider takes, in which time.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::error::{Error, ErrorKind};

const FORM: &str =
    "a budget is written like 1/s, 30/min, 1/2s or 1000/h, with ms, s, min, h or d; or none";

const UNLIMITED: &str = "none";

/// No window is longer, in milliseconds: 366 days.
const LONGEST_MS: i64 = 366 * 86_400_000;

/// The units, in milliseconds.
const UNITS: [(&str, i64); 5] =
    [("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// How often a provider may be asked, by all processes together: windows that all hold.
///
/// Each is written `N/PERIOD`, as in `1/s`, `30/min` or `1/2s`, with the units `ms`, `s`, `min`,
/// `h` and `d`; several are a list of such texts, or one text with commas. In the shortest window
/// requests are spaced evenly; of a longer one half may be used at once. No more than `N` are ever
/// sent in any `PERIOD`. `none` is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget(Vec<Window>);

/// So many requests in any period of that length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// At least 1.
    pub(crate) count: u32,
    /// At least 1.
    pub(crate) period_ms: i64,
}

impl Budget {
    /// No limit at all; written `none`.
    pub(crate) const UNLIMITED: Self = Self(Vec::new());

    /// The shortest window first; there is none without a limit.
    pub(crate) fn windows(&self) -> &[Window] {
        &self.0
    }

    /// The budget of a built-in row, whose windows stand in order.
    pub(super) fn built_in(windows: &[Window]) -> Self {
        Self(windows.to_vec())
    }

    /// `None` where there is no window.
    fn new(mut windows: Vec<Window>) -> Option<Self> {
        windows.sort_by_key(|window| (window.period_ms, window.count));
        windows.dedup();
        (!windows.is_empty()).then_some(Self(windows))
    }
}

impl FromStr for Budget {
    type Err = Error;

    /// # Errors
    /// [`Config`](ErrorKind::Config) for what is no budget.
    fn from_str(text: &str) -> Result<Self, Error> {
        if text.trim() == UNLIMITED {
            return Ok(Self::UNLIMITED);
        }
        let windows = text.split(',').map(Window::read).collect::<Option<_>>();
        windows.and_then(Self::new).ok_or_else(|| {
            Error::new(ErrorKind::Config, "read", format_args!("budget '{text}'"), FORM)
        })
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(UNLIMITED);
        }
        for (at, window) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{window}")?;
        }
        Ok(())
    }
}

impl Window {
    fn read(text: &str) -> Option<Self> {
        let (count, period) = text.split_once('/')?;
        let period = period.trim();
        let unit_at = period.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = period.split_at(unit_at);
        let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let number: i64 = if number.is_empty() { 1 } else { number.parse().ok()? };
        let period_ms = number.checked_mul(*unit_ms)?;
        let count = count.trim();
        // The number's own parser would take a sign.
        let is_plain = count.bytes().all(|byte| byte.is_ascii_digit());
        let count = count.parse().ok().filter(|count| is_plain && *count > 0)?;
        (1..=LONGEST_MS).contains(&period_ms).then_some(Self { count, period_ms })
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, unit_ms): &&(&str, i64)| self.period_ms % unit_ms == 0;
        // Every period is a number of milliseconds.
        let (unit, unit_ms) = UNITS.iter().rev().find(fits).unwrap_or(&UNITS[0]);
        match self.period_ms / unit_ms {
            1 => write!(f, "{}/{unit}", self.count),
            number => write!(f, "{}/{number}{unit}", self.count),
        }
    }
}

impl<'de> Deserialize<'de> for Budget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrList)
    }
}

struct TextOrList;

impl<'de> Visitor<'de> for TextOrList {
    type Value = Budget;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a budget such as \"1/s\", or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Budget, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Budget, A::Error> {
        let mut budgets = Vec::new();
        while let Some(text) = texts.next_element::<String>()? {
            budgets.push(text.parse::<Budget>().map_err(de::Error::custom)?);
        }
        if budgets.len() > 1 && budgets.contains(&Budget::UNLIMITED) {
            return Err(de::Error::custom("'none' is no limit beside others"));
        }
        if budgets == [Budget::UNLIMITED] {
            return Ok(Budget::UNLIMITED);
        }
        let windows = budgets.into_iter().flat_map(|budget| budget.0).collect();
        Budget::new(windows).ok_or_else(|| de::Error::custom("a budget has at least one window"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Budget, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_budget_is_a_window_or_a_list_of_them() {
        for (json, text, periods_ms) in [
            (r#""1/s""#, "1/s", &[1_000][..]),
            (r#""30/min""#, "30/min", &[60_000]),
            (r#"["1000/h", "1/2s"]"#, "1/2s, 1000/h", &[2_000, 3_600_000]),
            (r#""1000/h, 1/2s""#, "1/2s, 1000/h", &[2_000, 3_600_000]),
            (r#"["1/s", "1/1000ms"]"#, "1/s", &[1_000]),
            (r#""5/90s""#, "5/90s", &[90_000]),
            (r#""7/366d""#, "7/366d", &[LONGEST_MS]),
            (r#"" 9 / 1min ""#, "9/min", &[60_000]),
        ] {
            let budget = read(json).unwrap();
            assert_eq!(budget.to_string(), text);
            assert_eq!(text.parse::<Budget>().unwrap(), budget);
            let periods: Vec<i64> = budget.0.iter().map(|window| window.period_ms).collect();
            assert_eq!(periods, periods_ms, "{json}");
        }
    }

    #[test]
    fn what_is_no_budget_is_named() {
        for text in [
            "",
            "1",
            "/s",
            "1/",
            "0/s",
            "1/0s",
            "-1/s",
            "+1/s",
            "1/m",
            "1/2",
            "1.5/s",
            "1/s/s",
            "1/367d",
            "1/99999999999999999999d",
            "99999999999/s",
            "1/s,",
            "often",
        ] {
            let error = read(&format!("{text:?}")).unwrap_err();
            assert!(error.contains(&format!("'{text}'")) && error.contains("30/min"), "{error}");
            let error = read(&format!(r#"["1/s", {text:?}]"#)).unwrap_err();
            assert!(error.contains(&format!("'{text}'")), "{error}");
        }
        assert!(read(r#"["none", "1/s"]"#).unwrap_err().contains("'none'"));
        assert!(read(r#"["none", "none"]"#).unwrap_err().contains("'none'"));
        assert_eq!(read(r#"["none"]"#).unwrap(), Budget::UNLIMITED);
        assert!(read("[]").unwrap_err().contains("at least one"));
        assert!(read("1").unwrap_err().contains("1/s"));
    }
}
