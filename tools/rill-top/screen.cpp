// SPDX-License-Identifier: BSL-1.0
//
// The only file that knows ncurses.
#include "screen.hpp"

#include "text.hpp"

#define NCURSES_NOMACROS 1 // or `erase` and `timeout` mean something else everywhere
#define NCURSES_WIDECHAR 1
#include <langinfo.h>
#include <ncurses.h>
#include <sys/ioctl.h>

#include <clocale>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace top {

namespace {

/// Whether characters beyond ASCII can be shown. The C locale of containers and services is taken
/// for UTF-8, which their terminals are.
bool speaks_utf8()
{
    std::setlocale(LC_CTYPE, "");
    if (std::string_view(::nl_langinfo(CODESET)) == "ANSI_X3.4-1968")
        std::setlocale(LC_CTYPE, "C.UTF-8");
    return std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
}

struct file_closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

using file_ptr = std::unique_ptr<std::FILE, file_closer>;

file_ptr open_terminal()
{
    file_ptr tty(std::fopen("/dev/tty", "r"));
    if (!tty)
        throw std::runtime_error("the live view needs a terminal; --once prints it once");
    return tty;
}

struct screen_closer {
    void operator()(SCREEN* screen) const noexcept
    {
        ::endwin();
        ::delscreen(screen);
    }
};

enum colour_pair : short {
    title_pair = 1,
    heading_pair,
    selected_pair,
    alarm_pair,
    warning_pair,
    good_pair
};

void define_colours()
{
    ::start_color();
    ::use_default_colors();
    ::init_pair(title_pair, COLOR_CYAN, -1);
    ::init_pair(heading_pair, COLOR_BLACK, COLOR_GREEN);
    ::init_pair(selected_pair, COLOR_BLACK, COLOR_CYAN);
    ::init_pair(alarm_pair, COLOR_RED, -1);
    ::init_pair(warning_pair, COLOR_YELLOW, -1);
    ::init_pair(good_pair, COLOR_GREEN, -1);
}

attr_t attributes_of(style look, bool colours)
{
    const auto with = [&](short pair, attr_t otherwise) {
        return colours ? static_cast<attr_t>(COLOR_PAIR(pair)) : otherwise;
    };
    switch (look) {
    case style::plain: return A_NORMAL;
    case style::title: return with(title_pair, A_NORMAL) | A_BOLD;
    case style::heading: return with(heading_pair, A_REVERSE);
    case style::selected: return with(selected_pair, A_REVERSE | A_BOLD);
    case style::alarm: return with(alarm_pair, A_NORMAL) | A_BOLD;
    case style::warning: return with(warning_pair, A_BOLD);
    case style::good: return with(good_pair, A_NORMAL);
    case style::dim: return A_DIM;
    }
    return A_NORMAL;
}

std::wstring wide(std::string_view text)
{
    std::wstring result;
    while (!text.empty()) {
        const decoded next = first_character(text);
        result += static_cast<wchar_t>(next.character);
        text.remove_prefix(next.bytes);
    }
    return result;
}

key key_of(wint_t code)
{
    switch (code) {
    case KEY_UP: return key::up;
    case KEY_DOWN: return key::down;
    case KEY_LEFT: return key::left;
    case KEY_RIGHT: return key::right;
    case KEY_PPAGE: return key::page_up;
    case KEY_NPAGE: return key::page_down;
    case KEY_HOME: return key::home;
    case KEY_END: return key::end;
    case KEY_ENTER: return key::enter;
    case KEY_BACKSPACE: return key::backspace;
    default: return key::unknown;
    }
}

key_press press_of(wint_t character)
{
    switch (character) {
    case L'\r':
    case L'\n': return {key::enter};
    case 27: return {key::escape};
    case 8:
    case 127: return {key::backspace};
    default: break;
    }
    if (character < 32)
        return {key::unknown};
    return {key::character, static_cast<char32_t>(character)};
}

} // namespace

struct screen::terminal {
    bool utf8 = speaks_utf8();
    bool colours = false;
    file_ptr input = open_terminal();
    std::unique_ptr<SCREEN, screen_closer> handle;
};

screen::screen()
    : terminal_(std::make_unique<terminal>())
{
    SCREEN* handle = ::newterm(nullptr, stdout, terminal_->input.get());
    if (!handle) {
        const char* type = std::getenv("TERM");
        throw std::runtime_error(
            "the terminal's type is not known (TERM is '" + std::string(type ? type : "") + "')"
        );
    }
    terminal_->handle.reset(handle);
    ::set_escdelay(25); // ms in which the rest of a key's sequence must come
    ::cbreak();
    ::noecho();
    ::nonl(); // Enter is a carriage return, Ctrl-J is not
    ::keypad(stdscr, true);
    ::nodelay(stdscr, true);
    ::curs_set(0);
    const char* no_color = std::getenv("NO_COLOR");
    terminal_->colours = ::has_colors() && !(no_color && *no_color);
    if (terminal_->colours)
        define_colours();
}

screen::~screen() = default;

std::size_t screen::rows() const
{
    return static_cast<std::size_t>(::getmaxy(stdscr));
}

std::size_t screen::columns() const
{
    return static_cast<std::size_t>(::getmaxx(stdscr));
}

void screen::resize()
{
    winsize size{};
    if (::ioctl(input(), TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        ::resizeterm(size.ws_row, size.ws_col);
}

void screen::draw(const std::vector<line>& lines)
{
    ::werase(stdscr);
    for (std::size_t row = 0; row < lines.size(); ++row) {
        const attr_t attributes = attributes_of(lines[row].look, terminal_->colours);
        const std::wstring text = wide(terminal_->utf8 ? lines[row].text : ascii(lines[row].text));
        ::wattrset(stdscr, static_cast<int>(attributes));
        ::mvwaddnwstr(stdscr, static_cast<int>(row), 0, text.data(), static_cast<int>(text.size()));
    }
    ::wrefresh(stdscr);
}

std::optional<key_press> screen::next_key()
{
    wint_t code = 0;
    const int kind = ::wget_wch(stdscr, &code);
    if (kind == ERR)
        return std::nullopt;
    return kind == KEY_CODE_YES ? key_press{key_of(code)} : press_of(code);
}

int screen::input() const
{
    return ::fileno(terminal_->input.get());
}

} // namespace top
