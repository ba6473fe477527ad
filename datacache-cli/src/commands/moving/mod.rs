//! `datacache export`, `import` and `import-wnp`: from one cache to another.

mod export;
mod import;
mod import_wnp;

pub(super) use export::run as export;
pub(super) use import::run as import;
pub(super) use import_wnp::run as import_wnp;

use std::fmt::Write as _;

use datacache::Imported;

use crate::args::Global;
use crate::output;

/// What an import has come to, also one that failed in its midst.
fn report(global: &Global, imported: &Imported) -> anyhow::Result<()> {
    if global.json {
        return output::json(imported);
    }
    output::note(counts(imported));
    if imported.no_room + imported.refused + imported.damaged > 0 && global.verbose == 0 {
        output::note("-v says which found no room, or were refused or damaged");
    }
    if imported.pins_ignored > 0 {
        output::note("--own takes pins over, where the archive is your own");
    }
    Ok(())
}

fn counts(imported: &Imported) -> String {
    let Imported { stored, known, refused, damaged, pinned, queued, size_bytes, .. } = imported;
    let Imported { pins_ignored, no_room, .. } = imported;
    let size = output::size(*size_bytes);
    let mut text = format!("{stored} stored ({size}), {known} known already");
    for (count, what) in [
        (no_room, "without room"),
        (refused, "refused"),
        (damaged, "damaged"),
        (pinned, "pinned"),
        (pins_ignored, "pins ignored"),
        (queued, "queued"),
    ] {
        if *count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    text
}
