//! Tables for people.

use datacache::providers::SizedImage;
use unicode_width::UnicodeWidthStr as _;

use crate::output;

/// Prints rows below their headings, each column as wide as it must be; the last one may be of any
/// width.
pub(super) fn print<const N: usize>(
    headings: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> anyhow::Result<()> {
    let rows: Vec<[String; N]> = rows.into_iter().map(|row| row.map(|cell| clean(&cell))).collect();
    let mut widths = headings.map(width);
    for row in &rows {
        for (wide, cell) in widths.iter_mut().zip(row) {
            *wide = (*wide).max(width(cell));
        }
    }
    output::line(output::heading(line(&headings.map(str::to_owned), &widths)))?;
    rows.iter().try_for_each(|row| output::line(line(row, &widths)))
}

/// Prints what something is, line by line, as far as it is known.
pub(super) fn pairs(mut pairs: Vec<[String; 2]>) -> anyhow::Result<()> {
    pairs.retain(|[_, value]| !value.is_empty());
    let wide = pairs.iter().map(|[name, _]| width(name)).max().unwrap_or(0);
    pairs
        .iter()
        .try_for_each(|[name, value]| output::line(line(&[clean(name), clean(value)], &[wide, 0])))
}

/// Says where the rest is. What on a page could not be read was on it all the same.
pub(super) fn more(offset: u64, limit: u64, count: u64) {
    let end = offset.saturating_add(limit);
    if end < count {
        output::note(format_args!("{end} of {count}; more with --offset {end}"));
    }
}

/// A value, or an empty cell.
pub(super) fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// `3:07`
pub(super) fn length(length_ms: Option<u64>) -> String {
    length_ms.map_or_else(String::new, |millis| {
        let seconds = millis / 1_000;
        format!("{}:{:02}", seconds / 60, seconds % 60)
    })
}

/// The line of a picture.
pub(super) fn image(image: &SizedImage) -> [String; 2] {
    let name = match (image.width, image.height) {
        (Some(width), Some(height)) => format!("image {width}x{height}"),
        _ => "image".to_owned(),
    };
    [name, image.url.clone()]
}

/// What a provider says must not move the cursor, break a line, nor turn the direction of writing.
pub(super) fn clean(text: &str) -> String {
    let is_mark = |c: char| {
        let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2066}'..='\u{2069}');
        // Separators of lines and paragraphs stand before those that turn.
        c.is_control() || turns || matches!(c, '\u{2028}'..='\u{202e}')
    };
    text.split(is_mark).collect::<Vec<_>>().join(" ")
}

/// In columns of a terminal.
fn width(text: &str) -> usize {
    text.width()
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded = cells.iter().zip(widths).map(|(cell, wide)| {
        let room = wide.saturating_sub(width(cell));
        format!("{cell}{:room$}", "")
    });
    padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_nothing_moves_the_cursor() {
        let cells = ["ab".to_owned(), "c".to_owned()];
        assert_eq!(line(&cells, &[3, 4]), "ab   c");
        assert_eq!(line(&["é".to_owned(), "x".to_owned()], &[2, 1]), "é   x");
        assert_eq!(line(&["東京".to_owned(), "x".to_owned()], &[5, 1]), "東京   x");
        assert_eq!(clean("a\u{1b}[2Jb\nc"), "a [2Jb c");
        assert_eq!(clean("a\u{202e}b\u{2028}c\u{2066}d"), "a b c d");
    }
}
