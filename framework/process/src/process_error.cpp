// SPDX-License-Identifier: BSL-1.0
#include <rill/process_error.hpp>

#include <csignal>
#include <cstring>
#include <utility>

namespace rill {

namespace {

class process_category_t final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "rill.process"; }

    std::string message(int) const override { return "the process has failed"; }
};

std::string name_of_signal(int number)
{
    const char* const name = ::sigabbrev_np(number);
    return name ? std::string("SIG") + name : "signal " + std::to_string(number);
}

} // namespace

const boost::system::error_category& process_category() noexcept
{
    static const process_category_t category;
    return category;
}

error_code make_error_code(process_errc e) noexcept
{
    return {static_cast<int>(e), process_category()};
}

spawn_error::spawn_error(error_code ec, std::string what, spawn_step step)
    : worded_error(ec, std::move(what))
    , step_(step)
{}

spawn_step spawn_error::step() const noexcept
{
    return step_;
}

process_error::process_error(error_code ec, std::string what, completed_process process)
    : worded_error(ec, std::move(what))
    , process_(std::make_shared<const completed_process>(std::move(process)))
{}

const completed_process& process_error::process() const noexcept
{
    return *process_;
}

std::string to_string(const completed_process& p)
{
    return p.returncode < 0 ? "was ended by " + name_of_signal(-p.returncode)
                            : "ended with status " + std::to_string(p.returncode);
}

} // namespace rill
