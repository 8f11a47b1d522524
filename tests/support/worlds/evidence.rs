//! A world's evidence, as pivotwatch has it after all records.

use std::collections::BTreeSet;

use pivotwatch::aws::{self, TrailOutcome};
use pivotwatch::detection::failure::{Particulars, Trace, identity};
use pivotwatch::detection::tally::TallyKey;
use pivotwatch::detection::{Address, Evidence, Failure, Rule, Source};

use super::{Row, World};

impl World {
    /// The evidence of each address.
    #[must_use]
    pub fn evidence(&self) -> Vec<Evidence> {
        let of_rows = self.rows.iter().filter_map(|row| row.address);
        let addresses: BTreeSet<_> = of_rows.chain(self.trail.iter().filter_map(|record| record.address)).collect();
        let of_address = |address| {
            let mut evidence = Evidence::none(Address::from(address));
            for failure in self.rows.iter().filter(|row| row.address == Some(address)).filter_map(failure) {
                let TallyKey { day, kind, .. } = TallyKey::of(&failure);
                evidence.tallies.entry((day, kind)).or_default().add(&failure);
            }
            for record in self.trail.iter().filter(|record| record.address == Some(address)) {
                if let TrailOutcome::Login(login) = aws::parse_record(&record.record()) {
                    evidence.logins.push(*login);
                }
            }
            evidence
        };
        addresses.into_iter().map(of_address).collect()
    }
}

fn failure(row: &Row) -> Option<Failure> {
    let Row { sign_in, address } = row;
    let source = match sign_in.category.to_lowercase().as_str() {
        "signinlogs" => Source::Interactive,
        "noninteractiveusersigninlogs" => Source::NonInteractive,
        _ => return None,
    };
    let address = Address::from((*address)?);
    let (code, user) = (sign_in.code.trim(), sign_in.user.to_lowercase());
    let particulars = Particulars { time: sign_in.time, address, user: &user, app: "", correlation_id: "" };
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
        app: String::new(),
        client_app: String::new(),
        operation: String::new(),
        user_agent: String::new(),
        trace: Trace::default(),
    })
}
