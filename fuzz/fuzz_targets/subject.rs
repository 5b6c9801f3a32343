//! See [`certgate_fuzz::subject`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| certgate_fuzz::subject::check(data));
