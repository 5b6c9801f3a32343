//! That git has to be asked, and numbers as the index writes them.

use std::io;

/// Git has to be asked.
#[derive(Debug)]
pub(super) struct Unknown;

impl From<io::Error> for Unknown {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// Big-endian numbers, if there are exactly so many.
pub(super) fn words<const N: usize>(data: &[u8]) -> Option<[u32; N]> {
    let (chunks, rest) = data.as_chunks::<4>();
    let words: Vec<u32> = chunks.iter().map(|word| u32::from_be_bytes(*word)).collect();
    rest.is_empty().then(|| words.try_into().ok()).flatten()
}
