//! A database of places as MaxMind's format has it (<https://maxmind.github.io/MaxMind-DB/>), of a few
//! networks.

use std::net::{IpAddr, Ipv6Addr};

use serde_json::{Value, json};

/// What stands behind one side of a node of the tree.
#[derive(Clone, Copy)]
enum Record {
    Nothing,
    Node(usize),
    /// So many bytes into the data.
    Data(usize),
}

/// The file of a database that knows these networks, such as `192.0.2.0/24`.
///
/// # Panics
/// Where a network is none.
pub fn places(networks: &[(&str, Value)]) -> Vec<u8> {
    let (mut nodes, mut data) = (vec![[Record::Nothing; 2]], Vec::new());
    for (network, entry) in networks {
        let (address, length) = network.split_once('/').expect("a network");
        let (address, length) = (address.parse().expect("an address"), length.parse().expect("a length"));
        // An address of version 4 stands among those of version 6 with zeros before it.
        let (bits, length): (Ipv6Addr, usize) = match address {
            IpAddr::V4(v4) => (Ipv6Addr::from(u128::from(v4.to_bits())), 96 + length),
            IpAddr::V6(v6) => (v6, length),
        };
        let side = |depth: usize| (bits.to_bits() >> (127 - depth) & 1) as usize;
        let mut at = 0;
        for depth in 0..length - 1 {
            at = match nodes[at][side(depth)] {
                Record::Node(next) => next,
                _ => {
                    nodes.push([Record::Nothing; 2]);
                    let next = nodes.len() - 1;
                    nodes[at][side(depth)] = Record::Node(next);
                    next
                }
            };
        }
        nodes[at][side(length - 1)] = Record::Data(data.len());
        write(entry, &mut data);
    }
    let mut file = Vec::new();
    for record in nodes.iter().flatten() {
        let value = match record {
            Record::Node(next) => *next,
            Record::Nothing => nodes.len(),
            Record::Data(offset) => nodes.len() + 16 + offset,
        };
        file.extend(&(value as u32).to_be_bytes()[1..]);
    }
    file.extend([0; 16]);
    file.extend(data);
    file.extend(b"\xab\xcd\xefMaxMind.com");
    let numbers: [(&str, &[u8]); 6] = [
        ("binary_format_major_version", &[U16, 0, 2]),
        ("binary_format_minor_version", &[U16, 0, 0]),
        ("build_epoch", &[8, U64, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("ip_version", &[U16, 0, 6]),
        ("node_count", &[&[U32], (nodes.len() as u32).to_be_bytes().as_slice()].concat()),
        ("record_size", &[U16, 0, 24]),
    ];
    file.push(MAP | (numbers.len() as u8 + 3));
    for (key, number) in numbers {
        write(&key.into(), &mut file);
        file.extend(number);
    }
    for (key, value) in [
        ("database_type", json!("Test")),
        ("description", json!({ "en": "Test" })),
        ("languages", json!(["en"])),
    ] {
        write(&key.into(), &mut file);
        write(&value, &mut file);
    }
    file
}

// The type of a value stands in the highest bits of its first byte, before its size. Of the types that
// find no room there the second byte tells.
const TEXT: u8 = 2 << 5;
const U16: u8 = 5 << 5 | 2;
const U32: u8 = 6 << 5 | 4;
const MAP: u8 = 7 << 5;
const U64: u8 = 9 - 7;
const ARRAY: u8 = 11 - 7;

fn write(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::String(text) => {
            assert!(text.len() < 29, "{text} is too long for a byte");
            into.push(TEXT | text.len() as u8);
            into.extend(text.as_bytes());
        }
        Value::Object(entries) => {
            into.push(MAP | entries.len() as u8);
            for (key, value) in entries {
                write(&key.as_str().into(), into);
                write(value, into);
            }
        }
        Value::Array(values) => {
            into.extend([values.len() as u8, ARRAY]);
            values.iter().for_each(|value| write(value, into));
        }
        other => panic!("{other} has no place here"),
    }
}
