//! Each kind of kernel on the device.

use super::{cases, check, check_tilings};

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
    check_tilings(&cases::products());
}

#[test]
fn convolutions() {
    check_tilings(&cases::convolutions());
}

#[test]
fn windows() {
    check(&cases::windows());
}

#[test]
fn rows() {
    check(&cases::rows());
}
