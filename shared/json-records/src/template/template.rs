//! An object that was gone over, with what must be known of it to go over others by it.

use super::super::marks::BLOCK;
use super::super::members::{Member, Members};
use super::super::scalar;
use super::super::walk::walk;
use super::comparing::{Blocks, LONGEST_STEADY};
use super::following::{Lack, Lesson};

/// A longer object is no precedent: it would take more to know it than it is worth.
const LONGEST: usize = u16::MAX as usize;

/// How often a precedent takes over what it lacks.
const LESSONS: usize = 64;

/// How many jumps a precedent knows.
const JUMPS: usize = 64;

/// How many values are looked at for those that come next.
const NEXT: usize = 64;

pub(super) struct Precedent<const N: usize> {
    /// Its text, and behind it as many zeros as are compared at a time.
    pub(super) text: Vec<u8>,
    /// Every value, in the order in which they begin.
    pub(super) values: Vec<Value>,
    /// For every byte, the innermost value that it belongs to. Names, colons and commas belong to what they are in.
    pub(super) innermost: Vec<u16>,
    /// The values that were asked for and are there, in the order of the text: where their names end, and their numbers.
    pub(super) names: Vec<(usize, usize)>,
    /// In what others were found to differ, in order.
    pub(super) differences: Vec<Difference>,
    lessons: usize,
}

/// In what others differ from a precedent, which is looked for without comparing first.
pub(super) struct Difference {
    /// Where the difference before it ends.
    pub(super) from: usize,
    pub(super) at: usize,
    /// What is the same from there to here.
    pub(super) between: Blocks,
    pub(super) how: How,
}

impl Difference {
    fn end(&self) -> usize {
        match self.how {
            How::Jumps(_) => self.at,
            How::Steady { end } | How::Varies { end } => end,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum How {
    /// By going on elsewhere in the precedent: there are more elements, fewer, or fewer members. Of those in one place they come
    /// first.
    Jumps(Jump),
    /// By another text that is always as long as the one that ends here.
    Steady { end: usize },
    /// By another value than the text, number or word that ends here.
    Varies { end: usize },
}

#[derive(Clone, Copy)]
pub(super) struct Jump {
    /// What others have in this place.
    pub(super) byte: u8,
    /// Where they go on in the precedent.
    pub(super) to: usize,
    /// How many bytes, of those up to and with this one, are to be gone over again.
    pub(super) back: usize,
    /// The first of the differences that are there or behind it.
    pub(super) next: usize,
}

/// A value of a precedent.
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The array or object that it is in; of the outermost, itself.
    pub(super) around: usize,
    pub(super) kind: Kind,
    /// Where its name begins, or it itself if it has none.
    pub(super) name: usize,
    /// How many arrays and objects it is in.
    pub(super) depth: usize,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    String,
    /// A number or a word.
    Scalar,
    Array {
        /// Where its last element begins, if it has one.
        last: Option<usize>,
    },
    Object {
        asked_for: Option<&'static Members>,
    },
}

impl<const N: usize> Precedent<N> {
    /// An object as a precedent, if it can be one.
    pub(super) fn of(mut text: Vec<u8>, depth: usize, members: &'static Members) -> Option<Self> {
        // Written without white space but spaces, it holds for text on a line and for any other.
        if text.len() > LONGEST || text.iter().any(|byte| *byte < b' ') || simdutf8::basic::from_utf8(&text).is_err() {
            return None;
        }
        let walked = walk::<N>(&text, true, depth, Some(members)).ok().filter(|walked| walked.is_plain)?;
        let mut names: Vec<_> = walked.names().collect();
        names.sort_unstable();
        let (values, innermost) = Outline::of(&text, members)?;
        let is_whole = walked.length == text.len();
        text.extend([0; BLOCK]);
        is_whole.then_some(Self { text, values, innermost, names, differences: Vec::new(), lessons: 0 })
    }

    /// The values that are directly in the array or object of that index and begin at `at` or behind it, of the next ones.
    pub(super) fn next_within(&self, index: usize, at: usize) -> impl Iterator<Item = &Value> {
        let first = index + self.values[index..].partition_point(|value| value.start < at);
        self.values[first..].iter().take(NEXT).filter(move |value| value.around == index)
    }

    pub(super) fn length(&self) -> usize {
        self.innermost.len()
    }

    /// Takes over what it did not know.
    pub(super) fn learn(&mut self, lesson: Lesson, from: &[u8], depth: usize, members: &'static Members) {
        if let Some((index, is_steady)) = lesson.varies {
            self.varies(index, is_steady);
        }
        if let Some((at, jump)) = lesson.jumps {
            self.jumps(at, jump);
        }
        if let Some(Lack { there, here }) = lesson.lacks.filter(|_| self.lessons < LESSONS) {
            let text = [&self.text[..there.start], &from[here], &self.text[there.end..self.length()]].concat();
            let lessons = self.lessons + 1;
            match Self::of(text, depth, members) {
                Some(better) => *self = Self { lessons, ..better },
                None => self.lessons = lessons,
            }
        }
    }

    fn varies(&mut self, index: usize, is_steady: bool) {
        let Some(Value { start, end, kind, .. }) = self.values.get(index) else { return };
        let is_steady = is_steady && matches!(kind, Kind::String) && end - start <= LONGEST_STEADY;
        let place = self
            .differences
            .partition_point(|Difference { at, how, .. }| at < start || at == start && matches!(how, How::Jumps(_)));
        let how = if is_steady { How::Steady { end: *end } } else { How::Varies { end: *end } };
        match self.differences.get_mut(place).filter(|known| known.at == *start) {
            None => self.insert(place, *start, how),
            Some(known) if matches!(known.how, How::Steady { .. }) => known.how = how,
            Some(_) => {}
        }
    }

    fn jumps(&mut self, at: usize, jump: Jump) {
        let place = self.differences.partition_point(|known| known.at < at);
        let mut jumps = self.differences.iter().filter_map(|known| match known.how {
            How::Jumps(Jump { byte, .. }) => Some((known.at, byte)),
            How::Steady { .. } | How::Varies { .. } => None,
        });
        if jumps.clone().count() < JUMPS && !jumps.any(|known| known == (at, jump.byte)) {
            self.insert(place, at, How::Jumps(jump));
        }
    }

    fn insert(&mut self, place: usize, at: usize, how: How) {
        self.differences.insert(place, Difference { from: 0, at, between: Blocks::of(b""), how });
        let mut from = place.checked_sub(1).map_or(0, |before| self.differences[before].end());
        for difference in self.differences[place..].iter_mut().take(2) {
            difference.from = from;
            difference.between = Blocks::of(&self.text[from..difference.at]);
            from = difference.end();
        }
        let places: Vec<_> = self.differences.iter().map(|known| known.at).collect();
        for difference in &mut self.differences {
            if let How::Jumps(jump) = &mut difference.how {
                jump.next = places.partition_point(|at| *at < jump.to);
            }
        }
    }
}

/// The values of a text while it is gone through.
struct Outline<'t> {
    text: &'t [u8],
    values: Vec<Value>,
    innermost: Vec<u16>,
    /// What is open, the innermost last.
    open: Vec<usize>,
    /// Where the name begins whose value comes next.
    name: Option<usize>,
}

impl Outline<'_> {
    /// The values of a text that is JSON and plain, and to which each byte belongs. That it is plain means that what should
    /// be an object is one.
    fn of(text: &[u8], members: &'static Members) -> Option<(Vec<Value>, Vec<u16>)> {
        let mut outline = Outline { text, values: Vec::new(), innermost: Vec::new(), open: Vec::new(), name: None };
        let mut asked_for = Some(members);
        while let Some(byte) = text.get(outline.innermost.len()) {
            let start = outline.innermost.len();
            match byte {
                b'{' => outline.open(Kind::Object { asked_for: asked_for.take() })?,
                b'[' => outline.open(Kind::Array { last: None })?,
                b'}' | b']' => {
                    let closed = outline.open.pop()?;
                    outline.values.get_mut(closed)?.end = start + 1;
                    outline.extend(closed, 1)?;
                }
                b'"' => match outline.innermost()?.kind {
                    Kind::Object { asked_for: members } if outline.name.is_none() => {
                        asked_for = members.and_then(|members| match members.find(&text[start + 1..])? {
                            (_, Member::Object(_, members)) => Some(members),
                            (_, Member::Value(_)) => None,
                        });
                        outline.name = Some(start);
                        outline.extend(*outline.open.last()?, scalar::string(&text[start..]))?;
                    }
                    _ => outline.value(Kind::String, scalar::string(&text[start..]))?,
                },
                b',' | b':' | b' ' => outline.extend(*outline.open.last()?, 1)?,
                _ => outline.value(Kind::Scalar, scalar::word(&text[start..]))?,
            }
        }
        Some((outline.values, outline.innermost))
    }

    fn innermost(&self) -> Option<&Value> {
        self.values.get(*self.open.last()?)
    }

    fn open(&mut self, kind: Kind) -> Option<()> {
        let index = self.values.len();
        self.value(kind, 1)?;
        self.open.push(index);
        Some(())
    }

    fn value(&mut self, kind: Kind, length: usize) -> Option<()> {
        let (index, start) = (self.values.len(), self.innermost.len());
        let around = self.open.last().copied().unwrap_or(index);
        if let Some(Kind::Array { last }) = self.values.get_mut(around).map(|around| &mut around.kind) {
            *last = Some(start);
        }
        let name = self.name.take().unwrap_or(start);
        self.values.push(Value { start, end: start + length, around, kind, name, depth: self.open.len() });
        self.extend(index, length)
    }

    fn extend(&mut self, index: usize, length: usize) -> Option<()> {
        let end = self.innermost.len() + length;
        self.innermost.resize(end, u16::try_from(index).ok()?);
        (end <= self.text.len()).then_some(())
    }
}
