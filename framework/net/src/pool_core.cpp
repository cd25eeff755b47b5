// SPDX-License-Identifier: BSL-1.0
#include <rill/cancel_scope.hpp>
#include <rill/context_var.hpp>
#include <rill/detail/pool_core.hpp>
#include <rill/extend_watch.hpp>
#include <rill/log.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

namespace rill::RILL_FORM::net_detail {

namespace {

constexpr duration first_delay = std::chrono::milliseconds(100);
constexpr duration longest_delay = std::chrono::seconds(5);

/// From all of `d` down to `part` of it less.
duration jittered(duration d, double part, random_source& random)
{
    const double off = static_cast<double>(d.count()) * part * random.fraction();
    return d - duration(static_cast<duration::rep>(off));
}

const pool_options& checked(const pool_options& o)
{
    const auto refuse = [](const std::string& rule) {
        throw std::invalid_argument("rill::pool: " + rule);
    };
    if (o.most < 1 || o.least > o.most)
        refuse(
            "from " + std::to_string(o.least) + " to " + std::to_string(o.most) +
            " connections; the most must be at least 1, and no less than the least"
        );
    for (const duration d : {o.wait_limit, o.open_limit, o.check_limit, o.idle_limit, o.age_limit})
        if (d <= duration::zero())
            refuse("its timeouts must be positive");
    if (o.trusted_for < duration::zero())
        refuse("check_after must be 0 or more");
    return o;
}

error_code code_of(const std::exception_ptr& error) noexcept
{
    try {
        std::rethrow_exception(error);
    } catch (const system_error& e) {
        if (e.code())
            return e.code();
    } catch (...) { // no code is in it
    }
    return asio::error::not_connected;
}

} // namespace

/// Work on a place, in the frame of its task. Its end, whatever that is due to, tells the pool.
class pool_core::job {
public:
    job(pool_core& p, work w, slot_ptr s) noexcept
        : pool(&p)
        , what(w)
        , slot(std::move(s))
        , failures_before(p.failures_)
    {
        ++count();
        pool->working_.push_back(*slot);
    }

    job(job&&) noexcept = default;

    ~job()
    {
        if (!slot)
            return;
        --count();
        slot->unlink();
        slot->worker = {};
        pool->ended(*this);
    }

    std::size_t& count() const noexcept
    {
        switch (what) {
        case work::opening: return pool->opening_;
        case work::checking: return pool->checking_;
        case work::restoring: break;
        }
        return pool->restoring_;
    }

    const char* name() const noexcept
    {
        switch (what) {
        case work::opening: return ": opening";
        case work::checking: return ": checking";
        case work::restoring: break;
        }
        return ": restoring";
    }

    pool_ptr pool;
    work what;
    slot_ptr slot;
    unsigned failures_before;
    bool good = false;
    std::exception_ptr error; // why it is not good, where that is known
};

void lease_end::operator()(pool_slot* leased) const noexcept
{
    pool->give_back(slot_ptr(leased));
}

pool_core::pool_core(loop_core& core, const pool_options& options, bool checks, bool restores)
    : context_user(core.io())
    , timer_node(&on_due)
    , core_(core)
    , options_(checked(options))
    , context_(copy_context())
    , checks_(checks)
    , restores_(restores)
    , at_once_(options.most)
    , empty_(core.executor())
{}

pool_core::~pool_core()
{
    if (armed())
        core_.disarm(*this);
}

// Giving and taking

bool pool_core::is_reusable(pool_slot& s) noexcept
{
    try {
        return reusable(s);
    } catch (...) { // it is not, then
        return false;
    }
}

bool pool_core::needs_check(const pool_slot& s, time_point now) const noexcept
{
    return checks_ && (s.good_since <= distrusted_ || now - s.good_since >= options_.trusted_for);
}

/// The one that was used last.
slot_ptr pool_core::pop_idle() noexcept
{
    slot_ptr s = std::move(idle_.back());
    idle_.pop_back();
    return s;
}

/// Null if none is left that can be used as it is. They are checked in the order of their use, so
/// behind one that needs a check all others do.
slot_ptr pool_core::take_idle() noexcept
{
    const time_point now = core_.recently();
    while (!idle_.empty() && !needs_check(*idle_.back(), now)) {
        slot_ptr s = pop_idle();
        if (s->old_at > now && is_reusable(*s))
            return s;
        remove(std::move(s));
    }
    return nullptr;
}

leased_slot pool_core::try_take() noexcept
{
    if (gone() || phase_ != phase::open)
        return {};
    slot_ptr s = take_idle();
    if (!s)
        return {};
    ++counted_.leases;
    return leased_slot(s.release(), lease_end{pool_ptr(this)});
}

void pool_core::lend(slot_ptr s, wait& to) noexcept
{
    ++counted_.leases;
    to.leave();
    to.slot_ = leased_slot(s.release(), lease_end{pool_ptr(this)});
    waiters_.grant(to);
}

void pool_core::keep(slot_ptr s) noexcept
{
    s->good_since = core_.recently();
    if (wait* const first = waiters_.front()) {
        lend(std::move(s), *first);
        return;
    }
    const time_point unused = deadline_after(s->good_since, options_.idle_limit);
    idle_due_ = std::min({idle_due_, unused, s->old_at});
    idle_.push_back(std::move(s));
}

void pool_core::remove(slot_ptr s) noexcept
{
    s.reset(); // first: there are never more than the most
    --size_;
}

void pool_core::give_back(slot_ptr s) noexcept
{
    if (!wanted() || s->old_at <= core_.recently())
        remove(std::move(s));
    else if (is_reusable(*s))
        keep(std::move(s));
    else if (restores_)
        begin(work::restoring, std::move(s));
    else
        remove(std::move(s));
    serve();
}

void pool_core::discard(slot_ptr s) noexcept
{
    if (!gone())
        distrusted_ = core_.recently();
    let_go(std::move(s));
}

void pool_core::let_go(slot_ptr s) noexcept
{
    remove(std::move(s));
    serve();
}

// What is missing

/// Brings together those who wait and what there is, and has made what is missing. Called after
/// whatever may have changed one of these.
void pool_core::serve() noexcept
{
    if (gone())
        return;
    if (phase_ != phase::closed) {
        while (!waiters_.empty()) {
            slot_ptr s = take_idle();
            if (!s)
                break;
            keep(std::move(s));
        }
        begin_missing();
    }
    if (phase_ != phase::open && waiting_ == 0)
        wind_up();
    set_timer();
}

void pool_core::begin_missing() noexcept
{
    while (waiting_ > opening_ + checking_ && !idle_.empty())
        begin(work::checking, pop_idle());
    while (wants_another() && core_.now() >= retry_at_)
        begin_opening();
}

/// Whether one is to be opened, now or once the time has come.
bool pool_core::wants_another() const noexcept
{
    if (size_ >= options_.most || opening_ >= at_once_)
        return false;
    const bool too_few = phase_ == phase::open && size_ < options_.least;
    return too_few || waiting_ > opening_ + checking_;
}

void pool_core::begin_opening() noexcept
{
    const unsigned before = failures_;
    ++size_;
    try {
        idle_.reserve(size_);
        begin(work::opening, make_slot());
    } catch (...) { // no memory
        --size_;
        not_opened(std::current_exception(), before);
    }
}

void pool_core::begin(work what, slot_ptr s) noexcept
{
    job j(*this, what, std::move(s));
    pool_slot& slot = *j.slot;
    try {
        task_options options(title() + j.name());
        options.eager(false); // the source is not called from within an acquire()
        slot.worker = context_.run([&] {
            return create_task(core_.executor(), run(std::move(j)), std::move(options));
        });
    } catch (...) { // no memory: the end of the job says that it has failed
    }
}

awaitable<void> pool_core::run(job j)
{
    pool_core& pool = *j.pool;
    const duration limit =
        j.what == work::opening ? pool.options_.open_limit : pool.options_.check_limit;
    try {
        const std::optional<bool> good =
            co_await move_on_after(limit, pool.perform(j.what, *j.slot));
        j.good = good.value_or(false);
        if (!good)
            j.error = std::make_exception_ptr(timeout_error(
                "rill::pool: " + pool.title() + j.name() + " took more than " + text_of(limit)
            ));
    } catch (...) {
        j.error = std::current_exception();
        if (is_fatal(j.error))
            throw;
    }
}

awaitable<bool> pool_core::perform(work what, pool_slot& s)
{
    if (what == work::checking)
        co_return co_await check(s);
    if (what == work::restoring)
        co_return co_await restore(s);
    co_await open(s);
    co_return true;
}

// What became of it

void pool_core::ended(job& j) noexcept
{
    if (!wanted()) {
        remove(std::move(j.slot));
    } else if (j.what == work::opening) {
        if (j.good) {
            opened(std::move(j.slot));
        } else {
            remove(std::move(j.slot));
            if (!j.error) // its task was dropped before it began
                j.error = std::make_exception_ptr(system_error(aborted()));
            not_opened(std::move(j.error), j.failures_before);
        }
    } else if (j.good) {
        keep(std::move(j.slot));
    } else {
        lost(std::move(j.slot), j.error);
    }
    serve();
}

void pool_core::opened(slot_ptr s) noexcept
{
    ++counted_.opened;
    failures_ = 0;
    retry_at_ = {};
    last_error_ = nullptr;
    at_once_ = std::min(options_.most, at_once_ + 1);
    if (options_.age_limit != forever)
        s->old_at = deadline_after(core_.now(), jittered(options_.age_limit, 0.1, core_.random));
    keep(std::move(s));
}

/// Those that were begun side by side and fail together count as one failure.
void pool_core::not_opened(std::exception_ptr error, unsigned failures_before) noexcept
{
    ++counted_.failed;
    at_once_ = 1;
    last_error_ = error;
    if (failures_before == failures_) {
        ++failures_;
        retry_at_ = deadline_after(core_.now(), next_delay());
    }
    wait* const first = waiters_.front();
    if (first && waiting_ > opening_ + checking_)
        first->end_with(std::move(error));
    else
        note(log::level::warning, "a pool could not open a connection", error);
}

void pool_core::lost(slot_ptr s, const std::exception_ptr& error) noexcept
{
    ++counted_.lost;
    distrusted_ = core_.recently();
    note(log::level::info, "a pool closes a connection that is of no use any more", error);
    remove(std::move(s));
}

/// Nobody else learns of it.
void pool_core::note(log::level level, std::string_view event, const std::exception_ptr& error)
    const noexcept
{
    try {
        const std::string why = error ? text_of(error) : "it was found to be so";
        log::write(level, event, {{"pool", options_.title}, {"why", why}});
    } catch (...) { // no memory
    }
}

duration pool_core::next_delay() noexcept
{
    const unsigned doublings = std::min(failures_ - 1, 6u);
    const duration full = std::min(first_delay * (1 << doublings), longest_delay);
    return jittered(full, 0.5, core_.random);
}

// Time

void pool_core::on_due(timer_node& node)
{
    auto& self = static_cast<pool_core&>(node);
    const pool_ptr keep(&self);
    const time_point now = self.core_.now();
    self.end_waits_that_are_over(now);
    if (self.idle_due_ <= now)
        self.close_expired(now);
    self.serve();
}

void pool_core::end_waits_that_are_over(time_point now) noexcept
{
    for (wait* w = waiters_.front(); w && w->deadline_ <= now; w = waiters_.front()) {
        ++counted_.timeouts;
        w->end_with(timed_out());
    }
}

std::exception_ptr pool_core::timed_out() const noexcept
{
    try {
        std::string text = "rill::pool: nothing of " + description() + " was free within " +
                           text_of(options_.wait_limit);
        if (last_error_)
            text += "; opening one failed: " + text_of(last_error_);
        return std::make_exception_ptr(timeout_error(std::move(text)));
    } catch (...) { // no memory
        return std::current_exception();
    }
}

void pool_core::close_expired(time_point now) noexcept
{
    const auto unused = [&](const slot_ptr& s) {
        return deadline_after(s->good_since, options_.idle_limit);
    };
    const auto expired = [&](const slot_ptr& s) {
        return s->old_at <= now || (size_ > options_.least && unused(s) <= now);
    };
    for (;;) {
        const auto at = std::find_if(idle_.begin(), idle_.end(), expired);
        if (at == idle_.end())
            break;
        slot_ptr s = std::move(*at);
        idle_.erase(at);
        remove(std::move(s));
    }
    idle_due_ = never;
    for (const slot_ptr& s : idle_) // those of the least are looked at again later
        idle_due_ = std::min(
            {idle_due_, s->old_at, std::max(unused(s), deadline_after(now, options_.idle_limit))}
        );
}

/// One timer for all. It may fire early: then it is found that nothing is due.
void pool_core::set_timer() noexcept
{
    time_point due = idle_.empty() ? never : idle_due_;
    if (const wait* const first = waiters_.front())
        due = std::min(due, first->deadline_);
    if (wants_another())
        due = std::min(due, retry_at_);
    if (due != never && armed() && timer_due_ <= due)
        return;
    core_.disarm(*this);
    try {
        core_.arm(*this, due);
        timer_due_ = due;
    } catch (...) { // no memory: the next change sets it
    }
}

// The end

void pool_core::close() noexcept
{
    phase_ = phase::closed;
    while (wait* const w = waiters_.front()) {
        w->leave();
        w->fail(errc::closed);
    }
    serve();
}

void pool_core::abandon() noexcept
{
    phase_ = phase::closed;
    while (wait* const w = waiters_.front()) {
        w->leave();
        w->abort();
    }
    serve();
}

awaitable<void> pool_core::drain(pool_ptr self)
{
    if (self->phase_ == phase::open)
        self->phase_ = phase::draining;
    self->serve();
    co_await self->empty_.wait();
}

void pool_core::close_idle() noexcept
{
    while (!idle_.empty())
        remove(pop_idle());
}

void pool_core::wind_up() noexcept
{
    close_idle();
    while (pool_slot* const s = working_.pop_front()) {
        stopping_.push_back(*s);
        if (task<void> worker = s->worker) // which may go with the slot
            worker.cancel();
    }
    if (size_ == 0)
        empty_.set();
}

void pool_core::on_context_end() noexcept
{
    loop_ended_ = true;
    close_idle();
}

// For those who look

std::string pool_core::title() const
{
    return options_.title.empty() ? "a pool" : "pool '" + options_.title + "'";
}

pool_statistics pool_core::statistics() const noexcept
{
    pool_statistics now = counted_;
    now.size = size_;
    now.idle = idle_.size();
    now.opening = opening_;
    now.checking = checking_ + restoring_;
    now.leased = size_ - now.idle - now.opening - now.checking;
    now.waiting = waiters_.size();
    return now;
}

std::string pool_core::description() const
{
    const pool_statistics now = statistics();
    std::string text = title() + " (" + std::to_string(now.leased) + " of " +
                       std::to_string(options_.most) + " leased";
    const auto add = [&text](std::size_t n, const char* what) {
        if (n > 0)
            text += ", " + std::to_string(n) + what;
    };
    add(now.idle, " idle");
    add(now.opening, " being opened");
    add(now.checking, " being checked");
    add(now.waiting, " wait");
    return text + ")";
}

// Waiting

pool_core::wait::wait(pool_ptr pool, std::source_location where) noexcept
    : operation(&pool->core_, where)
    , pool_(std::move(pool))
{}

bool pool_core::wait::try_now() noexcept
{
    slot_ = pool_->try_take();
    return slot_ != nullptr;
}

void pool_core::wait::start()
{
    if (pool_->phase_ != phase::open) {
        fail(errc::closed);
        return;
    }
    deadline_ = deadline_after(core_->now(), pool_->options_.wait_limit);
    counted_ = true;
    ++pool_->waiting_;
    pool_->waiters_.add(*this);
    pool_->serve();
}

void pool_core::wait::on_cancel()
{
    leave();
    abort();
    pool_->serve(); // one that is drained may be done
}

void pool_core::wait::leave() noexcept
{
    if (std::exchange(counted_, false))
        --pool_->waiting_;
}

void pool_core::wait::end_with(std::exception_ptr error) noexcept
{
    leave();
    error_ = std::move(error);
    complete();
}

void pool_core::wait::describe_to(std::string& text) const
{
    text = "one of " + pool_->description();
}

error_code pool_core::wait::why() const noexcept
{
    return error_ ? code_of(error_) : error();
}

void pool_core::wait::explain() const
{
    if (error_)
        std::rethrow_exception(error_);
}

} // namespace rill::RILL_FORM::net_detail
