//! Rules applied to changes made by hand.
