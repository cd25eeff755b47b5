// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/watch/symbols.hpp>

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

namespace rill::RILL_FORM::detail {

RILL_DECL std::string symbols::name_of(const void* address) const
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

RILL_DECL symbols::symbols()
{
    const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat file{};
    if (fd < 0)
        return;
    void* image = MAP_FAILED;
    if (::fstat(fd, &file) == 0 && file.st_size > 0)
        image =
            ::mmap(nullptr, static_cast<std::size_t>(file.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    ::close(fd);
    if (image == MAP_FAILED)
        return;
    read(std::string_view(static_cast<const char*>(image), static_cast<std::size_t>(file.st_size)));
    ::munmap(image, static_cast<std::size_t>(file.st_size));
    std::sort(functions_.begin(), functions_.end(), [](const function& a, const function& b) {
        return a.begin < b.begin;
    });
}

RILL_DECL void symbols::read(std::string_view image)
{
    const auto* head = at<ElfW(Ehdr)>(image, 0);
    if (!head || !image.starts_with(ELFMAG))
        return;
    const auto* sections = at<ElfW(Shdr)>(image, head->e_shoff, head->e_shnum);
    for (unsigned i = 0; sections && i < head->e_shnum; ++i)
        if (sections[i].sh_type == SHT_SYMTAB && sections[i].sh_link < head->e_shnum)
            read_table(image, sections[i], sections[sections[i].sh_link], base_of(*head));
}

RILL_DECL void symbols::read_table(
    std::string_view image, const ElfW(Shdr) & table, const ElfW(Shdr) & names, std::uintptr_t base
)
{
    const std::uint64_t count = table.sh_size / sizeof(ElfW(Sym));
    const auto* all = at<ElfW(Sym)>(image, table.sh_offset, count);
    const auto* text = at<char>(image, names.sh_offset, names.sh_size);
    for (std::uint64_t i = 0; all && text && i < count; ++i) {
        const ElfW(Sym)& s = all[i];
        if ((s.st_info & 0xf) != STT_FUNC || s.st_size == 0 || s.st_name >= names.sh_size)
            continue;
        functions_.push_back({base + s.st_value, base + s.st_value + s.st_size, text + s.st_name});
    }
}

RILL_DECL std::uintptr_t symbols::base_of(const ElfW(Ehdr) & head)
{
    return head.e_type == ET_DYN ? _r_debug.r_map->l_addr : 0;
}

RILL_DECL std::string symbols::demangled(const char* name)
{
    int status = 0;
    const std::string plain = std::string(name).substr(0, std::string_view(name).find(".resume"));
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(plain.c_str(), nullptr, nullptr, &status), &std::free
    );
    return status == 0 ? text.get() : plain;
}

} // namespace rill::RILL_FORM::detail
