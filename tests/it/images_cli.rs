//! `datacache images`.

use datacache::testing::{Origin, Reply};
use datacache_tests::{Folder, Run};
use image::{ImageFormat, Rgb, RgbImage};

use crate::picture::pixel_bomb;

const URL: &str = "https://a.example/cover.png";
const RED: [u8; 3] = [200, 10, 10];

/// A folder with a red cover of 400 × 200 pixels.
fn folder_with_cover() -> Folder {
    let folder = Folder::new();
    put_cover(&folder, RED);
    folder
}

fn put_cover(folder: &Folder, rgb: [u8; 3]) {
    let file = folder.beside("cover.png");
    RgbImage::from_pixel(400, 200, Rgb(rgb)).save_with_format(&file, ImageFormat::Png).unwrap();
    put(folder, URL, file.to_str().unwrap(), "front_cover");
}

fn put(folder: &Folder, url: &str, file: &str, data_type: &str) {
    let put = folder.run(["put", url, file, "--identifier", "Daft Punk", "--type", data_type]);
    assert_eq!(put.status, 0, "{put:?}");
}

fn images(folder: &Folder, args: &[&str]) -> Run {
    folder.run(["images"].iter().chain(args))
}

#[test]
fn a_palette_is_lines_for_people_and_an_object_for_programs_and_of_the_bytes_there_are_now() {
    let folder = folder_with_cover();
    let palette = images(&folder, &["palette", URL]);
    assert_eq!(palette.status, 0, "{palette:?}");
    assert_eq!(palette.text(), "kind      vibrant\ndisplay   #c80a0a\nlighting  #ff0d0d\n");
    put_cover(&folder, [90, 90, 90]);
    let palette = images(&folder, &["palette", URL, "--json"]).json();
    let expected = r##"{"display": ["#5a5a5a"], "lighting": [], "kind": "monochrome"}"##;
    assert_eq!(palette, serde_json::from_str::<serde_json::Value>(expected).unwrap());
}

#[test]
fn a_picture_is_scaled_down_and_delivered_like_any_other() {
    let folder = folder_with_cover();
    let piped = images(&folder, &["resize", URL, "--width", "100", "--height", "100"]);
    assert_eq!(piped.status, 0, "{piped:?}");
    let small = image::load_from_memory(&piped.stdout).unwrap();
    assert_eq!((small.width(), small.height()), (100, 50));
    let file = folder.beside("small.jpg");
    let to_file = ["--height", "50", "--json", "-o", file.to_str().unwrap()];
    let report = images(&folder, &[&["resize", URL][..], &to_file].concat()).json();
    assert_eq!((&report["outcome"], &report["mime_type"]), (&"fresh".into(), &"image/jpeg".into()));
    assert_eq!((&report["url"], &report["identifier"]), (&URL.into(), &"daft_punk".into()));
    assert_eq!(report["size"], "4096x50");
    assert_eq!(image::open(&file).unwrap().height(), 50);
    // They are parts of the cover, not entries, and go with it.
    let listed = folder.run(["ls", "--json"]);
    assert_eq!(listed.text().lines().count(), 1, "{listed:?}");
    assert_eq!(folder.run(["stats", "--json"]).json()["totals"]["derived"], 3);
    let removed = folder.run(["rm", "--all", "--json"]).json();
    assert_eq!(removed["removed"], 1);
    assert_eq!(folder.run(["stats", "--json"]).json()["totals"]["size_bytes"], 0);
    folder.assert_empty();
}

#[test]
fn what_cannot_be_made_is_a_clear_end() {
    let folder = Folder::new();
    for command in [&["palette", URL][..], &["resize", URL, "--width", "9"]] {
        let run = images(&folder, command);
        assert_eq!((run.status, run.stdout.len()), (3, 0), "{run:?}");
        assert!(run.stderr.contains(URL), "{run:?}");
    }
    let file = folder.beside("bomb.png");
    std::io::Write::write_all(&mut std::fs::File::create(&file).unwrap(), &pixel_bomb()).unwrap();
    put(&folder, URL, file.to_str().unwrap(), "other");
    images(&folder, &["palette", URL]).assert_failed(1, &[URL, "pixels"]);
    images(&folder, &["resize", URL, "--width", "9"]).assert_failed(1, &[URL, "pixels"]);
    for edge in ["0", "4097"] {
        let run = images(&folder, &["resize", URL, "--width", edge]);
        run.assert_failed(2, &["from 1 to 4096"]);
    }
    let run = images(&folder, &["fill", "Daft Punk", "bio_en", URL]);
    run.assert_failed(2, &["bio_en", "image type"]);
    folder.run(["put", "derived:x/y", file.to_str().unwrap()]).assert_failed(2, &["scheme"]);
}

#[test]
fn what_its_origin_does_not_have_is_told_from_what_was_never_asked_for() {
    let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::status(404)).unwrap());
    let url = origin.url("/x");
    assert_eq!(folder.run(["get", &url]).status, 3);
    for command in [&["palette", &url][..], &["resize", &url, "--width", "9"]] {
        let run = images(&folder, command);
        assert!(run.status == 3 && run.stderr.starts_with("there is none"), "{run:?}");
        let report = images(&folder, &[command, &["--json"]].concat()).json();
        assert_eq!(report["outcome"], "absent");
    }
}

#[test]
fn an_older_copy_is_said_to_be_one_and_renewed_however_it_is_found() {
    let folder = folder_with_cover();
    let file = folder.beside("cover.png");
    let put = ["put", URL, file.to_str().unwrap(), "--ttl", "0s"];
    let options = ["--identifier", "Daft Punk", "--type", "front_cover", "--json"];
    let handle = folder.run(put.into_iter().chain(options)).json()["cachekey"].to_string();
    let random = ["random", "Daft Punk", "front_cover"];
    let (resize, get) = (
        ["images", "resize", URL, "--width", "9"],
        ["get", "--cachekey", handle.trim_matches('"')],
    );
    for command in [&random[..], &resize, &get] {
        let run = folder.run(command);
        assert!(run.status == 0 && run.stderr.contains("warning"), "{run:?}");
        let to_file = folder.beside("copy");
        let report = [command, &["--json", "-o", to_file.to_str().unwrap()]].concat();
        let report = folder.run(report).json();
        assert!(report["outcome"] == "stale" && report["warning"].is_string(), "{report}");
        let queued = folder.run(["queue", "rm", URL]);
        assert_eq!(queued.status, 0, "{queued:?}");
    }
}

#[test]
fn urls_of_strangers_can_be_declared_so() {
    let (folder, origin) = (Folder::new(), Origin::start(|_| Reply::status(404)).unwrap());
    let fill = ["fill", "Daft Punk", "artistlogo", &origin.url("/x"), "--untrusted"];
    images(&folder, &fill).assert_failed(1, &["loopback", "untrusted"]);
}

#[test]
fn the_queue_is_filled_up_to_what_is_allowed() {
    let folder = folder_with_cover();
    let urls: Vec<String> = (0..5).map(|number| format!("https://a.example/{number}")).collect();
    let fill = |options: &[&str]| {
        let urls = urls.iter().map(String::as_str);
        let fill = ["images", "fill", "Daft Punk", "artistlogo", "--json"].into_iter();
        let filled = folder.run(fill.chain(urls).chain(options.iter().copied())).json();
        ["queued", "known", "left_out"].map(|name| filled[name].as_u64().unwrap())
    };
    assert_eq!(fill(&["--max", "1"]), [1, 0, 4]);
    assert_eq!(fill(&[]), [1, 1, 3]);
    let config = folder.beside("config.toml");
    let settings = "[images]\nmax_per_artist = { artistlogo = 4 }";
    std::io::Write::write_all(&mut std::fs::File::create(&config).unwrap(), settings.as_bytes())
        .unwrap();
    assert_eq!(fill(&["--config", config.to_str().unwrap()]), [2, 2, 1]);
    let queue = folder.run(["queue", "ls", "--json"]);
    assert_eq!(queue.text().lines().count(), 4, "{queue:?}");
}

#[test]
fn a_random_image_falls_back_as_configured() {
    let folder = folder_with_cover();
    let random = |options: &[&str]| {
        let random = ["random", "Daft Punk", "artistlogo", "--json"].into_iter();
        folder.run(random.chain(options.iter().copied()))
    };
    assert_eq!(random(&[]).status, 3);
    let config = folder.beside("config.toml");
    let settings = "[images.fallbacks]\nartistlogo = ['artistthumbnail', 'front_cover']";
    std::io::Write::write_all(&mut std::fs::File::create(&config).unwrap(), settings.as_bytes())
        .unwrap();
    let options = ["--config", config.to_str().unwrap()];
    assert_eq!(random(&options).json()["data_type"], "front_cover");
}
