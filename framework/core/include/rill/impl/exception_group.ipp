// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/exception_group.hpp>

namespace rill::RILL_FORM {

RILL_DECL
exception_group::exception_group(std::string message, std::vector<std::exception_ptr> exceptions)
    : runtime_error((check(exceptions), describe(message, exceptions)))
    , contents_(std::make_shared<contents>(contents{std::move(message), std::move(exceptions)}))
{}

RILL_DECL void exception_group::check(const std::vector<std::exception_ptr>& exceptions)
{
    if (exceptions.empty())
        throw std::invalid_argument("rill::exception_group: it must have an exception");
    for (const std::exception_ptr& e : exceptions)
        if (!e)
            throw std::invalid_argument("rill::exception_group: an exception_ptr is null");
}

RILL_DECL std::string exception_group::describe(
    const std::string& message, const std::vector<std::exception_ptr>& exceptions
)
{
    std::string text = message.empty() ? "" : message + ": ";
    text += std::to_string(exceptions.size());
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

RILL_DECL std::vector<std::exception_ptr> exception_group::leaves() const
{
    std::vector<std::exception_ptr> leaves;
    append_leaves(leaves);
    return leaves;
}

RILL_DECL void exception_group::append_leaves(std::vector<std::exception_ptr>& leaves) const
{
    for (const std::exception_ptr& e : exceptions()) {
        try {
            std::rethrow_exception(e);
        } catch (const exception_group& group) {
            group.append_leaves(leaves);
        } catch (...) {
            leaves.push_back(e);
        }
    }
}

RILL_DECL std::optional<exception_group>
exception_group::part(std::vector<std::exception_ptr> exceptions) const
{
    if (exceptions.empty())
        return std::nullopt;
    if (exceptions == this->exceptions())
        return *this;
    return exception_group(message(), std::move(exceptions));
}

} // namespace rill::RILL_FORM
