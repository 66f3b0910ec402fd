//! A Rust engine for `bench/compare/rust_peer.ts`: `rust-peer ENGINE FOLDER` prints
//! `ready DIGEST`, then answers each line of standard input with `SECONDS HASH SEEN` or
//! `failed MESSAGE`. The end of the input closes the engine.
//!
//! Requests: `keys BYTES` and so many bytes, which are the keys of load, get and 80/20; `load`;
//! `get COUNT SEED`; `mixed COUNT SEED`; `scan`; `put COUNT SEED`; `put64 COUNT SEED`;
//! `append64 COUNT`.

mod callers;
mod engine;
mod persy_engine;
mod redb_engine;
mod rows;
mod workload;

use std::io::{self, BufRead, Read};
use std::path::Path;
use std::{env, process};

use engine::{Engine, Outcome};
use persy_engine::PersyEngine;
use redb_engine::RedbEngine;
use rows::{Figure, Rows};
use workload::Values;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["persy", folder] => serve::<PersyEngine>(folder),
        ["redb", folder] => serve::<RedbEngine>(folder),
        _ => Err("usage: rust-peer persy|redb FOLDER".into()),
    };
    if let Err(error) = outcome {
        eprintln!("{error}");
        process::exit(1);
    }
}

fn serve<E: Engine>(folder: &str) -> Outcome<()> {
    let values = Values::new();
    let digest = workload::digest(&values);
    let mut rows = Rows::new(E::open(Path::new(folder))?, values);
    println!("ready {digest}");
    let mut input = io::stdin().lock();
    let mut line = String::new();
    while input.read_line(&mut line)? > 0 {
        match answer(&mut rows, line.trim_end(), &mut input) {
            Ok(figure) => println!("{} {} {}", figure.seconds, figure.hash, figure.seen),
            Err(error) => println!("failed {error}"),
        }
        line.clear();
    }
    Ok(())
}

fn answer<E: Engine>(rows: &mut Rows<E>, request: &str, input: &mut impl Read) -> Outcome<Figure> {
    let mut words = request.split(' ');
    let row = words.next().unwrap_or_default();
    let numbers = words.map(str::parse).collect::<Result<Vec<u32>, _>>()?;
    match (row, &numbers[..]) {
        ("keys", &[bytes]) => {
            let mut keys = vec![0; bytes as usize];
            input.read_exact(&mut keys)?;
            rows.set_keys(keys);
            Ok(Figure {
                seconds: 0.0,
                hash: 0,
                seen: bytes as usize,
            })
        }
        ("load", []) => rows.load(),
        ("get", &[count, seed]) => rows.get(count as usize, seed),
        ("mixed", &[count, seed]) => rows.mixed(count as usize, seed),
        ("scan", []) => rows.scan(),
        ("put", &[count, seed]) => rows.put(count as usize, seed),
        ("put64", &[count, seed]) => rows.put64(count as usize, seed),
        ("append64", &[count]) => rows.append64(count as usize),
        _ => Err(format!("no such row: {request}").into()),
    }
}
