// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "head_parser.hpp"
#include "kept_memory.hpp"

#include <rill/http/request.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace rill::http::detail {

/// How the server and the router fill a request in.
struct request_access {
    static request make() { return {}; }

    /// Points `r` at a head that begins at `base`.
    static void bind(request& r, const head& h, const char* base, std::string_view body)
    {
        r.head_ = &h;
        r.base_ = base;
        r.body_ = body;
        r.params_.clear();
        r.cancel_on_disconnect_ = false;
    }

    /// Of the parameters, which are not used any more, unless that is as small as most are.
    static void give_back_memory(request& r) noexcept
    {
        give_back_if_large(r.params_);
        give_back_if_large(r.decoded_);
    }

    static std::vector<field>& params(request& r) { return r.params_; }
    static bool& cancel_on_disconnect(request& r) { return r.cancel_on_disconnect_; }
    static std::string& decoded(request& r) { return r.decoded_; }
};

} // namespace rill::http::detail
