//! One artist of many answers. Pure.

use std::collections::BTreeMap;

use super::Artist;
use super::identity::{Identity, Subject};
use crate::name::DataType;
use crate::providers::unified::claim::Claim;
use crate::providers::unified::lastfm_language;
use crate::providers::unified::round::LeftOut;
use crate::providers::unified::sourced::{
    Link, Links, Sourced, Text, add_urls, first, list_of, of, said, tags,
};
use crate::providers::wikimedia::PageKind;
use crate::providers::{
    Language, deezer, discogs, fanarttv, lastfm, musicbrainz, spotify, theaudiodb, wikimedia,
};

/// What the sources have said, whomever it may be about.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    pub(super) musicbrainz: Option<musicbrainz::Artist>,
    pub(super) entity: Option<wikimedia::Entity>,
    pub(super) summary: Option<wikimedia::Summary>,
    pub(super) picture: Option<wikimedia::File>,
    pub(super) discogs: Option<discogs::Artist>,
    pub(super) fanarttv: Option<fanarttv::Artist>,
    pub(super) theaudiodb: Option<Claim<theaudiodb::Artist>>,
    pub(super) lastfm: Option<Claim<lastfm::Artist>>,
    pub(super) spotify: Option<Claim<spotify::Artist>>,
    pub(super) deezer: Option<Claim<deezer::Artist>>,
}

/// What the sources have said of the artist that is meant.
struct Known {
    musicbrainz: Option<musicbrainz::Artist>,
    entity: Option<wikimedia::Entity>,
    summary: Option<wikimedia::Summary>,
    picture: Option<wikimedia::File>,
    discogs: Option<discogs::Artist>,
    fanarttv: Option<fanarttv::Artist>,
    theaudiodb: Option<theaudiodb::Artist>,
    lastfm: Option<lastfm::Artist>,
    spotify: Option<spotify::Artist>,
    deezer: Option<deezer::Artist>,
}

/// The artist that is meant, if anybody knows it, and what was said of others.
pub(super) fn merged(
    mut identity: Identity,
    answers: Answers,
    language: &Language,
) -> (Option<Artist>, Vec<LeftOut>) {
    let theaudiodb = answers.theaudiodb.iter().flat_map(Claim::by_name).map(of_theaudiodb);
    let lastfm = answers.lastfm.iter().flat_map(Claim::by_name).map(of_lastfm);
    identity.learn_subjects(theaudiodb.chain(lastfm));
    let mut left_out = Vec::new();
    let known = own(&identity, answers, &mut left_out);
    (known.into_artist(language), left_out)
}

fn of_theaudiodb(artist: &theaudiodb::Artist) -> Subject<'_> {
    Subject { name: &artist.name, mbid: artist.mbid }
}

fn of_lastfm(artist: &lastfm::Artist) -> Subject<'_> {
    Subject { name: &artist.name, mbid: artist.mbid }
}

fn own(identity: &Identity, answers: Answers, left_out: &mut Vec<LeftOut>) -> Known {
    let mut note = |from, question, reason| left_out.push(LeftOut { from, question, reason });
    macro_rules! own {
        ($claim:expr, $from:expr, $subject:expr) => {
            identity.own($claim, $subject).unwrap_or_else(|reason| {
                note($from, "artist", reason);
                None
            })
        };
    }
    let theaudiodb = own!(answers.theaudiodb, theaudiodb::NAME, of_theaudiodb);
    let lastfm = own!(answers.lastfm, lastfm::NAME, of_lastfm);
    let fanarttv = own!(answers.fanarttv.map(Claim::ById), fanarttv::NAME, |it| Subject {
        name: it.name.as_deref().unwrap_or_default(),
        mbid: Some(it.mbid),
    });
    let spotify = own!(answers.spotify, spotify::NAME, |it| Subject { name: &it.name, mbid: None });
    let deezer = own!(answers.deezer, deezer::NAME, |it| Subject { name: &it.name, mbid: None });
    let is_own = answers.entity.as_ref().is_none_or(|it| identity.has_one(&it.musicbrainz_artists));
    if !is_own {
        for question in ["entity", "summary", "file"] {
            let reason = "its entity is about another artist".to_owned();
            note(wikimedia::NAME, question, reason);
        }
    }
    let is_article = |it: &wikimedia::Summary| {
        let is_of = |id| answers.entity.as_ref().is_none_or(|entity| entity.id == id);
        it.kind == PageKind::Article && it.entity.is_none_or(is_of)
    };
    let is_its_page = answers.summary.as_ref().is_none_or(is_article);
    if !is_its_page {
        note(wikimedia::NAME, "summary", "its page is about something else, or several".to_owned());
    }
    Known {
        musicbrainz: answers.musicbrainz,
        entity: answers.entity.filter(|_| is_own),
        summary: answers.summary.filter(|_| is_own && is_its_page),
        picture: answers.picture.filter(|_| is_own),
        discogs: answers.discogs,
        fanarttv,
        theaudiodb,
        lastfm,
        spotify,
        deezer,
    }
}

impl Known {
    fn into_artist(self, language: &Language) -> Option<Artist> {
        let Self { musicbrainz: mb, theaudiodb: adb, lastfm: fm, .. } = &self;
        let name = first([
            of!(mb, musicbrainz, |it| Some(it.name.clone())),
            of!(adb, theaudiodb, |it| Some(it.name.clone())),
            of!(fm, lastfm, |it| Some(it.name.clone())),
            of!(self.spotify, spotify, |it| Some(it.name.clone())),
            of!(self.deezer, deezer, |it| Some(it.name.clone())),
            of!(self.fanarttv, fanarttv, |it| it.name.clone()),
        ])?;
        let span = mb.as_ref().and_then(|it| it.life_span.clone()).unwrap_or_default();
        Some(Artist {
            name,
            mbid: first([
                of!(mb, musicbrainz, |it| Some(it.id)),
                of!(adb, theaudiodb, |it| it.mbid),
                of!(self.fanarttv, fanarttv, |it| Some(it.mbid)),
                of!(fm, lastfm, |it| it.mbid),
            ]),
            disambiguation: first([
                of!(mb, musicbrainz, |it| it.disambiguation.clone()),
                of!(self.entity, wikimedia, |it| it.description.clone()),
            ]),
            country: first([
                of!(mb, musicbrainz, |it| it.country.clone()),
                of!(adb, theaudiodb, |it| it.country.clone()),
            ]),
            begin: first([
                said(span.begin, musicbrainz::NAME),
                of!(adb, theaudiodb, |it| it.formed_year.map(|year| year.to_string())),
            ]),
            end: said(span.end, musicbrainz::NAME),
            genres: first([
                list_of!(mb, musicbrainz, |it| tags(&it.genres)),
                list_of!(self.spotify, spotify, |it| it.genres.clone()),
                list_of!(adb, theaudiodb, |it| it.genre.iter().cloned().collect()),
            ]),
            tags: first([
                list_of!(mb, musicbrainz, |it| tags(&it.tags)),
                list_of!(fm, lastfm, |it| it.tags.clone()),
            ]),
            biography: self.biography(language),
            listeners: of!(fm, lastfm, |it| it.listeners),
            images: self.images(),
            links: self.links(),
        })
    }

    /// In the language that was asked for, be it short, rather than in English.
    fn biography(&self, language: &Language) -> Option<Sourced<Text>> {
        let in_ = |language: &Language, text: Option<&String>| {
            let (text, language) = (text?.clone(), language.clone());
            Some(Text { language, text })
        };
        let theaudiodb = |language: &Language| {
            of!(self.theaudiodb, theaudiodb, |it| {
                in_(language, it.biographies.get(language.as_str()))
            })
        };
        first([
            theaudiodb(language),
            of!(self.summary, wikimedia, |it| in_(language, it.extract.as_ref())),
            of!(self.lastfm, lastfm, |it| {
                let text = it.biography.as_ref().or(it.summary.as_ref());
                in_(&lastfm_language(language), text)
            }),
            theaudiodb(&Language::ENGLISH),
        ])
    }

    fn images(&self) -> BTreeMap<DataType, Vec<Sourced<String>>> {
        let [mut thumbnails, mut logos, mut banners, mut fanart] = [(); 4].map(|()| Vec::new());
        if let Some(it) = &self.fanarttv {
            let from = fanarttv::NAME;
            add_urls(&mut thumbnails, from, it.thumbs.iter().map(|image| &image.url));
            add_urls(&mut logos, from, it.hd_logos.iter().map(|image| &image.url));
            add_urls(&mut logos, from, it.logos.iter().map(|image| &image.url));
            add_urls(&mut banners, from, it.banners.iter().map(|image| &image.url));
            add_urls(&mut fanart, from, it.backgrounds.iter().map(|image| &image.url));
        }
        if let Some(theaudiodb::Artist { images, .. }) = &self.theaudiodb {
            let from = theaudiodb::NAME;
            add_urls(&mut thumbnails, from, &images.thumb);
            add_urls(&mut logos, from, &images.logo);
            add_urls(&mut banners, from, &images.banner);
            add_urls(&mut fanart, from, &images.fanart);
        }
        let picture = self.picture.as_ref().map(|it| &it.original.url);
        add_urls(&mut thumbnails, wikimedia::NAME, picture);
        let widest = self.spotify.as_ref().and_then(|it| it.images.first());
        add_urls(&mut thumbnails, spotify::NAME, widest.map(|image| &image.url));
        let widest = self.deezer.as_ref().and_then(|it| it.images.first());
        add_urls(&mut thumbnails, deezer::NAME, widest.map(|image| &image.url));
        let discogs = self.discogs.iter().flat_map(|it| &it.images);
        let primary = discogs.filter(|image| image.kind.as_deref() == Some("primary"));
        add_urls(&mut thumbnails, discogs::NAME, primary.map(|image| &image.url));
        let by_type = [
            (DataType::ARTIST_THUMBNAIL, thumbnails),
            (DataType::ARTIST_LOGO, logos),
            (DataType::ARTIST_BANNER, banners),
            (DataType::ARTIST_FANART, fanart),
        ];
        by_type.into_iter().filter(|(_, urls)| !urls.is_empty()).collect()
    }

    fn links(&self) -> Vec<Sourced<Link>> {
        let mut links = Links::default();
        for link in self.musicbrainz.iter().flat_map(|it| &it.links) {
            links.add(musicbrainz::NAME, &link.kind, Some(&link.url));
        }
        for website in self.entity.iter().flat_map(|it| &it.websites) {
            links.add(wikimedia::NAME, "official homepage", Some(website));
        }
        let pages = [
            (wikimedia::NAME, "wikipedia", self.summary.as_ref().and_then(|it| it.url.as_ref())),
            (discogs::NAME, discogs::NAME, self.discogs.as_ref().and_then(|it| it.url.as_ref())),
            (lastfm::NAME, lastfm::NAME, self.lastfm.as_ref().and_then(|it| it.url.as_ref())),
            (spotify::NAME, spotify::NAME, self.spotify.as_ref().and_then(|it| it.url.as_ref())),
            (deezer::NAME, deezer::NAME, self.deezer.as_ref().and_then(|it| it.url.as_ref())),
        ];
        for (from, kind, url) in pages {
            links.add(from, kind, url);
        }
        links.into_vec()
    }
}

#[cfg(test)]
mod tests;
