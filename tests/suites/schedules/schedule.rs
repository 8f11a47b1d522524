//! Who goes on: the orders in which concurrent invocations take their steps.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use shuttle::scheduler::{Scheduler, Task, TaskId};

/// One invocation goes on for some steps, if it can.
#[derive(Clone, Copy)]
pub struct Turn {
    /// Which of those that can go on, counted round.
    task: usize,
    /// How many steps.
    steps: usize,
}

/// Schedule that are taken one after the other, and when there are no more, everybody goes on to the end, the first first. So
/// fewer turns are a plainer schedule, and none is no concurrency at all.
#[derive(Clone)]
pub struct Schedule {
    planned: Vec<Turn>,
    taken: usize,
    current: Option<(TaskId, usize)>,
    started: bool,
}

/// Schedules.
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
        // One execution: each property's case brings its own schedule.
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

/// Another scheduler, for everybody but time: that passes only when nobody else can go on. An operation takes no time;
/// so whoever is alive and has a lease uses it before it runs out, as it does in the world, where operations take
/// milliseconds and a lease is half a minute.
pub struct TimeLast<S>(pub S);

/// The task that lets time pass: the first one.
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
