// SPDX-License-Identifier: BSL-1.0
#include "look_up.hpp"

#include "sockets.hpp"

#include <rill/detail/net_detail.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

class look_up_waiter;

/// Shared by the thread that does it and the coroutine that waits for it. Each may be done with it
/// first.
struct waited_look_up final : look_up_job {
    using look_up_job::look_up_job;

    void done(std::shared_ptr<look_up_job> self) noexcept override;

    std::mutex mutex;
    look_up_waiter* waiter = nullptr; // null: nobody waits any more
    loop_core* core = nullptr;        // alive while there is a waiter
};

/// Waits for a look-up; a cancel abandons it.
class look_up_waiter : public operation {
public:
    look_up_waiter(
        loop_core& core, look_up_threads& threads, std::shared_ptr<waited_look_up> work
    ) noexcept
        : operation(&core)
        , threads_(threads)
        , work_(std::move(work))
    {}

    look_up_waiter(look_up_waiter&&) = default;

    ~look_up_waiter() { abandon(); }

protected:
    void start()
    {
        work_->waiter = this;
        work_->core = core_;
        core_->make_pending(*this);
        if (const error_code ec = threads_.add(work_)) { // else it is the thread's to write
            work_->error = ec;
            complete();
        }
    }

    void on_cancel()
    {
        abandon();
        abort();
    }

private:
    void abandon() noexcept
    {
        if (!work_)
            return;
        threads_.drop(*work_);
        const std::lock_guard lock(work_->mutex);
        work_->waiter = nullptr;
    }

    look_up_threads& threads_;
    std::shared_ptr<waited_look_up> work_;
};

/// Posts under the lock: a waiter that goes away takes the loop's address with it, and a loop that
/// dies first makes every waiter go away.
void waited_look_up::done(std::shared_ptr<look_up_job> self) noexcept
{
    const std::lock_guard lock(mutex);
    if (!waiter)
        return;
    asio::post(core->io(), [this, self = std::move(self)] {
        // On the loop's thread, where the waiter comes and goes.
        look_up_waiter* waiting = nullptr;
        {
            const std::lock_guard inner(mutex);
            waiting = std::exchange(waiter, nullptr);
        }
        if (waiting)
            waiting->complete();
    });
}

/// Returns once the answer is there.
awaitable<void> carry_out(look_up_threads& threads, std::shared_ptr<waited_look_up> work)
{
    loop_core& core = loop_core::of(co_await asio::this_coro::executor);
    wait_operation<void(error_code), look_up_waiter> done(std::in_place, core, threads, work);
    co_await std::move(done);
    if (!work->error && work->addresses.empty() && work->name.empty())
        work->error = asio::error::host_not_found;
    std::string what = "looking up \"" + work->host + "\"";
    if (work->error == asio::error::try_again)
        what += ": " + std::to_string(threads.most_waiting()) + " look-ups wait already";
    if (work->error)
        throw_error(work->error, what);
}

} // namespace

awaitable<std::vector<asio::ip::address>>
look_up_addresses(look_up_threads& threads, std::string host)
{
    const auto work = std::make_shared<waited_look_up>(std::move(host));
    co_await carry_out(threads, work);
    co_return std::move(work->addresses);
}

awaitable<std::string> look_up_name_of(look_up_threads& threads, asio::ip::address address)
{
    const auto work = std::make_shared<waited_look_up>(address);
    co_await carry_out(threads, work);
    co_return std::move(work->name);
}

awaitable<name_answer> system_names::look_up(std::string name)
{
    name_answer answer;
    answer.addresses = co_await look_up_addresses(look_up_threads::instance(), std::move(name));
    co_return answer;
}

awaitable<std::string> system_names::name_of(asio::ip::address address)
{
    return look_up_name_of(look_up_threads::instance(), address);
}

} // namespace rill::RILL_FORM::net_detail
