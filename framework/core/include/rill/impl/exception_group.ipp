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

/// Groups in groups may be very many: the end of each is left to the outermost one, which goes
/// through them one after another.
RILL_DECL exception_group::contents::~contents()
{
    static thread_local errors* under_way = nullptr;
    if (under_way) {
        under_way->splice_after(under_way->before_begin(), exceptions);
        return;
    }
    under_way = &exceptions;
    while (!exceptions.empty()) {
        const std::vector<std::exception_ptr> next = std::move(exceptions.front());
        exceptions.pop_front();
    }
    under_way = nullptr;
}

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

// What goes through all levels does so without a call for each: they may be thousands.

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
    std::vector<std::exception_ptr> left(exceptions().rbegin(), exceptions().rend());
    while (!left.empty()) { // the next one is at the end
        const std::exception_ptr error = std::move(left.back());
        left.pop_back();
        if (const auto nested = as_group(error))
            left.insert(left.end(), nested->exceptions().rbegin(), nested->exceptions().rend());
        else
            leaves.push_back(error);
    }
    return leaves;
}

RILL_DECL std::pair<std::optional<exception_group>, std::optional<exception_group>>
exception_group::split_by(bool (*matches)(const std::exception_ptr& leaf)) const
{
    struct level {
        exception_group group;
        std::exception_ptr itself; // null for the outermost
        std::size_t next = 0;
        std::vector<std::exception_ptr> matching{};
        std::vector<std::exception_ptr> others{};
    };

    std::vector<level> open;
    open.push_back({*this, nullptr});
    for (;;) {
        level& inner = open.back();
        if (inner.next < inner.group.exceptions().size()) {
            const std::exception_ptr error = inner.group.exceptions()[inner.next++];
            if (const auto nested = as_group(error))
                open.push_back({*nested, error});
            else
                (matches(error) ? inner.matching : inner.others).push_back(error);
            continue;
        }
        const std::exception_ptr itself = inner.itself;
        const auto matching = inner.group.part(std::move(inner.matching));
        const auto others = inner.group.part(std::move(inner.others));
        open.pop_back();
        if (open.empty())
            return {matching, others};
        // A nested group that is not divided stays the object that it is.
        if (matching)
            open.back().matching.push_back(others ? std::make_exception_ptr(*matching) : itself);
        if (others)
            open.back().others.push_back(matching ? std::make_exception_ptr(*others) : itself);
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
