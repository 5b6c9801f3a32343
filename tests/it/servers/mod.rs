//! The server's hook over file, ssh and http, and under gitolite.
//!
//! Each test starts what it needs on a free port of the loopback device, in a temporary directory, and stops it. A program that is not
//! installed skips what needs it, or fails it where `CERTGATE_REQUIRE_TOOLS` is set.

mod apache;
mod client;
mod crowd;
mod daemon;
mod gitolite;
mod guide;
mod rules;
mod site;
mod smuggle;
mod sshd;
