//! `datacache import`: reads an archive.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::Context as _;
use datacache::{Author, Cache, Imported};
use indicatif::{ProgressBar, ProgressStyle};

use super::{counts, report};
use crate::args::{self, Global};
use crate::outcome::Outcome;

/// How far a file is read, and what came of it.
const STYLE: &str = "{wide_bar} {bytes} of {total_bytes}, {eta} left: {msg}";

pub(crate) async fn run(
    cache: &Cache,
    global: &Global,
    import: args::Import,
) -> anyhow::Result<Outcome> {
    let author = if import.own { Author::Myself } else { Author::Stranger };
    let mut imported = Imported::default();
    let result = if import.file == Path::new("-") {
        read(cache, ProgressBar::new_spinner(), io::stdin(), author, &mut imported).await
    } else {
        let failed = || format!("cannot read {}", import.file.display());
        let file = File::open(&import.file).with_context(failed)?;
        let size = file.metadata().with_context(failed)?.len();
        let bar = ProgressBar::new(size).with_style(ProgressStyle::with_template(STYLE)?);
        let file = bar.wrap_read(file);
        read(cache, bar, file, author, &mut imported).await
    };
    if result.is_ok() || imported != Imported::default() {
        report(global, &imported)?;
    }
    result?;
    Ok(if imported.damaged > 0 { Outcome::Failed } else { Outcome::Done })
}

/// Shows on a terminal how far it has come.
async fn read(
    cache: &Cache,
    bar: ProgressBar,
    from: impl Read + Send + 'static,
    author: Author,
    imported: &mut Imported,
) -> anyhow::Result<()> {
    let importing = cache.import(from, author, |so_far| {
        *imported = so_far;
        bar.set_message(counts(&so_far));
        bar.tick();
    });
    let result = importing.await;
    bar.finish_and_clear();
    result.map(drop).map_err(Into::into)
}
