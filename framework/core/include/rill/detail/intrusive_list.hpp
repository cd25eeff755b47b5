// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <cassert>
#include <cstddef>

namespace rill::RILL_FORM::detail {

/// A place in one list; `Tag` tells apart the lists that an object can be in at once.
template <class Tag>
class hook {
public:
    hook() = default;

    /// Only what is in no list is moved.
    hook([[maybe_unused]] hook&& other) noexcept { assert(!other.linked()); }

    hook(const hook&) = delete;
    hook& operator=(const hook&) = delete;

    ~hook() { assert(!linked() && "an object dies while a list still refers to it"); }

    bool linked() const noexcept { return next_ != nullptr; }

    void unlink() noexcept
    {
        if (!linked())
            return;
        prev_->next_ = next_;
        next_->prev_ = prev_;
        prev_ = next_ = nullptr;
    }

private:
    template <class, class>
    friend class intrusive_list;

    hook* prev_ = nullptr;
    hook* next_ = nullptr;
};

/// FIFO of objects that it does not own; T derives from hook<Tag>. Every step is O(1).
template <class T, class Tag>
class intrusive_list {
public:
    intrusive_list() noexcept { head_.prev_ = head_.next_ = &head_; }

    ~intrusive_list()
    {
        assert(empty() && "a list dies with members");
        head_.prev_ = head_.next_ = nullptr;
    }

    intrusive_list(const intrusive_list&) = delete;
    intrusive_list& operator=(const intrusive_list&) = delete;

    bool empty() const noexcept { return head_.next_ == &head_; }

    void push_back(T& item) noexcept
    {
        hook<Tag>& h = item;
        assert(!h.linked());
        h.prev_ = head_.prev_;
        h.next_ = &head_;
        head_.prev_->next_ = &h;
        head_.prev_ = &h;
    }

    /// The one behind `item`; null behind the last.
    T* next(const T& item) const noexcept
    {
        const hook<Tag>& h = item;
        return h.next_ == &head_ ? nullptr : static_cast<T*>(h.next_);
    }

    /// The one before `item`; null before the first.
    T* previous(const T& item) const noexcept
    {
        const hook<Tag>& h = item;
        return h.prev_ == &head_ ? nullptr : static_cast<T*>(h.prev_);
    }

    T* front() const noexcept { return empty() ? nullptr : static_cast<T*>(head_.next_); }

    T* pop_front() noexcept
    {
        if (empty())
            return nullptr;
        hook<Tag>* h = head_.next_;
        head_.next_ = h->next_;
        h->next_->prev_ = &head_;
        h->prev_ = h->next_ = nullptr;
        return static_cast<T*>(h);
    }

    T* pop_back() noexcept
    {
        if (empty())
            return nullptr;
        T* last = static_cast<T*>(head_.prev_);
        static_cast<hook<Tag>*>(last)->unlink();
        return last;
    }

    void push_front(T& item) noexcept
    {
        hook<Tag>& h = item;
        assert(!h.linked());
        h.prev_ = &head_;
        h.next_ = head_.next_;
        head_.next_->prev_ = &h;
        head_.next_ = &h;
    }

    /// Counts the members.
    std::size_t size() const noexcept
    {
        std::size_t n = 0;
        for (const hook<Tag>* h = head_.next_; h != &head_; h = h->next_)
            ++n;
        return n;
    }

    /// Calls f(item) for each, in order; f must not change the list.
    template <class F>
    void for_each(F f) const
    {
        for (hook<Tag>* h = head_.next_; h != &head_; h = h->next_)
            f(*static_cast<T*>(h));
    }

private:
    hook<Tag> head_;
};

} // namespace rill::RILL_FORM::detail
