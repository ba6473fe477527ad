"""The servers of a comparison, on this machine only."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

# A server ends by itself after this, should nobody end it.
LIMIT = "1h"


@contextmanager
def origin(block: bytes) -> Iterator[str]:
    """Serves `SIZE/NUMBER`, the number in eight bytes and the rest of the block; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one segment, and no segment waits for another.
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            size, number = (int(part) for part in self.path.strip("/").split("/"))
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(size))
            self.send_header("Cache-Control", "public, max-age=86400")
            self.end_headers()
            self.wfile.write(number.to_bytes(8, "big") + block[8:size])

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def redis_is_installed() -> bool:
    """Whether there is a server to start."""
    return shutil.which("redis-server") is not None


@contextmanager
def redis(folder: Path) -> Iterator[None]:
    """Starts a server on a Unix socket in `folder`, without persistence and else as by default."""
    socket = folder / "redis.sock"
    arguments = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(
        ["timeout", LIMIT, "redis-server", *arguments, "--dir", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        # It says so once it listens; what it says later is little enough for the pipe.
        if not any("ready to accept" in line.lower() for line in server.stdout or []):
            raise RuntimeError("redis-server did not start")
        yield
    finally:
        server.terminate()
        server.wait()
