// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/bytes.hpp>
#include <rill/detail/described/table.hpp>

#include <boost/describe/enumerators.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <limits>
#include <type_traits>

namespace rill::described {

/// Each specialisation says how one C++ type becomes a scalar and back.
template <class T>
struct scalar_traits {
    static constexpr bool supported = false;
};

template <>
struct scalar_traits<bool> {
    static constexpr bool supported = true;
    static constexpr type shape{kind::boolean};

    static std::int64_t get(bool value) { return value ? 1 : 0; }

    static bool set(const scalar& s) { return s.integer != 0; }
};

/// A type's limit as an int64, which is what TOML's integers are.
template <std::integral T>
constexpr std::int64_t clamped(T limit)
{
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    if constexpr (std::is_unsigned_v<T>)
        if (limit > static_cast<std::uint64_t>(most))
            return most;
    return static_cast<std::int64_t>(limit);
}

template <std::integral T>
struct scalar_traits<T> {
    static constexpr bool supported = true;
    static constexpr type shape{
        kind::integer,
        false,
        false,
        clamped(std::numeric_limits<T>::min()),
        clamped(std::numeric_limits<T>::max())
    };

    static std::int64_t get(T value) { return clamped(value); }

    static T set(const scalar& s) { return static_cast<T>(s.integer); }
};

template <std::floating_point T>
struct scalar_traits<T> {
    static constexpr bool supported = true;
    static constexpr type shape{kind::real};

    static double get(T value) { return static_cast<double>(value); }

    static T set(const scalar& s) { return static_cast<T>(s.real); }
};

template <>
struct scalar_traits<std::string> {
    static constexpr bool supported = true;
    static constexpr type shape{kind::text};

    static std::string_view get(const std::string& value) { return value; }

    static std::string set(const scalar& s) { return s.text; }
};

template <>
struct scalar_traits<bytes> {
    static constexpr bool supported = true;
    static constexpr type shape{kind::size, false, false, 0};

    static std::int64_t get(bytes value) { return clamped(value.count()); }

    static bytes set(const scalar& s) { return bytes{static_cast<std::uint64_t>(s.integer)}; }
};

template <std::integral Rep, class Period>
struct scalar_traits<std::chrono::duration<Rep, Period>> {
    using duration = std::chrono::duration<Rep, Period>;
    using nanoseconds = std::chrono::duration<std::int64_t, std::nano>;

    static constexpr std::int64_t tick =
        std::chrono::duration_cast<nanoseconds>(duration{1}).count();
    /// The longest that converts to nanoseconds: whatever is as long never ends.
    static constexpr std::int64_t furthest = std::min(
        std::numeric_limits<std::int64_t>::max() / tick, clamped(std::numeric_limits<Rep>::max())
    );

    static constexpr bool supported = true;
    static constexpr type shape{
        kind::duration, false, false, -furthest* tick, furthest* tick, tick
    };

    static std::int64_t get(duration value)
    {
        const std::int64_t count = clamped(value.count());
        return count >= furthest ? never : std::max(count, -furthest) * tick;
    }

    static duration set(const scalar& s)
    {
        return duration{static_cast<Rep>(s.integer == never ? furthest : s.integer / tick)};
    }
};

template <class T>
inline constexpr bool is_duration = false;

template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

template <class T, class Enumerators>
struct enumeration;

/// The words of a described enumeration and the values they stand for.
template <class T, template <class...> class List, class... Descriptor>
struct enumeration<T, List<Descriptor...>> {
    static constexpr std::size_t count = sizeof...(Descriptor);
    static constexpr const char* names[] = {Descriptor::name...};
    static constexpr T values[] = {Descriptor::value...};
};

template <class T>
    requires std::is_enum_v<T>
struct scalar_traits<T> {
    using all = enumeration<T, boost::describe::describe_enumerators<T>>;

    static constexpr bool supported = true;
    static constexpr type shape{kind::choice, false, false, 0, 0, 1, all::names, all::count};

    static std::string_view get(T value)
    {
        for (std::size_t i = 0; i < all::count; ++i)
            if (all::values[i] == value)
                return all::names[i];
        return {};
    }

    static T set(const scalar& s)
    {
        for (std::size_t i = 0; i < all::count; ++i)
            if (s.text == all::names[i])
                return all::values[i];
        return T{};
    }
};

/// What one element of a member is: T itself, or what an optional or a list of T holds.
template <class Member>
struct element {
    using type = Member;
    static constexpr bool optional = false;
    static constexpr bool list = false;
};

template <class T>
struct element<std::optional<T>> {
    using type = T;
    static constexpr bool optional = true;
    static constexpr bool list = false;
};

template <class T>
struct element<std::vector<T>> {
    using type = T;
    static constexpr bool optional = false;
    static constexpr bool list = true;
};

template <class Member>
using element_t = typename element<Member>::type;

template <class Member>
void get_member(const void* member, scalars& to)
{
    using traits = scalar_traits<element_t<Member>>;
    const auto& value = *static_cast<const Member*>(member);
    if constexpr (element<Member>::list) {
        for (const auto& item : value)
            add(to, traits::get(item));
    } else if constexpr (element<Member>::optional) {
        if (value)
            add(to, traits::get(*value));
    } else {
        add(to, traits::get(value));
    }
}

template <class Member>
void set_member(void* member, const scalars& from)
{
    using traits = scalar_traits<element_t<Member>>;
    auto& value = *static_cast<Member*>(member);
    if constexpr (element<Member>::list) {
        value.clear();
        for (const scalar& s : from)
            value.push_back(traits::set(s));
    } else {
        value = traits::set(from.front());
    }
}

template <class Member>
const type& type_of()
{
    using traits = scalar_traits<element_t<Member>>;
    static_assert(
        traits::supported,
        "a setting is a bool, a number, a string, a duration with an integer count, "
        "rill::bytes, "
        "a described enum, an optional or vector of these, or a struct with BOOST_DESCRIBE_STRUCT"
    );
    static constexpr type shape = [] {
        type made = traits::shape;
        made.optional = element<Member>::optional;
        made.list = element<Member>::list;
        made.get = &get_member<Member>;
        made.set = &set_member<Member>;
        return made;
    }();
    return shape;
}

} // namespace rill::described
