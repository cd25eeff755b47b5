// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rill {

/// Several errors that happened beside each other. Mirrors ExceptionGroup.
///
/// what() lists them all on one line; nested groups are kept nested.
class exception_group : public std::runtime_error {
public:
    explicit exception_group(std::vector<std::exception_ptr> exceptions);

    /// In order of completion; never empty.
    const std::vector<std::exception_ptr>& exceptions() const noexcept { return exceptions_; }

private:
    static std::string describe(const std::vector<std::exception_ptr>& exceptions);

    std::vector<std::exception_ptr> exceptions_;
};

// Implementation

inline exception_group::exception_group(std::vector<std::exception_ptr> exceptions)
    : runtime_error(describe(exceptions))
    , exceptions_(std::move(exceptions))
{}

inline std::string exception_group::describe(const std::vector<std::exception_ptr>& exceptions)
{
    std::string text = std::to_string(exceptions.size());
    text += exceptions.size() == 1 ? " error" : " errors";
    const char* separator = ": ";
    for (const std::exception_ptr& e : exceptions) {
        text += std::exchange(separator, "; ");
        try {
            std::rethrow_exception(e);
        } catch (const exception_group& group) {
            text += std::string("[") + group.what() + "]";
        } catch (const std::exception& error) {
            text += error.what();
        } catch (...) {
            text += "an exception that is no std::exception";
        }
    }
    return text;
}

} // namespace rill
