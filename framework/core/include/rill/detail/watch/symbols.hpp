// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/form.hpp>

#include <link.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace rill::RILL_FORM::detail {

/// The functions of this program by their addresses. A program's own symbol table has those that
/// dladdr does not know, static and hidden ones, as long as nobody has stripped it.
class symbols {
public:
    static const symbols& of_program()
    {
        static const symbols all;
        return all;
    }

    /// "orders::take(...)", or "program+0x1234" where there is no name to be had.
    std::string name_of(const void* address) const;

private:
    struct function {
        std::uintptr_t begin;
        std::uintptr_t end;
        std::string name;
    };

    symbols();

    template <class T>
    static const T* at(std::string_view image, std::uint64_t offset, std::uint64_t count = 1)
    {
        const bool inside = offset <= image.size() && count <= (image.size() - offset) / sizeof(T);
        return inside ? reinterpret_cast<const T*>(image.data() + offset) : nullptr;
    }

    void read(std::string_view image);

    void read_table(
        std::string_view image,
        const ElfW(Shdr) & table,
        const ElfW(Shdr) & names,
        std::uintptr_t base
    );

    /// Where the program was loaded; 0 if it is not position-independent.
    static std::uintptr_t base_of(const ElfW(Ehdr) & head);

    static std::string demangled(const char* name);

    std::vector<function> functions_; // by address
};

} // namespace rill::RILL_FORM::detail

#ifndef RILL_SEPARATE_COMPILATION
#include <rill/impl/symbols.ipp>
#endif
