//! The SSH wire format (RFC 4251, section 5): a reader that takes one value after the other and never looks past the end.

/// Reads values from the front of a slice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'b> {
    rest: &'b [u8],
}

/// What was expected is not there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Truncated;

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'b [u8], Truncated> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Truncated> {
        self.take(N)?.try_into().map_err(|_| Truncated)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Truncated> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Truncated> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Truncated> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// A `string`: its length, then as many bytes.
    pub(crate) fn string(&mut self) -> Result<&'b [u8], Truncated> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_| Truncated)?)
    }

    /// A `string` that is text without NUL.
    pub(crate) fn text(&mut self) -> Result<&'b str, Truncated> {
        let bytes = self.string()?;
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Ok(text),
            _ => Err(Truncated),
        }
    }

    /// An `mpint` that is not negative, in its shortest form, without leading zeros.
    pub(crate) fn positive(&mut self) -> Result<&'b [u8], Truncated> {
        match self.string()? {
            [0, rest @ ..] if rest.first().is_some_and(|first| first & 0x80 != 0) => Ok(rest),
            [0, ..] => Err(Truncated),
            [first, ..] if first & 0x80 != 0 => Err(Truncated),
            number => Ok(number),
        }
    }
}

/// Appends a `string`. Nothing that is signed comes near the limit of the length field.
pub(crate) fn put(buffer: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(bytes);
}
