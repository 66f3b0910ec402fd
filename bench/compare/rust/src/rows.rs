//! The timed rows, each on the keys and values of its TypeScript twin in
//! `bench/compare/workload.ts`, and checked after the clock has stopped.

use std::collections::HashMap;
use std::time::Instant;

use crate::callers::{CommitQueue, run_callers};
use crate::engine::{Engine, Entry, Outcome};
use crate::workload::{BATCH, KEY_BYTES, Values, fold, random_bytes};

/// Of so many operations of the 80/20 row one changes its entry.
const OPERATIONS_PER_PUT: usize = 5;

/// What a row took, and a hash of what it saw.
pub struct Figure {
    pub seconds: f64,
    pub hash: i32,
    /// Entries or records that the row saw.
    pub seen: usize,
}

/// An open engine, its rows, and the set of keys that load, get and 80/20 work on.
pub struct Rows<E: Engine> {
    engine: E,
    values: Values,
    keys: Vec<u8>,
}

impl<E: Engine> Rows<E> {
    pub fn new(engine: E, values: Values) -> Rows<E> {
        Rows {
            engine,
            values,
            keys: Vec::new(),
        }
    }

    pub fn set_keys(&mut self, keys: Vec<u8>) {
        self.keys = keys;
    }

    /// One caller, each put durable before the next.
    pub fn put(&self, count: usize, seed: u32) -> Outcome<Figure> {
        let keys = random_bytes(seed, count * KEY_BYTES);
        let entries = self.entries(&keys, 0);
        let begin = Instant::now();
        for &entry in &entries {
            self.engine.put(&[entry])?;
        }
        self.read_back(&entries, begin.elapsed().as_secs_f64())
    }

    /// 64 callers, each waiting for its own put to be durable before its next.
    pub fn put64(&self, count: usize, seed: u32) -> Outcome<Figure> {
        let keys = random_bytes(seed, count * KEY_BYTES);
        let entries = self.entries(&keys, 0);
        let queue = CommitQueue::new(|group: &[Entry]| self.engine.put(group));
        let seconds = run_callers(count, |i| queue.submit(entries[i]))?;
        self.read_back(&entries, seconds)
    }

    /// 64 callers, each waiting for its own record to be durable before its next.
    pub fn append64(&self, count: usize) -> Outcome<Figure> {
        let mut before = 0;
        self.engine.replay(|_| before += 1)?;
        let queue = CommitQueue::new(|group: &[&[u8]]| self.engine.append(group));
        let seconds = run_callers(count, |i| queue.submit(self.values.of(i)))?;
        let mut records = 0;
        let mut sum = 0i32;
        self.engine.replay(|record| {
            // The callers race, so the hash is one of records in any order.
            if records >= before {
                sum = sum.wrapping_add(fold(0, record, record));
            }
            records += 1;
        })?;
        Ok(Figure {
            seconds,
            hash: sum,
            seen: records - before,
        })
    }

    /// The set of keys in durable transactions of 1,000; making them is not timed.
    pub fn load(&self) -> Outcome<Figure> {
        let mut seconds = 0.0;
        for (number, batch) in self.keys.chunks(BATCH * KEY_BYTES).enumerate() {
            let entries = self.entries(batch, number * BATCH);
            let begin = Instant::now();
            self.engine.put(&entries)?;
            seconds += begin.elapsed().as_secs_f64();
        }
        self.read_back(&self.entries(&self.keys, 0), seconds)
    }

    /// Random gets of keys of the set.
    pub fn get(&self, count: usize, seed: u32) -> Outcome<Figure> {
        let picks = self.picks(count, seed);
        let keys: Vec<&[u8]> = picks.iter().map(|&pick| self.key(pick)).collect();
        let mut seen = 0;
        let mut sum = 0i32;
        let begin = Instant::now();
        self.engine.get(&keys, |value| {
            if let Some(value) = value {
                sum = sum.wrapping_add(value.len() as i32 + i32::from(value[0]));
                seen += 1;
            }
        })?;
        Ok(Figure {
            seconds: begin.elapsed().as_secs_f64(),
            hash: sum,
            seen,
        })
    }

    /// All entries in key order.
    pub fn scan(&self) -> Outcome<Figure> {
        let mut seen = 0;
        let mut hash = 0;
        let begin = Instant::now();
        self.engine.scan(|key, value| {
            hash = fold(hash, key, value);
            seen += 1;
        })?;
        Ok(Figure {
            seconds: begin.elapsed().as_secs_f64(),
            hash,
            seen,
        })
    }

    /// Of five operations on entries of the set four read one, and one reads it, adds one to its
    /// second byte and puts it back durably. The hash is that of the gets.
    pub fn mixed(&self, count: usize, seed: u32) -> Outcome<Figure> {
        let picks = self.picks(count, seed);
        let mut changed: HashMap<usize, Vec<u8>> = HashMap::new();
        let mut sum = 0i32;
        let begin = Instant::now();
        for (i, &pick) in picks.iter().enumerate() {
            let key = self.key(pick);
            let mut found = None;
            self.engine.get(&[key], |value| found = value)?;
            let mut value = found.ok_or("an entry is missing")?;
            sum = sum.wrapping_add(value.len() as i32 + i32::from(value[0]));
            if i % OPERATIONS_PER_PUT == OPERATIONS_PER_PUT - 1 {
                value[1] = value[1].wrapping_add(1);
                self.engine.put(&[(key, &value)])?;
                changed.insert(pick, value);
            }
        }
        let seconds = begin.elapsed().as_secs_f64();
        let entries: Vec<Entry> = changed
            .iter()
            .map(|(&pick, value)| (self.key(pick), value.as_slice()))
            .collect();
        self.read_back(&entries, seconds)?;
        Ok(Figure {
            seconds,
            hash: sum,
            seen: count,
        })
    }

    fn key(&self, i: usize) -> &[u8] {
        &self.keys[i * KEY_BYTES..(i + 1) * KEY_BYTES]
    }

    /// Random indices of the set of keys.
    fn picks(&self, count: usize, seed: u32) -> Vec<usize> {
        let entries = self.keys.len() / KEY_BYTES;
        random_bytes(seed, count * 4)
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]) as usize % entries)
            .collect()
    }

    /// The keys with their values; the first key is the one with the index `first` of its set.
    fn entries<'a>(&'a self, keys: &'a [u8], first: usize) -> Vec<Entry<'a>> {
        keys.chunks_exact(KEY_BYTES)
            .enumerate()
            .map(|(i, key)| (key, self.values.of(first + i)))
            .collect()
    }

    /// Compares every byte with what the engine has, and folds what it has.
    fn read_back(&self, entries: &[Entry], seconds: f64) -> Outcome<Figure> {
        let keys: Vec<&[u8]> = entries.iter().map(|&(key, _)| key).collect();
        let mut seen = 0;
        let mut hash = 0;
        let mut lost = 0;
        self.engine.get(&keys, |value| {
            let (key, expected) = entries[seen];
            match value {
                Some(value) if value == expected => hash = fold(hash, key, &value),
                _ => lost += 1,
            }
            seen += 1;
        })?;
        if lost > 0 {
            return Err(format!("{lost} acknowledged puts cannot be read back").into());
        }
        Ok(Figure {
            seconds,
            hash,
            seen,
        })
    }
}
