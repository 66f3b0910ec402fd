//! The keys and values of `bench/compare/workload.ts`, byte for byte, and what both sides compute
//! over them.

pub const KEY_BYTES: usize = 16;
pub const VALUE_BYTES: usize = 100;
pub const BATCH: usize = 1000;
pub const CALLERS: usize = 64;

const VALUES: usize = 4096;
const VALUE_SEED: u32 = 0x7a11;

/// Uniform bytes from a xorshift generator, equal for equal seeds; a longer run begins with the
/// bytes of a shorter one.
pub fn random_bytes(seed: u32, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 3);
    let mut a = seed.wrapping_add(1).wrapping_mul(0x9e37_79b1) | 1;
    let mut b = a ^ 0x6c07_8965;
    let mut skipped = 0;
    while bytes.len() < length {
        let t = a ^ (a << 10);
        a = b;
        b = b ^ (b >> 10) ^ t ^ (t >> 13);
        if skipped < 16 {
            skipped += 1;
        } else {
            bytes.extend_from_slice(&b.to_le_bytes());
        }
    }
    bytes.truncate(length);
    bytes
}

/// The values, of which the i-th key of a set has the `i % 4096`-th.
pub struct Values(Vec<u8>);

impl Values {
    pub fn new() -> Values {
        Values(random_bytes(VALUE_SEED, VALUES * VALUE_BYTES))
    }

    pub fn of(&self, i: usize) -> &[u8] {
        let at = i % VALUES * VALUE_BYTES;
        &self.0[at..at + VALUE_BYTES]
    }
}

/// Folds one entry into a running hash: touches both ends of key and value.
pub fn fold(hash: i32, key: &[u8], value: &[u8]) -> i32 {
    let ends = i32::from(key[0])
        ^ i32::from(key[key.len() - 1]) << 8
        ^ i32::from(value[0]) << 16
        ^ i32::from(value[value.len() - 1]) << 24;
    hash.wrapping_mul(31).wrapping_add(ends)
}

/// FNV-1a of all values and of some random bytes. The other side computes the same before any
/// figure counts.
pub fn digest(values: &Values) -> u32 {
    let random = random_bytes(1, 4096 * KEY_BYTES);
    values
        .0
        .iter()
        .chain(&random)
        .fold(0x811c_9dc5, |hash, &byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        })
}
