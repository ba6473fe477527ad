//! The rules of the source tree that the compiler does not know.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom to the top. A module may use what stands below its row, and, in the first row,
/// its neighbours.
const LAYERS: &[&[&str]] = &[
    &[
        "background",
        "checksum",
        "clock",
        "config",
        "error",
        "identifier",
        "key",
        "lock",
        "long_work",
        "media",
        "name",
        "platform",
        "redact",
        "session",
        "trail",
    ],
    &["blob", "db"],
    &["limits", "numbers", "queue", "store"],
    &["fetch", "hot"],
    &["cache"],
    &["maintenance"],
    &["moving", "providers", "worker"],
];

/// No duty needs more lines than this.
const MAX_LINES: usize = 400;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The Rust files below a folder of the workspace, relative to it, with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let top = root().join(folder);
    let mut folders = vec![top.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(&top).unwrap().to_owned();
                sources.push((relative, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!sources.is_empty(), "{folder} has no sources");
    sources
}

/// The module of this crate that a file belongs to; `None` for `lib.rs`.
fn module_of(path: &Path) -> Option<String> {
    let first = path.iter().next()?.to_str()?;
    let module = first.strip_suffix(".rs").unwrap_or(first);
    (module != "lib").then(|| module.to_owned())
}

/// The names that a source uses after `crate::`.
fn imports(source: &str) -> BTreeSet<String> {
    let items = source.split("crate::").skip(1).flat_map(|after| match after.strip_prefix('{') {
        Some(group) => items_of(group),
        None => vec![after],
    });
    items.map(leading_name).filter(|name| !name.is_empty()).collect()
}

/// The items of `a, b::{c, d}, e}`, up to the brace that ends them.
fn items_of(group: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                items.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        if c == '}' && start > at {
            break;
        }
    }
    items
}

fn leading_name(item: &str) -> String {
    item.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn imports_are_read_whatever_their_form() {
    let source = "use crate::error::{Error, Result};\nuse crate::{lock, platform};\n\
        use crate::{queue, store::{Store, sql}, db};\nlet x = crate::Key::parse(crate::media::y());";
    let expected = ["Key", "db", "error", "lock", "media", "platform", "queue", "store"];
    assert_eq!(imports(source), expected.map(str::to_owned).into());
}

#[test]
fn imports_go_downward_only() {
    let layer_of = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    for (path, source) in sources("datacache/src") {
        let Some(module) = module_of(&path).filter(|module| module != "testing") else { continue };
        if path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let own = layer_of(&module).unwrap_or_else(|| panic!("{module} has no layer"));
        let production = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for import in imports(production) {
            let Some(layer) = layer_of(&import) else { continue };
            let is_allowed = import == module || layer < own || (layer == own && own == 0);
            assert!(is_allowed, "{} imports {import}", path.display());
        }
    }
}

/// What only some files may name, and which.
#[test]
fn each_outside_library_has_its_room() {
    let rooms: &[(&str, &[&str])] = &[
        ("reqwest::", &["fetch"]),
        ("SELECT ", &["db", "sql", "tests"]),
        ("SqliteConnectOptions", &["db"]),
        (".connect()", &["db"]),
        ("println!", &[]),
        ("std::process::exit", &[]),
    ];
    for (path, source) in sources("datacache/src") {
        let names: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
        let code: Vec<&str> =
            source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for (needle, allowed) in rooms {
            let is_allowed = allowed.iter().any(|room| {
                names.iter().any(|name| name == room || name.strip_suffix(".rs") == Some(room))
            });
            let found = code.iter().any(|line| line.contains(needle));
            assert!(is_allowed || !found, "{} names {needle}", path.display());
        }
    }
    let manifest = fs::read_to_string(root().join("datacache-cli/Cargo.toml")).unwrap();
    for library in ["sqlx", "reqwest"] {
        assert!(!manifest.contains(library), "the program uses {library} past the library");
    }
}

#[test]
fn files_have_one_duty() {
    for folder in ["datacache/src", "datacache-cli/src", "tests/src", "tests/it"] {
        for (path, source) in sources(folder) {
            let lines = source.lines().count();
            assert!(lines <= MAX_LINES, "{folder}/{} has {lines} lines", path.display());
            let name = path.file_stem().unwrap().to_str().unwrap();
            let vague = ["util", "utils", "helper", "helpers", "common", "manager", "misc"];
            assert!(!vague.contains(&name), "{folder}/{} says nothing", path.display());
        }
    }
}
