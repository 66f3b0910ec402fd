//! redb: one file, every commit with `Durability::Immediate` (its default, and one sync).

use std::path::Path;

use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition};

use crate::engine::{CACHE_BYTES, Engine, Entry, Outcome};

const ENTRIES: TableDefinition<&[u8], &[u8]> = TableDefinition::new("entries");
const LOG: TableDefinition<u64, &[u8]> = TableDefinition::new("log");

pub struct RedbEngine {
    database: Database,
}

impl Engine for RedbEngine {
    fn open(directory: &Path) -> Outcome<RedbEngine> {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(directory.join("data.redb"))?;
        let transaction = database.begin_write()?;
        transaction.open_table(ENTRIES)?;
        transaction.open_table(LOG)?;
        transaction.commit()?;
        Ok(RedbEngine { database })
    }

    fn put(&self, entries: &[Entry]) -> Outcome<()> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut table = transaction.open_table(ENTRIES)?;
            for (key, value) in entries {
                table.insert(key, value)?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn get(&self, keys: &[&[u8]], mut see: impl FnMut(Option<Vec<u8>>)) -> Outcome<()> {
        let table = self.database.begin_read()?.open_table(ENTRIES)?;
        for &key in keys {
            see(table.get(key)?.map(|found| found.value().to_vec()));
        }
        Ok(())
    }

    fn scan(&self, mut see: impl FnMut(&[u8], &[u8])) -> Outcome<()> {
        let table = self.database.begin_read()?.open_table(ENTRIES)?;
        for entry in table.iter()? {
            let (key, value) = entry?;
            see(key.value(), value.value());
        }
        Ok(())
    }

    fn append(&self, records: &[&[u8]]) -> Outcome<()> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut table = transaction.open_table(LOG)?;
            let next = table.last()?.map_or(0, |(number, _)| number.value() + 1);
            for (number, record) in (next..).zip(records) {
                table.insert(number, record)?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn replay(&self, mut see: impl FnMut(&[u8])) -> Outcome<()> {
        let table = self.database.begin_read()?.open_table(LOG)?;
        for record in table.iter()? {
            see(record?.1.value());
        }
        Ok(())
    }
}
