//! The limits as callers see them: how much of a provider's budget is used, and whether it rests.

use super::Cache;
use crate::error::Result;
use crate::limits::{ProviderLimits, RestingProvider};
use crate::name::Provider;

impl Cache {
    /// Keeps workers from asking `provider`, in every process, until it is resumed.
    pub async fn pause(&self, provider: &Provider) -> Result<()> {
        self.0.store.check_log("pause", provider).await?;
        self.0.limits.pause(provider).await
    }

    /// Ends a pause, a cooldown that the provider had asked for, and a rest that it got for failing
    /// again and again; says whether there was one.
    pub async fn resume(&self, provider: &Provider) -> Result<bool> {
        self.0.store.check_log("resume", provider).await?;
        self.0.limits.resume(provider).await
    }

    /// The providers that workers do not ask at present.
    pub async fn resting_providers(&self) -> Result<Vec<RestingProvider>> {
        self.0.limits.resting().await
    }

    /// The limits of every provider that has a policy of its own, built in or configured, or about
    /// which something is noted; in the order of their names. Hosts that only share the budget of a
    /// provider, such as those of `images`, rest each by itself and stand here under their own
    /// names, on this machine with their ports: `127.0.0.1:8080`.
    pub async fn limits(&self) -> Result<Vec<ProviderLimits>> {
        let policies = &self.0.policies;
        let budget_of = |provider: &Provider| policies.budget_of(provider);
        self.0.limits.list(policies.providers(), budget_of).await
    }

    /// Forgets how much of the budget of `provider` is used, its cooldown and how well it has
    /// answered, in every process; a pause stays. Says whether there was anything.
    pub async fn clear_limits(&self, provider: &Provider) -> Result<bool> {
        self.0.store.check_log("clear limits", provider).await?;
        self.0.limits.clear(provider).await
    }
}
