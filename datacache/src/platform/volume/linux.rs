//! Linux: the kernel's list of mounts has the name of every file system, by the number of its
//! device.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{major, minor};

const MOUNTS: &str = "/proc/self/mountinfo";

/// Those that other machines use too, the hosts of virtual machines among them.
const NETWORK: &[&str] = &[
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "gfs2",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "prl_fs",
    "smb3",
    "smbfs",
    "vboxsf",
    "vmhgfs",
];

/// The same of programs that make a file system. Others of these are local, as that of an NTFS
/// disk.
const NETWORK_PROGRAMS: &[&str] = &[
    "ceph-fuse",
    "curlftpfs",
    "davfs",
    "davfs2",
    "gcsfuse",
    "glusterfs",
    "goofys",
    "google-drive-ocamlfuse",
    "gvfsd-fuse",
    "juicefs",
    "kio-fuse",
    "mfs",
    "onedriver",
    "rclone",
    "s3fs",
    "smbnetfs",
    "sshfs",
    "vmhgfs-fuse",
];

pub(super) fn network_of(folder: &Path) -> io::Result<Option<String>> {
    let device = fs::metadata(folder)?.dev();
    // Without the list, as in some containers, nothing is known.
    let mounts = fs::read_to_string(MOUNTS).unwrap_or_default();
    let name = type_of(&mounts, major(device), minor(device));
    Ok(name.filter(|name| is_over_network(name)).map(str::to_owned))
}

/// The name of the file system on a device: of `36 35 0:52 / /mnt rw shared:1 - nfs4 server:/x rw`
/// what comes after the dash. A file system that gives its files other numbers is not in the list;
/// those are local ones.
fn type_of(mounts: &str, major: u32, minor: u32) -> Option<&str> {
    let device = format!("{major}:{minor}");
    let mount = mounts.lines().find(|line| line.split(' ').nth(2) == Some(&*device))?;
    mount.split_once(" - ")?.1.split(' ').next()
}

fn is_over_network(name: &str) -> bool {
    match name.strip_prefix("fuse.") {
        Some(program) => NETWORK_PROGRAMS.contains(&program),
        None => NETWORK.contains(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
        22 27 0:21 / /proc rw,relatime - proc proc rw\n\
        27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n\
        36 27 0:52 / /mnt/with\\040-\\040space rw shared:1 master:2 - nfs4 server:/x rw,vers=4.2\n\
        37 27 0:53 /sub /mnt/b rw - fuse.sshfs me@host: rw\n\
        38 27 0:5 / /mnt/c rw -\n\
        broken\n";

    #[test]
    fn a_device_is_found_in_the_list() {
        for (major, minor, expected) in [
            (254, 0, Some("ext4")),
            (0, 52, Some("nfs4")),
            (0, 53, Some("fuse.sshfs")),
            (0, 5, None),
            (0, 2, None),
            (8, 1, None),
        ] {
            assert_eq!(type_of(MOUNTS, major, minor), expected, "{major}:{minor}");
        }
        assert_eq!(type_of("", 254, 0), None);
    }

    #[test]
    fn what_other_machines_use_too_is_told_from_its_name() {
        for (name, expected) in [
            ("nfs", true),
            ("nfs4", true),
            ("cifs", true),
            ("smb3", true),
            ("9p", true),
            ("afs", true),
            ("ceph", true),
            ("vboxsf", true),
            ("fuse.sshfs", true),
            ("fuse.rclone", true),
            ("fuse.glusterfs", true),
            ("ext4", false),
            ("btrfs", false),
            ("xfs", false),
            ("zfs", false),
            ("tmpfs", false),
            ("overlay", false),
            ("virtiofs", false),
            ("ecryptfs", false),
            ("fuseblk", false),
            ("fuse.mergerfs", false),
            ("fuse.gocryptfs", false),
            ("fuse.nfs", false),
            ("", false),
        ] {
            assert_eq!(is_over_network(name), expected, "{name}");
        }
    }
}
