//! See [`certgate_fuzz::features`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| certgate_fuzz::features::check(data));
