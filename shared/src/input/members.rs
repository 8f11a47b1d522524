//! What is asked for of a JSON object: some of its members, by their names.

/// What is asked for of an object.
pub(crate) struct Members {
    list: &'static [(&'static str, Member)],
    /// A bit for what the first two bytes of each name come to: few other names come to the same.
    filter: u64,
}

/// A member that is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Member {
    /// Its value, to be noted under a number.
    Value(usize),
    /// Members of its own, where it is an object.
    Object(&'static Members),
}

impl Members {
    /// Names of two letters or more, and what to do about each.
    pub(crate) const fn new(list: &'static [(&'static str, Member)]) -> Self {
        let (mut filter, mut index) = (0, 0);
        while index < list.len() {
            let name = list[index].0.as_bytes();
            filter |= 1 << place(name[0], name[1]);
            index += 1;
        }
        Self { list, filter }
    }

    /// The member whose name `text` begins with, up to the quote that ends it, and the name's length.
    #[inline]
    pub(super) fn find(&self, text: &[u8]) -> Option<(usize, Member)> {
        let (first, second) = (*text.first()?, *text.get(1)?);
        if self.filter >> place(first, second) & 1 == 0 {
            return None;
        }
        self.list.iter().find_map(|(name, member)| {
            let is_name =
                name.as_bytes()[0] == first && text.starts_with(name.as_bytes()) && text.get(name.len()) == Some(&b'"');
            is_name.then_some((name.len(), *member))
        })
    }
}

const fn place(first: u8, second: u8) -> u32 {
    ((first ^ second << 2) & 63) as u32
}
