//! `datacache maintain`: looks after the cache now.

use std::time::Duration;

use datacache::{Cache, Maintained, Maintenance, Task, TaskEnd, TaskReport};
use serde_json::json;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(
    cache: &Cache,
    global: &Global,
    patience: Option<Duration>,
) -> anyhow::Result<Outcome> {
    let mut maintenance = Maintenance::default();
    maintenance.patience = patience.unwrap_or(maintenance.patience);
    let Maintained::Done(report) = cache.maintain(maintenance).await? else {
        if global.json {
            output::json(&json!({ "tasks": [], "elsewhere": true }))?;
        } else {
            output::note("another process is about it");
        }
        return Ok(Outcome::Done);
    };
    if global.json {
        output::json(&report)?;
    } else {
        print(&report.tasks)?;
        report.kept_aside.iter().for_each(output::note_kept_aside);
    }
    let failure = report.tasks.into_iter().find_map(|task| match task.end {
        TaskEnd::Failed { error } => Some(error),
        _ => None,
    });
    failure.map_or(Ok(Outcome::Done), |error| Err(error.into()))
}

fn print(tasks: &[TaskReport]) -> anyhow::Result<()> {
    let columns = format!("{:<26}  {:>8}  {:>11}  {:>9}", "TASK", "REMOVED", "SIZE", "TOOK");
    output::line(output::heading(columns))?;
    for task in tasks {
        let end = match &task.end {
            TaskEnd::MoreLeft => "  more is left".to_owned(),
            TaskEnd::Failed { error } => format!("  {error}"),
            _ => String::new(),
        };
        output::line(format_args!(
            "{:<26}  {:>8}  {:>11}  {:>6} ms{end}",
            name(task.task),
            task.removed,
            output::size(task.size_bytes),
            task.took_ms,
        ))?;
    }
    Ok(())
}

fn name(task: Task) -> &'static str {
    match task {
        Task::Expire => "remove what is too old",
        Task::Evict => "make room",
        Task::LostEntries => "drop what is lost",
        Task::OrphanFiles => "remove orphans",
        Task::Leftovers => "remove leftovers",
        Task::DeadRequests => "forget failed requests",
        Task::Picks => "forget picks",
        Task::Numbers => "add up numbers",
        Task::Compact => "compact the database",
        Task::Optimize => "look at what there is",
        Task::Checkpoint => "cut back the log",
        _ => "other",
    }
}
