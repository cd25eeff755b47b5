// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/describe.hpp>
#include <rill/error.hpp>
#include <rill/retry.hpp>

namespace rill::RILL_FORM {

RILL_DECL retry_budget::retry_budget(double ratio, unsigned most)
{
    if (!(ratio >= 0 && ratio <= 1000))
        throw std::invalid_argument(
            "rill::retry_budget: a success earns from 0 to 1000 tokens, not " +
            std::to_string(ratio)
        );
    if (most == 0)
        throw std::invalid_argument("rill::retry_budget: it holds at least 1 token, not 0");
    ratio_ = std::llround(ratio * static_cast<double>(whole));
    most_ = static_cast<std::int64_t>(most) * whole;
    tokens_ = most_;
}

RILL_DECL void retry_budget::earn() noexcept
{
    ++earned_;
    tokens_ = std::min(most_, tokens_ + ratio_);
}

RILL_DECL bool retry_budget::try_spend() noexcept
{
    if (tokens_ < whole) {
        ++refused_;
        return false;
    }
    ++spent_;
    tokens_ -= whole;
    return true;
}

RILL_DECL retry_budget_statistics retry_budget::statistics() const noexcept
{
    const double tokens = static_cast<double>(tokens_) / static_cast<double>(whole);
    return {tokens, earned_, spent_, refused_};
}

} // namespace rill::RILL_FORM

namespace rill::RILL_FORM::detail {

RILL_DECL duration checked_delay(const char* name, duration d)
{
    if (d < duration(0))
        refuse_policy(std::string(name) + " is 0 or more", text_of(d));
    return d;
}

} // namespace rill::RILL_FORM::detail

namespace rill::RILL_FORM {

RILL_DECL retry_policy& retry_policy::attempts(unsigned n)
{
    if (n == 0)
        detail::refuse_policy("attempts, the first included, are at least 1", "0");
    attempts_ = n;
    return *this;
}

RILL_DECL retry_policy& retry_policy::first_delay(duration d)
{
    first_ = detail::checked_delay("first_delay", d);
    return *this;
}

RILL_DECL retry_policy& retry_policy::factor(double f)
{
    if (!(f >= 1 && std::isfinite(f)))
        detail::refuse_policy("factor is at least 1", std::to_string(f));
    factor_ = f;
    return *this;
}

RILL_DECL retry_policy& retry_policy::longest_delay(duration d)
{
    longest_ = detail::checked_delay("longest_delay", d);
    return *this;
}

/// The budget is asked last, since asking takes a token.
RILL_DECL bool retry_policy::may_retry(unsigned attempt, const std::exception_ptr& error) const
{
    if (attempt >= attempts_ || detail::is_cancelled_error(error) || detail::is_fatal(error))
        return false;
    if (worth_it_ && !worth_it_(error))
        return false;
    return !budget_ || budget_->try_spend();
}

/// Computed in floating point, and rounded to the nanosecond: the same on every run.
RILL_DECL duration retry_policy::delay_after(unsigned attempt, random_source& random) const
{
    const auto longest = static_cast<double>(longest_.count());
    auto delay = static_cast<double>(first_.count());
    for (unsigned i = 1; i < attempt && delay > 0 && delay < longest && factor_ > 1; ++i)
        delay *= factor_;
    if (!jitter_)
        return delay < longest ? duration(static_cast<duration::rep>(delay)) : longest_;
    return duration(static_cast<duration::rep>(std::min(delay, longest) * random.fraction()));
}

} // namespace rill::RILL_FORM
