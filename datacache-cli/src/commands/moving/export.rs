//! `datacache export`: writes an archive.

use std::error::Error as _;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;

use anyhow::Context as _;
use datacache::{Cache, Exported, Filter};
use indicatif::ProgressBar;

use crate::args::{self, Global};
use crate::commands::filter;
use crate::outcome::{BadInput, Outcome};
use crate::output::{self, ReaderGone};
use crate::part;
use crate::platform::StopSignals;

pub(crate) async fn run(
    cache: &Cache,
    global: &Global,
    export: args::Export,
) -> anyhow::Result<Outcome> {
    let filter = filter(export.selection);
    // Told to stop, it removes what it has written so far.
    let mut signals = StopSignals::listen()?;
    let exporting = async {
        if export.file == Path::new("-") {
            to_stdout(cache, &filter).await
        } else {
            to_file(cache, &filter, &export.file).await
        }
    };
    let exported = tokio::select! {
        exported = exporting => exported?,
        () = signals.next() => anyhow::bail!("told to stop; nothing is exported"),
    };
    // Standard output has the archive.
    if global.json && export.file != Path::new("-") {
        output::json(&exported)?;
    } else {
        output::note(counts(&exported));
    }
    Ok(Outcome::Done)
}

async fn to_stdout(cache: &Cache, filter: &Filter) -> anyhow::Result<Exported> {
    if io::stdout().is_terminal() {
        let reason = "an archive is nothing for a terminal: name a file";
        return Err(BadInput(reason.to_owned()).into());
    }
    let exported = write(cache, filter, io::stdout()).await;
    exported.map_err(|error| if is_reader_gone(&error) { ReaderGone.into() } else { error.into() })
}

fn is_reader_gone(error: &datacache::Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|source| source.kind() == io::ErrorKind::BrokenPipe)
}

/// A link is followed; a device or a pipe is written in place.
async fn to_file(cache: &Cache, filter: &Filter, path: &Path) -> anyhow::Result<Exported> {
    let failed = || format!("cannot write {}", path.display());
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if target.exists() && !target.is_file() {
        let device = OpenOptions::new().write(true).open(&target).with_context(failed)?;
        return write(cache, filter, device).await.with_context(failed);
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let temp = part::begin(folder.unwrap_or(Path::new(".")), &target);
    let temp = temp.with_context(failed)?;
    let to: File = temp.as_file().try_clone().with_context(failed)?;
    let exported = write(cache, filter, to).await.with_context(failed)?;
    temp.as_file().sync_all().with_context(failed)?;
    temp.persist(&target).with_context(failed)?;
    Ok(exported)
}

/// Shows on a terminal how far it has come.
async fn write(
    cache: &Cache,
    filter: &Filter,
    to: impl Write + Send + 'static,
) -> datacache::Result<Exported> {
    let bar = ProgressBar::new_spinner();
    let exported = cache.export(filter, to, |so_far| {
        bar.set_message(counts(&so_far));
        bar.tick();
    });
    let exported = exported.await;
    bar.finish_and_clear();
    exported
}

fn counts(exported: &Exported) -> String {
    let Exported { entries, pinned, left_out, size_bytes, .. } = exported;
    let noun = if *entries == 1 { "entry" } else { "entries" };
    let mut text = format!("{entries} {noun} ({})", output::size(*size_bytes));
    for (count, what) in [(pinned, "pinned identifiers"), (left_out, "left out")] {
        if *count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    text
}
