// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/completed_process.hpp>
#include <rill/detail/needs_net.hpp>
#include <rill/detail/process_detail.hpp>
#include <rill/unique_fd.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>

namespace rill::process_detail {

class exit_wait;
struct process_access;

/// A child of this program's until its status has been taken, which is done here and nowhere else:
/// so long its number is no other's. Its pidfd says through the reactor when it has ended, and is
/// watched only while somebody wants to know.
class child final : public boost::intrusive_ref_counter<child, boost::thread_unsafe_counter>,
                    private context_user {
public:
    enum class life : std::uint8_t {
        with_us,  // it dies with its process object or the loop
        detached, // it goes on
    };

    child(loop_core& core, pid_t pid, unique_fd pidfd, bool own_group, life l, std::string name);
    ~child();

    pid_t pid() const noexcept { return pid_; }

    const std::string& name() const noexcept { return name_; }

    const process_usage& usage() const noexcept { return usage_; }

    /// As far as it is known.
    std::optional<int> returncode() const noexcept { return returncode_; }

    /// Takes its status if it has ended; whether it had, now or before.
    bool look() noexcept;

    /// False if it had ended.
    bool signal(int number);

    /// Those of its group too, and when it has ended, whoever is left of them is killed. A detached
    /// one is left alone.
    void end_group(int number) noexcept;

    bool is_detached() const noexcept { return life_ == life::detached; }

    /// Nobody holds it any more: it is killed with its group, and its status is taken as soon as
    /// that is possible, without waiting for it here.
    void let_go() noexcept;

private:
    friend class exit_wait;

    void watch();
    void stop_watching() noexcept;
    void told();
    void take_status() noexcept;
    void lost_status() noexcept;
    void give_away() noexcept;
    void on_context_end() noexcept override;

    loop_core* core_; // null once the loop has ended
    pid_t pid_;
    // Empty once it has ended, or nobody here looks after it any more.
    std::optional<asio::posix::basic_stream_descriptor<asio::io_context::executor_type>> pidfd_;
    bool own_group_;
    life life_;
    bool ends_group_ = false;
    bool watching_ = false;
    std::string name_; // of its command
    std::optional<int> returncode_;
    process_usage usage_;
    wait_line<exit_wait> waiting_; // empty once it has ended
};

/// Waits for the end of a child, and gives its returncode.
class exit_wait : public operation {
public:
    exit_wait(boost::intrusive_ptr<child> c, std::source_location where) noexcept;

    bool try_now() noexcept { return child_->look(); }

    int take() const noexcept { return *child_->returncode(); }

protected:
    void start();
    void on_cancel();
    void describe_to(std::string& text) const;

private:
    boost::intrusive_ptr<child> child_;
};

} // namespace rill::process_detail
