//! The delivery of one event, and its invocations, as Lambda makes them.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use chrono::TimeDelta;
use pivotwatch::input::Limits;
use pivotwatch::notify::Deployment;
use pivotwatch::pipeline::{ActivityLog, Pipeline, TuningCache};
use pivotwatch_tests::pipeline::Event;

use super::deliveries::Notice;
use super::simulated_aws::{Describe, SimulatedAws};
use super::simulation::Simulation;

/// A fault at a step of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The step fails without effect.
    Error,
    /// The step takes effect, but its response is lost.
    ResponseLost,
    /// The invocation is killed before the step.
    Killed,
    /// The invocation is killed, and the step takes effect some time later.
    KilledWithLateEffect,
    /// The invocation stalls before the step, for longer than any lease.
    Stall,
}

impl Fault {
    pub const ALL: [Self; 5] = [Self::Error, Self::ResponseLost, Self::Killed, Self::KilledWithLateEffect, Self::Stall];
}

const STALL: TimeDelta = TimeDelta::minutes(2);

/// Lambda's invocations for one event: one, and two retries.
const TRIES: usize = 3;

/// One invocation.
pub struct Invocation {
    pub simulation: Arc<Simulation>,
    name: String,
    /// `true` if the current poll has not taken its step yet.
    may_step: AtomicBool,
    steps: AtomicUsize,
    fault: Option<(usize, Fault)>,
    killed: AtomicBool,
}

/// Delivers an event, with retries. The last try has no fault.
pub async fn deliver(simulation: &Arc<Simulation>, notice: &Notice) {
    for number in 0..TRIES {
        let invocation = Invocation {
            simulation: Arc::clone(simulation),
            name: if number == 0 { notice.name.clone() } else { format!("{}, again", notice.name) },
            may_step: AtomicBool::new(false),
            steps: AtomicUsize::new(0),
            fault: notice.faults.get(number).copied().flatten(),
            killed: AtomicBool::new(false),
        };
        match Arc::new(invocation).run(&notice.event).await {
            Ok(()) => return,
            Err(error) => simulation.log(format!("{} ends: {error}", notice.name)),
        }
    }
    panic!("{} failed for good: {:#?}", notice.name, simulation.journal.lock().unwrap());
}

impl Invocation {
    async fn run(self: Arc<Self>, event: &Event) -> Result<(), String> {
        let aws = SimulatedAws(Arc::clone(&self));
        let pipeline = Pipeline {
            store: aws.clone(),
            notifier: aws.clone(),
            runtime: aws.clone(),
            rule: self.simulation.rule.clone(),
            tuning: TuningCache::default(),
            limits: Limits::default(),
            activity: ActivityLog::off(),
            policy: self.simulation.policy,
            deployment: Deployment::default(),
        };
        let mut work = pin!(event.invoke(&pipeline, &aws));
        poll_fn(|context| {
            self.may_step.store(true, Ordering::Relaxed);
            match work.as_mut().poll(context) {
                Poll::Pending if self.killed.load(Ordering::Relaxed) => Poll::Ready(Err("killed".to_owned())),
                polled => polled,
            }
        })
        .await
    }

    /// Takes one step: waits for its poll, injects the step's fault, and logs the step. An invocation takes one step in
    /// each poll, even if it has several concurrent ones.
    pub async fn step<T: Describe + Send + 'static, E: Send + 'static>(
        &self,
        what: String,
        operation: impl Future<Output = Result<T, E>> + Send + 'static,
        error: E,
    ) -> Result<T, E> {
        self.wait_for_poll().await;
        let number = self.steps.fetch_add(1, Ordering::Relaxed);
        let fault = self.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        let what = format!("{}: {what}", self.name);
        if let Some(fault) = fault {
            self.simulation.faults.fetch_add(1, Ordering::Relaxed);
            self.simulation.log(format!("{what} {fault:?}"));
        }
        match fault {
            Some(Fault::Error) => return Err(error),
            Some(Fault::Killed) => return self.kill().await,
            Some(Fault::KilledWithLateEffect) => {
                let simulation = Arc::clone(&self.simulation);
                self.simulation.spawn(async move {
                    let _ = operation.await;
                    simulation.log(format!("{what}, at last"));
                });
                return self.kill().await;
            }
            Some(Fault::Stall) => {
                self.simulation.clock.wait(STALL).await;
                self.wait_for_poll().await;
            }
            Some(Fault::ResponseLost) | None => {}
        }
        let result = operation.await;
        let description = result.as_ref().map(Describe::describe).unwrap_or_default();
        self.simulation.log(format!("{what} {description}"));
        if fault == Some(Fault::ResponseLost) { Err(error) } else { result }
    }

    async fn wait_for_poll(&self) {
        poll_fn(|context| {
            if self.may_step.swap(false, Ordering::Relaxed) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Ends the invocation: `run` drops its future.
    async fn kill<T>(&self) -> T {
        self.killed.store(true, Ordering::Relaxed);
        std::future::pending().await
    }
}
