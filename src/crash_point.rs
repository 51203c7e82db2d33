//! Places at which a test ends the process, as a power cut would. In a release build there are none.
//!
//! Owns the counting of places that were passed. Knows nothing of what is done there. Start reading at `pass`.

/// A place was passed; the text says which.
#[cfg(debug_assertions)]
pub fn pass(place: impl FnOnce() -> String) {
    if let Some(plan) = plan::of_process() {
        plan.pass(&place());
    }
}

/// Nothing.
#[cfg(not(debug_assertions))]
#[inline]
pub fn pass(_place: impl FnOnce() -> String) {}

#[cfg(debug_assertions)]
mod plan {
    use std::fs::File;
    use std::io::Write;
    use std::sync::{Mutex, OnceLock, PoisonError};

    /// How the process ends at its place.
    const ENDED: i32 = 86;

    /// `TAGWIRE_CRASH_AT`: the number of the place at which to end, 0 for none. `TAGWIRE_CRASH_LOG`: a file that gets a line for each
    /// place. Both are read in debug builds only, and for tests only: they are no settings.
    pub struct Plan {
        at: u64,
        passed: Mutex<(u64, Option<File>)>,
    }

    pub fn of_process() -> Option<&'static Plan> {
        static PLAN: OnceLock<Option<Plan>> = OnceLock::new();
        let read = || {
            let at = std::env::var("TAGWIRE_CRASH_AT").ok()?.parse().ok()?;
            let log = std::env::var_os("TAGWIRE_CRASH_LOG").and_then(|path| File::create(path).ok());
            Some(Plan { at, passed: Mutex::new((0, log)) })
        };
        PLAN.get_or_init(read).as_ref()
    }

    impl Plan {
        pub fn pass(&self, place: &str) {
            // Held to the end of the process where it ends here: no other thread passes anything behind it.
            let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            passed.0 += 1;
            let number = passed.0;
            if let Some(log) = &mut passed.1 {
                // Without it the test fails, and says so.
                let _written = writeln!(log, "{number} {place}");
            }
            if number == self.at {
                std::process::exit(ENDED);
            }
        }
    }
}
