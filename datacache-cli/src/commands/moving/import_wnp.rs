//! `datacache import-wnp`: takes over the cache of whats-now-playing.

use datacache::{Cache, Imported};
use indicatif::ProgressBar;

use super::{counts, report};
use crate::args::{self, Global};
use crate::outcome::Outcome;

pub(crate) async fn run(
    cache: &Cache,
    global: &Global,
    import: args::ImportWnp,
) -> anyhow::Result<Outcome> {
    let bar = ProgressBar::new_spinner();
    let mut imported = Imported::default();
    let importing = cache.import_wnp(&import.dir, |so_far| {
        imported = so_far;
        bar.set_message(counts(&so_far));
        bar.tick();
    });
    let result = importing.await;
    bar.finish_and_clear();
    if result.is_ok() || imported != Imported::default() {
        report(global, &imported)?;
    }
    result?;
    Ok(if imported.damaged > 0 { Outcome::Failed } else { Outcome::Done })
}
