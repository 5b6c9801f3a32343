//! Where something is measured: what a reader of the figures has to know of the machine.

use serde::Serialize;

/// A machine, as far as the system tells.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Host {
    /// Its name.
    pub(crate) host: String,
    /// The processor.
    pub(crate) cpu: Option<String>,
    /// How many processors this process may use.
    pub(crate) cpus: Option<usize>,
    /// Operating system, release, architecture.
    pub(crate) os: String,
}

impl Host {
    /// This machine.
    pub(crate) fn this() -> Self {
        let system = rustix::system::uname();
        let text = |field: &std::ffi::CStr| field.to_string_lossy().into_owned();
        Self {
            host: text(system.nodename()),
            cpu: std::fs::read_to_string("/proc/cpuinfo")
                .ok()
                .and_then(|info| model(&info)),
            cpus: std::thread::available_parallelism().ok().map(usize::from),
            os: format!(
                "{} {} {}",
                text(system.sysname()),
                text(system.release()),
                text(system.machine())
            ),
        }
    }
}

fn model(info: &str) -> Option<String> {
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// How many processes were running or waiting in the last minute, on average, where the system tells.
pub(crate) fn load() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named() {
        assert_eq!(
            model("processor: 0\nmodel name\t: A CPU @ 2 GHz\n"),
            Some("A CPU @ 2 GHz".to_owned())
        );
        assert_eq!(model(""), None);
        assert!(!Host::this().host.is_empty());
    }
}
