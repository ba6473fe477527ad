//! `datacache queue ls`: lists queued requests, page by page.

use datacache::{Cache, Clock, JobInfo, JobState, Page, Priority, Timestamp};

use crate::args::Global;
use crate::outcome::Outcome;
use crate::output;

pub(super) async fn run(cache: &Cache, global: &Global) -> anyhow::Result<Outcome> {
    let now = Clock::system().now();
    let mut next = Some(Page::default());
    let mut is_first = true;
    while let Some(page) = next {
        let (jobs, following) = cache.jobs(page).await?;
        next = following;
        for job in jobs {
            if global.json {
                output::json(&job)?;
                continue;
            }
            if std::mem::take(&mut is_first) {
                let columns = "STATE    PRIORITY   TRIES       AGE  PROVIDER              URL";
                output::line(output::heading(columns))?;
            }
            print(&job, now)?;
        }
    }
    Ok(Outcome::Done)
}

fn print(job: &JobInfo, now: Timestamp) -> anyhow::Result<()> {
    let state = match job.status {
        JobState::Pending => "pending",
        JobState::Leased => "leased",
        JobState::Dead => "dead",
    };
    let priority = if job.priority == Priority::Immediate { "immediate" } else { "batch" };
    let age = output::duration(now.since(job.created_at));
    output::line(format_args!(
        "{state:<7}  {priority:<9}  {:>5}  {age:>8}  {:<20}  {}",
        job.attempts,
        job.provider.as_str(),
        job.url,
    ))?;
    match &job.last_error {
        Some(error) => output::line(format_args!("         {error}")),
        None => Ok(()),
    }
}
