//! Deadlines, when whatever a request needs is busy or silent. How exactly they are kept, is
//! measured by the bench `deadline`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Peer};
#[cfg(target_os = "linux")]
use datacache_tests::{Namespace, binary, write};

#[test]
fn what_was_too_late_for_its_caller_is_there_for_the_next() {
    let folder = Folder::new();
    let is_silent = Arc::new(AtomicBool::new(true));
    let silent = Arc::clone(&is_silent);
    let origin = Origin::start(move |_| {
        if silent.load(Ordering::Acquire) { Reply::silence() } else { Reply::ok("late") }
    });
    let origin = origin.unwrap();
    let url = origin.url("/x");
    let mut writers: Vec<Peer> = (0..8).map(|_| Peer::start(&folder.dir())).collect();
    for (seed, writer) in writers.iter_mut().enumerate() {
        writer.tell(&format!("write {seed}"));
        writer.answer().unwrap();
    }
    let pending = folder.run(["get", &url, "--deadline", "100ms"]);
    assert_eq!((pending.status, &*pending.stderr), (4, &*format!("pending: {url}\n")));
    drop(writers);
    is_silent.store(false, Ordering::Release);
    let mut worker = Peer::start(&folder.dir());
    assert_eq!(worker.order("work"), "worked 1 0 0 0");
    assert_eq!(folder.run(["get", &url, "--offline"]).text(), "late");
}

/// The name server says nothing for half a minute, five times over.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_never_found_holds_up_neither_the_answer_nor_the_end_of_the_program() {
    let folder = Folder::new();
    let settings = folder.beside("resolv.conf");
    write(&settings, "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n");
    let script = r#"PATH=$PATH:/sbin:/usr/sbin; ip link set lo up &&
        mount --bind "$1" /etc/resolv.conf && exec "$2" 127.0.0.1:53"#;
    let kinds = &["--user", "--mount", "--net"];
    let namespace = Namespace::new(kinds, script, [settings, binary("deaf")]);
    let url = "http://name.example/x";
    let pending = namespace.run(&folder.program(["get", url, "--deadline", "100ms"]));
    assert_eq!((pending.status, &*pending.stderr), (4, &*format!("pending: {url}\n")));
    assert_eq!(folder.run(["stats", "--json"]).json()["queue"]["immediate"], 1);
}
