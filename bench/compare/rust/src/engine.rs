//! What an engine must do. A write is durable (survives power loss) when it returns.

use std::error::Error;
use std::path::Path;

pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A key and its value.
pub type Entry<'a> = (&'a [u8], &'a [u8]);

/// Page cache given to each engine, as to those on the TypeScript side.
pub const CACHE_BYTES: usize = 256 * 1024 * 1024;

/// One engine, open on a folder of its own; dropping it closes it.
pub trait Engine: Sized + Send + Sync {
    fn open(directory: &Path) -> Outcome<Self>;

    /// Puts all entries in one durable transaction.
    fn put(&self, entries: &[Entry]) -> Outcome<()>;

    /// Hands out a copy of the value of each key, in the order of the keys.
    fn get(&self, keys: &[&[u8]], see: impl FnMut(Option<Vec<u8>>)) -> Outcome<()>;

    /// Hands out every entry in key order.
    fn scan(&self, see: impl FnMut(&[u8], &[u8])) -> Outcome<()>;

    /// Appends all records to an ordered log in one durable transaction.
    fn append(&self, records: &[&[u8]]) -> Outcome<()>;

    /// Hands out every record of the log in order.
    fn replay(&self, see: impl FnMut(&[u8])) -> Outcome<()>;
}
