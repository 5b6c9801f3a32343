//! Killed at any moment, two at once, no space, no permission, a lock, and work without measure.
