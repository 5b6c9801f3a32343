//! The module hooks.
