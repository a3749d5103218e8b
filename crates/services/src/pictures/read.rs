//! Reading a picture from a file of whatever format, within bounds that are asked of its header before
//! a pixel is read.

use std::{io::Cursor, num::NonZeroU64};

use domain::picture::{UPLOAD_LEAST_SIDE, UPLOAD_PIXELS};
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::orientation::Orientation;

/// No picture is wider or higher.
const LONGEST_SIDE: u32 = 16_384;
/// What a decoder may take of the memory beside the pixels it gives, in bytes.
const MEMORY: usize = 256 * 1024 * 1024;

/// Why a file does not become a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("We cannot read this file. Please choose a picture in JPEG, PNG, WebP or GIF.")]
    Unreadable,
    #[error("Please choose a picture of at most 40 megapixels.")]
    TooManyPixels,
    #[error("Please choose a picture of at least 64 by 64 pixels.")]
    TooFewPixels,
}

/// Rows of pixels from the top, of so many bytes each: grey, grey and alpha, RGB, or RGBA.
pub(super) struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) channels: usize,
    pub(super) bytes: Vec<u8>,
    pub(super) orientation: Orientation,
}

impl Pixels {
    /// The colour of a pixel as it looks on paper: what is transparent is white.
    pub(super) fn on_white(&self, x: usize, y: usize) -> [u32; 3] {
        let at = (y * self.width + x) * self.channels;
        let pixel = &self.bytes[at..at + self.channels];
        let (r, g, b, alpha) = match *pixel {
            [grey] => (grey, grey, grey, 255),
            [grey, alpha] => (grey, grey, grey, alpha),
            [r, g, b] => (r, g, b, 255),
            [r, g, b, alpha] => (r, g, b, alpha),
            _ => (255, 255, 255, 255),
        };
        let alpha = u32::from(alpha);
        [r, g, b].map(|channel| (u32::from(channel) * alpha + 255 * (255 - alpha) + 127) / 255)
    }
}

/// The picture in a file. What it is is told by its first bytes, whatever it was called.
pub(super) fn read(file: &[u8]) -> Result<Pixels, Unusable> {
    let pixels = match file {
        [0xff, 0xd8, 0xff, ..] => jpeg(file),
        [0x89, b'P', b'N', b'G', ..] => png(file),
        [b'G', b'I', b'F', b'8', ..] => gif(file),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp(file),
        _ => Err(Unusable::Unreadable),
    }?;
    if pixels.bytes.len() == pixels.width * pixels.height * pixels.channels {
        Ok(pixels)
    } else {
        Err(Unusable::Unreadable)
    }
}

/// Refuses what is too large to be unpacked, and what is too small to be seen.
fn bounded(width: usize, height: usize) -> Result<(), Unusable> {
    let (longest, least) = (LONGEST_SIDE as usize, UPLOAD_LEAST_SIDE as usize);
    if width > longest || height > longest || (width * height) as u64 > UPLOAD_PIXELS {
        Err(Unusable::TooManyPixels)
    } else if width < least || height < least {
        Err(Unusable::TooFewPixels)
    } else {
        Ok(())
    }
}

fn unreadable<E>(_: E) -> Unusable {
    Unusable::Unreadable
}

fn jpeg(file: &[u8]) -> Result<Pixels, Unusable> {
    let options = DecoderOptions::default()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(unreadable)?;
    let (width, height) = decoder.dimensions().ok_or(Unusable::Unreadable)?;
    bounded(width, height)?;
    // A camera held upright notes so and leaves the pixels as they are.
    let orientation = decoder.exif().map(|exif| Orientation::of_exif(exif)).unwrap_or_default();
    let bytes = decoder.decode().map_err(unreadable)?;
    Ok(Pixels { width, height, channels: 3, bytes, orientation })
}

fn png(file: &[u8]) -> Result<Pixels, Unusable> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: MEMORY });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(unreadable)?;
    bounded(header.width as usize, header.height as usize)?;
    let mut reader = decoder.read_info().map_err(unreadable)?;
    let size = reader.output_buffer_size().ok_or(Unusable::TooManyPixels)?;
    let mut bytes = vec![0; size];
    let info = reader.next_frame(&mut bytes).map_err(unreadable)?;
    let exif = reader.info().exif_metadata.as_deref();
    let orientation = exif.map(Orientation::of_exif).unwrap_or_default();
    let (width, height) = (info.width as usize, info.height as usize);
    bytes.truncate(info.buffer_size());
    Ok(Pixels { width, height, channels: info.color_type.samples(), bytes, orientation })
}

fn webp(file: &[u8]) -> Result<Pixels, Unusable> {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(file)).map_err(unreadable)?;
    decoder.set_memory_limit(MEMORY);
    let (width, height) = decoder.dimensions();
    bounded(width as usize, height as usize)?;
    let exif = decoder.exif_metadata().map_err(unreadable)?;
    let orientation = exif.as_deref().map(Orientation::of_exif).unwrap_or_default();
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let mut bytes = vec![0; decoder.output_buffer_size().ok_or(Unusable::TooManyPixels)?];
    decoder.read_image(&mut bytes).map_err(unreadable)?;
    Ok(Pixels { width: width as usize, height: height as usize, channels, bytes, orientation })
}

/// The first picture of an animation, on the ground it lies on.
fn gif(file: &[u8]) -> Result<Pixels, Unusable> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    options.check_frame_consistency(true);
    if let Some(limit) = NonZeroU64::new(MEMORY as u64) {
        options.set_memory_limit(gif::MemoryLimit::Bytes(limit));
    }
    let mut decoder = options.read_info(Cursor::new(file)).map_err(unreadable)?;
    let (width, height) = (usize::from(decoder.width()), usize::from(decoder.height()));
    bounded(width, height)?;
    let frame = decoder.read_next_frame().map_err(unreadable)?.ok_or(Unusable::Unreadable)?;
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let frame_width = usize::from(frame.width);
    let mut bytes = vec![0; width * height * 4];
    for (row, pixels) in frame.buffer.chunks_exact((frame_width * 4).max(1)).enumerate() {
        let at = ((top + row) * width + left) * 4;
        if left + frame_width <= width
            && let Some(place) = bytes.get_mut(at..at + pixels.len())
        {
            place.copy_from_slice(pixels);
        }
    }
    Ok(Pixels { width, height, channels: 4, bytes, orientation: Orientation::default() })
}
