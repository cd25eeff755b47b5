// SPDX-License-Identifier: BSL-1.0
#include <support/how.hpp>
#include <support/loop.hpp>

#include <rill/cleanup.hpp>
#include <rill/shield.hpp>
#include <rill/timeout.hpp>
#include <rill/with.hpp>

#include <stdexcept>
#include <string>

namespace {

using rill::awaitable;
using test::how;
using namespace std::chrono_literals;

awaitable<void> fail(std::string text)
{
    throw std::runtime_error(text);
    co_return;
}

TEST_CASE("with_cleanup: the cleanup is awaited on every way out, and the body's outcome kept")
{
    test::loop loop;
    int cleaned = 0;
    const auto cleanup = [&]() -> awaitable<void> {
        co_await rill::sleep(1s);
        ++cleaned;
    };
    CHECK(loop.run(rill::with_cleanup(rill::sleep(1s, 5), cleanup)) == 5);
    CHECK(loop.run(how(rill::with_cleanup(fail("body"), cleanup))) == "body");
    auto t = loop.spawn(how(rill::with_cleanup(rill::sleep(1h), cleanup)));
    loop.settle();
    t.cancel();
    loop.advance(1s);
    CHECK(t.result() == "cancelled");
    CHECK(cleaned == 3);
}

TEST_CASE("with_cleanup: a body that throws before it is a coroutine is cleaned up after as well")
{
    test::loop loop;
    bool cleaned = false;
    const auto body = [](bool ready) -> awaitable<void> {
        if (!ready)
            throw std::runtime_error("early");
        return fail("late");
    };
    const auto early = [&] { return body(false); };
    const auto cleanup = [&]() -> awaitable<void> {
        cleaned = true;
        co_return;
    };
    CHECK(loop.run(how(rill::with_cleanup(early, cleanup))) == "early");
    CHECK(cleaned);
}

TEST_CASE("with_cleanup: a cleanup that fails is thrown; with a body that failed, both")
{
    test::loop loop;
    CHECK(loop.run(how(rill::with_cleanup(rill::sleep(1s), fail("cleanup")))) == "cleanup");
    CHECK(
        loop.run(how(rill::with_cleanup(fail("body"), fail("cleanup")))) ==
        "group: 2 errors: body; cleanup"
    );
}

TEST_CASE("with_cleanup: an abort that nobody asked for is an error of the body's like others")
{
    test::loop loop;
    const auto aborted = []() -> awaitable<void> {
        throw rill::system_error(rill::asio::error::operation_aborted);
        co_return;
    };
    const std::string both = loop.run(how(rill::with_cleanup(aborted, fail("cleanup"))));
    CHECK(both.find("group: 2 errors: ") == 0);
}

TEST_CASE("EH-06, with_cleanup: a fatal error of body or cleanup leaves bare, the other is reported"
)
{
    test::loop loop;
    const auto fatal = []() -> awaitable<void> {
        throw rill::fatal_error("the end");
        co_return;
    };
    CHECK(loop.run(how(rill::with_cleanup(fatal, fail("cleanup")))) == "the end");
    loop.expect_reported("cleanup");
    CHECK(loop.run(how(rill::with_cleanup(fail("body"), fatal))) == "the end");
    loop.expect_reported("body");
}

TEST_CASE("CX-15, BY-08: cleanup after a cancel can wait; a second cancel() ends its grace")
{
    test::loop loop;
    std::string log;
    const auto cleanup = [&]() -> awaitable<void> {
        co_await rill::sleep(1s);
        log += "one ";
        co_await rill::sleep(1h);
        log += "BAD";
    };
    auto t = loop.spawn(how(rill::with_cleanup(rill::sleep(1h), cleanup, 2h)));
    loop.settle();
    t.cancel();
    loop.advance(2s);
    CHECK(log == "one ");
    CHECK_FALSE(t.done());
    t.cancel();
    loop.settle();
    CHECK(t.result() == "cancelled");
    CHECK(log == "one ");
    REQUIRE(loop.reported().size() == 1);
    CHECK(loop.reported()[0].find("a cleanup was cut short") == 0);
    loop.forget_reported();
}

TEST_CASE(
    "with_cleanup: a second cancel() that came behind a shield ends the grace when that is left"
)
{
    test::loop loop;
    std::string log;
    const auto cleanup = [&]() -> awaitable<void> {
        {
            const rill::shield_scope shield;
            co_await rill::sleep(1s);
            log += "shielded ";
        }
        co_await rill::sleep(1h);
        log += "BAD";
    };
    auto t = loop.spawn(how(rill::with_cleanup(rill::sleep(1h), cleanup, 2h)));
    loop.settle();
    t.cancel();
    loop.settle();
    t.cancel();
    loop.advance(1s);
    CHECK(log == "shielded ");
    CHECK(t.result() == "cancelled");
    loop.forget_reported();
}

TEST_CASE("with_cleanup: a first cancel() during the cleanup of a body that ended well waits")
{
    test::loop loop;
    bool cleaned = false;
    const auto cleanup = [&]() -> awaitable<void> {
        co_await rill::sleep(1s);
        cleaned = true;
    };
    auto t = loop.spawn([&]() -> awaitable<void> {
        co_await rill::with_cleanup(rill::sleep(0s), cleanup);
        co_await rill::sleep(1h);
    });
    loop.settle();
    t.cancel();
    loop.advance(1s);
    CHECK(cleaned);
    CHECK(t.cancelled());
}

TEST_CASE("with_cleanup: a cleanup that outlasts its grace is cut, and that is not silent")
{
    test::loop loop;
    const auto start = loop.now();
    CHECK(loop.run(how(rill::with_cleanup(rill::sleep(0s), rill::sleep(1h), 3s))) == "timeout");
    CHECK(loop.now() - start == 3s);
    CHECK(loop.run(how(rill::with_cleanup(fail("body"), rill::sleep(1h), 3s))) == "body");
    REQUIRE(loop.reported().size() == 1);
    loop.forget_reported();
}

/// Something whose closing takes a while.
struct resource {
    explicit resource(std::string& l)
        : log(&l)
    {}

    awaitable<void> close()
    {
        co_await rill::sleep(1s);
        *log += "closed ";
    }

    std::string* log;
};

TEST_CASE("with: the resource is closed on every way out, timeouts included")
{
    test::loop loop;
    std::string log;
    const int n = loop.run(rill::with(resource(log), [](resource& r) -> awaitable<int> {
        *r.log += "used ";
        co_return 3;
    }));
    CHECK(n == 3);
    CHECK(log == "used closed ");

    const auto hang = [](resource&) { return rill::sleep(1h); };
    const auto result = loop.run(how(rill::timeout(2s, rill::with(resource(log), hang))));
    CHECK(result == "timeout");
    CHECK(log == "used closed closed ");
}

} // namespace
