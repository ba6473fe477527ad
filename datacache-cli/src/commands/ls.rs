//! `datacache ls`: lists entries, page by page.

use datacache::{Cache, Clock, Page};

use crate::args::{Global, Selection};
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(
    cache: &Cache,
    global: &Global,
    selection: Selection,
) -> anyhow::Result<Outcome> {
    let filter = super::filter(selection);
    let now = Clock::system().now();
    let mut next = Some(Page::default());
    let mut is_first = true;
    while let Some(page) = next {
        let (entries, following) = cache.list(&filter, page).await?;
        next = following;
        for info in entries {
            if global.json {
                output::json(&info)?;
                continue;
            }
            if std::mem::take(&mut is_first) {
                let columns = format!(
                    "{:<6}  {:>11}  {:>8}  {:<16}  {:<20}  URL",
                    "STATE", "SIZE", "AGE", "TYPE", "IDENTIFIER"
                );
                output::line(output::heading(columns))?;
            }
            let age = output::duration(now.since(info.created_at));
            output::line(format_args!(
                "{}  {:>11}  {:>8}  {:<16}  {:<20}  {}",
                output::state(&info, now),
                output::size(info.data_size),
                age,
                info.data_type.as_str(),
                info.identifier.as_ref().map_or("-", |identifier| identifier.as_str()),
                info.url,
            ))?;
        }
    }
    Ok(Outcome::Done)
}
