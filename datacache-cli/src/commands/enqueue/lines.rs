//! The lines of standard input, read on a thread of their own: reading blocks.

use std::io::{BufRead as _, Read as _};

use tokio::sync::mpsc::{Receiver, channel};

/// So many lines are read ahead.
const AHEAD_LINES: usize = 2_000;

/// No request needs a longer line, in bytes.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// A line with its number, counted from 1; `Err` says why it is none, and is the last.
type Line = (usize, Result<String, String>);

/// The lines that are not blank.
pub(super) fn read() -> Receiver<Line> {
    let (tell, lines) = channel(AHEAD_LINES);
    tokio::task::spawn_blocking(move || {
        let mut input = std::io::stdin().lock();
        for number in 1.. {
            let line = next(&mut input);
            let is_last = line.is_err();
            match line {
                Ok(None) => return,
                Ok(Some(line)) if line.trim().is_empty() => {}
                line => {
                    let line = line.map(Option::unwrap_or_default);
                    // Nobody listens any more once a line was wrong.
                    if tell.blocking_send((number, line)).is_err() || is_last {
                        return;
                    }
                }
            }
        }
    });
    lines
}

fn next(input: &mut impl std::io::BufRead) -> Result<Option<String>, String> {
    let mut line = String::new();
    let read =
        input.take(MAX_LINE_BYTES).read_line(&mut line).map_err(|error| error.to_string())?;
    if read as u64 == MAX_LINE_BYTES {
        return Err(format!("it is longer than {MAX_LINE_BYTES} bytes"));
    }
    Ok((read > 0).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_and_is_text() {
        let mut input = &b"a\n\nb"[..];
        let lines = [(); 4].map(|()| next(&mut input).unwrap());
        assert_eq!(
            lines,
            [Some("a\n".to_owned()), Some("\n".to_owned()), Some("b".to_owned()), None]
        );
        assert!(next(&mut &b"\xff\n"[..]).is_err());
        assert!(next(&mut &vec![b'x'; 2_000_000][..]).unwrap_err().contains("longer"));
    }
}
