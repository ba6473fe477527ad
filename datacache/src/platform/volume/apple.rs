//! macOS: the system says of every mount whether it is local.

use std::io;
use std::path::Path;

use rustix::fs::statfs;

/// `MNT_LOCAL` of `sys/mount.h`.
const LOCAL: u32 = 0x1000;

pub(super) fn network_of(folder: &Path) -> io::Result<Option<String>> {
    let mount = statfs(folder)?;
    let name = mount.f_fstypename.iter().map(|c| c.cast_unsigned()).take_while(|byte| *byte != 0);
    Ok((!is_local(mount.f_flags)).then(|| name.map(char::from).collect()))
}

fn is_local(flags: u32) -> bool {
    flags & LOCAL != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_says_that_it_is_local() {
        // As the root has it, and a share.
        assert!(is_local(0x0480_9000 | 0x1000));
        assert!(!is_local(0x0000_0018));
    }
}
