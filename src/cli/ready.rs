//! `plumbline ready`: waits until an operator, or `plumbline run`, answers that it is ready.
//!
//! For images that hold nothing but this program, where neither a shell nor `curl` can ask: the
//! test of the Helm chart, and health checks of containers.

use std::fmt;
#[cfg(feature = "kubernetes")]
use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use super::exit::{CommandError, Exit};
#[cfg(not(feature = "kubernetes"))]
use super::features::Feature;
use super::output;
use api::Period;

/// How long a single answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The wait between two questions.
const PAUSE: Duration = Duration::from_millis(500);
/// An answer's first line is no longer than this.
const FIRST_LINE: u64 = 256;

/// Wait until an operator is ready: until /readyz answers 200
///
/// An operator is ready when it has read its objects from the API server, and `plumbline run` when
/// it has evaluated its folder.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, args_override_self = true)]
pub(super) struct ReadyArguments {
    /// The address, such as `http://plumbline.plumbline:9464`.
    #[arg(value_name = "URL")]
    address: Address,
    /// The PEM file with the certificate that an `https://` address presents, or with that of the
    /// authority that issued it.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// How long to wait.
    #[arg(long, value_name = "PERIOD", default_value = "0s")]
    timeout: Period,
}

const EXAMPLES: &str = "\
Exit codes:
  0   it is ready
  64  a wrong command line
  69  it was not ready in time, or did not answer

Examples:
  plumbline ready http://127.0.0.1:9464
  plumbline ready http://plumbline.plumbline:9464 --timeout 1m
  plumbline ready https://plumbline.plumbline.svc:9464 --ca-file ca.crt";

/// A host and port, and whether it is asked over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    authority: String,
    over_tls: bool,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (over_tls, rest) = match text.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix("http://").unwrap_or(text)),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest).to_owned();
        let port = authority.rsplit_once(':').filter(|(name, port)| {
            !name.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        match port {
            Some(_) if !authority.contains(['/', '@', '?', '#', ' ']) => {
                Ok(Self { authority, over_tls })
            }
            _ => Err("write http://HOST:PORT or https://HOST:PORT, such as http://127.0.0.1:9464"
                .to_owned()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.over_tls { "https" } else { "http" }, self.authority)
    }
}

impl ReadyArguments {
    pub(super) fn execute(&self) -> Result<Exit, CommandError> {
        let trust = self.trust()?;
        let deadline = Instant::now() + self.timeout.duration();
        loop {
            let why = match self.address.ask(trust.as_ref()) {
                Ok(()) => return output::write(|out| writeln!(out, "{} is ready", self.address)),
                Err(why) => why,
            };
            if Instant::now() + PAUSE > deadline {
                let problem = format!("{} is not ready: {why}", self.address);
                return Err(CommandError::Unavailable(problem));
            }
            thread::sleep(PAUSE);
        }
    }

    /// What an address that is asked over TLS has to show.
    fn trust(&self) -> Result<Option<Trust>, CommandError> {
        match (self.address.over_tls, &self.ca_file) {
            (true, Some(file)) => Trust::read(file).map(Some),
            (false, None) => Ok(None),
            (true, None) => Err(CommandError::Usage(format!(
                "{} is asked over TLS: name with --ca-file the certificate to trust",
                self.address
            ))),
            (false, Some(_)) => Err(CommandError::Usage(format!(
                "--ca-file is for https:// addresses, and {} is none",
                self.address
            ))),
        }
    }
}

impl Address {
    /// Whether it is ready, or what it says instead.
    fn ask(&self, trust: Option<&Trust>) -> Result<(), String> {
        let line = self.first_line(trust).map_err(|error| error.to_string())?;
        match line.split(' ').nth(1) {
            Some("200") => Ok(()),
            Some("503") => Err("it reports that it is not ready yet".to_owned()),
            _ => Err(format!("it answered {line:?}, so it is not Plumbline")),
        }
    }

    fn first_line(&self, trust: Option<&Trust>) -> io::Result<String> {
        let stream = self.connect()?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        match trust {
            None => self.converse(stream),
            Some(trust) => self.converse(trust.connect(stream, self.host())?),
        }
    }

    fn converse(&self, mut stream: impl Read + Write) -> io::Result<String> {
        let request = format!(
            "GET /readyz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.authority
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.take(FIRST_LINE).read_to_end(&mut answer)?;
        let text = String::from_utf8_lossy(&answer);
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

    /// The host's name or address, as a certificate names it.
    fn host(&self) -> &str {
        let host = self.authority.rsplit_once(':').map_or(&*self.authority, |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Connects to the first of its addresses that takes connections.
    fn connect(&self) -> io::Result<TcpStream> {
        let mut refused = None;
        for address in self.authority.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => return Ok(stream),
                Err(error) => refused = Some(named(address, &error)),
            }
        }
        Err(refused.unwrap_or_else(|| io::Error::other("the host name cannot be resolved")))
    }
}

fn named(address: SocketAddr, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{address}: {error}"))
}

/// The certificates that are trusted.
#[cfg(feature = "kubernetes")]
struct Trust(server::TrustedCertificates);

/// A build without the operator speaks no TLS here.
#[cfg(not(feature = "kubernetes"))]
enum Trust {}

#[cfg(feature = "kubernetes")]
impl Trust {
    fn read(file: &Path) -> Result<Self, CommandError> {
        let path = file.display().to_string();
        let pem = match fs::read(file) {
            Ok(pem) => pem,
            Err(source) => return Err(CommandError::Read { path, source }),
        };
        let trusted = server::TrustedCertificates::from_pem(&pem);
        trusted.map(Self).map_err(|error| CommandError::NoInput(format!("{path}: {error}")))
    }

    fn connect(&self, stream: TcpStream, host: &str) -> io::Result<impl Read + Write> {
        self.0.connect(stream, host)
    }
}

#[cfg(not(feature = "kubernetes"))]
impl Trust {
    fn read(_: &Path) -> Result<Self, CommandError> {
        Err(Feature::Kubernetes.missing("option --ca-file").into())
    }

    fn connect(&self, _: TcpStream, _: &str) -> io::Result<TcpStream> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for (text, host) in [
            ("http://plumbline.plumbline:9464", Some("plumbline.plumbline:9464")),
            ("http://[::1]:9464/", Some("[::1]:9464")),
            ("127.0.0.1:1", Some("127.0.0.1:1")),
            ("https://plumbline:9464", Some("plumbline:9464")),
            ("http://plumbline", None),
            ("http://:9464", None),
            ("http://plumbline:0", None),
            ("http://plumbline:http", None),
            ("https://plumbline", None),
            ("http://user@plumbline:9464", None),
            ("http://plumbline:9464/readyz", None),
        ] {
            let address = text.parse::<Address>().ok().map(|it| it.authority);
            assert_eq!(address.as_deref(), host, "{text}");
        }
    }
}
