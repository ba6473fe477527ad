//! A namespace of a test's own: disks that only it sees, a network that only it is on.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::run::{Run, run};

/// A user and mount namespace, and what else was asked for. It goes away with the test.
#[derive(Debug)]
pub struct Namespace {
    /// The first process in it. It goes away when its standard input is closed, as by the end of
    /// the test.
    holder: Child,
    kinds: &'static [&'static str],
}

impl Namespace {
    /// Runs `script` in a namespace of the `kinds` that `unshare` has options for, with arguments.
    /// It says `ready` when it is, and ends with its standard input.
    pub fn new<S: AsRef<OsStr>>(
        kinds: &'static [&'static str],
        script: &str,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut holder = Command::new("unshare")
            .arg("--map-root-user")
            .args(kinds)
            .args(["sh", "-c", script, "sh"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("no unshare, which comes with util-linux: {error}"));
        let mut said = String::new();
        let mut output = BufReader::new(holder.stdout.take().expect("a pipe"));
        output.read_line(&mut said).expect("the script speaks");
        assert_eq!(
            said, "ready\n",
            "this test needs a namespace of its own, which the system may have to allow: sysctl -w \
             kernel.apparmor_restrict_unprivileged_userns=0"
        );
        Self { holder, kinds }
    }

    /// Runs a command inside.
    pub fn run(&self, command: &Command) -> Run {
        let mut inside = Command::new("nsenter");
        inside.args(self.kinds).args(["--preserve-credentials", "--target"]);
        inside.arg(self.holder.id().to_string());
        inside.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(name, value),
                None => inside.env_remove(name),
            };
        }
        run(&mut inside)
    }

    /// The file that is at `path` inside, as this process can reach it.
    pub fn path(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(path.strip_prefix("/").unwrap_or(path))
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
