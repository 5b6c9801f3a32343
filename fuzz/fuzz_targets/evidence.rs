//! See [`certgate_fuzz::evidence`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| certgate_fuzz::evidence::check(data));
