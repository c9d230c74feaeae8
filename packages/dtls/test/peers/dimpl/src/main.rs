//! A peer for interop tests: `peer client|server ADDRESS VERSION MTU GROUP CERTIFICATE KEY`, certificate and PKCS #8 key
//! in DER, VERSION `1.2`, `1.3` or `auto`, GROUP `x25519`, `p256`, `p384` or `any`. Says on its standard output what
//! happens, a line each: `listening PORT`, `connected VERSION`, `data TEXT`, `closed`. A client says hello; both send back
//! what they get, in upper case; `bye` makes them close.

use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::crypto::NamedGroup;
use dimpl::{Config, Dtls, DtlsCertificate, Output};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [role, address, version, mtu, group, certificate, key] = &args[..] else {
        panic!("usage: client|server ADDRESS VERSION MTU GROUP CERTIFICATE KEY");
    };
    let is_client = role == "client";
    let socket = UdpSocket::bind(if is_client { "127.0.0.1:0" } else { address }).expect("bind");
    if is_client {
        socket.connect(address).expect("connect");
    }
    println!("listening {}", socket.local_addr().expect("address").port());

    let certificate = DtlsCertificate {
        certificate: std::fs::read(certificate).expect("certificate"),
        private_key: std::fs::read(key).expect("key"),
    };
    let mut builder = Config::builder().mtu(mtu.parse().expect("mtu"));
    match group.as_str() {
        "x25519" => builder = builder.kx_groups(&[NamedGroup::X25519]),
        "p256" => builder = builder.kx_groups(&[NamedGroup::Secp256r1]),
        "p384" => builder = builder.kx_groups(&[NamedGroup::Secp384r1]),
        _ => {}
    }
    let config = Arc::new(builder.build().expect("config"));
    let now = Instant::now();
    let mut dtls = match version.as_str() {
        "1.2" => Dtls::new_12(config, certificate, now),
        "1.3" => Dtls::new_13(config, certificate, now),
        _ => Dtls::new_auto(config, certificate, now),
    };
    dtls.set_active(is_client);
    run(&mut dtls, &socket, is_client);
}

fn run(dtls: &mut Dtls, socket: &UdpSocket, is_client: bool) {
    let mut output = vec![0u8; 4096];
    let mut datagram = vec![0u8; 65536];
    let mut is_connected = is_client;
    dtls.handle_timeout(Instant::now()).expect("start");
    loop {
        let Some(wake) = drain(dtls, socket, &mut output) else {
            return;
        };
        let wait = wake.saturating_duration_since(Instant::now());
        socket
            .set_read_timeout(Some(wait.clamp(Duration::from_millis(1), Duration::from_secs(1))))
            .expect("timeout");
        match socket.recv_from(&mut datagram) {
            Ok((length, from)) => {
                // A server has one client: whoever comes first.
                if !is_connected {
                    socket.connect(from).expect("connect");
                    is_connected = true;
                }
                dtls.handle_timeout(Instant::now()).expect("time");
                dtls.handle_packet(&datagram[..length]).expect("packet");
            }
            Err(_) => dtls.handle_timeout(Instant::now()).expect("time"),
        }
    }
}

/// Does what the machine asks for; returns when it wants to be woken, nothing at the end.
fn drain(dtls: &mut Dtls, socket: &UdpSocket, output: &mut Vec<u8>) -> Option<Instant> {
    loop {
        let mut answer: Option<Vec<u8>> = None;
        match dtls.poll_output(output) {
            Output::Packet(packet) => {
                let _ = socket.send(packet);
            }
            Output::BufferTooSmall { needed } => output.resize(needed, 0),
            Output::Timeout(at) => return Some(at),
            Output::Connected => {
                answer = Some(b"hello".to_vec());
            }
            Output::ApplicationData(data) => {
                println!("data {}", String::from_utf8_lossy(data));
                answer = Some(data.to_ascii_uppercase());
            }
            Output::CloseNotify => {
                println!("closed");
                return None;
            }
            _ => {}
        }
        match answer {
            Some(text) if text == b"hello" => {
                println!("connected {:?}", dtls.protocol_version());
                if dtls.is_active() {
                    dtls.send_application_data(&text).expect("send");
                }
            }
            Some(text) if text == b"BYE" => {
                dtls.close().expect("close");
                while let Output::Packet(packet) = dtls.poll_output(output) {
                    let _ = socket.send(packet);
                }
                println!("closed");
                return None;
            }
            Some(text) => {
                dtls.send_application_data(&text).expect("send");
            }
            None => {}
        }
    }
}
