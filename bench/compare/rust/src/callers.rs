//! 64 callers, each waiting until its own operation is durable before its next, and the queue that
//! a user would put in front of an engine that commits one transaction after the other.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Condvar, Mutex};
use std::thread;
use std::time::Instant;

use crate::engine::Outcome;
use crate::workload::CALLERS;

/// Runs `operation` with each number below `count`, spread over the callers; the seconds it took.
pub fn run_callers(count: usize, operation: impl Fn(usize) -> Outcome<()> + Sync) -> Outcome<f64> {
    let next = AtomicUsize::new(0);
    let start = Barrier::new(CALLERS + 1);
    let caller = || -> Outcome<()> {
        start.wait();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= count {
                return Ok(());
            }
            operation(i)?;
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CALLERS).map(|_| scope.spawn(caller)).collect();
        start.wait();
        let begin = Instant::now();
        for thread in threads {
            thread.join().map_err(|_| "a caller panicked")??;
        }
        Ok(begin.elapsed().as_secs_f64())
    })
}

struct Waiting<T> {
    items: Vec<T>,
    /// Items that were ever submitted, and those of them that are durable.
    submitted: u64,
    durable: u64,
    is_committing: bool,
    failure: Option<String>,
}

/// A queue whose first waiter commits for all that wait with it, in one transaction.
pub struct CommitQueue<T, C> {
    waiting: Mutex<Waiting<T>>,
    committed: Condvar,
    commit: C,
}

impl<T, C: Fn(&[T]) -> Outcome<()>> CommitQueue<T, C> {
    pub fn new(commit: C) -> CommitQueue<T, C> {
        CommitQueue {
            waiting: Mutex::new(Waiting {
                items: Vec::new(),
                submitted: 0,
                durable: 0,
                is_committing: false,
                failure: None,
            }),
            committed: Condvar::new(),
            commit,
        }
    }

    /// Returns when the item is durable.
    pub fn submit(&self, item: T) -> Outcome<()> {
        let mut waiting = self.waiting.lock().expect("the lock of the queue");
        waiting.items.push(item);
        waiting.submitted += 1;
        let ticket = waiting.submitted;
        while waiting.durable < ticket && waiting.failure.is_none() {
            if waiting.is_committing {
                waiting = self.committed.wait(waiting).expect("the lock of the queue");
                continue;
            }
            waiting.is_committing = true;
            let items = mem::take(&mut waiting.items);
            drop(waiting);
            let outcome = (self.commit)(&items);
            waiting = self.waiting.lock().expect("the lock of the queue");
            waiting.is_committing = false;
            match outcome {
                Ok(()) => waiting.durable += items.len() as u64,
                Err(error) => waiting.failure = Some(error.to_string()),
            }
            self.committed.notify_all();
        }
        match &waiting.failure {
            Some(failure) => Err(failure.clone().into()),
            None => Ok(()),
        }
    }
}
