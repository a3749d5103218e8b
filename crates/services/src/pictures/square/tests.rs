#![allow(clippy::unwrap_used)]

use std::borrow::Cow;

use super::*;

const FORMATS: [Format; 4] = [Format::Jpeg, Format::Png, Format::WebP, Format::Gif];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Jpeg,
    Png,
    WebP,
    Gif,
}

const RED: [u8; 3] = [250, 0, 0];
const BLUE: [u8; 3] = [0, 0, 250];

/// Red above, blue below, in a file of this format.
fn file(width: u16, height: u16, format: Format) -> Vec<u8> {
    let rows = (0..height).flat_map(|y| (0..width).map(move |_| if y < height / 2 { RED } else { BLUE }));
    let rgb: Vec<u8> = rows.flatten().collect();
    let mut bytes = Vec::new();
    let (wide, high) = (u32::from(width), u32::from(height));
    match format {
        Format::Jpeg => Encoder::new(&mut bytes, 90).encode(&rgb, width, height, ColorType::Rgb).unwrap(),
        Format::Png => png_of(&mut bytes, wide, high, png::ColorType::Rgb, &rgb),
        Format::WebP => image_webp::WebPEncoder::new(&mut bytes)
            .encode(&rgb, wide, high, image_webp::ColorType::Rgb8)
            .unwrap(),
        Format::Gif => {
            let mut encoder = gif::Encoder::new(&mut bytes, width, height, &[]).unwrap();
            let palette = [RED, BLUE].concat();
            let pixels: Vec<u8> = rgb.chunks(3).map(|pixel| u8::from(pixel == BLUE)).collect();
            for buffer in [pixels.clone(), vec![1; pixels.len()]] {
                let frame = gif::Frame {
                    width,
                    height,
                    buffer: Cow::Owned(buffer),
                    palette: Some(palette.clone()),
                    ..gif::Frame::default()
                };
                encoder.write_frame(&frame).unwrap();
            }
        }
    }
    bytes
}

fn png_of(to: &mut Vec<u8>, width: u32, height: u32, colours: png::ColorType, pixels: &[u8]) {
    let mut encoder = png::Encoder::new(to, width, height);
    encoder.set_color(colours);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
}

/// What a picture of ours shows, whose sides are as expected.
fn shown(jpeg: &[u8], side: usize) -> Pixels {
    assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]));
    let pixels = read(jpeg).unwrap();
    assert_eq!((pixels.width, pixels.height), (side, side));
    pixels
}

fn is_red(pixels: &Pixels, x: usize, y: usize) -> bool {
    let [red, _, blue] = pixels.on_white(x, y);
    red > 200 && blue < 60
}

#[test]
fn every_format_becomes_a_square_of_the_middle() {
    for format in FORMATS {
        let shown = shown(&picture(&file(900, 300, format)).unwrap(), 256);
        assert!(is_red(&shown, 128, 20) && !is_red(&shown, 128, 230), "{format:?}");
    }
    shown(&picture(&file(100, 120, Format::Png)).unwrap(), 100);
}

#[test]
fn what_is_transparent_is_white() {
    let mut bytes = Vec::new();
    png_of(&mut bytes, 80, 80, png::ColorType::Rgba, &[0; 80 * 80 * 4]);
    let shown = shown(&picture(&bytes).unwrap(), 80);
    assert!(shown.on_white(9, 9).iter().all(|channel| *channel > 250));
}

/// A JPEG with an EXIF block that says how the camera was held, and something else, too.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS 52.52 N 13.40 E");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn a_camera_held_upside_down_does_not_turn_people_over() {
    let turned = picture(&with_exif(&file(200, 200, Format::Jpeg), 3)).unwrap();
    let shown = shown(&turned, 200);
    assert!(is_red(&shown, 100, 180) && !is_red(&shown, 100, 20));
}

#[test]
fn nothing_is_left_of_the_file_but_what_it_shows() {
    let script = b"<script>alert(1)</script><?php evil() ?>PK\x03\x04";
    let file = [with_exif(&file(200, 200, Format::Jpeg), 1), script.to_vec()].concat();
    let clean = picture(&file).unwrap();
    let has = |needle: &[u8]| clean.windows(needle.len()).any(|part| part == needle);
    assert!(!has(b"GPS") && !has(b"Exif") && !has(b"script") && !has(b"PK\x03\x04"));
    assert!(clean.len() < 64 * 1024);
}

/// A PNG that says it is larger than it is.
fn boasting_png(width: u32, height: u32) -> Vec<u8> {
    let mut png = file(64, 64, Format::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = png[12..29].iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    });
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    png
}

#[test]
fn a_bomb_is_not_unpacked() {
    let refused = |file: &[u8]| picture(file).unwrap_err();
    for (width, height) in [(60_000, 60_000), (16_000, 16_000), (2_147_483_647, 64)] {
        assert_eq!(refused(&boasting_png(width, height)), Unusable::TooManyPixels, "{width} by {height}");
    }
    let mut gif = file(64, 64, Format::Gif);
    gif[6..10].fill(0xff);
    assert_eq!(refused(&gif), Unusable::TooManyPixels);
    let mut jpeg = file(64, 64, Format::Jpeg);
    let header = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg[header + 5..header + 9].fill(0xff);
    assert_eq!(refused(&jpeg), Unusable::TooManyPixels);
    assert_eq!(refused(&file(63, 500, Format::Png)), Unusable::TooFewPixels);
}

#[test]
fn what_is_no_picture_is_refused_whatever_it_is_called() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let bmp = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0";
    let webp = b"RIFF\x10\0\0\0WEBPVP8 ";
    for wrong in
        [b"".as_slice(), svg, bmp, webp, b"GIF89a", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"\xff\xd8\xff"]
    {
        assert_eq!(picture(wrong).unwrap_err(), Unusable::Unreadable, "{wrong:?}");
    }
}

#[test]
fn a_file_that_was_cut_off_or_changed_anywhere_does_no_harm() {
    for format in FORMATS {
        let whole = file(80, 80, format);
        for at in (0..whole.len()).step_by(whole.len() / 60 + 1) {
            // Some formats show what there is; none may panic.
            let _ = picture(&whole[..at]);
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            let _ = picture(&changed);
        }
    }
    let png = file(80, 80, Format::Png);
    assert_eq!(picture(&png[..png.len() / 2]).unwrap_err(), Unusable::Unreadable);
}
