// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/connect_error.hpp>
#include <rill/detail/net_detail.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace rill::RILL_FORM::net_detail {

/// How a connect goes, for the error that it may end with.
class connect_story {
public:
    connect_story(const loop_core& core, std::string target);

    /// The phase before has ended.
    void begin(connect_phase phase);

    /// Gives its index.
    std::size_t begin_attempt(const endpoint& to, const endpoint* from);
    void end_attempt(std::size_t index, error_code ec);

    bool has_attempts() const noexcept { return !attempts_.empty(); }

    /// `limit` is over.
    [[noreturn]] void fail_for_time(duration limit);

    /// All attempts have failed.
    [[noreturn]] void fail_of_attempts();

    /// The phase has; `why` says what was being done.
    [[noreturn]] void fail(error_code ec, const std::string& why);

private:
    struct step {
        connect_phase phase;
        time_point begun;
    };

    struct attempt {
        connect_attempt what;
        time_point begun;
        bool over = false;
    };

    void close_attempts();
    std::string details() const;

    const loop_core& core_;
    const std::string target_;
    std::vector<step> steps_; // the last one is under way
    std::vector<attempt> attempts_;
};

} // namespace rill::RILL_FORM::net_detail
