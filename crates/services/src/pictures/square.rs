//! From whatever was uploaded to a picture of our own making: a small square JPEG in which nothing is
//! left of the file but what it shows.

use domain::picture::SIDE;
use jpeg_encoder::{ColorType, Encoder};

use super::read::{Pixels, Unusable, read};

const QUALITY: u8 = 86;

/// The square in the middle of the file's picture.
pub(super) fn picture(file: &[u8]) -> Result<Vec<u8>, Unusable> {
    let pixels = read(file)?;
    let whole = pixels.width.min(pixels.height);
    // A small picture stays as it is: it would not get sharper.
    let side = whole.min(SIDE as usize);
    let (left, top) = ((pixels.width - whole) / 2, (pixels.height - whole) / 2);
    let mut square = Vec::with_capacity(side * side * 3);
    for y in 0..side {
        for x in 0..side {
            let (x, y) = pixels.orientation.stored_at(x, y, side);
            square.extend(average(&pixels, left, top, (x, y), (whole, side)));
        }
    }
    let (mut jpeg, side) = (Vec::new(), u16::try_from(side).map_err(|_| Unusable::TooManyPixels)?);
    let encoder = Encoder::new(&mut jpeg, QUALITY);
    encoder.encode(&square, side, side, ColorType::Rgb).map_err(|_| Unusable::Unreadable)?;
    Ok(jpeg)
}

/// The mean colour of the pixels that one pixel of the smaller square stands for.
fn average(
    pixels: &Pixels,
    left: usize,
    top: usize,
    (x, y): (usize, usize),
    (whole, side): (usize, usize),
) -> [u8; 3] {
    let range = |at: usize| at * whole / side..(at + 1) * whole / side;
    let (mut sum, mut count) = ([0_u32; 3], 0_u32);
    for row in range(y) {
        for column in range(x) {
            let colour = pixels.on_white(left + column, top + row);
            sum.iter_mut().zip(colour).for_each(|(sum, channel)| *sum += channel);
            count += 1;
        }
    }
    sum.map(|sum| (sum / count.max(1)) as u8)
}

#[cfg(test)]
mod tests;
