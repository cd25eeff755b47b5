// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>

#include <utility>

namespace rill::RILL_FORM::detail {

namespace asio = boost::asio;

template <class Executor>
struct handler_work_of {
    using type = asio::executor_work_guard<Executor>;
};

/// An executor, which counts as at work until its handler has been called.
///
/// That is Asio's executor_work_guard, which (in Boost 1.83) does not compile for a strand on an
/// any_io_executor: one that a program has made from a coroutine's executor, or a socket's.
template <class Executor>
using handler_work = typename handler_work_of<Executor>::type;

template <class Inner>
class strand_work {
public:
    explicit strand_work(asio::strand<Inner> strand)
        : strand_(std::move(strand))
        , work_(strand_.get_inner_executor())
    {}

    const asio::strand<Inner>& get_executor() const noexcept { return strand_; }

private:
    asio::strand<Inner> strand_;
    handler_work<Inner> work_;
};

template <class Inner>
struct handler_work_of<asio::strand<Inner>> {
    using type = strand_work<Inner>;
};

} // namespace rill::RILL_FORM::detail
