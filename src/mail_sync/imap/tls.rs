//! Which certificates are trusted. Owns: the TLS settings shared by all connections.
//! Does not own: the handshake (`transport`).
//! Start reading at [`client_config`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// Why the TLS settings could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    /// The file of additional authorities cannot be read as PEM certificates.
    #[error("{path}: no certificates in PEM form can be read: {reason}")]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// The cryptographic provider lacks what TLS needs.
    #[error(transparent)]
    Provider(#[from] rustls::Error),
}

/// TLS 1.2 and 1.3 with the public certificate authorities and those in `ca_file` (PEM), if one is given. Made once,
/// shared by all connections.
///
/// # Errors
/// When `ca_file` cannot be read, or holds no certificate.
pub fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsSetupError> {
    let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    if let Some(path) = ca_file {
        let fault = |reason: String| TlsSetupError::Authorities { path: path.to_owned(), reason };
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| fault(error.to_string()))?;
        let before = roots.len();
        for certificate in certificates {
            let certificate = certificate.map_err(|error| fault(error.to_string()))?;
            roots.add(certificate).map_err(|error| fault(error.to_string()))?;
        }
        if roots.len() == before {
            return Err(fault("it holds none".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        for path in [file.path(), Path::new("/nowhere/ca.pem")] {
            let error = client_config(Some(path)).expect_err("no certificates");
            assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        }
    }
}
