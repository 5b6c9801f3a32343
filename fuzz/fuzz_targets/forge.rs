//! See [`certgate_fuzz::forge`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| certgate_fuzz::forge::check(data));
