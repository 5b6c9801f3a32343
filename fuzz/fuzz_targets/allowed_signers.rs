//! See [`certgate_fuzz::allowed_signers`].

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| certgate_fuzz::allowed_signers::check(data));
