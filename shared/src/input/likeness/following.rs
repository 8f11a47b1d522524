//! Going over an object by a precedent.

#![expect(
    clippy::inline_always,
    reason = "code for a processor's vectors must be compiled together, or it is slower than none"
)]

use std::ops::Range;

use fearless_simd::{Level, Simd, dispatch};

use super::super::members::Members;
use super::super::scalar;
use super::super::walk::{Fault, Walked, walk};
use super::comparing::{are_same, is_steady_string, same, scalar_end, string_end};
use super::precedent::{Kind, Precedent, Value};

/// How much may be gone over anew or back, in lengths of the precedent, before that is given up: what is nested deeply, and
/// differs in each depth, would be gone over again and again.
const PAINS: usize = 4;

/// What a record showed that its precedent did not know.
#[derive(Default)]
pub(super) struct Lesson {
    /// A text, number or word that varies, and whether it was as long as the precedent's.
    pub(super) varies: Option<(usize, bool)>,
    /// An array or object that had more in it: its place in the precedent, and in the record.
    pub(super) lacks: Option<(Range<usize>, Range<usize>)>,
}

/// Where the two are in step: in the precedent, and in the text. It holds until the next.
#[derive(Clone, Copy, Default)]
pub(super) struct Step {
    at: usize,
    position: usize,
}

/// An object that was gone over anew.
struct Anew<const N: usize> {
    place: Range<usize>,
    start: usize,
    walked: Walked<N>,
}

pub(super) struct Following<'a, const N: usize> {
    precedent: &'a Precedent<N>,
    text: &'a [u8],
    depth: usize,
    /// How far the two were compared: in the precedent, and in the text.
    at: usize,
    position: usize,
    steps: &'a mut Vec<Step>,
    /// The next of the precedent's values that vary.
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
        Self { precedent, text, depth, at: 0, position: 0, steps, next: 0, anew, pains: 0, lesson }
    }

    /// Goes over the object that the text begins with. What cannot be gone over so is called malformed, whether it is or not.
    pub(super) fn follow(mut self, walked: &mut Walked<N>) -> Result<Lesson, Fault> {
        dispatch!(Level::new(), simd => self.go_over(simd))?;
        *walked = Walked { length: self.position, is_plain: true, is_utf8: true, names: [0; N] };
        self.names(&mut walked.names);
        Ok(self.lesson)
    }

    /// Every turn goes on in the text, or stays there and goes on in the precedent.
    #[inline(always)]
    fn go_over<S: Simd>(&mut self, simd: S) -> Result<(), Fault> {
        let precedent = self.precedent;
        loop {
            self.past_what_varies(simd)?;
            let most = precedent.length() - self.at;
            let same = same(simd, &precedent.text[self.at..], &self.text[self.position..], most);
            self.at += same;
            self.position += same;
            let Some(innermost) = precedent.innermost.get(self.at) else { return Ok(()) };
            let Some(byte) = self.text.get(self.position) else { return Err(Fault::Unfinished) };
            let innermost = usize::from(*innermost);
            let value = &precedent.values[innermost];
            match value.kind {
                _ if self.at == value.start => self.replaced(simd, innermost, *byte)?,
                Kind::Array(_) | Kind::Object(_) => self.within(simd, innermost, *byte)?,
                Kind::String | Kind::Scalar => self.another(simd, innermost)?,
            }
        }
    }

    /// Goes on as long as only what is known to vary does.
    #[inline(always)]
    fn past_what_varies<S: Simd>(&mut self, simd: S) -> Result<(), Fault> {
        let precedent = self.precedent;
        if precedent.varying.get(self.next).is_some_and(|varying| varying.start < self.at) {
            self.next += precedent.varying[self.next..].partition_point(|varying| varying.start < self.at);
        }
        while let Some(varying) = precedent.varying.get(self.next) {
            let length = varying.start - self.at;
            if !are_same(simd, &precedent.text[self.at..], &self.text[self.position..], length) {
                break;
            }
            let start = self.position + length;
            match self.text.get(start) {
                Some(b'"') if varying.is_steady => {
                    let length = varying.end - varying.start;
                    if !is_steady_string(simd, &self.text[start..], length) {
                        break;
                    }
                    self.at = varying.end;
                    self.position = start + length;
                }
                Some(b'"') => self.go_on(varying.end, string_end(simd, self.text, start)?),
                Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                    self.go_on(varying.end, scalar_end(simd, self.text, start)?);
                }
                _ => break,
            }
            self.next += 1;
        }
        Ok(())
    }

    #[inline(always)]
    fn go_on(&mut self, at: usize, position: usize) {
        self.at = at;
        self.position = position;
        self.steps.push(Step { at, position });
    }

    /// The two differ within a text, a number or a word.
    #[inline(always)]
    fn another<S: Simd>(&mut self, simd: S, index: usize) -> Result<(), Fault> {
        let value = &self.precedent.values[index];
        let start = self.position - (self.at - value.start);
        let end = match value.kind {
            Kind::String => string_end(simd, self.text, start)?,
            _ => scalar_end(simd, self.text, start)?,
        };
        self.lesson.varies = Some((index, end - start == value.end - value.start));
        self.go_on(value.end, end);
        Ok(())
    }

    /// Another value than the precedent's begins here, or the array ends.
    #[inline(always)]
    fn replaced<S: Simd>(&mut self, simd: S, index: usize, byte: u8) -> Result<(), Fault> {
        let value = &self.precedent.values[index];
        let around = &self.precedent.values[value.around];
        let is_first = matches!(around.kind, Kind::Array(_)) && around.start + 1 == value.start;
        // Not when it is the first once more, behind a comma.
        if byte == b']' && is_first && self.text[self.position - 1] == b'[' {
            self.go_on(around.end - 1, self.position);
            return Ok(());
        }
        let end = self.value(simd, index, self.position, byte)?;
        if matches!(value.kind, Kind::String | Kind::Scalar) {
            self.lesson.varies = Some((index, false));
        }
        self.go_on(value.end, end);
        Ok(())
    }

    /// The two differ directly in an array or an object, and not in a value of it.
    #[inline(always)]
    fn within<S: Simd>(&mut self, simd: S, index: usize, byte: u8) -> Result<(), Fault> {
        let (precedent, at) = (self.precedent, self.at);
        let value = &precedent.values[index];
        let before = usize::from(precedent.innermost[at - 1]);
        let Value { start, end, around, kind, .. } = &precedent.values[before];
        let is_behind = *end == at && *around == index;
        // A number that goes on, if it was compared at all and is not another's.
        if is_behind && matches!(kind, Kind::Scalar) && !scalar::ends(byte) && self.step().at <= *start {
            return self.another(simd, before);
        }
        match (value.kind, byte) {
            // There are no more of them.
            (Kind::Array(_), b']') | (Kind::Object(_), b'}') if is_behind && !self.has_names(at..value.end) => {
                self.go_on(value.end - 1, self.position);
            }
            // There is one more.
            (Kind::Array(Some(last)), b',') if is_behind && precedent.text[at] == b']' => {
                self.go_on(last, self.position + 1);
                self.next = precedent.varying.partition_point(|varying| varying.start < last);
            }
            (Kind::Object(_), _) if self.lacks_members(index) => {}
            _ => {
                let begun = self.begun(value.start)?;
                let end = self.value(simd, index, begun, self.text[begun])?;
                self.go_on(value.end, end);
            }
        }
        Ok(())
    }

    /// Goes on behind members of an object that the text has not, if it has one that comes after them.
    fn lacks_members(&mut self, index: usize) -> bool {
        let precedent = self.precedent;
        let mut members = precedent.next_within(index, self.at);
        // The two differ in its name.
        let Some(first) = members.next().filter(|member| member.name <= self.at) else { return false };
        let position = self.position - (self.at - first.name);
        let text = &self.text[position..];
        let here = members.find(|member| text.starts_with(&precedent.text[member.name..member.start]));
        match here {
            Some(member) if !self.has_names(first.name..member.name) => {
                self.go_on(member.name, position);
                true
            }
            _ => false,
        }
    }

    /// Whether the precedent has there what is asked for.
    fn has_names(&self, place: Range<usize>) -> bool {
        self.precedent.names.iter().any(|(end, _)| place.contains(end))
    }

    fn step(&self) -> Step {
        self.steps.last().copied().unwrap_or_default()
    }

    /// Where in the text the array or object begins that the precedent has at `start`, and that has not ended.
    fn begun(&mut self, start: usize) -> Result<usize, Fault> {
        let back = self.steps.iter().rev().position(|step| step.at <= start).ok_or(Fault::Malformed)?;
        self.pains += back;
        let step = self.steps[self.steps.len() - 1 - back];
        Ok(step.position + (start - step.at))
    }

    /// Checks what stands at `start` in a value's place, and begins with this byte, and returns where it ends.
    #[inline(always)]
    fn value<S: Simd>(&mut self, simd: S, index: usize, start: usize, byte: u8) -> Result<usize, Fault> {
        let members = match self.precedent.values[index].kind {
            Kind::Object(members) => members,
            _ => None,
        };
        match byte {
            b'{' | b'[' => self.anew(index, start, members),
            // What is asked for should have been in it.
            _ if members.is_some() => Err(Fault::Malformed),
            b'"' => string_end(simd, self.text, start),
            _ => scalar_end(simd, self.text, start),
        }
    }

    /// Goes over an array or an object as if there were no precedent.
    fn anew(&mut self, index: usize, start: usize, members: Option<&'static Members>) -> Result<usize, Fault> {
        let Value { start: at, end, .. } = self.precedent.values[index];
        let (place, length) = (at..end, self.precedent.length());
        // One that is most of the record had better be gone over by another precedent.
        if place.len() > length / 2 || self.pains > PAINS * length {
            return Err(Fault::Malformed);
        }
        let depth = self.depth - self.precedent.depth(index);
        let walked = walk::<N>(&self.text[start..], true, depth, members)?;
        let end = start + walked.length;
        self.pains += walked.length;
        if !walked.is_plain || simdutf8::basic::from_utf8(&self.text[start..end]).is_err() {
            return Err(Fault::Malformed);
        }
        if walked.length > place.len() {
            self.lesson.lacks = Some((place.clone(), start..end));
        }
        if members.is_some() {
            self.anew.push(Anew { place, start, walked });
        }
        Ok(end)
    }

    /// Where in the text the names end that were asked for.
    fn names(&self, names: &mut [usize; N]) {
        let (mut step, mut later) = (Step::default(), &self.steps[..]);
        for (end, number) in &self.precedent.names {
            while let Some((next, rest)) = later.split_first().filter(|(next, _)| next.at <= *end) {
                (step, later) = (*next, rest);
            }
            names[*number] = step.position + (end - step.at);
        }
        for Anew { place, start, walked } in &self.anew {
            for (_, number) in self.precedent.names.iter().filter(|(end, _)| place.contains(end)) {
                names[*number] = 0;
            }
            for (end, number) in walked.names() {
                names[number] = start + end;
            }
        }
    }
}
