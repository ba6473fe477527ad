//! What a driver is told to do.

use std::io::{BufRead as _, BufReader, Lines, Stdin};
use std::ops::Range;

use crate::Failure;

/// One order, of the form `WORK FIRST COUNT SIZE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What to do.
    pub work: String,
    /// With which keys, jobs or whatever the work counts.
    pub numbers: Range<u64>,
    /// How large their bodies are, in bytes.
    pub size_bytes: usize,
}

impl Order {
    fn read(line: &str) -> Result<Self, Failure> {
        let words: Vec<&str> = line.split(' ').collect();
        let [work, first, count, size_bytes] = words[..] else {
            return Err(format!("no order: {line}").into());
        };
        let first: u64 = first.parse()?;
        let numbers = first..first + count.parse::<u64>()?;
        Ok(Self { work: work.to_owned(), numbers, size_bytes: size_bytes.parse()? })
    }

    /// That this driver knows no such work.
    pub fn unknown(&self) -> Failure {
        format!("no such work: {}", self.work).into()
    }
}

/// The orders on standard input, until its end.
#[derive(Debug)]
pub struct Orders(Lines<BufReader<Stdin>>);

impl Orders {
    /// Tells who started this driver that it is ready.
    #[expect(clippy::print_stdout, reason = "a driver speaks through standard output")]
    pub fn begin() -> Self {
        println!("ready");
        Self(BufReader::new(std::io::stdin()).lines())
    }
}

impl Iterator for Orders {
    type Item = Result<Order, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|line| Order::read(&line?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_four_words() {
        let order = Order::read("store 3 2 8192").unwrap();
        assert_eq!(order, Order { work: "store".to_owned(), numbers: 3..5, size_bytes: 8192 });
        for line in ["", "store", "store 3 2", "store 3 2 8192 1", "store three 2 8192"] {
            assert!(Order::read(line).is_err(), "{line}");
        }
    }
}
