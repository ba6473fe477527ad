//! A disk that becomes read-only: nothing is taken for damage, and nothing is lost.

use datacache_tests::{Folder, Namespace, body, write};

#[test]
fn a_disk_that_is_mounted_read_only_is_named_and_nothing_is_moved() {
    let folder = Folder::new();
    std::fs::create_dir(folder.dir()).unwrap();
    let script = r#"mount -t tmpfs -o size=128m tmpfs "$1" && echo ready && exec cat"#;
    let namespace = Namespace::new(&["--user", "--mount"], script, [folder.dir()]);
    let remount = |how: &str| {
        let mut mount = std::process::Command::new("mount");
        mount.args(["-o", &format!("remount,{how}")]).arg(folder.dir());
        let mounted = namespace.run(&mount);
        assert_eq!(mounted.status, 0, "{mounted:?}");
    };
    let run = |args: &[&str]| namespace.run(&folder.program(args));
    let file = folder.beside("file");
    write(&file, body(1, 70_000));
    let put = ["put", "a://x", file.to_str().unwrap()];
    assert_eq!(run(&put).status, 0);

    remount("ro");
    for args in
        [&put[..], &["rm", "a://x"], &["enqueue", "http://127.0.0.1:1/"], &["verify", "--repair"]]
    {
        run(args).assert_failed(1, &["cannot be written"]);
    }
    remount("rw");
    assert!(run(&["get", "a://x"]).stdout == body(1, 70_000));
    let verify = run(&["verify"]);
    assert_eq!(verify.status, 0, "{verify:?}");
    let mut list = std::process::Command::new("ls");
    let listed = namespace.run(list.arg(folder.dir())).text();
    assert!(!listed.contains("damaged") && !listed.contains("new"), "{listed}");

    // Damage that is found there stays where it is.
    let database = namespace.path(&folder.dir().join("datacache.sqlite"));
    write(&database, body(2, 10_000));
    remount("ro");
    let refused = run(&["ls"]);
    assert_eq!(refused.status, 1, "{refused:?}");
    remount("rw");
    assert!(std::fs::read(&database).unwrap() == body(2, 10_000));
    let moved = run(&["ls"]);
    assert!(moved.status == 0 && moved.stderr.contains("datacache-damaged-"), "{moved:?}");
}
