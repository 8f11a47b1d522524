//! Going over an object by its likeness to one that was gone over before.
//!
//! The records of a log have nearly everything in common: names, punctuation, and most of what is said. So what was gone over
//! once becomes a precedent, and what comes next is compared with it, many bytes at a time. Where the two differ, the value
//! in which they do is checked and passed by, and comparing goes on behind it. In what records differed before is looked
//! for in those to come: some forty values vary in a sign-in, and half a dozen arrays and objects have more or less in them.
//!
//! Nothing is skimmed so. JSON stays JSON when a value in it gives way to another value, when an array goes on with elements
//! like its last or ends before, and when an object lacks members; and no name comes twice that did not before. Every
//! byte is therefore either equal to one that was checked where it stands, or is checked itself. What is like no precedent is
//! gone over by [`walk`](super::walk) alone, which is what decides in the end: the two agree, and a test holds one against the
//! other.
//!
//! Records can be made up to be as unlike as possible, so what that costs is bounded: of one record by what may be gone over
//! anew ([`following`]), of one precedent by how often it learns ([`precedent`]), of one object by the credit here.

mod comparing;
mod following;
mod precedent;

use self::following::{Following, Step};
use self::precedent::Precedent;
use super::members::Members;
use super::walk::{Fault, Walked, walk};

/// How many kinds of record are known at a time. An event hub mixes some four logs.
const KINDS: usize = 4;

/// How many records must be gone over by precedents to be worth the making of one, which takes longer than going over a
/// record alone.
const COST: u32 = 8;

/// As much as is there to begin with, and can be saved: where every record is another, no more is wasted.
const CREDIT: u32 = 8 * COST;

/// For how many records nothing is tried when the credit is spent, as with members that come in another order each time.
const REST: u32 = 256;

/// What is gone over, and what was.
pub(crate) struct Precedents<const N: usize> {
    members: &'static Members,
    depth: usize,
    /// The one that was of use last comes first.
    known: Vec<Precedent<N>>,
    credit: u32,
    rest: u32,
    /// Kept only for its memory.
    steps: Vec<Step>,
    /// What was gone over last.
    walked: Walked<N>,
}

impl<const N: usize> Precedents<N> {
    /// Goes over objects of which these members are asked for, and in which nothing lies deeper than `depth`.
    pub(crate) fn new(members: &'static Members, depth: usize) -> Self {
        Self {
            members,
            depth,
            known: Vec::new(),
            credit: CREDIT,
            rest: 0,
            steps: Vec::new(),
            walked: Walked::default(),
        }
    }

    /// Goes over the object that `text` begins with, exactly as [`walk`] does.
    pub(crate) fn walk(&mut self, text: &[u8], in_line: bool) -> Result<&Walked<N>, Fault> {
        if self.rest > 0 {
            self.rest -= 1;
        } else if self.follow(text)? {
            return Ok(&self.walked);
        }
        self.walked = walk(text, in_line, self.depth, Some(self.members))?;
        if self.rest == 0 {
            self.remember(&text[..self.walked.length]);
        }
        Ok(&self.walked)
    }

    /// Goes over it by what is known, and tells whether that could be done.
    fn follow(&mut self, text: &[u8]) -> Result<bool, Fault> {
        for kind in 0..self.known.len() {
            match Following::new(&self.known[kind], text, self.depth, &mut self.steps).follow(&mut self.walked) {
                Err(Fault::Malformed) => {}
                Err(Fault::Unfinished) => return Err(Fault::Unfinished),
                Ok(lesson) => {
                    self.credit = CREDIT.min(self.credit + 1);
                    self.known[..=kind].rotate_right(1);
                    self.known[0].learn(lesson, text, self.depth, self.members);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Remembers what was like nothing known.
    fn remember(&mut self, text: &[u8]) {
        let Some(credit) = self.credit.checked_sub(COST) else {
            (self.credit, self.rest) = (COST, REST);
            return;
        };
        self.credit = credit;
        if let Some(precedent) = Precedent::of(text.to_vec(), self.depth, self.members) {
            self.known.truncate(KINDS - 1);
            self.known.insert(0, precedent);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use serde_json::{Value, json};

    use super::super::members::Member;
    use super::*;

    static INNER: Members = Members::new(&[("code", Member::Value(2))]);
    static OUTER: Members =
        Members::new(&[("id", Member::Value(0)), ("inner", Member::Object(3, &INNER)), ("category", Member::Value(1))]);

    /// Some documents are deeper.
    const DEPTH: usize = 6;

    /// Goes over `text` behind others, and checks that what came before makes no difference. Tells whether it was followed.
    fn walked_behind(precedents: &mut Precedents<4>, text: &[u8]) -> Result<bool, TestCaseError> {
        let alone = walk::<4>(text, true, DEPTH, Some(&OUTER));
        let behind = precedents.walk(text, true);
        match (&alone, &behind) {
            (Ok(alone), Ok(behind)) => {
                let of = |walked: &Walked<4>| (walked.length, walked.is_plain, walked.names);
                prop_assert_eq!(of(behind), of(alone), "{}", text.escape_ascii());
                let is_utf8 = std::str::from_utf8(&text[..behind.length]).is_ok();
                prop_assert!(is_utf8 || !behind.is_utf8, "{}", text.escape_ascii());
            }
            // What cannot be told apart at the end of a text is.
            (Err(_), Err(_)) => {}
            _ => prop_assert!(false, "{alone:?} alone and {behind:?} behind others: {}", text.escape_ascii()),
        }
        Ok(behind.is_ok_and(|walked| walked.is_utf8))
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            select(vec![
                json!(null),
                json!(true),
                json!(0),
                json!(-12.5),
                json!(50126),
                json!(1e300),
                json!([]),
                json!({})
            ]),
            any::<i64>().prop_map(Value::from),
            ".{0,80}".prop_map(Value::from),
            "[a-f0-9]{8}".prop_map(Value::from),
            select(vec!["\\", "\"", "é", "São", "€", "\u{1}", "{\"a\":[1,2]}", "", "A"]).prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            let name = select(vec!["a", "b", "c", "code", "id", "inner"]).prop_map(str::to_owned);
            prop_oneof![
                vec(inner.clone(), 0..5).prop_map(Value::from),
                inner
                    .clone()
                    .prop_flat_map(|value| (1..4_usize).prop_map(move |times| Value::from(vec![value.clone(); times]))),
                prop::collection::btree_map(name, inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn records() -> impl Strategy<Value = Value> {
        (values(), values(), "[a-z]{0,9}", any::<u16>()).prop_map(|(before, behind, id, code)| {
            json!({"a": before, "category": "SignIns", "id": id, "inner": {"a": 1, "code": code, "x": "why"}, "z": behind})
        })
    }

    #[derive(Clone, Debug)]
    enum Edit {
        Replace(Value),
        /// Drop the last element or member.
        Shorten,
        /// Drop the first.
        Behead,
        /// Repeat the last element, or add a member.
        Lengthen,
    }

    fn edits() -> impl Strategy<Value = Vec<(Index, Edit)>> {
        let edit = prop_oneof![
            values().prop_map(Edit::Replace),
            Just(Edit::Shorten),
            Just(Edit::Behead),
            Just(Edit::Lengthen)
        ];
        vec((any::<Index>(), edit), 0..4)
    }

    /// The value with this number and what is in it, or how many there are if there are fewer.
    fn find(value: &mut Value, number: usize) -> Result<&mut Value, usize> {
        if number == 0 {
            return Ok(value);
        }
        let mut passed = 1;
        let within: Vec<&mut Value> = match value {
            Value::Array(elements) => elements.iter_mut().collect(),
            Value::Object(members) => members.values_mut().collect(),
            _ => Vec::new(),
        };
        for value in within {
            match find(value, number - passed) {
                Ok(found) => return Ok(found),
                Err(more) => passed += more,
            }
            if passed > number {
                break;
            }
        }
        Err(passed)
    }

    fn edited(record: &Value, edits: &[(Index, Edit)]) -> Value {
        let mut record = record.clone();
        for (place, edit) in edits {
            let Err(many) = find(&mut record, usize::MAX) else { unreachable!("there are not so many") };
            let Ok(value) = find(&mut record, place.index(many - 1) + 1) else { continue };
            match (edit, value) {
                (Edit::Replace(other), value) => *value = other.clone(),
                (Edit::Shorten, Value::Array(elements)) => drop(elements.pop()),
                (Edit::Shorten, Value::Object(members)) => {
                    let last = members.keys().next_back().cloned();
                    last.map(|last| members.remove(&last));
                }
                (Edit::Behead, Value::Array(elements)) if !elements.is_empty() => drop(elements.remove(0)),
                (Edit::Behead, Value::Object(members)) => {
                    let first = members.keys().next().cloned();
                    first.map(|first| members.remove(&first));
                }
                (Edit::Lengthen, Value::Array(elements)) => elements.extend(elements.last().cloned()),
                (Edit::Lengthen, Value::Object(members)) => drop(members.insert("more".to_owned(), json!([1, "é"]))),
                _ => {}
            }
        }
        record
    }

    /// Members to put in, which can be there already.
    fn members() -> impl Strategy<Value = Vec<(Index, &'static str, Value)>> {
        vec((any::<Index>(), select(vec!["inner", "id", "code", "a"]), values()), 0..2)
    }

    fn with_members(mut text: String, members: &[(Index, &str, Value)]) -> String {
        for (place, name, value) in members {
            let places: Vec<_> = text.match_indices("{\"").map(|(place, _)| place + 1).collect();
            text.insert_str(places[place.index(places.len())], &format!("\"{name}\":{value},"));
        }
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn what_came_before_makes_no_difference(
            record in records(),
            others in vec((edits(), members()), 1..8),
            damage in vec((any::<Index>(), select(&b"{}[]\",:\\ \n\x01\x1f019-.eEtrufalsn/\x7f\x80\xc3\xe2"[..]), any::<bool>()), 0..3),
            cut in prop::option::of(any::<Index>()),
            rest in vec(any::<u8>(), 0..100),
        ) {
            let mut precedents = Precedents::new(&OUTER, DEPTH);
            for (edits, members) in &others {
                let text = with_members(edited(&record, edits).to_string(), members);
                // What follows does not matter, and is there as a rule.
                walked_behind(&mut precedents, &[text.as_bytes(), b",", &rest].concat())?;
            }
            let (edits, members) = others.last().unwrap();
            let mut text = with_members(edited(&record, edits).to_string(), members).into_bytes();
            for (place, mark, replaces) in damage {
                let place = place.index(text.len());
                if replaces { text[place] = mark } else { text.insert(place, mark) }
            }
            text.truncate(cut.map_or(text.len(), |cut| cut.index(text.len())));
            walked_behind(&mut precedents, &[&text[..], &rest].concat())?;
        }
    }

    /// Whether a text is gone over by the precedents that others left, at the end of what was read and before it.
    fn is_followed(others: &[&str], text: &str) -> bool {
        let [at_end, before] = ["", &" ".repeat(1_000)].map(|rest| {
            let mut precedents = Precedents::new(&OUTER, DEPTH);
            for other in others {
                walked_behind(&mut precedents, format!("{other}{rest}").as_bytes()).unwrap();
            }
            walked_behind(&mut precedents, format!("{text}{rest}").as_bytes()).unwrap()
        });
        assert_eq!(at_end, before, "{text}");
        before
    }

    #[test]
    fn records_that_are_alike_are_followed() {
        let record = r#"{"category":"SignIns","id":"a1","inner":{"code":0,"x":"why"},"list":[{"k":1},{"k":2}],"few":[],"y":{"n":7,"o":true}}"#;
        for (there, here) in [
            ("a1", "b2"),
            ("a1", "a much longer one, of more than sixty-four bytes, and with an \\\"escape\\\" and é € in it"),
            ("\"a1\"", "null"),
            ("0", "50126"),
            ("0", "-1.25"),
            (r#","x":"why""#, ""),
            ("2}]", "2},{\"k\":-3},{\"k\":4}]"),
            (",{\"k\":2}]", "]"),
            ("[{\"k\":1},{\"k\":2}]", "[]"),
            ("[]", "[1,[2]]"),
            (",\"o\":true", ""),
            ("\"n\":7,", ""),
            (",\"list\":[{\"k\":1},{\"k\":2}],\"few\":[]", ""),
            ("{\"n\":7,\"o\":true}", "\"none\""),
            ("7", "{\"p\":[]}"),
        ] {
            let text = record.replacen(there, here, 1);
            assert_ne!(text, record, "{there}");
            assert!(is_followed(&[record], &text), "{text}");
            assert!(is_followed(&[record, &text, record], &text), "{text}");
        }
    }

    #[test]
    fn records_that_are_not_alike_are_left_to_be_gone_over_alone() {
        let record = r#"{"category":"SignIns","id":"a1","inner":{"code":0},"y":{"n":7}}"#;
        for text in [
            r#"{"id":"a1","category":"SignIns","inner":{"code":0},"y":{"n":7}}"#,
            r#"{"category":"SignIns","inner":{"code":0},"y":{"n":7}}"#,
            r#"{"category":"SignIns","id":"a1","inner":null,"y":{"n":7}}"#,
            r#"{"category":"SignIns","id":"a1","inner":{"code":1e400},"y":{"n":7}}"#,
            r#"{"category":"SignIns","id":"\u0061","inner":{"code":0},"y":{"n":7}}"#,
            r#"{"category":"SignIns","id":"a1","inner":{"code":0,"code":1},"y":{"n":7}}"#,
            r#"{"category":"SignIns","id":"a1","inner":{"code":0}"#,
            r#"{"category":"SignIns","id":"a1","inner":{"code":0},"y":[1,]}"#,
            r#"{"category":"SignIns","id":"a1","inner":{"code":0},"y":[1"#,
            r#"{"category":"SignIns","id":"a1"x,"inner":{"code":0},"y":{"n":7}}"#,
            r#"{"category":"SignIns","id":["a1"}5,"inner":{"code":0},"y":{"n":7}}"#,
        ] {
            let list = r#"{"category":"SignIns","id":"a1","inner":{"code":0},"y":[1]}"#;
            assert!(!is_followed(&[record], text), "{text}");
            assert!(!is_followed(&[list], text), "{text}");
        }
    }

    #[test]
    fn what_is_known_to_differ_is_looked_for_where_it_may_be_only() {
        let with = |list: &str| format!(r#"{{"id":"a","list":{list},"inner":{{"code":1}}}}"#);
        let known = ["[1]", "[]", "[1,1]", "[]"].map(with);
        let known = known.each_ref().map(String::as_str);
        for (list, is_json) in [
            ("[1,1,1]", true),
            ("[1,]", false),
            ("[1,1,]", false),
            ("[", false),
            ("[1", false),
            ("[,1]", false),
            ("[]]", false),
        ] {
            assert_eq!(is_followed(&known, &with(list)), is_json, "{list}");
        }
    }

    #[test]
    fn elements_of_which_there_are_more_can_differ_each_in_another_way() {
        let pad = "x".repeat(1_000);
        let with = |list: &str| format!(r#"{{"id":"a","list":[{list}],"inner":{{"code":1}},"pad":"{pad}"}}"#);
        let [element, longer, other] = [
            r#"{"o":{"a":1,"b":2},"k":1,"z":"x"}"#,
            r#"{"o":{"a":1,"b":2},"k":222,"z":"x"}"#,
            r#"{"o":{"c":3,"a":1},"k":1,"z":""}"#,
        ];
        let (one, two) = (with(element), with(&[element, element].join(",")));
        for first in [element, longer, other] {
            // As many as may be gone over anew, and none of them twice.
            let elements = [first, other, longer, other, element, other, longer, other, other, other].join(",");
            assert!(is_followed(&[&one, &two], &with(&elements)), "{elements}");
        }
    }

    #[test]
    fn an_object_that_comes_twice_is_no_precedent() {
        for (there, here) in [
            (
                r#""inner":{},"pad":"xxxxxxxxxx","inner":{"code":1}"#,
                r#""inner":{"code":7},"pad":"xxxxxxxxxx","inner":{"y":1}"#,
            ),
            (
                r#""inner":{"code":1},"pad":"xxxxxxxxxx","inner":{"x":1}"#,
                r#""inner":{"code":1},"pad":"xxxxxxxxxx","inner":{"code":2}"#,
            ),
            (
                r#""inner":{"x":1},"pad":"xxxxxxxxxx","inner":{"code":1}"#,
                r#""inner":{"code":5},"pad":"xxxxxxxxxx","inner":{"code":1}"#,
            ),
        ] {
            let (there, here) = (format!("{{{there}}}"), format!("{{{here}}}"));
            assert!(!is_followed(&[&there, &there], &here), "{here}");
        }
    }

    #[test]
    fn what_is_remembered_of_a_record_does_not_grow_with_it() {
        let mut precedents = Precedents::new(&OUTER, DEPTH);
        for list in ["1,2".to_owned(), "1,3".to_owned(), "3,".repeat(100_000) + "3"] {
            walked_behind(&mut precedents, format!(r#"{{"id":1,"list":[{list}]}}"#).as_bytes()).unwrap();
        }
        assert!(precedents.steps.capacity() < 1_000);
    }

    #[test]
    fn several_kinds_are_known_at_a_time_and_a_file_of_other_orders_is_not_tried_for_long() {
        let kinds: Vec<_> =
            (0..KINDS).map(|kind| format!(r#"{{"k{kind}":1,"id":"a","inner":{{"code":1}}}}"#)).collect();
        let mut precedents = Precedents::new(&OUTER, DEPTH);
        for round in 0..3 {
            for kind in &kinds {
                assert_eq!(walked_behind(&mut precedents, kind.as_bytes()).unwrap(), round > 0);
            }
        }
        for number in 0..=CREDIT / COST {
            walked_behind(&mut precedents, format!(r#"{{"n{number}":1}}"#).as_bytes()).unwrap();
        }
        assert!(precedents.rest > 0 && precedents.known.len() == KINDS);
    }

    #[test]
    fn what_is_nested_deeply_is_not_gone_over_again_and_again() {
        let nested = |member: &str| {
            format!(r#"{{"id":1,"a":{}1{}}}"#, "{\"a\":".repeat(1_000), format!("{member}}}").repeat(1_000))
        };
        let (record, other) = (nested(""), nested(",\"b\":2"));
        let mut precedents = Precedents::new(&OUTER, DEPTH);
        walked_behind(&mut precedents, record.as_bytes()).unwrap();
        assert!(!walked_behind(&mut precedents, other.as_bytes()).unwrap());
    }
}
