//! On what kind of file system a folder lies: whether other machines may be using it too.
//!
//! Who shares a folder over a network shares neither the memory nor, mostly, the locks by which
//! SQLite orders those who use a database.

#[cfg(target_vendor = "apple")]
mod apple;
#[cfg(target_vendor = "apple")]
use apple::network_of;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::network_of;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows::network_of;

use std::io;
use std::path::Path;

/// The name of the network file system that `folder` lies on, or will lie on when it is made;
/// `None` for a local disk, and where the system does not tell. Links are followed. Blocking.
pub(crate) fn network_file_system(folder: &Path) -> io::Result<Option<String>> {
    let there = folder.ancestors().find(|path| path.exists());
    there.map_or(Ok(None), network_of)
}

#[cfg(not(any(target_vendor = "apple", target_os = "linux", windows)))]
#[expect(clippy::unnecessary_wraps, reason = "other systems can fail")]
fn network_of(_folder: &Path) -> io::Result<Option<String>> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_is_local_and_so_is_one_that_is_to_be_made_in_it() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(network_file_system(dir.path()).unwrap(), None);
        assert_eq!(network_file_system(&dir.path().join("a/b/c")).unwrap(), None);
    }
}
