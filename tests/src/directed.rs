//! An origin whose answers the test gives, one by one.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use datacache::testing::{Origin, Reply};

/// No event of a test takes this long.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// An origin that tells of each request, and answers when it is told what.
#[derive(Debug)]
pub struct Directed {
    /// The origin.
    pub origin: Origin,
    arrivals: Receiver<Sender<Reply>>,
}

impl Directed {
    /// Starts it.
    pub fn start() -> Self {
        let (arrive, arrivals) = mpsc::channel();
        let arrive = Mutex::new(arrive);
        let origin = Origin::start(move |_| {
            let (answer, told) = mpsc::channel();
            // Once the test has ended, nobody listens any more.
            let _ = arrive.lock().unwrap_or_else(PoisonError::into_inner).send(answer);
            told.recv_timeout(PATIENCE).unwrap_or_else(|_| Reply::status(500))
        });
        Self { origin: origin.expect("a port on loopback"), arrivals }
    }

    /// Waits for the next request, and returns where its answer is to be sent.
    pub fn next(&self) -> Sender<Reply> {
        self.arrivals.recv_timeout(PATIENCE).expect("a request arrives")
    }
}
