//! The caller's side of TLS: which certificate of a server is trusted.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore};
use rustls::{SignatureScheme, StreamOwned};

use super::CertificateError;

/// What a caller trusts: a server's own certificate, or the authority that issued it.
#[derive(Debug, Clone)]
pub struct TrustedCertificates(Arc<ClientConfig>);

impl TrustedCertificates {
    /// Those of a PEM file.
    ///
    /// # Errors
    ///
    /// When it holds no certificate, or something that is none.
    pub fn from_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        let provider = Arc::new(default_provider());
        let presented = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>()?;
        if presented.is_empty() {
            return Err(rustls::pki_types::pem::Error::NoItemsFound.into());
        }
        let mut authorities = RootCertStore::empty();
        for certificate in &presented {
            authorities.add(certificate.clone())?;
        }
        let builder = WebPkiServerVerifier::builder_with_provider(
            Arc::new(authorities),
            Arc::clone(&provider),
        );
        let issued = builder.build().map_err(|error| rustls::Error::General(error.to_string()))?;
        let verifier = Verifier { presented, issued };
        let config = ClientConfig::builder_with_provider(provider as Arc<CryptoProvider>)
            .with_safe_default_protocol_versions()?
            .dangerous() // The name of something that replaces the check of certificates.
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Speaks TLS over this connection to the host.
    ///
    /// # Errors
    ///
    /// When the host's name is none that a certificate could be for. That a certificate is not trusted
    /// shows when something is read or written.
    pub fn connect(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let connection = ClientConnection::new(Arc::clone(&self.0), name);
        Ok(StreamOwned::new(connection.map_err(io::Error::other)?, stream))
    }
}

/// Takes a certificate that is trusted itself, under any name and beyond its time, or one that such a
/// one issued for the name.
#[derive(Debug)]
struct Verifier {
    presented: Vec<CertificateDer<'static>>,
    issued: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.presented.contains(end_entity) {
            return Ok(ServerCertVerified::assertion());
        }
        let issued = &self.issued;
        issued.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.issued.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.issued.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.issued.supported_verify_schemes()
    }
}
