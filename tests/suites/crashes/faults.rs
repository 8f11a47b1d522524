//! Faults of a call to AWS.
//!
//! Two faults with the same effects on AWS and the same answers to the invocation are one fault, which is injected
//! once:
//!
//! - a lost response to a read is a lost request;
//! - a fault of every later call is one of the same service, if no call to another service follows;
//! - a killed invocation leaves the effects of its calls, so it is killed before the first call and after each call
//!   with an effect.

use super::aws::{Call, Service};

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// All faults of the call with the number `at`.
    pub fn all_at(at: usize, call: &Call) -> impl Iterator<Item = Self> {
        let before = (at == 1).then_some((FaultKind::KilledBefore, Scope::OneCall));
        let after = (!call.is_read()).then_some((FaultKind::KilledAfter, Scope::OneCall));
        let broken = [Scope::OneCall, Scope::SameService].map(|scope| (FaultKind::ResponseCut, scope));
        let lasting = [FaultKind::RequestLost, FaultKind::Refused, FaultKind::ResponseLost]
            .into_iter()
            .flat_map(|kind| [Scope::OneCall, Scope::SameService, Scope::EveryCall].map(|scope| (kind, scope)));
        before
            .into_iter()
            .chain(after)
            .chain(broken.into_iter().filter(|_| call.service == Service::S3))
            .chain(lasting)
            .map(move |(kind, scope)| Self { at, kind, scope, reached: None })
    }

    /// The faults that are this one, which led to these calls from its own on. Itself is among them.
    pub fn alike(&self, calls: &[Call]) -> impl Iterator<Item = (FaultKind, Scope)> {
        let affected = if self.scope == Scope::OneCall { &calls[..1] } else { calls };
        let is_lost_response = self.kind == FaultKind::RequestLost && affected.iter().all(Call::is_read);
        let is_every_call =
            self.scope == Scope::SameService && calls.iter().all(|call| call.service == calls[0].service);
        let kinds = [Some(self.kind), is_lost_response.then_some(FaultKind::ResponseLost)];
        let scopes = [Some(self.scope), is_every_call.then_some(Scope::EveryCall)];
        kinds.into_iter().flatten().flat_map(move |kind| scopes.into_iter().flatten().map(move |scope| (kind, scope)))
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
