// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>
#include <rill/detail/loop/asio_coroutine.hpp>
#include <rill/detail/loop/task_executor.hpp>
#include <rill/detail/watch/watched_loops.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>

namespace rill::RILL_FORM::detail {

/// What the objects that tasks wait for have in common: a loop, and a name for those who look. Each
/// has a description(): kind, name and state.
class primitive {
public:
    using rill_kind = not_awaited_tag;

    explicit primitive(const asio::any_io_executor& ex)
        : core_(&loop_core::of(ex))
    {}

    /// On the loop that this thread runs. `kind` is what the message names where there is none.
    explicit primitive(const char* kind)
        : core_(&loop_core::running_for(kind))
    {}

    primitive(const primitive&) = delete;
    primitive& operator=(const primitive&) = delete;

    loop_executor get_executor() const noexcept { return core_->executor(); }

    /// Shown in messages and dumps beside what waits: "mutex 'cache'".
    void set_name(std::string name);

    /// Empty if none was given.
    std::string name() const { return name_ ? *name_ : std::string(); }

protected:
    ~primitive() = default;

    /// "a mutex", or "mutex 'cache'".
    std::string called(std::string_view kind) const;

    /// It is used, and the loop does not hear of it. Debug mode looks at the thread.
    void note_use(std::string_view kind) const noexcept
    {
        if (watched_loops::any()) [[unlikely]]
            tell_of_use(kind);
    }

    loop_core* core_;

private:
    void tell_of_use(std::string_view kind) const noexcept;

    std::unique_ptr<std::string> name_;
};

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

/// In words, for logs: "queue 'jobs' (3 of 10 items, 2 getters wait)".
template <std::derived_from<detail::primitive> Primitive>
std::string to_string(const Primitive& object)
{
    return object.description();
}

} // namespace rill::RILL_FORM

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/primitive.ipp>
#endif
