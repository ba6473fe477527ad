//! A reader of Prometheus' text format 0.0.4, as strict as its description.

#![expect(clippy::expect_used, reason = "a test ends at a failure, and says at which line")]

use std::collections::{BTreeMap, BTreeSet};

/// A family of samples.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) samples: Vec<Sample>,
}

#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

impl Family {
    /// The sum of the samples that have these labels.
    pub(crate) fn sum(&self, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &&Sample| {
            labels
                .iter()
                .all(|(name, value)| sample.labels.get(*name).is_some_and(|it| it == value))
        };
        self.samples.iter().filter(has).map(|sample| sample.value).sum()
    }
}

/// Reads an exposition; panics where it is none.
pub(crate) fn read(text: &str) -> BTreeMap<String, Family> {
    assert!(text.ends_with('\n') && !text.contains('\r'));
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut help: Option<String> = None;
    let mut current: Option<String> = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, said) = rest.split_once(' ').expect(line);
            assert!(!said.trim().is_empty() && is_name(name), "{line}");
            help = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect(line);
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(help.as_deref(), Some(name), "HELP stands before TYPE");
            let family = Family { kind: kind.to_owned(), samples: Vec::new() };
            assert!(families.insert(name.to_owned(), family).is_none(), "{name} stands twice");
            current = Some(name.to_owned());
        } else {
            let sample = sample(line);
            let name = current.as_ref().expect("a sample has a type");
            let family = families.get_mut(name).unwrap();
            let suffix = sample.name.strip_prefix(name.as_str()).expect("families stand together");
            let suffixes: &[&str] =
                if family.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(suffixes.contains(&suffix), "{line} in {name}");
            family.samples.push(sample);
        }
    }
    for (name, family) in &families {
        check(name, family);
    }
    families
}

fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(is_letter) && name.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).expect(line);
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").expect(line);
            let (value, after) = quoted(after);
            assert!(is_name(label) && labels.insert(label.to_owned(), value).is_none(), "{line}");
            match after.strip_prefix(',') {
                Some(next) => rest = next,
                None => break rest = after.strip_prefix('}').expect(line),
            }
        }
    }
    let value = rest.strip_prefix(' ').expect(line).parse().expect(line);
    Sample { name: name.to_owned(), labels, value }
}

/// The text up to the closing quote, and what comes after that.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match chars.next().unwrap().1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                other => panic!("\\{other} is no escape"),
            }),
            _ => value.push(c),
        }
    }
    panic!("no closing quote in {text}")
}

fn check(name: &str, family: &Family) {
    assert_eq!(name.ends_with("_total"), family.kind == "counter", "{name}");
    let mut seen = BTreeSet::new();
    for Sample { name, labels, value } in &family.samples {
        assert!(seen.insert((name, labels)), "{name} {labels:?} stands twice");
        assert!(*value >= 0.0, "{name} {labels:?}");
    }
    if family.kind == "histogram" {
        check_histogram(name, family);
    }
}

/// Buckets rise, and the last one is everything.
fn check_histogram(name: &str, family: &Family) {
    let mut series: BTreeMap<BTreeMap<String, String>, Vec<(f64, f64)>> = BTreeMap::new();
    for Sample { name: of, labels, value } in &family.samples {
        let mut labels = labels.clone();
        if *of == format!("{name}_bucket") {
            let le = labels.remove("le").expect("a bucket has a bound").parse().unwrap();
            series.entry(labels).or_default().push((le, *value));
        }
    }
    for (labels, buckets) in series {
        assert!(buckets.windows(2).all(|pair| pair[0].0 < pair[1].0), "{labels:?}: {buckets:?}");
        assert!(buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{labels:?}: {buckets:?}");
        let (le, all) = *buckets.last().unwrap();
        assert!(le.is_infinite(), "{labels:?}");
        let one = |suffix: &str| {
            let is_it = |it: &&Sample| it.name == format!("{name}{suffix}") && it.labels == labels;
            family.samples.iter().find(is_it).unwrap().value
        };
        assert!((one("_count") - all).abs() < f64::EPSILON, "{labels:?}");
        assert!(one("_sum") >= 0.0);
    }
}
