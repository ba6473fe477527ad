//! A peer: another process with the cache open, that does what it is told.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::run::binary;

/// A peer process; dropping it kills it.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    heard: usize,
}

impl Peer {
    /// Starts a peer on the cache folder `dir`. It has the cache open when this returns.
    pub fn start(dir: &Path) -> Self {
        Self::run(Command::new(binary("peer")).arg(dir))
    }

    /// Starts a peer whose clock stands at `now_ms`.
    pub fn start_at(dir: &Path, now_ms: i64) -> Self {
        Self::run(Command::new(binary("peer")).arg(dir).arg(now_ms.to_string()))
    }

    /// Starts a peer with settings, as JSON.
    pub fn start_with(dir: &Path, settings: &str) -> Self {
        Self::run(Command::new(binary("peer")).arg(dir).arg("-").arg(settings))
    }

    fn run(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the peer starts");
        let orders = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut peer = Self { child, orders, answers, heard: 0 };
        assert_eq!(peer.answer().as_deref(), Some("open"));
        peer
    }

    /// Gives an order (see `bin/peer.rs`) and waits for its answer.
    pub fn order(&mut self, order: &str) -> String {
        self.tell(order);
        self.answer().expect("the peer answers")
    }

    /// Gives an order.
    pub fn tell(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("the peer listens");
    }

    /// The next complete line the peer says, or had said before it was killed; `None` when there
    /// is no more.
    pub fn answer(&mut self) -> Option<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the peer speaks");
        let line = line.strip_suffix('\n').map(str::to_owned);
        self.heard += usize::from(line.is_some());
        line
    }

    /// How many lines the peer has said so far, the first `open` among them.
    pub fn heard(&self) -> usize {
        self.heard
    }

    /// The peer's process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends the peer a signal, such as `STOP`.
    #[cfg(unix)]
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &self.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Ends the peer as `kill -9` does.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.kill();
    }
}
