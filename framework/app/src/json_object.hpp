// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/log/escape.hpp>

#include <concepts>
#include <string>
#include <string_view>

namespace rill::app::detail {

/// A JSON object that is written member by member.
class json_object {
public:
    json_object& add(std::string_view key, std::string_view text)
    {
        begin(key);
        log::detail::append_quoted(text, text_);
        return *this;
    }

    json_object& add(std::string_view key, const char* text)
    {
        return add(key, std::string_view(text));
    }

    json_object& add(std::string_view key, const std::string& text)
    {
        return add(key, std::string_view(text));
    }

    template <std::integral T>
    json_object& add(std::string_view key, T value)
    {
        begin(key);
        if constexpr (std::same_as<T, bool>)
            text_ += value ? "true" : "false";
        else
            text_ += std::to_string(value);
        return *this;
    }

    json_object& add(std::string_view key, const json_object& object)
    {
        begin(key);
        text_ += object.text();
        return *this;
    }

    /// `element(item)` gives a json_object, or what append_quoted takes.
    template <class Range, class Element>
    json_object& add_array(std::string_view key, const Range& items, Element element)
    {
        begin(key);
        text_ += '[';
        bool first = true;
        for (const auto& item : items) {
            if (!first)
                text_ += ',';
            first = false;
            append(element(item));
        }
        text_ += ']';
        return *this;
    }

    std::string text() const { return "{" + text_ + "}"; }

private:
    void begin(std::string_view key)
    {
        if (!text_.empty())
            text_ += ',';
        log::detail::append_quoted(key, text_);
        text_ += ':';
    }

    void append(const json_object& object) { text_ += object.text(); }

    void append(std::string_view text) { log::detail::append_quoted(text, text_); }

    void append(std::integral auto number) { text_ += std::to_string(number); }

    std::string text_;
};

} // namespace rill::app::detail
