//! The policies of all providers, and whose policy holds for a URL.
//!
//! Every provider has a policy: its row of the built-in table, else the row for everybody else,
//! under what `[providers.NAME]` says.

mod told;

use std::collections::BTreeMap;

use url::Url;

use super::base_url::BaseUrl;
use super::budget::Budget;
use super::built_in;
use super::credential::Credential;
use super::payer::{Payer, is_own_machine, origin_of};
use super::provider::{Policy, ProviderConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::name::Provider;
use crate::redact::SecretRules;

/// The policies of all providers: built in, configured, and the one for everybody else.
#[derive(Clone, Debug)]
pub(crate) struct Policies {
    by_provider: BTreeMap<Provider, Policy>,
    /// Who has the first claim on a host: a setting wins over the built-in table.
    configured: Vec<Provider>,
    other: Policy,
}

impl Policies {
    /// # Errors
    /// [`Config`](ErrorKind::Config) for an API key that cannot be sent, or nobody knows where, and
    /// for a client's secret that is not enough to obtain a token.
    pub(crate) fn new(configured: &BTreeMap<Provider, ProviderConfig>) -> Result<Self> {
        let other = Policy::from(&built_in::OTHER);
        let rows = built_in::TABLE.iter();
        let mut by_provider: BTreeMap<Provider, Policy> =
            rows.map(|row| (Provider::from_row(row.name.to_owned()), row.into())).collect();
        for (provider, config) in configured {
            let policy = by_provider.entry(provider.clone());
            let overlaid = policy.or_insert_with(|| other.clone()).overlay(provider, config);
            overlaid.map_err(|reason| {
                let section = format_args!("[providers.{provider}]");
                Error::new(ErrorKind::Config, "open cache", section, reason)
            })?;
        }
        check_mirrors(&by_provider)?;
        Ok(Self { by_provider, configured: configured.keys().cloned().collect(), other })
    }

    /// The provider that `url` belongs to by its host, else its host itself.
    pub(crate) fn provider_of(&self, url: &Url) -> Provider {
        self.owner_of(url).cloned().unwrap_or_else(|| Provider::of_url(url))
    }

    /// The provider that `url` belongs to: that below whose configured `base_url` it lies, of
    /// several the one whose path is longest, else the one among whose hosts its host is.
    fn owner_of(&self, url: &Url) -> Option<&Provider> {
        let mirrored = self.by_provider.iter().filter_map(|(provider, policy)| {
            policy.mirror()?.depth_of(url).map(|depth| (depth, provider))
        });
        let deepest = mirrored.max_by_key(|(depth, _)| *depth);
        deepest.map(|(_, provider)| provider).or_else(|| self.owner_of_host(url))
    }

    fn owner_of_host(&self, url: &Url) -> Option<&Provider> {
        let host = url.host_str().unwrap_or_default().to_lowercase();
        // `example.org.` is `example.org`.
        let host = host.trim_end_matches('.');
        let mut first = self.configured.iter().chain(self.by_provider.keys());
        let port = url.port_or_known_default();
        first.find(|provider| self.get(provider).has_host(host, port))
    }

    /// What `url` is asked with. Neither the provider that a request names nor one that
    /// happens to be called like the host has a say in it, lest its credential be sent to a
    /// stranger.
    pub(crate) fn credential_of(&self, url: &Url) -> Option<&Credential> {
        self.get(self.owner_of(url)?).credential.as_ref()
    }

    /// Whether the host of `url` is not to be asked without a token.
    pub(crate) fn want_token(&self, url: &Url) -> bool {
        self.owner_of(url).is_some_and(|owner| self.get(owner).wants_token())
    }

    /// What a person can set so that requests to the host of `url` are sent with a credential.
    pub(crate) fn credential_setting(&self, url: &Url) -> String {
        let Some(owner) = self.owner_of(url) else {
            let host = url.host_str().unwrap_or_default();
            return format!(
                "api_key or api_key_env in the [providers.NAME] whose hosts have {host}"
            );
        };
        let policy = self.get(owner);
        if policy.wants_token() {
            return policy.client_settings(owner);
        }
        match &policy.api_key_env {
            Some(variable) => format!(
                "api_key in [providers.{owner}] or the environment variable {variable}, which its \
                 api_key_env names"
            ),
            None => format!("api_key or api_key_env in [providers.{owner}]"),
        }
    }

    /// Whose budget a request to `url` is paid from, and what that is: that of the provider its
    /// host belongs to or that is called like its host, lest a request that names none, or another,
    /// go round it; else that of the one it names, if that has a policy; else that of its host. The
    /// user's own machine asks for no budget.
    pub(crate) fn payer_of(&self, url: &Url, named: &Provider) -> Payer {
        let owner = self.owner_of(url);
        let host = Provider::of_url(url);
        let origin = owner.filter(|owner| self.get(owner).is_one_service).cloned();
        let origin = origin.unwrap_or_else(|| origin_of(url));
        let known = || [&host, named].into_iter().find(|name| self.by_provider.contains_key(*name));
        match owner.or_else(known) {
            Some(provider) => {
                let budget = self.get(provider).budget.clone();
                Payer { provider: provider.clone(), budget, origin }
            }
            None if is_own_machine(url) => {
                Payer { provider: origin.clone(), budget: Budget::UNLIMITED, origin }
            }
            None => Payer { provider: host, budget: self.other.budget.clone(), origin },
        }
    }

    /// How often a provider may be asked, or a host that is known by nothing but its name.
    pub(crate) fn budget_of(&self, provider: &Provider) -> &Budget {
        static UNLIMITED: Budget = Budget::UNLIMITED;
        let url = Url::parse(&format!("http://{provider}/"));
        match self.by_provider.get(provider) {
            Some(policy) => &policy.budget,
            None if url.is_ok_and(|url| is_own_machine(&url)) => &UNLIMITED,
            None => &self.other.budget,
        }
    }

    /// Where the API of a provider begins that has a place for it in the built-in table.
    pub(crate) fn base_url(&self, provider: &str) -> Option<&BaseUrl> {
        let (_, policy) = self.by_provider.iter().find(|(name, _)| name.as_str() == provider)?;
        policy.base_url.as_ref()
    }

    /// The providers that have a policy of their own.
    pub(crate) fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.by_provider.keys()
    }

    pub(crate) fn get(&self, provider: &Provider) -> &Policy {
        self.by_provider.get(provider).unwrap_or(&self.other)
    }

    /// What is secret in `url`. It depends on the host alone, so that a URL has one key whichever
    /// provider a request names.
    pub(crate) fn secrets_of(&self, url: &Url) -> &SecretRules {
        &self.get(&self.provider_of(url)).secrets
    }
}

/// Refuses one place for two providers: a credential must not go to the wrong one.
fn check_mirrors(by_provider: &BTreeMap<Provider, Policy>) -> Result<()> {
    let mirrors = || by_provider.iter().filter_map(|(name, it)| Some((name, it.mirror()?)));
    for (at, (provider, mirror)) in mirrors().enumerate() {
        if let Some((other, _)) = mirrors().take(at).find(|(_, other)| other.is_same_as(mirror)) {
            let section = format_args!("[providers.{provider}]");
            let reason = format_args!("its base_url is that of [providers.{other}] as well");
            return Err(Error::new(ErrorKind::Config, "open cache", section, reason));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
