#![doc = include_str!("../../README.md")]

#[macro_use]
mod db;

mod background;
mod blob;
mod cache;
mod checksum;
mod clock;
mod config;
mod error;
mod fetch;
mod hot;
mod identifier;
mod key;
mod limits;
mod lock;
mod long_work;
mod maintenance;
mod media;
mod moving;
mod name;
mod numbers;
mod platform;
pub mod providers;
mod queue;
mod redact;
mod session;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod trail;
mod worker;

pub use cache::{
    Absence, Answer, Cache, DiskUse, Explained, FinishedKey, Finishes, Found, FoundState, Lookup,
    Page, QueueFill, Request, Source, Stats,
};
pub use checksum::Checksum;
pub use clock::{Clock, Timestamp};
pub use config::{
    ApiKeyPlace, BaseUrl, Budget, CacheConfig, Config, HttpConfig, ImagesConfig, OnCacheError,
    ProviderConfig, Secret,
};
pub use db::KeptAside;
pub use error::{Error, ErrorKind, Result};
pub use identifier::Identifier;
pub use key::Key;
pub use limits::{CircuitState, ProviderLimits, RestingProvider, WindowUse};
pub use maintenance::{
    Finding, FindingCount, FindingKind, FindingState, Repair, Verification, Verify, VerifyProgress,
};
pub use maintenance::{Maintained, Maintenance, MaintenanceReport, Task, TaskEnd, TaskReport};
pub use media::{Colour, ImageSize, Palette, PaletteKind};
pub use moving::{Author, Exported, Imported};
pub use name::{DataType, Provider};
pub use numbers::{Counts, GroupCounts, Latencies, Numbers};
pub use queue::{Enqueued, Finish, JobInfo, JobState, Priority, QueueCounts};
pub use store::{
    Cachekey, Encoding, Entry, EntryInfo, Filter, Freshness, GroupTotals, Metadata, Totals,
};
pub use trail::Step;
pub use worker::{Progress, Until, Worker, WorkerConfig};
