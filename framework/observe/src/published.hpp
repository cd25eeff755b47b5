// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstddef>

namespace rill::log::detail {

/// A place where any thread finds an object, until the object's owner takes it back. Whoever uses
/// it says so meanwhile, so the owner learns when it may be destroyed. Neither side waits.
template <class T>
class published {
public:
    /// The object for as long as this lives; empty if there is none.
    class use {
    public:
        explicit use(published& from) noexcept
            : from_(from)
        {
            if (!from_.object_.load(std::memory_order_relaxed))
                return;
            from_.users_.fetch_add(1); // before the look: either we see that it is gone, or its
            object_ = from_.object_.load(); // owner sees us
            if (!object_)
                from_.users_.fetch_sub(1);
        }

        ~use()
        {
            if (object_)
                from_.users_.fetch_sub(1);
        }

        use(const use&) = delete;
        use& operator=(const use&) = delete;

        explicit operator bool() const noexcept { return object_ != nullptr; }

        T* operator->() const noexcept { return object_; }

        T& operator*() const noexcept { return *object_; }

    private:
        published& from_;
        T* object_ = nullptr;
    };

    /// False if there is another one.
    bool publish(T& object) noexcept
    {
        T* none = nullptr;
        return object_.compare_exchange_strong(none, &object);
    }

    /// Nobody finds it from now on; null if there was none.
    T* take_back() noexcept { return object_.exchange(nullptr); }

    /// Whether somebody still uses what was taken back.
    bool in_use() const noexcept { return users_.load() != 0; }

    /// A hint: the answer may be old.
    bool empty() const noexcept { return !object_.load(std::memory_order_relaxed); }

private:
    std::atomic<T*> object_ = nullptr;
    std::atomic<std::size_t> users_ = 0;
};

} // namespace rill::log::detail
