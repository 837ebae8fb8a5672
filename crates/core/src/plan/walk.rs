//! The order in which a program's steps run, and where their operands lie each time: loops repeat a range of steps, and
//! move some operands along by a fixed distance a trip.

use super::program::{Operand, Program, Step};
use std::ops::Range;

/// Steps that are repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Loop {
    /// Which steps; loops lie in each other whole or not at all, and an inner one is listed before the outer one.
    pub steps: Range<usize>,
    /// How often, at least once.
    pub trips: usize,
    /// Which operands lie elsewhere on every trip.
    pub moves: Vec<Move>,
}

/// An operand that moves with the trips of a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Move {
    /// The step.
    pub step: usize,
    /// Its place in [`Step::operands`].
    pub operand: usize,
    /// Words by which it lies further each trip.
    pub by: isize,
}

/// A place on the way through a program. Going on allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    steps: usize,
    loops: Vec<Loop>,
    /// For each step: operand, loop, distance.
    moves: Vec<Vec<(usize, usize, isize)>>,
    /// The trip that each loop is on.
    trips: Vec<usize>,
    step: usize,
    done: usize,
}

impl Walk {
    /// At the first step.
    pub fn new(program: &Program) -> Self {
        let mut moves = vec![Vec::new(); if program.loops.is_empty() { 0 } else { program.steps.len() }];
        for (i, l) in program.loops.iter().enumerate() {
            l.moves.iter().for_each(|m| moves[m.step].push((m.operand, i, m.by)));
        }
        let trips = vec![0; program.loops.len()];
        Self { steps: program.steps.len(), loops: program.loops.clone(), moves, trips, step: 0, done: 0 }
    }

    /// The step to run now; none at the end.
    pub fn step(&self) -> Option<usize> {
        (self.step < self.steps).then_some(self.step)
    }

    /// How many steps were run before, each trip counted.
    pub fn done(&self) -> usize {
        self.done
    }

    /// Goes on to the next step.
    pub fn advance(&mut self) {
        self.done += 1;
        self.step += 1;
        // The inner ones of the loops that end here come first.
        let first = self.loops.partition_point(|l| l.steps.end < self.step);
        for i in first..self.loops.len() {
            if self.loops[i].steps.end != self.step {
                break;
            }
            self.trips[i] += 1;
            if self.trips[i] < self.loops[i].trips {
                self.step = self.loops[i].steps.start;
                return;
            }
            self.trips[i] = 0;
        }
    }

    /// Goes to where so many steps are done.
    pub fn seek(&mut self, done: usize) {
        if done < self.done {
            self.trips.fill(0);
            (self.step, self.done) = (0, 0);
        }
        while self.done < done && self.step < self.steps {
            self.advance();
        }
    }

    /// Whether the step has operands that move.
    pub fn moves(&self, step: usize) -> bool {
        self.moves.get(step).is_some_and(|moves| !moves.is_empty())
    }

    /// How far an operand of the present step, by its place in [`Step::operands`], lies from where the program says.
    pub fn shift(&self, operand: usize) -> isize {
        let moves = self.moves.get(self.step).map_or(&[][..], Vec::as_slice);
        moves.iter().filter(|m| m.0 == operand).map(|&(_, l, by)| by * self.trips[l] as isize).sum()
    }

    /// The same for every trip of every loop: the least and the greatest.
    pub fn reach(&self, step: usize, operand: usize) -> [isize; 2] {
        let moves = self.moves.get(step).map_or(&[][..], Vec::as_slice);
        let mut reach = [0, 0];
        for &(_, l, by) in moves.iter().filter(|m| m.0 == operand) {
            let far = by * (self.loops[l].trips as isize - 1);
            reach[usize::from(far > 0)] += far;
        }
        reach
    }

    /// Whether an operand of a step moves as its result does.
    pub fn together(&self, step: usize, operand: usize) -> bool {
        let moves = self.moves.get(step).map_or(&[][..], Vec::as_slice);
        let of = |operand: usize| moves.iter().filter(move |m| m.0 == operand).map(|m| (m.1, m.2));
        of(operand).eq(of(0))
    }

    /// The step as it is on this trip.
    pub fn placed(&self, step: &Step) -> Step {
        let mut number = 0;
        step.moved(|operand| {
            number += 1;
            Operand { offset: operand.offset.wrapping_add_signed(self.shift(number - 1)), ..*operand }
        })
    }

    /// The loops that a step lies in, from the inside out.
    pub fn around(&self, step: usize) -> impl Iterator<Item = usize> {
        (0..self.loops.len()).filter(move |&i| self.loops[i].steps.contains(&step))
    }

    /// The trip that a loop is on.
    pub fn trip(&self, l: usize) -> usize {
        self.trips[l]
    }

    /// The step as it is when one loop is on its second trip and all others on their first.
    pub fn second(&self, step: usize, l: usize, of: &Step) -> Step {
        let mut number = 0;
        of.moved(|operand| {
            number += 1;
            let moves = self.moves[step].iter().filter(|m| m.1 == l && m.0 == number - 1);
            Operand { offset: operand.offset.wrapping_add_signed(moves.map(|m| m.2).sum()), ..*operand }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Buffer, Kernel, Rows};

    #[test]
    fn nested_loops_repeat_and_move_their_operands() {
        let write = Operand { buffer: Buffer::Arena, offset: 100, words: 0 };
        let kernel = Kernel::Gather(Rows { rows: 0, inner: 0, count: 0 });
        let step = Step { kernel, reads: vec![], epilogue: None, write };
        let moved = |step, by| Move { step, operand: 0, by };
        let inner = Loop { steps: 1..2, trips: 2, moves: vec![moved(1, 1)] };
        let outer = Loop { steps: 0..2, trips: 3, moves: vec![moved(1, -10)] };
        let program = Program { externals: vec![], arena: 0, steps: vec![step; 3], loops: vec![inner, outer] };
        let mut walk = Walk::new(&program);
        let mut seen = Vec::new();
        while let Some(step) = walk.step() {
            seen.push((step, walk.shift(0)));
            assert_eq!(walk.done(), seen.len() - 1);
            walk.advance();
        }
        let expected = [(0, 0), (1, 0), (1, 1), (0, 0), (1, -10), (1, -9), (0, 0), (1, -20), (1, -19), (2, 0)];
        assert_eq!(seen, expected);
        walk.seek(5);
        assert_eq!((walk.step(), walk.shift(0)), (Some(1), -9));
        assert_eq!(walk.reach(1, 0), [-20, 1]);
    }
}
