//! What an answer about one thing has in it beyond the thing.

/// A part of an answer that has to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Include {
    /// Other names.
    Aliases,
    /// Who it is by.
    ArtistCredits,
    /// The genres, which are the tags that are on MusicBrainz' list of genres.
    Genres,
    /// The ISRCs of recordings.
    Isrcs,
    /// How people have rated it.
    Ratings,
    /// What people have called it.
    Tags,
    /// The tracks.
    Recordings,
    /// The release groups an artist has, or the one of a release.
    ReleaseGroups,
    /// The releases it has or is on.
    Releases,
    /// Links to it elsewhere: Discogs, Wikidata, the official site.
    UrlRels,
}

impl Include {
    /// As MusicBrainz calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aliases => "aliases",
            Self::ArtistCredits => "artist-credits",
            Self::Genres => "genres",
            Self::Isrcs => "isrcs",
            Self::Ratings => "ratings",
            Self::Tags => "tags",
            Self::Recordings => "recordings",
            Self::ReleaseGroups => "release-groups",
            Self::Releases => "releases",
            Self::UrlRels => "url-rels",
        }
    }

    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Aliases,
        Self::ArtistCredits,
        Self::Genres,
        Self::Isrcs,
        Self::Ratings,
        Self::Tags,
        Self::Recordings,
        Self::ReleaseGroups,
        Self::Releases,
        Self::UrlRels,
    ];
}

/// The same text for the same includes, whatever their order; in a URL its spaces become `+`.
pub(super) fn joined(includes: &[Include]) -> String {
    let mut names: Vec<&str> = includes.iter().map(|include| include.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" ")
}
