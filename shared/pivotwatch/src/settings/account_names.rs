//! The names of AWS accounts, so that a message says `payments-prod (111122223333)`.

use std::collections::BTreeMap;

use serde_json::Value;

/// Characters of the longest name. AWS allows 50.
const NAME_LENGTH: usize = 64;

/// Parses a JSON object of names by account id.
///
/// # Errors
/// The message with all faults, each with the id that it is about.
pub fn account_names(text: &str) -> Result<BTreeMap<String, String>, String> {
    let Ok(Value::Object(names)) = serde_json::from_str(text) else {
        return Err("it is not a JSON object of names by account id".to_owned());
    };
    let faults: Vec<_> = names.iter().filter_map(|(id, name)| fault(id, name)).collect();
    if !faults.is_empty() {
        return Err(faults.join(", "));
    }
    Ok(names.into_iter().filter_map(|(id, name)| Some((id, name.as_str()?.to_owned()))).collect())
}

fn fault(id: &str, name: &Value) -> Option<String> {
    if id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("{id:?} is not an account id of 12 digits"));
    }
    let length = name.as_str().map(|name| name.chars().count());
    let is_valid = length.is_some_and(|length| (1..=NAME_LENGTH).contains(&length));
    (!is_valid).then(|| format!("the name of {id} is not a text of 1 to {NAME_LENGTH} characters"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_fault_is_reported_with_its_account() {
        let names = json!({
            "1234": "short id", "12345678901a": "no digits", "١١١١٢٢٢٢٣٣٣٣": "other digits",
            "111122223333": "", "222233334444": "x".repeat(65), "333344445555": ["list"], "444455556666": null,
            "555566667777": "valid",
        });
        let faults = account_names(&names.to_string()).unwrap_err();
        assert_eq!(faults.matches("is not an account id of 12 digits").count(), 3, "{faults}");
        for id in ["111122223333", "222233334444", "333344445555", "444455556666"] {
            assert!(faults.contains(&format!("the name of {id} is not a text of 1 to 64 characters")), "{faults}");
        }
        assert!(!faults.contains("555566667777"), "{faults}");
    }

    #[test]
    fn only_an_object_has_names() {
        for text in ["[]", "null", "\"111122223333\"", "{", "{} {}", "111122223333=payments-prod"] {
            assert_eq!(account_names(text).unwrap_err(), "it is not a JSON object of names by account id", "{text}");
        }
        assert_eq!(account_names("{}"), Ok(BTreeMap::new()));
    }

    proptest! {
        #[test]
        fn names_of_every_script_are_kept(
            names in proptest::collection::btree_map("[0-9]{12}", "\\PC{1,64}", 0..5),
        ) {
            prop_assert_eq!(account_names(&json!(names).to_string()), Ok(names));
        }
    }
}
