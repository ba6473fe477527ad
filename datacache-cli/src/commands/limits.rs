//! `datacache limits`: how much of each provider's budget is used, and what keeps requests from it.

use datacache::{Cache, CircuitState, Clock, Provider, ProviderLimits, Timestamp};
use serde_json::json;

use crate::args::{Global, Limits};
use crate::outcome::Outcome;
use crate::output;

pub(crate) async fn run(
    cache: &Cache,
    global: &Global,
    change: Option<Limits>,
) -> anyhow::Result<Outcome> {
    match change {
        None => ls(cache, global).await,
        Some(Limits::Clear { provider }) => clear(cache, global, &provider).await,
    }
}

async fn ls(cache: &Cache, global: &Global) -> anyhow::Result<Outcome> {
    let all = cache.limits().await?;
    if global.json {
        all.iter().try_for_each(output::json)?;
        return Ok(Outcome::Done);
    }
    let columns = format!(
        "{:<20}  {:<14}  {:<14}  {:>8}  {:<7}  RESTS",
        "PROVIDER", "BUDGET", "USED", "NEXT", "CIRCUIT"
    );
    output::line(output::heading(columns))?;
    let now = Clock::system().now();
    all.iter().try_for_each(|limits| print(limits, now))?;
    Ok(Outcome::Done)
}

fn print(limits: &ProviderLimits, now: Timestamp) -> anyhow::Result<()> {
    let used = limits.windows.iter().map(|window| format!("{}/{}", window.used, window.count));
    let used = used.collect::<Vec<_>>().join(", ");
    let next = if limits.next_slot <= now {
        "now".to_owned()
    } else {
        format!("in {}", output::duration(limits.next_slot.since(now)))
    };
    let circuit = match limits.circuit {
        CircuitState::Closed => "closed",
        CircuitState::Open => "open",
        CircuitState::Probing => "probing",
    };
    let row = format!(
        "{:<20}  {:<14}  {used:<14}  {next:>8}  {circuit:<7}  {}",
        limits.provider.as_str(),
        limits.budget,
        rests(limits, now),
    );
    output::line(row.trim_end())
}

fn rests(limits: &ProviderLimits, now: Timestamp) -> String {
    let mut rests = Vec::new();
    if limits.is_paused {
        rests.push("paused".to_owned());
    }
    if let Some(until) = limits.cooldown_until {
        let reason = limits.cooldown_reason.as_deref().unwrap_or_default();
        rests.push(format!("{} {reason}", output::duration(until.since(now))));
    }
    rests.join(", ").trim_end().to_owned()
}

async fn clear(cache: &Cache, global: &Global, provider: &Provider) -> anyhow::Result<Outcome> {
    if !cache.clear_limits(provider).await? {
        output::note(format_args!("nothing is noted about {provider}"));
        return Ok(Outcome::Absent);
    }
    if global.json {
        output::json(&json!({ "cleared": provider }))?;
    } else {
        output::note(format_args!("cleared {provider}"));
    }
    Ok(Outcome::Done)
}
