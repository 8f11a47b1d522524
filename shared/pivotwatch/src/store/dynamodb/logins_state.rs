//! Encodes the merge state of an incident's logins: a format version, then the hashes that count them. An incident that
//! lists all its logins needs none.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::detection::incident::{LOGINS_LISTED, LoginReference, MatchedLogins};
use crate::detection::sample::Sample;

/// The first byte. An unknown format is an error.
const FORMAT: u8 = 1;

#[derive(Serialize, Deserialize)]
struct LoginsState {
    saturated: bool,
    hashes: Vec<[u8; 8]>,
}

/// The state of `logins`, or `None` if the listed logins suffice.
pub(super) fn encode(logins: &MatchedLogins) -> Result<Option<Vec<u8>>, String> {
    let counted = logins.counted();
    if counted.len() <= LOGINS_LISTED {
        return Ok(None);
    }
    let hashes = counted.entries().map(|(hash, ())| hash.to_be_bytes()).collect();
    let state = LoginsState { saturated: counted.is_saturated(), hashes };
    postcard::to_extend(&state, vec![FORMAT]).map(Some).map_err(|error| error.to_string())
}

/// The logins of an incident with the `listed` logins and the state in `bytes`.
pub(super) fn decode(listed: BTreeSet<LoginReference>, bytes: Option<&[u8]>) -> Result<MatchedLogins, String> {
    let Some(bytes) = bytes else { return Ok(MatchedLogins::restore(listed, Sample::default())) };
    let (format, rest) = bytes.split_first().ok_or("its state is empty")?;
    if *format != FORMAT {
        return Err(format!("its state has the format {format}, and this version reads {FORMAT}"));
    }
    let state: LoginsState = postcard::from_bytes(rest).map_err(|error| format!("its state is damaged: {error}"))?;
    let hashes = state.hashes.into_iter().map(|hash| (u64::from_be_bytes(hash), ()));
    Ok(MatchedLogins::restore(listed, Sample::restore(hashes, state.saturated)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_format_is_refused_and_named() {
        let refused = |bytes: &[u8]| decode(BTreeSet::new(), Some(bytes)).unwrap_err();
        assert_eq!(refused(&[]), "its state is empty");
        assert_eq!(refused(&[FORMAT + 1]), "its state has the format 2, and this version reads 1");
        assert!(refused(&[FORMAT]).starts_with("its state is damaged: "));
    }
}
