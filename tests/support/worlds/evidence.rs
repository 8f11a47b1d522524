//! A world's evidence, as pivotwatch has it after all records.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Timelike;
use pivotwatch::aws::{self, TrailOutcome};
use pivotwatch::detection::failure::{Particulars, Trace, identity};
use pivotwatch::detection::successes::{Successes, UNKNOWN, user_hash};
use pivotwatch::detection::tally::{TallyKey, TallyKind};
use pivotwatch::detection::{Address, Day, Evidence, Failure, Rule, Tallies};

use super::{Row, Success, World, source_of};

impl World {
    /// The evidence of each address and network.
    #[must_use]
    pub fn evidence(&self) -> Vec<Evidence> {
        let mut all = Collected { rule: &self.rule, evidence: BTreeMap::new() };
        for failure in self.rows.iter().filter_map(failure) {
            let TallyKey { day, kind, .. } = TallyKey::of(&failure);
            all.add(failure.address, |evidence| {
                evidence.tallies.entry((day, kind)).or_default().add(&failure);
            });
        }
        for record in &self.trail {
            match aws::parse_record(&record.record()) {
                TrailOutcome::Login(login) => {
                    all.add(login.source_ip_address, |evidence| evidence.logins.push((*login).clone()));
                }
                TrailOutcome::FailedLogin(failed) => {
                    let TallyKey { day, kind, .. } = TallyKey::of_login(&failed);
                    all.add(failed.source_ip_address, |evidence| {
                        evidence.tallies.entry((day, kind)).or_default().add_login(&failed);
                    });
                }
                TrailOutcome::Ignored(_) | TrailOutcome::Rejected(_) => {}
            }
        }
        let failing = self.failing();
        for success in self.successes.iter().filter(|_| self.rule.counts_successes) {
            let address = Address::from(success.address);
            if failing.contains(&address) {
                all.add(address, |evidence| add_success(&mut evidence.tallies, success));
            }
        }
        let tallies: BTreeMap<_, _> =
            all.evidence.values().map(|evidence| (evidence.address, evidence.tallies.clone())).collect();
        let mut evidence: Vec<_> = all.evidence.into_values().collect();
        for of_network in evidence.iter_mut().filter(|evidence| evidence.address.is_network()) {
            let members = of_network.logins.iter().map(|login| login.source_ip_address);
            of_network.members = members.map(|member| (member, tallies[&member].clone())).collect();
        }
        evidence
    }

    /// The addresses with failures.
    #[must_use]
    pub fn failing(&self) -> BTreeSet<Address> {
        self.rows.iter().filter_map(failure).map(|failure| failure.address).collect()
    }
}

struct Collected<'w> {
    rule: &'w Rule,
    evidence: BTreeMap<Address, Evidence>,
}

impl Collected<'_> {
    /// Adds a fact of an address to the evidence of the address and of its network.
    fn add(&mut self, address: Address, add: impl Fn(&mut Evidence)) {
        for address in self.rule.counted_by(address) {
            add(self.evidence.entry(address).or_insert_with(|| Evidence::none(address)));
        }
    }
}

/// Adds a success to every tally of failed sign-ins from its address, of any source and day.
fn add_success(tallies: &mut Tallies, success: &Success) {
    for ((day, kind), tally) in tallies {
        let second = success.time.num_seconds_from_midnight();
        let second = if *day == Day::of(success.time) { second } else { UNKNOWN };
        if let TallyKind::SignIns(_) = kind {
            tally.add_successes(&Successes::restore([(user_hash(&success.user), second)], false));
        }
    }
}

fn failure(row: &Row) -> Option<Failure> {
    let Row { sign_in, address } = row;
    let source = source_of(&sign_in.category)?;
    let address = Address::from((*address)?);
    let (code, user) = (sign_in.code.trim(), sign_in.user.to_lowercase());
    let (app, correlation_id) = (sign_in.app(), sign_in.correlation_id());
    let particulars = Particulars { time: sign_in.time, address, user: &user, app, correlation_id: &correlation_id };
    if !Rule::is_failure(code) || address.is_loopback() {
        return None;
    }
    Some(Failure {
        address,
        source,
        time: sign_in.time,
        code: code.parse().ok()?,
        identity: identity(&sign_in.id, code, &particulars),
        user: user.clone(),
        app: app.to_owned(),
        client_app: String::new(),
        operation: String::new(),
        user_agent: String::new(),
        trace: Trace { request_id: sign_in.id.clone(), correlation_id: correlation_id.clone(), ..Trace::default() },
    })
}
