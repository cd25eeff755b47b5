// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <rill/detail/described/table.hpp>
#include <rill/detail/described/type_of.hpp>
#include <rill/schema_fwd.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/members.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace rill {

namespace described {

/// Of a member of T, or of a base of it.
template <class T, class Member, class Base>
std::size_t offset_of(const T& object, Member Base::* member)
{
    return static_cast<std::size_t>(
        reinterpret_cast<const char*>(&(object.*member)) - reinterpret_cast<const char*>(&object)
    );
}

} // namespace described

/// What is said of one key beyond its help: each call adds a sentence or a check.
template <class Member>
class key_options {
public:
    using element = described::element_t<Member>;

    explicit key_options(described::field& field)
        : field_{field}
    {}

    /// The smallest value allowed, in the member's own type; of a list, for each item.
    key_options& at_least(element lowest)
    {
        field_.set_lowest(scalar{traits::get(lowest)});
        return *this;
    }

    /// The largest value allowed.
    key_options& at_most(element highest)
    {
        field_.set_highest(scalar{traits::get(highest)});
        return *this;
    }

    key_options& range(element lowest, element highest)
    {
        return at_least(lowest).at_most(highest);
    }

    /// A duration may be "never" as well, whatever its range: there is no limit. It is held as the
    /// longest duration that converts to nanoseconds, 292 years, and any that is as long is printed
    /// as "never". Rill waits for it in vain; arithmetic with it may overflow.
    key_options& or_never()
        requires described::is_duration<element>
    {
        field_.or_never = true;
        return *this;
    }

    /// A list of one may be written without its brackets, and is printed so.
    key_options& or_one()
        requires described::element<Member>::list
    {
        field_.or_one = true;
        return *this;
    }

    /// What a plain number counts: "connections". Durations and sizes carry their unit themselves.
    key_options& unit(std::string_view name)
    {
        field_.set_unit(name);
        return *this;
    }

    /// The words a text may be. An enumeration brings its own.
    key_options& choices(std::initializer_list<std::string_view> words)
    {
        field_.set_choices(words);
        return *this;
    }

    /// A good value, for messages and for the reference file where there is no default to show.
    key_options& example(std::string_view value)
    {
        field_.set_example(value);
        return *this;
    }

    /// A check of one's own; `text` continues "<key> must ", as in "be an address such as …".
    key_options& must(std::string_view text, bool (*holds)(const element&))
    {
        field_.set_check(
            text,
            reinterpret_cast<described::condition::function>(holds),
            [](described::condition::function test, const void* subject) {
                const auto& value = *static_cast<const scalar*>(subject);
                return reinterpret_cast<bool (*)(const element&)>(test)(traits::set(value));
            }
        );
        return *this;
    }

    /// Shown as "***" wherever settings are printed, and never repeated in a message.
    key_options& secret()
    {
        field_.secret = true;
        return *this;
    }

    /// May change while the service runs; every other key needs a restart.
    key_options& reloadable()
    {
        field_.reloadable = true;
        return *this;
    }

private:
    using scalar = described::scalar;
    using traits = described::scalar_traits<element>;

    described::field& field_;
};

/// What a described struct says of its members, as keys of a conf file or of anything else that is
/// read and written by name. The struct itself holds types and defaults:
///
///     struct server {
///         std::string listen = "127.0.0.1:7007";
///         std::size_t max_connections = 1000;
///     };
///     BOOST_DESCRIBE_STRUCT(server, (), (listen, max_connections))
///
///     inline void describe(rill::schema<server>& s)
///     {
///         s.about("Where the service listens.");
///         s.key(&server::listen, "Address and port. Port 0 takes any free one.");
///         s.key(&server::max_connections, "Clients served at once; more wait.").at_least(1);
///     }
///
/// `describe` is a free function beside the struct. A member that is itself a described struct has
/// its own `describe`, and is a section of a conf file, [name]. Members of a described base come
/// first, as if they were the struct's own. Help is one or two sentences: what the key does and when
/// to change it.
template <class T>
class schema {
public:
    explicit schema(described::table& table, const T& defaults)
        : table_{table}
        , defaults_{defaults}
    {}

    /// What the section is for: a comment at its head in the reference file.
    schema& about(std::string_view text)
    {
        table_.set_about(text);
        return *this;
    }

    template <class Member, class Base>
        requires std::derived_from<T, Base>
    key_options<Member> key(Member Base::* member, std::string_view help)
    {
        described::field& field = table_.at(described::offset_of(defaults_, member));
        field.set_help(help);
        return key_options<Member>{field};
    }

    /// A condition between keys; if it does not hold, `member` is named: "<key> must <text>". The
    /// message shows the values of `member` and `others`, and stands where one of them was set.
    template <class Member, class Base, class... Others>
        requires std::derived_from<T, Base>
    schema& rule(
        Member Base::* member, std::string_view text, bool (*holds)(const T&), Others T::*... others
    )
    {
        table_.add_rule(
            described::offset_of(defaults_, member),
            text,
            reinterpret_cast<described::condition::function>(holds),
            [](described::condition::function test, const void* subject) {
                return reinterpret_cast<bool (*)(const T&)>(test)(*static_cast<const T*>(subject));
            },
            {described::offset_of(defaults_, others)...}
        );
        return *this;
    }

private:
    described::table& table_;
    const T& defaults_;
};

namespace described {

template <class T, class Member, class Base>
void add_field(table& to, const T& defaults, const char* name, Member Base::* member)
{
    if constexpr (boost::describe::has_describe_members<Member>::value)
        to.add_section(name, offset_of(defaults, member), table_of<Member>());
    else
        to.add_value(name, offset_of(defaults, member), type_of<Member>());
}

template <class T, template <class...> class List, class... Descriptor>
void add_fields(table& to, const T& defaults, List<Descriptor...>)
{
    (add_field(to, defaults, Descriptor::name, Descriptor::pointer), ...);
}

/// The table of a described struct; built once.
template <class T>
const table& table_of()
{
    static_assert(
        boost::describe::has_describe_members<T>::value,
        "the settings struct needs BOOST_DESCRIBE_STRUCT(name, (), (members...))"
    );
    static const table built = [] {
        const T defaults{};
        table made;
        constexpr auto which = boost::describe::mod_public | boost::describe::mod_inherited;
        add_fields(made, defaults, boost::describe::describe_members<T, which>{});
        schema<T> described{made, defaults};
        if constexpr (requires { describe(described); })
            describe(described);
        return made;
    }();
    return built;
}

} // namespace described

} // namespace rill
