//! Where the server listens, and by which names it may be called.
//!
//! Not here: TLS (`tls`).

use std::future::Future;
#[cfg(feature = "lan")]
use std::net::UdpSocket;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::Router;
use milchglas_credential::date::Date;
use tokio::net::TcpListener;

use crate::Error;

/// A port on this machine, open.
pub struct Listening {
    listener: TcpListener,
    address: Address,
    #[cfg(feature = "lan")]
    tls: Option<crate::tls::Certificate>,
}

/// How the server is called.
#[derive(Clone, Debug)]
pub struct Address {
    scheme: &'static str,
    socket: SocketAddr,
    fingerprint: Option<[u8; 32]>,
}

impl Listening {
    /// On this machine only, without TLS; port 0 is any free one.
    ///
    /// # Errors
    /// [`Error::Io`], if the port is taken say.
    pub async fn on_this_machine(port: u16) -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = Address { scheme: "http", socket: listener.local_addr()?, fingerprint: None };
        Ok(Self {
            listener,
            address,
            #[cfg(feature = "lan")]
            tls: None,
        })
    }

    /// In the local network, with TLS under a certificate made now: browsers give their camera to secure pages only.
    ///
    /// Without an address: the one by which this machine reaches its network.
    ///
    /// # Errors
    /// [`Error::NoNetwork`], [`Error::Certificate`], [`Error::Io`]; [`Error::NoTls`] in a build without the feature `lan`.
    #[cfg(feature = "lan")]
    pub async fn in_the_network(ip: Option<IpAddr>, port: u16, today: Date) -> Result<Self, Error> {
        let ip = ip.or_else(own_address).ok_or(Error::NoNetwork)?;
        let tls = crate::tls::Certificate::generate(ip, today)?;
        let listener = TcpListener::bind((ip, port)).await?;
        let address = Address { scheme: "https", socket: listener.local_addr()?, fingerprint: Some(tls.fingerprint()) };
        Ok(Self { listener, address, tls: Some(tls) })
    }

    /// In the local network: not in this build.
    ///
    /// # Errors
    /// [`Error::NoTls`].
    #[cfg(not(feature = "lan"))]
    pub async fn in_the_network(_ip: Option<IpAddr>, _port: u16, _today: Date) -> Result<Self, Error> {
        Err(Error::NoTls)
    }

    /// How it is called.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) async fn serve(
        self,
        router: Router,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Error> {
        #[cfg(feature = "lan")]
        if let Some(certificate) = self.tls {
            let listener = certificate.listen(self.listener)?;
            return Ok(axum::serve(listener, router).with_graceful_shutdown(stop).await?);
        }
        Ok(axum::serve(self.listener, router).with_graceful_shutdown(stop).await?)
    }
}

impl Address {
    /// What a browser opens.
    #[must_use]
    pub fn url(&self) -> String {
        let host = if self.socket.ip().is_loopback() {
            format!("localhost:{}", self.socket.port())
        } else {
            self.socket.to_string()
        };
        format!("{}://{host}", self.scheme)
    }

    /// SHA-256 of the certificate, as browsers show it: bytes in hexadecimal, with colons.
    #[must_use]
    pub fn fingerprint(&self) -> Option<String> {
        let bytes = self.fingerprint?;
        Some(bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"))
    }

    /// The names in a `Host` header that mean this server.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let port = self.socket.port();
        let mut hosts = vec![self.socket.to_string()];
        if self.socket.ip().is_loopback() {
            hosts.push(format!("localhost:{port}"));
        }
        let usual = if self.scheme == "https" { 443 } else { 80 };
        if port == usual {
            let bare: Vec<String> =
                hosts.iter().map(|host| host.trim_end_matches(&format!(":{port}")).to_owned()).collect();
            hosts.extend(bare);
        }
        hosts
    }

    pub(crate) fn scheme(&self) -> &'static str {
        self.scheme
    }
}

/// The address by which this machine reaches its network. Connecting a UDP socket chooses a route and sends nothing.
#[cfg(feature = "lan")]
fn own_address() -> Option<IpAddr> {
    /// For documentation (RFC 5737): nobody's.
    const ANYWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ANYWHERE).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
}
