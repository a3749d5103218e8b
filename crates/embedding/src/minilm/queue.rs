//! Two queues in front of the model's one thread.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::measure::Priority;

/// Work for one consumer; what somebody waits for comes first.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    interactive: VecDeque<T>,
    bulk: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State { interactive: VecDeque::new(), bulk: VecDeque::new(), closed: false }),
            changed: Condvar::new(),
        }
    }

    /// Adds work; after [`close`](Self::close) it is dropped instead.
    pub(super) fn push(&self, priority: Priority, work: T) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        match priority {
            Priority::Interactive => state.interactive.push_back(work),
            Priority::Bulk => state.bulk.push_back(work),
        }
        self.changed.notify_one();
    }

    /// Waits for work. `None` once the queue is closed.
    pub(super) fn next(&self) -> Option<(Priority, T)> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(work) = state.interactive.pop_front() {
                return Some((Priority::Interactive, work));
            }
            if let Some(work) = state.bulk.pop_front() {
                return Some((Priority::Bulk, work));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Interactive work, if there is any right now.
    pub(super) fn try_interactive(&self) -> Option<T> {
        self.lock().interactive.pop_front()
    }

    /// Drops what waits and ends the consumer.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.interactive.clear();
        state.bulk.clear();
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Nothing that can panic happens under the lock, so a poisoned one is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interactive_work_goes_first_and_each_kind_keeps_its_order() {
        let queue = Queue::new();
        queue.push(Priority::Bulk, 1);
        queue.push(Priority::Bulk, 2);
        queue.push(Priority::Interactive, 3);
        queue.push(Priority::Interactive, 4);
        queue.push(Priority::Interactive, 5);
        assert_eq!(queue.next(), Some((Priority::Interactive, 3)));
        assert_eq!(queue.try_interactive(), Some(4));
        assert_eq!(queue.next(), Some((Priority::Interactive, 5)));
        assert_eq!(queue.try_interactive(), None);
        assert_eq!(queue.next(), Some((Priority::Bulk, 1)));
    }

    #[test]
    fn a_closed_queue_drops_what_waits_and_what_comes() {
        let queue = Queue::new();
        let waiting = std::sync::Arc::new(());
        queue.push(Priority::Bulk, waiting.clone());
        queue.close();
        queue.push(Priority::Interactive, waiting.clone());
        assert_eq!(std::sync::Arc::strong_count(&waiting), 1);
        assert!(queue.next().is_none());
    }
}
