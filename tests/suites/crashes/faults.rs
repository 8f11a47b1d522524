//! What can go wrong with a call.

use super::aws::Service;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// It does not arrive.
    IsLost,
    /// The service refuses it for now.
    IsRefused,
    /// It takes effect, and its answer does not come back.
    LosesItsAnswer,
    /// Its answer breaks off in the middle. Only S3's are long enough.
    BreaksOff,
    /// The invocation is killed before it.
    IsTheLastThing,
    /// The invocation is killed after it took effect.
    HasItsEffectLast,
}

/// Which calls of an invocation it happens to, from one of them on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Only that one: the SDK's own retry can heal it, or taking up the transfer again.
    Once,
    /// All that go to the same service.
    ItsService,
    /// All.
    Everything,
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
    pub harm: Harm,
    pub extent: Extent,
    /// The service of that call, once it was reached.
    reached: Option<Service>,
}

impl Fault {
    /// Every fault that there is at a call to this service.
    pub fn all_at(at: usize, service: Service) -> impl Iterator<Item = Self> {
        let killed = [Harm::IsTheLastThing, Harm::HasItsEffectLast].map(|harm| (harm, Extent::Once));
        let broken = [Extent::Once, Extent::ItsService].map(|extent| (Harm::BreaksOff, extent));
        let lasting = [Harm::IsLost, Harm::IsRefused, Harm::LosesItsAnswer]
            .into_iter()
            .flat_map(|harm| [Extent::Once, Extent::ItsService, Extent::Everything].map(|extent| (harm, extent)));
        killed
            .into_iter()
            .chain(broken)
            .chain(lasting)
            .filter(move |(harm, _)| service == Service::S3 || *harm != Harm::BreaksOff)
            .map(move |(harm, extent)| Self { at, harm, extent, reached: None })
    }

    /// What happens to a call.
    pub fn harm(&mut self, number: usize, service: Service) -> Option<Harm> {
        if number == self.at {
            self.reached = Some(service);
            return Some(self.harm);
        }
        let reached = self.reached?;
        match self.extent {
            Extent::Once => false,
            Extent::ItsService => service == reached,
            Extent::Everything => true,
        }
        .then_some(self.harm)
    }

    /// How the invocation ends.
    pub fn ending(&self) -> Ending {
        match (self.harm, self.extent) {
            (Harm::IsTheLastThing | Harm::HasItsEffectLast, _) => Ending::Killed,
            // The SDK's own retry heals it, and a broken transfer is taken up again.
            (_, Extent::Once) => Ending::Succeeds,
            _ => Ending::Fails,
        }
    }
}
