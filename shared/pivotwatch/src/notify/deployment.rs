//! What messages need to know about the deployment that sends them.

use std::collections::BTreeMap;
use std::str::FromStr;

/// The deployment that sends messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// The location of the table.
    pub table: TableLocation,
    /// The table of tuning entries, if there is one.
    pub tuning_table: Option<String>,
    /// The names of AWS accounts by their ids, since CloudTrail records no names.
    pub account_names: BTreeMap<String, String>,
    /// The address at which responders read the runbook; `None` if the deployment names none.
    pub runbook: Option<String>,
    /// What HTTP and HTTPS subscriptions receive.
    pub https: HttpsForm,
}

/// The location of the table, where responders find the records of an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableLocation {
    /// The table's name.
    pub name: String,
    /// The table's region, which can differ from the login's.
    pub region: String,
    /// The table's account, which can differ from the login's.
    pub account: String,
}

/// The form of the message that HTTP and HTTPS subscriptions receive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpsForm {
    /// The custom notification of Amazon Q Developer in chat applications.
    #[default]
    Chat,
    /// The OCSF Detection Finding, for plain webhooks.
    Finding,
}

/// The error for a text that is not the name of a form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a form of HTTPS messages; the forms are chat and finding")]
pub struct UnknownHttpsForm(String);

impl HttpsForm {
    /// The name in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Finding => "finding",
        }
    }
}

impl FromStr for HttpsForm {
    type Err = UnknownHttpsForm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = [Self::Chat, Self::Finding].into_iter().find(|form| form.name() == text);
        form.ok_or_else(|| UnknownHttpsForm(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_parsed_from_its_name_alone() {
        assert_eq!(("chat".parse(), "finding".parse()), (Ok(HttpsForm::Chat), Ok(HttpsForm::Finding)));
        for text in ["", "Chat", "chat ", "ocsf"] {
            assert_eq!(text.parse::<HttpsForm>(), Err(UnknownHttpsForm(text.to_owned())));
        }
        assert_eq!(HttpsForm::default(), HttpsForm::Chat);
    }
}
