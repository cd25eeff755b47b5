// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/error.hpp>
#include <rill/exception_group.hpp>

namespace rill::RILL_FORM {

RILL_DECL
exception_group::exception_group(std::string message, std::vector<std::exception_ptr> exceptions)
    : runtime_error(std::string())
    , contents_(std::make_shared<const contents>(std::move(message), checked(std::move(exceptions)))
      )
{}

RILL_DECL std::vector<std::exception_ptr>
exception_group::checked(std::vector<std::exception_ptr> exceptions)
{
    if (exceptions.empty())
        throw std::invalid_argument("rill::exception_group: it must have an exception");
    for (const std::exception_ptr& e : exceptions)
        if (!e)
            throw std::invalid_argument("rill::exception_group: an exception_ptr is null");
    return exceptions;
}

RILL_DECL const char* exception_group::what() const noexcept
{
    const std::string& text = contents_->text.get([this] {
        std::string built;
        describe_to(built);
        return built;
    });
    return text.empty() ? "several errors" : text.c_str();
}

/// One text for all levels, without a call for each: they may be thousands.
RILL_DECL void exception_group::describe_to(std::string& text) const
{
    struct level {
        exception_group group;
        std::size_t next = 0;
    };

    std::vector<level> open;
    const auto enter = [&](const exception_group& group) {
        const std::size_t n = group.exceptions().size();
        text += group.message().empty() ? "" : group.message() + ": ";
        text += std::to_string(n) + (n == 1 ? " error" : " errors");
        open.push_back({group});
    };
    enter(*this);
    while (!open.empty()) {
        level& inner = open.back();
        if (inner.next == inner.group.exceptions().size()) {
            open.pop_back();
            text += open.empty() ? "" : "]";
            continue;
        }
        text += inner.next == 0 ? ": " : "; ";
        const std::exception_ptr error = inner.group.exceptions()[inner.next++];
        if (const auto nested = as_group(error)) {
            text += "[";
            enter(*nested);
        } else {
            text += detail::text_of(error);
        }
    }
}

RILL_DECL std::optional<exception_group> exception_group::as_group(const std::exception_ptr& error)
{
    try {
        std::rethrow_exception(error);
    } catch (const exception_group& group) {
        return group;
    } catch (...) {
        return std::nullopt;
    }
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
        if (const auto nested = as_group(e))
            nested->append_leaves(leaves);
        else
            leaves.push_back(e);
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
