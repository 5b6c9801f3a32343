//! See [`certgate_fuzz::hook_input`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| certgate_fuzz::hook_input::check(data));
