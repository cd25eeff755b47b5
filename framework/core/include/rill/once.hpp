// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/awaitable.hpp>
#include <rill/detail/form.hpp>
#include <rill/detail/wait/shared_work.hpp>
#include <rill/error.hpp>

#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace rill::RILL_FORM {

namespace detail {

/// A value that is given to several as a reference; nothing for void.
template <class T>
using shared_value_t = std::conditional_t<std::is_void_v<T>, void, std::reference_wrapper<T>>;

template <class T>
class once_state;

} // namespace detail

struct once_statistics {
    bool done;           ///< It has succeeded.
    bool running;        ///< An attempt is under way.
    std::size_t waiting; ///< Those who wait for it.
    std::size_t begun;   ///< Attempts that were begun.
};

/// Work that is done once, for all who need it: by whoever comes first, and the others wait for it.
/// As tokio's OnceCell, for the tasks of one loop.
///
///     rill::once<database> db;
///     database& d = co_await db.run([&] { return connect(address); });
///
/// The work runs as a task of its own, with the context of whoever caused it. If it fails, those
/// who waited get its error, and the next caller has it tried again.
///
/// Cancellation: a caller that is cancelled leaves, and the others do not notice. With the last one
/// the work is cancelled; who comes while it ends waits for that, and begins anew. Work that
/// succeeds all the same has succeeded. An error of its own that nobody is left to see is reported
/// to the loop's exception handler.
/// Destroyed, it cancels the work, and those who wait end with operation_aborted when that has
/// ended.
/// Thread safety: distinct objects safe, shared objects unsafe; all on the thread of one loop.
template <class T = void>
class once {
public:
    using value_type = T;

    /// `name` is that of the task, in messages and dumps.
    explicit once(std::string name = "once");
    ~once();

    once(const once&) = delete;
    once& operator=(const once&) = delete;

    /// Returns once the work has succeeded, now or before, and gives a reference to its value,
    /// which is as valid as this object: std::reference_wrapper<T>, or nothing for void. Done
    /// before, it does not suspend, and `fn` is not called. Throws what the attempt threw that it
    /// waited for.
    template <coroutine_function F>
    awaitable<detail::shared_value_t<T>>
    run(F fn, std::source_location where = std::source_location::current());

    bool done() const noexcept;

    /// The value; invalid_state if it is not done. There is no reset: references are out.
    std::add_lvalue_reference_t<T> get() const;

    once_statistics statistics() const noexcept;

private:
    std::shared_ptr<detail::once_state<T>> state_; // the work and its callers may outlive this
};

} // namespace rill::RILL_FORM

#include <rill/impl/once.hpp>
