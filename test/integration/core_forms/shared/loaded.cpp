// SPDX-License-Identifier: BSL-1.0

// A program that loads both libraries. It knows nothing of Rill, or uses it itself: WITH_RILL.
//
//     loaded global|local <first> <second>
#include "library.hpp"

#ifdef WITH_RILL
#include <rill/queue.hpp>
#endif

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

const library& load(const char* path, int mode, const char* entry)
{
    void* const handle = ::dlopen(path, RTLD_NOW | mode);
    void* const function = handle ? ::dlsym(handle, entry) : nullptr;
    if (!function) {
        std::puts(::dlerror());
        std::exit(1);
    }
    return *reinterpret_cast<const library* (*)()>(function)();
}

} // namespace

int main(int, char** argv)
{
    const int mode = argv[1] == std::string_view("global") ? RTLD_GLOBAL : RTLD_LOCAL;
    const library& first = load(argv[2], mode, "first_library");
    const library& second = load(argv[3], mode, "second_library");
    boost::asio::io_context io;
#ifdef WITH_RILL
    const rill::queue<int> ours(io.get_executor());
#endif
    std::string wrong = first.meet(io, second.mine);
    if (wrong.empty())
        wrong = second.meet(io, first.mine);
    std::puts(wrong.empty() ? "one loop" : wrong.c_str());
    return 0;
}
