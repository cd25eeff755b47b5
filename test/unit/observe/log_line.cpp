// SPDX-License-Identifier: BSL-1.0
#include <rill/log_line.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <string_view>

namespace {

namespace log = rill::log;
using log::longest_line;

log::record record(std::string_view message, const log::fields& fields, std::string_view task)
{
    return {log::level::info, message, {fields.begin(), fields.size()}, task};
}

std::string text_line(std::string_view message, const log::fields& fields, std::string_view task)
{
    return log::text_line(record(message, fields, task));
}

std::string json_members(std::string_view message, const log::fields& fields, std::string_view task)
{
    return log::json_members(record(message, fields, task));
}

} // namespace

TEST_CASE("log line: text has the message, then key=value, then the task")
{
    const std::string address = "127.0.0.1:80";
    CHECK(
        text_line(
            "listening",
            {{"address", address},
             {"workers", std::size_t{2}},
             {"delta", -3},
             {"rate", 1.5},
             {"ready", true},
             {"name", "two words"},
             {"empty", ""}},
            "serve"
        ) ==
        R"(listening address=127.0.0.1:80 workers=2 delta=-3 rate=1.5 ready=true name="two words" empty="" task=serve)"
    );
    CHECK(text_line("stopped", {}, "") == "stopped");
}

TEST_CASE("log line: json has the same as members")
{
    CHECK(
        json_members(
            "listening", {{"workers", 2}, {"ready", false}, {"name", "é \"x\""}}, "serve"
        ) == R"("task":"serve","message":"listening","workers":2,"ready":false,"name":"é \"x\"")"
    );
    CHECK(
        json_members("x", {{"nan", std::nan("")}, {"inf", -INFINITY}}, "") ==
        R"("message":"x","nan":null,"inf":null)"
    );
}

TEST_CASE("log line: no value can break out of its line")
{
    const std::string evil{"a\r\nb\x1b[31m\0\x7f\xc2\x9b", 13};
    for (const auto& line :
         {text_line(evil, {{"key", evil}}, evil), json_members(evil, {{"key", evil}}, evil)}) {
        CAPTURE(line);
        for (const char c : line)
            CHECK((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
        CHECK(line.find("\xc2\x9b") == std::string::npos);
        CHECK(line.find(R"(a\r\nb\u001b[31m\u0000\u007f\u009b)") != std::string::npos);
    }
    CHECK(
        text_line("x", {{"k", "a=b"}, {"q", "\""}, {"s", "\\"}}, "") == R"(x k="a=b" q="\"" s="\\")"
    );
}

TEST_CASE("log line: what is no UTF-8 is replaced")
{
    CHECK(json_members("\xff\xc3(", {}, "") == "\"message\":\"\xef\xbf\xbd\xef\xbf\xbd(\"");
    CHECK(json_members("\xed\xa0\x80", {}, "").find('\xed') == std::string::npos);
    CHECK(json_members("\xf0\x9f\x98\x80", {}, "") == "\"message\":\"\xf0\x9f\x98\x80\"");
}

TEST_CASE("log line: its length is bounded")
{
    const std::string huge(1 << 20, '\x01'); // six bytes each when escaped
    CHECK(text_line("x", {{"a", huge}, {"b", huge}}, huge).size() < 7 * longest_line);
    CHECK(json_members(huge, {{"a", huge}, {"b", huge}}, huge).size() < 7 * longest_line);
    CHECK(text_line("x", {{"a", std::string(1 << 20, 'a')}}, "").ends_with("…\""));
}
