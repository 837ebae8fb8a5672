//! Counter-based random bits: Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11).
//! A value depends only on key and counter, so every device and every order of evaluation draws the same bits.

const ROTATIONS: [u32; 8] = [13, 15, 26, 6, 17, 29, 16, 24];
const PARITY: u32 = 0x1BD1_1BDA;

/// Two random words for a key and a counter.
pub const fn threefry2x32(key: [u32; 2], counter: [u32; 2]) -> [u32; 2] {
    let schedule = [key[0], key[1], PARITY ^ key[0] ^ key[1]];
    let mut x = [counter[0].wrapping_add(key[0]), counter[1].wrapping_add(key[1])];
    let mut round = 0;
    while round < 20 {
        x[0] = x[0].wrapping_add(x[1]);
        x[1] = x[1].rotate_left(ROTATIONS[round % 8]) ^ x[0];
        round += 1;
        if round % 4 == 0 {
            let block = round / 4;
            x[0] = x[0].wrapping_add(schedule[block % 3]);
            x[1] = x[1].wrapping_add(schedule[(block + 1) % 3]).wrapping_add(block as u32);
        }
    }
    x
}

/// The random word at flat index `index` of stream `stream`: what `Source::Random` means.
pub const fn bits(key: [u32; 2], stream: u32, index: u32) -> u32 {
    threefry2x32(key, [index, stream])[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers published with Random123.
    #[test]
    fn known_answers() {
        assert_eq!(threefry2x32([0, 0], [0, 0]), [0x6b20_0159, 0x99ba_4efe]);
        assert_eq!(threefry2x32([u32::MAX; 2], [u32::MAX; 2]), [0x1cb9_96fc, 0xbb00_2be7]);
        assert_eq!(threefry2x32([0x1319_8a2e, 0x0370_7344], [0x243f_6a88, 0x85a3_08d3]), [0xc492_3a9c, 0x483d_f7a0]);
    }
}
