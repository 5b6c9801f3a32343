//! The server's hook over file, ssh and http, and under gitolite.
