//! One event, delivered as Lambda delivers it, and the invocations that it takes.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use chrono::TimeDelta;
use pivotwatch::input::Limits;
use pivotwatch::notify::TableLocation;
use pivotwatch::pipeline::Pipeline;
use pivotwatch_tests::world::Event;

use super::arena::Arena;
use super::deliveries::Notice;
use super::hands::{Hands, Told};

/// Something that goes wrong at a step of an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The step fails and has no effect.
    Fails,
    /// The step has its effect, and is told to have failed.
    LosesItsAnswer,
    /// The invocation dies before the step, which is also after the one before.
    Dies,
    /// The invocation dies, and the step has its effect at some time later.
    DiesAndIsOutlived,
    /// The invocation is held up before the step, for longer than any lease.
    Stalls,
}

impl Mishap {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Fails, Self::LosesItsAnswer, Self::Dies, Self::DiesAndIsOutlived, Self::Stalls];
}

/// The hold-up.
const STALL: TimeDelta = TimeDelta::minutes(2);

/// How often Lambda invokes a function with one event: once, and twice more when that fails.
const TRIES: usize = 3;

/// One invocation, as its steps see it.
pub struct Invocation {
    pub arena: Arc<Arena>,
    name: String,
    /// Whether this turn's step is still to be taken.
    turn: AtomicBool,
    steps: AtomicUsize,
    mishap: Option<(usize, Mishap)>,
    dead: AtomicBool,
}

/// Delivers an event, again after a failure. The last try is undisturbed.
pub async fn deliver(arena: &Arc<Arena>, notice: &Notice) {
    for number in 0..TRIES {
        let invocation = Invocation {
            arena: Arc::clone(arena),
            name: if number == 0 { notice.name.clone() } else { format!("{}, again", notice.name) },
            turn: AtomicBool::new(false),
            steps: AtomicUsize::new(0),
            mishap: notice.mishaps.get(number).copied().flatten(),
            dead: AtomicBool::new(false),
        };
        match Arc::new(invocation).run(&notice.event).await {
            Ok(()) => return,
            Err(error) => arena.note(format!("{} ends: {error}", notice.name)),
        }
    }
    panic!("{} failed for good: {:#?}", notice.name, arena.journal.lock().unwrap());
}

impl Invocation {
    async fn run(self: Arc<Self>, event: &Event) -> Result<(), String> {
        let hands = Hands(Arc::clone(&self));
        let pipeline = Pipeline {
            store: hands.clone(),
            notifier: hands.clone(),
            runtime: hands.clone(),
            rule: self.arena.rule.clone(),
            limits: Limits::default(),
            table: TableLocation::default(),
        };
        let mut work = pin!(event.invoke(&pipeline, &hands));
        poll_fn(|context| {
            self.turn.store(true, Ordering::Relaxed);
            match work.as_mut().poll(context) {
                Poll::Pending if self.dead.load(Ordering::Relaxed) => Poll::Ready(Err("it is dead".to_owned())),
                polled => polled,
            }
        })
        .await
    }

    /// Takes one step: waits for its turn, lets happen what happens to it, and notes it. An invocation takes one step in
    /// each turn, also where it has several to take at the same time.
    pub async fn step<T: Told + Send + 'static, E: Send + 'static>(
        &self,
        what: String,
        operation: impl Future<Output = Result<T, E>> + Send + 'static,
        fault: E,
    ) -> Result<T, E> {
        self.its_turn().await;
        let number = self.steps.fetch_add(1, Ordering::Relaxed);
        let mishap = self.mishap.filter(|(at, _)| *at == number).map(|(_, mishap)| mishap);
        let what = format!("{}: {what}", self.name);
        if let Some(mishap) = mishap {
            self.arena.mishaps.fetch_add(1, Ordering::Relaxed);
            self.arena.note(format!("{what} {mishap:?}"));
        }
        match mishap {
            Some(Mishap::Fails) => return Err(fault),
            Some(Mishap::Dies) => return self.die().await,
            Some(Mishap::DiesAndIsOutlived) => {
                let arena = Arc::clone(&self.arena);
                self.arena.spawn(async move {
                    let _ = operation.await;
                    arena.note(format!("{what}, at last"));
                });
                return self.die().await;
            }
            Some(Mishap::Stalls) => {
                self.arena.clock.wait(STALL).await;
                self.its_turn().await;
            }
            Some(Mishap::LosesItsAnswer) | None => {}
        }
        let result = operation.await;
        let told = result.as_ref().map(Told::told).unwrap_or_default();
        self.arena.note(format!("{what} {told}"));
        if mishap == Some(Mishap::LosesItsAnswer) { Err(fault) } else { result }
    }

    async fn its_turn(&self) {
        poll_fn(|context| {
            if self.turn.swap(false, Ordering::Relaxed) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Goes no further; whoever runs the invocation drops it.
    async fn die<T>(&self) -> T {
        self.dead.store(true, Ordering::Relaxed);
        std::future::pending().await
    }
}
