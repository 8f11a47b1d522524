//! What is asked for of a JSON object: some of its members, by their names.

/// What is asked for of an object.
pub(crate) struct Members {
    list: &'static [(&'static str, Member)],
    /// Where in the list the name stands, plus one, whose place this is; few others that a record has come to the same.
    places: [u8; PLACES],
}

const PLACES: usize = 128;

/// A member that is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Member {
    /// Its value, to be noted under a number.
    Value(usize),
    /// Members of its own, where it is an object; itself it is noted under a number.
    Object(usize, &'static Members),
}

impl Members {
    /// Names of two letters or more, no two of them with one place, and what to do about each.
    pub(crate) const fn new(list: &'static [(&'static str, Member)]) -> Self {
        let (mut places, mut index) = ([0; PLACES], 0);
        while index < list.len() {
            let name = list[index].0.as_bytes();
            let place = place(name[0], if name.len() == 2 { b'"' } else { name[2] });
            assert!(places[place] == 0 && list.len() < 256, "names have places of their own");
            index += 1;
            #[expect(clippy::cast_possible_truncation, reason = "it was looked at")]
            let number = index as u8;
            places[place] = number;
        }
        Self { list, places }
    }

    /// The member whose name `text` begins with, up to the quote that ends it, and the name's length.
    #[inline]
    pub(super) fn find(&self, text: &[u8]) -> Option<(usize, Member)> {
        let [first, _, third] = text.first_chunk()?;
        let number = self.places[place(*first, *third)];
        let (name, member) = self.list.get(usize::from(number).checked_sub(1)?)?;
        let is_name = text.get(name.len()) == Some(&b'"') && text.starts_with(name.as_bytes());
        is_name.then_some((name.len(), *member))
    }
}

/// By the first letter and the third, in a way that was searched for: it gives all names that are asked for of a record of a
/// diagnostic setting places of their own.
const fn place(first: u8, third: u8) -> usize {
    (first as usize + 12 * third as usize) % PLACES
}
