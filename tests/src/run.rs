//! Runs of the real program, bounded in time.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// No run of a test takes this long; one that does is ended.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a developer may have set and no test may depend on.
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

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Run {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program starts");
    let id = child.id();
    let (ended, has_ended) = mpsc::channel::<()>();
    let watchdog = thread::spawn(move || {
        if has_ended.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        }
    });
    let output = child.wait_with_output().expect("the program ends");
    drop(ended);
    watchdog.join().expect("the watchdog ends");
    Run {
        status: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A program of this workspace, beside the tests themselves.
pub(crate) fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let built = test.ancestors().nth(2).expect("tests lie in target/<profile>/deps");
    let binary = built.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(binary.exists(), "{} is not built: run tests/run.sh", binary.display());
    binary
}
