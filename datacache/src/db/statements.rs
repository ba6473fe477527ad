//! How a module's `sql.rs` declares its statements.

/// Declares each statement as a constant, and, for the test that prepares every statement of the
/// crate on a fresh database, the list of them all.
macro_rules! statements {
    ($($(#[$doc:meta])* $visible:vis $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* $visible const $name: &str = $sql;)+

        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}
