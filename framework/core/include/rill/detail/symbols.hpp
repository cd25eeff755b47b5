// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rill::detail {

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
    std::string name_of(const void* address) const
    {
        Dl_info info{};
        const bool known = ::dladdr(address, &info) != 0;
        if (known && info.dli_sname)
            return demangled(info.dli_sname);
        const auto at = reinterpret_cast<std::uintptr_t>(address);
        const auto behind = std::upper_bound(
            functions_.begin(),
            functions_.end(),
            at,
            [](std::uintptr_t a, const function& f) { return a < f.begin; }
        );
        if (behind != functions_.begin() && at < std::prev(behind)->end)
            return demangled(std::prev(behind)->name.c_str());
        if (!known || !info.dli_fname)
            return "?";
        std::string_view file = info.dli_fname;
        file.remove_prefix(file.rfind('/') + 1);
        char offset[32];
        std::snprintf(
            offset,
            sizeof offset,
            "+0x%zx",
            static_cast<std::size_t>(at - reinterpret_cast<std::uintptr_t>(info.dli_fbase))
        );
        return std::string(file) + offset;
    }

private:
    struct function {
        std::uintptr_t begin;
        std::uintptr_t end;
        std::string name;
    };

    symbols()
    {
        const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        struct stat file{};
        if (fd < 0)
            return;
        void* image = MAP_FAILED;
        if (::fstat(fd, &file) == 0 && file.st_size > 0)
            image = ::mmap(
                nullptr, static_cast<std::size_t>(file.st_size), PROT_READ, MAP_PRIVATE, fd, 0
            );
        ::close(fd);
        if (image == MAP_FAILED)
            return;
        read(std::string_view(
            static_cast<const char*>(image), static_cast<std::size_t>(file.st_size)
        ));
        ::munmap(image, static_cast<std::size_t>(file.st_size));
        std::sort(functions_.begin(), functions_.end(), [](const function& a, const function& b) {
            return a.begin < b.begin;
        });
    }

    template <class T>
    static const T* at(std::string_view image, std::uint64_t offset, std::uint64_t count = 1)
    {
        const bool inside = offset <= image.size() && count <= (image.size() - offset) / sizeof(T);
        return inside ? reinterpret_cast<const T*>(image.data() + offset) : nullptr;
    }

    void read(std::string_view image)
    {
        const auto* head = at<ElfW(Ehdr)>(image, 0);
        if (!head || !image.starts_with(ELFMAG))
            return;
        const auto* sections = at<ElfW(Shdr)>(image, head->e_shoff, head->e_shnum);
        for (unsigned i = 0; sections && i < head->e_shnum; ++i)
            if (sections[i].sh_type == SHT_SYMTAB && sections[i].sh_link < head->e_shnum)
                read_table(image, sections[i], sections[sections[i].sh_link], base_of(*head));
    }

    void read_table(
        std::string_view image,
        const ElfW(Shdr) & table,
        const ElfW(Shdr) & names,
        std::uintptr_t base
    )
    {
        const std::uint64_t count = table.sh_size / sizeof(ElfW(Sym));
        const auto* all = at<ElfW(Sym)>(image, table.sh_offset, count);
        const auto* text = at<char>(image, names.sh_offset, names.sh_size);
        for (std::uint64_t i = 0; all && text && i < count; ++i) {
            const ElfW(Sym)& s = all[i];
            if ((s.st_info & 0xf) != STT_FUNC || s.st_size == 0 || s.st_name >= names.sh_size)
                continue;
            functions_.push_back(
                {base + s.st_value, base + s.st_value + s.st_size, text + s.st_name}
            );
        }
    }

    /// Where the program was loaded; 0 if it is not position-independent.
    static std::uintptr_t base_of(const ElfW(Ehdr) & head)
    {
        return head.e_type == ET_DYN ? _r_debug.r_map->l_addr : 0;
    }

    static std::string demangled(const char* name)
    {
        int status = 0;
        const std::string plain =
            std::string(name).substr(0, std::string_view(name).find(".resume"));
        const std::unique_ptr<char, decltype(&std::free)> text(
            abi::__cxa_demangle(plain.c_str(), nullptr, nullptr, &status), &std::free
        );
        return status == 0 ? text.get() : plain;
    }

    std::vector<function> functions_; // by address
};

} // namespace rill::detail
