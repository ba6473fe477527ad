//! Settings: the configuration file, the environment over it, flags over both.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use datacache::{Cache, Config, OnCacheError, Secret};
use directories::BaseDirs;
use toml::{Table, Value};

use crate::args::Global;

const FILE_NAME: &str = "datacache.toml";
const PREFIX: &str = "DATACACHE_";
const DIR: &str = "DATACACHE_DIR";

/// Environment variables, and the settings they stand for. `DATACACHE_DIR` is not among them
/// because a path need not be text.
const VARIABLES: &[(&str, &str, &str)] = &[
    ("DATACACHE_INLINE_MAX_BYTES", "cache", "inline_max_bytes"),
    ("DATACACHE_MAX_BYTES", "cache", "max_bytes"),
    ("DATACACHE_HOT_BYTES", "cache", "hot_bytes"),
    ("DATACACHE_MIN_FREE", "cache", "min_free"),
    ("DATACACHE_MAX_STALE", "cache", "max_stale"),
    ("DATACACHE_ON_CACHE_ERROR", "cache", "on_cache_error"),
    ("DATACACHE_HTTP_CONTACT", "http", "contact"),
    ("DATACACHE_HTTP_USER_AGENT", "http", "user_agent"),
    ("DATACACHE_HTTP_MAX_BODY_BYTES", "http", "max_body_bytes"),
    ("DATACACHE_HTTP_CONNECT_TIMEOUT", "http", "connect_timeout"),
    ("DATACACHE_HTTP_MAX_REDIRECTS", "http", "max_redirects"),
    ("DATACACHE_HTTP_MAX_WAIT", "http", "max_wait"),
];

/// Opens the cache that the settings name, and does without it where both they and `may` say so.
pub(crate) async fn open_cache(global: &Global, may: OnCacheError) -> anyhow::Result<Cache> {
    let mut config = config(global)?;
    if may == OnCacheError::Error {
        config.cache.on_cache_error = may;
    }
    Ok(Cache::open(config).await?)
}

fn config(global: &Global) -> anyhow::Result<Config> {
    let environment = environment();
    let mut table = file(global.config.as_deref())?;
    let dir = overlay(&mut table, environment)?;
    let config: Result<Config, toml::de::Error> = table.try_into();
    let mut config =
        config.map_err(|error| anyhow!("cannot use the environment: {}", error.message()))?;
    take_credentials(&mut config, variable)?;
    config.cache.dir = global.cache_dir.clone().or(dir).or(config.cache.dir);
    if config.cache.dir.is_none() {
        let system = BaseDirs::new().context("no cache folder: set --cache-dir")?;
        config.cache.dir = Some(system.cache_dir().join("datacache"));
    }
    Ok(config)
}

/// A file that was named must be there; the usual one need not.
fn file(named: Option<&Path>) -> anyhow::Result<Table> {
    let usual = || BaseDirs::new().map(|system| system.config_dir().join(FILE_NAME));
    let path = match named {
        Some(path) => path.to_owned(),
        None => match usual().filter(|path| path.exists()) {
            Some(path) => path,
            None => return Ok(Table::new()),
        },
    };
    let shown = path.display();
    let text = std::fs::read_to_string(&path);
    let text = text.with_context(|| format!("cannot read the configuration {shown}"))?;
    // Read twice: as settings, to name the line of a mistake, then as a table to overlay.
    let checked = toml::from_str::<Config>(&text).and_then(|_| toml::from_str(&text));
    checked.map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        anyhow!("configuration {shown}, line {line}: {}", error.message())
    })
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn environment() -> Vec<(OsString, OsString)> {
    env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(PREFIX)).collect()
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name)
}

/// Settings that name a variable in which a credential is looked for.
const NAMES_OF_VARIABLES: [&str; 3] = ["api_key_env", "client_id_env", "client_secret_env"];

/// Puts the credentials that stand in the environment over those of the file. One that is not
/// there, or empty, may be nothing that this command needs.
fn take_credentials(
    config: &mut Config,
    variable: impl Fn(&str) -> Option<OsString>,
) -> anyhow::Result<()> {
    let text = |name: &Option<String>| -> anyhow::Result<Option<String>> {
        let Some(name) = name else { return Ok(None) };
        let Some(value) = variable(name).filter(|value| !value.is_empty()) else { return Ok(None) };
        let text = value.into_string();
        text.map(Some).map_err(|_| anyhow!("the environment variable {name} is not valid UTF-8"))
    };
    for provider in config.providers.values_mut() {
        if let Some(key) = text(&provider.api_key_env)? {
            provider.api_key = Some(Secret::new(key));
        }
        if let Some(id) = text(&provider.client_id_env)? {
            provider.client_id = Some(id);
        }
        if let Some(secret) = text(&provider.client_secret_env)? {
            provider.client_secret = Some(Secret::new(secret));
        }
    }
    Ok(())
}

/// Whether `name` is a variable in which a credential of a provider is looked for.
fn is_credential_variable(table: &Table, name: &str) -> bool {
    let providers = table.get("providers").and_then(Value::as_table);
    let mut sections = providers.into_iter().flat_map(Table::values);
    sections.any(|section| {
        let named = |setting: &&str| section.get(setting).and_then(Value::as_str) == Some(name);
        NAMES_OF_VARIABLES.iter().any(named)
    })
}

/// Puts variables over the table; returns the cache folder, if one is set.
fn overlay(
    table: &mut Table,
    environment: Vec<(OsString, OsString)>,
) -> anyhow::Result<Option<PathBuf>> {
    let mut dir = None;
    for (name, value) in environment {
        let name = name.to_string_lossy().into_owned();
        if name == DIR {
            dir = Some(PathBuf::from(value)).filter(|dir| !dir.as_os_str().is_empty());
            continue;
        }
        if is_credential_variable(table, &name) {
            continue;
        }
        let known = VARIABLES.iter().find(|(variable, ..)| *variable == name);
        let Some((_, section, key)) = known else {
            bail!("unknown environment variable {name}");
        };
        let Some(text) = value.to_str() else {
            bail!("the environment variable {name} is not valid UTF-8");
        };
        let value = value_of(section, key, text)
            .map_err(|error| anyhow!("environment variable {name}: {}", error.message()))?;
        let section = table.entry(*section).or_insert_with(|| Value::Table(Table::new()));
        if let Some(section) = section.as_table_mut() {
            section.insert((*key).to_owned(), value);
        }
    }
    Ok(dir)
}

/// A variable's text as the number or the text that the setting takes.
fn value_of(section: &str, key: &str, text: &str) -> Result<Value, toml::de::Error> {
    let check = |value: Value| {
        let section_alone = Table::from_iter([(key.to_owned(), value.clone())]);
        let alone = Table::from_iter([(section.to_owned(), Value::Table(section_alone))]);
        alone.try_into::<Config>().map(|_| value)
    };
    let as_text = check(Value::String(text.to_owned()));
    match text.parse() {
        Ok(number) if as_text.is_err() => check(Value::Integer(number)),
        _ => as_text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overlaid(toml: &str, variables: &[(&str, &str)]) -> anyhow::Result<Config> {
        let mut table: Table = toml::from_str(toml).unwrap();
        let variables = variables.iter().map(|&(name, value)| (name.into(), value.into()));
        overlay(&mut table, variables.collect())?;
        Ok(table.try_into()?)
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let toml = "[http]\ncontact = 'file'\nmax_body_bytes = 7";
        let config = overlaid(toml, &[("DATACACHE_HTTP_CONTACT", "environment")]).unwrap();
        assert_eq!(config.http.contact.as_deref(), Some("environment"));
        assert_eq!(config.http.max_body_bytes, 7);
    }

    #[test]
    fn an_empty_cache_folder_counts_as_unset() {
        let dir = |value: &str| overlay(&mut Table::new(), vec![(DIR.into(), value.into())]);
        assert_eq!(dir("").unwrap(), None);
        assert_eq!(dir("/x").unwrap(), Some(PathBuf::from("/x")));
    }

    #[test]
    fn an_unknown_variable_is_named() {
        let error = overlaid("", &[("DATACACHE_SPEED", "1")]).unwrap_err();
        assert!(error.to_string().contains("DATACACHE_SPEED"));
    }

    #[test]
    fn a_variable_that_cannot_be_used_is_named() {
        for (name, value) in
            [("DATACACHE_HTTP_MAX_BODY_BYTES", "lots"), ("DATACACHE_HTTP_CONNECT_TIMEOUT", "5")]
        {
            let error = overlaid("", &[(name, value)]).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn text_that_looks_like_a_number_stays_text() {
        let config = overlaid("", &[("DATACACHE_HTTP_CONTACT", "112")]).unwrap();
        assert_eq!(config.http.contact.as_deref(), Some("112"));
    }

    #[test]
    fn every_variable_stands_for_a_setting() {
        for (variable, ..) in VARIABLES {
            let is_duration =
                ["TIMEOUT", "WAIT", "STALE"].iter().any(|end| variable.ends_with(end));
            let value = if is_duration { "5s" } else { "5" };
            let value = match *variable {
                "DATACACHE_HTTP_CONTACT" | "DATACACHE_HTTP_USER_AGENT" => "x",
                "DATACACHE_ON_CACHE_ERROR" => "bypass",
                _ => value,
            };
            overlaid("", &[(variable, value)]).unwrap();
        }
    }

    fn with_keys(toml: &str, variables: &[(&str, OsString)]) -> anyhow::Result<Config> {
        let mut table: Table = toml::from_str(toml).unwrap();
        overlay(&mut table, variables.iter().map(|(n, v)| ((*n).into(), v.clone())).collect())?;
        let mut config = table.try_into()?;
        let variable = |name: &str| variables.iter().find(|(n, _)| *n == name);
        take_credentials(&mut config, |name| variable(name).map(|(_, value)| value.clone()))?;
        Ok(config)
    }

    #[test]
    fn an_api_key_is_taken_from_the_variable_that_is_named() {
        let toml = "[providers.lastfm]\napi_key = 'file'\napi_key_env = 'DATACACHE_LASTFM'";
        for (variables, expected) in [
            (&[][..], "file"),
            (&[("DATACACHE_LASTFM", "".into())], "file"),
            (&[("DATACACHE_LASTFM", "variable".into())], "variable"),
        ] {
            let config = with_keys(toml, variables).unwrap();
            let (_, lastfm) = config.providers.first_key_value().unwrap();
            assert_eq!(lastfm.api_key, Some(Secret::new(expected)));
        }
        assert!(with_keys(toml, &[("DATACACHE_SPOTIFY", "x".into())]).is_err());
        let unset = with_keys("[providers.lastfm]\napi_key_env = 'NOT_SET'", &[]).unwrap();
        assert_eq!(unset.providers.first_key_value().unwrap().1.api_key, None);
    }

    #[test]
    fn client_credentials_are_taken_from_the_variables_that_are_named() {
        let toml = "[providers.spotify]\nclient_id = 'file'\nclient_secret = 'file'\n\
            client_id_env = 'DATACACHE_ID'\nclient_secret_env = 'SECRET'";
        for (variables, id, secret) in [
            (&[][..], "file", "file"),
            (&[("DATACACHE_ID", "i".into())], "i", "file"),
            (&[("DATACACHE_ID", "i".into()), ("SECRET", "s".into())], "i", "s"),
        ] {
            let config = with_keys(toml, variables).unwrap();
            let (_, spotify) = config.providers.first_key_value().unwrap();
            assert_eq!(spotify.client_id.as_deref(), Some(id));
            assert_eq!(spotify.client_secret, Some(Secret::new(secret)));
        }
    }

    #[test]
    #[cfg(unix)]
    fn an_api_key_that_is_no_text_is_refused_by_the_name_of_its_variable() {
        use std::os::unix::ffi::OsStringExt as _;
        let toml = "[providers.lastfm]\napi_key_env = 'LASTFM'";
        let error = with_keys(toml, &[("LASTFM", OsString::from_vec(b"\xffs3cret".into()))]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("LASTFM") && !error.contains("s3cret"), "{error}");
    }
}
