//! Valid Avro containers with any blocks: any number of events over any bytes, or over bodies in valid events. The
//! compression of a block must not change its records.

#![no_main]

use libfuzzer_sys::fuzz_target;

const SCHEMAS: [&str; 4] = [
    r#"{"type":"record","name":"E","fields":[{"name":"Offset","type":"string"},{"name":"Properties","type":{"type":"map","values":["long","null","bytes"]}},{"name":"Body","type":["null","bytes"]}]}"#,
    r#"{"type":"record","name":"E","fields":[{"name":"Body","type":"bytes"}]}"#,
    r#"{"type":"record","name":"E","fields":[{"name":"a","type":{"type":"array","items":["null",{"type":"record","name":"N","fields":[]}]}},{"name":"Body","type":["null","bytes"]}]}"#,
    r#"{"type":"record","name":"E","fields":[{"name":"Body","type":"null"}]}"#,
];

/// The number of events that a block claims, and its bytes or the bodies of its events.
type Block<'a> = (u32, Result<&'a [u8], Vec<&'a [u8]>>);

fn number(number: usize) -> Vec<u8> {
    let (mut rest, mut bytes) = (2 * number, Vec::new());
    while rest >= 0x80 {
        bytes.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    bytes.push(rest.to_le_bytes()[0]);
    bytes
}

fn text(text: &[u8]) -> Vec<u8> {
    [&number(text.len()), text].concat()
}

/// An event of the schema with this index.
fn event(schema: usize, body: &[u8]) -> Vec<u8> {
    match schema {
        0 => [text(b"0"), number(1), text(b"x"), number(1), number(0), number(1), text(body)].concat(),
        1 => text(body),
        2 => [number(2), number(0), number(1), number(0), number(1), text(body)].concat(),
        _ => Vec::new(),
    }
}

/// A deflate stream with the bytes in stored blocks.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    for chunk in bytes.chunks(usize::from(u16::MAX)) {
        let length = u16::try_from(chunk.len()).expect("a chunk fits");
        stream.extend([&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), chunk].concat());
    }
    stream.extend([1, 0, 0, 0xff, 0xff]);
    stream
}

fuzz_target!(|data: (u8, [u8; 16], Vec<Block<'_>>)| {
    let (schema, mark, blocks) = data;
    let schema = usize::from(schema) % SCHEMAS.len();
    let container = |codec: &[u8], compressed: fn(&[u8]) -> Vec<u8>| {
        let entries =
            [text(b"avro.codec"), text(codec), text(b"avro.schema"), text(SCHEMAS[schema].as_bytes())].concat();
        let mut container = [&b"Obj\x01"[..], &number(2), &entries, &number(0), &mark].concat();
        for (claimed, content) in &blocks {
            let (count, bytes) = match content {
                Ok(bytes) => (*claimed as usize, bytes.to_vec()),
                Err(bodies) => (bodies.len(), bodies.iter().flat_map(|body| event(schema, body)).collect()),
            };
            container.extend([number(count), text(&compressed(&bytes)), mark.to_vec()].concat());
        }
        container
    };
    let plain = container(b"null", <[u8]>::to_vec);
    pivotwatch_fuzz::read(&plain);
    assert_eq!(pivotwatch_fuzz::outcomes(&plain), pivotwatch_fuzz::outcomes(&container(b"deflate", stored)));
});
