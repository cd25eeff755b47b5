// SPDX-License-Identifier: BSL-1.0
//
// Runs what framework/core/EXISTING-ASIO.md shows of rill::net.
#include "existing_asio_net.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

namespace {

TEST_CASE("existing Asio guide: a pool's socket becomes a stream on a loop beside it")
{
    asio::io_context pool;
    rill::loop_thread worker;
    tcp::acceptor acceptor(pool, {asio::ip::address_v4::loopback(), 0});
    tcp::socket client(pool);
    client.connect(acceptor.local_endpoint());
    auto served = asio::co_spawn(pool, session(acceptor.accept(), worker), asio::use_future);
    std::thread running([&] { pool.run(); });
    asio::write(client, asio::buffer(std::string("hello\n")));
    client.shutdown(tcp::socket::shutdown_send);
    std::string answer;
    boost::system::error_code end;
    asio::read(client, asio::dynamic_buffer(answer), end);
    CHECK(answer == "you said: hello\n");
    CHECK(end == asio::error::eof);
    CHECK_NOTHROW(served.get());
    running.join();
}

} // namespace
