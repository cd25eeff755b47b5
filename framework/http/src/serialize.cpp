// SPDX-License-Identifier: BSL-1.0
#include "serialize.hpp"

#include "response_access.hpp"

#include <charconv>
#include <cstring>

namespace rill::http::detail {

namespace {

constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
};

/// Writes behind each other into memory that is large enough.
class writer {
public:
    explicit writer(char* to) noexcept
        : to_(to)
    {}

    writer& operator<<(std::string_view text) noexcept
    {
        if (!text.empty())
            std::memcpy(to_, text.data(), text.size());
        to_ += text.size();
        return *this;
    }

    writer& operator<<(std::size_t number) noexcept
    {
        to_ = std::to_chars(to_, to_ + 20, number).ptr;
        return *this;
    }

    /// `number` in exactly `digits` digits.
    writer& digits(int number, int digits) noexcept
    {
        for (int i = digits - 1; i >= 0; --i) {
            to_[i] = static_cast<char>('0' + number % 10);
            number /= 10;
        }
        to_ += digits;
        return *this;
    }

    const char* end() const noexcept { return to_; }

private:
    char* to_;
};

bool has_content(int status) noexcept
{
    return status != 204 && status != 205 && status != 304;
}

std::string_view connection_line(const reply& to) noexcept
{
    if (!to.keep_alive)
        return "Connection: close\r\n";
    return to.http_1_1 ? "" : "Connection: keep-alive\r\n"; // RFC 9112 section 9.3
}

} // namespace

std::string_view date_cache::line(std::time_t now)
{
    if (now != now_) {
        now_ = now;
        std::tm t{};
        ::gmtime_r(&now, &t);
        writer to(text_.data());
        to << "Date: " << days[static_cast<std::size_t>(t.tm_wday)] << ", ";
        to.digits(t.tm_mday, 2) << " " << months[static_cast<std::size_t>(t.tm_mon)] << " ";
        to.digits(t.tm_year + 1900, 4) << " ";
        to.digits(t.tm_hour, 2) << ":";
        to.digits(t.tm_min, 2) << ":";
        to.digits(t.tm_sec, 2) << " GMT\r\n";
    }
    return {text_.data(), text_.size()};
}

void write_head(
    const response& r, const reply& to, std::string_view date_line, extend::byte_buffer& out
)
{
    const auto phrase = reason(r.status());
    const auto type = response_access::type(r);
    const auto fields = response_access::fields(r);
    constexpr std::size_t fixed_parts = 128; // status, names, Content-Length, Connection
    const auto room = fixed_parts + phrase.size() + date_line.size() + type.size() + fields.size();
    char* const begin = out.prepare(room).data();
    writer w(begin);
    if (r.status() == 200)
        w << "HTTP/1.1 200 OK\r\n";
    else
        (w << "HTTP/1.1 ").digits(r.status(), 3) << " " << phrase << "\r\n";
    w << date_line;
    if (!type.empty())
        w << "Content-Type: " << type << "\r\n";
    w << fields;
    // RFC 9110 section 8.6: none with 204; with 304 it would have to be that of the 200 response.
    if (has_content(r.status()))
        w << "Content-Length: " << r.body().size() << "\r\n";
    else if (r.status() == 205)
        w << "Content-Length: 0\r\n";
    w << connection_line(to) << "\r\n";
    out.commit(static_cast<std::size_t>(w.end() - begin));
}

std::string_view content(const response& r, const reply& to) noexcept
{
    return to.head_only || !has_content(r.status()) ? std::string_view() : r.body();
}

} // namespace rill::http::detail
