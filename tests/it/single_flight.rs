//! One request at a time for a key, over all tasks of all processes.

use datacache::Checksum;
use datacache::testing::Reply;
use datacache_tests::{Directed, Folder, Peer};

const PROCESSES: usize = 4;
const TASKS: usize = 1_000;

fn peers(folder: &Folder) -> Vec<Peer> {
    (0..PROCESSES).map(|_| Peer::start(&folder.dir())).collect()
}

#[test]
fn a_thousand_tasks_in_each_of_four_processes_make_one_request() {
    let (folder, directed) = (Folder::new(), Directed::start());
    let url = directed.origin.url("/x");
    let mut peers = peers(&folder);
    for peer in &mut peers {
        assert_eq!(peer.order(&format!("storm {url} {TASKS}")), "begun");
    }
    directed.next().send(Reply::ok("once")).unwrap();
    for peer in &mut peers {
        assert_eq!(peer.answer().unwrap(), format!("stormed {}", Checksum::of(b"once")));
    }
    assert_eq!(directed.origin.received().len(), 1);
}

#[test]
fn a_leader_that_is_killed_is_succeeded_by_one_of_those_who_wait() {
    let (folder, directed) = (Folder::new(), Directed::start());
    let url = directed.origin.url("/x");
    let mut peers = peers(&folder);
    let mut leader = peers.pop().unwrap();
    leader.tell(&format!("fetch {url}"));
    let _unanswered = directed.next();
    for peer in &mut peers {
        assert_eq!(peer.order(&format!("storm {url} {TASKS}")), "begun");
    }
    leader.kill();
    directed.next().send(Reply::ok("at last")).unwrap();
    for peer in &mut peers {
        assert_eq!(peer.answer().unwrap(), format!("stormed {}", Checksum::of(b"at last")));
    }
    assert_eq!(directed.origin.received().len(), 2);
}

#[test]
fn a_leader_that_fails_is_succeeded_by_one_of_those_who_wait() {
    let (folder, directed) = (Folder::new(), Directed::start());
    let url = directed.origin.url("/x");
    let mut peers = peers(&folder);
    let mut leader = peers.pop().unwrap();
    leader.tell(&format!("fetch {url}"));
    let answer = directed.next();
    for peer in &mut peers {
        assert_eq!(peer.order(&format!("storm {url} {TASKS}")), "begun");
    }
    answer.send(Reply::status(503)).unwrap();
    assert_eq!(leader.answer().unwrap(), "failed Upstream");
    directed.next().send(Reply::ok("at last")).unwrap();
    for peer in &mut peers {
        assert_eq!(peer.answer().unwrap(), format!("stormed {}", Checksum::of(b"at last")));
    }
    assert_eq!(directed.origin.received().len(), 2);
}

#[test]
fn a_live_request_of_a_process_that_was_killed_is_made_by_a_worker() {
    let (folder, directed) = (Folder::new(), Directed::start());
    let url = directed.origin.url("/x");
    let (mut dying, mut worker) = (Peer::start(&folder.dir()), Peer::start(&folder.dir()));
    dying.tell(&format!("fetch {url}"));
    let _unanswered = directed.next();
    dying.kill();
    worker.tell("work");
    directed.next().send(Reply::ok("at last")).unwrap();
    assert_eq!(worker.answer().unwrap(), "worked 1 0 0 0");
    assert!(worker.order(&format!("lookup {url}")).starts_with("fresh "));
}
