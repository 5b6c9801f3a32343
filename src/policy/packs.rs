//! The packs: ready-made policies, embedded in the binary.

use crate::certificate::nearest;

/// A ready-made policy.
#[derive(Clone, Copy, Debug)]
pub struct Pack {
    /// What follows `builtin:`.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub title: &'static str,
    /// The YAML.
    pub source: &'static str,
}

macro_rules! packs {
    ($($name:literal, $title:literal;)*) => {
        const PACKS: &[Pack] = &[$(Pack {
            name: $name,
            title: $title,
            source: include_str!(concat!("../../policies/", $name, ".yaml")),
        },)*];
    };
}

packs! {
    "default", "any language: benchmarks, caches, build flags, dependencies, concurrency, migrations";
    "rust", "Rust: profiles, unsafe, allocation, async runtimes, SIMD";
    "python", "Python: native extensions, multiprocessing, numeric hot paths";
    "go", "Go: pools, goroutines, runtime settings, assembly";
    "cpp", "C and C++: build flags, SIMD, allocators, atomics";
    "jvm", "JVM: flags, pools, concurrency, serialization";
    "web", "web front ends: bundles, service workers, rendering";
    "database", "databases: migrations, indexes, queries, connection pools";
    "gpu-kernels", "GPU code: CUDA, HIP, Metal, Triton, launches and memory";
    "rl-training", "deep reinforcement learning: collection, updates, GPU memory, checkpoints, and the platform around it";
}

/// Every pack, `default` first.
pub fn packs() -> &'static [Pack] {
    PACKS
}

/// The pack of a name, with or without `builtin:`.
pub fn pack(name: &str) -> Option<&'static Pack> {
    let name = name.strip_prefix("builtin:").unwrap_or(name);
    PACKS.iter().find(|pack| pack.name == name)
}

/// The name of the pack that was meant by a name, where one is alike.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let name = name.strip_prefix("builtin:").unwrap_or(name);
    let names = PACKS.iter().map(|pack| pack.name);
    nearest(name, names.clone()).or_else(|| names.clone().find(|pack| name.starts_with(pack)))
}
