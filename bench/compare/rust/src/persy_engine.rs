//! persy: one file, every transaction prepared with the sync that is its default (recovery commits
//! what was prepared, so the data is safe before `commit` begins). Entries lie in an index that holds
//! the values themselves, which loads and scans faster than one that names records; log records lie
//! in a segment, which gives them back in the order of their insertion as long as none is deleted.

use std::path::Path;

use persy::{ByteVec, Config, OpenOptions, Persy, ValueMode};

use crate::engine::{CACHE_BYTES, Engine, Entry, Outcome};

const ENTRIES: &str = "entries";
const LOG: &str = "log";

pub struct PersyEngine {
    database: Persy,
}

impl Engine for PersyEngine {
    fn open(directory: &Path) -> Outcome<PersyEngine> {
        let mut config = Config::new();
        config.change_cache_size(CACHE_BYTES as u64);
        let database = OpenOptions::new()
            .create(true)
            .config(config)
            .prepare_with(|database| {
                let mut transaction = database.begin()?;
                transaction.create_index::<ByteVec, ByteVec>(ENTRIES, ValueMode::Replace)?;
                transaction.create_segment(LOG)?;
                transaction.prepare()?.commit()?;
                Ok(())
            })
            .open(directory.join("data.persy"))?;
        Ok(PersyEngine { database })
    }

    fn put(&self, entries: &[Entry]) -> Outcome<()> {
        let mut transaction = self.database.begin()?;
        for &(key, value) in entries {
            transaction.put(ENTRIES, ByteVec::from(key), ByteVec::from(value))?;
        }
        Ok(transaction.prepare()?.commit()?)
    }

    fn get(&self, keys: &[&[u8]], mut see: impl FnMut(Option<Vec<u8>>)) -> Outcome<()> {
        let snapshot = self.database.snapshot()?;
        for &key in keys {
            let found = snapshot.one::<ByteVec, ByteVec>(ENTRIES, &ByteVec::from(key))?;
            see(found.map(|value| value.to_vec()));
        }
        Ok(())
    }

    fn scan(&self, mut see: impl FnMut(&[u8], &[u8])) -> Outcome<()> {
        for (key, values) in self
            .database
            .snapshot()?
            .range::<ByteVec, ByteVec, _>(ENTRIES, ..)?
        {
            for value in values {
                see(&key, &value);
            }
        }
        Ok(())
    }

    fn append(&self, records: &[&[u8]]) -> Outcome<()> {
        let mut transaction = self.database.begin()?;
        for &record in records {
            transaction.insert(LOG, record)?;
        }
        Ok(transaction.prepare()?.commit()?)
    }

    fn replay(&self, mut see: impl FnMut(&[u8])) -> Outcome<()> {
        for (_, record) in self.database.scan(LOG)? {
            see(&record);
        }
        Ok(())
    }
}
