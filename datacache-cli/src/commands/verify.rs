//! `datacache verify`: checks the database, every entry and every file.

use datacache::{Cache, Finding, FindingState, Repair, Verification, Verify, VerifyProgress};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tokio::sync::watch;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::output;

/// Rows are counted one by one, folders of files are this many.
const FOLDERS: u64 = 65_536;

pub(crate) async fn run(cache: &Cache, global: &Global, repair: bool) -> anyhow::Result<Outcome> {
    let repair = if repair { Repair::Everything } else { Repair::Nothing };
    let verify = Verify::new(cache.clone(), repair);
    let bar = ProgressBar::new_spinner();
    let showing = show(verify.progress(), &bar);
    let verified = tokio::select! {
        verified = verify.run() => verified,
        never = showing => match never {},
    };
    bar.finish_and_clear();
    let verification = verified?;
    if global.json {
        output::json(&Report::of(&verification))?;
    } else {
        print(&verification)?;
    }
    Ok(if verification.is_repaired() { Outcome::Done } else { Outcome::Failed })
}

/// What `--json` tells.
#[derive(Serialize)]
struct Report<'a> {
    is_sound: bool,
    is_repaired: bool,
    #[serde(flatten)]
    verification: &'a Verification,
}

impl<'a> Report<'a> {
    fn of(verification: &'a Verification) -> Self {
        let (is_sound, is_repaired) = (verification.is_sound(), verification.is_repaired());
        Self { is_sound, is_repaired, verification }
    }
}

/// Keeps a line on the terminal true; there is none where standard error is no terminal.
async fn show(
    mut progress: watch::Receiver<VerifyProgress>,
    bar: &ProgressBar,
) -> std::convert::Infallible {
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}") {
        bar.set_style(style);
    }
    bar.set_message("checking the database");
    bar.tick();
    while progress.changed().await.is_ok() {
        let VerifyProgress { entries, entries_total, folders, bytes, findings, .. } =
            *progress.borrow();
        bar.set_length(entries_total + FOLDERS);
        bar.set_position(entries + u64::from(folders));
        let read = output::size(bytes);
        bar.set_message(format!("{entries} entries, {read} of files, {findings} findings"));
    }
    std::future::pending().await
}

fn print(verification: &Verification) -> anyhow::Result<()> {
    for Finding { kind, subject, detail, state, .. } in &verification.findings {
        let state = match state {
            FindingState::Repaired => "repaired",
            FindingState::Requeued => "queued again",
            _ => "found",
        };
        let detail = if detail.is_empty() { String::new() } else { format!("  ({detail})") };
        let line = format!("{state:<12}  {:<16}  {subject}{detail}", kind.as_str());
        output::line(line.replace(char::is_control, " "))?;
    }
    if verification.findings_left_out > 0 {
        output::line(format_args!("and {} more", verification.findings_left_out))?;
    }
    let Verification { entries, files, bytes, counts, requeued, .. } = verification;
    let found: u64 = counts.values().map(|count| count.found).sum();
    let repaired: u64 = counts.values().map(|count| count.repaired).sum();
    let read = output::size(*bytes);
    let looked_at = format!("{entries} entries and {files} files ({read})");
    output::note(if verification.is_sound() {
        format!("{looked_at}: nothing is wrong")
    } else {
        format!("{looked_at}: {found} found, {repaired} repaired, {requeued} queued again")
    });
    verification.kept_aside.iter().for_each(output::note_kept_aside);
    Ok(())
}
