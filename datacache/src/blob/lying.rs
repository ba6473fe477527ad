//! What lies in the blob folders, whoever put it there: for who checks them. Links are not followed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{Blobs, is_no_file, path, space, temp};
use crate::checksum::Checksum;
use crate::error::Result;

const OPERATION: &str = "check blobs";

/// How many folders of files there may be: they are numbered.
pub(crate) const FOLDERS: u32 = 0x1_0000;

/// A file is read in pieces of this size.
const PIECE_BYTES: usize = 256 * 1024;

/// What has the name of a blob file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lies {
    Nothing,
    File {
        size_bytes: u64,
    },
    /// A folder, a link, a pipe; or a link in place of a folder above it.
    Other,
}

/// Something in a blob folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// What its name and place say that its content is.
    pub(crate) checksum: Option<Checksum>,
    pub(crate) is_file: bool,
    /// What it takes on disk.
    pub(crate) disk_bytes: u64,
}

/// What lies in some blob folders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listed {
    pub(crate) found: Vec<Found>,
    /// Folders that nothing lies in.
    pub(crate) empty: Vec<PathBuf>,
}

impl Blobs {
    /// What has the name of the file `checksum`.
    pub(crate) async fn look(&self, checksum: Checksum) -> Result<Lies> {
        self.blocking(OPERATION, move |shared| look(&shared.root, checksum)).await
    }

    /// The checksum that the bytes of the file `checksum` really have, and how many there are; `None`
    /// when there is no such file.
    pub(crate) async fn examine(&self, checksum: Checksum) -> Result<Option<(Checksum, u64)>> {
        self.blocking(OPERATION, move |shared| {
            if !matches!(look(&shared.root, checksum)?, Lies::File { .. }) {
                return Ok(None);
            }
            match checksum_of(&path::of(&shared.root, checksum)) {
                Err(error) if is_no_file(&error) => Ok(None),
                examined => examined.map(Some),
            }
        })
        .await
    }

    /// What lies in some folders, and in those above them where it should not.
    pub(crate) async fn list(&self, folders: std::ops::Range<u32>) -> Result<Listed> {
        self.blocking(OPERATION, move |shared| {
            let layout = path::layout(&shared.root);
            let (mut listed, mut number) = (Listed::default(), folders.start);
            while number < folders.end {
                number = list(&layout, number, &mut listed)?;
            }
            Ok(listed)
        })
        .await
    }

    /// Those of the paths at which something lies that should not, be it a link that leads nowhere. What
    /// was no folder when it was looked at, or none with anything in it, may have become one.
    pub(crate) async fn astray(&self, paths: Vec<PathBuf>) -> Result<BTreeSet<PathBuf>> {
        self.blocking(OPERATION, move |shared| {
            let mut astray = BTreeSet::new();
            for path in paths {
                if about(&path)?.is_some() && !is_in_order(&path::layout(&shared.root), &path)? {
                    astray.insert(path);
                }
            }
            Ok(astray)
        })
        .await
    }

    /// Removes what lies there; of a link, only itself, and no folder in which files are to lie. The
    /// caller holds the write lock. Returns the bytes of the folders that went with it.
    pub(crate) async fn remove_at(&self, paths: Vec<PathBuf>) -> Result<u64> {
        self.blocking("remove blob", move |shared| {
            let mut folders = 0;
            for path in paths {
                if !is_in_order(&path::layout(&shared.root), &path)? {
                    super::remove(&path)?;
                    folders += super::remove_empty_above(&shared.root, &path);
                }
            }
            Ok(folders * space::BLOCK_BYTES)
        })
        .await
    }

    /// Removes those of the folders that are empty still. The caller holds the write lock.
    pub(crate) async fn remove_empty(&self, folders: Vec<PathBuf>) -> Result<()> {
        self.blocking("remove blob", move |shared| {
            for folder in folders {
                // It is above what would lie in it.
                super::remove_empty_above(&shared.root, &folder.join("file"));
            }
            Ok(())
        })
        .await
    }

    /// The temporary files of dead processes.
    pub(crate) async fn leftovers(&self) -> Result<Vec<PathBuf>> {
        self.blocking(OPERATION, |shared| temp::leftovers(&shared.root, shared.session.locks()))
            .await
    }

    /// Removes the temporary files of dead processes.
    pub(crate) async fn sweep(&self) -> Result<()> {
        self.blocking("sweep", |shared| temp::sweep(&shared.root, shared.session.locks())).await
    }
}

fn look(root: &Path, checksum: Checksum) -> io::Result<Lies> {
    let path = path::of(root, checksum);
    if leads_elsewhere(&path) {
        return Ok(Lies::Other);
    }
    match path.symlink_metadata() {
        Ok(file) if file.is_file() => Ok(Lies::File { size_bytes: file.len() }),
        Ok(_) => Ok(Lies::Other),
        Err(error) if is_no_file(&error) => Ok(Lies::Nothing),
        Err(error) => Err(error),
    }
}

/// Whether something else than a folder is in place of one that the file at `path` is to lie in: what is
/// behind a link there is not the cache's.
pub(super) fn leads_elsewhere(path: &Path) -> bool {
    let folders = path.ancestors().skip(1).take(2);
    folders.filter_map(|folder| folder.symlink_metadata().ok()).any(|folder| !folder.is_dir())
}

fn checksum_of(path: &Path) -> io::Result<(Checksum, u64)> {
    let mut file = File::open(path)?;
    let (mut digest, mut size_bytes) = (Sha256::new(), 0);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok((Checksum::of_digest(digest), size_bytes)),
            read => {
                digest.update(&piece[..read]);
                size_bytes += read as u64;
            }
        }
    }
}

/// The folder `ab/cd` with the number 0xabcd. With the first one of `ab` comes what else is in that, and
/// with the very first what else is in the folder of all. Returns the number of the next one that may
/// be there.
fn list(layout: &Path, number: u32, listed: &mut Listed) -> io::Result<u32> {
    let [_, _, outer, inner] = number.to_be_bytes();
    let outer_path = layout.join(format!("{outer:02x}"));
    if number == 0 {
        listed.found.extend(others_in(layout)?.unwrap_or_default());
    }
    if !is_folder(&outer_path)? {
        return Ok((number | 0xff) + 1);
    }
    if inner == 0 {
        match others_in(&outer_path)? {
            Some(others) => listed.found.extend(others),
            None => listed.empty.push(outer_path.clone()),
        }
    }
    let folder = outer_path.join(format!("{inner:02x}"));
    if is_folder(&folder)? {
        let entries = entries_of(&folder)?;
        if entries.is_empty() {
            listed.empty.push(folder);
        }
        for path in entries {
            let checksum = checksum_named(&path).filter(|it| path::of_layout(layout, *it) == path);
            // Others may have removed it meanwhile.
            let Some(lying) = about(&path)? else { continue };
            let is_file = lying.is_file();
            let disk_bytes = if is_file { space::of_file(lying.len()) } else { space::at(&path)? };
            listed.found.push(Found { path, checksum, is_file, disk_bytes });
        }
    }
    Ok(number + 1)
}

/// What lies in a folder that is to have nothing but folders with two digits; `None` where nothing at all
/// does.
fn others_in(folder: &Path) -> io::Result<Option<Vec<Found>>> {
    let entries = entries_of(folder)?;
    if entries.is_empty() {
        return Ok(None);
    }
    let mut others = Vec::new();
    for path in entries {
        // Others may have removed it meanwhile.
        let Some(lying) = about(&path)? else { continue };
        if !(lying.is_dir() && has_two_digits(&path)) {
            let disk_bytes = space::at(&path)?;
            others.push(Found { path, checksum: None, is_file: false, disk_bytes });
        }
    }
    Ok(Some(others))
}

fn has_two_digits(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.len() == 2 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a folder for files lies at `path`, which is for files.
fn is_in_order(layout: &Path, path: &Path) -> io::Result<bool> {
    let above: Vec<&Path> = path.ancestors().take_while(|path| *path != layout).take(3).collect();
    let is_place = above.len() <= 2 && above.iter().all(|path| has_two_digits(path));
    Ok(is_place && is_folder(path)?)
}

fn entries_of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if is_no_file(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn is_folder(path: &Path) -> io::Result<bool> {
    Ok(about(path)?.is_some_and(|it| it.is_dir()))
}

/// What lies at `path`, if anything does. A disk that does not say is an error: a folder that it fails to
/// show must not pass for something that can be removed.
fn about(path: &Path) -> io::Result<Option<Metadata>> {
    match path.symlink_metadata() {
        Ok(about) => Ok(Some(about)),
        Err(error) if is_no_file(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn checksum_named(path: &Path) -> Option<Checksum> {
    path.file_name()?.to_str()?.parse().ok()
}
