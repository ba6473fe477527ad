//! What Wikidata says of an entity, as far as it is read here
//! (<https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html>). An empty map is an
//! empty list there.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;
use crate::providers::lenient;
use crate::providers::mbid::Mbid;

/// The id of a Wikidata item: `Q185828`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(u64);

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Q{}", self.0)
    }
}

impl FromStr for EntityId {
    type Err = Error;

    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) when it is not a Q and a number.
    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.trim().strip_prefix(['Q', 'q']).unwrap_or_default();
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|number| is_number && *number > 0);
        number.map(Self).ok_or_else(|| {
            Error::invalid("read", "entity", "an entity of Wikidata is written like Q185828")
        })
    }
}

impl Serialize for EntityId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntityId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// What Wikidata knows of an entity. Statements that it holds for wrong are left out, and those it
/// prefers come first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Entity {
    /// Its id; another one than was asked for where two entities turned out to be the same.
    pub id: EntityId,
    /// Its name, in the language that was asked for or one that is read instead.
    pub label: Option<String>,
    /// What it is, in few words.
    pub description: Option<String>,
    /// The names of its pictures on Commons (P18).
    pub images: Vec<String>,
    /// The artist's ids at MusicBrainz (P434).
    pub musicbrainz_artists: Vec<Mbid>,
    /// The artist's ids at Discogs (P1953).
    pub discogs_artists: Vec<u64>,
    /// Its own web pages (P856).
    pub websites: Vec<String>,
    /// The title of its page on the Wikipedia of the language that was asked for.
    pub wikipedia_title: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    entities: BTreeMap<String, Raw>,
}

#[derive(Deserialize)]
struct Raw {
    id: EntityId,
    #[serde(default, deserialize_with = "lenient::map")]
    labels: BTreeMap<String, Text>,
    #[serde(default, deserialize_with = "lenient::map")]
    descriptions: BTreeMap<String, Text>,
    #[serde(default, deserialize_with = "lenient::map")]
    claims: BTreeMap<String, Vec<Statement>>,
    #[serde(default, deserialize_with = "lenient::map")]
    sitelinks: BTreeMap<String, Site>,
}

#[derive(Deserialize)]
struct Text {
    value: String,
}

#[derive(Deserialize)]
struct Site {
    title: String,
}

#[derive(Deserialize)]
struct Statement {
    #[serde(default)]
    rank: Rank,
    /// Nothing, where it is said that there is no value or that it is unknown.
    #[serde(default, rename = "mainsnak", deserialize_with = "lenient::optional")]
    snak: Option<Snak>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rank {
    Preferred,
    #[default]
    Normal,
    Deprecated,
}

#[derive(Deserialize)]
struct Snak {
    datavalue: Text,
}

/// The entity in an answer, which is the only one.
pub(in crate::providers) fn read(body: &[u8]) -> Result<Entity, serde_json::Error> {
    let Answer { entities } = serde_json::from_slice(body)?;
    let raw = entities.into_values().next();
    raw.map(Entity::from).ok_or_else(|| serde_json::Error::custom("there is no entity"))
}

impl From<Raw> for Entity {
    fn from(raw: Raw) -> Self {
        let text = |texts: BTreeMap<String, Text>| texts.into_values().next().map(|it| it.value);
        Self {
            id: raw.id,
            label: text(raw.labels),
            description: text(raw.descriptions),
            images: values(&raw.claims, "P18"),
            musicbrainz_artists: values(&raw.claims, "P434"),
            discogs_artists: numbers(&raw.claims, "P1953"),
            websites: values(&raw.claims, "P856"),
            wikipedia_title: raw.sitelinks.into_values().next().map(|site| site.title),
        }
    }
}

/// The values of a property that are of their kind.
fn values<T: DeserializeOwned>(
    claims: &BTreeMap<String, Vec<Statement>>,
    property: &str,
) -> Vec<T> {
    let texts = texts(claims, property);
    texts.filter_map(|text| serde_json::from_value(text.into()).ok()).collect()
}

fn numbers(claims: &BTreeMap<String, Vec<Statement>>, property: &str) -> Vec<u64> {
    texts(claims, property).filter_map(|text| text.parse().ok()).collect()
}

fn texts<'a>(
    claims: &'a BTreeMap<String, Vec<Statement>>,
    property: &str,
) -> impl Iterator<Item = &'a str> {
    let mut statements: Vec<&Statement> = claims.get(property).into_iter().flatten().collect();
    statements.retain(|statement| statement.rank != Rank::Deprecated);
    statements.sort_by_key(|statement| statement.rank);
    let snaks = statements.into_iter().filter_map(|statement| statement.snak.as_ref());
    snaks.map(|snak| snak.datavalue.value.as_str())
}
