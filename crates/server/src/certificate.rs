//! The certificate that a server presents, which may be replaced while it serves.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use super::ServerError;

/// A certificate that cannot be served.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read the certificate file {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// It is not PEM.
    #[error("cannot read the certificate or its key: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// Certificate and key do not belong together.
    #[error("cannot use the certificate: {0}")]
    Unusable(#[from] rustls::Error),
}

/// The certificate that is served, which may be replaced at any time. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Certificate(Arc<Current>);

#[derive(Debug, Default)]
struct Current(RwLock<Option<Arc<CertifiedKey>>>);

impl Certificate {
    /// From now on serves this one: a chain and a private key, each as PEM. Whether it is another chain
    /// than before.
    ///
    /// # Errors
    ///
    /// When they cannot be read, or do not belong together. The one before is served on.
    pub fn serve(&self, chain: &[u8], key: &[u8]) -> Result<bool, CertificateError> {
        let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(key)?;
        let certified = CertifiedKey::from_der(chain, key, &default_provider())?;
        let mut current = self.0.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_other = current.as_ref().is_none_or(|before| before.cert != certified.cert);
        *current = Some(Arc::new(certified));
        Ok(is_other)
    }

    /// Agrees with callers on a key, by whichever certificate is current.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, ServerError> {
        let versions = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions();
        let versions = versions.map_err(|error| ServerError::Serve(io::Error::other(error)))?;
        let current = Arc::clone(&self.0);
        let config = versions.with_no_client_auth().with_cert_resolver(current);
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A certificate and its key in two files of PEM, which something else renews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The file of the chain.
    pub chain: PathBuf,
    /// The file of the private key.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// Serves what the files hold now; whether that is another certificate than before.
    ///
    /// # Errors
    ///
    /// When they cannot be read or served. The one before is served on.
    pub fn serve_in(&self, certificate: &Certificate) -> Result<bool, CertificateError> {
        certificate.serve(&read(&self.chain)?, &read(&self.key)?)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let failed = |source| CertificateError::File { path: path.display().to_string(), source };
    fs::read(path).map_err(failed)
}
