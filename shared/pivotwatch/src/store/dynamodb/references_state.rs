//! The state of a tally's references: what [`super::tally_state`] stores of the way back to Entra ID.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::numbers::{Codes, Texts, text};
use crate::detection::failure::Code;
use crate::detection::references::{Reference, References, Tenants};
use crate::detection::sample::{Sample, hash};

#[derive(Serialize, Deserialize)]
pub(super) struct ReferencesState {
    first: Option<ReferenceState>,
    right_passwords: Vec<ReferenceState>,
    right_passwords_dropped: bool,
}

#[derive(Serialize, Deserialize)]
struct ReferenceState {
    second: u32,
    code: u16,
    /// The numbers of texts.
    user: u32,
    export: u32,
    request_id: IdState,
    correlation_id: IdState,
}

/// An id of Entra ID: a UUID in 16 bytes, or another text.
#[derive(Serialize, Deserialize)]
enum IdState {
    Uuid([u8; 16]),
    Text(String),
}

impl IdState {
    fn of(id: &str) -> Self {
        let uuid = Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id);
        uuid.map_or_else(|| Self::Text(id.to_owned()), |uuid| Self::Uuid(uuid.into_bytes()))
    }

    fn id(self) -> String {
        match self {
            Self::Uuid(bytes) => Uuid::from_bytes(bytes).to_string(),
            Self::Text(text) => text,
        }
    }
}

/// The state of the references, except for the tenants.
pub(super) fn encode(references: &References, codes: &mut Codes, texts: &mut Texts) -> ReferencesState {
    let mut state = |reference: &Reference| ReferenceState {
        second: reference.second,
        code: codes.number(reference.code),
        user: texts.number(&reference.user),
        export: texts.number(&reference.export),
        request_id: IdState::of(&reference.request_id),
        correlation_id: IdState::of(&reference.correlation_id),
    };
    ReferencesState {
        first: references.first.as_ref().map(&mut state),
        right_passwords: references.right_passwords.entries().map(|(_, reference)| state(reference)).collect(),
        right_passwords_dropped: references.right_passwords.is_saturated(),
    }
}

/// The references of a state.
pub(super) fn decode(
    state: ReferencesState,
    tenants: Tenants,
    codes: &[Code],
    texts: &[String],
) -> Result<References, String> {
    let reference = |state: ReferenceState| {
        Ok::<_, String>(Reference {
            second: state.second,
            code: *codes.get(usize::from(state.code)).ok_or("its state refers to a code that it does not have")?,
            user: text(texts, state.user)?.to_owned(),
            request_id: state.request_id.id(),
            correlation_id: state.correlation_id.id(),
            export: text(texts, state.export)?.to_owned(),
        })
    };
    let mut right_passwords = Vec::with_capacity(state.right_passwords.len());
    for right in state.right_passwords {
        let right = reference(right)?;
        right_passwords.push((hash(&[&right.user]), right));
    }
    Ok(References {
        first: state.first.map(reference).transpose()?,
        right_passwords: Sample::restore(right_passwords, state.right_passwords_dropped),
        tenants,
    })
}
