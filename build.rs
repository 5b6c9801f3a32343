//! Links GCC's unwinder into the program where the compiler has it as an archive, as the packages have it: a shared one is another library to find and to
//! relocate at each start, and a hook is mostly its start.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|set| set == value);
    let native = std::env::var("HOST").ok() == std::env::var("TARGET").ok();
    // Another linker, such as Zig, brings an unwinder along.
    if !is("CARGO_CFG_TARGET_OS", "linux")
        || !is("CARGO_CFG_TARGET_ENV", "gnu")
        || !native
        || std::env::var_os("RUSTC_LINKER").is_some()
    {
        return;
    }
    let asked = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output();
    let answer = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    // A compiler that has none repeats the name.
    if let Some(directory) = answer.ok().as_deref().and_then(|file| Path::new(file).parent())
        && directory.is_absolute()
    {
        println!("cargo:rustc-link-search=native={}", directory.display());
        println!("cargo:rustc-link-lib=static:-bundle=gcc_eh");
    }
}
