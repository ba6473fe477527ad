//! An HTTP/1.1 origin on loopback: real sockets, scripted answers.
//!
//! It runs on threads of its own, so that it serves other processes while the test waits for them,
//! and ends when it is dropped. One connection carries one request.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// No client of a test takes longer than this to send or to read.
const SOCKET_TIMEOUT: Duration = Duration::from_mins(1);

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// `GET` and the like.
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, of the length that the headers tell.
    pub body: Vec<u8>,
}

/// What to answer.
#[derive(Clone, Debug)]
pub struct Reply(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Response { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    Raw(Vec<u8>),
    Trickle { head: Vec<u8>, pause: Duration },
    Silence,
}

impl Reply {
    /// An answer of this status, without a body.
    pub fn status(status: u16) -> Self {
        Self(Kind::Response { status, headers: Vec::new(), body: Vec::new() })
    }

    /// 200 with this body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self(Kind::Response { status: 200, headers: Vec::new(), body: body.into() })
    }

    /// A redirect to `location`.
    pub fn redirect(location: impl Into<String>) -> Self {
        Self::status(302).header("Location", location)
    }

    /// These bytes as they are, and then the end of the connection: for answers that no server
    /// should give.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Kind::Raw(bytes.into()))
    }

    /// These bytes as they are, and then one more after each `pause`, for as long as the client
    /// takes them.
    pub fn trickle(head: impl Into<Vec<u8>>, pause: Duration) -> Self {
        Self(Kind::Trickle { head: head.into(), pause })
    }

    /// No answer at all, for as long as the origin lives.
    pub fn silence() -> Self {
        Self(Kind::Silence)
    }

    /// With one more header; answers that are raw, trickle or do not come stay as they are.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Kind::Response { headers, .. } = &mut self.0 {
            headers.push((name.into(), value.into()));
        }
        self
    }

    fn send(self, stream: &mut TcpStream) -> io::Result<()> {
        match self.0 {
            Kind::Response { status, headers, body } => {
                let mut bytes = format!("HTTP/1.1 {status} Scripted\r\n").into_bytes();
                for (name, value) in headers {
                    bytes.extend(format!("{name}: {value}\r\n").into_bytes());
                }
                let length = body.len();
                let end = format!("Content-Length: {length}\r\nConnection: close\r\n\r\n");
                bytes.extend(end.into_bytes());
                bytes.extend(body);
                stream.write_all(&bytes)
            }
            Kind::Raw(bytes) => stream.write_all(&bytes),
            Kind::Trickle { head, pause } => {
                stream.write_all(&head)?;
                loop {
                    #[expect(clippy::disallowed_methods, reason = "a slow origin takes real time")]
                    thread::sleep(pause);
                    stream.write_all(b"x")?;
                }
            }
            // Until the client goes away, or the origin is dropped.
            Kind::Silence => io::copy(stream, &mut io::sink()).map(drop),
        }
    }
}

/// A running origin; dropping it ends it.
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stopping: AtomicBool,
    received: Mutex<Vec<Received>>,
    connections: Mutex<Vec<TcpStream>>,
}

impl Origin {
    /// Starts an origin that answers each request as `answer` says. `answer` runs on a thread of
    /// its own for each connection and may wait.
    ///
    /// # Errors
    /// When no loopback port can be had.
    pub fn start(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), answer)
    }

    /// The same at an address that was asked before.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn start_at(
        address: SocketAddr,
        answer: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let listening = thread::spawn({
            let shared = Arc::clone(&shared);
            let answer = Arc::new(answer);
            move || {
                for stream in listener.incoming().flatten() {
                    if shared.stopping.load(Ordering::Acquire) {
                        break;
                    }
                    let (shared, answer) = (Arc::clone(&shared), Arc::clone(&answer));
                    // A client that goes away in the middle is no fault of the test.
                    thread::spawn(move || serve(stream, &shared, &*answer).ok());
                }
            }
        });
        Ok(Self { address, shared, listening: Some(listening) })
    }

    /// The URL of `path`, which begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Every request so far, in the order of arrival.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }

    /// How many connections were made so far, be it with a request or without.
    pub fn connections(&self) -> usize {
        lock(&self.shared.connections).len()
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        // Wakes the listener, which then sees that it is to stop.
        drop(TcpStream::connect(self.address));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
        for connection in lock(&self.shared.connections).drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

fn serve(
    stream: TcpStream,
    shared: &Shared,
    answer: &(dyn Fn(&Received) -> Reply + Send + Sync),
) -> io::Result<()> {
    stream.set_read_timeout(Some(SOCKET_TIMEOUT))?;
    stream.set_write_timeout(Some(SOCKET_TIMEOUT))?;
    lock(&shared.connections).push(stream.try_clone()?);
    let mut reader = BufReader::new(stream);
    let Some(request) = read_request(&mut reader)? else { return Ok(()) };
    lock(&shared.received).push(request.clone());
    let mut stream = reader.into_inner();
    answer(&request).send(&mut stream)?;
    stream.shutdown(Shutdown::Both)
}

fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Received>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok(Some(Received { method, path, headers, body }))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
