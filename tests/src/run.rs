//! Runs of the real program, bounded in time.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

/// No run of a test takes this long; one that does is ended.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a developer may have set and no test may depend on. `DATACACHE_HOT_BYTES` is not among it:
/// with 0 all tests run without entries in memory.
const ENVIRONMENT: &[&str] = &[
    "DATACACHE_DIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CLICOLOR_FORCE",
];

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    /// The exit status; -1 where a signal ended it.
    pub status: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// Standard output as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in the output of {self:?}"))
    }

    /// The one line in which a failed run says what went wrong, without its label.
    pub fn error(&self) -> &str {
        let line = self.stderr.strip_prefix("error: ").and_then(|rest| rest.strip_suffix('\n'));
        let line = line.filter(|line| !line.contains(['\n', '\r']));
        line.unwrap_or_else(|| panic!("not one line of error in {self:?}"))
    }

    /// Asserts that the run ended with `status` and one line of error that has all of `words`.
    pub fn assert_failed(&self, status: i32, words: &[&str]) {
        assert_eq!(self.status, status, "{self:?}");
        let error = self.error();
        for word in words {
            assert!(error.contains(word), "no '{word}' in {self:?}");
        }
    }

    /// Standard output as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).expect("the output is text")
    }
}

/// The program `datacache`, built with this workspace, in an environment without settings.
pub fn program() -> Command {
    let mut command = Command::new(binary("datacache"));
    for variable in ENVIRONMENT {
        command.env_remove(variable);
    }
    command
}

/// Runs a command to its end, or ends it when it takes too long.
pub fn run(command: &mut Command) -> Run {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let (closed, closings) = mpsc::channel();
    let stdout = read_to_end(child.stdout.take().expect("a pipe"), closed.clone());
    let stderr = read_to_end(child.stderr.take().expect("a pipe"), closed);
    for _ in 0..2 {
        if closings.recv_timeout(PATIENCE).is_err() {
            child.kill().expect("the program can be ended");
        }
    }
    let status = child.wait().expect("the program ends");
    Run {
        status: status.code().unwrap_or(-1),
        stdout: stdout.join().expect("the output is read"),
        stderr: String::from_utf8_lossy(&stderr.join().expect("the output is read")).into_owned(),
    }
}

/// Reads a pipe on a thread of its own, and tells when it is closed.
fn read_to_end(
    mut pipe: impl Read + Send + 'static,
    closed: mpsc::Sender<()>,
) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).expect("a pipe can be read");
        // Nobody listens any more when the program was ended.
        let _ = closed.send(());
        bytes
    })
}

/// A program of this workspace, beside the tests themselves.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let built = test.ancestors().nth(2).expect("tests lie in target/<profile>/deps");
    let binary = built.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(binary.exists(), "{} is not built: run tests/run.sh", binary.display());
    binary
}
