// SPDX-License-Identifier: BSL-1.0

// A server of the installed streams, and its client, in one program.
#include <rill/run.hpp>
#include <rill/streams.hpp>

#include <string>

namespace {

rill::awaitable<void> greet(rill::stream& client)
{
    const std::string name = co_await client.reader().read_line();
    client.writer().write("hello " + name); // read_line keeps the line end
    co_await client.writer().drain();
}

rill::awaitable<std::string> ask(unsigned short port)
{
    rill::stream connection = co_await rill::open_connection("127.0.0.1", port);
    connection.writer().write("rill\n");
    co_await connection.writer().drain();
    co_return co_await connection.reader().read_line();
}

rill::awaitable<std::string> main_task()
{
    rill::server::handler handler = [](rill::stream client) -> rill::awaitable<void> {
        co_await greet(client);
    };
    rill::server server = co_await rill::start_server(handler, "127.0.0.1", 0);
    co_return co_await ask(rill::port_of(server.local_endpoint()));
}

} // namespace

int main()
{
    return rill::run(main_task()) == "hello rill\n" ? 0 : 1;
}
