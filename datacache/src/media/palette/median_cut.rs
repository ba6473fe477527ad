//! Many colours reduced to few, by median cut.

use super::Colour;

/// A colour that stands for similar ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Swatch {
    pub(super) colour: Colour,
    /// How much of the picture it stands for, of 1.
    pub(super) share: f64,
}

/// One of the three channels of a colour.
type Channel = fn(&Colour) -> u8;

const CHANNELS: [Channel; 3] = [|c| c.red, |c| c.green, |c| c.blue];

/// Up to `max_boxes` colours that stand for all of `colours`, the most prominent first.
pub(super) fn swatches(mut colours: Vec<Colour>, max_boxes: usize) -> Vec<Swatch> {
    let total = colours.len();
    if total == 0 {
        return Vec::new();
    }
    let mut boxes: Vec<&mut [Colour]> = vec![&mut colours];
    while boxes.len() < max_boxes {
        let divisible = boxes.iter().enumerate().filter(|(_, colours)| longest_edge(colours).1 > 0);
        // Of equally large ones the first, so that the result is always the same.
        let largest = divisible.max_by_key(|(at, colours)| (colours.len(), usize::MAX - at));
        let Some((at, _)) = largest else { break };
        let (low, high) = halve(boxes.swap_remove(at));
        boxes.extend([low, high]);
    }
    let mut swatches: Vec<Swatch> = boxes.iter().map(|colours| swatch(colours, total)).collect();
    swatches.sort_by(|a, b| b.share.total_cmp(&a.share).then(a.colour.cmp(&b.colour)));
    swatches
}

/// The channel in which the colours are furthest apart, and how far.
fn longest_edge(colours: &[Colour]) -> (Channel, u8) {
    let length = |channel: Channel| {
        let values = colours.iter().map(channel);
        values.clone().max().unwrap_or(0) - values.min().unwrap_or(0)
    };
    let edges = CHANNELS.map(|channel| (channel, length(channel)));
    edges.into_iter().rev().max_by_key(|(_, length)| *length).unwrap_or((CHANNELS[0], 0))
}

/// Two boxes of colours for one whose longest edge is not 0, neither of them empty. Equal colours
/// stay together.
fn halve(colours: &mut [Colour]) -> (&mut [Colour], &mut [Colour]) {
    let (channel, _) = longest_edge(colours);
    colours.sort_unstable_by_key(|colour| (channel(colour), *colour));
    let median = channel(&colours[colours.len() / 2]);
    let below = colours.partition_point(|colour| channel(colour) < median);
    // Where the median is the least value, the cut goes above it.
    let cut = if below > 0 { below } else { colours.partition_point(|c| channel(c) <= median) };
    colours.split_at_mut(cut)
}

fn swatch(colours: &[Colour], total: usize) -> Swatch {
    let count = colours.len() as u64;
    let mean = |channel: Channel| {
        let sum: u64 = colours.iter().map(|colour| u64::from(channel(colour))).sum();
        u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX)
    };
    let [red, green, blue] = CHANNELS.map(mean);
    #[expect(clippy::cast_precision_loss, reason = "a picture here has 40 000 pixels at most")]
    let share = colours.len() as f64 / total as f64;
    Swatch { colour: Colour::new(red, green, blue), share }
}
