//! The entries of an index: found in one pass over the file, read where they are asked for.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use git2::Oid;

use super::unknown::{Unknown, words};

/// How entries are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) version: u32,
    /// Bytes of an object id.
    pub(super) width: usize,
}

/// Bits of an entry's flags, and of the second word that some have.
const LENGTH: u16 = 0x0fff;
const STAGE: u16 = 0x3000;
const EXTENDED: u16 = 0x4000;
const ONLY_MEANT: u16 = 0x2000;
const RESERVED: u16 = 0x9fff;

/// What comes before the mode, and before the id.
const MODE: usize = 24;
const ID: usize = 40;

/// How many entries a block has where the index does not say it: few, since of a block that is stepped over only its ends are read.
const BLOCK: usize = 64;
/// How much of the file is looked at in one piece: little enough to stay near the processor, and to be taken from memory once.
const PIECE: usize = 64 << 10;
/// Git is asked about longer paths.
const LONGEST: usize = 1 << 16;

/// An entry as it is written.
struct Written {
    /// How many bytes it takes.
    size: usize,
    /// How many bytes of the name before it are dropped (version 4); the greatest number for all of it.
    dropped: usize,
    /// Where the rest of the name is.
    name: Range<usize>,
}

impl Layout {
    /// The entry at the beginning of `data`; `None` where it is cut off there.
    fn entry(self, data: &[u8]) -> Result<Option<Written>, Unknown> {
        let word = |at: usize| {
            data.get(at..)
                .and_then(<[u8]>::first_chunk)
                .map(|two| u16::from_be_bytes(*two))
        };
        let at = ID + self.width;
        let Some(flags) = word(at) else { return Ok(None) };
        let extended = flags & EXTENDED != 0;
        let more = if extended { word(at + 2) } else { Some(0) };
        let Some(more) = more else { return Ok(None) };
        if flags & STAGE != 0 || extended && self.version < 3 || more & (ONLY_MEANT | RESERVED) != 0 {
            return Err(Unknown);
        }
        let at = at + if extended { 4 } else { 2 };
        let rest = |from: usize| data.get(from..).unwrap_or_default();
        if self.version == 4 {
            let Some((dropped, bytes)) = varint(rest(at))? else {
                return Ok(None);
            };
            let start = at + bytes;
            let Some(length) = rest(start).iter().position(|&byte| byte == 0) else {
                return cut(data);
            };
            return Ok(Some(Written {
                size: start + length + 1,
                dropped,
                name: start..start + length,
            }));
        }
        let known = usize::from(flags & LENGTH);
        let length = match known == usize::from(LENGTH) {
            false => known,
            true => match rest(at + known).iter().position(|&byte| byte == 0) {
                Some(more) => known + more,
                None => return cut(data),
            },
        };
        let size = (at + length + 8) & !7;
        Ok((data.len() >= size).then_some(Written {
            size,
            dropped: usize::MAX,
            name: at..at + length,
        }))
    }
}

fn cut(data: &[u8]) -> Result<Option<Written>, Unknown> {
    (data.len() <= LONGEST).then_some(None).ok_or(Unknown)
}

/// A number as packs write offsets, and how many bytes it takes; `None` where it is cut off.
fn varint(data: &[u8]) -> Result<Option<(usize, usize)>, Unknown> {
    let mut value: usize = 0;
    for (at, &byte) in data.iter().enumerate() {
        value = (value + usize::from(at > 0)) << 7 | usize::from(byte & 0x7f);
        if value > LONGEST {
            return Err(Unknown);
        }
        if byte & 0x80 == 0 {
            return Ok(Some((value, at + 1)));
        }
    }
    Ok(None)
}

/// Puts the name of an entry in the place of the one before it.
fn follow(name: &mut Vec<u8>, written: &Written, data: &[u8]) -> Result<(), Unknown> {
    let kept = match written.dropped {
        usize::MAX => 0,
        dropped => name.len().checked_sub(dropped).ok_or(Unknown)?,
    };
    name.truncate(kept);
    name.extend_from_slice(data.get(written.name.clone()).ok_or(Unknown)?);
    Ok(())
}

/// Entries that can be read by themselves.
#[derive(Debug)]
struct Block {
    offset: u64,
    /// The number of its first entry.
    first: usize,
    /// The name of the entry before it, which its first name may continue; `None` where it continues none, whatever it says.
    before: Option<Vec<u8>>,
}

/// Where the entries are.
#[derive(Debug)]
pub(super) struct Blocks {
    blocks: Vec<Block>,
    pub(super) count: usize,
    /// Where the last of them ends.
    pub(super) end: u64,
}

impl Blocks {
    /// Finds them by looking at each entry.
    pub(super) fn scan(file: &File, limit: u64, layout: Layout, count: usize) -> Result<Self, Unknown> {
        let mut blocks = Vec::new();
        let mut name = Vec::new();
        let mut reader = Pieces::new(file, 12, limit);
        for number in 0..count {
            if number % BLOCK == 0 {
                blocks.push(Block {
                    offset: reader.offset(),
                    first: number,
                    before: Some(name.clone()),
                });
            }
            let written = loop {
                match layout.entry(reader.ahead())? {
                    Some(written) => break written,
                    None => reader.more()?,
                }
            };
            if layout.version == 4 {
                follow(&mut name, &written, reader.ahead())?;
            }
            reader.skip(written.size);
        }
        Ok(Self {
            blocks,
            count,
            end: reader.offset(),
        })
    }

    /// Takes them from a table of offsets and counts; `None` where it does not fit.
    pub(super) fn of_table(table: &[u8], end: u64, count: usize) -> Option<Self> {
        let (version, rows) = table.split_at_checked(4)?;
        if version != 1_u32.to_be_bytes() {
            return None;
        }
        let mut blocks: Vec<Block> = Vec::new();
        let mut first = 0;
        for row in rows.chunks(8) {
            let [offset, size] = words(row)?;
            let offset = u64::from(offset);
            if offset >= end || offset < blocks.last().map_or(12, |block| block.offset + 1) {
                return None;
            }
            blocks.push(Block {
                offset,
                first,
                before: None,
            });
            first += size as usize;
        }
        (first == count).then_some(Self { blocks, count, end })
    }
}

#[cfg(test)]
impl Blocks {
    /// Offsets and counts, as a table has them.
    pub(super) fn rows(&self) -> Vec<(u32, u32)> {
        let firsts = self.blocks.iter().map(|block| block.first).skip(1).chain([self.count]);
        let rows = self.blocks.iter().zip(firsts);
        rows.map(|(block, next)| (block.offset as u32, (next - block.first) as u32))
            .collect()
    }
}

/// A file, piece by piece.
struct Pieces<'f> {
    file: &'f File,
    /// What was read and is still ahead is between `at` and `filled`.
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    /// Where in the file what was read ends, and how far it may go.
    next: u64,
    limit: u64,
}

impl<'f> Pieces<'f> {
    fn new(file: &'f File, offset: u64, limit: u64) -> Self {
        Self {
            file,
            buffer: Vec::new(),
            at: 0,
            filled: 0,
            next: offset,
            limit,
        }
    }

    fn offset(&self) -> u64 {
        self.next - (self.filled - self.at) as u64
    }

    fn ahead(&self) -> &[u8] {
        self.buffer.get(self.at..self.filled).unwrap_or_default()
    }

    fn skip(&mut self, size: usize) {
        self.at += size;
    }

    /// Reads on; there must be more.
    fn more(&mut self) -> Result<(), Unknown> {
        let left = usize::try_from(self.limit.saturating_sub(self.next)).unwrap_or(usize::MAX);
        let size = PIECE.min(left);
        if size == 0 {
            return Err(Unknown);
        }
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        let end = self.filled + size;
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        let piece = self.buffer.get_mut(self.filled..end).ok_or(Unknown)?;
        self.file.read_exact_at(piece, self.next)?;
        self.filled = end;
        self.next += size as u64;
        Ok(())
    }
}

/// An entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'c> {
    pub(super) path: &'c [u8],
    pub(super) mode: u32,
    pub(super) id: Oid,
}

/// Goes over the entries in order, by number.
pub(super) struct Cursor<'i> {
    file: &'i File,
    layout: Layout,
    blocks: &'i Blocks,
    /// The number of the entry that is next.
    pub(super) at: usize,
    /// One block as it is written, the number of its first entry, and where its entries are.
    data: Vec<u8>,
    first: usize,
    loaded: Vec<Place>,
    /// The names of an index that shortens them (version 4), one after the other.
    names: Vec<u8>,
}

/// Where an entry of a block is, and where its name: in the block, or among the names that were put together.
struct Place {
    at: usize,
    name: Range<usize>,
}

impl<'i> Cursor<'i> {
    pub(super) fn new(file: &'i File, layout: Layout, blocks: &'i Blocks) -> Self {
        Self {
            file,
            layout,
            blocks,
            at: 0,
            data: Vec::new(),
            first: 0,
            loaded: Vec::new(),
            names: Vec::new(),
        }
    }

    /// The entry that is next.
    pub(super) fn peek(&mut self) -> Result<Option<Entry<'_>>, Unknown> {
        self.entry(self.at)
    }

    /// The entry of a number; `None` behind the last.
    pub(super) fn entry(&mut self, number: usize) -> Result<Option<Entry<'_>>, Unknown> {
        if number >= self.blocks.count {
            return Ok(None);
        }
        if number < self.first || number - self.first >= self.loaded.len() {
            self.load(number)?;
        }
        let place = self.loaded.get(number - self.first).ok_or(Unknown)?;
        let entry = self.data.get(place.at..).ok_or(Unknown)?;
        let [mode] = entry.get(MODE..MODE + 4).and_then(words::<1>).ok_or(Unknown)?;
        let id = entry.get(ID..ID + self.layout.width).ok_or(Unknown)?;
        let names = match self.layout.version {
            4 => &self.names,
            _ => &self.data,
        };
        Ok(Some(Entry {
            path: names.get(place.name.clone()).ok_or(Unknown)?,
            mode,
            id: Oid::from_bytes(id).map_err(|_| Unknown)?,
        }))
    }

    fn load(&mut self, number: usize) -> Result<(), Unknown> {
        let blocks = &self.blocks.blocks;
        let place = blocks.partition_point(|block| block.first <= number);
        let block = place.checked_sub(1).and_then(|at| blocks.get(at)).ok_or(Unknown)?;
        let (end, last) = match blocks.get(place) {
            Some(next) => (next.offset, next.first),
            None => (self.blocks.end, self.blocks.count),
        };
        let size = end.checked_sub(block.offset).ok_or(Unknown)?;
        let size = usize::try_from(size).map_err(|_| Unknown)?;
        if self.data.len() < size {
            self.data.resize(size, 0);
        }
        let data = self.data.get_mut(..size).ok_or(Unknown)?;
        self.file.read_exact_at(data, block.offset)?;
        self.names.clear();
        self.loaded.clear();
        self.first = block.first;
        let (mut name, mut at) = (block.before.clone().unwrap_or_default(), 0);
        for number in block.first..last {
            let rest = data.get(at..).ok_or(Unknown)?;
            let mut written = self.layout.entry(rest)?.ok_or(Unknown)?;
            let name = match self.layout.version {
                4 => {
                    if number == block.first && block.before.is_none() {
                        written.dropped = usize::MAX;
                    }
                    follow(&mut name, &written, rest)?;
                    let start = self.names.len();
                    self.names.extend_from_slice(&name);
                    start..self.names.len()
                }
                _ => at + written.name.start..at + written.name.end,
            };
            self.loaded.push(Place { at, name });
            at += written.size;
        }
        match at == data.len() {
            true => Ok(()),
            false => Err(Unknown),
        }
    }
}
