//! Each kind of kernel on the device.

use super::{cases, check};

#[test]
fn maps() {
    check(&cases::maps());
}

#[test]
fn reductions() {
    check(&cases::reductions());
}

#[test]
fn products() {
    check(&cases::products());
}

#[test]
fn convolutions() {
    check(&cases::convolutions());
}

#[test]
fn windows() {
    check(&cases::windows());
}

#[test]
fn rows() {
    check(&cases::rows());
}
