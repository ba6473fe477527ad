//! `datacache put`: stores bytes under a URL.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use datacache::Cache;

use crate::args::{Global, Put};
use crate::outcome::Outcome;
use crate::{output, request};

pub(crate) async fn run(cache: &Cache, global: &Global, put: Put) -> anyhow::Result<Outcome> {
    let data = read(&put.file)?;
    let info = cache.put(request::new(&put.url, put.options), data).await?;
    if global.json {
        output::json(&info)?;
    } else {
        output::note(format_args!("stored {} as {}", output::size(info.data_size), info.url));
    }
    Ok(Outcome::Done)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut data = Vec::new();
        std::io::stdin().read_to_end(&mut data).context("cannot read standard input")?;
        return Ok(data);
    }
    std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
