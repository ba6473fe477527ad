//! `datacache queue pause` and `resume`: whether workers ask a provider.

use datacache::{Cache, Provider};
use serde_json::json;

use crate::args::Global;
use crate::outcome::Outcome;
use crate::output;

pub(super) async fn pause(
    cache: &Cache,
    global: &Global,
    provider: &Provider,
) -> anyhow::Result<Outcome> {
    cache.pause(provider).await?;
    report(global, "paused", provider)?;
    Ok(Outcome::Done)
}

pub(super) async fn resume(
    cache: &Cache,
    global: &Global,
    provider: &Provider,
) -> anyhow::Result<Outcome> {
    if !cache.resume(provider).await? {
        output::note(format_args!("not paused: {provider}"));
        return Ok(Outcome::Absent);
    }
    report(global, "resumed", provider)?;
    Ok(Outcome::Done)
}

fn report(global: &Global, verb: &str, provider: &Provider) -> anyhow::Result<()> {
    if global.json {
        return output::json(&json!({ verb: provider }));
    }
    output::note(format_args!("{verb} {provider}"));
    Ok(())
}
