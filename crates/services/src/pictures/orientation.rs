//! How a camera was held, as the file says (EXIF, tag 0x0112).

/// Where a pixel of the upright picture lies in the one that was stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Orientation {
    /// Columns and rows change places.
    transposed: bool,
    /// Then it is mirrored, left and right.
    mirrored: bool,
    /// Then it stands on its head.
    upside_down: bool,
}

impl Orientation {
    /// What the block of data says; upright where it does not say or cannot be read.
    pub(super) fn of_exif(exif: &[u8]) -> Self {
        let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        match tag(exif).unwrap_or(1) {
            2 => Self { mirrored: true, ..Self::default() },
            3 => Self { mirrored: true, upside_down: true, ..Self::default() },
            4 => Self { upside_down: true, ..Self::default() },
            5 => Self { transposed: true, ..Self::default() },
            6 => Self { transposed: true, upside_down: true, ..Self::default() },
            7 => Self { transposed: true, mirrored: true, upside_down: true },
            8 => Self { transposed: true, mirrored: true, ..Self::default() },
            _ => Self::default(),
        }
    }

    /// Of a square with this side.
    pub(super) fn stored_at(self, x: usize, y: usize, side: usize) -> (usize, usize) {
        let (x, y) = if self.transposed { (y, x) } else { (x, y) };
        let x = if self.mirrored { side - 1 - x } else { x };
        let y = if self.upside_down { side - 1 - y } else { y };
        (x, y)
    }
}

/// The value of the tag in the first directory.
fn tag(tiff: &[u8]) -> Option<u16> {
    let big = match tiff.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let long = |at: usize| {
        let bytes = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(directory)?);
    let mut entries = (0..entries).map(|index| directory + 2 + index * 12);
    let found = entries.find(|at| short(*at) == Some(0x0112))?;
    short(found + 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block with this one tag, written from either end.
    fn exif(orientation: u16, big: bool) -> Vec<u8> {
        let short = |value: u16| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        let long = |value: u32| if big { value.to_be_bytes() } else { value.to_le_bytes() };
        let mark: &[u8] = if big { b"MM\0*" } else { b"II*\0" };
        let parts: [&[u8]; 8] = [
            b"Exif\0\0",
            mark,
            &long(8),
            &short(1),
            &[short(0x0112), short(3)].concat(),
            &long(1),
            &[short(orientation), short(0)].concat(),
            &long(0),
        ];
        parts.concat()
    }

    #[test]
    fn each_way_of_holding_a_camera_is_set_right() {
        // Where the top left corner of the upright picture lies in the stored one, and what is right
        // of it, from the table of the standard.
        let expected = [
            ((0, 0), (1, 0)),
            ((9, 0), (8, 0)),
            ((9, 9), (8, 9)),
            ((0, 9), (1, 9)),
            ((0, 0), (0, 1)),
            ((0, 9), (0, 8)),
            ((9, 9), (9, 8)),
            ((9, 0), (9, 1)),
        ];
        for (value, (corner, right)) in (1..).zip(expected) {
            for big in [false, true] {
                let held = Orientation::of_exif(&exif(value, big));
                assert_eq!((held.stored_at(0, 0, 10), held.stored_at(1, 0, 10)), (corner, right), "{value}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_upright() {
        let whole = exif(6, true);
        for length in 0..whole.len() - 6 {
            assert_eq!(Orientation::of_exif(&whole[..length]), Orientation::default(), "{length}");
        }
        assert_eq!(Orientation::of_exif(&exif(99, false)), Orientation::default());
        assert_eq!(Orientation::of_exif(b"MM\0*\xff\xff\xff\xff\xff\xff"), Orientation::default());
    }
}
