//! What can go wrong with a call.

use super::aws::Service;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It does not arrive.
    RequestLost,
    /// The service refuses it for now.
    Refused,
    /// It takes effect, and its answer does not come back.
    ResponseLost,
    /// Its answer breaks off in the middle. Only S3's are long enough.
    ResponseCut,
    /// The invocation is killed before it.
    KilledBefore,
    /// The invocation is killed after it took effect.
    KilledAfter,
}

/// Which calls of an invocation it happens to, from one of them on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only that one: the SDK's own retry can heal it, or taking up the transfer again.
    OneCall,
    /// All that go to the same service.
    SameService,
    /// All.
    EveryCall,
}

/// How an invocation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// As if nothing had happened.
    Succeeds,
    /// It asks for the event to be delivered again.
    Fails,
    /// It does not end, it is gone.
    Killed,
}

/// A fault of one invocation.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The number of the call, from 1.
    pub at: usize,
    pub kind: FaultKind,
    pub scope: Scope,
    /// The service of that call, once it was reached.
    reached: Option<Service>,
}

impl Fault {
    /// Every fault that there is at a call to this service.
    pub fn all_at(at: usize, service: Service) -> impl Iterator<Item = Self> {
        let killed = [FaultKind::KilledBefore, FaultKind::KilledAfter].map(|kind| (kind, Scope::OneCall));
        let broken = [Scope::OneCall, Scope::SameService].map(|scope| (FaultKind::ResponseCut, scope));
        let lasting = [FaultKind::RequestLost, FaultKind::Refused, FaultKind::ResponseLost]
            .into_iter()
            .flat_map(|kind| [Scope::OneCall, Scope::SameService, Scope::EveryCall].map(|scope| (kind, scope)));
        killed
            .into_iter()
            .chain(broken)
            .chain(lasting)
            .filter(move |(kind, _)| service == Service::S3 || *kind != FaultKind::ResponseCut)
            .map(move |(kind, scope)| Self { at, kind, scope, reached: None })
    }

    /// What happens to a call.
    pub fn at_call(&mut self, number: usize, service: Service) -> Option<FaultKind> {
        if number == self.at {
            self.reached = Some(service);
            return Some(self.kind);
        }
        let reached = self.reached?;
        match self.scope {
            Scope::OneCall => false,
            Scope::SameService => service == reached,
            Scope::EveryCall => true,
        }
        .then_some(self.kind)
    }

    /// How the invocation ends.
    pub fn ending(&self) -> Ending {
        match (self.kind, self.scope) {
            (FaultKind::KilledBefore | FaultKind::KilledAfter, _) => Ending::Killed,
            // The SDK's own retry heals it, and a broken transfer is taken up again.
            (_, Scope::OneCall) => Ending::Succeeds,
            _ => Ending::Fails,
        }
    }
}
