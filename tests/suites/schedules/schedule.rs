//! Schedules: the order in which concurrent invocations take their steps.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use shuttle::scheduler::{Scheduler, Task, TaskId};

/// One task runs for some steps, unless it blocks.
#[derive(Clone, Copy)]
pub struct Turn {
    /// Index into the runnable tasks, modulo their number.
    task: usize,
    steps: usize,
}

/// Turns, one after the other. After the last turn each task runs to its end, in order. A shorter schedule is therefore
/// simpler, and an empty one has no concurrency.
#[derive(Clone)]
pub struct Schedule {
    planned: Vec<Turn>,
    taken: usize,
    current: Option<(TaskId, usize)>,
    started: bool,
}

/// Generates schedules.
pub fn schedules() -> impl Strategy<Value = Schedule> {
    vec((0..8_usize, 1..4_usize), 0..60).prop_map(|turns| Schedule {
        planned: turns.into_iter().map(|(task, steps)| Turn { task, steps }).collect(),
        taken: 0,
        current: None,
        started: false,
    })
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("in turn")?;
        self.planned.iter().try_for_each(|Turn { task, steps }| write!(f, ", number {task} for {steps} steps"))
    }
}

impl Scheduler for Schedule {
    fn new_execution(&mut self) -> Option<shuttle::scheduler::Schedule> {
        // One execution, because the property generates a schedule for each case.
        (!std::mem::replace(&mut self.started, true)).then(shuttle::scheduler::Schedule::default)
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, _: bool) -> Option<TaskId> {
        let can_go_on = |task: TaskId| runnable.iter().any(|runnable| runnable.id() == task);
        if let Some((task, steps)) = self.current.take().filter(|(task, steps)| *steps > 0 && can_go_on(*task)) {
            self.current = Some((task, steps - 1));
            return Some(task);
        }
        if let Some(turn) = self.planned.get(self.taken) {
            self.taken += 1;
            let task = runnable[turn.task % runnable.len()].id();
            self.current = Some((task, turn.steps - 1));
            return Some(task);
        }
        current.filter(|task| can_go_on(*task)).or_else(|| runnable.first().map(|task| task.id()))
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}

/// Wraps a scheduler so that time passes only when no other task can run. Operations take no time. A running invocation
/// therefore uses its lease before the lease expires, as on AWS, where operations take milliseconds and a lease half a
/// minute.
pub struct TimeLast<S>(pub S);

/// The first task, which advances the clock.
const TIME: usize = 0;

impl<S: Scheduler> Scheduler for TimeLast<S> {
    fn new_execution(&mut self) -> Option<shuttle::scheduler::Schedule> {
        self.0.new_execution()
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, is_yielding: bool) -> Option<TaskId> {
        let others: Vec<&Task> = runnable.iter().copied().filter(|task| task.id() != TaskId::from(TIME)).collect();
        if others.is_empty() {
            return Some(TaskId::from(TIME));
        }
        self.0.next_task(&others, current.filter(|task| *task != TaskId::from(TIME)), is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}
