// SPDX-License-Identifier: BSL-1.0

// The main function of every test program.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

/// Under ctest, which runs all cases of a file in one process: says which case runs, so that one
/// that crashes or hangs has a name, and ends one that takes longer than RILL_TEST_TIMEOUT seconds.
class case_watch final : public doctest::IReporter {
public:
    explicit case_watch(const doctest::ContextOptions&)
    {
        if (const char* timeout = std::getenv("RILL_TEST_TIMEOUT"))
            timeout_ = static_cast<unsigned>(std::atoi(timeout));
        if (timeout_ > 0)
            std::signal(SIGALRM, [](int) {
                constexpr char text[] = "\nThe case above hangs.\n";
                [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, text, sizeof text - 1);
                std::abort();
            });
    }

    void test_case_start(const doctest::TestCaseData& data) override
    {
        if (timeout_ == 0)
            return;
        std::printf("case: %s\n", data.m_name);
        std::fflush(stdout);
        ::alarm(timeout_);
    }

    void test_case_end(const doctest::CurrentTestCaseStats&) override { ::alarm(0); }

    void report_query(const doctest::QueryData&) override {}
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats&) override {}
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}

private:
    unsigned timeout_ = 0; // 0: not under ctest
};

REGISTER_LISTENER("case_watch", 1, case_watch);

} // namespace
