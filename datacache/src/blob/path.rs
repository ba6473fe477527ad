//! Where a blob file lies.

use std::path::{Path, PathBuf};

use crate::checksum::Checksum;

/// The layout's version is part of the path, so that another layout can live beside it.
const LAYOUT: &str = "v1";

/// `<root>/v1/ab/cd/<sha256>`: at most 65 536 folders, so that none holds many files.
pub(super) fn of(root: &Path, checksum: Checksum) -> PathBuf {
    of_layout(&layout(root), checksum)
}

/// The same below the folder of this layout.
pub(super) fn of_layout(layout: &Path, checksum: Checksum) -> PathBuf {
    let name = checksum.to_string();
    layout.join(&name[..2]).join(&name[2..4]).join(&name)
}

/// The folder of this layout.
pub(super) fn layout(root: &Path) -> PathBuf {
    root.join(LAYOUT)
}

/// Where files are written before they are renamed.
pub(super) fn temp_dir(root: &Path) -> PathBuf {
    root.join("tmp")
}

/// Whether it is called like our files, or the folders that they lie in, if in another place.
pub(crate) fn is_name_of_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let digits = name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    digits && matches!(name.len(), 2 | 64)
}
