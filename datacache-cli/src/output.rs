//! What people and programs get to see.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, RgbColor, Style};
use anyhow::Context as _;
use datacache::{Colour, EntryInfo, Freshness, KeptAside, Timestamp};
use indicatif::HumanBytes;
use serde::Serialize;

use crate::part;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const GREEN: Style = AnsiColor::Green.on_default();

/// Nobody reads standard output any more.
#[derive(Debug)]
pub(crate) struct ReaderGone;

impl std::fmt::Display for ReaderGone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nobody reads standard output any more")
    }
}

impl std::error::Error for ReaderGone {}

/// Tells a reader that went away from pipes that broke elsewhere.
fn to_stdout(written: io::Result<()>) -> anyhow::Result<()> {
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => ReaderGone.into(),
        _ => error.into(),
    })
}

/// Delivers bytes: to a file, which appears whole or not at all, or to standard output.
pub(crate) fn deliver(data: &[u8], file: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = file else {
        let mut out = io::stdout().lock();
        return to_stdout(out.write_all(data).and_then(|()| out.flush()));
    };
    write_file(data, path).with_context(|| format!("cannot write {}", path.display()))
}

/// A link is followed; a device or a pipe, or a file where no other can be made beside it, is
/// written in place.
fn write_file(data: &[u8], path: &Path) -> io::Result<()> {
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let in_place = || std::fs::OpenOptions::new().write(true).truncate(true).open(&target);
    if target.exists() && !target.is_file() {
        return in_place()?.write_all(data);
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    match part::begin(folder.unwrap_or(Path::new(".")), &target) {
        Ok(mut temp) => {
            temp.write_all(data)?;
            temp.persist(&target)?;
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && target.is_file() => {
            in_place()?.write_all(data)
        }
        Err(error) => Err(error),
    }
}

/// One line of JSON.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    to_stdout(io::stdout().write_all(&line))
}

/// A database that was moved aside, and what it takes.
pub(crate) fn kept_aside(kept: &KeptAside) -> String {
    let path = kept.path.display().to_string().replace(char::is_control, " ");
    format!("{path} ({}, a database that was damaged)", size(kept.size_bytes))
}

/// Tells of one that it takes room.
pub(crate) fn note_kept_aside(kept: &KeptAside) {
    note(format_args!("remove it when you do not need it: {}", kept_aside(kept)));
}

/// Empties the terminal, be it one without colours.
pub(crate) fn clear() -> anyhow::Result<()> {
    let to_the_corner_and_clear = b"\x1b[H\x1b[J";
    to_stdout(io::stdout().write_all(to_the_corner_and_clear))
}

/// Text that is laid out already, in one piece.
pub(crate) fn text(text: impl std::fmt::Display) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    to_stdout(out.write_all(text.to_string().as_bytes()).and_then(|()| out.flush()))
}

/// One line for people.
pub(crate) fn line(text: impl std::fmt::Display) -> anyhow::Result<()> {
    to_stdout(writeln!(anstream::stdout(), "{text}"))
}

/// One line about the data, not of it.
pub(crate) fn note(text: impl std::fmt::Display) {
    // Nobody can be told that standard error is closed.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// `warning: TEXT` on standard error.
pub(crate) fn warn(text: impl std::fmt::Display) {
    note(format_args!("{YELLOW}warning{YELLOW:#}: {text}"));
}

pub(crate) fn error_label() -> impl std::fmt::Display {
    format!("{RED}error{RED:#}")
}

pub(crate) fn heading(text: impl std::fmt::Display) -> impl std::fmt::Display {
    format!("{BOLD}{text}{BOLD:#}")
}

/// A block of a colour after it, where standard output shows colours.
pub(crate) fn block(colour: Colour) -> String {
    if AutoStream::choice(&io::stdout()) == ColorChoice::Never {
        return String::new();
    }
    let style = Style::new().bg_color(Some(RgbColor(colour.red, colour.green, colour.blue).into()));
    format!("  {style}      {style:#}")
}

pub(crate) fn size(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}

/// `3h 12m`, from the two largest units.
pub(crate) fn duration(duration: Duration) -> String {
    let units = [("y", 365 * 86_400), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let mut rest = duration.as_secs();
    let mut parts = Vec::new();
    for (unit, seconds) in units {
        if rest >= seconds {
            parts.push(format!("{}{unit}", rest / seconds));
        } else if !parts.is_empty() || seconds == 1 {
            parts.push(format!("0{unit}"));
        }
        rest %= seconds;
    }
    parts.truncate(2);
    parts.join(" ").replace(" 0s", "")
}

/// `2026-01-31 12:00:00 UTC`
pub(crate) fn moment(at: Timestamp) -> String {
    let millis = u64::try_from(at.as_millis()).unwrap_or(0);
    let time = std::time::UNIX_EPOCH.checked_add(Duration::from_millis(millis));
    // The formatter knows years up to 9999.
    let last = std::time::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let time = time.map_or(last, |time| time.min(last));
    let text = humantime::format_rfc3339_seconds(time).to_string();
    text.replace('T', " ").replace('Z', " UTC")
}

/// `fresh`, `stale` or `absent`, padded to one width and coloured.
pub(crate) fn state(info: &EntryInfo, now: Timestamp) -> String {
    if info.is_absence() {
        return format!("{YELLOW}absent{YELLOW:#}");
    }
    match info.freshness(now) {
        Freshness::Fresh => format!("{GREEN}fresh {GREEN:#}"),
        Freshness::Stale => format!("{YELLOW}stale {YELLOW:#}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_durations_read_well() {
        assert_eq!(moment(Timestamp::from_millis(0)), "1970-01-01 00:00:00 UTC");
        assert_eq!(moment(Timestamp::from_millis(i64::MAX)), "9999-12-31 23:59:59 UTC");
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (61, "1m 1s"),
            (11_523, "3h 12m"),
            (86_400, "1d 0h"),
            (400 * 86_400, "1y 35d"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }
}
