// SPDX-License-Identifier: BSL-1.0
#include <support/loop.hpp>

#include <rill/detail/network_backend.hpp>
#include <rill/event.hpp>
#include <rill/server.hpp>

#include <cerrno>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using rill::awaitable;
using rill::error_code;

error_code system_code(int value)
{
    return {value, boost::asio::error::get_system_category()};
}

/// What a listener is to say, and what was asked of it.
struct script {
    std::deque<int> waits;   // none left: nobody comes until the end
    std::deque<int> accepts; // none left: nobody is there
    int asked = 0;           // to wait
};

class scripted_listener final : public rill::net_detail::incoming {
public:
    scripted_listener(script& s, rill::detail::loop_core& core)
        : script_(s)
        , core_(core)
        , closed_(core.executor())
    {}

    const rill::endpoint& local() const noexcept override { return local_; }

    awaitable<error_code> wait() override
    {
        ++script_.asked;
        if (script_.waits.empty())
            co_await closed_.wait();
        co_return next(script_.waits, boost::asio::error::operation_aborted);
    }

    rill::stream_socket accept(rill::endpoint&, error_code& ec) override
    {
        ec = next(script_.accepts, boost::asio::error::would_block);
        return rill::stream_socket(core_.executor());
    }

    void close() noexcept override { closed_.set(); }

private:
    static error_code next(std::deque<int>& from, error_code last)
    {
        if (from.empty())
            return last;
        const int value = from.front();
        from.pop_front();
        return system_code(value);
    }

    script& script_;
    rill::detail::loop_core& core_;
    rill::event closed_;
    rill::endpoint local_;
};

/// A server whose listener goes by a script.
struct fixture final : rill::net_detail::network_backend {
    script listener;
    rill::net_detail::resolver no_names{nullptr, {}};
    test::loop loop;
    rill::detail::loop_core& core = rill::detail::loop_core::of(loop.context());

    fixture() { rill::net_detail::network_service::of(core).set_backend(this); }

    rill::server serve()
    {
        const auto handler = [](rill::stream) -> awaitable<void> { co_return; };
        return {loop.executor(), handler, rill::listen_address::parse("127.0.0.1:1")};
    }

    rill::net_detail::resolver& names() noexcept override { return no_names; }

    rill::stream_socket open_stream(const rill::endpoint&, const rill::endpoint*) override
    {
        return rill::stream_socket(core.executor());
    }

    std::unique_ptr<rill::net_detail::incoming>
    listen(const rill::endpoint&, const rill::server_options&) override
    {
        return std::make_unique<scripted_listener>(listener, core);
    }

    void loop_ends() noexcept override {}
};

} // namespace

TEST_CASE("accepting: an error of the wait is reported once, and is no end")
{
    fixture f;
    f.listener.waits = {EBADF, EBADF, 0};
    rill::server server = f.serve();
    f.loop.settle();
    f.loop.expect_reported("accepting connections is suspended, new ones wait");
    f.loop.advance(99ms);
    CHECK(f.listener.asked == 1);
    f.loop.advance(1s);
    CHECK(f.listener.asked == 4); // the last wait is still under way
    CHECK(f.loop.reported().empty());
    CHECK(server.statistics().accept_errors == 2);
    CHECK(server.statistics().out_of_resources == 0);
}

TEST_CASE("accepting: so is one of accept itself that is not a single connection's")
{
    fixture f;
    f.listener.waits = {0, 0, 0, 0};
    f.listener.accepts = {EINVAL, ECONNABORTED, EAGAIN, EINVAL};
    rill::server server = f.serve();
    f.loop.settle();
    f.loop.expect_reported("Invalid argument");
    f.loop.advance(1s);
    CHECK(f.listener.asked == 5);
    f.loop.expect_reported("Invalid argument"); // between the two all was well
    CHECK(server.statistics().accept_errors == 2);
}

TEST_CASE("SRV-22, BY-57: where descriptors run out accepting waits, and goes on")
{
    fixture f;
    f.listener.waits = {0, 0};
    f.listener.accepts = {EMFILE, EAGAIN};
    rill::server server = f.serve();
    f.loop.settle();
    CHECK(server.statistics().out_of_resources == 1);
    f.loop.expect_reported("Too many open files");
    f.loop.advance(100ms);
    CHECK(f.listener.asked == 3);
    CHECK(server.statistics().accept_errors == 0);
}

TEST_CASE("accepting: an error while a server closes is told, with what becomes of those who wait")
{
    fixture f;
    rill::server server = f.serve();
    f.loop.settle();
    SUBCASE("of descriptors")
    {
        f.listener.accepts = {EMFILE};
        server.close();
        f.loop.expect_reported("connections that wait to be accepted are reset");
    }
    SUBCASE("but not that of a single connection")
    {
        f.listener.accepts = {ECONNABORTED, ECONNABORTED};
        server.close();
        CHECK(f.listener.accepts.empty());
        CHECK(f.loop.reported().empty());
    }
}

TEST_CASE("accepting: a cancelled wait is its end, and no error")
{
    fixture f;
    f.listener.waits = {ECANCELED};
    rill::server server = f.serve();
    f.loop.advance(1s);
    CHECK(f.listener.asked == 1);
    CHECK(f.loop.reported().empty());
}
