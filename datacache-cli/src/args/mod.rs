//! The command line, as clap reads it.

mod images;
mod moving;
mod providers;
mod queue;
mod stats;
mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::Styles;
use clap::{ArgGroup, Parser, Subcommand};
use clap_complete::Shell;
use datacache::{Cachekey, Checksum, DataType, Identifier, Metadata, Provider};

pub(crate) use images::{Fill, Images, Resize};
pub(crate) use moving::{Export, Import, ImportWnp};
pub(crate) use providers::{
    Album, Artist, ByTitle, CoverArt, CoverArtCall, Deezer, DeezerCall, Discogs, DiscogsCall,
    DiscogsPage, FanartTv, FanartTvCall, LastFm, LastFmCall, MusicBrainz, MusicBrainzCall,
    MusicBrainzPage, QueryOptions, Songlink, SourceOptions, Spotify, SpotifyCall, SpotifySearch,
    TheAudioDb, TheAudioDbCall, Track, Wikimedia, WikimediaCall,
};
pub(crate) use queue::{Enqueue, Limits, Queue, Urgency, WorkerOptions};
pub(crate) use stats::Stats;
use values::{data_type, duration, header, identifier, metadata, provider};

const STYLES: Styles = Styles::styled();

const EXAMPLES: &str = "\
Examples:
  datacache get https://example.com/cover.png -o cover.png
  datacache get https://example.com/a.json --offline
  datacache put embedded://album/1 cover.png --identifier 'Daft Punk' --type front_cover
  datacache random 'Daft Punk' artistfanart -o fanart.jpg
  datacache images palette https://example.com/cover.png
  datacache artist 'Daft Punk' --deadline 2s
  datacache ls --provider cdn

Exit status:
  0  data delivered or work done
  1  failed
  2  wrong usage
  3  known absent, or not in the cache where only the cache was asked
  4  queued or pending, no data yet";

const GET_EXAMPLES: &str = "\
Examples:
  datacache get https://example.com/cover.png -o cover.png
  datacache get https://example.com/a.json --deadline 500ms
  datacache get https://example.com/a.json --offline --json";

const PUT_EXAMPLES: &str = "\
Examples:
  datacache put embedded://album/1 cover.png --identifier 'Daft Punk' --type front_cover
  echo hello | datacache put note:1 - --ttl 1h";

const RM_EXAMPLES: &str = "\
Examples:
  datacache rm https://example.com/cover.png
  datacache rm --identifier 'Daft Punk' --type artistfanart
  datacache rm --all";

const RANDOM_EXAMPLES: &str = "\
Examples:
  datacache random 'Daft Punk' artistfanart -o fanart.jpg";

const VERIFY_HELP: &str = "\
What lies in the cache folder and is not the cache's is told (stray_file), and left alone.

Exit status:
  0  nothing is wrong with the cache, or all of it was repaired
  1  something is wrong";

/// A URL-keyed cache that many processes share
#[derive(Debug, Parser)]
#[command(name = "datacache", version, styles = STYLES, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// The cache folder [default: the system's cache folder + datacache]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// The configuration file [default: datacache.toml in the system's configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print one JSON object, or one per line for lists
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say more on standard error; repeat for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Get a URL's bytes from the cache or its origin
    Get(Get),
    /// Store bytes under a URL
    Put(Put),
    /// Show what is known about an entry
    Show {
        /// The entry's URL
        url: String,
    },
    /// List entries
    Ls(Selection),
    /// Remove entries and their files
    Rm(Rm),
    /// Keep what is about artists or albums, however little room there is
    Pin {
        /// About whom; nobody lists who is pinned
        #[arg(value_name = "IDENTIFIER", value_parser = identifier)]
        identifiers: Vec<Identifier>,
    },
    /// No longer keep what is about artists or albums
    Unpin {
        /// About whom
        #[arg(value_name = "IDENTIFIER", value_parser = identifier, required = true)]
        identifiers: Vec<Identifier>,
    },
    /// Get a random image of an artist or album, not the same twice in a row if there are several
    Random(Random),
    /// List the cachekeys of an artist's or album's entries of one type
    Keys {
        /// Whose
        identifier: String,
        /// Of which data type
        #[arg(value_name = "TYPE", value_parser = data_type)]
        data_type: DataType,
    },
    /// Queue an artist's missing images, and make palettes and smaller pictures
    #[command(subcommand)]
    Images(Images),
    /// Leave requests to workers
    Enqueue(Enqueue),
    /// See and change what is queued
    #[command(subcommand)]
    Queue(Queue),
    /// Show how much of each provider's budget is used, and what keeps requests from it
    Limits {
        #[command(subcommand)]
        change: Option<Limits>,
    },
    /// Run queued requests and look after the cache, until told to stop
    Worker(WorkerOptions),
    /// Ask all configured sources about an artist
    Artist(Artist),
    /// Ask all configured sources about an album
    Album(Album),
    /// Ask all configured sources about a track, and how often it was played
    Track(Track),
    /// Ask MusicBrainz who an artist is, what a release is
    #[command(name = "musicbrainz")]
    MusicBrainz(MusicBrainz),
    /// Ask the Cover Art Archive where the covers of a release are
    #[command(name = "coverart")]
    CoverArt(CoverArt),
    /// Ask TheAudioDB about artists and albums, their pictures and biographies
    #[command(name = "theaudiodb")]
    TheAudioDb(TheAudioDb),
    /// Ask fanart.tv where the pictures of an artist are
    #[command(name = "fanarttv")]
    FanartTv(FanartTv),
    /// Ask Discogs who an artist is, what a release is
    Discogs(Discogs),
    /// Ask Last.fm who listens to what, and what it is
    #[command(name = "lastfm")]
    LastFm(LastFm),
    /// Ask Wikidata, Wikipedia and Wikimedia Commons
    Wikimedia(Wikimedia),
    /// Ask Spotify about tracks, albums and artists
    Spotify(Spotify),
    /// Ask Songlink where else a track or an album can be listened to
    Songlink(Songlink),
    /// Ask Deezer about artists and their pictures
    Deezer(Deezer),
    /// Remove what is too old, make room, compact the database; workers that do not drain do so by
    /// themselves
    Maintain {
        /// How long each task may take, give or take a step; what is left, the next run does
        /// [default: 5s]
        #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
        patience: Option<Duration>,
    },
    /// Show what the cache holds, and how it has done
    Stats(Stats),
    /// Write entries to an archive, for another cache
    Export(Export),
    /// Store the entries of an archive
    Import(Import),
    /// Take over the cache of whats-now-playing
    ImportWnp(ImportWnp),
    /// Check the database, every entry and every file
    #[command(after_help = VERIFY_HELP)]
    Verify {
        /// Remove what is damaged, queue it to be fetched again, and remove what nobody needs; mend
        /// what is noted of entries, and the schema
        #[arg(long)]
        repair: bool,
    },
    /// Print shell completions
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Print the manual page, or write one per command
    Man {
        /// A folder for the pages of all commands
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("what").required(true).args(["url", "cachekey"]))]
#[command(after_help = GET_EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Get {
    /// What to get
    pub(crate) url: Option<String>,
    /// An entry's handle instead of a URL; implies --offline
    #[arg(long, value_name = "UUID")]
    pub(crate) cachekey: Option<Cachekey>,
    #[command(flatten)]
    pub(crate) options: RequestOptions,
    /// Queue it for a worker if the cache does not have it
    #[arg(long)]
    pub(crate) batch: bool,
    /// Fail rather than deliver a stale entry
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Ask the cache only
    #[arg(long)]
    pub(crate) offline: bool,
    /// Tell step by step how the answer came about
    #[arg(long, conflicts_with = "cachekey")]
    pub(crate) explain: bool,
    /// Wait at most this long; then deliver what there is and queue the rest, which takes as long
    /// as others write
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) deadline: Option<Duration>,
    #[command(flatten)]
    pub(crate) asking: AskOptions,
    #[command(flatten)]
    pub(crate) output: OutputOption,
}

#[derive(Debug, clap::Args)]
#[command(after_help = PUT_EXAMPLES)]
pub(crate) struct Put {
    /// The URL to store under, of any scheme
    pub(crate) url: String,
    /// The file to store; - reads standard input
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) options: RequestOptions,
}

/// How `get` and `enqueue` ask an origin.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct AskOptions {
    /// How long one attempt may take [default: the provider's, mostly 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// How often to try again after a failure that may pass [default: 2]
    #[arg(long, value_name = "N")]
    pub(crate) retries: Option<u32>,
    /// The URL comes from a stranger: ask public addresses only, and send no configured API key or
    /// token
    #[arg(long)]
    pub(crate) untrusted: bool,
    /// Send a header
    #[arg(long = "header", value_name = "K: V", value_parser = header)]
    pub(crate) headers: Vec<(String, String)>,
}

/// What `get`, `put` and `enqueue` say about an entry.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct RequestOptions {
    /// What the entry is about: an artist, an album, a MusicBrainz id
    #[arg(long, value_name = "NAME")]
    pub(crate) identifier: Option<String>,
    /// What kind of data it is; image types accept pictures only [default: other]
    #[arg(long = "type", value_name = "TYPE", value_parser = data_type)]
    pub(crate) data_type: Option<DataType>,
    /// Under whose policy to ask [default: told from the host]
    #[arg(long, value_name = "NAME", value_parser = provider)]
    pub(crate) provider: Option<Provider>,
    /// How long the entry is fresh: 90s, 15m, 12h, 14d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) ttl: Option<Duration>,
    /// How long "there is none" is believed
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) negative_ttl: Option<Duration>,
    /// Refuse bytes with another SHA-256
    #[arg(long, value_name = "SHA256")]
    pub(crate) checksum: Option<Checksum>,
    /// A JSON object to keep beside the entry
    #[arg(long, value_name = "JSON", value_parser = metadata)]
    pub(crate) metadata: Option<Metadata>,
}

/// Where bytes go.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputOption {
    /// Write the bytes to a file instead of standard output
    #[arg(short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Which entries are meant.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Selection {
    /// Only entries about this artist, album or id
    #[arg(long, value_name = "NAME", value_parser = identifier)]
    pub(crate) identifier: Option<Identifier>,
    /// Only entries of this type
    #[arg(long = "type", value_name = "TYPE", value_parser = data_type)]
    pub(crate) data_type: Option<DataType>,
    /// Only entries from this provider
    #[arg(long, value_name = "NAME", value_parser = provider)]
    pub(crate) provider: Option<Provider>,
}

#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(true)
    .args(["urls", "identifier", "data_type", "provider", "all"]))]
#[command(after_help = RM_EXAMPLES)]
pub(crate) struct Rm {
    /// The entries' URLs
    #[arg(value_name = "URL", conflicts_with_all = ["identifier", "data_type", "provider", "all"])]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Every entry
    #[arg(long, conflicts_with_all = ["identifier", "data_type", "provider"])]
    pub(crate) all: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = RANDOM_EXAMPLES)]
pub(crate) struct Random {
    /// Whose
    #[arg(value_parser = identifier)]
    pub(crate) identifier: Identifier,
    /// Of which image type
    #[arg(value_name = "TYPE", value_parser = data_type)]
    pub(crate) data_type: DataType,
    /// Only from this provider
    #[arg(long, value_name = "NAME", value_parser = provider)]
    pub(crate) provider: Option<Provider>,
    #[command(flatten)]
    pub(crate) output: OutputOption,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
