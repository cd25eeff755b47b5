// SPDX-License-Identifier: BSL-1.0
//
// The relay service as a process with two workers, among programs that are not ours.
#include <support/child.hpp>
#include <support/contains.hpp>
#include <support/live.hpp>
#include <support/output_of.hpp>
#include <support/s_server.hpp>
#include <support/service.hpp>
#include <support/tls_authority.hpp>

#include <rill/conf/print.hpp>

#include <arpa/inet.h>
#include <config.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace {

using test::child;
using test::contains;
using test::output_of;
using test::service;

service echo(std::vector<std::string> settings = {})
{
    settings.push_back("server.listen=127.0.0.1:0");
    return service(ECHO_PROGRAM, settings);
}

service relay_to(const std::string& servers, std::vector<std::string> settings = {})
{
    settings.insert(settings.begin(), "server.listen=127.0.0.1:0");
    settings.push_back("service.workers=2");
    settings.push_back("upstream.servers=" + servers);
    return service(RELAY_PROGRAM, settings);
}

TEST_CASE("relay, peers: socat's clients are relayed by two workers, and the log tells how many")
{
    service server = echo();
    service relay = relay_to("127.0.0.1:" + server.port);
    const std::string answers = output_of(
        "for i in $(seq 20); do"
        " echo hello $i | socat -t 10 - TCP:127.0.0.1:" +
        relay.port + " & done; wait"
    );
    for (int i = 1; i <= 20; ++i)
        CHECK(contains(answers, "hello " + std::to_string(i) + "\n"));
    CHECK(relay.stop() == 0);
    CHECK(contains(relay.log(), "\"relayed so far\",\"connections\":20,"));
    CHECK(contains(relay.log(), "\"connected\":20,\"failed\":0"));
    CHECK(server.stop() == 0);
}

TEST_CASE("relay, peers: curl gets an HTTP answer through TLS that ends at the relay")
{
    const test::tls_authority authority;
    test::tls_authority ours;
    const test::tls_files files = ours.issue_local();
    service server(HELLO_PROGRAM, {"server.listen=127.0.0.1:0"});
    service relay = relay_to(
        "127.0.0.1:" + server.port,
        {"server.tls.certificate=" + files.certificate, "server.tls.key=" + files.key}
    );
    const std::string url = " --silent --show-error https://localhost:" + relay.port + "/plaintext";
    CHECK(output_of("curl --cacert " + ours.file() + url) == "Hello, World!");
    CHECK(contains(output_of("curl --cacert " + authority.file() + url), "certificate"));
}

TEST_CASE("relay, peers: on SIGHUP new connections get the new certificate, and a bad one nobody")
{
    test::tls_authority authority;
    const auto issue = [&](const std::string& name) {
        return authority.issue({"relay", {"DNS:" + name}});
    };
    const test::tls_files files = issue("old.example");
    service server = echo();
    service relay = relay_to(
        "127.0.0.1:" + server.port,
        {"server.tls.certificate=" + files.certificate, "server.tls.key=" + files.key}
    );
    const auto shown = [&] {
        return output_of(
            "openssl s_client -connect 127.0.0.1:" + relay.port +
            " </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName"
        );
    };
    CHECK(contains(shown(), "DNS:old.example"));
    issue("new.example"); // in the same files
    relay.signal(SIGHUP);
    relay.says("the certificate has been read again");
    CHECK(contains(shown(), "DNS:new.example"));
    std::ofstream(files.certificate) << "nothing of use";
    relay.signal(SIGHUP);
    relay.says("the certificate stays as it was");
    CHECK(contains(shown(), "DNS:new.example"));
    CHECK(relay.stop() == 0);
}

TEST_CASE("relay, peers: on SIGHUP servers are judged by what the files say of them now")
{
    test::tls_authority theirs;
    const test::s_server server(theirs.issue_local());
    const test::tls_authority another;
    const test::scratch folder;
    const std::string trusted = folder.file("ca.pem");
    const auto trust = [&](const test::tls_authority& who) {
        std::ofstream(trusted) << std::ifstream(who.file()).rdbuf();
    };
    trust(another);
    service relay = relay_to(
        "localhost:" + std::to_string(server.port()),
        {"upstream.tls.enabled=true", "upstream.tls.ca=" + trusted, "upstream.retry_after=0s"}
    );
    const std::string ask = "echo abc | socat -t 10 - TCP:127.0.0.1:" + relay.port;
    CHECK_FALSE(contains(output_of(ask), "cba"));
    trust(theirs);
    relay.signal(SIGHUP);
    relay.says("\"upstream\"");
    CHECK(output_of(ask) == "cba\n");
    CHECK(relay.stop() == 0);
}

TEST_CASE("relay, peers: openssl's server is connected to with TLS, and only by its own name")
{
    test::tls_authority authority;
    const test::tls_files files = authority.issue_local();
    const test::s_server server(files);
    const std::vector<std::string> tls{
        "upstream.tls.enabled=true", "upstream.tls.ca=" + authority.file()
    };
    const service relay = relay_to("localhost:" + std::to_string(server.port()), tls);
    const std::string line = "echo abc | socat -t 10 - TCP:127.0.0.1:";
    CHECK(output_of(line + relay.port) == "cba\n");
    std::vector<std::string> other = tls;
    other.push_back("upstream.tls.server_name=somebody.else");
    service wrong = relay_to("localhost:" + std::to_string(server.port()), other);
    CHECK_FALSE(contains(output_of(line + wrong.port), "cba"));
    CHECK(wrong.stop() == 0);
    CHECK(contains(wrong.log(), "no server could be connected to"));
}

/// A listening socket that children inherit.
class listener {
public:
    listener()
        : socket(::socket(AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&at), size) == 0);
        REQUIRE(::listen(socket, 16) == 0);
        REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size) == 0);
        port = std::to_string(ntohs(at.sin_port));
    }

    ~listener() { ::close(socket); }

    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    const int socket;
    std::string port;
};

/// HAProxy twice around a relay: the first passes curl on to it, the other answers with who the
/// client is.
std::string who_curl_is(const std::string& first_sends, const std::string& relay_sends)
{
    const test::scratch folder;
    const listener front;
    const std::string conf = folder.file("haproxy.cfg");
    std::ofstream(conf
    ) << "defaults\n timeout connect 10s\n timeout client 10s\n timeout server 10s\n"
         "listen first\n mode tcp\n bind fd@"
      << front.socket << "\n server relay unix@" << folder.file("relay") << ' ' << first_sends
      << "\nfrontend last\n mode http\n bind unix@" << folder.file("last")
      << " accept-proxy\n http-request return status 200 content-type text/plain"
         " lf-string %[src]:%[src_port]\n";
    const child haproxy({"/usr/sbin/haproxy", "-db", "-f", conf});
    const service relay(
        RELAY_PROGRAM,
        {"server.listen=unix:" + folder.file("relay"),
         "server.proxy_protocol_from=unix:",
         "service.workers=2",
         "upstream.servers=unix:" + folder.file("last"),
         "upstream.proxy_protocol=" + relay_sends}
    );
    return output_of(
        "curl --silent --retry 20 --retry-delay 1 --retry-all-errors --no-keepalive"
        " --write-out ' is %{local_ip}:%{local_port}' http://127.0.0.1:" +
        front.port
    );
}

TEST_CASE("relay, peers: HAProxy's PROXY protocol, in and out, in both versions")
{
    for (const char* first : {"send-proxy", "send-proxy-v2"})
        for (const char* second : {"v1", "v2"}) {
            const std::string said = who_curl_is(first, second);
            const std::size_t middle = said.find(" is ");
            REQUIRE_MESSAGE(middle != std::string::npos, said);
            CHECK(said.substr(0, middle) == said.substr(middle + 4));
            CHECK(said.starts_with("127.0.0.1:"));
        }
}

TEST_CASE("relay, peers: Python's asyncio on both ends, each of which ends its half by itself")
{
    const std::string server_code = R"(
import asyncio
async def answer(reader, writer):
    got = await reader.read()
    writer.write(b"got %d" % len(got))
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
)";
    child server({"python3", "-c", server_code});
    const std::string said = server.log_until("port ");
    const std::string port = std::to_string(std::stoi(said.substr(said.find("port ") + 5)));
    const service relay = relay_to("127.0.0.1:" + port);
    const std::string client_code = R"(
import asyncio
async def main():
    reader, writer = await asyncio.open_connection("127.0.0.1", )" +
                                    relay.port + R"()
    writer.write(b"x" * 3000000)
    writer.write_eof()
    print((await reader.read()).decode())
asyncio.run(main())
)";
    CHECK(output_of("python3 -c '" + client_code + "'") == "got 3000000\n");
}

TEST_CASE("relay: conf/relay.toml shows every key at its default")
{
    std::ifstream file(RILL_SOURCE_DIR "/conf/relay.toml");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    CHECK(text == rill::conf::reference<relay::config>());
}

} // namespace
