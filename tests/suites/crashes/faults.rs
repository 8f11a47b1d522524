//! Faults of a call to AWS.

use super::aws::Service;

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The request does not arrive.
    RequestLost,
    /// The service responds with a 503.
    Refused,
    /// The call takes effect, but its response does not arrive.
    ResponseLost,
    /// The response body is cut. Only S3's are long enough.
    ResponseCut,
    /// The invocation is killed before the call.
    KilledBefore,
    /// The invocation is killed after the call took effect.
    KilledAfter,
}

/// Which calls a fault affects, from the call with its number on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Only that call. A retry of the SDK or a resumed transfer recovers from it.
    OneCall,
    /// That call and all later ones to the same service.
    SameService,
    /// That call and all later ones.
    EveryCall,
}

/// How an invocation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Succeeds,
    /// It fails, so Lambda delivers the event again.
    Fails,
    /// It is killed before it returns.
    Killed,
}

#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The number of the call, from 1.
    pub at: usize,
    pub kind: FaultKind,
    pub scope: Scope,
    /// The service of that call, once the call was made.
    reached: Option<Service>,
}

impl Fault {
    /// All faults of a call to this service.
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

    /// What goes wrong with the call of this number, if anything.
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

    /// How an invocation with this fault ends.
    pub fn ending(&self) -> Ending {
        match (self.kind, self.scope) {
            (FaultKind::KilledBefore | FaultKind::KilledAfter, _) => Ending::Killed,
            // A retry of the SDK or a resumed transfer recovers.
            (_, Scope::OneCall) => Ending::Succeeds,
            _ => Ending::Fails,
        }
    }
}
