// SPDX-License-Identifier: BSL-1.0
#include "chars.hpp"
#include "request_access.hpp"

#include <rill/extend_net.hpp>
#include <rill/http/router.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rill::http {

struct router::route {
    std::string method;
    handler h;
    route_options options;
};

/// One segment of the routes; the path from the root spells the pattern.
struct router::node {
    std::string name;                            // literal text, or the parameter's name
    std::vector<std::unique_ptr<node>> literals; // sorted by name
    std::unique_ptr<node> parameter;
    std::vector<route> handlers; // by method, in the order added

    node() = default;

    node(const node& other)
        : name(other.name)
        , parameter(copy(other.parameter))
        , handlers(other.handlers)
    {
        for (const auto& n : other.literals)
            literals.push_back(copy(n));
    }

    static std::unique_ptr<node> copy(const std::unique_ptr<node>& n)
    {
        return n ? std::make_unique<node>(*n) : nullptr;
    }

    const route* find(std::string_view method) const noexcept
    {
        for (const auto& r : handlers)
            if (r.method == method)
                return &r;
        return nullptr;
    }

    const node* literal(std::string_view text) const noexcept
    {
        const auto at = lower_bound(text);
        return at != literals.end() && (*at)->name == text ? at->get() : nullptr;
    }

    node& child(std::string_view text)
    {
        const auto at = lower_bound(text);
        if (at != literals.end() && (*at)->name == text)
            return **at;
        auto added = std::make_unique<node>();
        added->name = text;
        return **literals.insert(at, std::move(added));
    }

    std::vector<std::unique_ptr<node>>::const_iterator lower_bound(std::string_view text) const
    {
        return std::lower_bound(
            literals.begin(),
            literals.end(),
            text,
            [](const auto& n, std::string_view t) { return n->name < t; }
        );
    }
};

namespace {

constexpr std::size_t max_segments = 16; // of a pattern; a longer path has no route

[[noreturn]] void bad_pattern(std::string_view pattern, const char* rule)
{
    throw std::invalid_argument("http::router: " + std::string(pattern) + ": " + rule);
}

/// Takes the first segment off `path`, which begins with a slash.
std::string_view next_segment(std::string_view& path) noexcept
{
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    const auto segment = path.substr(0, end);
    path.remove_prefix(end);
    return segment;
}

/// Content of the Allow field (RFC 9110 section 10.2.1).
template <class Handlers>
std::string allow(const Handlers& handlers)
{
    std::string list;
    bool get = false;
    bool head = false;
    const auto add = [&](std::string_view method) {
        list.append(list.empty() ? "" : ", ").append(method);
    };
    for (const auto& route : handlers) {
        add(route.method);
        get = get || route.method == "GET";
        head = head || route.method == "HEAD";
    }
    if (get && !head)
        add("HEAD");
    return list;
}

awaitable<response> answer(response r)
{
    co_return r;
}

response no_handler(const request& r, const std::string& allowed)
{
    if (r.method() == method::options)
        return response(204).header("Allow", allowed);
    if (r.method() == method::other) // RFC 9110 section 9.1
        return problem(501);
    auto refused = problem(405);
    refused.header("Allow", allowed);
    return refused;
}

using segments = std::array<std::string_view, max_segments>;

/// Splits `path` and decodes what has escapes into `decoded`, whose memory must not move after.
/// The number of segments, 0 if there are more than any pattern has; empty if an escape is broken.
std::optional<std::size_t> split(std::string_view path, segments& out, std::string& decoded)
{
    decoded.clear();
    decoded.reserve(path.size());
    std::size_t count = 0;
    bool too_many = false;
    while (!path.empty()) {
        auto segment = next_segment(path);
        if (segment.find('%') != std::string_view::npos) {
            const auto begin = decoded.size();
            if (!extend::percent_decode(segment, decoded))
                return std::nullopt;
            segment = std::string_view(decoded).substr(begin);
        }
        too_many = too_many || count == out.size();
        if (!too_many)
            out[count++] = segment;
    }
    return too_many ? 0 : count;
}

/// Walks down the routes, literals first, and comes back to `{name}` where they lead nowhere.
template <class Node>
const Node*
walk(const Node& from, std::span<const std::string_view> path, std::vector<field>& params)
{
    if (path.empty())
        return from.handlers.empty() ? nullptr : &from;
    if (const Node* next = from.literal(path.front()))
        if (const Node* found = walk(*next, path.subspan(1), params))
            return found;
    if (!from.parameter || path.front().empty())
        return nullptr;
    params.push_back({from.parameter->name, path.front()});
    const Node* found = walk(*from.parameter, path.subspan(1), params);
    if (!found)
        params.pop_back();
    return found;
}

} // namespace

router::router()
    : root_(std::make_unique<node>())
{}

router::router(const router& other)
    : root_(node::copy(other.root_))
{}

router::router(router&&) noexcept = default;
router::~router() = default;

router& router::operator=(router other) noexcept
{
    root_ = std::move(other.root_);
    return *this;
}

router& router::add(std::string_view method, std::string_view pattern, handler h, route_options o)
{
    if (!detail::is_token(method))
        bad_pattern(pattern, "the method is no token");
    if (pattern.empty() || pattern.front() != '/')
        bad_pattern(pattern, "a pattern begins with a slash");
    node* at = root_.get();
    std::size_t count = 0;
    for (auto rest = pattern; !rest.empty();) {
        if (++count > max_segments)
            bad_pattern(pattern, "more than 16 segments");
        const auto segment = next_segment(rest);
        if (segment.find_first_of("{}%?#") == std::string_view::npos) {
            at = &at->child(segment);
            continue;
        }
        const auto name = segment.substr(1, segment.size() - 2);
        if (segment.front() != '{' || segment.back() != '}' || !detail::is_token(name) ||
            name.find_first_of("{}%#") != std::string_view::npos)
            bad_pattern(pattern, "a segment is plain text without escapes, or {name}");
        if (!at->parameter) {
            at->parameter = std::make_unique<node>();
            at->parameter->name = name;
        }
        at = at->parameter.get();
        if (at->name != name)
            bad_pattern(pattern, "another route gives this parameter another name");
    }
    if (at->find(method))
        bad_pattern(pattern, "this method has a handler already");
    at->handlers.push_back({std::string(method), std::move(h), o});
    return *this;
}

router& router::get(std::string_view pattern, handler h, route_options o)
{
    return add("GET", pattern, std::move(h), o);
}

router& router::post(std::string_view pattern, handler h, route_options o)
{
    return add("POST", pattern, std::move(h), o);
}

router& router::put(std::string_view pattern, handler h, route_options o)
{
    return add("PUT", pattern, std::move(h), o);
}

router& router::patch(std::string_view pattern, handler h, route_options o)
{
    return add("PATCH", pattern, std::move(h), o);
}

router& router::delete_(std::string_view pattern, handler h, route_options o)
{
    return add("DELETE", pattern, std::move(h), o);
}

/// Null where there is none; `refused` says then what is answered.
const router::route* router::find(request& r, std::optional<response>& refused) const
{
    using access = detail::request_access;
    const auto path = r.path();
    if (path.empty() || path.front() != '/') { // OPTIONS *
        refused = response(204);
        return nullptr;
    }
    segments parts;
    const auto count = split(path, parts, access::decoded(r));
    if (!count) {
        refused = problem(400, "The path has a broken percent escape.");
        return nullptr;
    }
    auto& params = access::params(r);
    params.clear();
    const node* found = nullptr;
    if (*count > 0)
        found = walk<node>(*root_, std::span(parts).first(*count), params);
    if (!found) {
        refused = problem(404);
        return nullptr;
    }
    const auto* of_method = found->find(r.method_name());
    if (!of_method && r.method() == method::head)
        of_method = found->find("GET");
    if (!of_method)
        refused = no_handler(r, allow(found->handlers));
    return of_method;
}

awaitable<response> router::operator()(request& r) const
{
    std::optional<response> refused;
    const route* const found = find(r, refused);
    if (!found)
        return answer(*std::move(refused));
    detail::request_access::cancel_on_disconnect(r) = found->options.cancels_on_disconnect;
    return found->h(r);
}

std::optional<response> router::refusal(request& r) const
{
    std::optional<response> refused;
    find(r, refused);
    return refused;
}

} // namespace rill::http
