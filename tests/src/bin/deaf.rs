//! A name server that never answers: `deaf ADDRESS:PORT`. It says `ready` and ends with its
//! standard input.

#![expect(clippy::print_stdout, reason = "it speaks to the test through standard output")]

use std::net::UdpSocket;

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_default();
    let _unread = UdpSocket::bind(address)?;
    println!("ready");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).map(drop)
}
