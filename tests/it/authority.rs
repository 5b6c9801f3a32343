//! Who may say what: signatures asked for, independence, authorizers, owners, serials, bypasses.
