//! The file: where its entries are, and the extensions behind them.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::cached::CacheTree;
use super::entries::{Blocks, Layout};
use super::unknown::{Unknown, words};

/// An index: where its entries are, and what it says of directories.
pub(super) struct Index {
    pub(super) file: File,
    pub(super) layout: Layout,
    pub(super) blocks: Blocks,
    pub(super) cached: Option<CacheTree>,
}

/// The largest extension that is read: the cache tree of a million directories has less.
const EXTENSION_LIMIT: u64 = 1 << 28;

impl Index {
    pub(super) fn read(path: &Path, width: usize) -> Result<Self, Unknown> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut header = [0; 12];
        file.read_exact_at(&mut header, 0)?;
        let [signature, version, count] = words(&header).ok_or(Unknown)?;
        let end = size.checked_sub(width as u64).ok_or(Unknown)?;
        let layout = Layout { version, width };
        if signature != u32::from_be_bytes(*b"DIRC") || !(2..=4).contains(&version) {
            return Err(Unknown);
        }
        let count = count as usize;
        // Where the table says it, no entry is looked at that need not be.
        let table = Extensions::at_end(&file, end, width)?
            .map(|extensions| extensions.blocks(&file, count))
            .transpose()?
            .flatten();
        let blocks = match table {
            Some(blocks) => blocks,
            None => Blocks::scan(&file, end, layout, count)?,
        };
        let extensions = Extensions::list(&file, blocks.end, end)?;
        let tree = extensions.find(b"TREE").map(|part| part.read(&file)).transpose()?;
        // Git replaces the file by another; one that was changed in place is not what was read.
        if file.metadata()?.len() != size {
            return Err(Unknown);
        }
        Ok(Self {
            cached: tree.map(|data| CacheTree::parse(data, width)).transpose()?,
            file,
            layout,
            blocks,
        })
    }
}

/// Extensions, by where they are.
struct Extensions(Vec<Part>);

struct Part {
    name: [u8; 4],
    offset: u64,
    size: u64,
}

impl Part {
    fn read(&self, file: &File) -> Result<Vec<u8>, Unknown> {
        if self.size > EXTENSION_LIMIT {
            return Err(Unknown);
        }
        let mut data = vec![0; usize::try_from(self.size).map_err(|_| Unknown)?];
        file.read_exact_at(&mut data, self.offset)?;
        Ok(data)
    }
}

impl Extensions {
    /// Those between the entries and the checksum. One whose name does not begin with a capital letter changes what the rest means.
    fn list(file: &File, mut at: u64, end: u64) -> Result<Self, Unknown> {
        let mut found = Vec::new();
        while at < end {
            let mut head = [0; 8];
            if end - at < 8 {
                return Err(Unknown);
            }
            file.read_exact_at(&mut head, at)?;
            let [name, size] = words(&head).ok_or(Unknown)?;
            let (name, size) = (name.to_be_bytes(), u64::from(size));
            if !name[0].is_ascii_uppercase() || size > end - at - 8 {
                return Err(Unknown);
            }
            found.push(Part {
                name,
                offset: at + 8,
                size,
            });
            at += 8 + size;
        }
        Ok(Self(found))
    }

    /// The same, where the last of them says where the first is (`EOIE`).
    fn at_end(file: &File, end: u64, width: usize) -> Result<Option<Self>, Unknown> {
        let size = 4 + width as u64;
        let Some(at) = end.checked_sub(8 + size).filter(|at| *at >= 12) else {
            return Ok(None);
        };
        let mut head = [0; 12];
        file.read_exact_at(&mut head, at)?;
        let [name, length, offset] = words(&head).ok_or(Unknown)?;
        if name != u32::from_be_bytes(*b"EOIE") || u64::from(length) != size || u64::from(offset) > at {
            return Ok(None);
        }
        Self::list(file, u64::from(offset), end).map(Some)
    }

    fn find(&self, name: &[u8; 4]) -> Option<&Part> {
        self.0.iter().find(|part| part.name == *name)
    }

    /// The blocks of entries by their table (`IEOT`), if there is one that fits.
    fn blocks(&self, file: &File, count: usize) -> Result<Option<Blocks>, Unknown> {
        let (Some(table), Some(first)) = (self.find(b"IEOT"), self.0.first()) else {
            return Ok(None);
        };
        Ok(Blocks::of_table(&table.read(file)?, first.offset - 8, count))
    }
}
