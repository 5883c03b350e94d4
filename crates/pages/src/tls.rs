//! TLS under a certificate that nobody vouches for: made at the start, gone at the end, recognised by its fingerprint.
//!
//! Secret: the key, in memory only.
//! Caution: a browser warns of such a certificate. Whoever compares the fingerprint knows that nobody stands between.
//! Not here: where it listens (`address`).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use milchglas_credential::date::{Date, Days};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType, date_time_ymd};
use sha2::{Digest as _, Sha256};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::Error;

/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many handshakes may be under way.
const MAX_HANDSHAKES: usize = 64;
/// How long the certificate is valid, in days; browsers refuse those of many years.
const LIFETIME: i32 = 30;

/// A certificate and its key.
pub(crate) struct Certificate {
    der: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Certificate {
    /// A certificate for this address, from yesterday on.
    pub(crate) fn generate(ip: IpAddr, today: Date) -> Result<Self, Error> {
        let failed = |_| Error::Certificate;
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(ip)];
        if ip.is_loopback() {
            params.subject_alt_names.push(SanType::DnsName("localhost".try_into().map_err(failed)?));
        }
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "milchglas serve");
        let [from, until] =
            [day(today, -1)?, day(today, LIFETIME)?].map(|(year, month, day)| date_time_ymd(year, month, day));
        (params.not_before, params.not_after) = (from, until);
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.self_signed(&key).map_err(failed)?;
        Ok(Self { der: certificate.der().clone(), key: PrivatePkcs8KeyDer::from(key.serialize_der()) })
    }

    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// Takes connections and speaks TLS on them. A handshake that hangs holds up nobody else.
    pub(crate) fn listen(self, listener: TcpListener) -> Result<TlsListener, Error> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                config.with_no_client_auth().with_single_cert(vec![self.der], PrivateKeyDer::Pkcs8(self.key))
            })
            .map_err(|_| Error::Certificate)?;
        let local = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (ready, incoming) = mpsc::channel(MAX_HANDSHAKES);
        tokio::spawn(take(listener, acceptor, ready));
        Ok(TlsListener { incoming, local })
    }
}

/// Year, month and day so many days from today.
fn day(today: Date, offset: i32) -> Result<(i32, u8, u8), Error> {
    let days = today.days().0.checked_add_signed(offset).map(Days);
    let (year, month, day) = days.and_then(Date::from_days).ok_or(Error::Certificate)?.ymd();
    Ok((year.into(), month, day))
}

async fn take(listener: TcpListener, acceptor: TlsAcceptor, ready: mpsc::Sender<Connection>) {
    let handshakes = Arc::new(Semaphore::new(MAX_HANDSHAKES));
    while let Ok(permit) = Arc::clone(&handshakes).acquire_owned().await {
        let (stream, from) = match listener.accept().await {
            Ok(connection) => connection,
            Err(_) => {
                // Out of file descriptors, say: others will be closed.
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if ready.is_closed() {
            return;
        }
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            if let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await {
                // Where nobody takes it any more the server is stopping.
                let _stopping = ready.send((stream, from)).await;
            }
            drop(permit);
        });
    }
}

type Connection = (TlsStream<TcpStream>, SocketAddr);

/// Connections whose handshake is done.
pub(crate) struct TlsListener {
    incoming: mpsc::Receiver<Connection>,
    local: SocketAddr,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Connection {
        match self.incoming.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.local)
    }
}
