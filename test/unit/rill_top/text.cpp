// SPDX-License-Identifier: BSL-1.0
#include "text.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("text: printable text comes back unchanged")
{
    for (const char* text : {"", "plain", "größe", "日本語", "🚀", "a\\b", "│ └── …"})
        CHECK(top::printable(text) == text);
}

TEST_CASE("text: what could move a cursor, hide or reorder is escaped")
{
    using namespace std::string_literals;
    CHECK(top::printable("a\x1b[31mb") == "a\\x1b[31mb");
    CHECK(top::printable("\n\t\r\x7f"s) == "\\n\\t\\x0d\\x7f");
    CHECK(top::printable("a\0b"s) == "a\\x00b");
    CHECK(top::printable("\u009b31m") == "\\u{9b}31m");                // CSI in one character
    CHECK(top::printable("\u202eevil") == "\\u{202e}evil");            // right to left
    CHECK(top::printable("a\u200bb\ufeff") == "a\\u{200b}b\\u{feff}"); // without width
    CHECK(top::printable("\u2028") == "\\u{2028}");                    // end of line
    CHECK(top::printable("\U000e0041") == "\\u{e0041}");               // tag
}

TEST_CASE("text: bytes that are no UTF-8 are escaped one by one")
{
    CHECK(top::printable("\xff\xfe") == "\\xff\\xfe");
    CHECK(top::printable("\xc3") == "\\xc3");                       // cut
    CHECK(top::printable("\xc3(") == "\\xc3(");                     // not continued
    CHECK(top::printable("\xc0\xaf") == "\\xc0\\xaf");              // overlong
    CHECK(top::printable("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");     // overlong
    CHECK(top::printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");     // surrogate
    CHECK(top::printable("\xf4\x90\x80\x80").starts_with("\\xf4")); // beyond U+10FFFF
}

TEST_CASE("text: utf8 and first_character are each other's inverse")
{
    for (const char32_t c : {U'a', U'ü', U'日', U'🚀'}) {
        const std::string text = top::utf8(c);
        const auto back = top::first_character(text);
        CHECK(back.valid);
        CHECK(back.character == c);
        CHECK(back.bytes == text.size());
    }
}

TEST_CASE("text: columns, clipping and filling count wide and combining characters")
{
    CHECK(top::columns_of("abc") == 3);
    CHECK(top::columns_of("日本") == 4);
    CHECK(top::columns_of("e\u0301") == 1);
    CHECK(top::clipped("abcdef", 6) == "abcdef");
    CHECK(top::clipped("abcdef", 4) == "abc…");
    CHECK(top::clipped("日本語", 4) == "日…"); // half of a character cannot be shown
    CHECK(top::clipped("abc", 0) == "");
    CHECK(top::fitted("ab", 4) == "ab  ");
    CHECK(top::fitted("ab", 4, top::alignment::right) == "  ab");
    CHECK(top::fitted("日本語", 4) == "日… ");
    CHECK(top::without_first("abcdef", 2) == "cdef");
    CHECK(top::without_first("ab", 5) == "");
}

TEST_CASE("text: in ASCII, boxes are drawn with what there is")
{
    CHECK(top::ascii("│   ├── a…") == "|   +-- a~");
    CHECK(top::ascii("└── ü日") == "`-- ???");
}

TEST_CASE("text: durations")
{
    CHECK(top::milliseconds(0) == "0 ms");
    CHECK(top::milliseconds(999) == "999 ms");
    CHECK(top::milliseconds(1200) == "1.2 s");
    CHECK(top::milliseconds(59'999) == "59.9 s");
    CHECK(top::milliseconds(60'000) == "1 min 0 s");
    CHECK(top::milliseconds(3'599'999) == "59 min 59 s");
    CHECK(top::milliseconds(2 * 3'600'000 + 180'000) == "2 h 3 min");
    CHECK(top::milliseconds(86'400'000ULL * 5 + 6 * 3'600'000) == "5 d 6 h");
    CHECK(top::microseconds(85) == "85 us");
    CHECK(top::microseconds(200) == "0.2 ms");
    CHECK(top::microseconds(12'500) == "12.5 ms");
    CHECK(top::microseconds(2'300'000) == "2.3 s");
}

TEST_CASE("text: rates and counts")
{
    CHECK(top::rate(0) == "0");
    CHECK(top::rate(0.3) == "0.3");
    CHECK(top::rate(9.96) == "10");
    CHECK(top::rate(4500) == "4500");
    CHECK(top::rate(12'345) == "12k");
    CHECK(top::rate(3'400'000) == "3.4M");
    CHECK(top::counted(1, "task") == "1 task");
    CHECK(top::counted(0, "task") == "0 tasks");
}
