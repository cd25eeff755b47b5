// SPDX-License-Identifier: BSL-1.0
#pragma once

// What rill/introspect.hpp has of templates and short functions; all else is behind it, by concept.
#include <rill/detail/form.hpp>
#include <rill/detail/loop/future_state.hpp>
#include <rill/detail/watch/call_graph.hpp>
#include <rill/detail/watch/cycle_finder.hpp>
#include <rill/detail/watch/describe.hpp>
#include <rill/detail/watch/loop_snapshot.hpp>
#include <rill/detail/watch/task_reader.hpp>
#include <rill/detail/watch/task_text.hpp>
#include <rill/detail/watch/task_tree.hpp>
#include <rill/introspect.hpp>

#include <string>

namespace rill::RILL_FORM {
namespace detail {

/// A future is no task, but those who await it are.
call_graph graph_of(const future_state& future);

} // namespace detail

inline loop_statistics statistics_of(const loop& l)
{
    return statistics_of(l.get_executor());
}

inline loop_snapshot take_snapshot(const loop& l)
{
    return take_snapshot(l.get_executor());
}

template <class T>
call_graph capture_call_graph(const future<T>& f)
{
    return detail::graph_of(detail::handle_access::data(f));
}

template <class T>
std::string to_string(const task<T>& t)
{
    return t ? to_string(task_ref(t)) : "no task";
}

template <class T>
std::string to_string(const future<T>& f)
{
    const auto& data = detail::handle_access::data(f);
    const std::string created = data.description() + " created" + detail::at(data.created());
    if (data.done())
        return created + ", " + detail::task_reader::outcome_of(data);
    return created + ", pending" +
           detail::and_waiting(data.joiners.size(), "waits for it", "wait for it");
}

template <class T>
std::string creation_trace(const future<T>& f)
{
    const detail::future_state& state = detail::handle_access::data(f);
    return detail::trace_of(state.core(), &state);
}

} // namespace rill::RILL_FORM
