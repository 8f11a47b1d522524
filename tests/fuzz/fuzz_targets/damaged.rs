//! An export of each shape with damage: the shape is recognised, so its own code reads the damage. `EXAMPLES` names the
//! folder of examples.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static EXAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folder = std::env::var("EXAMPLES").expect("EXAMPLES names the folder of examples");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("an example")).collect()
});

fuzz_target!(|data: (u8, u16, u8, &[u8])| {
    let (which, position, removed, damage) = data;
    let example = &EXAMPLES[usize::from(which) % EXAMPLES.len()];
    pivotwatch_fuzz::read(&pivotwatch_fuzz::spliced(example, position, removed, damage));
});
