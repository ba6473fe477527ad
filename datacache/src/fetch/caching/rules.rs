//! The rules, each with its section: what the RFC says, for which headers, and what follows.
//!
//! A section without the name of an RFC is one of RFC 9111. Where it carries a `*`, this cache
//! differs on purpose, and the row says how.
//!
//! Not here, because nothing of the kind happens in a cache that one user has for himself and that
//! sends nothing but GET: what only shared caches mind (3.5), parts of an answer (3.3, 3.4), HEAD
//! (4.3.5), unsafe methods (4.4), validation requests from others (4.3.2), `only-if-cached` and
//! the other directives of requests (5.2.1), and `Warning`, which is gone (5.5).

use reqwest::header::{HeaderName, HeaderValue};

use super::super::classify::{Class, status};
use super::*;

/// Sun, 06 Nov 1994 08:49:37 GMT: the moment of sending in every row.
pub(super) const NOW: Timestamp = Timestamp::from_millis(784_111_777_000);

/// Lines are separated by `;`, and `{-60}` is the date a minute ago.
const ANSWERS: &str = r#"
section       | what it says                                 | headers of the answer                                     | what follows
--------------|----------------------------------------------|-----------------------------------------------------------|-------------
3             | an answer may be stored unless it objects    |                                                           | stored
5.2.2.5       | no-store: it must not be                     | Cache-Control: no-store                                   | not stored
5.2.2.5       | … whatever else is said                      | Cache-Control: public, max-age=60, no-store               | not stored
5.2.2.5       | … and with an argument that it does not have | Cache-Control: no-store="x"                               | not stored
5.2.2.3       | must-understand: no-store is for the others  | Cache-Control: must-understand, no-store                  | stored
5.2.2.3       | … and alone it says nothing                  | Cache-Control: must-understand                            | stored
5.2.2.7       | private: for one user, as this cache is      | Cache-Control: private, max-age=60                        | stored; fresh 60
5.2.2.7       | … also for some fields only                  | Cache-Control: private="set-cookie"                       | stored
5.2.2.9       | public: no obstacle, and no lifetime         | Cache-Control: public                                     | stored; not said
5.2.2.6       | no-transform: bodies are kept as they came   | Cache-Control: no-transform, max-age=60                   | stored; fresh 60

4.2.1         | max-age: so many seconds                     | Cache-Control: max-age=60                                 | fresh 60
4.2.1 *       | … which yield to a TTL asked for or a policy | Cache-Control: max-age=60                                 | fresh 60
5.2.2.5 *     | … as do no-store, no-cache, must-revalidate  | Cache-Control: no-store, must-revalidate                  | not stored; no stale use
5.2.2.1       | … none at all                                | Cache-Control: max-age=0                                  | stale
1.2.2         | … too many count as 2^31                     | Cache-Control: max-age=99999999999999999999999            | fresh 2147483648
1.2.2         | … also where a program could hold more       | Cache-Control: max-age=4294967296                         | fresh 2147483648
4.2.1         | … what is no number is stale                 | Cache-Control: max-age=soon                               | stale
4.2.1         | … below zero                                 | Cache-Control: max-age=-60                                | stale
4.2.1         | … with a fraction                            | Cache-Control: max-age=60.5                               | stale
4.2.1         | … without its number                         | Cache-Control: max-age                                    | stale
4.2.1         | … with an empty one                          | Cache-Control: max-age=                                   | stale
4.2.1         | … in a string that does not end              | Cache-Control: max-age="60                                | stale
4.2.1         | … twice, and they differ: stale              | Cache-Control: max-age=60, max-age=600                    | stale
4.2.1         | … in two lines                               | Cache-Control: max-age=60; Cache-Control: max-age=600     | stale
4.2.1         | … twice the same is one value                | Cache-Control: max-age=60, max-age=060                    | fresh 60
4.2.1         | … an unreadable one beside it: stale         | Cache-Control: max-age=60, max-age=x                      | stale
5.2.2.10      | s-maxage is for shared caches                | Cache-Control: s-maxage=600, max-age=60                   | fresh 60
5.2.2.10      | … and says nothing to others                 | Cache-Control: s-maxage=600                               | not said; stale use

4.2.1         | Expires less Date                            | Date: {0}; Expires: {+60}                                 | fresh 60
4.2.1         | … both by the origin's clock, which is ahead | Date: {+600}; Expires: {+660}                             | fresh 60
4.2.1         | … without Date: less now                     | Expires: {+60}                                            | fresh 60
4.2.1         | … with a Date that is none: less now         | Date: today; Expires: {+60}                               | fresh 60
5.3           | … has passed                                 | Date: {0}; Expires: {-60}                                 | stale
5.3           | … passes now                                 | Date: {0}; Expires: {0}                                   | stale
5.3           | … "0" is a time in the past                  | Expires: 0                                                | stale
5.3           | … "-1" too                                   | Expires: -1                                               | stale
5.3           | … and whatever is no date                    | Expires: never                                            | stale
5.3           | … and nothing at all                         | Expires:                                                  | stale
5.3           | max-age goes before Expires                  | Cache-Control: max-age=60; Expires: {+600}                | fresh 60
5.3           | … before one that has passed                 | Cache-Control: max-age=60; Expires: 0                     | fresh 60
4.2.1         | … an unreadable max-age too                  | Cache-Control: max-age=x; Expires: {+600}                 | stale
5.3           | … s-maxage does so in shared caches only     | Cache-Control: s-maxage=9; Expires: {+600}                | fresh 600
4.2.1         | two Expires that differ: stale               | Expires: {+60}; Expires: {+600}                           | stale
4.2.1         | … that agree are one                         | Expires: {+60}; Expires: {+60}                            | fresh 60
4.2           | dates are read whatever their case           | Expires: sun, 06 nov 1994 08:50:37 gmt                    | fresh 60
4.2           | … and only in GMT                            | Expires: Sun, 06 Nov 1994 08:50:37 CET                    | stale
9110 5.6.7    | … in the format of RFC 850                   | Expires: Sunday, 06-Nov-94 08:50:37 GMT                   | fresh 60
9110 5.6.7    | … in that of asctime                         | Expires: Sun Nov  6 08:50:37 1994                         | fresh 60

4.2.2         | without any: 10 % of the time since a change | Last-Modified: {-600}                                     | fresh 60
4.2.2         | … as of Date                                 | Date: {-60}; Last-Modified: {-1260}                       | fresh 60
4.2.2 *       | … a guess of ours is at most a day           | Last-Modified: {-8640000}                                 | fresh 86400
4.2.2         | … it changed just now, or later              | Last-Modified: {+60}                                      | stale
4.2.2         | … "last week" is no date                     | Last-Modified: last week                                  | not said
4.2.2         | … without a date of change: nothing          | Date: {0}; ETag: "a"                                      | not said
4.2.2         | no guess beside max-age                      | Cache-Control: max-age=6; Last-Modified: {-600}           | fresh 6
4.2.2         | … nor beside Expires                         | Expires: 0; Last-Modified: {-600}                         | stale
4.2.2         | … but beside public                          | Cache-Control: public; Last-Modified: {-600}              | fresh 60

4.2.3         | Age: it has spent so much of it elsewhere    | Cache-Control: max-age=60; Age: 10                        | fresh 50
4.2.3         | … all of it                                  | Cache-Control: max-age=60; Age: 60                        | stale
4.2.3         | … more than all of it                        | Cache-Control: max-age=60; Age: 61                        | stale
4.2.3         | Date tells an age too                        | Cache-Control: max-age=60; Date: {-20}                    | fresh 40
4.2.3         | … the greater one counts                     | Cache-Control: max-age=60; Date: {-20}; Age: 10           | fresh 40
4.2.3         | … be it the other                            | Cache-Control: max-age=60; Date: {-20}; Age: 30           | fresh 30
4.2.3         | … a Date to come is no age                   | Cache-Control: max-age=60; Date: {+600}                   | fresh 60
4.2.3         | … it counts against Expires                  | Date: {-20}; Expires: {+40}                               | fresh 40
4.2.3         | Age counts against Expires                   | Date: {0}; Expires: {+60}; Age: 10                        | fresh 50
4.2.3         | … and against a guess                        | Date: {0}; Last-Modified: {-600}; Age: 10                 | fresh 50
5.1           | the first of several Ages                    | Cache-Control: max-age=60; Age: 10, 50                    | fresh 50
5.1           | … an invalid one is ignored                  | Cache-Control: max-age=60; Age: -10                       | fresh 60
1.2.2         | … too large is too large                     | Cache-Control: max-age=60; Age: 99999999999999999999999   | stale

5.2.2.4       | no-cache: never without asking               | Cache-Control: no-cache                                   | stored; stale; no stale use
4.2.1         | … the most restrictive directive counts      | Cache-Control: max-age=60, no-cache                       | stale; no stale use
5.2.2.4       | … of some fields: none is handed out         | Cache-Control: no-cache="set-cookie", max-age=60          | fresh 60; stale use
5.2.2.4       | … of no fields: of all                       | Cache-Control: no-cache="", max-age=60                    | stale; no stale use
5.2.2.4       | … of a string that does not end: of all      | Cache-Control: max-age=60, no-cache="a                    | stale; no stale use
5.2.2.2       | must-revalidate: not once it is stale        | Cache-Control: max-age=60, must-revalidate                | fresh 60; no stale use
5.2.2.8       | proxy-revalidate: shared caches not either   | Cache-Control: max-age=60, proxy-revalidate               | fresh 60; stale use
4.2.4 *       | stale is served first, connected or not      | Cache-Control: max-age=0                                  | stale; stale use
5.4 *         | Pragma in answers has no meaning; it has one | Pragma: no-cache                                          | stale; no stale use
5.4           | … but none beside Cache-Control              | Cache-Control: max-age=60; Pragma: no-cache               | fresh 60; stale use
5.4           | … nor any other                              | Pragma: max-age=60, no-store                              | not said; stored
5861 3 *      | stale-while-revalidate: it is anyway         | Cache-Control: max-age=60, stale-while-revalidate=5       | fresh 60; stale use
5861 4 *      | stale-if-error: it is anyway                 | Cache-Control: max-age=60, stale-if-error=5               | fresh 60; stale use
5861 4        | … but not against must-revalidate            | Cache-Control: must-revalidate, stale-if-error=5          | no stale use
8246 2        | immutable: what is fresh is not asked about  | Cache-Control: max-age=60, immutable                      | fresh 60
8246 2        | … and it is no lifetime                      | Cache-Control: immutable                                  | not said

5.2           | directives in any case                       | cache-control: MAX-AGE=60, Must-Revalidate                | fresh 60; no stale use
5.2           | … over several lines                         | Cache-Control: max-age=60; Cache-Control: no-store        | fresh 60; not stored
5.2           | … with arguments in quotes                   | Cache-Control: max-age="60"                               | fresh 60
9110 5.6.4    | … and escapes                                | Cache-Control: max-age="\60"                              | fresh 60
9110 5.6.4    | … a comma in quotes separates nothing        | Cache-Control: x="a, no-store, \", no-store", max-age=60  | fresh 60; stored
9110 5.6.4    | … a quote without an end hides nothing       | Cache-Control: x="a, no-store, no-cache                   | not stored; stale
9110 5.6.1    | … empty members are none                     | Cache-Control: , ,max-age=60 ,                            | fresh 60
5.2 *         | … blanks around "=" are forgiven             | Cache-Control: max-age = 60                               | fresh 60
5.2.3         | … unknown ones are ignored                   | Cache-Control: max-age=60, community="UCI", no-stor       | fresh 60; stored

4.3.1         | what has an entity tag is asked by it        | ETag: "a"                                                 | if-none-match: "a"
4.3.1         | … by its date                                | Last-Modified: {-60}                                      | if-modified-since: {-60}
4.3.1         | … by both, and the tag decides               | ETag: "a"; Last-Modified: {-60}                           | if-none-match: "a"; if-modified-since: {-60}
4.3.1         | … by neither                                 | Date: {0}; Cache-Control: no-cache                        | no condition
9110 8.8.3    | tags may be weak                             | ETag: W/"a"                                               | if-none-match: W/"a"
9110 8.8.3    | … and empty                                  | ETag: ""                                                  | if-none-match: ""
9110 8.8.3    | … without quotes it is none                  | ETag: a                                                   | no condition
9110 8.8.3    | … with a quote too few                       | ETag: "a                                                  | no condition
9110 8.8.3    | … with a quote too many                      | ETag: "a"b"                                               | no condition
9110 8.8.3    | … with a blank                               | ETag: "a b"                                               | no condition
9110 8.8.3    | … weak in lower case                         | ETag: w/"a"                                               | no condition
9110 8.8.3    | … with bytes beyond ASCII: not text in a row | ETag: "ä"                                                 | no condition
9110 8.8.3    | … nor are two, as in If-None-Match           | ETag: "a", "b"                                            | no condition
9110 8.8.2    | a date of change that is none                | Last-Modified: last week                                  | no condition
9110 13.1.3   | … is sent back as it came, whatever its form | Last-Modified: Sun Nov  6 08:49:37 1994                   | if-modified-since: Sun Nov  6 08:49:37 1994

4.1           | no Vary: for every request                   |                                                           | varies by nothing
9110 12.5.5   | names of headers, in any case and order      | Vary: Accept-Language, accept, ACCEPT                     | varies by accept, accept-language
9110 12.5.5   | … over several lines                         | Vary: b; Vary: a                                          | varies by a, b
4.1           | … "*" anywhere: for no other request         | Vary: accept, *                                           | varies by anything
4.1           | … what cannot be a name is in no request     | Vary: a b, accept                                         | varies by accept
"#;

/// What a 304 makes of the answer that was stored.
const NOT_MODIFIED: &str = r#"
section       | what it says                                 | stored answer                  | 304                                   | what follows
--------------|----------------------------------------------|--------------------------------|---------------------------------------|-------------
4.3.3         | a 304 renews the answer                      | ETag: "a"                      | ETag: "a"; Cache-Control: max-age=60  | fresh 60; if-none-match: "a"
4.3.4         | … and brings what else has changed           | ETag: "a"; Vary: x             | ETag: "a"; Cache-Control: no-cache    | stale; no stale use
4.3.4         | … in the headers that matter, too            | ETag: "a"; Vary: x             | ETag: "a"; Vary: y                    | varies by y
4.3.4         | … not if its strong tag is another           | ETag: "a"                      | ETag: "b"                             | no answer
4.3.4         | … nor if there was none                      | Last-Modified: {-60}           | ETag: "b"; Last-Modified: {-60}       | no answer
4.3.4         | … nor if its weak tag is another             | ETag: W/"a"                    | ETag: W/"b"                           | no answer
4.3.4         | … tags may agree weakly                      | ETag: "a"                      | ETag: W/"a"                           | if-none-match: W/"a"
4.3.4 *       | … also if it alone is strong                 | ETag: W/"a"                    | ETag: "a"                             | if-none-match: "a"
4.3.4         | … the tag decides, the date moves on         | ETag: "a"; Last-Modified: {-9} | ETag: "a"; Last-Modified: {-6}        | if-modified-since: {-6}
4.3.4         | … without a tag the date decides             | Last-Modified: {-60}           | Last-Modified: {-60}                  | if-modified-since: {-60}
4.3.4         | … and refuses                                | Last-Modified: {-60}           | Last-Modified: {-6}                   | no answer
4.3.4 *       | … naming nothing, it can mean one thing only | ETag: "a"                      | Cache-Control: max-age=60             | fresh 60; if-none-match: "a"
4.3.4 *       | … with a date where a tag was sent           | ETag: "a"                      | Last-Modified: {-60}                  | if-none-match: "a"; if-modified-since: {-60}
9110 15.4.5   | nobody may send one unasked                  | Date: {0}                      | Cache-Control: max-age=60             | no answer
3.2           | what it leaves out stays: guess by the date  | Last-Modified: {-600}          | Date: {0}                             | fresh 60; if-modified-since: {-600}
3.2           | … so does Vary                               | ETag: "a"; Vary: x, y          | ETag: "a"                             | varies by x, y
3.2           | … of any kind                                | ETag: "a"; Vary: *             | ETag: "a"                             | varies by anything
3.2 *         | … but not a lifetime, which 9110 15.4.5 asks | ETag: "a"; Expires: {+60}      | ETag: "a"                             | not said
"#;

/// What holds for an answer that a redirect has led to, under the URL that redirects.
const REDIRECTS: &str = r#"
section       | what it says                                 | redirect                       | answer                                | what follows
--------------|----------------------------------------------|--------------------------------|---------------------------------------|-------------
4 *           | both are kept as one: the shorter time holds | Cache-Control: max-age=60      | Cache-Control: max-age=600            | fresh 60
4 *           | … be it the answer's                         | Cache-Control: max-age=600     | Cache-Control: max-age=60             | fresh 60
4 *           | … a redirect without one adds nothing        |                                | Cache-Control: max-age=60             | fresh 60
4 *           | … nor does an answer without                 | Cache-Control: max-age=60      |                                       | fresh 60
5.2.2.5       | no-store of either                           | Cache-Control: no-store        |                                       | not stored
5.2.2.5       | … or of the other                            |                                | Cache-Control: no-store               | not stored
5.2.2.4       | no-cache of either                           | Cache-Control: no-cache        | Cache-Control: max-age=60             | stale; no stale use
5.2.2.2       | must-revalidate of either                    |                                | Cache-Control: must-revalidate        | no stale use; stored
4.1           | what either depends on                       | Vary: b, c                     | Vary: a, b                            | varies by a, b, c
4.1           | … be it one                                  | Vary: a                        |                                       | varies by a
4.1           | … or anything                                | Vary: a                        | Vary: *                               | varies by anything
4.3.1         | validators are of one URL, not of this one   | ETag: "a"                      | ETag: "b"; Last-Modified: {-60}       | no condition
"#;

/// Whether a stored answer is for another request.
const REQUESTS: &str = r"
section       | what it says                                 | Vary            | first request                   | second request                  | what follows
--------------|----------------------------------------------|-----------------|---------------------------------|---------------------------------|-------------
4.1           | no Vary: for every request                   |                 | accept: a                       | accept: b                       | same
4.1           | *: for none, not even the first              | *               | accept: a                       | accept: a                       | another
4.1           | nominated fields match                       | accept          | accept: a; x: 1                 | x: 2; Accept: a                 | same
4.1           | … or not                                     | accept          | accept: a                       | accept: b                       | another
4.1           | … all of them                                | accept, x       | accept: a; x: 1                 | accept: a; x: 2                 | another
4.1           | absent matches absent                        | accept          |                                 | x: 2                            | same
4.1           | … and nothing else                           | accept          |                                 | accept: a                       | another
4.1           | … not even an empty one                      | accept          |                                 | accept:                         | another
4.1           | … nor the other way round                    | accept          | accept: a                       |                                 | another
4.1           | lines are combined                           | accept          | accept: a; accept: b            | accept: a, b                    | same
4.1           | … in their order                             | accept          | accept: a; accept: b            | accept: b, a                    | another
4.1           | blanks around a value are none of it         | accept          | accept:  a                      | accept: a                       | same
4.1 *         | … equal meanings are not looked for          | accept          | accept: text/html               | accept: TEXT/html               | another
4.1           | credentials match                            | authorization   | authorization: Bearer s3cret    | Authorization: Bearer s3cret    | same
4.1           | … or not                                     | authorization   | authorization: Bearer s3cret    | authorization: Bearer s3cres    | another
";

/// The cells of a table, without its heading and blank lines.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = table.lines().filter(|line| !line.is_empty()).skip(2);
    lines.map(|line| line.split(" |").map(str::trim).collect())
}

/// The parts of a cell, with `{-60}` replaced by the date a minute ago.
fn parts(cell: &str) -> Vec<String> {
    let parts = cell.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts.map(with_dates).collect()
}

fn with_dates(part: &str) -> String {
    let Some((before, rest)) = part.split_once('{') else { return part.to_owned() };
    let (offset_s, after) = rest.split_once('}').unwrap();
    let moment_ms = NOW.as_millis() + offset_s.parse::<i64>().unwrap() * 1_000;
    let moment = Duration::from_millis(moment_ms.try_into().unwrap());
    format!("{before}{}{after}", httpdate::fmt_http_date(std::time::UNIX_EPOCH + moment))
}

fn pairs(cell: &str) -> Vec<(String, String)> {
    let pair = |line: String| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_owned(), value.trim().to_owned())
    };
    parts(cell).into_iter().map(pair).collect()
}

fn headers(cell: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs(cell) {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

/// All that a row may say follows.
fn consequences(caching: &Caching) -> Vec<String> {
    let stored = match caching.storing {
        Storing::Allowed => "stored",
        Storing::Forbidden => "not stored",
    };
    let stale_use = match caching.stale {
        StaleUse::Allowed => "stale use",
        StaleUse::Forbidden => "no stale use",
    };
    let lifetime = match caching.lifetime {
        None => "not said".to_owned(),
        Some(Duration::ZERO) => "stale".to_owned(),
        Some(lifetime) => format!("fresh {}", lifetime.as_secs()),
    };
    let varies_by = match &caching.vary {
        Vary::Nothing => "nothing".to_owned(),
        Vary::Anything => "anything".to_owned(),
        Vary::On(names) => names.join(", "),
    };
    let mut all =
        vec![stored.to_owned(), stale_use.to_owned(), lifetime, format!("varies by {varies_by}")];
    let conditions = caching.validators.to_headers();
    all.extend(conditions.iter().map(|(name, v)| format!("{name}: {}", v.to_str().unwrap())));
    if conditions.is_empty() {
        all.push("no condition".to_owned());
    }
    all
}

/// Whether all that `expected` names follows.
fn check(row: &[&str], expected: &str, actual: &[String]) {
    let expected = parts(expected);
    assert!(!expected.is_empty(), "{row:?} expects nothing");
    for consequence in expected {
        assert!(actual.contains(&consequence), "{row:#?} gave {actual:#?}");
    }
}

#[test]
fn what_the_headers_of_an_answer_say() {
    for row in rows(ANSWERS) {
        let [_section, _says, answer, expected] = row[..] else { panic!("{row:?}") };
        check(&row, expected, &consequences(&Caching::of(&headers(answer), NOW)));
    }
}

/// No header may have a row take more than it is worth. What depends on more than is kept is for
/// nobody.
#[test]
fn what_is_longer_than_is_kept_is_not_given() {
    for (length, is_kept) in [(super::MAX_TERM_BYTES, true), (super::MAX_TERM_BYTES + 1, false)] {
        let headers = HeaderMap::from_iter([
            (ETAG, format!("\"{}\"", "x".repeat(length - 2)).parse().unwrap()),
            (VARY, "x".repeat(length).parse().unwrap()),
        ]);
        let caching = Caching::of(&headers, Timestamp::from_millis(0));
        assert_eq!(caching.validators.etag.is_some(), is_kept);
        assert_eq!(Vary::matches(&caching.vary.selected(&[]), &[]), is_kept);
    }
}

#[test]
fn what_a_304_says() {
    for row in rows(NOT_MODIFIED) {
        let [_section, _says, stored, not_modified, expected] = row[..] else { panic!("{row:?}") };
        let stored = Caching::of(&headers(stored), NOW);
        let selected = stored.vary.selected(&pairs("x: 1"));
        let not_modified = headers(not_modified);
        let renewed = Caching::of_not_modified(&not_modified, &stored.validators, &selected, NOW);
        let actual = renewed.map_or_else(|| vec!["no answer".to_owned()], |c| consequences(&c));
        check(&row, expected, &actual);
    }
}

#[test]
fn what_a_redirect_adds() {
    for row in rows(REDIRECTS) {
        let [_section, _says, redirect, answer, expected] = row[..] else { panic!("{row:?}") };
        let redirect = Caching::of(&headers(redirect), NOW);
        let caching = Caching::of(&headers(answer), NOW).after(&redirect);
        check(&row, expected, &consequences(&caching));
    }
}

#[test]
fn which_requests_an_answer_is_for() {
    for row in rows(REQUESTS) {
        let [_section, _says, vary, first, second, expected] = row[..] else { panic!("{row:?}") };
        let vary = Caching::of(&headers(&format!("Vary: {vary}")), NOW).vary;
        let selected = vary.selected(&pairs(first));
        let is_same = Vary::matches(&selected, &pairs(second));
        assert_eq!(if is_same { "same" } else { "another" }, expected, "{row:#?} {selected}");
        assert!(!selected.contains("s3cre"), "{selected}");
    }
}

/// The other half of section 3: an answer without explicit lifetime needs a status that is
/// "heuristically cacheable", and must-understand one that is understood.
#[test]
fn every_status_that_is_an_answer_may_be_kept() {
    let is_answer =
        |status: &u16| matches!(status::class(*status, None, &[]), Class::Found | Class::Absent);
    let answers: Vec<u16> = (100..1_000).filter(is_answer).collect();
    let heuristically_cacheable = [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501];
    assert!(!answers.is_empty());
    assert!(answers.iter().all(|status| heuristically_cacheable.contains(status)), "{answers:?}");
}

#[test]
fn the_text_of_a_request_is_canonical() {
    let vary = Caching::of(&headers("Vary: X-Api-Key, Accept, B"), NOW).vary;
    let request = pairs("ACCEPT: a; X-API-KEY: s3cret; accept: b; C: 1");
    let expected = "accept: 4a479db6af79906e\nb\nx-api-key: 1ec1c26b50d5d3c5";
    assert_eq!(vary.selected(&request), expected);
}
