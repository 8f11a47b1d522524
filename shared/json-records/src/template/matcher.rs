//! Going over an object by a precedent.
//!
//! Two places go along: `there`, in the precedent, and `here`, in the text. Up to both the text is known to be JSON, and what
//! is open is the same. Between two [`Step`]s the texts go along byte by byte, be it that they are equal, or that a value as
//! long as the precedent's was checked.

#![expect(
    clippy::inline_always,
    reason = "code for a processor's vectors must be compiled together, or it is slower than none"
)]

use std::ops::Range;

use fearless_simd::{Level, Simd, dispatch};

use super::super::members::Members;
use super::super::scalar;
use super::super::walk::{Fault, Walked, walk};
use super::comparing::{begin_alike, is_steady_string, number, same, string_end, value_end};
use super::precedent::{Difference, How, Jump, Kind, Precedent, Value};

/// How much may be gone over anew in an object, in lengths of the precedent, before that is given up: what is nested deeply,
/// and differs in each depth, would be gone over again and again.
const PAINS: usize = 4;

/// What it takes to begin to go over something anew, in bytes that could be gone over meanwhile.
const BEGINNING: usize = 512;

/// What a record showed that its precedent did not know.
#[derive(Default)]
pub(super) struct Lesson {
    /// A text, number or word that varies: its number, and whether it was as long as the precedent's.
    pub(super) varies: Option<(usize, bool)>,
    /// Where the texts went apart, and how they went on.
    pub(super) jumps: Option<(usize, Jump)>,
    pub(super) lacks: Option<Lack>,
}

/// An array or object that had more in it.
pub(super) struct Lack {
    pub(super) there: Range<usize>,
    pub(super) here: Range<usize>,
}

/// Where the two texts begin to go along.
#[derive(Clone, Copy, Default)]
pub(super) struct Step {
    there: usize,
    here: usize,
}

/// An object that was gone over anew, and of which something is asked for.
struct Anew<const N: usize> {
    there: Range<usize>,
    here: usize,
    walked: Walked<N>,
}

pub(super) struct Following<'a, const N: usize> {
    precedent: &'a Precedent<N>,
    text: &'a [u8],
    depth: usize,
    there: usize,
    here: usize,
    /// In the order of the precedent.
    steps: &'a mut Vec<Step>,
    /// The next of the precedent's differences.
    next: usize,
    anew: Vec<Anew<N>>,
    pains: usize,
    lesson: Lesson,
}

impl<'a, const N: usize> Following<'a, N> {
    pub(super) fn new(precedent: &'a Precedent<N>, text: &'a [u8], depth: usize, steps: &'a mut Vec<Step>) -> Self {
        steps.clear();
        steps.push(Step::default());
        let (anew, lesson) = (Vec::new(), Lesson::default());
        Self { precedent, text, depth, there: 0, here: 0, steps, next: 0, anew, pains: 0, lesson }
    }

    /// Goes over the object that the text begins with. What cannot be gone over so is called malformed, whether it is or not.
    pub(super) fn follow(mut self, walked: &mut Walked<N>) -> Result<Lesson, Fault> {
        self.go_over()?;
        *walked = Walked { length: self.here, is_plain: true, is_utf8: true, names: [0; N] };
        self.names(&mut walked.names);
        Ok(self.lesson)
    }

    /// It ends: `there` goes back only behind a comma `here`, and `here` goes back only within a name, to one that comes later
    /// `there`.
    fn go_over(&mut self) -> Result<(), Fault> {
        let precedent = self.precedent;
        loop {
            dispatch!(Level::new(), simd => self.go_along(simd))?;
            let Some(innermost) = precedent.innermost.get(self.there) else { return Ok(()) };
            let Some(byte) = self.text.get(self.here) else { return Err(Fault::Unfinished) };
            let innermost = usize::from(*innermost);
            let value = &precedent.values[innermost];
            match value.kind {
                _ if self.there == value.start => self.replaced(innermost, *byte)?,
                Kind::Array { .. } | Kind::Object { .. } => self.within(innermost, *byte)?,
                Kind::String | Kind::Scalar => self.another(innermost)?,
            }
        }
    }

    /// Goes on as long as the two differ only as others did before.
    #[inline(always)]
    fn go_along<S: Simd>(&mut self, simd: S) -> Result<(), Fault> {
        let Precedent { text: precedent, differences, .. } = self.precedent;
        let (text, mut there, mut here) = (self.text, self.there, self.here);
        let mut next = differences.get(self.next..).unwrap_or_default();
        if next.first().is_some_and(|difference| difference.at < there) {
            next = &next[next.partition_point(|difference| difference.at < there)..];
        }
        while let [Difference { from, at, between, how }, rest @ ..] = next {
            let length = at - there;
            let Some(ours) = text.get(here..) else { break };
            // Behind a jump it begins elsewhere.
            let are_same = if there == *from {
                between.begin(simd, ours)
            } else {
                begin_alike(simd, &precedent[there..], ours, length)
            };
            if !are_same {
                break;
            }
            let Some(ours @ [first, ..]) = ours.get(length..) else { break };
            next = rest;
            match how {
                How::Jumps(jump) => {
                    (there, here) = (*at, here + length);
                    // Not where what stands there comes first, and this behind a comma.
                    let comes_first = |text: &[u8], at: usize| text[at - 1] == b'[';
                    if *first == jump.byte && comes_first(text, here) == comes_first(precedent, there) {
                        if jump.to < *at {
                            self.steps.truncate(self.steps.partition_point(|step| step.there < jump.to));
                        }
                        (there, here) = (jump.to, here + 1 - jump.back);
                        self.steps.push(Step { there, here });
                        next = &differences[jump.next..];
                    }
                }
                How::Steady { end } if *first == b'"' => {
                    if !is_steady_string(simd, ours, end - at) {
                        break;
                    }
                    // No step: the texts go along.
                    (there, here) = (*end, here + length + end - at);
                }
                How::Steady { end } | How::Varies { end } => {
                    let value = if *first == b'"' {
                        string_end(simd, ours)?
                    } else if let Some(length) = number(simd, ours) {
                        length
                    } else if scalar::begins(*first) {
                        value_end(ours)?
                    } else {
                        break;
                    };
                    (there, here) = (*end, here + length + value);
                    self.steps.push(Step { there, here });
                }
            }
        }
        self.next = differences.len() - next.len();
        let same = same(simd, &precedent[there..], &text[here..], self.precedent.length() - there);
        (self.there, self.here) = (there + same, here + same);
        Ok(())
    }

    fn step(&mut self, there: usize, here: usize) {
        self.there = there;
        self.here = here;
        self.steps.push(Step { there, here });
    }

    /// Goes on where others can do so, too, when they differ from the precedent in the same place by the same byte.
    fn jump(&mut self, byte: u8, there: usize, here: usize) {
        let jump = Jump { byte, to: there, back: self.here + 1 - here, next: 0 };
        self.lesson.jumps = Some((self.there, jump));
        self.step(there, here);
    }

    /// The two differ within a text, a number or a word.
    fn another(&mut self, index: usize) -> Result<(), Fault> {
        let value = &self.precedent.values[index];
        let start = self.here - (self.there - value.start);
        let end = start + value_end(&self.text[start..])?;
        self.lesson.varies = Some((index, end - start == value.end - value.start));
        self.step(value.end, end);
        Ok(())
    }

    /// Another value than the precedent's begins here, or an array that has elements there is empty here.
    fn replaced(&mut self, index: usize, byte: u8) -> Result<(), Fault> {
        let value = &self.precedent.values[index];
        let around = &self.precedent.values[value.around];
        let is_first = matches!(around.kind, Kind::Array { .. }) && around.start + 1 == value.start;
        // Not when it is the first once more, behind a comma.
        if byte == b']' && is_first && self.text[self.here - 1] == b'[' {
            self.jump(byte, around.end - 1, self.here);
            return Ok(());
        }
        let end = self.value(index, self.here, byte)?;
        if matches!(value.kind, Kind::String | Kind::Scalar) {
            self.lesson.varies = Some((index, false));
        }
        self.step(value.end, end);
        Ok(())
    }

    /// The two differ directly in an array or an object, and not in a value of it.
    fn within(&mut self, index: usize, byte: u8) -> Result<(), Fault> {
        let (precedent, there) = (self.precedent, self.there);
        let value = &precedent.values[index];
        let before = usize::from(precedent.innermost[there - 1]);
        let Value { start, end, around, kind, .. } = &precedent.values[before];
        let is_behind = *end == there && *around == index;
        // A number goes on that has ended there. The last step lies before it, so all of it was found here, too.
        let is_equal = self.steps.last().is_some_and(|step| step.there <= *start);
        if is_behind && is_equal && matches!(kind, Kind::Scalar) && !scalar::ends(byte) {
            return self.another(before);
        }
        match (value.kind, byte) {
            // There are no more of them here.
            (Kind::Array { .. }, b']') | (Kind::Object { .. }, b'}')
                if is_behind && !self.has_names(there..value.end) =>
            {
                self.jump(byte, value.end - 1, self.here);
            }
            // There is one more. What the element before consists of has ended, and is nothing that is asked for.
            (Kind::Array { last: Some(last) }, b',') if is_behind && precedent.text[there] == b']' => {
                self.steps.truncate(self.steps.partition_point(|step| step.there < last));
                self.next = precedent.differences.partition_point(|difference| difference.at < last);
                self.jump(byte, last, self.here + 1);
            }
            (Kind::Object { .. }, _) if self.lacks_members(index, byte) => {}
            // Whatever it is: the whole array or object is gone over anew.
            _ => {
                let begun = self.begun(value.start);
                let end = self.value(index, begun, self.text[begun])?;
                self.step(value.end, end);
            }
        }
        Ok(())
    }

    /// Goes on behind members of an object that there are not here, if there is one that comes after them.
    fn lacks_members(&mut self, index: usize, byte: u8) -> bool {
        let precedent = self.precedent;
        let mut members = precedent.next_within(index, self.there);
        // The two differ in its name.
        let Some(first) = members.next().filter(|member| member.name <= self.there) else { return false };
        let name = self.here - (self.there - first.name);
        let text = &self.text[name..];
        let next = members.find(|member| text.starts_with(&precedent.text[member.name..member.start]));
        match next {
            Some(member) if !self.has_names(first.name..member.name) => {
                self.jump(byte, member.name, name);
                true
            }
            _ => false,
        }
    }

    /// Whether something is asked for that is there.
    fn has_names(&self, there: Range<usize>) -> bool {
        self.precedent.names.iter().any(|(end, _)| there.contains(end))
    }

    /// Where here the array or object begins that begins there at `start`, and that has not ended.
    fn begun(&self, start: usize) -> usize {
        let later = self.steps.partition_point(|step| step.there <= start);
        let step = later.checked_sub(1).map_or(Step::default(), |index| self.steps[index]);
        step.here + (start - step.there)
    }

    /// Checks what stands here at `start` in a value's place, and begins with this byte, and returns where it ends.
    fn value(&mut self, index: usize, start: usize, byte: u8) -> Result<usize, Fault> {
        let asked_for = match self.precedent.values[index].kind {
            Kind::Object { asked_for } => asked_for,
            _ => None,
        };
        match byte {
            b'{' | b'[' => self.anew(index, start, asked_for),
            // A record that has another value where one is asked for members is not plain.
            _ if asked_for.is_some() => Err(Fault::Malformed),
            _ => Ok(start + value_end(&self.text[start..])?),
        }
    }

    /// Goes over the array or object that begins here at `start` as if there were no precedent.
    fn anew(&mut self, index: usize, start: usize, asked_for: Option<&'static Members>) -> Result<usize, Fault> {
        let Value { start: begin, end, depth, .. } = self.precedent.values[index];
        let (there, length) = (begin..end, self.precedent.length());
        // One that is most of the record had better be gone over by another precedent.
        if there.len() > length / 2 || self.pains > PAINS * length {
            return Err(Fault::Malformed);
        }
        let walked = walk::<N>(&self.text[start..], true, self.depth - depth, asked_for)?;
        let here = start..start + walked.length;
        self.pains += BEGINNING + walked.length;
        if !walked.is_plain || simdutf8::basic::from_utf8(&self.text[here.clone()]).is_err() {
            return Err(Fault::Malformed);
        }
        let end = here.end;
        if asked_for.is_some() {
            self.anew.push(Anew { there: there.clone(), here: start, walked });
        }
        if here.len() > there.len() {
            self.lesson.lacks = Some(Lack { there, here });
        }
        Ok(end)
    }

    /// Where here the names end that were asked for.
    fn names(&self, names: &mut [usize; N]) {
        let (mut step, mut later) = (Step::default(), self.steps.iter().peekable());
        for (end, number) in &self.precedent.names {
            while let Some(next) = later.next_if(|next| next.there <= *end) {
                step = *next;
            }
            names[*number] = step.here + (end - step.there);
        }
        for Anew { there, here, walked } in &self.anew {
            for (_, number) in self.precedent.names.iter().filter(|(end, _)| there.contains(end)) {
                names[*number] = 0;
            }
            for (end, number) in walked.names() {
                names[number] = here + end;
            }
        }
    }
}
