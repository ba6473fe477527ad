//! Windows: the full name of what lies on another machine begins with the name of that, whichever
//! drive it was given.

use std::io;
use std::path::{Component, Path, Prefix};

pub(super) fn network_of(folder: &Path) -> io::Result<Option<String>> {
    Ok(share_of(&folder.canonicalize()?))
}

fn share_of(full: &Path) -> Option<String> {
    let Some(Component::Prefix(prefix)) = full.components().next() else { return None };
    match prefix.kind() {
        Prefix::UNC(server, share) | Prefix::VerbatimUNC(server, share) => {
            Some(format!(r"\\{}\{}", server.display(), share.display()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_from_its_name() {
        for (path, expected) in [
            (r"\\?\UNC\nas\music\cache", Some(r"\\nas\music")),
            (r"\\nas\music\cache", Some(r"\\nas\music")),
            (r"\\?\C:\Users\dj", None),
            (r"C:\Users\dj", None),
        ] {
            assert_eq!(share_of(Path::new(path)).as_deref(), expected, "{path}");
        }
    }
}
