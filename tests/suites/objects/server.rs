//! A server that answers one request for each connection, and the real S3 client of it.

use std::io::Read;
use std::sync::Arc;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use pivotwatch::objects::{Body, S3};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The region of the client.
pub(crate) const HOME: &str = "us-east-1";

/// What a server answers. Then it hangs up.
pub(crate) trait Server: Send + Sync + 'static {
    /// The bytes of the response to the request with these lines.
    fn response(&self, request: &[String]) -> Vec<u8>;
}

/// Serves on a port of its own for as long as the test runs.
pub(crate) async fn serve<S: Server>(server: S) -> (Arc<S>, S3) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = Arc::new(server);
    let serving = Arc::clone(&server);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // The client may hang up first.
            let _ = answer(&*serving, connection).await;
        }
    });
    let configuration = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(pivotwatch::clients::http_client())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .region(Region::from_static(HOME))
        .credentials_provider(Credentials::new("any", "any", None, None, "tests"))
        .build();
    (server, S3::new(aws_sdk_s3::Client::from_conf(configuration)))
}

async fn answer(server: &impl Server, connection: TcpStream) -> std::io::Result<()> {
    let mut connection = BufReader::new(connection);
    let mut request = Vec::new();
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).await? == 0 || line == "\r\n" {
            break;
        }
        request.push(line.trim_end().to_owned());
    }
    connection.write_all(&server.response(&request)).await?;
    connection.flush().await
}

/// Reads a body to its end. Returns its bytes, and the error that ended it.
pub(crate) async fn read_to_end(mut body: Body) -> (Vec<u8>, std::io::Result<()>) {
    let reading = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        let result = body.read_to_end(&mut bytes).map(drop);
        (bytes, result)
    });
    reading.await.unwrap()
}
