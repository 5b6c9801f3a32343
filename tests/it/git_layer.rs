//! The git layer.
