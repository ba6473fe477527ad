//! Certificates: only those that the system trusts are believed.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use datacache_tests::Folder;
#[cfg(target_os = "linux")]
use datacache_tests::{run, write};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// No client of a test takes longer than this.
const PATIENCE: Duration = Duration::from_mins(1);

/// An HTTPS origin on loopback with a certificate that it made itself; dropping it ends it.
struct TlsOrigin {
    url: String,
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "it is trusted on Linux only")
    )]
    certificate: String,
    /// Dropped to end the server.
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl TlsOrigin {
    fn start(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
        let url = format!("https://{}/x", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let server = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, acceptor) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { url, certificate: made.cert.pem(), stop: Some(stop), server: Some(server) }
    }
}

impl Drop for TlsOrigin {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((stream, _)) = listener.accept().await {
        let answer = async {
            let mut stream = acceptor.accept(stream).await?;
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await?;
            stream
                .write_all(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
                )
                .await?;
            stream.shutdown().await
        };
        // A client that turns away is what half of these tests are about.
        let _ = tokio::time::timeout(PATIENCE, answer).await;
    }
}

#[test]
fn a_certificate_that_nobody_trusts_is_an_error_and_nothing_is_stored() {
    let (folder, origin) = (Folder::new(), TlsOrigin::start("127.0.0.1"));
    let failed = folder.run(["get", &origin.url, "--retries", "0"]);
    failed.assert_failed(1, &[&origin.url, "TLS"]);
    folder.assert_empty();
}

#[cfg(target_os = "linux")]
#[test]
fn a_certificate_that_the_user_trusts_is_believed() {
    let (folder, origin) = (Folder::new(), TlsOrigin::start("127.0.0.1"));
    let certificate = folder.beside("certificate.pem");
    write(&certificate, &origin.certificate);
    let run = run(folder.program(["get", &origin.url]).env("SSL_CERT_FILE", &certificate));
    assert_eq!((run.status, &run.stdout[..]), (0, &b"hello"[..]), "{run:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_trusted_certificate_of_another_host_is_an_error() {
    let (folder, origin) = (Folder::new(), TlsOrigin::start("other.example"));
    let certificate = folder.beside("certificate.pem");
    write(&certificate, &origin.certificate);
    let mut get = folder.program(["get", &origin.url, "--retries", "0"]);
    run(get.env("SSL_CERT_FILE", &certificate)).assert_failed(1, &[&origin.url, "TLS"]);
    folder.assert_empty();
}

#[test]
fn an_origin_that_speaks_no_tls_is_an_error() {
    use datacache::testing::{Origin, Reply};
    let folder = Folder::new();
    // It takes the handshake for a request and waits for more, or goes away.
    let origin = Origin::start(|_| Reply::ok("hello")).unwrap();
    let url = origin.url("/x").replace("http://", "https://");
    let run = folder.run(["get", &url, "--retries", "0", "--timeout", "500ms"]);
    run.assert_failed(1, &[&url]);
    folder.assert_empty();
}
