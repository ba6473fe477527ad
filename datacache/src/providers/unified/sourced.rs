//! Values and where they come from. Pure.

use serde::Serialize;

use super::names;
use crate::name::Provider;
use crate::providers::language::Language;

/// A value, and who says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Who says it.
    pub from: Provider,
}

impl<T> Sourced<T> {
    pub(super) fn new(value: T, from: &str) -> Self {
        Self { value, from: Provider::from_row(from.to_owned()) }
    }
}

/// A web page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Link {
    /// What it is: `official homepage`, `discogs`, `wikidata`, a platform such as `tidal`, …
    pub kind: String,
    /// Where it is.
    pub url: String,
}

/// A text, in a language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Text {
    /// The language.
    pub language: Language,
    /// The text.
    pub text: String,
}

/// One of those something is by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Credit {
    /// The name it is credited to.
    pub name: String,
    /// The MusicBrainz id of who that is, as far as it is known.
    pub mbid: Option<crate::providers::Mbid>,
}

impl Credit {
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), mbid: None }
    }
}

/// What is said by `from`, if anything is.
pub(super) fn said<T>(value: Option<T>, from: &str) -> Option<Sourced<T>> {
    value.map(|value| Sourced::new(value, from))
}

/// A list that `from` gives, unless it is empty.
pub(super) fn listed<T>(values: Vec<T>, from: &str) -> Option<Sourced<Vec<T>>> {
    said(Some(values).filter(|values| !values.is_empty()), from)
}

/// What the answer of a source says, if there is one and it says anything.
macro_rules! of {
    ($answer:expr, $source:ident, |$it:ident| $value:expr) => {
        $answer
            .as_ref()
            .and_then(|$it| $crate::providers::unified::sourced::said($value, $source::NAME))
    };
}

/// The list in the answer of a source, if there is one and it is not empty.
macro_rules! list_of {
    ($answer:expr, $source:ident, |$it:ident| $value:expr) => {
        $answer
            .as_ref()
            .and_then(|$it| $crate::providers::unified::sourced::listed($value, $source::NAME))
    };
}

pub(super) use {list_of, of};

/// What the first says who says anything.
pub(super) fn first<T, const N: usize>(said: [Option<Sourced<T>>; N]) -> Option<Sourced<T>> {
    said.into_iter().flatten().next()
}

/// The names of tags that more have given than denied, those first that most have given.
pub(super) fn tags(tags: &[crate::providers::musicbrainz::Tag]) -> Vec<String> {
    let mut tags: Vec<_> = tags.iter().filter(|tag| tag.count.is_none_or(|it| it > 0)).collect();
    tags.sort_by_key(|tag| std::cmp::Reverse(tag.count));
    tags.into_iter().map(|tag| tag.name.clone()).collect()
}

/// Pages, each once, under the name that the first gives it.
#[derive(Default)]
pub(super) struct Links(Vec<Sourced<Link>>);

impl Links {
    pub(super) fn add(&mut self, from: &str, kind: &str, url: Option<&String>) {
        let Some(url) = url else { return };
        if self.0.iter().all(|known| !names::is_same_page(&known.value.url, url)) {
            let link = Link { kind: kind.to_owned(), url: url.clone() };
            self.0.push(Sourced::new(link, from));
        }
    }

    pub(super) fn into_vec(self) -> Vec<Sourced<Link>> {
        self.0
    }
}

/// Where pictures are, each once.
pub(super) fn add_urls<'a>(
    known: &mut Vec<Sourced<String>>,
    from: &str,
    urls: impl IntoIterator<Item = &'a String>,
) {
    for url in urls {
        if known.iter().all(|known| known.value != *url) {
            known.push(Sourced::new(url.clone(), from));
        }
    }
}
