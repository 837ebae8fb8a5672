//! The committed files: counts, classes and hashes. None of this needs an archive.

use super::*;

#[test]
#[ignore = "slow: fetches the archives from their registries and packs them again"]
fn packing_again_gives_the_committed_files() {
    run(&Project::find().unwrap(), true).unwrap();
}
