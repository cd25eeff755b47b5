// SPDX-License-Identifier: BSL-1.0
#pragma once

// What is precompiled for all test programs: headers that many of them include and that are long in
// compiling. No test may rely on them: each includes what it uses.
#include <support/common_uses.hpp>

#include <rill/cancel_scope.hpp>
#include <rill/event.hpp>
#include <rill/future.hpp>
#include <rill/gather.hpp>
#include <rill/generator.hpp>
#include <rill/loop.hpp>
#include <rill/mutex.hpp>
#include <rill/queue.hpp>
#include <rill/run.hpp>
#include <rill/select.hpp>
#include <rill/shield.hpp>
#include <rill/sleep.hpp>
#include <rill/task.hpp>
#include <rill/task_group.hpp>
#include <rill/testing/loop.hpp>
#include <rill/testing/run.hpp>
#include <rill/timeout.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>
