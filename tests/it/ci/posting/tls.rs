//! HTTPS: what the machine trusts is trusted, and nothing else.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::super::world::World;
use super::server::{Forge, Kind};
use super::{github, post};

/// Hands every connection that is encrypted on to another address.
const TUNNEL: &str = "
import socket, ssl, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
host, port = sys.argv[3].split(':')
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    finally:
        b.close()
def serve(plain):
    try:
        inner = context.wrap_socket(plain, server_side=True)
    except (ssl.SSLError, OSError):
        return
    outer = socket.create_connection((host, int(port)))
    threading.Thread(target=pump, args=(inner, outer), daemon=True).start()
    pump(outer, inner)
while True:
    plain, _ = listener.accept()
    threading.Thread(target=serve, args=(plain,), daemon=True).start()
";

/// A process that ends with the test, however that ends.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

#[test]
fn a_forge_is_trusted_as_the_machine_trusts_it() {
    let world = World::new(true);
    let folder = world.repo.home();
    let (key, certificate) = (folder.join("key.pem"), folder.join("cert.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args([
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|made| made.success()) {
        assert!(
            std::env::var_os("CERTGATE_REQUIRE_TOOLS").is_none(),
            "openssl is missing, and CERTGATE_REQUIRE_TOOLS is set"
        );
        println!("skipped: openssl is not installed");
        return;
    }
    let forge = Forge::new(Kind::Github, &world.head);
    let inner = forge.address.trim_start_matches("http://").to_owned();
    let tunnel = Command::new("python3")
        .args(["-c", TUNNEL])
        .args([&certificate, &key])
        .arg(inner)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut tunnel = Ends(tunnel);
    let mut port = String::new();
    BufReader::new(tunnel.0.stdout.take().unwrap())
        .read_line(&mut port)
        .unwrap();
    let address = format!("https://localhost:{}", port.trim());
    let job = || github(&world, &forge).with("GITHUB_API_URL", &address);
    let trusting = || job().with("SSL_CERT_FILE", certificate.to_str().unwrap());

    let ran = post(&job(), "github", 2).says("SSL_CERT_FILE");
    assert_eq!(ran.errors(), ["CG754"], "{}", ran.err);
    assert_eq!(forge.log(), Vec::<String>::new());
    post(&trusting(), "github", 0).says("comment written");
    // The certificate is of another name.
    let elsewhere = trusting().with("GITHUB_API_URL", &address.replace("localhost", "127.0.0.2"));
    post(&elsewhere, "github", 2).says("error[CG754]");
    assert_eq!(forge.statuses().len(), 1);
}
